// Read first: RFC 9112 §2.

use core::mem::MaybeUninit;

use super::field::Span;
use super::first_line::FirstLine;
use super::{HandshakeFault, HandshakeLimit, HandshakeViolation, SMALL};
use crate::bytes::copy;
use crate::extension::is_space;
use crate::input::Input;

/// Gathers the head of a message up to the empty line, in as many pieces as it comes.
///
/// Each byte is copied once and looked at once, those of the first line twice, however the head is cut. What cannot be a
/// first line is found at its first byte, and faults in the ends of lines as soon as the line is there; all others by the
/// parser, which sees the head once. A head that comes whole is read by the parser
/// where it lies, and then copied here.
#[derive(Clone)]
pub(super) struct Head<S> {
    storage: S,
    /// How many bytes of the storage are gathered, all of them scanned.
    len: usize,
    /// Where the line begins that has not ended yet.
    line_start: usize,
    /// How far the first line is judged.
    first_line: FirstLine,
    #[cfg(test)]
    examined_count: usize,
}

/// How far a head has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gathered {
    More,
    Complete,
    Failed(HandshakeFault),
}

impl<S> Head<S> {
    /// `first_line` is how the first line begins.
    pub(super) const fn new(storage: S, first_line: FirstLine) -> Self {
        Self {
            storage,
            len: 0,
            line_start: 0,
            first_line,
            #[cfg(test)]
            examined_count: 0,
        }
    }
}

impl<S: AsRef<[u8]> + AsMut<[u8]>> Head<S> {
    pub(super) fn bytes(&self) -> &[u8] {
        self.storage.as_ref().get(..self.len).unwrap_or_default()
    }

    pub(super) fn into_storage(self) -> S {
        self.storage
    }

    /// Reads the head by `read`, once it is there. Returns what `read` does, or `None` where more has to come. A head that the
    /// input holds whole, which is usual, is read where it lies: the parser finds its end by itself.
    ///
    /// `read` returns the fields of a head whose form is valid, and the verdict.
    pub(super) fn receive<F, V>(
        &mut self,
        input: &mut Input<'_>,
        read: impl Fn(&[u8]) -> (Option<F>, Result<V, HandshakeFault>),
    ) -> Option<(Option<F>, Result<V, HandshakeFault>)> {
        if let Some(head) = self.whole_in(input) {
            let found = read(head);
            if found.0.is_some() {
                self.keep(input);
                return Some(found);
            }
        }
        match self.gather(input) {
            Gathered::More => None,
            Gathered::Complete => Some(read(self.bytes())),
            Gathered::Failed(fault) => Some((None, Err(fault))),
        }
    }

    /// What may be a whole head: all of the input, where nothing is gathered yet, an empty line ends it, and it fits into
    /// the storage. One whose form is not valid is still to be gathered.
    fn whole_in<'i>(&self, input: &'i Input<'_>) -> Option<&'i [u8]> {
        let bytes = input.unread();
        let is_possible = !SMALL
            && self.len == 0
            && bytes.len() <= self.storage.as_ref().len()
            && bytes.ends_with(b"\r\n\r\n");
        is_possible.then_some(bytes)
    }

    /// Takes all of the input, which is a whole head that fits.
    fn keep(&mut self, input: &mut Input<'_>) {
        let head = input.take(input.len());
        if let Some(room) = self.storage.as_mut().get_mut(..head.len()) {
            copy(head, room);
            self.len = head.len();
        }
    }

    /// Discards the head, for the one that follows it, whose first line begins like this.
    pub(super) const fn restart(&mut self, first_line: FirstLine) {
        self.len = 0;
        self.line_start = 0;
        self.first_line = first_line;
    }

    /// Takes the bytes of the head, or up to the fault, and leaves what follows. Must not be called again after
    /// anything but [`Gathered::More`].
    fn gather(&mut self, input: &mut Input<'_>) -> Gathered {
        let start = self.len;
        let room = self.storage.as_mut().get_mut(start..).unwrap_or_default();
        let (copied, _) = input.unread().split_at(room.len().min(input.len()));
        if let Some(room) = room.get_mut(..copied.len()) {
            copy(copied, room);
        }
        let first_line_fault = self.first_line.find_fault(copied);
        self.len = start.saturating_add(first_line_fault.map_or(copied.len(), |(len, _)| len));
        let verdict = match first_line_fault {
            Some((_, violation)) => Gathered::Failed(violation.into()),
            None => self.scan(start),
        };
        let _taken = input.take(self.len.saturating_sub(start));
        if verdict != Gathered::More || self.len < self.storage.as_ref().len() {
            return verdict;
        }
        let is_first_line = self.line_start == 0;
        let limit = if is_first_line { HandshakeLimit::FirstLineLen } else { HandshakeLimit::HeadLen };
        Gathered::Failed(limit.into())
    }

