use core::sync::atomic::{AtomicBool, Ordering};
use std::io::{self, IoSlice, Read as _, Write as _};
use std::sync::{Mutex, MutexGuard, TryLockError};

use rustls::Connection;

use super::ciphertext_in::{CiphertextIn, Wait};
use super::ciphertext_out::CiphertextOut;
use super::lock;
use crate::error::{TlsFault, is_wait};
use crate::stream::{LIMIT_MIN, Stream};

/// What all handles to a TLS stream share.
///
/// The session is locked only while encrypting or decrypting. Reads of the stream hold `incoming`, and writes hold `outgoing`. Locks are
/// taken in the order of the fields. All that leaves the session goes through `outgoing`, so that records leave in the order of
/// their numbers, whether a read or a write caused them.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) incoming: Mutex<CiphertextIn>,
    pub(super) outgoing: Mutex<CiphertextOut>,
    pub(super) session: Mutex<Session>,
    /// The handshake is done, and all of it was written.
    pub(super) is_open: AtomicBool,
}

/// The state of TLS: no I/O.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) connection: Connection,
    /// The error of the peer, or the one that its alert reports.
    fault: Option<rustls::Error>,
    closing: Closing,
}

/// How far the sending direction has been ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closing {
    No,
    /// Our `close_notify` is encrypted. After it the stream under TLS has to be shut down.
    Begun,
    Done,
}

impl Shared {
    pub(super) fn new(mut connection: Connection) -> Self {
        // Plaintext that is written before the handshake is done waits here, and only a read can make room for more. A writer that met a
        // limit would wait for that in vain, so there is none until `limit_writes`.
        connection.set_buffer_limit(None);
        let session = Session { connection, fault: None, closing: Closing::No };
        Self {
            incoming: Mutex::default(),
            outgoing: Mutex::default(),
            session: Mutex::new(session),
            is_open: AtomicBool::new(false),
        }
    }

    /// Encrypts as much as there is room for, once all that was encrypted before is written, and writes it. What the stream
    /// does not take waits: at most [`WAITING_LEN_MAX`] of plaintext.
    pub(super) fn write<S: Stream>(&self, stream: &mut S, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if slices.iter().all(|slice| slice.is_empty()) {
            return Ok(0);
        }
        loop {
            if self.is_open() || !lock(&self.session).connection.is_handshaking() {
                self.flush(stream)?;
            }
            let len = lock(&self.session).encrypt(slices)?;
            if len > 0 {
                return match self.flush(stream) {
                    // It is committed. The next call says that the stream would block.
                    Err(error) if is_wait(&error) || error.kind() == io::ErrorKind::Interrupted => Ok(len),
                    flushed => flushed.map(|()| len),
                };
            }
        }
    }

    /// Writes all that was encrypted.
    pub(super) fn flush<S: Stream>(&self, stream: &mut S) -> io::Result<()> {
        if !self.is_open() {
            let limit = lock(&self.outgoing).limit;
            return self.write_in_time(stream, &mut Wait::new(limit, stream.clock()));
        }
        loop {
            self.drain(stream, &mut lock(&self.outgoing))?;
            // A thread that found the lock taken meanwhile has left its records to us.
            if !lock(&self.session).wants_write() {
                return Ok(());
            }
        }
    }

    /// Writes what the peer takes at once, for threads that read and must not wait for the peer to read. What it does not take
    /// leaves before anything new. Returns `true` where nothing is left.
    pub(super) fn write_at_once<S: Stream>(&self, stream: &mut S) -> bool {
        loop {
            // The thread that holds the lock looks again before it is done.
            let Some(mut outgoing) = self.try_lock_outgoing() else { return false };
            let drained =
                stream.limit_write(Some(LIMIT_MIN)).and_then(|()| self.drain(stream, &mut outgoing));
            let _ended = stream.limit_write(outgoing.limit);
            drop(outgoing);
            if drained.is_err() {
                return false;
            }
            if !lock(&self.session).wants_write() {
                return true;
            }
        }
    }

