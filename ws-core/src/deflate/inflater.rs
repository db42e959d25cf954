// Read first: RFC 7692 §7.2.2, §7.2.3.

use core::fmt;

use zlib_rs::{Inflate, InflateFlush, Status};

use super::allowance::Allowance;
use super::history::{History, last};
use super::{ContextTakeover, WindowBits};
use crate::error::{Fault, Limit, Violation};
use crate::frame::Fin;

/// Inflates the compressed messages of one direction of one connection (RFC 7692 §7.2.2), a piece at a time.
///
/// The length of a message is judged while it is inflated: nothing beyond the limit is kept, whatever the compressed
/// data promise. A message of exactly that length is accepted.
///
/// Nothing is allocated before the first compressed message. From then on it is at most
/// [`MEMORY_LEN_MAX`](Self::MEMORY_LEN_MAX) bytes, whatever arrives, until [`release`](Self::release).
///
/// [`Agreed::inflater`](crate::extension::Agreed::inflater) makes one from what a handshake agreed on, and
/// [`MessageBuffer`](crate::message::MessageBuffer) drives it.
///
/// # Windows larger than agreed
///
/// References beyond the agreed window are tolerated while the largest window, of 32 KiB, still holds what they refer
/// to, in every message and after every block: zlib cannot tell them from others. That is why the agreed window is not
/// a parameter, and saves the peer's memory only.
///
/// # Final blocks
///
/// A message may continue after a block with the BFINAL bit (RFC 7692 §7.2.1), and refer back across it. Each such block
/// costs a copy of the window and takes two bytes of a peer, so their number is limited: 1,024 in advance, one more for
/// each message and for each 256 bytes of compressed data, and never more than 1,024 saved up. A peer that sends more
/// exceeds [`Limit::FinalBlockCount`]. A final block is free while the window is empty. Whether a message is accepted
/// does not depend on how it is cut. Compressors that end each message with a final block stay within the limit, and so
/// do those that flush a message by final blocks of 256 bytes or more.
///
/// ```
/// use ws_core::deflate::{ContextTakeover, InflateStatus, Inflater};
/// use ws_core::frame::Fin;
///
/// let mut inflater = Inflater::new(1024, ContextTakeover::Allowed);
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
    context_takeover: ContextTakeover,
    message_len_max: u64,
    /// How many bytes the message in progress has been inflated to.
    message_len: u64,
    /// Whether a byte of the message in progress has been taken.
    has_begun: bool,
    /// For final blocks.
    allowance: Allowance,
    fault: Option<Fault>,
}

/// What a call of [`Inflater::inflate`] did.
///
/// ```
/// use ws_core::deflate::{ContextTakeover, InflateStatus, Inflater};
/// use ws_core::frame::Fin;
///
/// // "Hello" into room for three bytes: what was not taken is passed to the next call.
/// let mut inflater = Inflater::new(1024, ContextTakeover::Allowed);
/// let (payload, mut out) = ([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], [0; 3]);
/// let inflated = inflater.inflate(&payload, Fin::Final, &mut out)?;
/// assert_eq!((&out[..inflated.written], inflated.status), (&b"Hel"[..], InflateStatus::NeedsOutput));
/// let inflated = inflater.inflate(&payload[inflated.taken..], Fin::Final, &mut out)?;
/// assert_eq!((&out[..inflated.written], inflated.status), (&b"lo"[..], InflateStatus::Done));
/// # Ok::<(), ws_core::error::Fault>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Inflated {
    /// How many bytes of the input are done with.
    pub taken: usize,
    /// How many bytes were written to the start of the output.
    pub written: usize,
    /// What the inflater needs next.
    pub status: InflateStatus,
}

