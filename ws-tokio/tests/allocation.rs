//! What an echo allocates once it is under way: nothing. One test, since the allocator counts for all threads.
#![cfg(feature = "time")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test")]

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use peak_alloc::PeakAlloc;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use ws_tokio::{Config, Role, WebSocket};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Gives a frame over and over, and counts what is written.
struct Stream {
    frame: Vec<u8>,
    given_len: usize,
    written_len: usize,
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let len = buffer.remaining().min(self.frame.len() - self.given_len);
        buffer.put_slice(&self.frame[self.given_len..][..len]);
        self.given_len = (self.given_len + len) % self.frame.len();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, _cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.written_len += bytes.len();
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let len = slices.iter().map(|slice| slice.len()).sum();
        self.written_len += len;
        Poll::Ready(Ok(len))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn an_echo_allocates_nothing_once_it_is_under_way() {
    // Each length of a payload, and its header.
    let frames: [(usize, &[u8]); 6] = [
        (0, b"\x82\x80"),
        (20, b"\x82\x94"),
        (125, b"\x82\xfd"),
        (126, b"\x82\xfe\x00\x7e"),
        (5000, b"\x82\xfe\x13\x88"),
        (16 * 1024, b"\x82\xfe\x40\x00"),
    ];
    for (len, header) in frames {
        let mut frame = header.to_vec();
        frame.resize(header.len() + 4 + len, 0);
        let stream = Stream { frame, given_len: 0, written_len: 0 };
        let mut socket = WebSocket::after_handshake(stream, Role::Server, Config::new(), b"").unwrap();
        echo(&mut socket, 100);
        let before = ALLOCATOR.current_usage();
        ALLOCATOR.reset_peak_usage();
        echo(&mut socket, 1000);
        assert_eq!(ALLOCATOR.peak_usage() - before, 0, "{len} bytes");
        assert_eq!(socket.get_ref().written_len, 1100 * (header.len() + len), "{len} bytes");
    }
}

fn echo(socket: &mut WebSocket<Stream>, count: usize) {
    let echoes = async {
        for _ in 0..count {
            let (message, mut writer) = socket.read().await.unwrap().unwrap();
            writer.send(message).await.unwrap();
        }
    };
    echoes.now_or_never().unwrap();
}
