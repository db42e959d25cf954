//! An echo server as an event loop on mio: any number of connections on one thread, in a few hundred bytes each.
//!
//! Start from `mio_session` unless memory is scarce. This loop drives a `Connection` itself: an idle one takes 0.6 KiB instead of
//! 1.4 KiB, and a message of any length passes without being assembled. In return it keeps what was not read or written, and the
//! deadlines, by its own code; it neither compresses nor pings.
//!
//! `cargo run --release -p ws-core --example mio_echo [ADDR]` serves on 127.0.0.1:9004, or on ADDR, until Ctrl-C.
//!
//! All connections share one buffer to read into, and one to write from. Most of what is read is answered by one write at
//! once. What a socket does not take waits in memory of its connection, from which nothing is read meanwhile: nobody can have
//! the server hold more than the answer to one read. A message comes back in as many fragments as it was read in, so that
//! messages of any length pass. Several cores take several loops, each on a listener of its own (`SO_REUSEPORT`).
#![expect(clippy::std_instead_of_core, reason = "a program has std")]

use std::io::{self, IoSlice, Read as _, Write as _};
use std::net::Shutdown;
use std::time::{Duration, Instant};
use std::{env, mem};

use mio::event::Event as Readiness;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Registry, Token};
use slab::Slab;
use ws_core::connection::{Config, Connection, FrameStart, Transport, Unmasked};
use ws_core::event::Event;
use ws_core::handshake::{OriginPolicy, OutgoingResponse, ServerHandshake, ServerProgress};
use ws_core::input::{Input, ReadBuffer};

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9004".to_owned());
    let listener = TcpListener::bind(address.parse().map_err(io::Error::other)?)?;
    writeln!(io::stdout(), "listening on http://{}/ (Ctrl-C ends)", listener.local_addr()?)?;
    serve(listener)
}

/// Serves until polling fails.
pub(crate) fn serve(mut listener: TcpListener) -> io::Result<()> {
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let buffer = ReadBuffer::new(vec![0; READ_LEN].into_boxed_slice());
    let mut shared = Shared { buffer, out: Vec::with_capacity(READ_LEN), now: 0 };
    let (mut peers, mut events) = (Slab::new(), Events::with_capacity(1024));
    let (start, mut swept) = (Instant::now(), 0);
    loop {
        match poll.poll(&mut events, Some(Duration::from_secs(1))) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            Ok(()) | Err(_) => {}
        }
        shared.now = start.elapsed().as_secs();
        for event in &events {
            if event.token() == LISTENER {
                accept(&listener, poll.registry(), &mut peers, shared.now);
            } else if let Some(peer) = peers.get_mut(event.token().0) {
                // That peers come and go is nothing to report.
                if peer.turn(event, poll.registry(), &mut shared).is_err() {
                    peers.remove(event.token().0);
                }
            }
        }
        if shared.now != swept {
            swept = shared.now;
            peers.retain(|_, peer| peer.deadline > swept);
            // Again, for those that there were no file descriptors for.
            accept(&listener, poll.registry(), &mut peers, shared.now);
        }
    }
}

