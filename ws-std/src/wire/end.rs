// Read first: RFC 6455 §7.1.

use std::io;

use ws_core::connection::Transport;
use ws_core::frame::CloseFrame;

use super::{Fatal, Wire};
use crate::Stream;
use crate::error::{Error, Phase, is_gone, is_wait};
use crate::stream::linger::linger;

impl<S: Stream> Wire<S> {
    /// Queues a Close, and lets the closing handshake begin.
    pub(crate) fn start_close(&mut self, close: CloseFrame) {
        self.sender.close(close);
        self.begin_closing();
    }

    /// From now on there is a deadline.
    pub(super) fn begin_closing(&mut self) {
        if !self.clock.is_closing() {
            self.clock.begin_closing();
            let time = self.write_limit().unwrap_or(self.timeouts.write());
            // Where the stream cannot be limited, the deadline is judged when it comes back.
            let _unlimited = self.stream.limit_write(time);
        }
    }

    /// Brings the stream to its end, once nothing more is received: the last bytes are written, then it is lingered
    /// on as the protocol asks. `Ok` is an end by a closing handshake.
    pub(super) fn end_stream(&mut self) -> Result<(), Error> {
        match self.transmit() {
            Err(error) if error.is_would_block() => return Err(error),
            // What ends the connection is remembered.
            Ok(()) | Err(_) => {}
        }
        match self.sender.transport() {
            Transport::Linger { shutdown_write } if self.ending.write.is_none() => {
                self.linger(shutdown_write)?;
            }
            Transport::Open | Transport::Linger { .. } | Transport::Closed => {}
        }
        self.sender.transport_failed();
        // The peer may be waiting for our end of the stream, whenever the caller drops his.
        self.shutdown_write();
        self.end_with_outcome()
    }

    /// Lets the peer read what was written, and waits for its end of the stream.
    fn linger(&mut self, shutdown_write: bool) -> Result<(), Error> {
        self.begin_closing();
        if shutdown_write {
            self.shutdown_write();
        }
        let discarded_len = &mut self.discarded_len;
        match self.clock.closing() {
            Some(deadline) => Ok(linger(&mut self.stream, deadline, discarded_len)?),
            None => Ok(()),
        }
    }

    fn shutdown_write(&mut self) {
        if !self.is_shut_down {
            self.is_shut_down = true;
            let _gone = self.stream.shutdown_write();
        }
    }

    #[cold]
    pub(crate) fn judge_read_error(&mut self, error: io::Error) -> Result<bool, Error> {
        let kind = error.kind();
        if is_gone(kind) {
            self.ending.read = Some(kind);
        } else if !is_wait(kind) {
            return Err(self.fail(kind, error));
        } else if self.clock.closing().is_some_and(|deadline| deadline.remaining().is_err()) {
            self.die(Fatal::Timeout(Phase::Close));
        } else {
            return Err(Error::Io(error));
        }
        Ok(false)
    }
}
