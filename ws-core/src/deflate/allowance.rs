use crate::error::Limit;

/// How many windows may still be carried over final blocks, in bytes of compressed data that pay for them.
///
/// zlib forgets its window at a final block, so each final block costs a copy of up to 32 KiB, and takes two bytes of a
/// peer. What is earned and spent depends only on where in the data blocks and messages end: neither on how the data are
/// cut nor on the room that they are inflated into.
pub(super) struct Allowance {
    len: u64,
}

impl Allowance {
    /// A full one, for [`Self::COUNT_MAX`] windows.
    pub(super) const fn new() -> Self {
        Self { len: Self::LEN_MAX }
    }

    /// Adds what the next `len` bytes of compressed data pay for.
    #[inline]
    pub(super) fn earn(&mut self, len: usize) {
        let len = u64::try_from(len).unwrap_or(u64::MAX);
        self.len = self.len.saturating_add(len).min(Self::LEN_MAX);
    }

    /// Adds a window, since a message has ended: each may end with a final block.
    pub(super) fn earn_for_message(&mut self) {
        self.len = self.len.saturating_add(Self::WINDOW_COST).min(Self::LEN_MAX);
    }

    /// Pays for a window; an error says that it is one too many.
    pub(super) fn spend(&mut self) -> Result<(), Limit> {
        self.len = self.len.checked_sub(Self::WINDOW_COST).ok_or(Limit::FinalBlockCount)?;
        Ok(())
    }

    /// How many bytes pay for a window. A copy of one takes about as long as inflating 20 to 150 bytes.
    const WINDOW_COST: u64 = 256;
    /// How many windows there are in advance, and how many can be saved up.
    const COUNT_MAX: u64 = 1024;
    const LEN_MAX: u64 = Self::COUNT_MAX * Self::WINDOW_COST;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(mut allowance: Allowance) -> usize {
        (0..2000).take_while(|_| allowance.spend().is_ok()).count()
    }

    #[test]
    fn windows_are_paid_for_by_data_and_messages_and_not_saved_up_without_end() {
        assert_eq!(count(Allowance::new()), 1024);
        let mut full = Allowance::new();
        full.earn(1_000_000);
        full.earn_for_message();
        assert_eq!(count(full), 1024);

        for (len, messages, expected) in
            [(255, 0, 0), (256, 0, 1), (511, 2, 3), (0, 3, 3), (usize::MAX, 0, 1024)]
        {
            let mut spent = Allowance { len: 0 };
            assert_eq!(spent.spend(), Err(Limit::FinalBlockCount));
            spent.earn(len);
            for _ in 0..messages {
                spent.earn_for_message();
            }
            assert_eq!(count(spent), expected, "{len} bytes and {messages} messages");
        }
    }
}
