//! Porting a client from Python's `websockets`.
//!
//! The example `reconnect` is a whole program: headers, timeouts, and a connection that is made again when it is lost.
//!
//! # What differs in kind
//!
//! - **Calls block** the thread, as those of `websockets.sync` do.
//! - **Nothing runs in the background.** Pings are answered and sent by the calls that read, so read even where you expect
//!   nothing; see [when deadlines are judged](crate#when-deadlines-are-judged).
//! - **Whether to connect again is a question that you ask**: [`Error::should_reconnect`](crate::Error::should_reconnect) and
//!   [`CloseStatus::should_reconnect`](crate::CloseStatus::should_reconnect) answer it, and [`Backoff`](crate::Backoff) says
//!   how long to wait.
//! - **No proxy, and no redirect, unless you say so**; nothing is read from the environment.
//! - **Compression is off** unless you turn it on; `Deflate` says why.
//!
//! # Names
//!
//! | `websockets` | here | default there | default here |
//! |---|---|---|---|
//! | `connect(uri)` | [`Client::connect`](crate::Client::connect) | | |
//! | a user and a password in the URL | [`Client::with_basic_auth`](crate::Client::with_basic_auth) | | refused in a URL |
//! | redirects | [`Client::with_redirects`](crate::Client::with_redirects) | 10 | none |
//! | `additional_headers` | [`Client::with_header`](crate::Client::with_header) | | |
//! | `user_agent_header` | [`Client::with_user_agent`](crate::Client::with_user_agent) | `Python/3.x websockets/x.y` | `ws-std/x.y.z` |
//! | `subprotocols` | [`Client::with_subprotocol`](crate::Client::with_subprotocol) | none | none |
//! | `origin` | [`Client::with_origin`](crate::Client::with_origin) | none | none |
//! | `ssl` | [`Client::with_tls`](crate::Client::with_tls) | the platform's roots | the platform's roots |
//! | `sock` | [`Client::handshake`](crate::Client::handshake) | | |
//! | `compression` | `Client::with_deflate` | on | off |
//! | `proxy` | [`Client::with_proxy`](crate::Client::with_proxy) | from the environment | none |
//! | `open_timeout` | [`Timeouts::with_connect`](crate::Timeouts::with_connect), [`with_handshake`](crate::Timeouts::with_handshake) | 10 s | 10 s each |
//! | `ping_interval`, `ping_timeout` | [`Timeouts::with_ping_interval`](crate::Timeouts::with_ping_interval), [`with_pong`](crate::Timeouts::with_pong) | 20 s, 20 s | no pings, 20 s |
//! | `close_timeout` | [`Timeouts::with_close`](crate::Timeouts::with_close) | 10 s | 10 s |
//! | `max_size` | [`Limits::with_message_len_max`](crate::Limits::with_message_len_max) | 1 MiB | 16 MiB |
//! | `max_queue` | none: a message is read when you ask for it | 16 | |
//! | `recv()` | [`receive`](crate::WebSocket::receive), [`read`](crate::WebSocket::read) | | |
//! | `recv(timeout=..)` | [`Timeouts::with_read`](crate::Timeouts::with_read), [`Error::ReadTimeout`](crate::Error::ReadTimeout) | none | none |
//! | `recv_streaming()` | [`read_part`](crate::WebSocket::read_part) | | |
//! | `for message in websocket` | [`messages`](crate::WebSocket::messages), or `while let Some(..) = socket.read()?` | | |
//! | `send(text)`, `send(bytes)` | `send("text")`, `send(b"bytes")` | | |
//! | `send(iterator)` | [`message_writer`](crate::WebSocket::message_writer) | | |
//! | `ping()`, then wait | [`ping`](crate::WebSocket::ping), and [`Event::Pong`](crate::Event::Pong) of [`read_event`](crate::WebSocket::read_event) | | |
//! | `latency` | [`latency`](crate::WebSocket::latency) | | |
//! | `close(code, reason)` | [`close`](crate::WebSocket::close)`(code.with_reason(reason))` | 1000 | |
//! | `close_code`, `close_reason` | [`closure`](crate::WebSocket::closure), [`close_frame`](crate::WebSocket::close_frame) | | |
//! | `ConnectionClosedOK` | `Ok(None)` | | |
//! | `ConnectionClosedError` | `Ok(None)` after a Close, with the code in [`closure`](crate::WebSocket::closure); else [`Error::Disconnected`](crate::Error::Disconnected), [`Error::Fault`](crate::Error::Fault), [`Error::Timeout`](crate::Error::Timeout) | | |
//! | `InvalidStatus` | [`Error::Refused`](crate::Error::Refused) | | |
//! | `async for websocket in connect(..)` | the loop at [`Error::should_reconnect`](crate::Error::should_reconnect) | 0 s to 5 s at first, at most 90 s | 0 s to 5 s at first, at most 60 s |
//! | `serve(handler, host, port)` | `Hub::serve` | | |
//! | `serve(.., origins=..)` | [`Server::with_allowed_origin`](crate::Server::with_allowed_origin), [`with_any_origin`](crate::Server::with_any_origin) | any | pages of the same host |
//! | `serve(.., subprotocols=..)` | [`Server::with_subprotocol`](crate::Server::with_subprotocol) | none | none |
//! | `process_response` | [`Incoming::with_header`](crate::Incoming::with_header) | | |
//! | `request.headers`, `response.headers` | [`Incoming::request`](crate::Incoming::request), [`Client::connect_with_response`](crate::Client::connect_with_response) | | |
//! | `remote_address` | [`get_ref`](crate::WebSocket::get_ref)`().peer_addr()` | | |
//! | `process_request` | [`Server::receive`](crate::Server::receive) | | |
//! | `broadcast(connections, message)` | `Hub::broadcast` | | |