/// What an [`Inflater`] needs next.
///
/// ```
/// use ws_core::deflate::{ContextTakeover, InflateStatus, Inflater};
/// use ws_core::frame::Fin;
///
/// let mut inflater = Inflater::new(1024, ContextTakeover::Allowed);
/// let (payload, mut out) = ([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], [0; 64]); // "Hello"
/// assert_eq!(inflater.inflate(&payload[..3], Fin::More, &mut out)?.status, InflateStatus::NeedsInput);
/// let rest = inflater.inflate(&payload[3..], Fin::Final, &mut out[..1])?;
/// assert_eq!(rest.status, InflateStatus::NeedsOutput);
/// let last = inflater.inflate(&payload[3 + rest.taken..], Fin::Final, &mut out)?;
/// assert_eq!(last.status, InflateStatus::Done);
/// # Ok::<(), ws_core::error::Fault>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed: the message is whole, or one of two things is missing")]
pub enum InflateStatus {
    /// More of the message: all input is taken, and everything that it stands for is written.
    NeedsInput,
    /// Another call: the output is full, or a fault follows what was written. Pass what was not taken again, even if it
    /// is nothing: only a byte of room shows whether more is to be written.
    NeedsOutput,
    /// Nothing: the message is whole. The next input belongs to the next message.
    Done,
}

impl Inflater {
    /// The most that an inflater allocates, in bytes: 79 KiB. A test compares it with what is allocated.
    ///
    /// 47 KiB of it are zlib's. The other 32 KiB hold what a peer may refer back to across a final block, where zlib
    /// forgets it; without context takeover they are not allocated for messages that are inflated by one call. Both are
    /// independent of the window that was agreed on.
    ///
    /// ```
    /// use ws_core::deflate::Inflater;
    ///
    /// const CONNECTION_COUNT_MAX: usize = 1000;
    /// assert_eq!(Inflater::MEMORY_LEN_MAX * CONNECTION_COUNT_MAX, 79_000 * 1024);
    /// ```
    pub const MEMORY_LEN_MAX: usize = ZLIB_LEN_MAX + WINDOW_LEN;

    /// An inflater for messages of up to `message_len_max` bytes once they are inflated, from a peer that may refer back
    /// to earlier messages or may not. It has allocated nothing yet.
    ///
    /// ```
    /// use ws_core::deflate::{ContextTakeover, Inflater};
    /// use ws_core::error::{Fault, Limit};
    /// use ws_core::frame::Fin;
    ///
    /// // RFC 7692 §7.2.3.1: "Hello", a byte too long.
    /// let mut inflater = Inflater::new(4, ContextTakeover::Forbidden);
    /// let mut out = [0; 64];
    /// let payload = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    /// let inflated = inflater.inflate(&payload, Fin::Final, &mut out)?;
    /// assert_eq!(out[..inflated.written], *b"Hell");
    /// let fault = inflater.inflate(&payload[inflated.taken..], Fin::Final, &mut out);
    /// assert_eq!(fault, Err(Fault::Limit(Limit::MessageLen)));
    /// # Ok::<(), Fault>(())
    /// ```
    #[must_use]
    pub const fn new(message_len_max: u64, context_takeover: ContextTakeover) -> Self {
        Self {
            stream: None,
            history: History::new(),
            context_takeover,
            message_len_max,
            message_len: 0,
            has_begun: false,
            allowance: Allowance::new(),
            fault: None,
        }
    }

    /// Inflates as much of `input` as there is room for in `out`, and returns how much was taken and written. `fin` says
    /// whether `input` is the rest of the message's payload, or more follows.
    ///
    /// Call it until all of `input` is taken and it does not need output. Each call takes, writes or ends something,
    /// unless both `input` and `out` are too short for that. What is in the rest of `out` afterwards is unspecified: zlib
    /// copies in steps of several bytes.
    ///
    /// Pass it compressed messages only, those with RSV1: others do not touch the window (RFC 7692 §7.2.3.2).
    ///
    /// # Errors
    ///
    /// - [`Violation::InvalidDeflate`] for what is not DEFLATE data, for a message that ends within a block, and for one
    ///   that does not end as RFC 7692 §7.2.1 requires.
    /// - [`Limit::MessageLen`] for a byte more than allowed.
    /// - [`Limit::FinalBlockCount`] for more final blocks than [allowed](Self#final-blocks).
    ///
    /// The memory is released, and every later call returns the same error. What precedes the fault is written first, and
    /// the next call returns the fault, so that a fault in the text before it is found first, however the input is cut.
    ///
    /// ```
    /// use ws_core::deflate::{ContextTakeover, InflateStatus, Inflater};
    /// use ws_core::error::Violation;
    /// use ws_core::frame::Fin;
    ///
    /// let (mut inflater, mut out) = (Inflater::new(1024, ContextTakeover::Allowed), [0; 64]);
    /// // RFC 7692 §7.2.3.2: "Hello", and again by reference to the first one.
    /// inflater.inflate(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], Fin::Final, &mut out)?;
    /// let inflated = inflater.inflate(&[0xf2, 0x00, 0x11, 0x00, 0x00], Fin::Final, &mut out)?;
    /// assert_eq!((&out[..inflated.written], inflated.status), (&b"Hello"[..], InflateStatus::Done));
    ///
    /// let fault = Violation::InvalidDeflate.into();
    /// assert_eq!(inflater.inflate(&[0xff], Fin::Final, &mut out), Err(fault));
    /// assert_eq!(inflater.inflate(&[0xf2], Fin::More, &mut out), Err(fault), "so is every later call");
    /// # Ok::<(), ws_core::error::Fault>(())
    /// ```
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

