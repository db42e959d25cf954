//! An echo server as an event loop on mio, the one to start from: any number of connections on one thread.
//!
//! `cargo run --release -p ws-core --example mio_session [ADDR]` serves on 127.0.0.1:9005, or on ADDR, until Ctrl-C.
//!
//! All connections read into one buffer in turn, so that an idle one takes 1.4 KiB. What came in one read is answered by
//! one write. Nothing is read from a peer that does not read. `mio_echo` is for programs that need even less memory.
#![expect(clippy::std_instead_of_core, reason = "a program has std")]

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::time::{Duration, Instant};
use std::{env, mem, net::Shutdown};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Registry, Token};
use slab::Slab;
use ws_core::connection::Transport;
use ws_core::event::Event;
use ws_core::handshake::{OriginPolicy, OutgoingResponse, ServerHandshake, ServerProgress};
use ws_core::input::ReadBuffer;
use ws_core::keepalive::KeepaliveConfig;
use ws_core::session::{Config, NoKeys, Opened, Session};

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9005".to_owned());
    let listener = TcpListener::bind(address.parse().map_err(io::Error::other)?)?;
    writeln!(io::stdout(), "listening on http://{}/ (Ctrl-C ends)", listener.local_addr()?)?;
    serve(listener)
}

/// Serves until polling fails.
pub(crate) fn serve(mut listener: TcpListener) -> io::Result<()> {
    let (mut poll, mut events, mut turns) = (Poll::new()?, Events::with_capacity(1024), Vec::new());
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let (mut peers, mut shared) = (Slab::<Peer>::new(), ReadBuffer::default());
    let (start, mut swept) = (Instant::now(), Duration::ZERO);
    loop {
        match poll.poll(&mut events, Some(TICK)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let (registry, now) = (poll.registry(), start.elapsed());
        turns.extend(events.iter().map(|event| (event.token(), event.is_read_closed())));
        if now.saturating_sub(swept) >= TICK {
            swept = now;
            let due = peers.iter().filter(|(_, peer)| peer.deadline <= now);
            turns.extend(due.map(|(key, _)| (Token(key), true)));
            // Again, for peers that there were no file descriptors for.
            turns.push((LISTENER, false));
        }
        for (token, is_thorough) in turns.drain(..) {
            let Some(peer) = peers.get_mut(token.0) else {
                accept(&listener, registry, &mut peers, now);
                continue;
            };
            let is_over = match peer.turn(&mut shared, now, is_thorough) {
                // What is registered anew is reported again, after all others.
                Ok(is_more) => is_more && registry.reregister(&mut peer.stream, token, INTEREST).is_err(),
                Err(error) => error.kind() != ErrorKind::WouldBlock,
            };
            if is_over {
                peers.remove(token.0);
            }
        }
    }
}

fn accept(listener: &TcpListener, registry: &Registry, peers: &mut Slab<Peer>, now: Duration) {
    // What fails is tried again later.
    while let Ok((mut stream, _)) = listener.accept() {
        let entry = peers.vacant_entry();
        let registered = registry.register(&mut stream, Token(entry.key()), INTEREST);
        if registered.and_then(|()| stream.set_nodelay(true)).is_ok() {
            let phase = Phase::Opening(Box::new(ServerHandshake::new(vec![0; HEAD_LEN_MAX])));
            entry.insert(Peer { stream, phase, deadline: now.saturating_add(PATIENCE) });
        }
    }
}

struct Peer {
    stream: TcpStream,
    phase: Phase,
    deadline: Duration,
}

#[expect(clippy::large_enum_variant, reason = "nearly all connections are open")]
enum Phase {
    /// The opening handshake, or what follows its refusal.
    Opening(Box<ServerHandshake<Vec<u8>>>),
    Open(Session<NoKeys>),
}

impl Peer {
    /// Reads once, and answers. Returns whether there may be more to read. An error is the end, but for `WouldBlock`.
    ///
    /// It `is_thorough` where a deadline may have passed, or the end of the stream may not be reported again.
    fn turn(
        &mut self,
        shared: &mut ReadBuffer<Vec<u8>>,
        now: Duration,
        is_thorough: bool,
    ) -> io::Result<bool> {
        if shared.capacity() == 0 {
            *shared = ReadBuffer::new(vec![0; READ_LEN]); // Or a peer has kept it, with a part of a frame.
        }
        let Phase::Open(session) = &mut self.phase else { return self.open(shared, now) };
        session.inbound.borrow_buffer(shared);
        let turn = echo(&mut self.stream, session, now, is_thorough);
        session.inbound.return_buffer(shared);
        session.release();
        self.deadline = session.outbound.next_deadline().unwrap_or(Duration::MAX);
        turn
    }

    fn open(&mut self, shared: &mut ReadBuffer<Vec<u8>>, now: Duration) -> io::Result<bool> {
        let Phase::Opening(handshake) = &mut self.phase else { return Ok(true) };
        shared.clear();
        let len = if self.deadline > now { self.stream.read(shared.spare())? } else { 0 };
        if len == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        shared.filled(len);
        if handshake.receive(&mut shared.input()) == ServerProgress::NeedInput {
            return Ok(true);
        }
        let mut head = vec![0; 1024];
        if let Ok(len) = handshake.accept(OriginPolicy::SameHost, &OutgoingResponse::new(), &mut head) {
            head.truncate(len);
            let opened = Opened::by_server(handshake).map_err(io::Error::other)?.with_unsent(head);
            let keepalive = KeepaliveConfig::new().with_ping_interval(Some(PING_INTERVAL));
            let buffer = mem::take(shared);
            let mut session = Session::new(opened, Config::new().with_keepalive(keepalive), buffer, now);
            session.inbound.return_buffer(shared);
            self.phase = Phase::Open(session);
        } else if let Ok(len) = handshake.reject_fault(&mut head) {
            // A new stream has room for it. Further turns discard what still comes, until the peer has read it.
            self.stream.write_all(head.get(..len).unwrap_or_default())?;
            self.stream.shutdown(Shutdown::Write)?;
        }
        Ok(true)
    }
}

/// Reads once, unless what was read before still waits for its answer, and answers as much as the peer takes. Returns whether
/// there may be more to read.
fn echo(
    stream: &mut TcpStream,
    Session { inbound, outbound, .. }: &mut Session<NoKeys>,
    now: Duration,
    is_thorough: bool,
) -> io::Result<bool> {
    let mut is_more = !inbound.wants_read();
    if !is_more {
        let room = inbound.spare();
        let room_len = room.len();
        match stream.read(room) {
            Ok(0) => inbound.eof(),
            Ok(len) => {
                inbound.filled(len, now);
                // Where room was left, further bytes make an event; but on Windows only after WouldBlock.
                is_more = len == room_len || is_thorough || cfg!(windows);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    loop {
        while outbound.is_ready() {
            match inbound.next(outbound) {
                Some(Event::Data(message)) if !outbound.is_closing() => {
                    outbound.send(message).map_err(io::Error::other)?;
                }
                Some(_) => {} // The session answers pings, and closes.
                None => break,
            }
        }
        if is_thorough {
            if !outbound.is_ready() {
                inbound.advance(outbound); // reports that bytes came, and takes no message
            }
            outbound.poll(now);
        }
        while outbound.wants_transmit() {
            match stream.write(outbound.transmit()) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(len) => outbound.transmitted(len, now),
                Err(error) => {
                    outbound.transmitted(0, now);
                    return Err(error); // WouldBlock: once the peer has read, there is an event.
                }
            }
        }
        match outbound.transport() {
            Transport::Linger { shutdown_write: true } => {
                stream.shutdown(Shutdown::Write)?;
                outbound.write_shut_down();
            }
            Transport::Open | Transport::Linger { .. } => {}
            Transport::Closed => return Err(ErrorKind::ConnectionAborted.into()),
        }
        if inbound.wants_read() {
            return Ok(is_more);
        }
    }
}

const LISTENER: Token = Token(usize::MAX);
const INTEREST: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// How often deadlines are looked at, which are so much later at most.
const TICK: Duration = Duration::from_secs(1);
/// How long the opening handshake may take.
const PATIENCE: Duration = Duration::from_secs(10);
const PING_INTERVAL: Duration = Duration::from_secs(60);

/// How much is read at once, and how long the head of a request may be, in bytes.
const READ_LEN: usize = 64 * 1024;
const HEAD_LEN_MAX: usize = 8 * 1024;
