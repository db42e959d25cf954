//! Handshakes of TLS in level-triggered loops, on sockets: no side stalls, and none is woken up for nothing.
#![cfg(all(feature = "rustls-ring", target_os = "linux"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic_in_result_fn,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::std_instead_of_core,
    reason = "tests"
)]

mod common;

use std::cell::Cell;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use common::tls::{ALERT, Authority, VERSIONS, client_config, server_config};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use ws_std::rustls::{AlertDescription, Error as TlsError};
use ws_std::{Client, CloseCode, Connecting, Error, Receiving, Role, Server, Stream, TlsStream, WebSocket};

const URL: &str = "wss://example.com/chat";

/// A socket of which one turn of the loop moves at most `step` bytes in each direction.
struct Socket {
    tcp: TcpStream,
    turn: Rc<Turn>,
}

/// What a turn of the loop may still move, and how often something was moved.
#[derive(Default)]
struct Turn {
    readable_len: Cell<usize>,
    writable_len: Cell<usize>,
    moved_count: Cell<usize>,
}

impl Turn {
    fn begin(&self, step: usize) {
        self.readable_len.set(step);
        self.writable_len.set(step);
        self.moved_count.set(0);
    }

    fn move_by(
        &self,
        room: &Cell<usize>,
        call: impl FnOnce(usize) -> io::Result<usize>,
    ) -> io::Result<usize> {
        if room.get() == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        let len = call(room.get())?;
        room.set(room.get() - len);
        self.moved_count.set(self.moved_count.get() + 1);
        Ok(len)
    }
}

impl Read for Socket {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let Self { tcp, turn } = self;
        turn.move_by(&turn.readable_len, |len| {
            let len = len.min(bytes.len());
            tcp.read(&mut bytes[..len])
        })
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Self { tcp, turn } = self;
        turn.move_by(&turn.writable_len, |len| tcp.write(&bytes[..len.min(bytes.len())]))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Socket {
    fn shutdown_write(&mut self) -> io::Result<()> {
        self.tcp.shutdown(std::net::Shutdown::Write)
    }
}

enum Party {
    Connecting(Connecting<TlsStream<Socket>>),
    Receiving(Receiving<TlsStream<Socket>>),
    Open(WebSocket<TlsStream<Socket>>),
    Ended,
}

impl Party {
    fn stream(&self) -> Option<&TcpStream> {
        let stream = match self {
            Self::Connecting(connecting) => connecting.get_ref(),
            Self::Receiving(receiving) => receiving.get_ref(),
            Self::Open(socket) => Some(socket.get_ref()),
            Self::Ended => None,
        };
        stream.map(|stream| &stream.get_ref().tcp)
    }

    fn wants_write(&self) -> bool {
        match self {
            Self::Connecting(connecting) => connecting.wants_write(),
            Self::Receiving(receiving) => receiving.wants_write(),
            Self::Open(socket) => socket.wants_write(),
            Self::Ended => false,
        }
    }

