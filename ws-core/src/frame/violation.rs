use core::fmt;

use super::CloseCode;

/// What the peer did that RFC 6455 or an extension forbids. Every one of them fails the connection (RFC 6455 §7.1.7).
///
/// [`close_code`](Self::close_code) is the code of the Close frame that says so to the peer.
///
/// ```
/// use ws_core::frame::{FrameHeader, ReservedBits, Violation};
///
/// let violation = FrameHeader::decode(&[0x89, 126], ReservedBits::NONE).expect_err("a ping of 126 bytes or more");
/// assert_eq!(violation, Violation::ControlTooLong);
/// assert_eq!(violation.to_string(), "control frame of more than 125 bytes");
/// assert_eq!(violation.close_code().get(), 1002);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Violation {
    /// A reserved bit is set that no negotiated extension defines (RFC 6455 §5.2).
    ReservedBits,
    /// An opcode that the RFC reserves: 3–7 or 11–15 (RFC 6455 §5.2).
    ReservedOpcode,
    /// A ping, pong or Close without FIN: control frames are not fragmented (RFC 6455 §5.5).
    ControlFragmented,
    /// A ping, pong or Close that announces more than 125 bytes (RFC 6455 §5.5).
    ControlTooLong,
    /// A continuation frame where no message is in progress (RFC 6455 §5.4).
    UnexpectedContinuation,
    /// A new text or binary frame before the fragmented message in progress has ended (RFC 6455 §5.4).
    MessageInterrupted,
    /// An unmasked frame from a client (RFC 6455 §5.1).
    Unmasked,
    /// A masked frame from a server (RFC 6455 §5.1).
    Masked,
    /// A payload length not encoded in the fewest bytes possible (RFC 6455 §5.2).
    LengthNotMinimal,
    /// A 64-bit payload length whose most significant bit is set (RFC 6455 §5.2).
    LengthTooLarge,
    /// A text message that is not UTF-8 (RFC 6455 §8.1).
    InvalidUtf8,
    /// A compressed message that is not DEFLATE data, or that ends within a block (RFC 7692 §7.2.2).
    InvalidDeflate,
    /// A Close whose body is one byte, half a code (RFC 6455 §5.5.1).
    CloseBodyLen,
    /// A Close with a code that must not be on the wire, here as it was received (RFC 6455 §7.4).
    CloseCode(u16),
    /// A Close whose reason is not UTF-8 (RFC 6455 §5.5.1, §8.1).
    CloseReasonNotUtf8,
}

impl Violation {
    /// The code to close with: 1007 for what is not UTF-8 or does not inflate, 1002 for everything else (RFC 6455 §7.4.1).
    ///
    /// ```
    /// use ws_core::frame::{CloseCode, Violation};
    ///
    /// assert_eq!(Violation::InvalidUtf8.close_code(), CloseCode::INVALID_PAYLOAD);
    /// assert_eq!(Violation::Unmasked.close_code(), CloseCode::PROTOCOL_ERROR);
    /// ```
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            // RFC 6455 §7.4.1: 1007 is for data that is inconsistent with what the message claims to be. RFC 7692 names
            // no code for what does not inflate: its frames are flawless, its content is not.
            Self::InvalidUtf8 | Self::InvalidDeflate | Self::CloseReasonNotUtf8 => CloseCode::INVALID_PAYLOAD,
            Self::ReservedBits
            | Self::ReservedOpcode
            | Self::ControlFragmented
            | Self::ControlTooLong
            | Self::UnexpectedContinuation
            | Self::MessageInterrupted
            | Self::Unmasked
            | Self::Masked
            | Self::LengthNotMinimal
            | Self::LengthTooLarge
            | Self::CloseBodyLen
            | Self::CloseCode(_) => CloseCode::PROTOCOL_ERROR,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::ReservedBits => "a reserved bit is set",
            Self::ReservedOpcode => "reserved opcode",
            Self::ControlFragmented => "fragmented control frame",
            Self::ControlTooLong => "control frame of more than 125 bytes",
            Self::UnexpectedContinuation => "continuation frame without a message to continue",
            Self::MessageInterrupted => "new message before the fragmented one has ended",
            Self::Unmasked => "unmasked frame from a client",
            Self::Masked => "masked frame from a server",
            Self::LengthNotMinimal => "payload length not in its shortest form",
            Self::LengthTooLarge => "payload length with its most significant bit set",
            Self::InvalidUtf8 => "text that is not UTF-8",
            Self::InvalidDeflate => "compressed message that does not inflate",
            Self::CloseBodyLen => "Close frame with a body of one byte",
            Self::CloseCode(code) => return write!(f, "Close frame with the code {code}"),
            Self::CloseReasonNotUtf8 => "Close frame with a reason that is not UTF-8",
        };
        f.write_str(text)
    }
}

impl core::error::Error for Violation {}
