//! Compressing and inflating messages for permessage-deflate (RFC 7692 §7.2), bounded and a piece at a time.
//!
//! [`Deflater`] turns the payload of a message into what goes into its frames, [`Inflater`] turns that back. Both
//! work on the caller's memory, keep a window from message to message where that was agreed on, and allocate
//! nothing before they are first used.
//!
//! A connection makes them from what its handshake agreed on and passes them to the calls that need them:
//!
//! ```
//! use ws_core::connection::{Config, Connection};
//! use ws_core::event::{Event, MessageType, Payload};
//! use ws_core::extension::{Agreed, DeflateParams};
//! use ws_core::frame::Fin;
//! use ws_core::input::ReadBuffer;
//! use ws_core::message::MessageBuffer;
//!
//! let agreed = Agreed::server(DeflateParams::default()); // what the handshake returns
//! let mut connection = Connection::server(Config::new()).with_deflate(agreed);
//!
//! // RFC 7692 §7.2.3.1: a compressed "Hello" from a client, here with a masking key of zeros.
//! let mut bytes = [0xc1, 0x87, 0, 0, 0, 0, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
//! let mut buffer = ReadBuffer::with_filled(&mut bytes[..], 13).ok_or("too short")?;
//! let mut message = MessageBuffer::new().with_inflater(agreed.inflater(1 << 20));
//! let event = connection.next_message(&mut buffer.input(), &mut message);
//! assert_eq!(event, Some(Event::Data(Payload::Text("Hello"))));
//!
//! let (mut deflater, mut out) = (agreed.deflater(), [0; 64]);
//! let sent = connection.send_half().send_deflated(MessageType::Text, b"Hello", Fin::Final, &mut deflater, &mut out)?;
//! assert_eq!(out[..sent.written], [0xc1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # Before turning compression on
//!
//! An observer of message lengths who can have us send text of their choice together with a secret learns the secret, by
//! trying which text makes the messages shorter. Encryption does not help, since it keeps lengths (RFC 7692 §8; known as
//! CRIME and BREACH). Do not compress messages that hold both; [`ContextTakeover::Forbidden`] keeps one message from
//! being compressed by means of another.
//!
//! # What it costs
//!
//! Memory, for each connection and direction: up to [`DeflateSettings::memory_len_max`], which has a table, and up to
//! [`Inflater::MEMORY_LEN_MAX`]. Smaller windows and a lower [`MemLevel`] reduce the first; so does one deflater for many
//! connections without context takeover. `release` frees the memory of an idle connection. If there is no memory for
//! a context, zlib-rs panics, where a `Vec` would abort.
//!
//! Time: the work of inflating is linear in the bytes that arrived and those that come out of them, which are at most
//! about a thousand for each; [final blocks](Inflater#final-blocks) do not change that.

mod agreed;
mod allowance;
mod deflater;
mod history;
mod inflater;
mod message_id;
mod settings;
mod staging;

pub use deflater::{Deflated, Deflater, Flush};
pub use inflater::{InflateStatus, Inflated, Inflater};
pub(crate) use message_id::MessageId;
pub use settings::{CompressionLevel, ContextTakeover, DeflateSettings, MemLevel};

pub use crate::extension::WindowBits;
