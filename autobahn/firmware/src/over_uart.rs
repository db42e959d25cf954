//! What the images that are measured have in common: they talk over the UART, and need no network.

use core::convert::Infallible;
use core::future::poll_fn;
use core::task::Poll;
use core::time::Duration;

use embedded_io_async::{ErrorType, Read, Write};
use ws_core::connection::{Config, Connection, Masking, Transport, Unmasked};
use ws_core::handshake::{OriginPolicy, OutgoingResponse, ServerHandshake, ServerProgress};
use ws_core::input::ReadBuffer;

use crate::asynchronous::{Stream, Timer};
use crate::board::clock::Clock;
use crate::board::uart;
use crate::echo::echo;

/// What a connection reads into.
pub type Buffer = ReadBuffer<[u8; 1024]>;

/// Waits for bytes, and takes what fits.
pub fn read(buffer: &mut Buffer) {
    let len = uart::read(buffer.spare());
    buffer.filled(len);
}

/// The server's opening handshake; a request that is refused is answered too.
pub fn accept(buffer: &mut Buffer) -> Option<Connection<Unmasked>> {
    let mut handshake = ServerHandshake::with_headers::<32>([0; 1024]);
    let mut out = [0; 1024];
    let len = loop {
        read(buffer);
        match handshake.receive(&mut buffer.input()) {
            ServerProgress::NeedInput => continue,
            ServerProgress::Request => {
                if let Ok(len) = handshake.accept(OriginPolicy::SameHost, &OutgoingResponse::new(), &mut out)
                {
                    break len;
                }
            }
            ServerProgress::NotWebSocket | ServerProgress::Failed(_) => {}
        }
        if let Ok(len) = handshake.reject_fault(&mut out) {
            uart::write(out.get(..len).unwrap_or_default());
        }
        return None;
    };
    uart::write(out.get(..len).unwrap_or_default());
    Some(Connection::server(Config::new()))
}

/// Echoes until the connection has ended.
pub fn serve<K: Masking>(mut connection: Connection<K>, buffer: &mut Buffer) {
    while connection.transport() == Transport::Open {
        echo(&mut connection, &mut buffer.input(), &mut |bytes| uart::write(bytes));
        read(buffer);
    }
}

/// Hands over what has come until `relay` takes a frame's bytes off its beginning, and so on for ever.
pub fn relay_frames(mut relay: impl FnMut(&mut [u8]) -> Option<usize>) -> ! {
    let mut bytes = [0; 1024];
    let mut filled = 0;
    loop {
        filled = match bytes.get_mut(filled..) {
            Some(spare) => uart::read(spare).wrapping_add(filled),
            None => 0,
        };
        let frame = bytes.get_mut(..filled).unwrap_or_default();
        if let Some(taken) = relay(frame) {
            filled = filled.saturating_sub(taken);
            for at in 0..filled {
                let byte = bytes.get(at.wrapping_add(taken)).copied().unwrap_or_default();
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
        }
    }
}

/// Hands over a request's head, longer each time, until `request` finds it whole. One that is too long is refused.
pub fn wait_for_request<T>(mut request: impl FnMut(&[u8]) -> Option<T>) -> T {
    let mut head = [0; 1024];
    let mut filled: usize = 0;
    loop {
        filled = filled.wrapping_add(uart::read(head.get_mut(filled..).unwrap_or_default()));
        if let Some(found) = request(head.get(..filled).unwrap_or_default()) {
            return found;
        }
        if filled == head.len() {
            uart::write(b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n\r\n");
            filled = 0;
        }
    }
}

/// The UART as a stream. It has no end, and its reader has to be polled without a pause: no interrupt wakes it.
#[derive(Debug)]
pub struct Serial;

impl ErrorType for Serial {
    type Error = Infallible;
}

impl Read for Serial {
    async fn read(&mut self, space: &mut [u8]) -> Result<usize, Infallible> {
        poll_fn(|_| if uart::has_byte() { Poll::Ready(()) } else { Poll::Pending }).await;
        Ok(uart::read(space))
    }
}

impl Write for Serial {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        uart::write(bytes);
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Stream for Serial {
    async fn shutdown_write(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Timer for &Clock {
    fn now(&self) -> Duration {
        Clock::now(self)
    }

    async fn wait_until(&self, time: Duration) {
        poll_fn(|_| if Clock::now(self) >= time { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}
