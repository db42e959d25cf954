use super::Stream;
use super::limited::{Limit, Stopped};
use crate::deadline::Deadline;

/// Reads and discards until the peer ends the stream, the deadline passes, [`LINGER_LEN_MAX`] bytes have come, or the stream, which
/// does not block, has no more.
// RFC 6455 §7.1.1: closing over unread input would reset the connection, and the peer might never see what we wrote.
pub(crate) fn linger(stream: &mut impl Stream, deadline: &Deadline) {
    let mut limit = Limit::unknown();
    let mut discarded = [0; 1024];
    let mut discarded_len = 0_u64;
    while discarded_len < LINGER_LEN_MAX {
        let Ok(remaining) = deadline.remaining() else { return };
        match limit.read(stream, &mut discarded, remaining) {
            Ok(0) | Err(Stopped::WouldBlock | Stopped::Failed(_)) => return,
            Ok(len) => discarded_len = discarded_len.saturating_add(u64::try_from(len).unwrap_or(u64::MAX)),
            Err(Stopped::TimeUp) => {}
        }
    }
}

/// How much is discarded at most, in bytes: the largest message of the default limits, which a peer may be in the middle of
/// writing when we refuse it, or have written before it read our Close.
pub(crate) const LINGER_LEN_MAX: u64 = 16 << 20;
