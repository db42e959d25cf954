//! A stream in memory that fails at a byte, and a conversation over it.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard};

use ws_std::ws_core::event::MessageType;
use ws_std::{CloseCode, Duplex, Error, ReadHalf, Stream, WebSocket, WriteHalf};

use super::said::Said;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

/// What happens at a byte. All transfers stop before it, and one byte is moved behind it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// Each of these once, then it goes on.
    Passing(&'static [ErrorKind]),
    /// The end of what is read; nothing is taken of what is written.
    Zero,
    /// This from then on; a reset in both directions.
    Broken(ErrorKind),
}

/// A stream whose handles are all of the same connection.
#[derive(Clone)]
pub(crate) struct Faulty(Arc<Mutex<State>>);

struct State {
    incoming: Arc<[u8]>,
    read_len: usize,
    outgoing: Vec<u8>,
    direction: Direction,
    at: usize,
    fault: Fault,
    is_reset: bool,
    call_count: usize,
}

impl Faulty {
    pub(crate) fn new(incoming: &Arc<[u8]>, direction: Direction, at: usize, fault: Fault) -> Self {
        let incoming = Arc::clone(incoming);
        let outgoing = Vec::with_capacity(16 * 1024);
        let (read_len, is_reset, call_count) = (0, false, 0);
        Self(Arc::new(Mutex::new(State {
            incoming,
            read_len,
            outgoing,
            direction,
            at,
            fault,
            is_reset,
            call_count,
        })))
    }

    pub(crate) fn written(&self) -> Vec<u8> {
        self.state().outgoing.clone()
    }

    /// How many reads, writes and flushes there were.
    pub(crate) fn call_count(&self) -> usize {
        self.state().call_count
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl State {
    /// How much may be moved of `len` bytes, or what is said instead.
    fn judge(&mut self, direction: Direction, position: usize, len: usize) -> io::Result<usize> {
        self.call_count += 1;
        if self.is_reset {
            return Err(ErrorKind::ConnectionReset.into());
        }
        if direction != self.direction || position > self.at || len == 0 {
            return Ok(len);
        }
        if position < self.at {
            return Ok(len.min(self.at - position));
        }
        match &mut self.fault {
            Fault::Passing([]) => Ok(1),
            Fault::Passing(kinds) => {
                let kind = kinds[0];
                *kinds = &kinds[1..];
                Err(kind.into())
            }
            Fault::Zero => Ok(0),
            Fault::Broken(kind) => {
                self.is_reset = *kind == ErrorKind::ConnectionReset;
                Err((*kind).into())
            }
        }
    }
}

impl Read for Faulty {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let state = &mut *self.state();
        let len = state.judge(Direction::Read, state.read_len, bytes.len())?;
        let rest = &state.incoming[state.read_len..];
        let len = len.min(rest.len());
        bytes[..len].copy_from_slice(&rest[..len]);
        state.read_len += len;
        Ok(len)
    }
}

impl Write for Faulty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let state = &mut *self.state();
        let all = slices.iter().map(|slice| slice.len()).sum();
        let len = state.judge(Direction::Write, state.outgoing.len(), all)?;
        let end = state.outgoing.len() + len;
        for slice in slices {
            let room = end - state.outgoing.len();
            state.outgoing.extend_from_slice(&slice[..slice.len().min(room)]);
        }
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.state().call_count += 1;
        Ok(())
    }
}

impl Stream for Faulty {
    fn is_vectored(&self) -> bool {
        true
    }
}

impl Duplex for Faulty {
    fn read_shared(&self, bytes: &mut [u8]) -> io::Result<usize> {
        self.clone().read(bytes)
    }

    fn write_shared(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.clone().write_vectored(slices)
    }

    fn write_now(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if slices.is_empty() { Ok(0) } else { self.write_shared(slices) }
    }

    fn flush_shared(&self) -> io::Result<()> {
        self.clone().flush()
    }

    fn abort(&self) -> io::Result<()> {
        self.state().is_reset = true;
        Ok(())
    }
}

