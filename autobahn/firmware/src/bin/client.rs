//! A WebSocket client: connects to an echo server on the host, sends messages of several kinds, compares what comes
//! back, and says on the UART what came of it.
#![no_std]
#![no_main]

use smoltcp::iface::{SocketHandle, SocketSet, SocketStorage};
use smoltcp::socket::tcp;
use ws_core::connection::{Config, Connection, Transport};
use ws_core::frame::CloseCode;
use ws_core::handshake::{ClientHandshake, ClientProgress, OutgoingRequest};
use ws_core::input::ReadBuffer;
use ws_core::uri::Uri;
use ws_firmware::board::{clock::Clock, entry, parameters::Parameters, singleton, stack, uart};
use ws_firmware::entropy::Entropy;
use ws_firmware::network::{GATEWAY, Network, room, send, socket};
use ws_firmware::script::Script;

#[entry]
fn main() -> ! {
    ws_firmware::board::start();
    uart::start();
    match run() {
        Ok((message_count, byte_count)) => {
            uart::write(b"client: passed, messages ");
            uart::write_number(message_count);
            uart::write(b", bytes ");
            uart::write_number(byte_count);
            uart::write(b", deepest stack ");
            uart::write_number(u32::try_from(stack::deepest()).unwrap_or_default());
            uart::write(b"\n");
        }
        Err(why) => {
            uart::write(b"client: FAILED: ");
            uart::write(why.as_bytes());
            uart::write(b"\n");
        }
    }
    loop {
        cortex_m::asm::wfi();
    }
}

/// The network with the one socket.
struct Link<'a> {
    network: Network,
    sockets: SocketSet<'a>,
    handle: SocketHandle,
    /// When it is given up, in milliseconds.
    deadline: u32,
}

impl<'a> Link<'a> {
    fn socket(&mut self) -> &mut tcp::Socket<'a> {
        self.sockets.get_mut(self.handle)
    }

    /// Lets the network go on, and waits where there is nothing to be read.
    fn step(&mut self) -> Result<(), &'static str> {
        self.network.poll(&mut self.sockets);
        if !self.socket().can_recv() {
            self.network.wait();
        }
        let is_late = self.network.clock().milliseconds() > self.deadline;
        if is_late { Err("it takes too long") } else { Ok(()) }
    }
}

fn run() -> Result<(u32, u32), &'static str> {
    let parameters = Parameters::read().ok_or("no parameters")?;
    let mut entropy = Entropy::new(&parameters);
    let core = cortex_m::Peripherals::take().ok_or("no peripherals")?;
    let network = Network::start(Clock::start(core.SYST), entropy.number());
    let storage = singleton!(: [SocketStorage<'static>; 1] = [SocketStorage::EMPTY]).ok_or("no storage")?;
    let received = singleton!(: [u8; BUFFER_LEN] = [0; BUFFER_LEN]).ok_or("no buffer")?;
    let sent = singleton!(: [u8; BUFFER_LEN] = [0; BUFFER_LEN]).ok_or("no buffer")?;
    let mut sockets = SocketSet::new(&mut storage[..]);
    let handle = sockets.add(socket(received, sent));
    let mut link = Link { network, sockets, handle, deadline: DEADLINE };

    let local_port = 49_152 | u16::try_from(entropy.number() & 0x3FFF).unwrap_or_default();
    let server = (GATEWAY, parameters.port);
    let context = link.network.interface().context();
    let opened = link.sockets.get_mut::<tcp::Socket<'_>>(handle).connect(context, server, local_port);
    opened.map_err(|_| "connecting is not possible")?;
    while !link.socket().may_send() {
        if !link.socket().is_open() {
            return Err("the server does not take the connection");
        }
        link.step()?;
    }

    let mut buffer = ReadBuffer::new([0; 1024]);
    shake_hands(&mut link, &mut buffer, entropy.nonce())?;
    converse(&mut link, &mut buffer, Connection::client(entropy, Config::new()))
}

/// The opening handshake; what comes behind it stays in the buffer.
fn shake_hands(
    link: &mut Link<'_>,
    buffer: &mut ReadBuffer<[u8; 1024]>,
    nonce: [u8; 16],
) -> Result<(), &'static str> {
    let uri = Uri::parse("ws://10.0.2.2/firmware?from=lm3s6965").map_err(|_| "the URI is none")?;
    let request = OutgoingRequest::new(uri);
    let mut handshake = ClientHandshake::with_headers::<32>([0; 1024], nonce);
    let mut out = [0; 512];
    let len = handshake.write_request(&request, &mut out).map_err(|_| "the request cannot be written")?;
    send(link.socket(), out.get(..len).unwrap_or_default());
    loop {
        match handshake.receive(&request, &mut buffer.input()) {
            ClientProgress::NeedInput => read(link, buffer)?,
            ClientProgress::Accepted => return Ok(()),
            ClientProgress::Rejected => return Err("the server rejects the request"),
            ClientProgress::Failed(_) => return Err("the server's answer is wrong"),
        }
    }
}

/// Sends the script's messages and compares what comes back, then closes.
fn converse(
    link: &mut Link<'_>,
    buffer: &mut ReadBuffer<[u8; 1024]>,
    mut connection: Connection<Entropy>,
) -> Result<(u32, u32), &'static str> {
    let mut script = Script::new();
    loop {
        let mut is_busy = false;
        while room(link.socket()) >= Script::ROOM {
            let socket = link.socket();
            if !script.send_next(&mut connection, |bytes| send(socket, bytes))? {
                break;
            }
            is_busy = true;
        }
        let mut input = buffer.input();
        while let Some(event) = connection.next_piece(&mut input) {
            script.check(&connection, event)?;
        }
        if script.is_done() {
            connection.close(CloseCode::NORMAL.into());
        }
        let mut out = [0; 256];
        if room(link.socket()) >= out.len() {
            let len = connection.poll_transmit(&mut out).map_err(|_| "no masking key")?;
            send(link.socket(), out.get(..len).unwrap_or_default());
        }
        match connection.transport() {
            Transport::Open => {}
            Transport::Linger { .. } | Transport::Closed => break,
        }
        if link.socket().can_recv() || !is_busy {
            read(link, buffer)?;
        } else {
            link.step()?;
        }
    }
    link.socket().close();
    link.step()?;
    let is_clean = connection.closure().is_some_and(|closure| closure.is_clean);
    if is_clean { script.outcome() } else { Err("the connection was not closed cleanly") }
}

/// Reads what has come, or goes on a step where nothing has.
fn read(link: &mut Link<'_>, buffer: &mut ReadBuffer<[u8; 1024]>) -> Result<(), &'static str> {
    link.step()?;
    let socket = link.socket();
    if let Ok(len) = socket.recv_slice(buffer.spare()) {
        buffer.filled(len);
        return Ok(());
    }
    if socket.may_recv() { Ok(()) } else { Err("the server has ended the connection") }
}

const BUFFER_LEN: usize = 8 * 1024;
/// A minute, of which the emulated board needs a few seconds.
const DEADLINE: u32 = 60_000;
