//! UTF-8 as it arrives: cut anywhere, checked once, refused at the first byte that cannot be right.
//!
//! [`Utf8`] checks a stream of pieces without keeping them, in one byte of state; [`complete_prefix`] gives one
//! piece as `&str`. Both refuse what RFC 3629 §3 refuses: overlong forms, surrogates and whatever is above U+10FFFF. A text
//! message that is not UTF-8 fails the connection (RFC 6455 §8.1), and so a receiver of fragments needs both.

// Read first: RFC 3629 §3, §4; RFC 6455 §8.1.

use core::fmt;

/// Bytes that are not UTF-8, whatever may follow them.
///
/// ```
/// use ws_core::utf8::{InvalidUtf8, Utf8};
///
/// assert_eq!(Utf8::new().push(b"\xff"), Err(InvalidUtf8));
/// assert_eq!(InvalidUtf8.to_string(), "not UTF-8");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InvalidUtf8;

impl fmt::Display for InvalidUtf8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not UTF-8")
    }
}

impl core::error::Error for InvalidUtf8 {}

/// Checks UTF-8 that comes in pieces: one pass over each byte, and the same verdict however it was cut.
///
/// ```
/// use ws_core::utf8::{InvalidUtf8, Utf8};
///
/// let mut utf8 = Utf8::new();
/// utf8.push(b"gr\xc3")?;
/// assert!(!utf8.is_boundary(), "a code point has begun");
/// utf8.push(b"\xbc\xc3\x9fe")?;
/// assert!(utf8.is_boundary());
///
/// // F4 90 would be above U+10FFFF: there is no need to wait for the third byte.
/// utf8.push(b"\xf4")?;
/// assert_eq!(utf8.push(b"\x90"), Err(InvalidUtf8));
/// assert_eq!(utf8.push(b"never again"), Err(InvalidUtf8));
/// # Ok::<(), InvalidUtf8>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Utf8 {
    state: State,
}

impl Utf8 {
    /// Starts between code points: nothing was pushed.
    ///
    /// ```
    /// use ws_core::utf8::Utf8;
    ///
    /// const EMPTY: Utf8 = Utf8::new();
    /// assert!(EMPTY.is_boundary(), "no bytes at all are text");
    /// ```
    #[must_use]
    #[inline]
    pub const fn new() -> Self {
        Self { state: State::BOUNDARY }
    }

    /// Checks the next `bytes`, which may begin and end within a code point.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] as soon as no further bytes could make what was pushed valid, and from then on always.
    ///
    /// ```
    /// use ws_core::utf8::{InvalidUtf8, Utf8};
    ///
    /// let mut utf8 = Utf8::new();
    /// assert_eq!(utf8.push(b"\xe2\x82"), Ok(()), "two thirds of a euro sign");
    /// assert_eq!(utf8.push(b"x"), Err(InvalidUtf8));
    /// ```
    #[inline]
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), InvalidUtf8> {
        self.state = if bytes.len() < LONG { self.state.after(bytes) } else { self.state.after_long(bytes) };
        if self.state == State::INVALID { Err(InvalidUtf8) } else { Ok(()) }
    }

    /// Whether everything pushed so far is whole code points; not after an error.
    ///
    /// Text that ends elsewhere is not UTF-8.
    ///
    /// ```
    /// use ws_core::utf8::{InvalidUtf8, Utf8};
    ///
    /// let mut utf8 = Utf8::new();
    /// utf8.push(b"\xe2\x82")?;
    /// assert!(!utf8.is_boundary());
    /// utf8.push(b"\xac")?;
    /// assert!(utf8.is_boundary());
    /// # Ok::<(), InvalidUtf8>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn is_boundary(&self) -> bool {
        self.state.0 == State::BOUNDARY.0
    }
}

impl Default for Utf8 {
    fn default() -> Self {
        Self::new()
    }
}

