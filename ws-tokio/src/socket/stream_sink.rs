//! [`Stream`] and [`Sink`], for the combinators of the `futures` crates.

use core::pin::Pin;
use core::task::{Context, Poll};

use futures_core::Stream;
use futures_sink::Sink;
use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::frame::CloseCode;
use ws_core::message::OwnedMessage;

use super::{ReadHalf, WebSocket, WriteHalf};
use crate::error::Error;
use crate::session::{Access, Leave, Outgoing, Write, poll_send};

/// The messages that are received, as [`WebSocket::next`] returns them.
impl<S: AsyncRead + AsyncWrite + Unpin> Stream for WebSocket<S> {
    type Item = Result<OwnedMessage, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { io, receiving, .. } = self.get_mut();
        receiving.poll_next(&mut **io, cx)
    }
}

/// The messages that are received, as [`ReadHalf::next`] returns them.
impl<S: AsyncRead + AsyncWrite + Unpin> Stream for ReadHalf<S> {
    type Item = Result<OwnedMessage, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { shared, receiving, .. } = self.get_mut();
        receiving.poll_next(&mut &**shared, cx)
    }
}

/// `start_send` queues a message whole, after `poll_ready`; without it, it fails with [`Error::WouldBlock`] where 16 KiB or more wait.
/// `poll_close` sends a Close with 1000 and does not wait for the peer's: read on for that.
impl<S: AsyncWrite + Unpin> Sink<OwnedMessage> for WebSocket<S> {
    type Error = Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        poll_ready(&mut *self.get_mut().io, cx)
    }

    fn start_send(self: Pin<&mut Self>, message: OwnedMessage) -> Result<(), Error> {
        start_send(&mut *self.get_mut().io, message)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        poll_send(&mut *self.get_mut().io, cx, &mut None, Leave::AtOnce)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        poll_close(&mut *self.get_mut().io, cx)
    }
}

/// As that of [`WebSocket`].
impl<S: AsyncWrite + Unpin> Sink<OwnedMessage> for WriteHalf<S> {
    type Error = Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        poll_ready(&mut &*self.get_mut().shared, cx)
    }

    fn start_send(self: Pin<&mut Self>, message: OwnedMessage) -> Result<(), Error> {
        start_send(&mut &*self.get_mut().shared, message)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        poll_send(&mut &*self.get_mut().shared, cx, &mut None, Leave::AtOnce)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        poll_close(&mut &*self.get_mut().shared, cx)
    }
}

fn poll_ready<A: Access<Stream: Write>>(access: &mut A, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
    access.with(|io| io.poll_writable(cx))
}

fn start_send(access: &mut impl Access, message: OwnedMessage) -> Result<(), Error> {
    access.with(|io| io.life.queue(Outgoing::Owned(&mut Some(message))))
}

fn poll_close<A: Access<Stream: Write>>(access: &mut A, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
    let mut close = Some(Outgoing::Close(CloseCode::NORMAL.into()));
    poll_send(access, cx, &mut close, Leave::AtOnce)
}
