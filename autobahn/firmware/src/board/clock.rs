//! Milliseconds since the start, counted by the processor's own timer.

use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;

/// The clock. It goes as long as interrupts are on, and around after 49 days.
#[derive(Debug)]
pub struct Clock(());

impl Clock {
    /// Starts the timer.
    #[must_use]
    pub fn start(mut timer: SYST) -> Self {
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(CYCLES_PER_MILLISECOND.wrapping_sub(1));
        timer.clear_current();
        timer.enable_counter();
        timer.enable_interrupt();
        Self(())
    }

    /// Milliseconds since the start.
    #[must_use]
    pub fn milliseconds(&self) -> u32 {
        MILLISECONDS.load(Ordering::Relaxed)
    }

    /// The same, as deadlines want it. Without a division of 64 bits, which this processor has no instruction for.
    #[must_use]
    pub fn now(&self) -> Duration {
        let milliseconds = self.milliseconds();
        let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
        Duration::new(u64::from(seconds), rest.wrapping_mul(1_000_000))
    }

    /// Sleeps until the next interrupt: at most a millisecond.
    ///
    /// `is_idle` is asked with interrupts held back, so that none comes between the question and the sleep.
    pub fn sleep_if(&self, is_idle: impl FnOnce() -> bool) {
        cortex_m::interrupt::free(|_| {
            if is_idle() {
                // An interrupt that is held back ends the sleep all the same.
                cortex_m::asm::wfi();
            }
        });
    }
}

#[exception]
fn SysTick() {
    let now = MILLISECONDS.load(Ordering::Relaxed);
    MILLISECONDS.store(now.wrapping_add(1), Ordering::Relaxed);
}

static MILLISECONDS: AtomicU32 = AtomicU32::new(0);

/// The emulated board runs at 12.5 MHz after a reset, a real one at 12 MHz, give or take 30 percent.
const CYCLES_PER_MILLISECOND: u32 = 12_500;
