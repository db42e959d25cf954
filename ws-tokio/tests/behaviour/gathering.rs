//! When bytes leave: answers to messages that came in one read are one write, and none is held back.
#![cfg(feature = "time")]
#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures_util::{FutureExt as _, SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use ws_tokio::{Config, Role, WebSocket};

/// Gives what it has in one read, then nothing more; takes all that is written.
struct Script {
    unread: Vec<u8>,
    written: Arc<Mutex<Written>>,
}

#[derive(Default)]
struct Written {
    bytes: Vec<u8>,
    write_count: usize,
}

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.unread.is_empty() {
            return Poll::Pending;
        }
        buffer.put_slice(&std::mem::take(&mut self.unread));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Script {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut written = self.written.lock().unwrap();
        written.write_count += 1;
        for slice in slices {
            written.bytes.extend_from_slice(slice);
        }
        Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()))
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

/// A server to which a client has sent sixteen messages in one read, and then `more`; and what it writes.
fn sent_sixteen(more: &[u8]) -> (WebSocket<Script>, Arc<Mutex<Written>>) {
    let mut unread = b"\x81\x85\0\0\0\0Hello".repeat(16);
    unread.extend_from_slice(more);
    let written = Arc::default();
    let stream = Script { unread, written: Arc::clone(&written) };
    (WebSocket::after_handshake(stream, Role::Server, Config::new(), b"").unwrap(), written)
}

#[track_caller]
fn assert_echoed(written: &Mutex<Written>, write_count: usize) {
    let written = written.lock().unwrap();
    assert_eq!(written.bytes, b"\x81\x05Hello".repeat(16));
    assert_eq!(written.write_count, write_count);
}

#[test]
fn sixteen_echoes_by_read_are_one_write() {
    let (mut socket, written) = sent_sixteen(b"");
    let echo = async {
        for _ in 0..16 {
            let (message, mut writer) = socket.read().await.unwrap().unwrap();
            writer.send(message).await.unwrap();
        }
    };
    echo.now_or_never().unwrap();
    assert_echoed(&written, 1);
}

#[test]
fn the_beginning_of_another_message_holds_no_echo_back() {
    // Two bytes of a header, and a header without its payload.
    for more in [&b"\x81\x85"[..], b"\x81\x85\0\0\0\0"] {
        let (mut socket, written) = sent_sixteen(more);
        let echo = async {
            for _ in 0..16 {
                let (message, mut writer) = socket.read().await.unwrap().unwrap();
                writer.send(message).await.unwrap();
            }
        };
        echo.now_or_never().unwrap();
        assert_echoed(&written, 1);
    }
}

#[test]
fn sixteen_echoes_by_next_and_feed_are_one_write() {
    let (mut socket, written) = sent_sixteen(b"");
    let echo = async {
        while let Some(message) = socket.next().await {
            socket.feed(&message.unwrap()).await.unwrap();
        }
    };
    assert_eq!(echo.now_or_never(), None, "it waits for the next message");
    assert_echoed(&written, 1);
}

#[test]
fn sixteen_echoes_by_stream_and_sink_are_one_write() {
    let (mut socket, written) = sent_sixteen(b"");
    let echo = async {
        while let Some(message) = StreamExt::next(&mut socket).await {
            SinkExt::feed(&mut socket, message.unwrap()).await.unwrap();
        }
    };
    assert_eq!(echo.now_or_never(), None, "it waits for the next message");
    assert_echoed(&written, 1);
}

#[test]
fn sixteen_echoes_by_forward_are_one_write() {
    let (socket, written) = sent_sixteen(b"");
    let (reader, writer) = socket.split();
    assert!(reader.forward(writer).now_or_never().is_none(), "it waits for the next message");
    assert_echoed(&written, 1);
}

#[test]
fn sixteen_echoes_by_halves_are_one_write() {
    let (socket, written) = sent_sixteen(b"");
    let (mut reader, mut writer) = socket.split();
    let echo = async {
        while let Some(message) = reader.next().await {
            writer.feed(&message.unwrap()).await.unwrap();
        }
    };
    assert_eq!(echo.now_or_never(), None, "it waits for the next message");
    assert_echoed(&written, 1);
}

#[test]
fn what_send_of_the_connection_sends_leaves_before_it_returns() {
    let (mut socket, written) = sent_sixteen(b"");
    let echo = async {
        while let Some(message) = socket.next().await {
            socket.send(&message.unwrap()).await.unwrap();
        }
    };
    assert_eq!(echo.now_or_never(), None, "it waits for the next message");
    assert_echoed(&written, 16);
}

#[tokio::test]
async fn a_feed_that_fills_the_queue_does_not_wait_until_that_has_left() {
    let (stream, mut peer) = tokio::io::duplex(1000);
    let mut socket = WebSocket::after_handshake(stream, Role::Server, Config::new(), b"").unwrap();
    assert!(matches!(socket.feed(&vec![7; 20_000]).now_or_never(), Some(Ok(()))), "there is room");
    assert!(socket.feed("more").now_or_never().is_none(), "16 KiB wait");
    let reading = tokio::spawn(async move {
        let mut frame = vec![0; 20_004];
        tokio::io::AsyncReadExt::read_exact(&mut peer, &mut frame).await.map(|_len| peer)
    });
    socket.feed("more").await.unwrap();
    socket.flush().await.unwrap();
    let mut peer = reading.await.unwrap().unwrap();
    let mut frame = [0; 6];
    tokio::io::AsyncReadExt::read_exact(&mut peer, &mut frame).await.unwrap();
    assert_eq!(&frame, b"\x81\x04more", "once, though one future was dropped");
}
