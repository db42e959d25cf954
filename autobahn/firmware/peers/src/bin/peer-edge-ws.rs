//! As `size-codec`, by edge-ws: each frame that arrives is sent back, unmasked.
#![no_std]
#![no_main]

use edge_ws::FrameHeader;
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
    let (mut header, header_len) = FrameHeader::deserialize(bytes).ok()?;
    let payload_len = usize::try_from(header.payload_len).ok()?;
    let payload = bytes.get_mut(header_len..)?.get_mut(..payload_len)?;
    header.mask(payload, 0);
    header.mask_key = None;
    let mut answer = [0; FrameHeader::MAX_LEN];
    let len = header.serialize(&mut answer).ok()?;
    uart::write(answer.get(..len)?);
    uart::write(payload);
    header_len.checked_add(payload_len)
}
