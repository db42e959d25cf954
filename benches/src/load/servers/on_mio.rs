//! One thread, an event loop on mio.

use std::io::{self, Read as _, Write as _};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Registry, Token};
use slab::Slab;

use super::super::Result;

struct Peer {
    stream: TcpStream,
    unsent: Vec<u8>,
}

/// The least that can be done, with the reads and writes of the example `mio_echo`.
pub(crate) fn tcp(mut listener: TcpListener) -> Result<()> {
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(1024));
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let (mut peers, mut buffer) = (Slab::new(), vec![0; READ_LEN]);
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                accept(&listener, &mut peers, poll.registry())?;
            } else if let Some(peer) = peers.get_mut(event.token().0)
                && peer.turn(event.token(), &mut buffer, poll.registry()).is_err()
            {
                peers.remove(event.token().0);
            }
        }
    }
}

fn accept(listener: &TcpListener, peers: &mut Slab<Peer>, registry: &Registry) -> Result<()> {
    loop {
        match listener.accept() {
            Ok((mut stream, _)) => {
                stream.set_nodelay(true)?;
                let entry = peers.vacant_entry();
                registry.register(&mut stream, Token(entry.key()), Interest::READABLE)?;
                entry.insert(Peer { stream, unsent: Vec::new() });
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

impl Peer {
    fn turn(&mut self, token: Token, buffer: &mut [u8], registry: &Registry) -> io::Result<()> {
        if !self.unsent.is_empty() {
            let unsent = std::mem::take(&mut self.unsent);
            self.write(&unsent)?;
            let is_written = self.unsent.is_empty();
            let interest = if is_written { Interest::READABLE } else { Interest::WRITABLE };
            return registry.reregister(&mut self.stream, token, interest);
        }
        loop {
            let len = match self.stream.read(buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(len) => len,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            self.write(&buffer[..len])?;
            if !self.unsent.is_empty() {
                return registry.reregister(&mut self.stream, token, Interest::WRITABLE);
            }
            if len < buffer.len() {
                return Ok(());
            }
        }
    }

    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(len) => bytes = &bytes[len..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        self.unsent.extend_from_slice(bytes);
        Ok(())
    }
}

const LISTENER: Token = Token(usize::MAX);

/// As of the example.
const READ_LEN: usize = 64 * 1024;
