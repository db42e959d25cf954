use std::io;

use crate::error::is_wait;
use crate::stream::Stream;
use crate::timeouts::Deadline;

/// Reads and discards until the peer ends the stream, the deadline passes or [`DISCARDED_LEN_MAX`] bytes have come, and counts
/// them. An error means that the stream would block before the deadline: call again.
// RFC 6455 §7.1.1: closing over unread input would reset the connection, and the peer might never see what we wrote.
pub(crate) fn linger(
    stream: &mut (impl Stream + ?Sized),
    deadline: Deadline,
    discarded_len: &mut u64,
) -> io::Result<()> {
    let mut discarded = [0; 1024];
    while *discarded_len < DISCARDED_LEN_MAX {
        let Ok(remaining) = deadline.remaining(stream.now()) else { break };
        if stream.limit_read(remaining).is_err() {
            break;
        }
        let begun = stream.now();
        match stream.read(&mut discarded) {
            Ok(0) => break,
            Ok(len) => {
                *discarded_len = discarded_len.saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if is_wait(error.kind()) => {
                // Operating systems count in ticks, and may come back a little before the time.
                let waited = stream.now().saturating_duration_since(begun);
                let has_waited = remaining.is_some_and(|time| waited.saturating_mul(2) >= time);
                if deadline.remaining(stream.now()).is_ok() && !has_waited {
                    return Err(error);
                }
            }
            Err(_gone) => break,
        }
    }
    Ok(())
}

/// How much is discarded at most, in bytes: the largest message of the default limits, which a peer may be in the middle of
/// writing when we refuse it.
const DISCARDED_LEN_MAX: u64 = 16 << 20;
