use core::{fmt, str};

/// The value of a `Sec-WebSocket-Extensions` header for `permessage-deflate`: an offer or an answer.
///
/// ```
/// use ws_core::extension::{DeflateConfig, DeflateText};
///
/// let offer: DeflateText = DeflateConfig::new().offer();
/// assert_eq!(offer.as_str(), "permessage-deflate; client_max_window_bits");
/// assert_eq!(format!("Sec-WebSocket-Extensions: {offer}").len(), 68);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeflateText {
    bytes: [u8; TEXT_LEN_MAX],
    len: usize,
}

impl DeflateText {
    /// Writes the parts with `, ` between them.
    pub(super) fn list(parts: impl IntoIterator<Item: fmt::Display>) -> Self {
        use fmt::Write as _;
        let mut text = Self { bytes: [0; TEXT_LEN_MAX], len: 0 };
        let written = parts.into_iter().try_for_each(|part| {
            let separator = if text.len == 0 { "" } else { ", " };
            write!(text, "{separator}{part}")
        });
        debug_assert!(written.is_ok(), "there is room for the longest list");
        text
    }

    /// The text, ASCII on one line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.bytes.get(..self.len).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default()
    }
}

impl fmt::Write for DeflateText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len.checked_add(text.len()).ok_or(fmt::Error)?;
        let room = self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

impl AsRef<str> for DeflateText {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for DeflateText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for DeflateText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// An offer with all four parameters has 128 bytes; the fallback without the server's parameters, which follows it, has 73.
const TEXT_LEN_MAX: usize = 128 + 2 + 73;
