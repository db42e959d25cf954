// Read first: RFC 7692 §7.2.1, §7.2.3.

use core::fmt;
use core::mem;

use zlib_rs::{Deflate, DeflateFlush};

use super::inflater::TAIL;
use super::staging::Staging;
use super::{ContextTakeover, DeflateSettings, MessageId};

/// Compresses messages as RFC 7692 §7.2.1 describes, a piece at a time, into outputs of any size.
///
/// A message may refer to the messages before it, but only to those that the peer has received. So call
/// [`commit`](Self::commit) after each message that was sent or is certain to be. A result that is thrown away needs
/// no call: without `commit` the next message starts with an empty window, which is always allowed.
/// [`SendHalf::send_deflated`] does this by itself.
///
/// Nothing is allocated before the first message. From then on it is at most [`DeflateSettings::memory_len_max`] bytes,
/// until [`release`](Self::release).
///
/// One deflater can serve any number of connections in turn. It refers to nothing that was sent on another connection:
/// a message on a connection other than the last one starts with an empty window.
///
/// ```
/// use ws_core::deflate::{DeflateSettings, Deflater, Flush};
///
/// let mut deflater = Deflater::new(DeflateSettings::new());
/// let mut out = [0; 64];
///
/// // RFC 7692 §7.2.3.1 and §7.2.3.2: "Hello", and again by reference to the first one.
/// let deflated = deflater.deflate(b"Hello", Flush::Message, &mut out);
/// assert!(deflated.is_done);
/// assert_eq!(out[..deflated.written], [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
/// deflater.commit();
/// let deflated = deflater.deflate(b"Hello", Flush::Message, &mut out);
/// assert_eq!(out[..deflated.written], [0xf2, 0x00, 0x11, 0x00, 0x00]);
/// ```
///
/// [`SendHalf::send_deflated`]: crate::connection::SendHalf::send_deflated
pub struct Deflater {
    settings: DeflateSettings,
    /// Made for the first message.
    stream: Option<Deflate>,
    phase: Phase,
    window: Window,
    /// The message in progress or, between messages, the last one in the window; `None` where no `SendHalf` began it.
    message: Option<MessageId>,
    /// Whether zlib keeps back nothing of what it was given.
    is_flushed: bool,
    /// What was compressed while the caller's output was too small to compress into.
    staging: Staging,
}

/// What a call of [`Deflater::deflate`] did.
///
/// ```
/// use ws_core::deflate::{DeflateSettings, Deflater, Flush};
///
/// // "Hello" into room for four bytes: the rest of the compressed message takes a second call.
/// let (mut deflater, mut out) = (Deflater::new(DeflateSettings::new()), [0; 4]);
/// let deflated = deflater.deflate(b"Hello", Flush::Message, &mut out);
/// assert_eq!((deflated.taken, deflated.written, deflated.is_done), (5, 4, false));
/// let deflated = deflater.deflate(b"", Flush::Message, &mut out);
/// assert_eq!((deflated.taken, deflated.written, deflated.is_done), (0, 3, true));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Deflated {
    /// How many bytes of the input are done with.
    pub taken: usize,
    /// How many bytes were written to the start of the output.
    pub written: usize,
    /// Whether all of the input is taken, and everything written that [`Flush`] asks for. Otherwise the output is full:
    /// call again with what was not taken, even if it is nothing, and the same `Flush`.
    pub is_done: bool,
}

/// How much of the input a [`Deflater`] has to write.
///
/// ```
/// use ws_core::deflate::{DeflateSettings, Deflater, Flush};
///
/// let (mut deflater, mut out) = (Deflater::new(DeflateSettings::new()), [0; 64]);
/// // Kept back, to be compressed together with what follows.
/// assert_eq!(deflater.deflate(b"Hel", Flush::Nothing, &mut out).written, 0);
/// // All so far, ended by the marker that the last fragment of a message leaves out (RFC 7692 §7.2.1).
/// let fragment = deflater.deflate(b"lo", Flush::Fragment, &mut out);
/// assert!(out[..fragment.written].ends_with(&[0x00, 0x00, 0xff, 0xff]));
/// // RFC 7692 §7.2.3.6: the message ends, and there is no more of it.
/// let last = deflater.deflate(b"", Flush::Message, &mut out);
/// assert_eq!(out[..last.written], [0x00]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by RFC 7692 §7.2.1: a piece, a fragment, a message")]
pub enum Flush {
    /// Whatever suits compression; most is kept back. More of the message follows.
    Nothing,
    /// Everything, so that the peer can inflate all of the message so far. More of the message follows. It costs
    /// about 5 bytes.
    Fragment,
    /// Everything, and the message ends.
    Message,
}