/// Takes all who wait, as long as there is room for them.
fn accept(listener: &TcpListener, registry: &Registry, peers: &mut Slab<Peer>, now: u64) {
    loop {
        match listener.accept() {
            Ok((mut stream, _)) if peers.len() < PEER_COUNT_MAX => {
                let entry = peers.vacant_entry();
                let registered = registry.register(&mut stream, Token(entry.key()), Interest::READABLE);
                if registered.and_then(|()| stream.set_nodelay(true)).is_ok() {
                    entry.insert(Peer::new(stream, now));
                }
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(_) => return,
        }
    }
}

/// What all connections use in turn.
struct Shared {
    buffer: ReadBuffer<Box<[u8]>>,
    out: Vec<u8>,
    /// In seconds since the start.
    now: u64,
}

struct Peer {
    socket: Socket,
    phase: Phase,
    /// The start of a code point that waits for its other bytes.
    kept: Vec<u8>,
    /// When to give it up, unless something happens before, in seconds since the start.
    deadline: u64,
}

#[expect(clippy::large_enum_variant, reason = "nearly all connections are open")]
enum Phase {
    /// The opening handshake, which takes memory from the first byte to the last.
    Greeting(Option<Box<ServerHandshake<Vec<u8>>>>),
    Open(Connection<Unmasked>),
    /// All is said. What still comes is discarded, lest the peer be reset before it has read it.
    Leaving,
}

impl Peer {
    const fn new(stream: TcpStream, now: u64) -> Self {
        let socket = Socket { stream, unsent: Vec::new() };
        let deadline = now.saturating_add(PATIENCE);
        Self { socket, phase: Phase::Greeting(None), kept: Vec::new(), deadline }
    }

    /// Writes what waits, or else reads once and answers. An error is the end.
    fn turn(&mut self, event: &Readiness, registry: &Registry, shared: &mut Shared) -> io::Result<()> {
        if self.socket.is_blocked() {
            self.socket.flush()?;
            self.moved(shared.now)?;
        } else {
            let room = match self.read(&mut shared.buffer) {
                Ok(room) => room,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            self.answer(shared)?;
            // Where room was left over nothing more is there to be read, and new bytes are told of by themselves; but on
            // Windows only to who has met WouldBlock.
            if room > 0 && !self.socket.is_blocked() && !event.is_read_closed() && !cfg!(windows) {
                return Ok(());
            }
        }
        // Who registers anew is told again, after all others, what there is.
        let interest = if self.socket.is_blocked() { Interest::WRITABLE } else { Interest::READABLE };
        registry.reregister(&mut self.socket.stream, event.token(), interest)
    }

    /// Reads once, behind what was kept. Gives how much room was left over.
    fn read(&mut self, buffer: &mut ReadBuffer<Box<[u8]>>) -> io::Result<usize> {
        // What is in it is another peer's, which has kept what it needs.
        buffer.clear();
        buffer.spare().get_mut(..self.kept.len()).unwrap_or_default().copy_from_slice(&self.kept);
        buffer.filled(self.kept.len());
        let room = buffer.spare();
        let room_len = room.len();
        let len = self.socket.stream.read(room)?;
        if len == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buffer.filled(len);
        self.kept.clear();
        Ok(room_len.saturating_sub(len))
    }

    fn answer(&mut self, Shared { buffer, out, now }: &mut Shared) -> io::Result<()> {
        let mut input = buffer.input();
        out.clear();
        match &mut self.phase {
            Phase::Open(_) => {}
            Phase::Greeting(handshake) => match greet(handshake, &mut input, out)? {
                Some(phase) => self.phase = phase,
                None => return Ok(()),
            },
            Phase::Leaving => return Ok(()),
        }
        if let Phase::Open(connection) = &mut self.phase {
            // What came behind the request too.
            echo(connection, &mut input, out, &mut self.socket)?;
            if connection.transport() != Transport::Open {
                self.phase = Phase::Leaving;
            }
        }
        self.socket.write(out, &[])?;
        self.kept.extend_from_slice(buffer.unread());
        self.moved(*now)
    }

    /// What follows from what was written.
    fn moved(&mut self, now: u64) -> io::Result<()> {
        let (mut patience, is_blocked) = (PATIENCE, self.socket.is_blocked());
        match self.phase {
            // The peer sees the end behind what was written.
            Phase::Leaving if !is_blocked => self.socket.stream.shutdown(Shutdown::Write)?,
            Phase::Open(_) if !is_blocked => patience = IDLE,
            Phase::Leaving | Phase::Greeting(_) | Phase::Open(_) => {}
        }
        self.deadline = now.saturating_add(patience);
        Ok(())
    }
}

/// The opening handshake. What comes after it, once the request was answered.
fn greet(
    handshake: &mut Option<Box<ServerHandshake<Vec<u8>>>>,
    input: &mut Input<'_>,
    out: &mut Vec<u8>,
) -> io::Result<Option<Phase>> {
    let handshake = handshake.get_or_insert_with(|| Box::new(ServerHandshake::new(vec![0; HEAD_LEN_MAX])));
    if handshake.receive(input) == ServerProgress::NeedInput {
        return Ok(None);
    }
    let mut head = [0; 1024];
    let accepted = handshake.accept(OriginPolicy::SameHost, &OutgoingResponse::new(), &mut head);
    let (len, phase) = match accepted {
        Ok(len) => (len, Phase::Open(Connection::server(Config::new()))),
        // No WebSocket was asked for, or not as it should be; it is told so.
        Err(_) => (handshake.reject_fault(&mut head).map_err(io::Error::other)?, Phase::Leaving),
    };
    out.extend_from_slice(head.get(..len).unwrap_or_default());
    Ok(Some(phase))
}

/// Answers all that is in the input. Short payload is gathered in `out`, long payload is written from where it was read.
fn echo(
    connection: &mut Connection<Unmasked>,
    input: &mut Input<'_>,
    out: &mut Vec<u8>,
    socket: &mut Socket,
) -> io::Result<()> {
    while !input.is_empty() {
        let Some(event) = connection.next_event(input) else { break };
        if let Event::Data(fragment) = event {
            let bytes = fragment.payload.as_bytes();
            let len = u64::try_from(bytes.len()).map_err(io::Error::other)?;
            let start = FrameStart::new(fragment.payload.message_type(), fragment.fin(), len);
            let header = connection.send_half().begin_frame(start).map_err(io::Error::other)?;
            connection.send_half().payload_written(len).map_err(io::Error::other)?;
            out.extend_from_slice(header.as_bytes());
            if bytes.len() < COPIED_LEN_MAX {
                out.extend_from_slice(bytes);
            } else {
                socket.write(out, bytes)?;
                out.clear();
            }
        }
        if connection.wants_transmit() {
            // Pongs, and the Close that answers the peer's or tells it what it did wrong.
            let mut control = [0; 512];
            let len = connection.poll_transmit(&mut control).map_err(io::Error::other)?;
            out.extend_from_slice(control.get(..len).unwrap_or_default());
        }
    }
    Ok(())
}

/// A stream, and what it did not take.
struct Socket {
    stream: TcpStream,
    unsent: Vec<u8>,
}

impl Socket {
    fn is_blocked(&self) -> bool {
        !self.unsent.is_empty()
    }

    fn flush(&mut self) -> io::Result<()> {
        let unsent = mem::take(&mut self.unsent);
        self.write(&unsent, &[])
    }

    /// Writes both, and keeps what the stream does not take.
    fn write(&mut self, mut head: &[u8], mut tail: &[u8]) -> io::Result<()> {
        while !(self.is_blocked() || head.is_empty() && tail.is_empty()) {
            let written = if tail.is_empty() {
                self.stream.write(head)
            } else {
                self.stream.write_vectored(&[IoSlice::new(head), IoSlice::new(tail)])
            };
            match written {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(len) => {
                    tail = tail.get(len.saturating_sub(head.len())..).unwrap_or_default();
                    head = head.get(len..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        self.unsent.extend_from_slice(head);
        self.unsent.extend_from_slice(tail);
        Ok(())
    }
}

const LISTENER: Token = Token(usize::MAX);

/// How many connections there are at most; others are closed at once.
const PEER_COUNT_MAX: usize = 100_000;

/// How much is read at once, in bytes, and so about the most that is written at once.
const READ_LEN: usize = 64 * 1024;

/// From here on a write of two slices costs less than a copy, in bytes.
const COPIED_LEN_MAX: usize = 4096;

/// The longest head of a request, in bytes.
const HEAD_LEN_MAX: usize = 8 * 1024;

/// How long a peer may take to ask, to read and to close, in seconds.
const PATIENCE: u64 = 10;

/// How long a peer may be silent, in seconds.
const IDLE: u64 = 300;
