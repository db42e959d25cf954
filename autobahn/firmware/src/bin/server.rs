//! A WebSocket echo server on port 80, for a few connections at once.
#![no_std]
#![no_main]

use core::time::Duration;

use smoltcp::iface::{SocketHandle, SocketSet, SocketStorage};
use smoltcp::socket::tcp;
use ws_core::connection::Transport;
use ws_firmware::board::{clock::Clock, entry, parameters::Parameters, singleton, uart};
use ws_firmware::echo::Session;
use ws_firmware::network::{Network, room, send, socket};

#[entry]
fn main() -> ! {
    ws_firmware::board::start();
    uart::start();
    // Each can be taken once, and this is the once.
    let (Some(core), Some(storage), Some(buffers), Some(scratch)) = (
        cortex_m::Peripherals::take(),
        singleton!(: [SocketStorage<'static>; CONNECTION_COUNT] = [SocketStorage::EMPTY; CONNECTION_COUNT]),
        singleton!(: [Buffers; CONNECTION_COUNT] = [const { Buffers::new() }; CONNECTION_COUNT]),
        singleton!(: [u8; SCRATCH_LEN] = [0; SCRATCH_LEN]),
    ) else {
        board_is_taken()
    };
    let seed = Parameters::read().map_or(0, |parameters| first_u64(parameters.entropy));
    let mut network = Network::start(Clock::start(core.SYST), seed);
    let mut sockets = SocketSet::new(&mut storage[..]);
    let mut places = buffers.each_mut().map(|buffers| {
        let handle = sockets.add(socket(&mut buffers.received, &mut buffers.sent));
        Place { handle, session: None }
    });
    uart::write(b"ws-firmware: echo server on port 80\n");
    loop {
        network.poll(&mut sockets);
        let mut is_busy = false;
        for place in &mut places {
            let now = network.clock().now();
            is_busy |= place.serve(sockets.get_mut(place.handle), now, scratch);
        }
        if !is_busy {
            network.wait();
        }
    }
}

/// The bytes that a connection has on their way.
struct Buffers {
    received: [u8; BUFFER_LEN],
    sent: [u8; BUFFER_LEN],
}

impl Buffers {
    const fn new() -> Self {
        Self { received: [0; BUFFER_LEN], sent: [0; BUFFER_LEN] }
    }
}

/// A place for a connection.
struct Place {
    handle: SocketHandle,
    /// None while nobody is connected.
    session: Option<Session>,
}

impl Place {
    /// Does what there is to do, and says whether that was anything.
    fn serve(
        &mut self,
        socket: &mut tcp::Socket<'_>,
        now: Duration,
        scratch: &mut [u8; SCRATCH_LEN],
    ) -> bool {
        if !socket.is_open() {
            self.session = None;
            // It fails only where the socket is open or the port 0.
            let _listening = socket.listen(80);
            return true;
        }
        if !socket.is_active() || socket.state() == tcp::State::SynReceived {
            return false;
        }
        let session = self.session.get_or_insert_with(|| Session::new(now));
        let is_busy = receive(session, socket, now, scratch);
        if !socket.may_recv() && !socket.can_recv() {
            session.eof();
        }
        let has_room = room(socket) >= session.answer_len_max(0);
        if has_room && session.poll(now, |bytes| send(socket, bytes)) {
            socket.abort();
        }
        match session.transport() {
            Transport::Open | Transport::Linger { shutdown_write: false } => {}
            // What was sent goes out first; what comes meanwhile is discarded.
            Transport::Linger { shutdown_write: true } | Transport::Closed => socket.close(),
        }
        is_busy
    }
}

/// Takes as much as can be answered: what does not fit stays in the socket, whose window tells the peer.
fn receive(
    session: &mut Session,
    socket: &mut tcp::Socket<'_>,
    now: Duration,
    scratch: &mut [u8; SCRATCH_LEN],
) -> bool {
    let mut is_busy = false;
    loop {
        let len = scratch.len().min(room(socket).saturating_sub(session.answer_len_max(0)));
        let bytes = scratch.get_mut(..len).unwrap_or_default();
        match socket.recv_slice(bytes) {
            Ok(0) | Err(_) => return is_busy,
            Ok(len) => {
                let bytes = bytes.get_mut(..len).unwrap_or_default();
                session.receive(bytes, now, PAGE, |bytes| send(socket, bytes));
                is_busy = true;
            }
        }
    }
}

/// Cannot be: each of them is taken once only.
fn board_is_taken() -> ! {
    loop {
        cortex_m::asm::wfi();
    }
}

fn first_u64(bytes: [u8; 32]) -> u64 {
    bytes.first_chunk().copied().map_or(0, u64::from_le_bytes)
}

const PAGE: &[u8] = b"ws-core on a Cortex-M3: connect by WebSocket, and every message comes back.\n";

/// As many as the RAM has room for, with buffers that make TCP go well.
const CONNECTION_COUNT: usize = 3;
const BUFFER_LEN: usize = 6 * 1024;
const SCRATCH_LEN: usize = 1460;
