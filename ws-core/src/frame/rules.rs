// Read first: RFC 6455 §5.1, §5.2, §5.4, §5.5.

use super::bits::{LEN_16, LEN_64, MASK, OPCODE};
use super::{Fin, FrameHeader, MaskKey, Opcode, ReservedBits, Violation};

/// What a receiver demands of the next frame's header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeaderRules {
    pub(crate) allowed: ReservedBits,
    pub(crate) mask: MaskRule,
    pub(crate) sequence: Sequence,
}

/// Whether frames have to be masked (RFC 6455 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MaskRule {
    Any,
    /// The peer is a client.
    Required,
    /// The peer is a server.
    Forbidden,
}

/// Which data frames may come next (RFC 6455 §5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sequence {
    Any,
    /// No message is in progress, so no continuation may come.
    BetweenMessages,
    /// A message is in progress, so none may begin.
    InMessage,
}

/// What the bytes so far tell; without a violation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judged {
    /// What the first byte says, once it is there.
    pub(crate) first: Option<(Opcode, ReservedBits)>,
    /// The payload's length, once it is complete; that is before the masking key is.
    pub(crate) payload_len: Option<u64>,
    /// The header and its length, once it is complete.
    pub(crate) header: Option<(FrameHeader, usize)>,
}

impl HeaderRules {
    /// Judges as many bytes of a header as there are, in their order, so that the verdict is the same however
    /// they were cut, and comes with the first byte that proves it.
    #[cfg_attr(not(target_os = "none"), inline(always))]
    #[expect(
        clippy::inline_always,
        reason = "what a caller does not ask for is not written to memory: a tenth of a control frame"
    )]
    pub(crate) fn judge(self, bytes: &[u8]) -> Result<Judged, Violation> {
        let mut judged = Judged { first: None, payload_len: None, header: None };
        let [first, rest @ ..] = bytes else { return Ok(judged) };
        let (opcode, fin, reserved) = self.judge_first(*first)?;
        judged.first = Some((opcode, reserved));
        let [second, rest @ ..] = rest else { return Ok(judged) };
        let masked = second & MASK != 0;
        self.judge_second(opcode, *second)?;
        // RawHeader reads the same. As a function of both, it would cost five instructions more for each header.
        let (payload_len, rest) = match second & !MASK {
            LEN_16 => {
                let Some((extended, rest)) = rest.split_first_chunk::<2>() else { return Ok(judged) };
                (judge_len_16(*extended)?, rest)
            }
            LEN_64 => {
                judge_len_64_start(rest)?;
                let Some((extended, rest)) = rest.split_first_chunk::<8>() else { return Ok(judged) };
                (u64::from_be_bytes(*extended), rest)
            }
            short => (u64::from(short), rest),
        };
        judged.payload_len = Some(payload_len);
        let (mask_key, rest) = if masked {
            let Some((key, rest)) = rest.split_first_chunk::<4>() else { return Ok(judged) };
            (Some(MaskKey::new(*key)), rest)
        } else {
            (None, rest)
        };
        let header = FrameHeader { opcode, fin, reserved, mask_key, payload_len };
        judged.header = Some((header, bytes.len().saturating_sub(rest.len())));
        Ok(judged)
    }

    fn judge_first(self, byte: u8) -> Result<(Opcode, Fin, ReservedBits), Violation> {
        // RFC 6455 §5.2: reserved bits are 0 unless a negotiated extension defines them.
        let reserved = ReservedBits::of(byte);
        if !self.allowed.contains(reserved) {
            return Err(Violation::ReservedBits);
        }
        // RFC 6455 §5.2: an unknown opcode fails the connection.
        let opcode = Opcode::from_bits(byte & OPCODE).ok_or(Violation::ReservedOpcode)?;
        let fin = Fin::of(byte);
        // RFC 7692 §6.1: RSV1 is set on the first frame of a message only, and never on a control frame.
        let begins_message = !opcode.is_control() && opcode != Opcode::Continuation;
        if reserved != ReservedBits::NONE && !begins_message && self.sequence != Sequence::Any {
            return Err(Violation::ReservedBits);
        }
        if opcode.is_control() {
            // RFC 6455 §5.5: control frames must not be fragmented.
            return if fin.is_final() {
                Ok((opcode, fin, reserved))
            } else {
                Err(Violation::ControlFragmented)
            };
        }
        // RFC 6455 §5.4: a message is one text or binary frame, then continuations up to the one with FIN.
        match (self.sequence, opcode == Opcode::Continuation) {
            (Sequence::BetweenMessages, true) => Err(Violation::UnexpectedContinuation),
            (Sequence::InMessage, false) => Err(Violation::MessageInterrupted),
            (Sequence::Any, _) | (Sequence::BetweenMessages, false) | (Sequence::InMessage, true) => {
                Ok((opcode, fin, reserved))
            }
        }
    }

    fn judge_second(self, opcode: Opcode, byte: u8) -> Result<(), Violation> {
        // RFC 6455 §5.1: a client masks every frame, a server none.
        match (self.mask, byte & MASK != 0) {
            (MaskRule::Required, false) => return Err(Violation::Unmasked),
            (MaskRule::Forbidden, true) => return Err(Violation::Masked),
            (MaskRule::Any, _) | (MaskRule::Required, true) | (MaskRule::Forbidden, false) => {}
        }
        // RFC 6455 §5.5: control frames have a payload of 125 bytes or less.
        if opcode.is_control() && byte & !MASK >= LEN_16 {
            return Err(Violation::ControlTooLong);
        }
        Ok(())
    }
}

pub(super) fn judge_len_16(extended: [u8; 2]) -> Result<u64, Violation> {
    let len = u16::from_be_bytes(extended);
    // RFC 6455 §5.2: the minimal number of bytes must be used to encode the length.
    if len < u16::from(LEN_16) { Err(Violation::LengthNotMinimal) } else { Ok(u64::from(len)) }
}

/// Judges as many of the eight bytes of length as there are at the start of `bytes`.
pub(super) fn judge_len_64_start(bytes: &[u8]) -> Result<(), Violation> {
    // RFC 6455 §5.2: the most significant bit must be 0.
    if bytes.first().is_some_and(|&byte| byte & 0x80 != 0) {
        return Err(Violation::LengthTooLarge);
    }
    // RFC 6455 §5.2: what fits into 16 bits is encoded in them, so the upper 48 are not all zero.
    if bytes.first_chunk::<6>().is_some_and(|upper| *upper == [0; 6]) {
        return Err(Violation::LengthNotMinimal);
    }
    Ok(())
}
