use alloc::vec::Vec;
use core::mem;

/// Bytes that grow, in one allocation. What was initialised once is not initialised again.
#[derive(Clone)]
pub(super) struct Bytes {
    /// The bytes are `..len`; the rest is room.
    storage: Vec<u8>,
    len: usize,
}

impl Bytes {
    /// None yet, with the room that `storage` has.
    pub(super) const fn new(storage: Vec<u8>) -> Self {
        Self { storage, len: 0 }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        self.storage.get(..self.len).unwrap_or_default()
    }

    pub(super) fn capacity(&self) -> usize {
        self.storage.capacity()
    }

    /// `added` more bytes, to be written; `None` where there is no memory for them.
    ///
    /// An allocation that is too short is doubled, but not beyond `len_max` bytes in advance.
    #[inline]
    pub(super) fn extend(&mut self, added: usize, len_max: usize) -> Option<&mut [u8]> {
        let start = self.len;
        let end = start.checked_add(added)?;
        if end > self.storage.len() {
            self.grow(end, len_max)?;
        }
        self.len = end;
        self.storage.get_mut(start..end)
    }

    /// Spare room after the content, up to `added_max` bytes: as much as is already stored, clamped to 1-64 KiB, or the
    /// initialised tail if larger. `None` while empty or out of memory.
    pub(super) fn spare(&mut self, added_max: usize, len_max: usize) -> Option<&mut [u8]> {
        if self.len == 0 {
            return None;
        }
        let wanted = self.len.clamp(ROOM_LEN_MIN, ROOM_LEN_MAX).min(added_max);
        let end = self.len.checked_add(wanted)?;
        if end > self.storage.len() {
            self.grow(end, len_max)?;
        }
        let room = self.storage.get_mut(self.len..)?;
        let len = room.len().min(added_max);
        room.get_mut(..len)
    }

    /// Appends the first `added` bytes of [`spare`](Self::spare), and lends them; none where it has less.
    pub(super) fn filled(&mut self, added: usize) -> &mut [u8] {
        let start = self.len;
        let end = start.saturating_add(added);
        let Some(filled) = self.storage.get_mut(start..end) else { return &mut [] };
        self.len = end;
        filled
    }

    #[cold]
    fn grow(&mut self, end: usize, len_max: usize) -> Option<()> {
        let room = wanted_room(self.storage.len(), self.storage.capacity(), end, len_max);
        self.storage.try_reserve_exact(room).ok()?;
        self.storage.resize(end, 0);
        Some(())
    }

    /// Drops the bytes, and keeps the room.
    pub(super) const fn clear(&mut self) {
        self.len = 0;
    }

    /// The bytes, in an allocation that is given away.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.storage.truncate(self.len);
        self.take_storage()
    }

    /// The allocation, with whatever is in it.
    pub(super) fn take_storage(&mut self) -> Vec<u8> {
        self.len = 0;
        mem::take(&mut self.storage)
    }
}

/// What is initialised for one read, in bytes.
const ROOM_LEN_MIN: usize = 1024;
const ROOM_LEN_MAX: usize = 64 * 1024;

impl From<Vec<u8>> for Bytes {
    fn from(storage: Vec<u8>) -> Self {
        let len = storage.len();
        Self { storage, len }
    }
}

/// How much room there is to be behind `len` bytes, so that there are `required` bytes and the allocation grows in few
/// steps: it is doubled, but not beyond `len_max` bytes in advance.
pub(super) fn wanted_room(len: usize, capacity: usize, required: usize, len_max: usize) -> usize {
    let wanted =
        if required <= capacity { required } else { required.max(capacity.saturating_mul(2).min(len_max)) };
    wanted.saturating_sub(len)
}
