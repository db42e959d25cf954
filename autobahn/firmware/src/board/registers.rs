//! The one place that reads and writes registers, and memory that is not Rust's.
#![expect(unsafe_code, reason = "registers are memory that the compiler knows nothing of")]

use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};

/// The registers that are used, by the names of the LM3S6965 datasheet where it is not plain what they are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Register {
    /// RCGC1.
    ClockGate1,
    /// RCGC2.
    ClockGate2,
    /// UARTDR: reading takes a received byte, writing sends one.
    UartData,
    /// UARTFR.
    UartFlags,
    /// UARTIBRD.
    UartDivisor,
    /// UARTLCRH.
    UartLine,
    /// UARTCTL.
    UartControl,
    /// MACIM.
    #[cfg(feature = "network")]
    MacInterrupts,
    /// MACRCTL.
    #[cfg(feature = "network")]
    MacReceive,
    /// MACTCTL.
    #[cfg(feature = "network")]
    MacTransmit,
    /// MACDATA: reading takes a word from the receive FIFO, writing puts one into the transmit FIFO.
    #[cfg(feature = "network")]
    MacData,
    /// MACIA0: the first four bytes of the address.
    #[cfg(feature = "network")]
    MacAddress0,
    /// MACIA1: the last two.
    #[cfg(feature = "network")]
    MacAddress1,
    /// MACNP: how many frames are in the receive FIFO.
    #[cfg(feature = "network")]
    MacFrameCount,
    /// MACTR.
    #[cfg(feature = "network")]
    MacTransmission,
}

impl Register {
    const fn address(self) -> usize {
        match self {
            Self::ClockGate1 => 0x400F_E104,
            Self::ClockGate2 => 0x400F_E108,
            Self::UartData => 0x4000_C000,
            Self::UartFlags => 0x4000_C018,
            Self::UartDivisor => 0x4000_C024,
            Self::UartLine => 0x4000_C02C,
            Self::UartControl => 0x4000_C030,
            #[cfg(feature = "network")]
            Self::MacInterrupts => 0x4004_8004,
            #[cfg(feature = "network")]
            Self::MacReceive => 0x4004_8008,
            #[cfg(feature = "network")]
            Self::MacTransmit => 0x4004_800C,
            #[cfg(feature = "network")]
            Self::MacData => 0x4004_8010,
            #[cfg(feature = "network")]
            Self::MacAddress0 => 0x4004_8014,
            #[cfg(feature = "network")]
            Self::MacAddress1 => 0x4004_8018,
            #[cfg(feature = "network")]
            Self::MacFrameCount => 0x4004_8034,
            #[cfg(feature = "network")]
            Self::MacTransmission => 0x4004_8038,
        }
    }

    #[inline]
    pub(super) fn read(self) -> u32 {
        // SAFETY: each of the addresses is a register of 32 bits, aligned, readable, and never memory of Rust's. What
        // reading changes is the device's state only.
        unsafe { with_exposed_provenance::<u32>(self.address()).read_volatile() }
    }

    #[inline]
    pub(super) fn write(self, value: u32) {
        // SAFETY: as above, and writable. None of these registers starts a transfer to memory: there is no DMA.
        unsafe { with_exposed_provenance_mut::<u32>(self.address()).write_volatile(value) }
    }
}

/// The words behind the memory that the linker places things in (memory.x), which are written before the program starts.
pub(super) fn parameter_word(index: u8) -> Option<u32> {
    let address = PARAMETERS.wrapping_add(usize::from(index).wrapping_mul(4));
    // SAFETY: the address is one of the 16 aligned words between the end of the linker's RAM and the end of the RAM, which
    // hold no object of Rust's.
    (index < 16).then(|| unsafe { with_exposed_provenance::<u32>(address).read_volatile() })
}

const PARAMETERS: usize = 0x2000_FFC0;

/// Fills the memory between the last static and the stack, down from `top`, with `paint`.
///
/// `top` has to be at or below the stack pointer of the caller's caller; what is above is left as it is.
#[inline(never)]
pub(super) fn paint_below(top: usize, paint: u32) {
    let mut address = stack_limit();
    while address < top.wrapping_sub(PAINT_MARGIN) {
        // SAFETY: the address is aligned, in RAM, above all statics and below the stack pointer of this very function by
        // the margin: no object lies there. Nothing is allocated there either, since there is no heap.
        unsafe { with_exposed_provenance_mut::<u32>(address).write_volatile(paint) };
        address = address.wrapping_add(4);
    }
}

/// The lowest address between the last static and `top` that does not hold `paint`.
#[inline(never)]
pub(super) fn lowest_not_painted(top: usize, paint: u32) -> usize {
    let mut address = stack_limit();
    while address < top {
        // SAFETY: the address is aligned and in RAM, between the last static and the start of the stack.
        if unsafe { with_exposed_provenance::<u32>(address).read_volatile() } != paint {
            break;
        }
        address = address.wrapping_add(4);
    }
    address
}

/// Where the statics end, and the stack may reach to.
pub(super) fn stack_limit() -> usize {
    cortex_m_rt::heap_start().addr()
}

/// More than the frame of a function that paints.
const PAINT_MARGIN: usize = 64;
