//! The LM3S6965 evaluation board, as far as these programs use it.

pub mod clock;
#[cfg(feature = "network")]
pub mod ethernet;
mod panic;
pub mod parameters;
mod registers;
pub mod stack;
pub mod uart;

pub use cortex_m::singleton;
pub use cortex_m_rt::entry;

use registers::Register;

/// Switches on what hangs on a clock of its own: UART 0, its pins, and the Ethernet controller.
///
/// The processor goes on with the clock that it has after a reset.
pub fn start() {
    // LM3S6965 datasheet, RCGC1 and RCGC2: a peripheral without its clock answers with a bus fault.
    Register::ClockGate1.write(CLOCK_GATE_UART0);
    Register::ClockGate2.write(CLOCK_GATE_ETHERNET | CLOCK_GATE_PORT_A);
}

const CLOCK_GATE_UART0: u32 = 1;
const CLOCK_GATE_PORT_A: u32 = 1;
/// The MAC and the PHY.
const CLOCK_GATE_ETHERNET: u32 = (1 << 28) | (1 << 30);
