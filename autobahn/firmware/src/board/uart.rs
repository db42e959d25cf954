//! UART 0: a byte in, a byte out, and lines of text for who watches.

use super::registers::Register;

/// Sets it to 115,200 bauds at 12.5 MHz, eight bits, no parity. The emulated one takes any speed.
pub fn start() {
    Register::UartControl.write(0);
    Register::UartDivisor.write(7);
    Register::UartLine.write(LINE_8N1_FIFO);
    Register::UartControl.write(CONTROL_ENABLED);
}

/// Whether a byte has come.
#[must_use]
pub fn has_byte() -> bool {
    Register::UartFlags.read() & FLAG_RECEIVE_EMPTY == 0
}

/// Waits for at least one byte, and takes as many as have come and fit.
#[inline(never)]
pub fn read(space: &mut [u8]) -> usize {
    let mut len: usize = 0;
    for place in space {
        while Register::UartFlags.read() & FLAG_RECEIVE_EMPTY != 0 {
            if len > 0 {
                return len;
            }
        }
        let [byte, ..] = Register::UartData.read().to_le_bytes();
        *place = byte;
        len = len.wrapping_add(1);
    }
    len
}

/// Sends the bytes, and waits until the last one is in the UART.
#[inline(never)]
pub fn write(bytes: &[u8]) {
    for &byte in bytes {
        while Register::UartFlags.read() & FLAG_TRANSMIT_FULL != 0 {}
        Register::UartData.write(u32::from(byte));
    }
}

/// Sends a number in decimal digits. Without `core::fmt`, which is larger than all that is measured here.
pub fn write_number(number: u32) {
    let mut digits = [0; 10];
    let mut rest = number;
    let mut len: usize = 0;
    for digit in digits.iter_mut().rev() {
        let [low, ..] = (rest % 10).to_le_bytes();
        *digit = low.wrapping_add(b'0');
        rest /= 10;
        len = len.wrapping_add(1);
        if rest == 0 {
            break;
        }
    }
    write(digits.get(digits.len().wrapping_sub(len)..).unwrap_or_default());
}

const FLAG_RECEIVE_EMPTY: u32 = 1 << 4;
const FLAG_TRANSMIT_FULL: u32 = 1 << 5;
const LINE_8N1_FIFO: u32 = 0x70;
const CONTROL_ENABLED: u32 = 0x301;