    /// Looks at the bytes from `start` on, and cuts off what follows the head or the fault.
    fn scan(&mut self, start: usize) -> Gathered {
        let bytes = self.storage.as_ref().get(..self.len).unwrap_or_default();
        let mut lines = Lines { bytes, start: self.line_start };
        let mut blocks = bytes.get(start..).unwrap_or_default().chunks_exact(2 * WORD_LEN);
        let mut place = start;
        let mut verdict = Gathered::More;
        for block in blocks.by_ref() {
            let (first, second) = block.split_at(WORD_LEN);
            let (first, second) = (line_feeds(word(first)), line_feeds(word(second)));
            let block_start = place;
            // A place within the storage, and at most a few bytes.
            place = place.wrapping_add(2 * WORD_LEN);
            if first | second != 0 {
                verdict = lines.judge(block_start, [first, second]);
                if verdict != Gathered::More {
                    break;
                }
            }
        }
        if verdict == Gathered::More {
            let (first, second) = blocks.remainder().split_at(blocks.remainder().len().min(WORD_LEN));
            verdict = lines.judge(place, [line_feeds(last_word(first)), line_feeds(last_word(second))]);
            #[cfg(test)]
            {
                place = bytes.len();
            }
        }
        #[cfg(test)]
        {
            self.examined_count = self.examined_count.saturating_add(place.saturating_sub(start));
        }
        self.line_start = lines.start;
        if verdict != Gathered::More {
            self.len = self.line_start;
        }
        verdict
    }
}

/// The lines of a head, as they are found.
struct Lines<'b> {
    bytes: &'b [u8],
    /// Where the line begins that has not ended yet.
    start: usize,
}

impl Lines<'_> {
    /// Judges the lines whose line feeds are marked in the two words at `place`, up to the first one that decides.
    fn judge(&mut self, place: usize, words: [u64; 2]) -> Gathered {
        for (mut line_feeds, word_start) in words.into_iter().zip([place, place.saturating_add(WORD_LEN)]) {
            while line_feeds != 0 {
                let line_feed = word_start.saturating_add(first_byte(line_feeds));
                let verdict = judge_line(self.bytes.get(self.start..line_feed), self.start == 0);
                self.start = line_feed.saturating_add(1);
                if verdict != Gathered::More {
                    return verdict;
                }
                line_feeds &= line_feeds.wrapping_sub(1);
            }
        }
        Gathered::More
    }
}

/// How many bytes are looked at at once; twice as many are taken in a turn.
const WORD_LEN: usize = 8;

/// A whole word.
#[inline]
fn word(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().unwrap_or_default())
}

/// Marks, with its highest bit, each byte of the word that is a line feed, and no other.
const fn line_feeds(word: u64) -> u64 {
    const LOW_BITS: u64 = u64::from_le_bytes([0x7f; 8]);
    let word = word ^ u64::from_le_bytes([b'\n'; 8]);
    // The sum carries into the highest bit of a byte unless its lower bits are all zero, and never beyond it.
    !((word & LOW_BITS).wrapping_add(LOW_BITS) | word | LOW_BITS)
}

/// Which byte of a word, in the order of memory, has the lowest bit.
fn first_byte(marks: u64) -> usize {
    usize::try_from(marks.trailing_zeros() / 8).unwrap_or_default()
}

/// At most as many bytes as a word has, followed by zeros.
fn last_word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte))
}

/// A line up to its line feed.
fn judge_line(line: Option<&[u8]>, is_first: bool) -> Gathered {
    let violation = match line.and_then(<[u8]>::split_last) {
        Some((b'\r', [])) if !is_first => return Gathered::Complete,
        Some((b'\r', [])) => HandshakeViolation::LeadingEmptyLine,
        Some((b'\r', [first, ..])) if is_space(*first) && !is_first => HandshakeViolation::FoldedLine,
        Some((b'\r', _)) => return Gathered::More,
        _ => HandshakeViolation::LineEnding,
    };
    Gathered::Failed(violation.into())
}

/// Storage for `N` headers of the parser, 4 KiB for 128 of them on 64-bit targets, half on 32-bit ones.
pub(super) const fn header_slots<'h, const N: usize>() -> [MaybeUninit<httparse::Header<'h>>; N] {
    [const { MaybeUninit::uninit() }; N]
}

/// The fault that the parser has found. `first_line` is what the head's syntax is called by where the parser gives
/// no better reason.
pub(super) fn syntax_fault(error: httparse::Error, first_line: HandshakeViolation) -> HandshakeFault {
    match error {
        httparse::Error::HeaderName => HandshakeViolation::HeaderName.into(),
        httparse::Error::HeaderValue => HandshakeViolation::HeaderValue.into(),
        httparse::Error::NewLine => HandshakeViolation::LineEnding.into(),
        httparse::Error::Status | httparse::Error::Token | httparse::Error::Version => first_line.into(),
        httparse::Error::TooManyHeaders => HandshakeLimit::HeaderCount.into(),
    }
}

