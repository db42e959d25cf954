use core::num::NonZeroU64;
use core::sync::atomic::Ordering;

/// Names a message that a [`SendHalf`](crate::connection::SendHalf) began to compress, differently from all others of the
/// process. It tells whether a deflater has that message in progress, or has it last in its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MessageId(NonZeroU64);

impl MessageId {
    /// One that no other message has.
    pub(super) fn next() -> Self {
        // Zero would come after 2^64 messages.
        Self(NonZeroU64::new(count()).unwrap_or(NonZeroU64::MIN))
    }
}

/// Counts the messages of the process, from 1.
#[cfg(target_has_atomic = "64")]
fn count() -> u64 {
    use core::sync::atomic::AtomicU64;

    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Counts the messages of the process, from 1, and begins again after 2^32 of them.
#[cfg(not(target_has_atomic = "64"))]
fn count() -> u64 {
    use core::sync::atomic::AtomicU32;

    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_has_an_id_of_its_own() {
        let (first, second) = (MessageId::next(), MessageId::next());
        assert_ne!(first, second);
    }
}
