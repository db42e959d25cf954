//! Compressing and inflating messages for permessage-deflate (RFC 7692 §7.2), bounded and a piece at a time.
//!
//! [`Deflater`] turns the payload of a message into what goes into its frames, [`Inflater`] turns that back. Both
//! work on memory of the caller's, keep a window from message to message where that was agreed on, and allocate
//! nothing before they are first used.
//!
//! # Before turning compression on
//!
//! Who can see how long our messages are, and can have us send text of their choice together with a secret, learns
//! the secret by trying which text makes the messages shorter. Encryption does not help, since it keeps lengths
//! (RFC 7692 §8; known as CRIME and BREACH). Do not compress messages that hold both;
//! [`ContextTakeover::Forbidden`] keeps one message from being compressed by means of another.
//!
//! # What it costs
//!
//! Memory, for each connection and direction: [`DeflateSettings::memory_len_max`] and
//! [`Inflater::MEMORY_LEN_MAX`]. Smaller windows, a lower [`MemLevel`], one deflater for many
//! connections without context takeover, and `release` bring it down. Should there be no memory for a context, zlib-rs
//! panics, where a `Vec` would abort.

mod agreed;
mod deflater;
mod history;
mod inflater;
mod settings;
mod staging;

pub use deflater::{Deflated, Deflater, Flush};
pub use inflater::{InflateStatus, Inflated, Inflater};
pub use settings::{CompressionLevel, ContextTakeover, DeflateSettings, MemLevel};

pub use crate::extension::WindowBits;
