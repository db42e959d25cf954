use alloc::sync::Arc;
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::socket::{Channel, STACK_LEN};

/// What members have not taken at once: one thread writes it, for all of them. It runs while something is left.
#[derive(Default)]
pub(super) struct Rest {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Members that the thread does not know of yet.
    added: Vec<Arc<dyn Channel>>,
    is_running: bool,
}

impl Rest {
    /// Writes to these members what they take without waiting, and leaves the rest to the thread.
    pub(super) fn deliver(self: &Arc<Self>, mut members: Vec<Arc<dyn Channel>>) {
        members.retain(|member| guard(|| Arc::clone(member).deliver(false)));
        let mut state = self.lock();
        state.added.append(&mut members);
        if state.is_running || state.added.is_empty() {
            return;
        }
        let rest = Arc::clone(self);
        let thread = thread::Builder::new().name("ws-hub".into()).stack_size(STACK_LEN);
        // Where no thread can be started, the next broadcast tries again.
        state.is_running = thread.spawn(move || rest.write()).is_ok();
    }

    /// Writes until nothing is left.
    fn write(&self) {
        let mut members = Vec::new();
        let mut pause = PAUSE_MIN;
        loop {
            let count = members.len();
            members.retain(|member: &Arc<dyn Channel>| guard(|| Arc::clone(member).deliver(true)));
            let is_changed = members.len() != count;
            let mut state = self.lock();
            pause = if is_changed || !state.added.is_empty() {
                PAUSE_MIN
            } else {
                PAUSE_MAX.min(pause.saturating_mul(2))
            };
            members.append(&mut state.added);
            if members.is_empty() {
                state.is_running = false;
                return;
            }
            drop(state);
            thread::sleep(pause);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream that panics ends its own connection, and must not hold up the other members.
fn guard(deliver: impl FnOnce() -> bool) -> bool {
    catch_unwind(AssertUnwindSafe(deliver)).unwrap_or(false)
}

/// The shortest and the longest time between two rounds of the thread.
const PAUSE_MIN: Duration = Duration::from_millis(1);
const PAUSE_MAX: Duration = Duration::from_millis(32);