    /// Ends the sending direction; where bytes wait to be written, begins to.
    pub(super) fn shut_down<S: Stream>(&self, stream: &mut S) -> io::Result<()> {
        let is_idle = self.try_lock_outgoing().is_some_and(|outgoing| !outgoing.wants_write())
            && !lock(&self.session).wants_write();
        lock(&self.session).shut_down();
        let is_told = self.write_at_once(stream);
        if is_idle && !is_told && lock(&self.session).take_end_early() {
            // Only the `close_notify` itself is lost, and a peer that reads to the end must not wait for it.
            return stream.shutdown_write();
        }
        Ok(())
    }

    pub(super) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    /// Whether bytes wait to be written, and no other thread is writing them.
    pub(super) fn wants_write(&self) -> bool {
        let Some(outgoing) = self.try_lock_outgoing() else { return false };
        let session = lock(&self.session);
        // After the end of the stream nothing is written.
        session.closing != Closing::Done && (outgoing.wants_write() || session.wants_write())
    }

    pub(super) fn try_lock_outgoing(&self) -> Option<MutexGuard<'_, CiphertextOut>> {
        match self.outgoing.try_lock() {
            Ok(outgoing) => Some(outgoing),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    pub(super) fn drain<S: Stream>(&self, stream: &mut S, outgoing: &mut CiphertextOut) -> io::Result<()> {
        // Records stay in the session while earlier ones wait, so that reads try again.
        outgoing.write_out(stream)?;
        lock(&self.session).give(outgoing)?;
        outgoing.write_out(stream)?;
        outgoing.flush_stream(stream)?;
        if lock(&self.session).take_end() {
            stream.shutdown_write()?;
        }
        Ok(())
    }
}

impl Session {
    /// Takes ciphertext, of one record at most. Returns `false` where there is none to take.
    pub(super) fn feed(&mut self, incoming: &mut CiphertextIn) -> io::Result<bool> {
        self.check()?;
        let is_ended = incoming.is_ended;
        let record = incoming.record();
        if record.is_empty() && !is_ended {
            return Ok(false);
        }
        let len = self.connection.read_tls(&mut &*record)?;
        incoming.advance(len);
        self.fault = self.connection.process_new_packets().err();
        self.check()?;
        Ok(true)
    }

    /// Returns the fault, once there is one.
    pub(super) fn check(&self) -> io::Result<()> {
        match &self.fault {
            Some(fault) => Err(TlsFault(fault.clone()).into()),
            None => Ok(()),
        }
    }

    /// Decrypts into `bytes`. Returns `None` where more ciphertext has to arrive first.
    pub(super) fn decrypt(
        &mut self,
        incoming: &mut CiphertextIn,
        bytes: &mut [u8],
    ) -> io::Result<Option<usize>> {
        loop {
            match self.connection.reader().read(bytes) {
                Ok(len) => return Ok(Some(len)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // An end without `close_notify` may have been made by an attacker.
                Err(error) => return Err(error),
            }
            if !self.feed(incoming)? {
                return Ok(None);
            }
        }
    }

    fn encrypt(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.check()?;
        if self.closing != Closing::No {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.connection.writer().write_vectored(slices)
    }

    /// Sets the limit of what is encrypted and not yet written, once the handshake is done.
    pub(super) fn limit_writes(&mut self) {
        self.connection.set_buffer_limit(Some(WAITING_LEN_MAX));
    }

    /// Moves all records to `outgoing`.
    pub(super) fn give(&mut self, outgoing: &mut CiphertextOut) -> io::Result<()> {
        while self.connection.wants_write() {
            let _len = self.connection.write_tls(outgoing)?;
        }
        Ok(())
    }

    /// Whether records wait to be written, or the end of the stream after them.
    pub(super) fn wants_write(&self) -> bool {
        self.connection.wants_write() || self.closing == Closing::Begun
    }

    fn shut_down(&mut self) {
        if self.closing == Closing::No {
            self.connection.send_close_notify();
            self.closing = Closing::Begun;
        }
    }

    /// Whether the stream has to be ended now: `true` once, after the last record.
    fn take_end(&mut self) -> bool {
        !self.connection.wants_write() && self.take_end_early()
    }

    fn take_end_early(&mut self) -> bool {
        let is_due = self.closing == Closing::Begun;
        if is_due {
            self.closing = Closing::Done;
        }
        is_due
    }
}

/// How much plaintext is encrypted before the ciphertext has left, in bytes: four records.
const WAITING_LEN_MAX: usize = 64 * 1024;
