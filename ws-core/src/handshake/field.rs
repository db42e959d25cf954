// Read first: RFC 9110 §5, RFC 6455 §4.3.

use core::str;

use super::{HandshakeViolation, SMALL};
use crate::extension::{ExtensionList, is_space, is_token};

/// The headers that a handshake knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldName {
    Host,
    Origin,
    Upgrade,
    Connection,
    ContentLength,
    TransferEncoding,
    Key,
    Version,
    Accept,
    Protocol,
    Extensions,
    Other,
}

impl FieldName {
    /// The header that `name` names, in any case.
    pub(super) fn of(name: &str) -> Self {
        // The length decides, so that one comparison is enough.
        let (text, field) = match name.len() {
            4 => ("host", Self::Host),
            6 => ("origin", Self::Origin),
            7 => ("upgrade", Self::Upgrade),
            10 => ("connection", Self::Connection),
            14 => ("content-length", Self::ContentLength),
            17 if matches!(name.as_bytes(), [.., b'y' | b'Y']) => ("sec-websocket-key", Self::Key),
            17 => ("transfer-encoding", Self::TransferEncoding),
            20 => ("sec-websocket-accept", Self::Accept),
            21 => ("sec-websocket-version", Self::Version),
            22 => ("sec-websocket-protocol", Self::Protocol),
            24 => ("sec-websocket-extensions", Self::Extensions),
            _ => return Self::Other,
        };
        if is_same_token(name.as_bytes(), text.as_bytes()) { field } else { Self::Other }
    }
}

/// Whether both are the same in any case. `lower` has lower-case letters, digits and hyphens, four of them at least;
/// the other may be any bytes.
#[cfg_attr(target_os = "none", inline(never))]
pub(super) fn is_same_token(bytes: &[u8], lower: &[u8]) -> bool {
    if SMALL {
        return bytes.eq_ignore_ascii_case(lower);
    }
    // Letters have the bit, and the one beside it makes an upper-case one a lower-case one. Digits and hyphens do not have
    // it, so that nothing becomes one of them.
    let is_same = |word: u64, lower: u64| word | (word & LETTER) >> 1 == lower;
    debug_assert!(lower.len() >= 4, "what is asked for is that long, so that a last word of it is there");
    bytes.len() == lower.len()
        && is_same(end_word(bytes), end_word(lower))
        && words(bytes).zip(words(lower)).all(|(word, lower)| is_same(word, lower))
}

/// The bit that letters have, and digits and hyphens do not, in each byte of a word.
const LETTER: u64 = u64::from_le_bytes([0x40; 8]);

/// The words that the bytes begin with.
fn words(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap_or_default()))
}

/// The last eight bytes, or the first four and the last four, which have bytes in common where there are fewer than
/// eight. Nothing that is asked for has fewer than four.
fn end_word(bytes: &[u8]) -> u64 {
    if let Some(word) = bytes.last_chunk() {
        return u64::from_le_bytes(*word);
    }
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
        }
        // Not the same as itself in lower case.
        _ => LETTER,
    }
}

/// The elements of a comma-separated list, without the empty ones.
#[derive(Clone)]
pub(super) struct Elements<'a> {
    rest: &'a [u8],
}

pub(super) const fn elements(value: &[u8]) -> Elements<'_> {
    Elements { rest: value }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.rest.is_empty() {
            let len = self.rest.iter().position(|byte| *byte == b',').unwrap_or(self.rest.len());
            let (element, rest) = self.rest.split_at_checked(len)?;
            self.rest = rest.strip_prefix(b",").unwrap_or(rest);
            let element = trim(element);
            if !element.is_empty() {
                return Some(element);
            }
        }
        None
    }
}

/// Whether a header's value, as it was received, has a byte that no value has (RFC 9110 §5.5).
pub(super) fn has_control(value: &[u8]) -> bool {
    value.iter().any(|byte| matches!(byte, 0..=0x08 | 0x0a..=0x1f | 0x7f))
}

/// Whether the list has this token of lower-case letters, in any case.
pub(super) fn has_token(value: &[u8], token: &[u8]) -> bool {
    // Nearly always it is all there is.
    is_same_token(value, token) || elements(value).any(|element| is_same_token(element, token))
}

/// Keeps the value of a header that may come once.
#[cfg_attr(target_os = "none", inline(never))]
pub(super) fn set_once<'h>(field: &mut Option<&'h [u8]>, value: &'h [u8]) -> Result<(), HandshakeViolation> {
    match field.replace(value) {
        None => Ok(()),
        Some(first) => {
            *field = Some(first);
            Err(HandshakeViolation::RepeatedHeader)
        }
    }
}

/// Counts the subprotocols of a line.
pub(super) fn count_subprotocols(value: &[u8]) -> Result<usize, HandshakeViolation> {
    elements(value).try_fold(0_usize, |count, element| {
        // RFC 6455 §4.3: the list is 1#token.
        is_token(element).then_some(count.saturating_add(1)).ok_or(HandshakeViolation::Subprotocols)
    })
}

