// Read first: RFC 7692 §7.2.2, §7.2.3.

use core::fmt;

use zlib_rs::{Inflate, InflateFlush, Status};

use super::history::{History, last};
use super::{ContextTakeover, WindowBits};
use crate::error::{Fault, Limit, Violation};
use crate::extension::DeflateDirection;
use crate::frame::Fin;

/// Inflates the compressed messages of one direction of one connection (RFC 7692 §7.2.2), a piece at a time.
///
/// The limit of a message's inflated length is judged while inflating: nothing beyond it is kept, whatever the
/// compressed data promise. A message of just that length is accepted.
///
/// Nothing is allocated before the first compressed message. From then on it is
/// [`memory_len_max`](Self::memory_len_max) bytes at most, whatever arrives, until [`release`](Self::release).
///
/// ```
/// use ws_core::deflate::{ContextTakeover, InflateStatus, Inflater, WindowBits};
/// use ws_core::frame::Fin;
///
/// let mut inflater = Inflater::new(1024, WindowBits::MAX, ContextTakeover::Allowed);
/// let mut out = [0; 64];
///
/// // RFC 7692 §7.2.3.1: "Hello", in two fragments.
/// let first = inflater.inflate(&[0xf2, 0x48, 0xcd], Fin::More, &mut out)?;
/// assert_eq!((first.taken, first.status), (3, InflateStatus::NeedsInput));
/// let last = inflater.inflate(&[0xc9, 0xc9, 0x07, 0x00], Fin::Final, &mut out[first.written..])?;
/// assert_eq!((last.taken, last.status), (4, InflateStatus::Done));
/// assert_eq!(out[..first.written + last.written], *b"Hello");
/// # Ok::<(), ws_core::error::Fault>(())
/// ```
pub struct Inflater {
    /// Made for the first byte.
    stream: Option<Inflate>,
    history: History,
    window_bits: WindowBits,
    takeover: ContextTakeover,
    message_len_max: u64,
    /// How many bytes the message in progress has been inflated to.
    message_len: u64,
    /// Whether a byte of the message in progress has been taken.
    has_begun: bool,
    fault: Option<Fault>,
}

/// What a call of [`Inflater::inflate`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "taken, written and what is needed: there is no more to say")]
pub struct Inflated {
    /// How many bytes of the input are done with.
    pub taken: usize,
    /// How many bytes were written to the start of the output.
    pub written: usize,
    /// What it takes to go on.
    pub status: InflateStatus,
}

/// What it takes to go on inflating.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "closed: the message is whole, or one of two things is missing")]
pub enum InflateStatus {
    /// More of the message: all input is taken, and everything that it says is written.
    NeedsInput,
    /// Another call: the output is full, or a fault follows what was written. What was not taken has to be given again,
    /// be it nothing. That nothing more is to be written shows only with a byte of room.
    NeedsOutput,
    /// Nothing: the message is whole. What is given next belongs to the next one.
    Done,
}

impl Inflater {
    /// For messages of up to `message_len_max` bytes when inflated, by the agreed parameters of the peer's direction.
    ///
    /// A peer that refers farther back than it agreed to is put up with as long as zlib's 32 KiB hold what it means.
    #[must_use]
    pub const fn new(message_len_max: u64, window_bits: WindowBits, takeover: ContextTakeover) -> Self {
        Self {
            stream: None,
            history: History::new(),
            window_bits,
            takeover,
            message_len_max,
            message_len: 0,
            has_begun: false,
            fault: None,
        }
    }

    /// The same by what was agreed on for the peer's direction.
    #[must_use]
    pub fn agreed(message_len_max: u64, incoming: DeflateDirection) -> Self {
        Self::new(message_len_max, incoming.max_window_bits(), incoming.into())
    }