    /// Frees the memory and forgets the window with it, and a message in progress. Call it when a connection is over, or
    /// between two messages if context takeover is forbidden or the peer is known not to refer back.
    ///
    /// A fault stays, and so does what final blocks have cost.
    ///
    /// ```
    /// use ws_core::deflate::{ContextTakeover, InflateStatus, Inflater};
    /// use ws_core::frame::Fin;
    ///
    /// let mut inflater = Inflater::new(1024, ContextTakeover::Forbidden);
    /// let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    /// for _ in 0..2 {
    ///     let inflated = inflater.inflate(&hello, Fin::Final, &mut [0; 64])?;
    ///     assert_eq!(inflated.status, InflateStatus::Done);
    ///     inflater.release(); // an idle connection then holds no memory
    /// }
    /// # Ok::<(), ws_core::error::Fault>(())
    /// ```
    pub fn release(&mut self) {
        self.stream = None;
        self.history = History::new();
        self.message_len = 0;
        self.has_begun = false;
    }

    /// How long the rest of the message may be, in bytes.
    pub(crate) const fn remaining_len(&self) -> u64 {
        self.message_len_max.saturating_sub(self.message_len)
    }

    /// Whether a message may refer to those before it, so that none can be left out.
    pub(crate) const fn keeps_window(&self) -> bool {
        self.context_takeover.is_allowed()
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
            if self.context_takeover == ContextTakeover::Forbidden {
                return Ok(());
            }
        }
        let written = out.get(..inflated.written).unwrap_or_default();
        self.history.push(written, WINDOW_LEN);
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
            self.allowance.earn(step.taken);
            self.message_len =
                self.message_len.saturating_add(u64::try_from(step.written).unwrap_or(u64::MAX));
            // The limit comes first: whether the same call meets an error after it depends on how the output is cut.
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

    /// Continues after a final block, with the window as it was. `written` is what this call has inflated.
    ///
    /// Left alone, zlib would say for ever that the stream has ended.
    #[cold]
    fn resume(&mut self, written: &[u8]) -> Result<(), Fault> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        let newest = last(written, WINDOW_LEN);
        let (older, newer) = self.history.last(WINDOW_LEN.saturating_sub(newest.len()));
        let window = [older, newer, newest];
        if window.iter().any(|bytes| !bytes.is_empty()) {
            self.allowance.spend()?;
        }
        stream.reset(false);
        for bytes in window {
            stream.set_dictionary(bytes).map_err(|_invalid| Violation::InvalidDeflate)?;
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
        // between blocks. Anywhere else it would take the byte after them, or write.
        //
        // What passes as well is a Huffman block without content whose own header and end lie in these four bytes.
        let [len_low, len_high, complement_low, complement_high] = TAIL;
        let tail_and_more = [len_low, len_high, complement_low, complement_high, 0xff];
        let step = Step::take(stream, &tail_and_more, &mut [0], InflateFlush::Block);
        if (step.taken, step.written, step.status) != (TAIL.len(), 0, Some(Status::Ok)) {
            return Err(Violation::InvalidDeflate);
        }
        if self.context_takeover == ContextTakeover::Forbidden {
            stream.reset(false);
            self.history.clear();
        }
        self.allowance.earn_for_message();
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

/// The largest window, in bytes, which is the one that zlib always has.
const WINDOW_LEN: usize = WindowBits::MAX.window_len();
