//! Frames on the wire (RFC 6455 §5): the header codec, masking, opcodes, close codes.
//!
//! Everything here is stateless but [`Mask`], knows nothing of connections, and can be used alone: a proxy that
//! only wants to know where a frame ends needs [`FrameHeader::decode`] and nothing else of this crate.

mod bits;
mod close;
mod control;
mod header;
mod mask;
mod opcode;
mod rules;
mod violation;

pub use bits::{Fin, ReservedBits};
pub use close::{CloseCode, CloseFrame};
pub use control::ControlPayload;
pub use header::{Decoded, EncodedHeader, FrameHeader};
pub use mask::{Mask, MaskKey};
pub use opcode::Opcode;
use rules::Judged;
pub(crate) use rules::{HeaderRules, MaskRule, Sequence};
pub use violation::Violation;
