// Read first: RFC 6455 §5.2, §5.4, §10.4.

use super::{Message, Next, ReceiveHalf, State};
use crate::connection::frame_in_progress::FrameInProgress;
use crate::error::{Fault, Limit};
use crate::event::MessageType;
use crate::frame::{FrameHeader, HeaderRules, Opcode, ReservedBits, Sequence, Violation};
use crate::input::Input;
use crate::utf8::Utf8;

impl ReceiveHalf {
    /// Reads a frame's header, at once where all of it is there.
    #[inline]
    pub(super) fn read_header(&mut self, input: &mut Input<'_>) -> Result<Option<Next>, Fault> {
        let kept_len = usize::from(self.kept_len);
        if self.header_len == 0 {
            let bytes = input.unread().get(kept_len..).unwrap_or_default();
            let judged = self.rules().judge(bytes)?;
            if let Some((header, header_len)) = judged.header {
                self.begin_frame(&header)?;
                input.skip_behind(kept_len, header_len);
                return Ok(None);
            }
        }
        match self.gather_header(input)? {
            Some(header) => self.begin_frame(&header).map(|()| None),
            None => Ok(Some(Next::NeedInput)),
        }
    }

    /// Reads a frame's header that comes in parts: byte by byte, so that nothing behind it is touched.
    #[inline(never)]
    fn gather_header(&mut self, input: &mut Input<'_>) -> Result<Option<FrameHeader>, Fault> {
        let kept_len = usize::from(self.kept_len);
        while let Some(&byte) = input.unread().get(kept_len) {
            if self.header_len == 0 {
                self.clear_control();
            }
            let is_held = self.control.append(&[byte]);
            debug_assert!(is_held, "a header has at most 14 bytes");
            self.header_len = self.header_len.saturating_add(1);
            input.skip_behind(kept_len, 1);
            let judged = self.rules().judge(self.control.as_bytes())?;
            match (judged.header, judged.first, judged.payload_len) {
                (Some((header, _)), _, _) => return Ok(Some(header)),
                (None, Some((opcode, reserved)), Some(payload_len)) => {
                    self.judge_len(opcode, reserved, payload_len)?;
                }
                (None, _, _) => {}
            }
        }
        Ok(None)
    }

    /// What a length means for the limits, as soon as it is known, which is before the masking key is.
    #[inline]
    fn judge_len(&self, opcode: Opcode, reserved: ReservedBits, payload_len: u64) -> Result<(), Fault> {
        if opcode.is_control() {
            // RFC 6455 §5.5.1: a body, if any, begins with a two-byte code.
            return if opcode == Opcode::Close && payload_len == 1 {
                Err(Violation::CloseBodyLen.into())
            } else {
                Ok(())
            };
        }
        let limits = self.config.limits();
        let begun = self.message.as_ref();
        let (message_len, fragment_count) = begun.map_or((0, 0), |begun| (begun.len, begun.fragment_count));
        let is_compressed = begun.map_or(reserved == ReservedBits::RSV1, |begun| begun.is_compressed);
        let allowance = |len: u64| if is_compressed { with_deflate_allowance(len) } else { len };
        if payload_len > allowance(limits.frame_len_max()) {
            return Err(Limit::FrameLen.into());
        }
        if payload_len > allowance(limits.message_len_max()).saturating_sub(message_len) {
            return Err(Limit::MessageLen.into());
        }
        if fragment_count >= limits.fragment_count_max() {
            return Err(Limit::FragmentCount.into());
        }
        Ok(())
    }

    #[cfg_attr(target_os = "none", inline(never))]
    #[cfg_attr(not(target_os = "none"), inline)]
    fn begin_frame(&mut self, header: &FrameHeader) -> Result<(), Fault> {
        let (opcode, payload_len) = (header.opcode(), header.payload_len());
        self.judge_len(opcode, header.reserved(), payload_len)?;
        self.header_len = 0;
        self.frame = FrameInProgress::new(payload_len, header.mask_key(), header.fin().is_final());
        let message_type = match opcode {
            Opcode::Text => MessageType::Text,
            Opcode::Binary => MessageType::Binary,
            Opcode::Continuation => {
                if let Some(message) = &mut self.message {
                    message.len = message.len.saturating_add(payload_len);
                    message.fragment_count = message.fragment_count.saturating_add(1);
                }
                self.state = State::Data;
                return Ok(());
            }
            Opcode::Close | Opcode::Ping | Opcode::Pong => {
                self.clear_control();
                self.state = State::Control(opcode);
                return Ok(());
            }
        };
        let is_compressed = header.reserved() == ReservedBits::RSV1;
        self.message = Some(Message {
            message_type,
            len: payload_len,
            fragment_count: 1,
            is_reported: false,
            is_compressed,
            utf8: Utf8::new(),
        });
        self.state = State::Data;
        Ok(())
    }

    fn rules(&self) -> HeaderRules {
        HeaderRules {
            allowed: if self.is_deflate_agreed { ReservedBits::RSV1 } else { ReservedBits::NONE },
            mask: self.mask_rule,
            sequence: if self.message.is_some() { Sequence::InMessage } else { Sequence::BetweenMessages },
        }
    }
}

/// How long a compressed message may be on the wire whose inflated length is at the limit: what does not compress grows
/// a little.
#[inline]
fn with_deflate_allowance(len_max: u64) -> u64 {
    len_max.saturating_add(len_max / 8).saturating_add(1024)
}
