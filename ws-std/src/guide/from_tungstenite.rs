//! Porting a program from tungstenite.
//!
//! Most of it is renaming. What differs in kind is said first; the table after it has the names. The example
//! `ticker` is a whole program that was ported: a header callback, a cookie, owned messages through a channel, pings and the
//! Close, a second thread that sends.
//!
//! # What differs in kind
//!
//! - **The end is no error.** `read` and `receive` return `None` after a closing handshake, where tungstenite returns
//!   `Error::ConnectionClosed`. An [`Error`](crate::Error) is a connection that was lost, or a peer that broke the rules.
//! - **Messages are lent.** [`WebSocket::read`](crate::WebSocket::read) lends a [`Message`](crate::Message), `Text(&str)` or
//!   `Binary(&[u8])`, out of the read buffer, and with it a [`Writer`](crate::Writer) to answer it.
//!   [`receive`](crate::WebSocket::receive) gives an [`OwnedMessage`](crate::OwnedMessage) instead, for channels.
//! - **Control frames are not messages.** Pings are answered, and the peer's Close too. To see them,
//!   [`read_event`](crate::WebSocket::read_event) returns messages, pings, pongs and the Close.
//! - **No callback in the handshake.** [`Server::receive`](crate::Server::receive) returns the request as a value; look at it, then
//!   accept it or respond.
//! - **Pages of other sites are refused** unless you allow their origin ([`Server`](crate::Server)): browsers send cookies with
//!   their requests (RFC 6455 §10.2). Programs that are no browsers send no Origin, and are not affected.
//! - **Times have limits**: connecting, both handshakes, writing and closing ([`Timeouts`](crate::Timeouts)).
//! - **Two threads** read and write by [`split`](crate::WebSocket::split), without a lock of your own.
//!
//! # Names
//!
//! | tungstenite | here | difference |
//! |---|---|---|
//! | `connect(url)` | [`connect`](crate::connect), [`Client::connect_with_response`](crate::Client::connect_with_response) | takes a `&str`, and returns the response only by the latter; follows no redirect unless [`with_redirects`](crate::Client::with_redirects), where tungstenite follows three; tries the addresses of the host beside each other |
//! | `url.into_client_request()`, then `headers_mut()` | [`Client::with_header`](crate::Client::with_header), [`with_cookie`](crate::Client::with_cookie), [`with_subprotocol`](crate::Client::with_subprotocol) | checked when the request is written |
//! | `connect_with_config`, `accept_with_config` and the like | [`Client::with_config`](crate::Client::with_config), [`Server::with_config`](crate::Server::with_config) | |
//! | `client(request, stream)` | [`Client::handshake`](crate::Client::handshake) | |
//! | `accept(stream)` | [`accept`](crate::accept), [`Server::accept`](crate::Server::accept) | the first for a `TcpStream`, the second for any [`Stream`](crate::Stream) |
//! | a stream that is just `Read + Write`, such as mio's | [`AnyStream`](crate::AnyStream)`(stream)` | |
//! | `accept_hdr(stream, callback)` | [`Server::receive`](crate::Server::receive), then [`Incoming::accept`](crate::Incoming::accept) or [`respond`](crate::Incoming::respond) | |
//! | `response.headers_mut()` in the callback | [`Incoming::with_header`](crate::Incoming::with_header), [`Server::with_subprotocol`](crate::Server::with_subprotocol) | |
//! | `SubProtocolError::NoSubProtocol` | none: [`subprotocol`](crate::WebSocket::subprotocol) is `None` | the connection is open; check it where you need one |
//! | `HandshakeError::Failure(error)` | the [`Error`](crate::Error) itself | |
//! | `HandshakeError::Interrupted(mid)`, `mid.handshake()` | [`Error::WouldBlock`](crate::Error::WouldBlock), [`Connecting::advance`](crate::Connecting::advance), [`Receiving::advance`](crate::Receiving::advance) | |
//! | `read()` | [`receive`](crate::WebSocket::receive), [`read`](crate::WebSocket::read), [`read_event`](crate::WebSocket::read_event) | |
//! | `send(Message::text("x"))`, `Message::binary(..)` | `send("x")`, `send(&bytes)` | |
//! | `send(message)` of an owned message | [`send_owned`](crate::WebSocket::send_owned) | gives the message back where it was not taken |
//! | `write(message)`, `flush()` | [`feed`](crate::WebSocket::feed), [`flush`](crate::WebSocket::flush) | |
//! | `send(Message::Ping(..))` | [`ping`](crate::WebSocket::ping) | pings can be sent [by themselves](crate::Timeouts::with_ping_interval) |
//! | `send(Message::Pong(..))` | none | pings are answered; a heartbeat is [`ping`](crate::WebSocket::ping) |
//! | `Message::Pong`, `Message::Close` that were read | [`Event::Pong`](crate::Event::Pong), [`Event::Close`](crate::Event::Close) | their payload is in [`control`](crate::WebSocket::control), [`close_frame`](crate::WebSocket::close_frame) |
//! | `message.to_text()`, `into_text()`, `into_data()` | [`as_text`](crate::OwnedMessage::as_text), [`into_text`](crate::OwnedMessage::into_text), [`into_bytes`](crate::OwnedMessage::into_bytes) | a binary message is never text, even if it is UTF-8 |
//! | `close(Some(CloseFrame { code, reason }))` | [`close`](crate::WebSocket::close)`(code.with_reason(reason))` | waits for the end; [`start_close`](crate::WebSocket::start_close) does not |
//! | `close(..)`, then `read()` until `ConnectionClosed` | [`start_close`](crate::WebSocket::start_close), then `read` until `None` | or just `close`, which discards what is read |
//! | `close(None)` | `close(CloseFrame::EMPTY)` | |
//! | `CloseCode::Away`, `Unsupported`, `Invalid`, `Policy`, `Size`, `Error`, `Restart`, `Again` | [`CloseCode::GOING_AWAY`](crate::CloseCode::GOING_AWAY), `UNSUPPORTED_DATA`, `INVALID_PAYLOAD`, `POLICY_VIOLATION`, `MESSAGE_TOO_BIG`, `INTERNAL_ERROR`, `SERVICE_RESTART`, `TRY_AGAIN_LATER` | |
//! | `CloseCode::Library(4000)`, `u16::from(code)` | [`CloseCode::new`](crate::CloseCode::new)`(4000)`, [`code.get()`](crate::CloseCode::get) | `new` returns `None` for a code that must not be sent |
//! | `CloseCode::Status`, `CloseCode::Abnormal` | [`CloseStatus::NoStatus`](crate::CloseStatus::NoStatus), [`CloseStatus::Abnormal`](crate::CloseStatus::Abnormal) of [`closure`](crate::WebSocket::closure) | |
//! | `get_mut().set_read_timeout(..)` | [`Timeouts::with_read`](crate::Timeouts::with_read), then [`Error::ReadTimeout`](crate::Error::ReadTimeout) | a timeout set on the stream itself is overwritten where pings or `with_idle` are on |
//! | `Error::Io` of kind `WouldBlock` | [`Error::WouldBlock`](crate::Error::WouldBlock), [`is_transient`](crate::Error::is_transient) | |
//! | `Error::WriteBufferFull(message)` | [`Error::WouldBlock`](crate::Error::WouldBlock) | nothing of the message was taken |
//! | `Error::ConnectionClosed` | `Ok(None)` | |
//! | `Error::Protocol(SendAfterClosing)` | [`Error::Closed`](crate::Error::Closed) | |
//! | `Error::AlreadyClosed` | [`Error::Closed`](crate::Error::Closed) from a send; `Ok(None)`, or the error again, from a read | |
//! | `Error::Protocol(ResetWithoutClosingHandshake)` | [`Error::Disconnected`](crate::Error::Disconnected) | |
//! | `Error::Protocol`, `Error::Utf8`, `Error::Capacity` | [`Error::Fault`](crate::Error::Fault) | the peer has been sent a Close with the code |
//! | `Error::Url` | [`Error::Uri`](crate::Error::Uri), [`Error::TlsUnsupported`](crate::Error::TlsUnsupported); [`Error::Io`](crate::Error::Io) where no address answers | |
//! | `Error::Http(response)` | [`Error::Refused`](crate::Error::Refused) | with the beginning of the body |
//! | `WebSocketConfig` | [`Config`](crate::Config), with [`Limits`](crate::Limits) | |
//! | `WebSocketConfig::max_message_size`, 64 MiB | [`Limits::with_message_len_max`](crate::Limits::with_message_len_max), 16 MiB | |
//! | `WebSocketConfig::max_frame_size`, 16 MiB | [`Limits::with_frame_len_max`](crate::Limits::with_frame_len_max), 16 MiB | |
//! | `max_message_size(None)`, `max_frame_size(None)` | `u64::MAX`, or for both [`Limits::unlimited`](crate::Limits::unlimited) | |
//! | `WebSocketConfig::read_buffer_size`, `write_buffer_size` | none | |
//! | `WebSocketConfig::max_write_buffer_size` | none: 16 KiB and one message | |
//! | `WebSocketConfig::accept_unmasked_frames` | none | RFC 6455 §5.1 forbids them |
//! | `MaybeTlsStream<TcpStream>` | [`NetStream`](crate::NetStream) | |
//! | `can_read()`, `can_write()` | [`wants_read`](crate::WebSocket::wants_read); a send that comes too late is [`Error::Closed`](crate::Error::Closed) | |
//! | `into_inner()` | [`into_parts`](crate::WebSocket::into_parts) | |
//! | `get_ref`, `get_mut` | [`get_ref`](crate::WebSocket::get_ref), [`get_mut`](crate::WebSocket::get_mut) | |
//! | `WebSocket::from_raw_socket`, `from_partially_read` | [`WebSocket::after_handshake`](crate::WebSocket::after_handshake) | |
//! | features `rustls-tls-native-roots`, `rustls-tls-webpki-roots`, `native-tls` | `rustls-ring` or `rustls-aws-lc-rs`, with the roots of the platform | for others, [`Client::with_tls`](crate::Client::with_tls), or [`Client::handshake`](crate::Client::handshake) over their stream |
//!
//! A loop of tungstenite, and the same here:
//!
//! ```text
//! loop {
//!     match socket.read() {
//!         Ok(Message::Text(text)) => socket.send(Message::text(format!("you said {text}")))?,
//!         Ok(Message::Close(_)) | Err(Error::ConnectionClosed) => break,
//!         Ok(_) => {}
//!         Err(error) => return Err(error),
//!     }
//! }
//! ```
//!
//! ```
//! # fn answer(mut socket: ws_std::WebSocket<std::net::TcpStream>) -> Result<(), ws_std::Error> {
//! while let Some((message, mut writer)) = socket.read()? {
//!     if let Some(text) = message.as_text() {
//!         writer.send(&format!("you said {text}"))?;
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # The program that `ticker` was
//!
//! With tungstenite 0.30. The two threads share the socket by a lock, and the reading one gives it back every 50 ms, so that a
//! message of the other waits that long; `ticker` has neither. A refusal that is longer to write, and a header that is to be
//! inserted by hand, are the other differences.
//!
//! ```text
//! use std::net::{TcpListener, TcpStream};
//! use std::sync::mpsc::{self, Sender};
//! use std::sync::{Arc, Mutex};
//! use std::time::Duration;
//! use std::{io, thread};
//!
//! use tungstenite::handshake::server::{ErrorResponse, Request, Response};
//! use tungstenite::http::{HeaderValue, StatusCode};
//! use tungstenite::{Error, Message, accept_hdr};
//!
//! fn main() -> io::Result<()> {
//!     let (events, received) = mpsc::channel::<(String, Message)>();
//!     thread::spawn(move || {
//!         for (user, message) in received {
//!             println!("{user}: {}", message.to_text().unwrap_or("(no text)"));
//!         }
//!     });
//!     for stream in TcpListener::bind("127.0.0.1:9003")?.incoming() {
//!         let (stream, events) = (stream?, events.clone());
//!         thread::spawn(move || visit(stream, &events).inspect_err(|error| eprintln!("{error}")));
//!     }
//!     Ok(())
//! }
//!
//! fn visit(stream: TcpStream, events: &Sender<(String, Message)>) -> Result<(), Error> {
//!     let mut user = String::new();
//!     let look = |request: &Request, mut response: Response| {
//!         let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
//!         let Some(name) = header("Cookie").and_then(|all| all.split("; ").find_map(|one| one.strip_prefix("user="))) else {
//!             let mut refusal = ErrorResponse::new(Some("log in first\n".to_owned()));
//!             *refusal.status_mut() = StatusCode::UNAUTHORIZED;
//!             return Err(refusal);
//!         };
//!         user = name.to_owned();
//!         if header("Sec-WebSocket-Protocol").is_some_and(|all| all.split(',').any(|one| one.trim() == "ticker.v1")) {
//!             response.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("ticker.v1"));
//!         }
//!         Ok(response)
//!     };
//!     stream.set_read_timeout(Some(Duration::from_millis(50)))?;
//!     let socket = accept_hdr(stream, look).map_err(|error| Error::Io(io::Error::other(error.to_string())))?;
//!
//!     // Both threads need the socket, so that each waits for the other.
//!     let shared = Arc::new(Mutex::new(socket));
//!     let ticking = Arc::clone(&shared);
//!     thread::spawn(move || {
//!         for count in 1_u64.. {
//!             if ticking.lock().unwrap().send(Message::text(format!("tick {count}"))).is_err() {
//!                 break;
//!             }
//!             thread::sleep(Duration::from_secs(1));
//!         }
//!     });
//!     loop {
//!         let read = shared.lock().unwrap().read();
//!         match read {
//!             Ok(Message::Ping(payload)) => println!("{user}: a ping of {} bytes, answered", payload.len()),
//!             Ok(Message::Close(frame)) => println!("{user}: goes: {}", frame.map_or(String::new(), |frame| frame.reason.to_string())),
//!             Ok(Message::Pong(_) | Message::Frame(_)) => {}
//!             Ok(message) => events.send((user.clone(), message)).map_err(|error| Error::Io(io::Error::other(error)))?,
//!             Err(Error::ConnectionClosed) => return Ok(()),
//!             Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
//!             Err(error) => return Err(error),
//!         }
//!     }
//! }
//! ```