/// Whether these bytes have the form of an HTTP version (RFC 9112 §2.3), whichever it is.
pub(super) fn is_http_version(bytes: &[u8]) -> bool {
    matches!(bytes, [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'])
}

/// Whether a head that the parser has read begins with its first line, and each line ends with CR LF. The parser passes
/// over empty lines before the first one, and takes a line feed alone for the end of a line. A head that was gathered has
/// neither, so that there is nothing to be seen where each one is.
pub(super) fn has_strict_lines(head: &[u8], headers: &[httparse::Header<'_>]) -> bool {
    let begins_at_once = !matches!(head.first(), Some(b'\r' | b'\n'));
    // Each header is a line, so that it begins after the end of another one.
    let is_behind_crlf = |header: &httparse::Header<'_>| {
        // Where there are not two bytes before it, the place is not one in the head.
        let place = Span::of(header.name.as_bytes(), head).start.wrapping_sub(2);
        head.get(place) == Some(&b'\r')
    };
    SMALL || begins_at_once && headers.iter().all(is_behind_crlf) && head.ends_with(b"\r\n\r\n")
}

/// The first line of a complete head, without its end, and all that follows it.
pub(super) fn split_first_line(head: &[u8]) -> (&[u8], &[u8]) {
    let len = head.iter().position(|byte| *byte == b'\n').unwrap_or_default();
    let (line, rest) = head.split_at_checked(len.saturating_add(1)).unwrap_or_default();
    (line.strip_suffix(b"\r\n").unwrap_or(line), rest)
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "lengths of a few KiB")]
mod tests {
    use super::{FirstLine, Gathered, Head, line_feeds};
    use crate::input::ReadBuffer;

    /// Gathers `bytes` in pieces of `piece_len`; gives the verdict, what was examined, and what was left.
    fn gather(bytes: &[u8], piece_len: usize, storage_len: usize) -> (Gathered, usize, usize) {
        let mut head = Head::new(vec![0; storage_len], FirstLine::REQUEST);
        let mut taken = 0;
        let mut verdict = Gathered::More;
        for piece in bytes.chunks(piece_len) {
            let mut buffer = ReadBuffer::with_filled(piece.to_vec(), piece.len()).unwrap();
            verdict = head.gather(&mut buffer.input());
            taken += piece.len() - buffer.unread().len();
            if verdict != Gathered::More {
                break;
            }
        }
        (verdict, head.examined_count, bytes.len() - taken)
    }

    /// A head of exactly `len` bytes, with lines of `line_len`.
    fn head_of(len: usize, line_len: usize) -> Vec<u8> {
        let mut head = b"GET / HTTP/1.1\r\n".to_vec();
        while head.len() + line_len + 5 <= len {
            head.extend(core::iter::repeat_n(b'a', line_len - 2));
            head.extend(b"\r\n");
        }
        head.extend(core::iter::repeat_n(b'b', len - head.len() - 4));
        head.extend(b"\r\n\r\n");
        head
    }

    #[test]
    fn every_cutting_examines_each_byte_once() {
        for len in [8 << 10, 16 << 10] {
            for line_len in [3, 40, 1000, 7000] {
                let mut bytes = head_of(len, line_len);
                bytes.extend(b"behind");
                for piece_len in [1, 2, 3, 7, 64, 1460, usize::MAX] {
                    let (verdict, examined_count, left) = gather(&bytes, piece_len.min(bytes.len()), len);
                    assert_eq!((verdict, left), (Gathered::Complete, 6), "{len} {line_len} {piece_len}");
                    // What is behind the head is seen in as far as it shares its last two words.
                    let examined_max = len + 15;
                    assert!(examined_count <= examined_max, "{len} {line_len} {piece_len}: {examined_count}");
                }
            }
        }
    }

    #[test]
    fn line_feeds_are_found_at_each_place_beside_any_byte() {
        for byte in 0..=u8::MAX {
            for places in 0..=u8::MAX {
                let is_marked = |at: usize| places & (1 << at) != 0;
                let word: [u8; 8] = core::array::from_fn(|at| if is_marked(at) { b'\n' } else { byte });
                let expected = core::array::from_fn(|at| if word[at] == b'\n' { 0x80 } else { 0 });
                assert_eq!(line_feeds(u64::from_le_bytes(word)).to_le_bytes(), expected, "{word:?}");
            }
        }
    }

    #[test]
    fn a_head_that_fills_the_storage_fits_and_one_byte_more_does_not() {
        let bytes = head_of(300, 50);
        assert_eq!(gather(&bytes, 7, 300).0, Gathered::Complete);
        assert!(matches!(gather(&bytes, 7, 299).0, Gathered::Failed(_)));
        assert!(matches!(gather(&bytes, 7, 0).0, Gathered::Failed(_)));
    }
}
