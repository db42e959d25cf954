//! Opening handshakes: the head of one side in, what the other side makes of it out, without what waits for it.

pub mod floor;
pub mod sockudo_ws;
pub mod soketto;
pub mod tungstenite;
pub mod ws_core;

/// How many handshakes a run has.
pub const HANDSHAKE_COUNT: usize = 64;

/// A browser's request.
pub const REQUEST: &[u8] = b"GET /chat?room=1 HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n\
    Pragma: no-cache\r\nCache-Control: no-cache\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0\r\n\
    Upgrade: websocket\r\nOrigin: http://example.com\r\nSec-WebSocket-Version: 13\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";

/// The nonce of a client's request.
pub const NONCE: [u8; 16] = *b"the sample nonce";

/// The same as it is in the request.
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// What answers it.
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A server's answer to it.
pub const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nServer: nginx\r\n\
    Date: Mon, 23 Nov 2026 08:00:00 GMT\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// What a client asks for.
pub const URI: &str = "ws://example.com/chat?room=1";

/// The same in parts.
pub const HOST: &str = "example.com";
pub const TARGET: &str = "/chat?room=1";
