use core::fmt;

use crate::bytes::copy;

/// The payload of a control frame: at most 125 bytes (RFC 6455 §5.5), held inline.
///
/// ```
/// use ws_core::frame::ControlPayload;
///
/// let payload = ControlPayload::new(b"are you there?").ok_or("too long")?;
/// assert_eq!(payload.as_bytes(), b"are you there?");
/// assert!(ControlPayload::new(&[0; 126]).is_none());
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy)]
pub struct ControlPayload {
    bytes: [u8; Self::LEN_MAX],
    len: u8,
}

impl ControlPayload {
    /// The longest payload of a control frame, in bytes (§5.5).
    pub const LEN_MAX: usize = 125;

    /// No payload at all.
    pub const EMPTY: Self = Self { bytes: [0; Self::LEN_MAX], len: 0 };

    /// Holds a copy of `bytes`, or is `None` where there are more than 125.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let mut payload = Self::EMPTY;
        payload.append(bytes).then_some(payload)
    }

    /// The payload.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Appends all of `bytes`, or nothing where they do not fit.
    #[inline]
    pub(crate) fn append(&mut self, bytes: &[u8]) -> bool {
        let start = usize::from(self.len);
        let Some(room) = self.bytes.get_mut(start..) else { return false };
        let (Some(room), Ok(added)) = (room.get_mut(..bytes.len()), u8::try_from(bytes.len())) else {
            return false;
        };
        copy(bytes, room);
        self.len = self.len.saturating_add(added);
        true
    }

    #[inline]
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// The bytes from `start` on, to be unmasked in place.
    #[inline]
    pub(crate) fn tail_mut(&mut self, start: usize) -> &mut [u8] {
        self.bytes.get_mut(start..usize::from(self.len)).unwrap_or_default()
    }
}

impl Default for ControlPayload {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl PartialEq for ControlPayload {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for ControlPayload {}

impl fmt::Debug for ControlPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ControlPayload({:02x?})", self.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::ControlPayload;

    #[test]
    fn s5_5_at_most_125_bytes() {
        assert_eq!(ControlPayload::new(&[7; 125]).map(|p| p.as_bytes().len()), Some(125));
        assert_eq!(ControlPayload::new(&[7; 126]), None);
    }

    #[test]
    fn what_was_cleared_does_not_count_in_comparisons() {
        let mut a = ControlPayload::new(b"abc").unwrap();
        a.clear();
        assert!(a.append(b"x"));
        assert_eq!(a, ControlPayload::new(b"x").unwrap());
    }

    #[test]
    fn an_append_that_does_not_fit_changes_nothing() {
        let mut a = ControlPayload::new(&[1; 124]).unwrap();
        assert!(!a.append(&[2; 2]));
        assert_eq!(a.as_bytes(), [1; 124]);
        assert!(a.append(&[2]));
    }
}
