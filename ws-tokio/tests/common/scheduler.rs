//! Polls tasks by hand, in random order, each only after its waker was woken.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::Random;

struct Task<'a> {
    future: Option<Pin<Box<dyn Future<Output = ()> + 'a>>>,
    state: Arc<TaskState>,
}

#[derive(Default)]
struct TaskState {
    is_woken: AtomicBool,
    /// The number of the only waker that counts: that of the last poll.
    generation: AtomicU64,
}

/// A waker that wakes its task only while it is the one that the task was polled with last: no more is promised of wakers.
struct TaskWaker {
    state: Arc<TaskState>,
    generation: u64,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.generation.load(Ordering::Relaxed) == self.generation {
            self.state.is_woken.store(true, Ordering::Relaxed);
        }
    }
}

/// Runs all tasks to their end. `tick` lets the world go on, and says whether it did.
///
/// Returns an error where tasks wait, and nothing will wake them, and where they wake each other for ever.
pub(crate) fn run<'a>(
    random: &Random,
    tasks: Vec<Pin<Box<dyn Future<Output = ()> + 'a>>>,
    mut tick: impl FnMut() -> bool,
) -> Result<(), String> {
    let mut wakers: Vec<Option<Waker>> = tasks.iter().map(|_| None).collect();
    let mut tasks: Vec<_> = tasks
        .into_iter()
        .map(|future| Task { future: Some(future), state: Arc::new(TaskState::default()) })
        .collect();
    for task in &tasks {
        task.state.is_woken.store(true, Ordering::Relaxed);
    }
    let mut poll_count = 0;
    loop {
        let woken: Vec<_> = (0..tasks.len())
            .filter(|&n| tasks[n].future.is_some() && tasks[n].state.is_woken.load(Ordering::Relaxed))
            .collect();
        if tasks.iter().all(|task| task.future.is_none()) {
            return Ok(());
        }
        if woken.is_empty() || random.once_in(3) {
            if tick() || !woken.is_empty() {
                continue;
            }
            let waiting: Vec<_> = (0..tasks.len()).filter(|&n| tasks[n].future.is_some()).collect();
            return Err(format!("tasks {waiting:?} wait, and nothing will wake them"));
        }
        let index = woken[random.below(woken.len())];
        let task = &mut tasks[index];
        task.state.is_woken.store(false, Ordering::Relaxed);
        if wakers[index].is_none() || random.once_in(3) {
            let generation = task.state.generation.fetch_add(1, Ordering::Relaxed) + 1;
            wakers[index] = Some(Arc::new(TaskWaker { state: Arc::clone(&task.state), generation }).into());
        }
        let waker = wakers[index].clone().unwrap();
        poll_count += 1;
        if poll_count > POLL_COUNT_MAX {
            return Err("the tasks are polled again and again".to_owned());
        }
        let polled = task.future.as_mut().unwrap().as_mut().poll(&mut Context::from_waker(&waker));
        if polled.is_ready() {
            task.future = None;
        }
    }
}

/// Polls `future`, and drops it once it was pending `patience` times more than it was waited for; `None` then.
pub(crate) async fn attempt<T>(future: impl Future<Output = T>, mut patience: usize) -> Option<T> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending if patience == 0 => Poll::Ready(None),
        Poll::Pending => {
            patience -= 1;
            Poll::Pending
        }
    })
    .await
}

/// Many times what any test needs.
const POLL_COUNT_MAX: usize = 5_000_000;
