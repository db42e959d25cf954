//! A WebSocket over a stream in memory whose other end is written and read by hand.

use std::future::Future;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::time::Instant;
use ws_tokio::{Config, Role, Timeouts, WebSocket};

use super::frames::{frame, frames, peer};

pub(crate) const BOTH: [Role; 2] = [Role::Client, Role::Server];

/// No deadline at all.
pub(crate) fn no_timeouts() -> Timeouts {
    Timeouts::new().with_connect(None).with_handshake(None).with_write(None).with_close(None)
}

pub(crate) fn seconds(count: u64) -> Option<Duration> {
    Some(Duration::from_secs(count))
}

/// The peer of a WebSocket, by hand.
pub(crate) struct Peer {
    pub(crate) stream: DuplexStream,
    pub(crate) role: Role,
}

/// A WebSocket of this role, and its peer. The stream holds this many bytes in each direction.
pub(crate) fn open_with(
    role: Role,
    config: Config,
    timeouts: Timeouts,
    len: usize,
) -> (WebSocket<DuplexStream>, Peer) {
    let (stream, theirs) = tokio::io::duplex(len);
    let mut socket = WebSocket::after_handshake(stream, role, config, b"").unwrap();
    socket.set_timeouts(timeouts);
    (socket, Peer { stream: theirs, role: peer(role) })
}

pub(crate) fn open(role: Role, timeouts: Timeouts) -> (WebSocket<DuplexStream>, Peer) {
    open_with(role, Config::new(), timeouts, 64 * 1024)
}

impl Peer {
    pub(crate) async fn send(&mut self, first: u8, payload: &[u8]) {
        self.stream.write_all(&frame(self.role, first, payload)).await.unwrap();
    }

    /// The next frame: its first byte and its payload, unmasked.
    pub(crate) async fn frame(&mut self) -> (u8, Vec<u8>) {
        let mut bytes = vec![0; 2];
        self.stream.read_exact(&mut bytes).await.unwrap();
        let len_len = match bytes[1] & 0x7F {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let key_len = if bytes[1] & 0x80 == 0 { 0 } else { 4 };
        let mut rest = vec![0; len_len + key_len];
        self.stream.read_exact(&mut rest).await.unwrap();
        let len = match len_len {
            0 => u64::from(bytes[1] & 0x7F),
            _ => rest[..len_len].iter().fold(0, |len, &byte| len << 8 | u64::from(byte)),
        };
        bytes.extend(rest);
        let start = bytes.len();
        bytes.resize(start + usize::try_from(len).unwrap(), 0);
        self.stream.read_exact(&mut bytes[start..]).await.unwrap();
        frames(&bytes).pop().unwrap()
    }

    /// All that comes until the end of the stream, as frames.
    pub(crate) async fn rest(&mut self) -> Vec<(u8, Vec<u8>)> {
        let mut bytes = Vec::new();
        self.stream.read_to_end(&mut bytes).await.unwrap();
        frames(&bytes)
    }
}

/// Runs `future`, and holds that it takes this long, but for the milliseconds of tokio's timer.
pub(crate) async fn takes<T>(time: Duration, future: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let result = future.await;
    let taken = begun.elapsed();
    assert!(taken >= time && taken <= time + Duration::from_millis(5), "{taken:?} in place of {time:?}");
    result
}
