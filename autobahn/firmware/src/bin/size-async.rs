//! The image with the server for async firmware, over the UART: what `size-server` does, with deadlines.
#![no_std]
#![no_main]

use embassy_futures::block_on;
use ws_core::handshake::OriginPolicy;
use ws_core::keepalive::KeepaliveConfig;
use ws_firmware::asynchronous::{Buffers, Link, OUT_LEN, accept, echo};
use ws_firmware::board::{clock::Clock, entry, singleton, uart};
use ws_firmware::over_uart::Serial;

#[entry]
fn main() -> ! {
    ws_firmware::board::start();
    uart::start();
    let memory = (
        cortex_m::Peripherals::take(),
        singleton!(: [u8; 1024] = [0; 1024]),
        singleton!(: [u8; 1024] = [0; 1024]),
        singleton!(: [u8; OUT_LEN] = [0; OUT_LEN]),
    );
    if let (Some(core), Some(input), Some(head), Some(out)) = memory {
        let clock = Clock::start(core.SYST);
        loop {
            let buffers = Buffers { input, head, out };
            block_on(async {
                let link = Link::new(Serial, &clock, KeepaliveConfig::new());
                if let Ok(web_socket) = accept(link, buffers, OriginPolicy::SameHost).await {
                    let _closed = web_socket.run(echo).await;
                }
            });
        }
    }
    // Each is there once, and this is the once.
    loop {
        cortex_m::asm::wfi();
    }
}