/// The longest prefix of whole code points, and how many bytes (0–3) of an incomplete one follow it.
///
/// The incomplete code point is valid as far as it goes; keep its bytes, and put those that come next after them. Nothing is
/// checked twice.
///
/// # Errors
///
/// [`InvalidUtf8`] where no further bytes could make `bytes` valid.
///
/// ```
/// use ws_core::utf8::{InvalidUtf8, complete_prefix};
///
/// assert_eq!(complete_prefix(b"caf\xc3\xa9"), Ok(("café", 0)));
/// assert_eq!(complete_prefix(b"caf\xc3"), Ok(("caf", 1)));
/// assert_eq!(complete_prefix(b"caf\xc0"), Err(InvalidUtf8), "C0 begins nothing");
/// ```
#[inline]
pub fn complete_prefix(bytes: &[u8]) -> Result<(&str, usize), InvalidUtf8> {
    let incomplete_len = incomplete_len(bytes)?;
    let (whole, _) = bytes.split_at(bytes.len().saturating_sub(incomplete_len));
    from_utf8(whole).map(|text| (text, incomplete_len))
}

/// How many bytes (0–3) of an incomplete code point are at the end, valid as far as they go.
#[inline]
pub(crate) fn incomplete_len(bytes: &[u8]) -> Result<usize, InvalidUtf8> {
    let (_, incomplete) = split_incomplete(bytes);
    if !incomplete.is_empty() && State::BOUNDARY.after_each(incomplete) == State::INVALID {
        return Err(InvalidUtf8);
    }
    Ok(incomplete.len())
}

/// `bytes` as text, by whichever validator is the fastest for their length.
#[inline]
pub(crate) fn from_utf8(bytes: &[u8]) -> Result<&str, InvalidUtf8> {
    if bytes.len() < FROM_UTF8_LONG {
        return core::str::from_utf8(bytes).map_err(|_| InvalidUtf8);
    }
    from_utf8_long(bytes)
}

#[inline(never)]
#[cfg(feature = "simd")]
fn from_utf8_long(bytes: &[u8]) -> Result<&str, InvalidUtf8> {
    simdutf8::basic::from_utf8(bytes).map_err(|_| InvalidUtf8)
}

// Safe code has no other way to a `&str`. Out of line, since the compiler spoils its loop over ASCII when inlining.
#[inline(never)]
#[cfg(not(feature = "simd"))]
fn from_utf8_long(bytes: &[u8]) -> Result<&str, InvalidUtf8> {
    core::str::from_utf8(bytes).map_err(|_| InvalidUtf8)
}

/// `bytes` without and with the code point that they end within, by its length alone.
#[inline]
fn split_incomplete(bytes: &[u8]) -> (&[u8], &[u8]) {
    let incomplete_len = match bytes {
        [.., 0xC0..=0xFF] => 1,
        [.., 0xE0..=0xFF, 0x80..=0xBF] => 2,
        [.., 0xF0..=0xFF, 0x80..=0xBF, 0x80..=0xBF] => 3,
        _ => 0,
    };
    bytes.split_at(bytes.len().saturating_sub(incomplete_len))
}

/// What the bytes so far leave to be expected: how far a row of [`TRANSITIONS`] has to be shifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct State(u8);

impl State {
    // A row holds six bits for each state.
    const BOUNDARY: Self = Self(0);
    const INVALID: Self = Self(6);
    /// One, two or three more continuation bytes, any of them.
    const TAIL_1: Self = Self(12);
    const TAIL_2: Self = Self(18);
    const TAIL_3: Self = Self(24);
    /// After the first bytes that restrict the second.
    const AFTER_E0: Self = Self(30);
    const AFTER_ED: Self = Self(36);
    const AFTER_F0: Self = Self(42);
    const AFTER_F4: Self = Self(48);

    const ALL: [Self; 9] = [
        Self::BOUNDARY,
        Self::INVALID,
        Self::TAIL_1,
        Self::TAIL_2,
        Self::TAIL_3,
        Self::AFTER_E0,
        Self::AFTER_ED,
        Self::AFTER_F0,
        Self::AFTER_F4,
    ];