    /// Goes on until the stream would block. The client says a message of this length, and closes once it is back.
    fn advance(&mut self, said_len: usize) -> Result<(), Error> {
        loop {
            match self {
                Self::Connecting(connecting) => {
                    let mut socket = connecting.advance()?;
                    socket.send(&vec![7; said_len])?;
                    *self = Self::Open(socket);
                }
                Self::Receiving(receiving) => *self = Self::Open(receiving.advance()?.accept()?),
                Self::Open(socket) => {
                    let role = socket.role();
                    match socket.read()? {
                        Some((message, mut writer)) if role == Role::Server => writer.send(message)?,
                        Some((message, _)) => {
                            assert_eq!(message.len(), said_len);
                            socket.start_close(CloseCode::NORMAL)?;
                        }
                        None => {
                            assert!(socket.closure().unwrap().is_clean);
                            *self = Self::Ended;
                        }
                    }
                }
                Self::Ended => return Ok(()),
            }
        }
    }
}

/// Waits as `poll` does; says which of these is ready for what it wants.
fn ready<const N: usize>(wanted: [(BorrowedFd<'_>, bool); N], patience: Duration) -> [bool; N] {
    let mut fds = wanted.map(|(fd, wants_write)| {
        let flags = if wants_write { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
        PollFd::from_borrowed_fd(fd, flags)
    });
    poll(&mut fds, Some(&Timespec::try_from(patience).unwrap())).unwrap();
    fds.map(|fd| !fd.revents().is_empty())
}

fn socket(tcp: TcpStream) -> (Socket, Rc<Turn>) {
    tcp.set_nonblocking(true).unwrap();
    let turn = Rc::new(Turn::default());
    (Socket { tcp, turn: Rc::clone(&turn) }, turn)
}

const LONG: Duration = Duration::from_secs(10);

#[test]
fn a_loop_neither_stalls_nor_wakes_up_for_nothing() {
    let authority = Authority::new("CA");
    let shown = authority.issue("somebody");
    for (version, asks) in VERSIONS.into_iter().flat_map(|version| [(version, false), (version, true)]) {
        let config = server_config(&authority, asks);
        let identity = asks.then_some(&shown);
        let client = Client::new().with_tls(Arc::new(client_config(&authority, version, identity)));
        for step in [1, 3, 100, usize::MAX] {
            let said_len = if step < 100 { 500 } else { 500_000 };
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let (ours, our_turn) = socket(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
            let (theirs, their_turn) = socket(listener.accept().unwrap().0);
            let mut parties = [
                Party::Connecting(client.start_handshake_tls(ours, URL).unwrap()),
                Party::Receiving(Server::new().start_receive_tls(theirs, &config).unwrap()),
            ];
            let end = listener.as_fd();
            while parties.iter().any(|party| !matches!(party, Party::Ended)) {
                let wanted = parties
                    .each_ref()
                    .map(|party| (party.stream().map_or(end, AsFd::as_fd), party.wants_write()));
                let ready = ready(wanted, LONG);
                assert!(ready.contains(&true), "nobody is waited for: {step}");
                for ((party, turn), is_ready) in parties.iter_mut().zip([&our_turn, &their_turn]).zip(ready) {
                    if !is_ready {
                        continue;
                    }
                    turn.begin(step);
                    if let Err(error) = party.advance(said_len) {
                        assert!(error.is_transient(), "{error:?}");
                    }
                    assert!(
                        turn.moved_count.get() > 0,
                        "woken up for nothing: {step}, {:?}",
                        party.wants_write()
                    );
                }
            }
        }
    }
}

#[test]
fn a_side_that_waits_for_the_other_is_not_woken_up() {
    let authority = Authority::new("CA");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (ours, turn) = socket(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
    let mut connecting = authority.client().start_handshake_tls(ours, URL).unwrap();
    // A part of the hello, then the rest of it; then nothing, since the server is silent.
    for (step, wants_write) in [(100, true), (0, true), (usize::MAX, false)] {
        turn.begin(step);
        assert!(connecting.advance().unwrap_err().is_transient());
        assert_eq!(connecting.wants_write(), wants_write, "{step}");
        let fd = connecting.get_ref().unwrap().get_ref().tcp.as_fd();
        assert_eq!(ready([(fd, wants_write)], Duration::from_millis(20)), [wants_write]);
    }
}

#[test]
fn a_side_that_cannot_write_still_reads_an_alert() {
    let authority = Authority::new("CA");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (ours, turn) = socket(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
    let mut connecting = authority.client().start_handshake_tls(ours, URL).unwrap();
    let mut server = listener.accept().unwrap().0;
    server.write_all(&[ALERT.as_slice(), &[2, 40]].concat()).unwrap();
    let fd = connecting.get_ref().unwrap().get_ref().tcp.as_fd();
    assert_eq!(ready([(fd, false)], LONG), [true]);
    turn.begin(100);
    turn.writable_len.set(0);
    let error = connecting.advance().map(drop).unwrap_err();
    assert!(
        matches!(&error, Error::Tls(error) if **error == TlsError::AlertReceived(AlertDescription::HandshakeFailure)),
        "{error:?}"
    );
}
