// Read first: RFC 6455 §5.2, §11.8.

/// What a frame carries: the low four bits of its first byte (RFC 6455 §5.2).
///
/// ```
/// use ws_core::frame::Opcode;
///
/// assert_eq!(Opcode::from_bits(0x1), Some(Opcode::Text));
/// assert_eq!(Opcode::from_bits(0x3), None, "reserved for further data frames");
/// assert!(Opcode::Ping.is_control());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by the RFC: every other opcode is reserved and refused")]
pub enum Opcode {
    /// A further fragment of the message that a text or binary frame began (RFC 6455 §5.4).
    Continuation,
    /// The first fragment of a text message, or all of it (RFC 6455 §5.6).
    Text,
    /// The first fragment of a binary message, or all of it (RFC 6455 §5.6).
    Binary,
    /// The closing handshake (RFC 6455 §5.5.1).
    Close,
    /// Asks for a pong with the same payload (RFC 6455 §5.5.2).
    Ping,
    /// Answers a ping, or comes unasked as a heartbeat (RFC 6455 §5.5.3).
    Pong,
}

impl Opcode {
    /// The opcode with these four bits, or `None` for a reserved one (3 to 7, 11 to 15) and for anything above 15.
    ///
    /// ```
    /// use ws_core::frame::Opcode;
    ///
    /// let first_byte = 0x89; // FIN, and the opcode of a ping
    /// assert_eq!(Opcode::from_bits(first_byte & 0x0f), Some(Opcode::Ping));
    /// assert_eq!(Opcode::from_bits(0xb), None, "reserved for further control frames");
    /// ```
    #[must_use]
    #[inline]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0x0 => Some(Self::Continuation),
            0x1 => Some(Self::Text),
            0x2 => Some(Self::Binary),
            0x8 => Some(Self::Close),
            0x9 => Some(Self::Ping),
            0xA => Some(Self::Pong),
            _ => None,
        }
    }

    /// The four bits that stand for this opcode on the wire; the inverse of [`from_bits`](Self::from_bits).
    ///
    /// ```
    /// use ws_core::frame::Opcode;
    ///
    /// assert_eq!(Opcode::Pong.bits(), 0xa);
    /// assert_eq!(Opcode::from_bits(Opcode::Pong.bits()), Some(Opcode::Pong));
    /// ```
    #[must_use]
    #[inline]
    pub const fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xA,
        }
    }

    /// Whether this is Close, ping or pong: at most 125 bytes of payload, never fragmented, allowed between the fragments of
    /// a message (RFC 6455 §5.5).
    ///
    /// ```
    /// use ws_core::frame::Opcode;
    ///
    /// assert!([Opcode::Close, Opcode::Ping, Opcode::Pong].iter().all(|opcode| opcode.is_control()));
    /// assert!(!Opcode::Continuation.is_control());
    /// ```
    #[must_use]
    #[inline]
    pub const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

#[cfg(test)]
mod tests {
    use super::Opcode;

    #[test]
    fn s5_2_sixteen_opcodes_of_which_six_are_defined() {
        let defined: Vec<u8> = (0..=255).filter(|&bits| Opcode::from_bits(bits).is_some()).collect();
        assert_eq!(defined, [0x0, 0x1, 0x2, 0x8, 0x9, 0xA]);
        for bits in defined {
            assert_eq!(Opcode::from_bits(bits).map(Opcode::bits), Some(bits));
        }
    }
}
