use super::{HANDSHAKE_COUNT, REQUEST};
use crate::{Kernel, Witness, Work, ready};
use futures_io::{AsyncRead, AsyncWrite};
use soketto::handshake::Server as SokettoServer;
use soketto::handshake::server::Response;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Accepts requests.
pub struct Server;

impl Work for Server {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        for _ in 0..HANDSHAKE_COUNT {
            let mut server = SokettoServer::new(Stream(Kernel::<W>::new(REQUEST, usize::MAX)));
            let Ok(request) = ready(server.receive_request()) else { return W::default() };
            let response = Response::Accept { key: request.key(), protocol: None };
            if ready(server.send_response(&response)).is_err() {
                return W::default();
            }
            witness = witness.with_sent(server.into_inner().0.witness);
        }
        witness
    }
}

/// The kernel by the traits that soketto asks for.
struct Stream<W>(Kernel<'static, W>);

impl<W> Unpin for Stream<W> {}

impl<W: Witness> AsyncRead for Stream<W> {
    #[inline]
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, space: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.0.read(space))
    }
}

impl<W: Witness> AsyncWrite for Stream<W> {
    #[inline]
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.0.write(bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
