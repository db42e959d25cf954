//! How much stack is used, by paint: memory that is not used keeps its colour.

use cortex_m::register::msp;

use super::registers::{lowest_not_painted, paint_below, stack_limit};

/// The deepest that the stack was since the start, in bytes.
#[must_use]
pub fn deepest() -> usize {
    // cortex-m-rt paints before it calls the program.
    STACK_START.wrapping_sub(lowest_not_painted(STACK_START, cortex_m_rt::STACK_PAINT_VALUE))
}

/// How many bytes the stack may have.
#[must_use]
pub fn room() -> usize {
    STACK_START.wrapping_sub(stack_limit())
}

/// How many bytes of stack `operation` needs, as seen from here.
#[inline(never)]
pub fn used_by<R>(operation: impl FnOnce() -> R) -> (R, usize) {
    let top = stack_pointer();
    paint_below(top, PAINT);
    let result = operation();
    (result, top.wrapping_sub(lowest_not_painted(top, PAINT)))
}

#[inline]
fn stack_pointer() -> usize {
    usize::try_from(msp::read()).unwrap_or_default()
}

/// The end of the RAM that the linker has (memory.x).
const STACK_START: usize = 0x2000_FFC0;
/// Not the one that is there from the start, so that the two do not get mixed up.
const PAINT: u32 = 0xA5A5_5A5A;