/// A side of a conversation, however it is driven.
pub(crate) trait Side {
    fn send(&mut self, said: &Said) -> Result<(), Error>;
    fn send_parts(&mut self, said: &Said) -> Result<(), Error>;
    fn ping(&mut self) -> Result<(), Error>;
    fn read(&mut self) -> Result<Option<Said>, Error>;
    fn close(&mut self) -> Result<(), Error>;
    /// How much waits to be written, in bytes.
    fn queued_len(&self) -> usize;
    fn is_clean(&self) -> bool;
}

/// Makes a call again that would block, as often as the stream says so without cause.
fn again<T>(mut call: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    for _ in 0..8 {
        match call() {
            Err(error) if error.is_transient() => {}
            result => return result,
        }
    }
    panic!("it would block for ever")
}

/// Writes a message in three fragments.
fn write_parts(mut writer: impl Write, said: &Said) -> Result<(), Error> {
    let bytes = said.message().as_bytes().to_vec();
    for part in bytes.chunks(bytes.len() / 2 + 1) {
        let mut rest = part;
        while !rest.is_empty() {
            let len = again(|| Ok(writer.write(rest)?))?;
            rest = &rest[len..];
        }
        again(|| Ok(writer.flush()?))?;
    }
    Ok(())
}

/// With a stream that blocks, nothing ever has to be made again.
pub(crate) struct Whole {
    pub(crate) socket: WebSocket<Faulty>,
    pub(crate) is_blocking: bool,
}

impl Whole {
    fn again<T>(
        &mut self,
        mut call: impl FnMut(&mut WebSocket<Faulty>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.is_blocking { call(&mut self.socket) } else { again(|| call(&mut self.socket)) }
    }
}

impl Side for Whole {
    fn send(&mut self, said: &Said) -> Result<(), Error> {
        self.again(|socket| socket.send(said.message()))
    }

    fn send_parts(&mut self, said: &Said) -> Result<(), Error> {
        let message_type = said.message().message_type();
        self.again(|socket| socket.message_writer(message_type).map(drop))?;
        let mut writer = self.socket.message_writer(message_type)?;
        write_parts(&mut writer, said)?;
        writer.finish()
    }

    fn ping(&mut self) -> Result<(), Error> {
        self.again(|socket| socket.ping(b"ours"))
    }

    fn read(&mut self) -> Result<Option<Said>, Error> {
        self.again(|socket| Ok(socket.read()?.map(|(message, _)| Said::of(message))))
    }

    fn close(&mut self) -> Result<(), Error> {
        self.again(|socket| socket.close(CloseCode::NORMAL.with_reason("done")))
    }

    fn queued_len(&self) -> usize {
        self.socket.queued_len()
    }

    fn is_clean(&self) -> bool {
        self.socket.closure().is_some_and(|closure| closure.is_clean)
    }
}

pub(crate) struct Halves {
    pub(crate) reader: ReadHalf<Faulty>,
    pub(crate) writer: WriteHalf<Faulty>,
}

impl Side for Halves {
    fn send(&mut self, said: &Said) -> Result<(), Error> {
        self.writer.send(said.message())
    }

    fn send_parts(&mut self, said: &Said) -> Result<(), Error> {
        let message_type: MessageType = said.message().message_type();
        let mut writer = self.writer.message_writer(message_type)?;
        write_parts(&mut writer, said)?;
        writer.finish()
    }

    fn ping(&mut self) -> Result<(), Error> {
        self.writer.ping(b"ours")
    }

    fn read(&mut self) -> Result<Option<Said>, Error> {
        again(|| Ok(self.reader.read()?.map(Said::of)))
    }

    fn close(&mut self) -> Result<(), Error> {
        again(|| self.reader.close(CloseCode::NORMAL.with_reason("done")))
    }

    fn queued_len(&self) -> usize {
        0
    }

    fn is_clean(&self) -> bool {
        self.reader.closure().is_some_and(|closure| closure.is_clean)
    }
}
