//! Frames on the wire (RFC 6455 §5): the header codec, masking, opcodes, close codes.
//!
//! Everything here is stateless but [`Mask`], knows nothing of connections, and can be used alone.
//!
//! | to | there is |
//! |---|---|
//! | read and write headers as RFC 6455 allows them | [`FrameHeader`] |
//! | pass on frames of any opcode, as a proxy does | [`RawHeader`] |
//! | mask and unmask payload, in as many pieces as it comes | [`Mask`] |
//! | write and read what control frames carry | [`ControlPayload`], [`CloseFrame`] |
//!
//! Writing a client's frame, and reading it:
//!
//! ```
//! use ws_core::frame::{Decoded, Fin, FrameHeader, Mask, MaskKey, Opcode, ReservedBits};
//!
//! let key = MaskKey::new([0x37, 0xfa, 0x21, 0x3d]); // from a strong source of randomness
//! let header = FrameHeader::new(Opcode::Text, Fin::Final, 5, Some(key)).ok_or("no such frame")?;
//! let mut frame = header.encode().as_bytes().to_vec();
//! frame.extend(b"Hello");
//! Mask::new(key).apply(&mut frame[6..]);
//!
//! let Decoded::Complete { header, header_len } = FrameHeader::decode(&frame, ReservedBits::NONE)? else {
//!     return Err("more bytes are needed".into());
//! };
//! let payload = &mut frame[header_len..];
//! if let Some(key) = header.mask_key() {
//!     Mask::new(key).apply(payload);
//! }
//! assert_eq!(payload, b"Hello");
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

mod bits;
mod close;
mod control;
mod encode;
mod header;
mod mask;
mod opcode;
mod raw;
mod rules;
mod violation;

pub use bits::{Fin, ReservedBits};
pub use close::{CloseCode, CloseFrame, InvalidCloseCode};
pub use control::{ControlPayload, ControlPayloadTooLong};
pub use encode::EncodedHeader;
pub use header::{Decoded, FrameHeader};
pub use mask::{Mask, MaskKey};
pub use opcode::Opcode;
pub use raw::RawHeader;
pub(crate) use rules::{HeaderRules, MaskRule, Sequence};
pub use violation::Violation;
