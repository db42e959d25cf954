//! Clients and servers.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
mod keys;
mod message_writer;
mod queue;
mod sender;
mod stream;
mod timeouts;
mod websocket;
mod wire;
mod writer;

pub use error::{Error, Phase};
pub use keys::MaskKeys;
pub use message_writer::MessageWriter;
pub use sender::RoleSender;
pub use stream::{AnyStream, Stream};
pub use timeouts::Timeouts;
pub use websocket::{Parts, WebSocket};
pub use writer::Writer;

/// A whole message: text or binary, borrowed.
///
/// ```
/// use ws_std::Message;
///
/// assert_eq!(Message::Text("Hello").as_bytes(), Message::Binary(b"Hello").as_bytes());
/// ```
pub type Message<'a> = ws_core::event::Payload<'a>;

pub use ws_core;
pub use ws_core::connection::{CloseStatus, Closure, ClosureCause, Config, Limits, Role};
pub use ws_core::event::MessageType;
pub use ws_core::frame::CloseCode;
