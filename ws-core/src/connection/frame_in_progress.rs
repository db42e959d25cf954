use crate::bytes::copy;
use crate::frame::{Mask, MaskKey};

/// A frame between its header and the last byte of its payload.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameInProgress {
    /// How many bytes of payload are still to come.
    pub(super) remaining: u64,
    mask: Mask,
    is_masked: bool,
    /// The frame ends its message.
    pub(super) is_final: bool,
}

impl FrameInProgress {
    #[inline]
    pub(super) fn new(payload_len: u64, key: Option<MaskKey>, is_final: bool) -> Self {
        let mask = Mask::new(key.unwrap_or(MaskKey::new([0; 4])));
        Self { remaining: payload_len, mask, is_masked: key.is_some(), is_final }
    }

    /// No frame: what is between frames.
    pub(super) const NONE: Self =
        Self { remaining: 0, mask: Mask::new(MaskKey::new([0; 4])), is_masked: false, is_final: true };

    /// Masks or unmasks the next bytes of the payload in place.
    #[inline]
    pub(super) fn apply_mask(&mut self, payload: &mut [u8]) {
        if self.is_masked {
            self.mask.apply(payload);
        }
    }

    /// Leaves out the next bytes of the payload.
    pub(super) fn skip_mask(&mut self, len: usize) {
        // The key is as long as this, and comes around.
        let mut skipped = [0; 4];
        self.apply_mask(skipped.get_mut(..len % 4).unwrap_or_default());
    }

    /// Masks the next bytes of the payload while copying as many as fit.
    #[inline]
    pub(super) fn apply_mask_into(&mut self, payload: &[u8], out: &mut [u8]) -> usize {
        if self.is_masked {
            return self.mask.apply_into(payload, out);
        }
        let len = payload.len().min(out.len());
        if let (Some(payload), Some(out)) = (payload.get(..len), out.get_mut(..len)) {
            copy(payload, out);
        }
        len
    }
}
