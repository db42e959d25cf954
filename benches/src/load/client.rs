use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use super::Result;
use super::peer::Peer;
use super::sample::Sample;
use super::server::Protocol;

/// Many connections to a server, on one thread.
pub(crate) struct Client {
    poll: Poll,
    peers: Vec<Peer>,
    sample: Sample,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(
        address: SocketAddr,
        protocol: Protocol,
        count: usize,
        message_len: usize,
    ) -> Result<Self> {
        let (poll, mut peers) = (Poll::new()?, Vec::new());
        for number in 0..count {
            let mut stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            if protocol == Protocol::WebSocket {
                greet(&mut stream)?;
            }
            stream.set_nonblocking(true)?;
            let mut stream = mio::net::TcpStream::from_std(stream);
            poll.registry().register(&mut stream, Token(number), Interest::READABLE)?;
            peers.push(Peer::new(stream, Token(number), protocol));
        }
        Ok(Self { poll, peers, sample: Sample::new(message_len)?, buffer: vec![0; READ_LEN] })
    }

    /// Has so many messages of each connection come back, and then silence.
    pub(crate) fn echo_each(&mut self, count: u64) -> Result<()> {
        self.drive(count, None).map(drop)
    }

    /// Has messages come back for this time, in which the server is never idle, and after it. Gives how many there were.
    pub(crate) fn echo_for(&mut self, time: Duration) -> Result<u64> {
        self.drive(u64::MAX, Some(Instant::now() + time))
    }

    fn drive(&mut self, credit: u64, until: Option<Instant>) -> Result<u64> {
        let Self { poll, peers, sample, buffer } = self;
        for peer in &mut *peers {
            peer.credit = credit;
            peer.send(sample, poll.registry())?;
        }
        let (mut events, mut count) = (Events::with_capacity(1024), 0);
        loop {
            poll.poll(&mut events, Some(PATIENCE))?;
            if events.is_empty() {
                return Err("nothing came back for ten seconds".into());
            }
            for event in &events {
                let peer = &mut peers[event.token().0];
                if event.is_readable() {
                    count += peer.receive(sample, buffer)?;
                }
                peer.send(sample, poll.registry())?;
            }
            let is_done = match until {
                Some(until) => Instant::now() >= until,
                None => peers.iter().all(Peer::is_idle),
            };
            if is_done {
                return Ok(count);
            }
        }
    }
}

/// The opening handshake.
fn greet(stream: &mut TcpStream) -> Result<()> {
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        stream.peer_addr()?
    );
    stream.write_all(request.as_bytes())?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    if head.starts_with(b"HTTP/1.1 101 ") { Ok(()) } else { Err(String::from_utf8_lossy(&head).into()) }
}

/// How long a server may take for anything.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much is read at once, in bytes.
const READ_LEN: usize = 128 * 1024;
