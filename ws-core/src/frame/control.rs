// Read first: RFC 6455 §5.5.

use core::fmt;
use core::hash::{Hash, Hasher};

use crate::bytes::copy;

/// The payload of a control frame: at most 125 bytes (RFC 6455 §5.5), held inline. For pings, pongs and the body of a Close.
///
/// `Debug` shows how many bytes there are and none of them.
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
    /// The longest payload of a control frame, in bytes (RFC 6455 §5.5).
    ///
    /// ```
    /// use ws_core::frame::ControlPayload;
    ///
    /// let bytes = [7; ControlPayload::LEN_MAX + 1];
    /// assert!(ControlPayload::new(&bytes[1..]).is_some());
    /// assert!(ControlPayload::new(&bytes).is_none());
    /// ```
    pub const LEN_MAX: usize = 125;

    /// No payload at all.
    ///
    /// ```
    /// use ws_core::connection::{SendHalf, Unmasked};
    /// use ws_core::frame::ControlPayload;
    ///
    /// let (mut sender, mut out) = (SendHalf::new(Unmasked), [0; 16]);
    /// sender.ping(ControlPayload::EMPTY);
    /// let len = sender.poll_transmit(&mut out)?;
    /// assert_eq!(out[..len], [0x89, 0]);
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    pub const EMPTY: Self = Self { bytes: [0; Self::LEN_MAX], len: 0 };

    /// A copy of `bytes`, or `None` where there are more than [`LEN_MAX`](Self::LEN_MAX). `TryFrom<&[u8]>` does the same
    /// with an error.
    ///
    /// ```
    /// use ws_core::frame::ControlPayload;
    ///
    /// assert_eq!(ControlPayload::new(b""), Some(ControlPayload::EMPTY));
    /// assert_eq!(ControlPayload::new(&[7; 126]), None);
    /// ```
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

impl AsRef<[u8]> for ControlPayload {
    /// The payload.
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl TryFrom<&[u8]> for ControlPayload {
    type Error = ControlPayloadTooLong;

    /// A copy of `bytes`.
    ///
    /// # Errors
    ///
    /// [`ControlPayloadTooLong`] for more than 125 bytes.
    fn try_from(bytes: &[u8]) -> Result<Self, ControlPayloadTooLong> {
        Self::new(bytes).ok_or(ControlPayloadTooLong)
    }
}

/// More bytes than a control frame may carry (RFC 6455 §5.5): the error of `ControlPayload::try_from`.
///
/// ```
/// use ws_core::frame::{ControlPayload, ControlPayloadTooLong};
///
/// let payload = |bytes: &[u8]| ControlPayload::try_from(bytes);
/// assert_eq!(payload(b"beat").map(|payload| payload.as_bytes().len()), Ok(4));
/// assert_eq!(payload(&[0; 126]), Err(ControlPayloadTooLong));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ControlPayloadTooLong;

impl fmt::Display for ControlPayloadTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("payload of a control frame with more than 125 bytes")
    }
}

impl core::error::Error for ControlPayloadTooLong {}

impl Default for ControlPayload {
    /// No payload at all.
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

impl Hash for ControlPayload {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl fmt::Debug for ControlPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControlPayload").field("len", &self.len).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::ControlPayload;
    use std::collections::HashSet;

    #[test]
    fn s5_5_at_most_125_bytes() {
        assert_eq!(ControlPayload::new(&[7; 125]).map(|p| p.as_bytes().len()), Some(125));
        assert_eq!(ControlPayload::new(&[7; 126]), None);
    }

    #[test]
    fn what_was_cleared_counts_neither_in_comparisons_nor_in_hashes() {
        let mut a = ControlPayload::new(b"abc").unwrap();
        a.clear();
        assert!(a.append(b"x"));
        let b = ControlPayload::new(b"x").unwrap();
        assert_eq!(a, b);
        assert_eq!(HashSet::from([a, b]).len(), 1);
    }

    #[test]
    fn an_append_that_does_not_fit_changes_nothing() {
        let mut a = ControlPayload::new(&[1; 124]).unwrap();
        assert!(!a.append(&[2; 2]));
        assert_eq!(a.as_bytes(), [1; 124]);
        assert!(a.append(&[2]));
    }
}