    /// The grammar, one step of it.
    const fn next(self, byte: u8) -> Self {
        // RFC 3629 §4: UTF8-octets are one to four bytes, and only these.
        match (self, byte) {
            (Self::BOUNDARY, 0x00..=0x7F) | (Self::TAIL_1, 0x80..=0xBF) => Self::BOUNDARY,
            (Self::BOUNDARY, 0xC2..=0xDF)
            | (Self::TAIL_2, 0x80..=0xBF)
            | (Self::AFTER_E0, 0xA0..=0xBF)
            | (Self::AFTER_ED, 0x80..=0x9F) => Self::TAIL_1,
            (Self::BOUNDARY, 0xE0) => Self::AFTER_E0,
            (Self::BOUNDARY, 0xED) => Self::AFTER_ED,
            (Self::BOUNDARY, 0xE1..=0xEF)
            | (Self::TAIL_3, 0x80..=0xBF)
            | (Self::AFTER_F0, 0x90..=0xBF)
            | (Self::AFTER_F4, 0x80..=0x8F) => Self::TAIL_2,
            (Self::BOUNDARY, 0xF0) => Self::AFTER_F0,
            (Self::BOUNDARY, 0xF4) => Self::AFTER_F4,
            (Self::BOUNDARY, 0xF1..=0xF3) => Self::TAIL_3,
            _ => Self::INVALID,
        }
    }

    /// The state after `bytes`, a byte at a time but for runs of ASCII.
    #[inline]
    fn after(self, bytes: &[u8]) -> Self {
        let mut state = self;
        for chunk in bytes.chunks(ASCII_RUN) {
            if state != Self::BOUNDARY || !chunk.is_ascii() {
                state = state.after_each(chunk);
            }
        }
        state
    }

    #[inline]
    fn after_each(self, bytes: &[u8]) -> Self {
        if SMALL {
            return bytes.iter().fold(self, |state, &byte| state.next(byte));
        }
        let shift = bytes.iter().fold(u64::from(self.0), |shift, &byte| {
            let row = TRANSITIONS.get(usize::from(byte)).copied().unwrap_or_default();
            // Only the low six bits of `shift` are the state; what is above them shifts nothing.
            row.wrapping_shr(u32::try_from(shift & 63).unwrap_or_default())
        });
        let [low, ..] = (shift & 63).to_le_bytes();
        Self(low)
    }

    /// The state after many bytes.
    #[inline(never)]
    #[cfg(feature = "simd")]
    fn after_long(self, bytes: &[u8]) -> Self {
        let start_len = bytes.iter().take(LOOK_BACK).take_while(|&&byte| byte & 0xC0 == 0x80).count();
        let (start, rest) = bytes.split_at(start_len);
        // Three continuation bytes end what was begun, and so does a byte that continues nothing.
        if self.after_each(start) != Self::BOUNDARY {
            return Self::INVALID;
        }
        complete_prefix(rest).map_or(Self::INVALID, |(text, _)| {
            Self::BOUNDARY.after_each(rest.get(text.len()..).unwrap_or_default())
        })
    }

    /// The state after at least [`LONG`] bytes.
    #[inline(never)]
    #[cfg(not(feature = "simd"))]
    fn after_long(self, bytes: &[u8]) -> Self {
        if !WIDE {
            return self.after(bytes);
        }
        // What this state expects is all within the first three bytes; what they expect, the blocks judge.
        let (start, _) = bytes.split_at(LOOK_BACK.min(bytes.len()));
        if self.after_each(start) == Self::INVALID || !blocks_are_valid(bytes) {
            return Self::INVALID;
        }
        let (_, incomplete) = split_incomplete(bytes);
        Self::BOUNDARY.after_each(incomplete)
    }
}

/// Whether every byte but the first three fits the three before it.
///
/// That says nothing of what may follow the last bytes. At least [`LONG`] bytes.
#[cfg(not(feature = "simd"))]
#[inline]
fn blocks_are_valid(bytes: &[u8]) -> bool {
    let last = bytes.len().saturating_sub(BLOCK);
    let mut at = LOOK_BACK;
    let mut ascii_before = bytes.iter().take(LOOK_BACK).all(u8::is_ascii);
    loop {
        let block = bytes.get(at..).and_then(|rest| rest.get(..BLOCK)).unwrap_or_default();
        let ascii = block.iter().fold(0, |any, &byte| any | byte) < 0x80;
        if !(ascii && ascii_before) {
            let before = at.saturating_sub(LOOK_BACK);
            let window =
                bytes.get(before..).and_then(|rest| rest.get(..BLOCK + LOOK_BACK)).unwrap_or_default();
            if !block_is_valid(window) {
                return false;
            }
        }
        if at >= last {
            return true;
        }
        // Valid and ASCII: no byte of this block expects anything, nor does one before it.
        ascii_before = ascii;
        // The last block overlaps the one before it: to judge bytes twice is cheaper than a remainder.
        at = at.saturating_add(BLOCK).min(last);
    }
}