/// Where in a message we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    BetweenMessages,
    InMessage,
    /// All that this asked for is compressed; the last bytes of it are in the staging area.
    Draining(Flush),
}

/// What zlib's window holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Window {
    Empty,
    /// Messages that the peer has received, or will have.
    Committed,
    /// Something that the peer may never see.
    Uncommitted,
}

impl Deflater {
    /// A deflater that has allocated nothing yet.
    ///
    /// ```
    /// use ws_core::deflate::{DeflateSettings, Deflater};
    ///
    /// let deflater = Deflater::new(DeflateSettings::new());
    /// assert_eq!(deflater.settings().level().get(), 6);
    /// ```
    #[must_use]
    pub const fn new(settings: DeflateSettings) -> Self {
        Self {
            settings,
            stream: None,
            phase: Phase::BetweenMessages,
            window: Window::Empty,
            message: None,
            is_flushed: true,
            staging: Staging::new(),
        }
    }

    /// The settings that it was made with.
    #[must_use]
    pub const fn settings(&self) -> DeflateSettings {
        self.settings
    }

    /// Compresses as much of `input` as there is room for in `out`, which may be of any size but 0, and returns how much
    /// was taken and written. What is written belongs into the frames of one message, in order, cut anywhere.
    ///
    /// The first call after a message was done begins the next one. An empty message becomes the byte 0. A message that
    /// [`SendHalf::send_deflated`](crate::connection::SendHalf::send_deflated) has in progress is given up, and what it has
    /// sent is not referred to.
    ///
    /// ```
    /// use ws_core::deflate::{DeflateSettings, Deflater, Flush};
    ///
    /// let (mut deflater, mut out) = (Deflater::new(DeflateSettings::new()), [0; 64]);
    /// let deflated = deflater.deflate(b"Hello", Flush::Message, &mut out);
    /// assert!(deflated.is_done && deflated.taken == 5);
    /// assert_eq!(out[..deflated.written], [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    ///
    /// let empty = deflater.deflate(b"", Flush::Message, &mut out);
    /// assert_eq!((empty.is_done, &out[..empty.written]), (true, &[0][..]));
    /// ```
    pub fn deflate(&mut self, input: &[u8], flush: Flush, out: &mut [u8]) -> Deflated {
        let is_own_in_progress = self.phase != Phase::BetweenMessages && self.message.is_none();
        if !is_own_in_progress {
            self.begin_message(self.message.is_none());
            self.message = None;
        }
        self.advance(input, flush, out)
    }

    /// Says that the message that was done last is sent, or is certain to be: the next one may refer to it.
    ///
    /// Without a message, or within one, it does nothing.
    ///
    /// ```
    /// use ws_core::deflate::{DeflateSettings, Deflater, Flush};
    ///
    /// let (mut deflater, mut out) = (Deflater::new(DeflateSettings::new()), [0; 64]);
    /// let mut len_of_hello = || deflater.deflate(b"Hello", Flush::Message, &mut out).written;
    /// assert_eq!((len_of_hello(), len_of_hello()), (7, 7), "the first one may never be sent");
    /// deflater.commit();
    /// assert_eq!(deflater.deflate(b"Hello", Flush::Message, &mut out).written, 5, "it refers to the one before");
    /// ```
    pub fn commit(&mut self) {
        if (self.phase, self.window) == (Phase::BetweenMessages, Window::Uncommitted) {
            self.window = Window::Committed;
        }
    }

    /// Starts the next message with an empty window, since the peer has received something in between that was compressed
    /// elsewhere, and has another window now.
    ///
    /// [`SendHalf::send_deflated`](crate::connection::SendHalf::send_deflated) does this by itself.
    ///
    /// ```
    /// use ws_core::deflate::{DeflateSettings, Deflater, Flush};
    ///
    /// let (mut deflater, mut out) = (Deflater::new(DeflateSettings::new()), [0; 64]);
    /// let first = deflater.deflate(b"Hello", Flush::Message, &mut out).written;
    /// deflater.commit();
    /// deflater.forget();
    /// assert_eq!(deflater.deflate(b"Hello", Flush::Message, &mut out).written, first);
    /// ```
    pub fn forget(&mut self) {
        if self.window == Window::Committed {
            self.window = Window::Uncommitted;
        }
    }

