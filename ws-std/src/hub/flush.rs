use alloc::sync::Arc;
use std::thread;

use crate::split::Channel;

/// Finds a thread for what the peer did not take at once: its reader may be waiting for what never comes.
pub(super) fn keep_flushed(member: &Arc<dyn Channel>) {
    if !member.claim_flush() {
        return;
    }
    let flushed = Arc::clone(member);
    let thread = thread::Builder::new().name("ws-flush".into()).stack_size(STACK_LEN);
    if thread.spawn(move || flushed.flush_claimed()).is_err() {
        // The next message tries again, until too much waits.
        member.unclaim();
    }
}

/// The stack of a thread that writes, in bytes.
const STACK_LEN: usize = 64 * 1024;
