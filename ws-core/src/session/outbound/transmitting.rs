use core::mem;
use core::time::Duration;

use super::{Outbound, len_u64};
use crate::connection::{KeySource, TRANSMIT_LEN_MAX, Transport};
use crate::error::SendError;
use crate::frame::Opcode;
use crate::session::Batch;

impl<K: KeySource> Outbound<K> {
    /// What to write next, as far as it lies together; empty where nothing waits, and while a batch that was taken is
    /// not reported as transmitted. What it gives is committed: report what the stream took by
    /// [`transmitted`](Self::transmitted), 0 where it took nothing.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// session.outbound.send("Hello")?;
    /// assert_eq!(session.outbound.transmit(), b"\x81\x05Hello");
    /// session.outbound.transmitted(3, Duration::ZERO);
    /// assert_eq!(session.outbound.transmit(), b"ello");
    /// session.outbound.transmitted(4, Duration::ZERO);
    /// assert!(session.outbound.transmit().is_empty());
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[inline]
    pub fn transmit(&mut self) -> &[u8] {
        self.commit_controls();
        if self.in_flight > 0 {
            return &[];
        }
        self.offered = self.queue.first().len();
        self.queue.first()
    }

    /// What to write next in one vectored write: fills `slices` from the front, and returns how many they are. Report what
    /// the stream took by [`transmitted`](Self::transmitted).
    ///
    /// ```
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, core::time::Duration::ZERO);
    /// session.outbound.send_owned(vec![7; 5000].into()).map_err(|(error, _message)| error)?;
    /// let mut slices = [&[][..]; 8];
    /// assert_eq!(session.outbound.transmit_many(&mut slices), 2, "the header, and the payload");
    /// assert_eq!((slices[0], slices[1]), (&b"\x82\x7e\x13\x88"[..], &[7; 5000][..]));
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    pub fn transmit_many<'q>(&'q mut self, slices: &mut [&'q [u8]]) -> usize {
        self.commit_controls();
        if self.in_flight > 0 {
            return 0;
        }
        let count = self.queue.slices(slices);
        self.offered = slices.iter().take(count).fold(0, |len, slice| len.saturating_add(slice.len()));
        count
    }

    /// Takes all that waits to be written into `batch`, after what is left in it: to be written without holding this half,
    /// for example outside a lock. It counts as queued until it is reported as [`transmitted`](Self::transmitted).
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Batch, Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// session.outbound.send("Hello")?;
    /// let mut batch = Batch::new();
    /// session.outbound.take_batch(&mut batch);
    /// assert_eq!(batch.as_slice(), b"\x81\x05Hello");
    /// assert!(session.outbound.transmit().is_empty(), "the batch leaves first");
    /// batch.advance(7);
    /// session.outbound.transmitted(7, Duration::ZERO);
    /// assert_eq!(session.outbound.queued_len(), 0);
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    pub fn take_batch(&mut self, batch: &mut Batch) {
        self.commit_controls();
        self.in_flight = self.in_flight.saturating_add(self.queue.len());
        self.offered = 0;
        self.queue.move_to(&mut batch.queue);
    }

    /// Takes back what is left of a batch, so that it is lent again by [`transmit`](Self::transmit), before all else.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Batch, Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// session.outbound.send("Hello")?;
    /// let mut batch = Batch::new();
    /// session.outbound.take_batch(&mut batch);
    /// batch.advance(3);
    /// session.outbound.transmitted(3, Duration::ZERO);
    /// session.outbound.send("World")?;
    /// session.outbound.return_batch(batch);
    /// assert_eq!(session.outbound.queued_len(), 11);
    /// assert_eq!(session.outbound.transmit(), b"ello");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    pub fn return_batch(&mut self, batch: Batch) {
        let Batch { queue: mut left } = batch;
        self.in_flight = self.in_flight.saturating_sub(left.len());
        if !left.is_empty() && self.transport() != Transport::Closed {
            self.queue.move_to(&mut left);
            self.queue = left;
        }
    }

    /// Whether [`transmit`](Self::transmit) or [`take_batch`](Self::take_batch) has something to give. A control frame for
    /// which the key source had no masking key waits until something else happens, and is tried again then.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// use ws_core::frame::ControlPayload;
    /// assert!(!session.outbound.wants_transmit());
    /// session.outbound.ping(ControlPayload::EMPTY);
    /// assert!(session.outbound.wants_transmit());
    /// let len = session.outbound.transmit().len();
    /// session.outbound.transmitted(len, Duration::ZERO);
    /// assert!(!session.outbound.wants_transmit());
    /// ```
    #[must_use]
    #[inline]
    pub fn wants_transmit(&self) -> bool {
        let may_commit =
            self.send.wants_transmit() && self.left_total >= self.control_end && !self.is_starved;
        (!self.queue.is_empty() || may_commit) && self.transport() != Transport::Closed
    }

    /// Says that the stream took the first `len` bytes of what was lent or taken, at the time `now`: 0 where it would
    /// block. More than that counts as all of it; what was not lent stays queued.
    ///
    /// What a stream takes after it took less than it was given shows that the peer reads, and counts as life; what it takes
    /// at once does not, since that may only lie in the system's buffer. How much of a batch was offered at once is not known
    /// here: report 0 where the stream takes no more of it.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// session.outbound.send("Hello")?;
    /// assert_eq!(session.outbound.transmit().len(), 7);
    /// session.outbound.transmitted(0, Duration::from_secs(1)); // the stream would block
    /// let deadline = session.outbound.next_deadline();
    /// assert_eq!(deadline, Some(Duration::from_secs(31)), "the write timeout has begun");
    /// session.outbound.transmitted(9999, Duration::from_secs(2)); // all of it
    /// assert_eq!((session.outbound.queued_len(), session.outbound.next_deadline()), (0, None));
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    pub fn transmitted(&mut self, len: usize, now: Duration) {
        let (len, is_short) = if self.in_flight > 0 {
            let len = len.min(self.in_flight);
            self.in_flight = self.in_flight.saturating_sub(len);
            // How much of a batch was offered at once is not known here.
            (len, len == 0)
        } else {
            let offered = self.offered.min(self.queue.len());
            let len = len.min(offered);
            self.queue.advance(len);
            self.offered = offered.saturating_sub(len);
            (len, len < offered)
        };
        let waiting_len = self.queued_len();
        self.left(len, is_short, waiting_len, now);
    }

    /// Says that the stream has taken all that was offered and holds some of it back at the time `now`, as TLS does where the stream
    /// under it takes nothing more; `has_moved` says whether some of that has left since the last report. The write timeout runs
    /// meanwhile. It ends with the next [`transmitted`](Self::transmitted), which may report 0.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// use ws_core::keepalive::Due;
    /// session.outbound.send("Hello")?;
    /// let len = session.outbound.transmit().len();
    /// session.outbound.transmitted(len, Duration::ZERO);
    /// session.outbound.held_back(false, Duration::from_secs(1));
    /// session.outbound.held_back(true, Duration::from_secs(20));
    /// assert_eq!(session.outbound.next_deadline(), Some(Duration::from_secs(50)), "30 s after something has left");
    /// assert_eq!(session.outbound.poll_write(Duration::from_secs(50)), Some(Due::WriteTimeout));
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    pub fn held_back(&mut self, has_moved: bool, now: Duration) {
        self.now = now;
        if !self.is_blocked {
            self.is_blocked = true;
            self.keepalive.write_blocked(now);
        } else if has_moved {
            self.keepalive.write_progress(now);
        }
        self.clock_closing();
    }

    /// Bytes have left, a number of others waits; it was a short write where the stream took less than it was offered.
    pub(super) fn left(&mut self, len: usize, is_short: bool, waiting_len: usize, now: Duration) {
        self.now = now;
        if len > 0 && self.left_total < self.message_end {
            self.keepalive.message(now);
        }
        self.left_total = self.left_total.saturating_add(len_u64(len));
        self.judge_progress(len, is_short, waiting_len);
        if self.ping_end.is_some_and(|end| end <= self.left_total) {
            self.ping_end = None;
            if mem::take(&mut self.pings.is_leaving) {
                self.pings.left_at = Some(now);
            }
            self.keepalive.ping_sent(now);
        }
        if self.close_end.is_some_and(|end| end <= self.left_total) {
            self.close_end = None;
            self.send.close_left();
        }
        self.clock_closing();
    }

    /// What a write says about the peer: bytes that leave after a short write have gone to somebody who reads. That others
    /// leave proves nothing, since the system has room for them.
    fn judge_progress(&mut self, len: usize, is_short: bool, waiting_len: usize) {
        if self.is_blocked && len > 0 {
            self.keepalive.write_progress(self.now);
        }
        if waiting_len == 0 || len > 0 && !is_short {
            // All that was offered was taken: nothing waits for the stream.
            self.is_blocked = false;
            self.keepalive.write_idle();
        } else if is_short && !self.is_blocked {
            self.is_blocked = true;
            self.keepalive.write_blocked(self.now);
        }
    }

    /// Says that the transport failed in reading or writing: nothing more can be written, and the connection has ended.
    ///
    /// ```
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, core::time::Duration::ZERO);
    /// use ws_core::connection::Transport;
    /// session.outbound.send("Hello")?;
    /// session.outbound.transport_failed();
    /// assert_eq!((session.outbound.transport(), session.outbound.queued_len()), (Transport::Closed, 0));
    /// assert!(session.outbound.closure().is_some_and(|closure| !closure.is_clean));
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    pub fn transport_failed(&mut self) {
        self.send.transport_failed();
        self.drop_if_closed();
    }

    /// Says that the writing side of the transport was shut down, as [`Transport::Linger`] has asked for.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// use ws_core::connection::Transport;
    /// session.inbound.spare()[..8].copy_from_slice(b"\x88\x82\0\0\0\0\x03\xe8"); // the client's Close
    /// session.inbound.filled(8, Duration::ZERO);
    /// let _close = session.inbound.next(&mut session.outbound);
    /// let len = session.outbound.transmit().len();
    /// session.outbound.transmitted(len, Duration::ZERO);
    /// assert_eq!(session.outbound.transport(), Transport::Linger { shutdown_write: true });
    /// session.outbound.write_shut_down();
    /// assert_eq!(session.outbound.transport(), Transport::Linger { shutdown_write: false });
    /// ```
    pub const fn write_shut_down(&mut self) {
        self.send.write_shut_down();
    }

    /// Encodes the control frames that wait at once, after all that is queued, though those before have not left: for adapters
    /// that answer each ping of several that came together. Otherwise the pong to the latest takes the place of the others
    /// (RFC 6455 §5.5.3), which is what bounds the queue; so call it while little is [queued](Self::queued_len) only.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// session.inbound.spare()[..14].copy_from_slice(b"\x89\x81\0\0\0\01\x89\x81\0\0\0\02");
    /// session.inbound.filled(14, Duration::ZERO);
    /// while session.inbound.next(&mut session.outbound).is_some() {
    ///     session.outbound.queue_controls();
    /// }
    /// assert_eq!(session.outbound.transmit(), b"\x8a\x011\x8a\x012");
    /// ```
    #[inline(never)]
    pub fn queue_controls(&mut self) {
        while self.send.wants_transmit() {
            let send = &mut self.send;
            let mut committed = None;
            let result = self.queue.append(|tail| {
                tail.try_reserve(TRANSMIT_LEN_MAX).map_err(|_full| SendError::OutOfMemory)?;
                let mut frame = [0; TRANSMIT_LEN_MAX];
                let Some((opcode, len)) = send.write_control(&mut frame)? else { return Ok(0) };
                tail.extend_from_slice(frame.get(..len).unwrap_or_default());
                committed = Some((opcode, len));
                Ok::<_, SendError>(len)
            });
            self.is_starved = result.is_err();
            let (Ok(()), Some((opcode, len))) = (result, committed) else { break };
            self.queued(len);
            self.control_end = self.queued_total;
            match opcode {
                Opcode::Ping => {
                    self.ping_end = Some(self.queued_total);
                    self.pings.is_leaving = mem::take(&mut self.pings.is_waiting);
                    self.traffic.add_ping();
                }
                Opcode::Close => self.close_end = Some(self.queued_total),
                Opcode::Pong | Opcode::Continuation | Opcode::Text | Opcode::Binary => {
                    self.traffic.add_pong();
                }
            }
        }
    }

    /// Encodes the control frames that wait, after all that is queued. The next ones are encoded once these have left, so
    /// that a peer that does not read gets the pong to its latest ping alone (RFC 6455 §5.5.3).
    #[inline]
    fn commit_controls(&mut self) {
        if self.send.wants_transmit() && self.left_total >= self.control_end {
            self.queue_controls();
        }
    }
}
