//! The image with a server: the opening handshake with all its checks, and an echo of messages of any length, over the
//! UART.
#![no_std]
#![no_main]

use ws_core::connection::{Config, Connection, Transport, Unmasked};
use ws_core::handshake::{OriginPolicy, Response, ServerHandshake, ServerProgress};
use ws_core::input::ReadBuffer;
use ws_firmware::board::{entry, uart};
use ws_firmware::echo::echo;

#[entry]
fn main() -> ! {
    ws_firmware::board::start();
    uart::start();
    loop {
        let mut buffer = ReadBuffer::new([0; 1024]);
        if let Some(connection) = open(&mut buffer) {
            serve(connection, &mut buffer);
        }
    }
}

fn open(buffer: &mut ReadBuffer<[u8; 1024]>) -> Option<Connection<Unmasked>> {
    let mut handshake = ServerHandshake::<_, 32>::with_header_count_max([0; 1024]);
    let mut out = [0; 1024];
    let len = loop {
        let len = uart::read(buffer.spare());
        buffer.filled(len);
        match handshake.receive(&mut buffer.input()) {
            ServerProgress::NeedInput => continue,
            ServerProgress::Request => {
                if let Ok(len) = handshake.accept(OriginPolicy::SameHost, &Response::new(), &mut out) {
                    break len;
                }
            }
            ServerProgress::NotWebSocket | ServerProgress::Failed(_) => {}
        }
        if let Ok(len) = handshake.refuse(&mut out) {
            uart::write(out.get(..len).unwrap_or_default());
        }
        return None;
    };
    uart::write(out.get(..len).unwrap_or_default());
    Some(Connection::server(Config::new()))
}

fn serve(mut connection: Connection<Unmasked>, buffer: &mut ReadBuffer<[u8; 1024]>) {
    while connection.transport() == Transport::Open {
        echo(&mut connection, &mut buffer.input(), &mut |bytes| uart::write(bytes));
        let len = uart::read(buffer.spare());
        buffer.filled(len);
    }
}
