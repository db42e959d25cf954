//! A server that receives messages: bytes in, as a kernel hands them out, whole messages out.

use crate::{Content, Kernel, Tally};
use tungstenite::protocol::{Role as TungsteniteRole, WebSocket, WebSocketConfig};
use ws_core::connection::{Config, Limits, Receiver, Role};
use ws_core::event::Event;
use ws_core::frame::{Decoded, FrameHeader, Mask, ReservedBits};
use ws_core::input::ReadBuffer;
use ws_core::message::{Assembly, MessageBuffer};

/// The size of the read buffer, in bytes.
pub const BUFFER_LEN: usize = 16 * 1024;

/// Whole messages by [`Receiver::next_event`]; those that did not come whole are assembled.
#[must_use]
pub fn ws_core(wire: &[u8], read_len: usize, storage: &mut [u8]) -> Tally {
    let mut kernel = Kernel::new(wire, read_len);
    let config =
        Config::new().with_limits(Limits::new().with_frame_len_max(1 << 30).with_message_len_max(1 << 30));
    let mut receiver = Receiver::new(Role::Server, config);
    let mut buffer = ReadBuffer::new(storage);
    let mut message = MessageBuffer::new();
    let mut tally = Tally::default();
    loop {
        let len = kernel.copy_to(buffer.spare());
        if len == 0 {
            return tally;
        }
        buffer.filled(len);
        let mut input = buffer.input();
        while let Some(event) = receiver.next_event(&mut input) {
            let Event::Data(fragment) = event else { return Tally::default() };
            if let Some(whole) = fragment.as_message() {
                tally.count(whole.as_bytes());
            } else if let Ok(Assembly::Complete) = message.push(fragment, &mut receiver) {
                tally.count(message.message().map_or(&[], |payload| payload.as_bytes()));
            }
        }
    }
}

/// Whole messages by tungstenite.
#[must_use]
pub fn tungstenite(wire: &[u8], read_len: usize) -> Tally {
    let config = WebSocketConfig::default().max_frame_size(None).max_message_size(None);
    let mut socket =
        WebSocket::from_raw_socket(Kernel::new(wire, read_len), TungsteniteRole::Server, Some(config));
    let mut tally = Tally::default();
    while let Ok(message) = socket.read() {
        match message {
            tungstenite::Message::Text(text) => tally.count(text.as_bytes()),
            tungstenite::Message::Binary(bytes) => tally.count(&bytes),
            _ => return Tally::default(),
        }
    }
    tally
}

/// The floor: what moving the data costs, in order and in safe code, without the rules of a connection.
#[must_use]
pub fn floor(content: Content, wire: &[u8], read_len: usize, storage: &mut [u8]) -> Tally {
    let mut kernel = Kernel::new(wire, read_len);
    let mut message = Vec::new();
    let mut tally = Tally::default();
    let (mut start, mut end) = (0, 0);
    loop {
        if start == end {
            (start, end) = (0, 0);
        } else if end == storage.len() || end - start < 14 {
            storage.copy_within(start..end, 0);
            (start, end) = (0, end - start);
        }
        let len = kernel.copy_to(&mut storage[end..]);
        if len == 0 {
            return tally;
        }
        end += len;
        while let Ok(Decoded::Complete { header, header_len }) =
            FrameHeader::decode(&storage[start..end], ReservedBits::NONE)
        {
            let len = usize::try_from(header.payload_len()).expect("made here");
            let mut mask = Mask::new(header.mask_key().expect("made here"));
            start += header_len;
            if len <= end - start {
                let payload = &mut storage[start..start + len];
                mask.apply(payload);
                check(content, payload);
                tally.count(payload);
                start += len;
                continue;
            }
            message.clear();
            message.reserve(len);
            loop {
                let now = (len - message.len()).min(end - start);
                let payload = &mut storage[start..start + now];
                mask.apply(payload);
                message.extend_from_slice(payload);
                start += now;
                if message.len() == len {
                    break;
                }
                (start, end) = (0, kernel.copy_to(storage));
            }
            check(content, &message);
            tally.count(&message);
        }
    }
}

#[inline]
fn check(content: Content, payload: &[u8]) {
    if content != Content::Binary {
        assert!(std::str::from_utf8(payload).is_ok(), "made of chars");
    }
}
