//! The image with a server: the opening handshake with all its checks, and an echo of messages of any length, over the
//! UART.
#![no_std]
#![no_main]

use ws_core::input::ReadBuffer;
use ws_firmware::board::{entry, uart};
use ws_firmware::over_uart::{accept, serve};

#[entry]
fn main() -> ! {
    ws_firmware::board::start();
    uart::start();
    loop {
        let mut buffer = ReadBuffer::new([0; 1024]);
        if let Some(connection) = accept(&mut buffer) {
            serve(connection, &mut buffer);
        }
    }
}