    /// The most that an inflater allocates, in bytes. A test compares it with what is allocated.
    ///
    /// | window bits | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 |
    /// |---|---|---|---|---|---|---|---|---|
    /// | KiB | 47 | 47 | 48 | 49 | 51 | 55 | 63 | 79 |
    ///
    /// 47 KiB of it are zlib's, whose window is always 32 KiB. The rest holds as much as a peer may refer back to
    /// across a final block, where zlib forgets it; without context takeover it is not needed for messages that are
    /// inflated by one call.
    #[must_use]
    pub fn memory_len_max(window_bits: WindowBits) -> usize {
        ZLIB_LEN_MAX.saturating_add(window_bits.window_len())
    }

    /// Inflates as much of `input` as there is room for in `out`. `fin` says whether `input` is the rest of the
    /// message's payload, or more follows.
    ///
    /// What is in the rest of `out` afterwards is unspecified: zlib copies in steps of several bytes.
    ///
    /// Call it until all of `input` is taken and it does not need output. Each call takes, writes or ends something,
    /// unless both `input` and `out` are too short to. Messages without RSV1 are not given to it: they do not touch the
    /// window (RFC 7692 §7.2.3.2).
    ///
    /// # Errors
    ///
    /// [`Violation::InvalidDeflate`] for what is not DEFLATE data, for a message that ends within a block, and for one
    /// that does not end as RFC 7692 §7.2.1 has it; [`Limit::MessageLen`] for a byte more than allowed. The memory is
    /// released, and every later call gives the same error. What precedes the fault is written first and the fault told
    /// by the next call, so that a fault in the text before it is found first, however the input is cut.
    pub fn inflate(&mut self, input: &[u8], fin: Fin, out: &mut [u8]) -> Result<Inflated, Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let mut inflated = Inflated { taken: 0, written: 0, status: InflateStatus::NeedsOutput };
        if let Err(fault) = self.advance(input, fin, out, &mut inflated) {
            self.fault = Some(fault);
            self.release();
            if inflated.written == 0 {
                return Err(fault);
            }
            inflated.status = InflateStatus::NeedsOutput;
        }
        Ok(inflated)
    }

    /// Frees the memory and forgets the window with it: for a connection that is over, or between two messages where
    /// context takeover is not allowed, or the peer is known not to refer back.
    pub fn release(&mut self) {
        self.stream = None;
        self.history = History::new();
        self.message_len = 0;
        self.has_begun = false;
    }

    /// Says in `inflated` what was done, also before a fault.
    fn advance(
        &mut self,
        input: &[u8],
        fin: Fin,
        out: &mut [u8],
        inflated: &mut Inflated,
    ) -> Result<(), Fault> {
        inflated.status = self.advance_payload(input, out, inflated)?;
        self.has_begun |= !input.is_empty();
        if inflated.status == InflateStatus::NeedsInput && fin.is_final() {
            self.end_message()?;
            inflated.status = InflateStatus::Done;
            if self.takeover == ContextTakeover::Forbidden {
                return Ok(());
            }
        }
        let written = out.get(..inflated.written).unwrap_or_default();
        self.history.push(written, self.window_bits.window_len());
        Ok(())
    }

    /// Inflates until all input is taken or the output is full.
    fn advance_payload(
        &mut self,
        input: &[u8],
        out: &mut [u8],
        inflated: &mut Inflated,
    ) -> Result<InflateStatus, Fault> {
        if input.is_empty() && !self.has_begun {
            return Ok(InflateStatus::NeedsInput);
        }
        // A byte more than allowed is room enough to tell that it is too much.
        let allowed = self.message_len_max.saturating_sub(self.message_len).saturating_add(1);
        let room = usize::try_from(allowed).unwrap_or(usize::MAX).min(out.len());
        loop {
            let stream = self.stream.get_or_insert_with(new_stream);
            let source = input.get(inflated.taken..).unwrap_or_default();
            let target = out.get_mut(inflated.written..room).unwrap_or_default();
            let step = Step::take(stream, source, target, InflateFlush::NoFlush);
            inflated.taken = inflated.taken.saturating_add(step.taken);
            inflated.written = inflated.written.saturating_add(step.written);
            self.message_len =
                self.message_len.saturating_add(u64::try_from(step.written).unwrap_or(u64::MAX));
            // The limit comes first: whether the same call meets an error behind it depends on how the output is cut.
            if self.message_len > self.message_len_max {
                // That byte is not for the caller.
                inflated.written = inflated.written.saturating_sub(1);
                return Err(Limit::MessageLen.into());
            }
            match step.status.ok_or(Violation::InvalidDeflate)? {
                // RFC 7692 §7.2.1: a block with BFINAL may be followed by more of them, at the next byte.
                Status::StreamEnd => self.resume(out.get(..inflated.written).unwrap_or_default())?,
                Status::Ok | Status::BufError => {
                    if inflated.written >= out.len() {
                        return Ok(InflateStatus::NeedsOutput);
                    }
                    if inflated.taken >= input.len() {
                        return Ok(InflateStatus::NeedsInput);
                    }
                    if step.is_idle() {
                        debug_assert!(false, "zlib takes nothing and writes nothing, and could do both");
                        return Err(Violation::InvalidDeflate.into());
                    }
                }
            }
        }
    }

    /// Goes on behind a final block, with the window as it was. `written` is what this call has inflated.
    ///
    /// zlib's own answer would be to say for ever that the stream has ended.
    #[cold]
    fn resume(&mut self, written: &[u8]) -> Result<(), Violation> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        let window_len = self.window_bits.window_len();
        let written = last(written, window_len);
        let (older, newer) = self.history.last(window_len.saturating_sub(written.len()));
        stream.reset(false);
        for bytes in [older, newer, written] {
            stream.set_dictionary(bytes).map_err(|_| Violation::InvalidDeflate)?;
        }
        Ok(())
    }

    /// Takes in the end of the message that its sender has left out, and makes ready for the next one.
    fn end_message(&mut self) -> Result<(), Violation> {
        let (Some(stream), true) = (&mut self.stream, self.has_begun) else {
            // A payload of no bytes cannot be the result of RFC 7692 §7.2.1, and can only mean no bytes.
            return Ok(());
        };
        // RFC 7692 §7.2.1: what the sender leaves out is the rest of an empty stored block, whose header bits end the
        // payload. So it has to end a block, at its last byte, and mean nothing. zlib stops there when asked to stop
        // between blocks. Anywhere else it would take the byte behind, or write.
        //
        // What passes as well is a Huffman block without content whose own header and end lie in these four bytes.
        let [len_low, len_high, complement_low, complement_high] = TAIL;
        let tail_and_more = [len_low, len_high, complement_low, complement_high, 0xff];
        let step = Step::take(stream, &tail_and_more, &mut [0], InflateFlush::Block);
        if (step.taken, step.written, step.status) != (TAIL.len(), 0, Some(Status::Ok)) {
            return Err(Violation::InvalidDeflate);
        }
        if self.takeover == ContextTakeover::Forbidden {
            stream.reset(false);
            self.history.clear();
        }
        self.message_len = 0;
        self.has_begun = false;
        Ok(())
    }
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflater")
            .field("message_len_max", &self.message_len_max)
            .field("message_len", &self.message_len)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}

/// What one call of zlib's did.
struct Step {
    taken: usize,
    written: usize,
    /// `None` for data that are not DEFLATE.
    status: Option<Status>,
}

impl Step {
    #[inline]
    fn take(stream: &mut Inflate, input: &[u8], out: &mut [u8], flush: InflateFlush) -> Self {
        let (total_in, total_out) = (stream.total_in(), stream.total_out());
        let status = stream.decompress(input, out, flush).ok();
        let since = |now: u64, before| usize::try_from(now.saturating_sub(before)).unwrap_or(usize::MAX);
        Self {
            taken: since(stream.total_in(), total_in),
            written: since(stream.total_out(), total_out),
            status,
        }
    }

    fn is_idle(&self) -> bool {
        self.taken == 0 && self.written == 0
    }
}

#[cold]
fn new_stream() -> Inflate {
    Inflate::new(false, WindowBits::MAX.bits())
}

/// What ends an empty stored block: no bytes, and the complement of that (RFC 7692 §7.2.2).
pub(super) const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// What zlib-rs allocates to inflate, rounded up.
const ZLIB_LEN_MAX: usize = 47 * 1024;
