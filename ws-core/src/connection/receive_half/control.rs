// Read first: RFC 6455 §5.5.

use super::{Next, ReceiveHalf, State, len_u64};
use crate::connection::Pongs;
use crate::error::Fault;
use crate::frame::{CloseCode, CloseFrame, Opcode, Violation};
use crate::input::Input;
use crate::utf8::Utf8;

impl ReceiveHalf {
    /// Gathers the payload of a control frame, and acts on it when it is complete.
    #[inline(never)]
    pub(super) fn read_control(
        &mut self,
        opcode: Opcode,
        input: &mut Input<'_>,
    ) -> Result<Option<Next>, Fault> {
        let kept_len = usize::from(self.kept_len);
        let arrived = input.unread().get(kept_len..).unwrap_or_default();
        let len = usize::try_from(self.frame.remaining)
            .map_or(arrived.len(), |remaining| remaining.min(arrived.len()));
        let start = self.control.as_bytes().len();
        let is_held = self.control.append(arrived.get(..len).unwrap_or_default());
        debug_assert!(is_held, "a control frame has at most 125 bytes");
        self.frame.apply_mask(self.control.tail_mut(start));
        self.frame.remaining = self.frame.remaining.saturating_sub(len_u64(len));
        input.skip_behind(kept_len, len);
        if opcode == Opcode::Close {
            judge_close(self.control.as_bytes())?;
        }
        if self.frame.remaining > 0 {
            return Ok(Some(Next::NeedInput));
        }
        self.state = State::Header;
        Ok(Some(match opcode {
            Opcode::Ping => {
                if self.config.pongs() == Pongs::Automatic {
                    self.pending.add_pong();
                }
                Next::Ping
            }
            Opcode::Close => {
                CloseFrame::decode(&self.control)?;
                self.state = State::Ended;
                self.pending.add_peer_closed();
                Next::Close
            }
            Opcode::Pong | Opcode::Continuation | Opcode::Text | Opcode::Binary => Next::Pong,
        }))
    }
}

/// Judges as much of a Close frame's payload as there is.
fn judge_close(payload: &[u8]) -> Result<(), Violation> {
    let Some((&code, reason)) = payload.split_first_chunk::<2>() else { return Ok(()) };
    let code = u16::from_be_bytes(code);
    if CloseCode::new(code).is_none() {
        return Err(Violation::CloseCode(code));
    }
    Utf8::new().push(reason).map_err(|_invalid| Violation::CloseReasonNotUtf8)
}