/// Counts the extensions of a line.
pub(super) fn count_extensions(value: &[u8]) -> Result<usize, HandshakeViolation> {
    // What browsers offer, and most others: known to follow the grammar.
    if !SMALL && matches!(value, b"permessage-deflate; client_max_window_bits" | b"permessage-deflate") {
        return Ok(1);
    }
    ExtensionList::new(value).try_fold(0_usize, |count, extension| {
        extension.map(|_| count.saturating_add(1)).map_err(HandshakeViolation::Extensions)
    })
}

/// Where a part of a head is, so that it can be found again after the head was lent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: usize,
    len: usize,
}

impl Span {
    pub(super) const EMPTY: Self = Self { start: 0, len: 0 };

    /// `part` has to lie in `whole`.
    pub(super) fn of(part: &[u8], whole: &[u8]) -> Self {
        let start = part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr());
        let span = Self { start, len: part.len() };
        debug_assert_eq!(span.in_bytes(whole), part, "a part lies in the whole");
        span
    }

    pub(super) fn in_bytes(self, whole: &[u8]) -> &[u8] {
        whole.get(self.start..).and_then(|rest| rest.get(..self.len)).unwrap_or_default()
    }

    pub(super) fn in_text(self, whole: &[u8]) -> &str {
        str::from_utf8(self.in_bytes(whole)).unwrap_or_default()
    }
}

pub(super) fn trim(mut value: &[u8]) -> &[u8] {
    while let Some((byte, rest)) = value.split_first() {
        if !is_space(*byte) {
            break;
        }
        value = rest;
    }
    while let Some((byte, rest)) = value.split_last() {
        if !is_space(*byte) {
            break;
        }
        value = rest;
    }
    value
}

#[cfg(test)]
#[expect(clippy::string_slice, clippy::arithmetic_side_effects, reason = "names of a few letters")]
mod tests {
    use super::{FieldName, has_token, is_same_token};

    /// Each name once, by itself.
    const KNOWN: [(&str, FieldName); 11] = [
        ("host", FieldName::Host),
        ("origin", FieldName::Origin),
        ("upgrade", FieldName::Upgrade),
        ("connection", FieldName::Connection),
        ("content-length", FieldName::ContentLength),
        ("transfer-encoding", FieldName::TransferEncoding),
        ("sec-websocket-key", FieldName::Key),
        ("sec-websocket-version", FieldName::Version),
        ("sec-websocket-accept", FieldName::Accept),
        ("sec-websocket-protocol", FieldName::Protocol),
        ("sec-websocket-extensions", FieldName::Extensions),
    ];

    fn naive(name: &str) -> FieldName {
        let known = KNOWN.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map_or(FieldName::Other, |(_, field)| *field)
    }

    /// `text` with each of its bytes replaced by each byte, in lower case and in upper case; one byte shorter; one longer.
    fn mutations(text: &str) -> impl Iterator<Item = Vec<u8>> {
        let replaced = [text.to_ascii_lowercase(), text.to_ascii_uppercase()].into_iter().flat_map(|text| {
            (0..text.len()).flat_map(move |place| {
                let text = text.clone();
                (0..=u8::MAX).map(move |byte| {
                    let mut mutated = text.clone().into_bytes();
                    mutated[place] = byte;
                    mutated
                })
            })
        });
        let of_other_length = [text[1..].to_owned(), text[..text.len() - 1].to_owned(), format!("{text}\r")];
        replaced.chain(of_other_length.into_iter().map(String::into_bytes))
    }

    #[test]
    fn names_are_the_same_as_a_naive_comparison_says() {
        for (text, field) in KNOWN {
            assert_eq!(FieldName::of(text), field, "{text}");
            for mutated in mutations(text) {
                let is_same = mutated.eq_ignore_ascii_case(text.as_bytes());
                assert_eq!(is_same_token(&mutated, text.as_bytes()), is_same, "{}", mutated.escape_ascii());
                if let Ok(name) = core::str::from_utf8(&mutated) {
                    assert_eq!(FieldName::of(name), naive(name), "{name:?}");
                }
            }
        }
    }

    #[test]
    fn tokens_are_found_where_a_naive_comparison_finds_them() {
        for token in ["websocket", "upgrade"] {
            for value in mutations(token) {
                let naive = value
                    .split(|byte| *byte == b',')
                    .any(|element| element.trim_ascii().eq_ignore_ascii_case(token.as_bytes()));
                // What std trims beside spaces and tabs is not in the value of a header.
                let is_value = !value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0x0c));
                assert!(
                    has_token(&value, token.as_bytes()) == naive || !is_value,
                    "{}",
                    value.escape_ascii()
                );
            }
        }
    }
}
