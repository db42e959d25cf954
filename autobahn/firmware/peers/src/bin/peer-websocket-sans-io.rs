//! As `size-codec`, by websocket-sans-io, which has frames and nothing else: each is sent back, unmasked, as it comes.
#![no_std]
#![no_main]

use websocket_sans_io::{WebsocketFrameDecoder, WebsocketFrameEncoder, WebsocketFrameEvent};
use ws_firmware::board::{entry, uart};

#[entry]
fn main() -> ! {
    ws_firmware::board::start();
    uart::start();
    let mut bytes = [0; 1024];
    let mut decoder = WebsocketFrameDecoder::new();
    let mut encoder = WebsocketFrameEncoder::new();
    loop {
        let len = uart::read(&mut bytes);
        let mut rest = bytes.get_mut(..len).unwrap_or_default();
        loop {
            let Ok(result) = decoder.add_data(rest);
            let Some((taken, further)) = rest.split_at_mut_checked(result.consumed_bytes) else { break };
            match result.event {
                Some(WebsocketFrameEvent::Start { mut frame_info, .. }) => {
                    frame_info.mask = None;
                    uart::write(&encoder.start_frame(&frame_info));
                }
                Some(WebsocketFrameEvent::PayloadChunk { .. }) => uart::write(taken),
                Some(WebsocketFrameEvent::End { .. }) => {}
                None if further.is_empty() => break,
                None => {}
            }
            rest = further;
        }
    }
}