/// Whether every byte of `window` but the first three fits the three before it. Without a branch, so that the
/// compiler judges many bytes at once.
#[cfg(not(feature = "simd"))]
#[inline]
fn block_is_valid(window: &[u8]) -> bool {
    let from = |start: usize| window.get(start..).unwrap_or_default();
    let quads = from(0).iter().zip(from(1)).zip(from(2)).zip(from(3));
    // In all these sums the high bit is the verdict.
    let wrong = quads.fold(0u8, |wrong, (((&third, &second), &first), &byte)| {
        // Set where a byte of C0 and more stands before, one of E0 two before, one of F0 three before.
        let expected = first.saturating_sub(0x40) | second.saturating_sub(0x60) | third.saturating_sub(0x70);
        let is_continuation = byte & !byte.wrapping_add(byte);
        // Continuation bytes in signed order are -128 (80) to -65 (BF).
        let signed = i8::from_ne_bytes([byte]);
        // Overlong after E0, a surrogate after ED (E0 ^ 0D).
        let surrogate = if signed > -97 { 0x0D } else { 0 };
        let three = if first ^ surrogate == 0xE0 { 0x80 } else { 0 };
        // Overlong after F0, above U+10FFFF after F4 (F0 ^ 04).
        let above = if signed > -113 { 0x04 } else { 0 };
        let four = if first ^ above == 0xF0 { 0x80 } else { 0 };
        // C0 and C1 are overlong, F5 and more above U+10FFFF, whatever follows.
        let never = if byte & 0xFE == 0xC0 { 0x80 } else { 0 } | byte.saturating_sub(0x75);
        wrong | (expected ^ is_continuation) | three | four | never
    });
    wrong < 0x80
}

/// The state that each byte leads to, at the place of each state. (Such a table is called a shift DFA.)
static TRANSITIONS: [u64; 256] = transitions();

const fn transitions() -> [u64; 256] {
    let mut table = [0; 256];
    let mut rows: &mut [u64] = &mut table;
    let mut byte: u8 = 0;
    while let [row, further @ ..] = rows {
        *row = transitions_by(byte);
        rows = further;
        byte = byte.wrapping_add(1);
    }
    table
}

const fn transitions_by(byte: u8) -> u64 {
    let mut row = 0;
    let mut states: &[State] = &State::ALL;
    while let [state, further @ ..] = states {
        row |= shifted(state.next(byte), *state);
        states = further;
    }
    row
}

/// `target` at the place of `state` in a row.
const fn shifted(target: State, state: State) -> u64 {
    u64::from_le_bytes([target.0, 0, 0, 0, 0, 0, 0, 0]).wrapping_shl(u32::from_le_bytes([state.0, 0, 0, 0]))
}

/// How many bytes are tried as ASCII before they are taken one at a time.
const ASCII_RUN: usize = 32;
/// The longest code point has four bytes, so what a byte must be depends on the three before it.
const LOOK_BACK: usize = 3;
/// From this length on a call of its own pays. Below it, simdutf8 does what core does.
const FROM_UTF8_LONG: usize = 64;
/// From this length on it pays to judge many bytes at once.
#[cfg(not(feature = "simd"))]
const LONG: usize = BLOCK + LOOK_BACK;
#[cfg(feature = "simd")]
const LONG: usize = FROM_UTF8_LONG;
#[cfg(not(feature = "simd"))]
const BLOCK: usize = 128;
/// Whether the grammar is walked instead of its table, which takes 2 KiB: without an operating system, flash is dearer
/// than time.
const SMALL: bool = cfg!(target_os = "none");
/// Whether the compiler may use vectors of bytes; where it may not, the table is faster.
#[cfg(not(feature = "simd"))]
const WIDE: bool = cfg!(any(target_feature = "sse2", target_feature = "neon", target_feature = "simd128"));
