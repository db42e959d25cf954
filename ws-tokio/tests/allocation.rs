//! What an echo allocates once it is under way: nothing. One test, since the allocator counts for all threads.
#![expect(clippy::unwrap_used, reason = "a test")]

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
    for len in [0_u16, 20, 125, 126, 5000, 16 * 1024] {
        let mut frame = vec![0x82];
        match u8::try_from(len) {
            Ok(len @ ..=125) => frame.push(0x80 | len),
            _ => {
                frame.push(0x80 | 126);
                frame.extend(len.to_be_bytes());
            }
        }
        frame.resize(frame.len() + 4 + usize::from(len), 0);
        let stream = Stream { frame, given_len: 0, written_len: 0 };
        let mut socket = WebSocket::after_handshake(stream, Role::Server, Config::new(), b"").unwrap();
        echo(&mut socket, 100);
        let before = ALLOCATOR.current_usage();
        ALLOCATOR.reset_peak_usage();
        echo(&mut socket, 1000);
        assert_eq!(ALLOCATOR.peak_usage() - before, 0, "{len} bytes");
        let header_len = if len < 126 { 2 } else { 4 };
        assert_eq!(socket.get_ref().written_len, 1100 * (header_len + usize::from(len)), "{len} bytes");
    }
}

fn echo(socket: &mut WebSocket<Stream>, count: usize) {
    let echoes = async {
        for _ in 0..count {
            let (message, mut writer) = socket.read().await.unwrap().unwrap();
            writer.send(message).await.unwrap();
        }
    };
    echoes.now_or_never().expect("the stream is always ready");
}
