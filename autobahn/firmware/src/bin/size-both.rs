//! The image with both roles: the server's, and a client that opens a connection and echoes, over the UART.
#![no_std]
#![no_main]

use ws_core::connection::{Config, Connection, KeySource};
use ws_core::frame::MaskKey;
use ws_core::handshake::{ClientHandshake, ClientProgress, OutgoingRequest};
use ws_core::input::ReadBuffer;
use ws_core::uri::Uri;
use ws_firmware::board::{entry, parameters::Parameters, uart};
use ws_firmware::over_uart::{Buffer, accept, read, serve};

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

fn connect(buffer: &mut Buffer) -> Option<Connection<Keys>> {
    let entropy = Parameters::read()?.entropy;
    let request = OutgoingRequest::new(Uri::parse("ws://10.0.2.2:9001/chat").ok()?);
    let nonce = *entropy.last_chunk()?;
    let mut handshake = ClientHandshake::with_headers::<32>([0; 1024], nonce);
    let mut out = [0; 512];
    let len = handshake.write_request(&request, &mut out).ok()?;
    uart::write(out.get(..len).unwrap_or_default());
    loop {
        read(buffer);
        match handshake.receive(&request, &mut buffer.input()) {
            ClientProgress::NeedInput => {}
            ClientProgress::Accepted => return Some(Connection::client(Keys(entropy), Config::new())),
            ClientProgress::Rejected | ClientProgress::Failed(_) => return None,
        }
    }
}