    /// Gives up the message in progress, if there is one: the next call begins a new one, with an empty window.
    ///
    /// If a part of it was sent, the peer waits for the rest, and there is nothing to do but to end the connection.
    ///
    /// ```
    /// use ws_core::deflate::{DeflateSettings, Deflater, Flush};
    ///
    /// let (mut deflater, mut out) = (Deflater::new(DeflateSettings::new()), [0; 64]);
    /// deflater.deflate(b"Good", Flush::Nothing, &mut out);
    /// deflater.discard();
    /// let deflated = deflater.deflate(b"Hello", Flush::Message, &mut out);
    /// assert_eq!(out[..deflated.written], [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    /// ```
    pub fn discard(&mut self) {
        if self.phase != Phase::BetweenMessages {
            // Resetting would not do: at level 1 zlib-rs does not close the block that it is in.
            self.release();
        }
    }

    /// Frees the memory, and gives up the message in progress, if there is one. The next message starts with an empty
    /// window, as after [`discard`](Self::discard).
    ///
    /// ```
    /// use ws_core::deflate::{DeflateSettings, Deflater, Flush};
    ///
    /// let (mut deflater, mut out) = (Deflater::new(DeflateSettings::new()), [0; 64]);
    /// let first = deflater.deflate(b"Hello", Flush::Message, &mut out).written;
    /// deflater.commit();
    /// deflater.release(); // while the connection is idle
    /// assert_eq!(deflater.deflate(b"Hello", Flush::Message, &mut out).written, first);
    /// ```
    pub fn release(&mut self) {
        self.stream = None;
        self.phase = Phase::BetweenMessages;
        self.window = Window::Empty;
        self.message = None;
        self.is_flushed = true;
        self.staging = Staging::new();
    }

    /// Begins a message of a connection, giving up one that is in progress. `last` is the last message that the connection
    /// sent, if it was compressed here: only if it is the last one in the window may the new one refer to it.
    pub(crate) fn begin(&mut self, last: Option<MessageId>) -> MessageId {
        self.begin_message(last.is_some() && last == self.message);
        let message = MessageId::next();
        self.message = Some(message);
        message
    }

    /// Whether this message is in progress.
    pub(crate) fn is_in(&self, message: MessageId) -> bool {
        self.phase != Phase::BetweenMessages && self.message == Some(message)
    }

    /// Compresses as much of `input` as there is room for in `out`, as a part of the message in progress.
    pub(crate) fn advance(&mut self, input: &[u8], flush: Flush, out: &mut [u8]) -> Deflated {
        let mut done = Deflated { taken: 0, written: self.staging.drain(out), is_done: false };
        if let (Phase::Draining(asked), true) = (self.phase, self.staging.is_empty()) {
            if asked == Flush::Message {
                // The message has its end, so more input can only belong to another one.
                self.phase = Phase::BetweenMessages;
                done.is_done = input.is_empty();
                return done;
            }
            self.phase = Phase::InMessage;
            done.is_done = asked == flush && input.is_empty();
        }
        while self.staging.is_empty() && !done.is_done {
            let rest = input.get(done.taken..).unwrap_or_default();
            let room = out.get_mut(done.written..).unwrap_or_default();
            if room.is_empty() {
                break;
            }
            let round = if room.len() < Staging::LEN {
                self.stage(rest, flush, room)
            } else {
                self.round(rest, flush, room)
            };
            done.taken = done.taken.saturating_add(round.taken);
            done.written = done.written.saturating_add(round.written);
            done.is_done = round.is_done;
        }
        if done.is_done && flush == Flush::Message {
            self.phase = Phase::BetweenMessages;
        }
        done
    }

    /// Begins a message, giving up one that is in progress, with what the window holds if that is `for_the_same_peer`.
    fn begin_message(&mut self, for_the_same_peer: bool) {
        self.discard();
        // RFC 7692 §7.2.1: where no_context_takeover was agreed on, each message starts with an empty window.
        let may_refer = match (self.window, self.settings.context_takeover()) {
            (Window::Empty, _) => true,
            (Window::Committed, ContextTakeover::Allowed) => for_the_same_peer,
            (Window::Committed, ContextTakeover::Forbidden) | (Window::Uncommitted, _) => false,
        };
        if let (false, Some(stream)) = (may_refer, &mut self.stream) {
            stream.reset();
        }
        self.phase = Phase::InMessage;
        self.window = Window::Uncommitted;
    }

