//! The image with the frame codec alone: each frame that arrives is sent back, unmasked.
#![no_std]
#![no_main]

use ws_core::frame::{Decoded, FrameHeader, Mask, ReservedBits};
use ws_firmware::board::{entry, uart};
use ws_firmware::over_uart::relay_frames;

#[entry]
fn main() -> ! {
    ws_firmware::board::start();
    uart::start();
    relay_frames(relay)
}

/// Sends back a frame that is complete, and says how long it was.
fn relay(bytes: &mut [u8]) -> Option<usize> {
    let Ok(Decoded::Complete { header, header_len }) = FrameHeader::decode(bytes, ReservedBits::NONE) else {
        return None;
    };
    let payload_len = usize::try_from(header.payload_len()).ok()?;
    let payload = bytes.get_mut(header_len..)?.get_mut(..payload_len)?;
    if let Some(key) = header.mask_key() {
        Mask::new(key).apply(payload);
    }
    let answer = FrameHeader::new(header.opcode(), header.fin(), header.payload_len(), None)?;
    uart::write(answer.encode().as_bytes());
    uart::write(payload);
    header_len.checked_add(payload_len)
}
