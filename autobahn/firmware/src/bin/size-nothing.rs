//! The image without any protocol: what the vectors, the start-up code and the UART cost. Bytes come back as they came.
#![no_std]
#![no_main]

use ws_firmware::board::{entry, uart};

#[entry]
fn main() -> ! {
    ws_firmware::board::start();
    uart::start();
    let mut bytes = [0; 1024];
    loop {
        let len = uart::read(&mut bytes);
        uart::write(bytes.get(..len).unwrap_or_default());
    }
}
