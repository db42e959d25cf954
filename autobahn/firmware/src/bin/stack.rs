//! Measures, on the board, what a connection takes of RAM and what its operations take of the stack, and says so on the
//! UART: a line each, of a kind, a name and a number of bytes.
#![no_std]
#![no_main]

use core::future::pending;
use core::time::Duration;

use ws_core::connection::{Config, Connection, KeySource, Unmasked};
use ws_core::event::Event;
use ws_core::frame::{CloseCode, Fin, MaskKey};
use ws_core::handshake::{
    ClientHandshake, OriginPolicy, OutgoingRequest, OutgoingResponse, ServerHandshake, ServerProgress,
};
use ws_core::input::ReadBuffer;
use ws_core::keepalive::KeepaliveConfig;
use ws_core::uri::Uri;
use ws_firmware::asynchronous::{
    Buffers, Link, OUT_LEN, Timer, accept as accept_async, connect as connect_async, echo as echo_async,
};
use ws_firmware::board::{entry, stack, uart};
use ws_firmware::echo::echo;
use ws_firmware::over_uart::Serial;

type Storage = [u8; 1024];
type Server<const HEADERS: usize> = ServerHandshake<Storage, HEADERS>;
type Client = ClientHandshake<Storage, 32>;

#[entry]
fn main() -> ! {
    ws_firmware::board::start();
    uart::start();
    let storage_len = size_of::<Storage>();
    say("ram", "server connection", size_of::<Connection<Unmasked>>());
    say("ram", "client connection", size_of::<Connection<Keys>>());
    say("ram", "server handshake", size_of::<Server<32>>().wrapping_sub(storage_len));
    say("ram", "client handshake", size_of::<Client>().wrapping_sub(storage_len));
    say("ram", "read buffer", size_of::<ReadBuffer<Storage>>().wrapping_sub(storage_len));
    futures();
    accept::<32>("head of 32 lines");
    accept::<128>("head of 128 lines");
    connect();
    serve();
    uart::write(b"done\n");
    loop {
        cortex_m::asm::wfi();
    }
}

fn say(kind: &str, name: &str, number: usize) {
    uart::write(kind.as_bytes());
    uart::write(b" ");
    uart::write(name.as_bytes());
    uart::write(b": ");
    uart::write_number(u32::try_from(number).unwrap_or(u32::MAX));
    uart::write(b"\n");
}

/// What the futures of connections for async firmware take, besides the buffers that are lent to them.
fn futures() {
    let (mut input, mut head, mut out) = ([0; 1024], [0; 1024], [0; OUT_LEN]);
    let buffers = Buffers { input: &mut input, head: &mut head, out: &mut out };
    let server = async {
        let link = Link::new(Serial, Never, KeepaliveConfig::new());
        accept_async(link, buffers, OriginPolicy::SameHost).await?.run(echo_async).await
    };
    say("ram", "async server", size_of_val(&server).wrapping_sub(size_of::<Buffers<'_>>()));
    drop(server);
    let buffers = Buffers { input: &mut input, head: &mut head, out: &mut out };
    let Ok(uri) = Uri::parse("ws://10.0.2.2:9001/chat?room=1") else { return expect(false) };
    let request = OutgoingRequest::new(uri);
    let client = async {
        let link = Link::new(Serial, Never, KeepaliveConfig::new());
        connect_async(link, buffers, &request, Keys).await?.run(echo_async).await
    };
    say("ram", "async client", size_of_val(&client).wrapping_sub(size_of::<Buffers<'_>>()));
}

/// Copies into a buffer as if it had been read.
fn filled(bytes: &[u8]) -> ReadBuffer<Storage> {
    let mut buffer = ReadBuffer::new([0; 1024]);
    for (place, byte) in buffer.spare().iter_mut().zip(bytes) {
        *place = *byte;
    }
    buffer.filled(bytes.len());
    buffer
}

fn accept<const HEADERS: usize>(name: &str) {
    let mut buffer = filled(
        b"GET /chat?room=1 HTTP/1.1\r\nHost: [2001:db8::1]:9001\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nOrigin: http://[2001:db8::1]:9001\r\n\
          Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n",
    );
    let mut handshake = ServerHandshake::with_headers::<HEADERS>([0; 1024]);
    let (progress, used) = stack::used_by(|| handshake.receive(&mut buffer.input()));
    expect(progress == ServerProgress::Request);
    say("stack", name, used);
    if HEADERS == 32 {
        let mut out = [0; 256];
        let (len, used) = stack::used_by(|| {
            handshake.accept(OriginPolicy::SameHost, &OutgoingResponse::new(), &mut out).unwrap_or(0)
        });
        expect(len > 100);
        say("stack", "answer", used);
    }
}

fn connect() {
    let Ok(uri) = Uri::parse("ws://10.0.2.2:9001/chat?room=1") else { return expect(false) };
    let request = OutgoingRequest::new(uri);
    let mut handshake = ClientHandshake::with_headers::<32>([0; 1024], *b"the sample nonce");
    let mut out = [0; 256];
    let (len, used) = stack::used_by(|| handshake.write_request(&request, &mut out).unwrap_or(0));
    expect(len > 100);
    say("stack", "request", used);
    let mut buffer = filled(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    );
    let (progress, used) = stack::used_by(|| handshake.receive(&request, &mut buffer.input()));
    expect(progress == ws_core::handshake::ClientProgress::Accepted);
    say("stack", "response of 32 lines", used);
}

/// A text, a ping and a Close; masked with zeros.
const FRAMES: &[u8] = b"\x81\x85\0\0\0\0Hello\x89\x84\0\0\0\0ping\x88\x82\0\0\0\0\x03\xe8";

fn serve() {
    let mut connection = Connection::server(Config::new());
    let mut buffer = filled(FRAMES);
    let mut sent = 0_usize;
    let ((), used) = stack::used_by(|| {
        echo(&mut connection, &mut buffer.input(), &mut |bytes| sent = sent.wrapping_add(bytes.len()));
    });
    expect(sent == 7 + 6 + 4);
    say("stack", "echo by pieces", used);

    let mut connection = Connection::server(Config::new());
    let mut buffer = filled(FRAMES);
    let (len, used) = stack::used_by(|| match connection.next_event(&mut buffer.input()) {
        Some(Event::Data(fragment)) => fragment.payload.as_bytes().len(),
        _ => 0,
    });
    expect(len == 5);
    say("stack", "next_event", used);

    let mut out = [0; 256];
    let mut connection = Connection::client(Keys, Config::new());
    let (sent, used) = stack::used_by(|| connection.send_fragment("Hello", Fin::Final, &mut out).is_ok());
    expect(sent);
    say("stack", "send_fragment", used);
    connection.close(CloseCode::NORMAL.into());
    let (len, used) = stack::used_by(|| connection.poll_transmit(&mut out));
    expect(len == Ok(8));
    say("stack", "poll_transmit", used);
}

fn expect(is_so: bool) {
    if !is_so {
        uart::write(b"FAILED: an operation did not do what is measured\n");
    }
}

/// Always the same key: what is measured needs no other.
struct Keys;

impl KeySource for Keys {
    fn next_key(&mut self) -> Option<MaskKey> {
        Some(MaskKey::new([1, 2, 3, 4]))
    }
}

/// A clock that stands still.
struct Never;

impl Timer for Never {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    async fn wait_until(&self, _: Duration) {
        pending().await
    }
}