    /// A round by way of the staging area, which is empty, for an output that is too small to compress into.
    fn stage(&mut self, input: &[u8], flush: Flush, out: &mut [u8]) -> Deflated {
        let mut staging = Staging::new();
        let round = self.round(input, flush, staging.room());
        staging.filled(round.written);
        let written = staging.drain(out);
        let is_drained = staging.is_empty();
        if round.is_done && !is_drained {
            self.phase = Phase::Draining(flush);
        }
        self.staging = staging;
        Deflated { taken: round.taken, written, is_done: round.is_done && is_drained }
    }

    /// Compresses as much as fits into `out`, which is of at least [`Staging::LEN`] bytes.
    fn round(&mut self, input: &[u8], flush: Flush, out: &mut [u8]) -> Deflated {
        let settings = self.settings;
        let stream = self.stream.get_or_insert_with(|| settings.new_stream());
        let was_flushed = mem::replace(&mut self.is_flushed, false);
        let mut round = Deflated { taken: 0, written: 0, is_done: false };
        if flush == Flush::Nothing {
            round.compress(stream, input, DeflateFlush::NoFlush, out);
            return round;
        }
        if !(was_flushed && surely_fits(input.len(), out.len())) {
            // A sync flush ends with a marker. Where that does not fit as a whole it writes another one next time, and
            // so for ever into fewer than 7 bytes. So first comes all but the marker, then nothing but the marker.
            round.compress(stream, input, DeflateFlush::Block, out);
            if !round.is_done || out.len().saturating_sub(round.written) < MARKER_ROOM {
                round.is_done = false;
                return round;
            }
        }
        round.compress(stream, input, DeflateFlush::SyncFlush, out);
        self.is_flushed = round.is_done;
        if round.is_done && flush == Flush::Message {
            round.written = end_message(out, round.written);
        }
        round
    }
}

impl Deflated {
    /// Continues after what is taken and written. It is done when everything is taken and the output is not full: while
    /// it is, there may be more to come.
    fn compress(&mut self, stream: &mut Deflate, input: &[u8], flush: DeflateFlush, out: &mut [u8]) {
        let source = input.get(self.taken..).unwrap_or_default();
        let target = out.get_mut(self.written..).unwrap_or_default();
        let (total_in, total_out) = (stream.total_in(), stream.total_out());
        let result = stream.compress(source, target, flush);
        debug_assert!(result.is_ok(), "the stream is not ended and its settings are legal");
        let since = |now: u64, before| usize::try_from(now.saturating_sub(before)).unwrap_or(usize::MAX);
        self.taken = self.taken.saturating_add(since(stream.total_in(), total_in));
        self.written = self.written.saturating_add(since(stream.total_out(), total_out));
        self.is_done = (self.taken >= input.len() && self.written < out.len()) || result.is_err();
    }
}

impl fmt::Debug for Deflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflater")
            .field("settings", &self.settings)
            .field("phase", &self.phase)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

/// Ends a message whose last `written` bytes are in `out`; returns how many of them are to be sent.
fn end_message(out: &mut [u8], written: usize) -> usize {
    // RFC 7692 §7.2.1: the last four bytes are left out, and they are 00 00 ff ff.
    if let Some(rest) = out.get(..written).and_then(|bytes| bytes.strip_suffix(&TAIL)) {
        return rest.len();
    }
    debug_assert_eq!(written, 0, "a sync flush that writes ends with an empty stored block");
    // RFC 7692 §7.2.3.6: nothing has come since the last flush, and an empty block takes its header bits.
    match out.get_mut(written) {
        Some(header) => {
            *header = 0;
            written.saturating_add(1)
        }
        None => written,
    }
}

/// Whether a message that is given as a whole, and what ends it, is shorter than the output, whatever the settings: a
/// literal takes 9 bits at most where codes are not made for the message, and otherwise it is stored.
///
/// Should it ever not be, what is written is a few bytes longer than it has to be.
const fn surely_fits(len: usize, room: usize) -> bool {
    len.saturating_add(len / 8).saturating_add(Staging::LEN) <= room
}

/// More than what ends a flush: 7 bits that zlib holds, 3 of a header, and four bytes.
const MARKER_ROOM: usize = 8;
