//! Messages in, frames out, into memory that is there already.

use crate::Kernel;
use crate::sample::Keys;
use tungstenite::protocol::{Role, WebSocket};
use tungstenite::{Bytes, Message};
use ws_core::connection::{Sender, Unmasked};

/// A server's frames by ws-core; returns how many bytes.
#[must_use]
pub fn ws_core_server(messages: &[Vec<u8>], out: &mut [u8]) -> usize {
    let mut sender = Sender::new(Unmasked);
    let mut len = 0;
    for message in messages {
        len += sender.send_binary(message, &mut out[len..]).unwrap_or(0);
    }
    len
}

/// A client's frames by ws-core.
#[must_use]
pub fn ws_core_client(messages: &[Vec<u8>], out: &mut [u8]) -> usize {
    let mut sender = Sender::new(Keys::new());
    let mut len = 0;
    for message in messages {
        len += sender.send_binary(message, &mut out[len..]).unwrap_or(0);
    }
    len
}

/// Frames by tungstenite, written to a kernel that keeps none of them; messages are shared, not copied.
#[must_use]
pub fn tungstenite(messages: &[Bytes], role: Role) -> usize {
    let mut socket = WebSocket::from_raw_socket(Kernel::new(&[], 0), role, None);
    for message in messages {
        socket.send(Message::Binary(message.clone())).expect("the kernel takes everything");
    }
    socket.get_ref().sent_len
}

/// Copies alone.
#[must_use]
pub fn memcpy(messages: &[Vec<u8>], out: &mut [u8]) -> usize {
    let mut len = 0;
    for message in messages {
        out[len..len + message.len()].copy_from_slice(message);
        len += message.len();
    }
    len
}
