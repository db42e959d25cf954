//! The image with both roles: the server's, and a client that opens a connection and echoes, over the UART.
#![no_std]
#![no_main]

use ws_core::connection::{Config, Connection, KeySource, Masking, Transport, Unmasked};
use ws_core::frame::MaskKey;
use ws_core::handshake::{
    ClientHandshake, ClientProgress, ClientRequest, OriginPolicy, Response, ServerHandshake, ServerProgress,
};
use ws_core::input::ReadBuffer;
use ws_core::uri::Uri;
use ws_firmware::board::{entry, parameters::Parameters, uart};
use ws_firmware::echo::echo;

type Buffer = ReadBuffer<[u8; 1024]>;

#[entry]
fn main() -> ! {
    ws_firmware::board::start();
    uart::start();
    loop {
        let mut buffer = ReadBuffer::new([0; 1024]);
        if let Some(connection) = accept(&mut buffer) {
            serve(connection, &mut buffer);
        }
        let mut buffer = ReadBuffer::new([0; 1024]);
        if let Some(connection) = connect(&mut buffer) {
            serve(connection, &mut buffer);
        }
    }
}

/// What measures needs no generator: the parameters' entropy once, for the image to be as small as possible.
struct Keys([u8; 32]);

impl KeySource for Keys {
    fn next_key(&mut self) -> Option<MaskKey> {
        self.0.rotate_left(4);
        self.0.first_chunk().copied().map(MaskKey::new)
    }
}

fn accept(buffer: &mut Buffer) -> Option<Connection<Unmasked>> {
    let mut handshake = ServerHandshake::<_, 32>::with_header_count_max([0; 1024]);
    let mut out = [0; 1024];
    let len = loop {
        read(buffer);
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

fn connect(buffer: &mut Buffer) -> Option<Connection<Keys>> {
    let entropy = Parameters::read()?.entropy;
    let request = ClientRequest::new(Uri::parse("ws://10.0.2.2:9001/chat").ok()?);
    let nonce = *entropy.last_chunk()?;
    let mut handshake = ClientHandshake::<_, 32>::with_header_count_max([0; 1024], nonce);
    let mut out = [0; 512];
    let len = handshake.write_request(&request, &mut out).ok()?;
    uart::write(out.get(..len).unwrap_or_default());
    loop {
        read(buffer);
        match handshake.receive(&request, &mut buffer.input()) {
            ClientProgress::NeedInput => {}
            ClientProgress::Accepted => return Some(Connection::client(Keys(entropy), Config::new())),
            ClientProgress::Refused | ClientProgress::Failed(_) => return None,
        }
    }
}

fn serve<K: Masking>(mut connection: Connection<K>, buffer: &mut Buffer) {
    while connection.transport() == Transport::Open {
        echo(&mut connection, &mut buffer.input(), &mut |bytes| uart::write(bytes));
        read(buffer);
    }
}

fn read(buffer: &mut Buffer) {
    let len = uart::read(buffer.spare());
    buffer.filled(len);
}
