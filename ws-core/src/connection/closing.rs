// Read first: RFC 6455 §5.5.1, §7.1.

use super::Role;
use crate::error::Fault;
use crate::frame::CloseCode;

/// What to do with the transport now (RFC 6455 §7.1.1).
///
/// ```
/// use ws_core::connection::{Config, Connection, Transport};
/// use ws_core::frame::CloseCode;
///
/// let mut connection = Connection::server(Config::new());
/// connection.close(CloseCode::NORMAL.into());
/// let mut out = [0; 16];
/// let len = connection.poll_transmit(&mut out)?; // and write out[..len] to the stream
/// assert_eq!(connection.transport(), Transport::Open, "the peer's Close is still to come");
/// connection.eof(); // it went without one
/// assert_eq!(connection.transport(), Transport::Closed);
/// # assert_eq!(len, 4);
/// # Ok::<(), ws_core::error::SendError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed: a program that misses one of them leaks connections")]
pub enum Transport {
    /// Go on reading and writing.
    Open,
    /// All is written. Read and discard until the peer closes, a deadline passes or enough was discarded, then
    /// close: a transport closed over unread input resets the peer, which may then never see our Close.
    Linger {
        /// Shut down the writing side of the transport first, and say so by
        /// [`write_shut_down`](super::SendHalf::write_shut_down): from then on this is `false`. It is for us to begin
        /// (§7.1.1: the server closes first; §7.1.7: so does the side that fails the connection). Where it was `false`
        /// all along, the server is waited for.
        shutdown_write: bool,
    },
    /// Close it.
    Closed,
}

/// How a connection ended (RFC 6455 §7.1.4–§7.1.6).
///
/// ```
/// use ws_core::connection::{CloseStatus, ClosureCause, Config, Connection};
/// use ws_core::event::Event;
/// use ws_core::frame::CloseCode;
/// use ws_core::input::ReadBuffer;
///
/// // The client's Close with code 1001, masked with zeros.
/// let mut buffer = ReadBuffer::with_filled(*b"\x88\x82\0\0\0\0\x03\xe9", 8).ok_or("too short")?;
/// let mut connection = Connection::server(Config::new());
/// assert_eq!(connection.next_event(&mut buffer.input()), Some(Event::Close));
/// assert_eq!(connection.closure(), None, "our Close is not written yet");
/// let _len = connection.poll_transmit(&mut [0; 16])?;
/// let closure = connection.closure().ok_or("open")?;
/// assert_eq!((closure.cause, closure.is_clean), (ClosureCause::Peer, true));
/// assert_eq!(closure.status, CloseStatus::Code(CloseCode::GOING_AWAY));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Closure {
    /// Who or what began it.
    pub cause: ClosureCause,
    /// The code of the peer's Close, or what stands for its absence.
    pub status: CloseStatus,
    /// Both Closes were exchanged (§7.1.4).
    pub is_clean: bool,
}

/// What began the end of a connection.
///
/// ```
/// use ws_core::connection::{ClosureCause, Config, Connection};
///
/// let mut connection = Connection::server(Config::new());
/// connection.eof();
/// assert_eq!(connection.closure().map(|closure| closure.cause), Some(ClosureCause::Transport));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClosureCause {
    /// The peer sent Close first.
    Peer,
    /// We called `close` first.
    Local,
    /// The peer was at fault.
    Fault(Fault),
    /// The transport ended, or was ended, without a Close from either side.
    Transport,
}

/// The WebSocket connection close code (RFC 6455 §7.1.5).
///
/// ```
/// use ws_core::connection::CloseStatus;
/// use ws_core::frame::CloseCode;
///
/// assert_eq!(CloseStatus::Code(CloseCode::NORMAL).get(), 1000);
/// assert_eq!((CloseStatus::NoStatus.get(), CloseStatus::Abnormal.get()), (1005, 1006));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by the RFC: these are the cases of §7.1.5")]
pub enum CloseStatus {
    /// The peer's Close had this code.
    Code(CloseCode),
    /// The peer's Close had no code: 1005.
    NoStatus,
    /// The peer sent no Close: 1006.
    Abnormal,
}

impl CloseStatus {
    /// The number, with 1005 and 1006 for the cases that are never on the wire.
    #[must_use]
    pub const fn get(self) -> u16 {
        match self {
            Self::Code(code) => code.get(),
            Self::NoStatus => 1005,
            Self::Abnormal => 1006,
        }
    }

    /// Whether a client that wants to stay connected should connect again, after a delay of
    /// [`Backoff`](crate::Backoff): whether the end may have a cause that passes.
    ///
    /// | `true` | why |
    /// |---|---|
    /// | 1006, no Close | the connection was lost (RFC 6455 §7.2.3) |
    /// | 1005, a Close without a code | nothing is said against it |
    /// | 1001, 1012 | the server goes away, or restarts |
    /// | 1011, 1013, 1014, 3008 | the server failed, is overloaded, or waited too long |
    ///
    /// All others are `false`: 1000, after which the server has nothing more to send; 1002 to 1010, since the same messages would
    /// fail again; what says that the client may not connect; and the codes from 3000 on, which only your program knows.
    ///
    /// ```
    /// use ws_core::connection::CloseStatus;
    /// use ws_core::frame::CloseCode;
    ///
    /// assert!(CloseStatus::Code(CloseCode::SERVICE_RESTART).should_reconnect());
    /// assert!(!CloseStatus::Code(CloseCode::POLICY_VIOLATION).should_reconnect());
    /// ```
    #[must_use]
    pub const fn should_reconnect(self) -> bool {
        match self {
            Self::NoStatus | Self::Abnormal => true,
            // RFC 6455 §7.4.1: 1001 and 1011. The others are of the registry of §11.7.
            Self::Code(code) => matches!(code.get(), 1001 | 1011..=1014 | 3008),
        }
    }

    pub(crate) const fn from_code(code: Option<CloseCode>) -> Self {
        match code {
            Some(code) => Self::Code(code),
            None => Self::NoStatus,
        }
    }
}

/// How far the closing handshake is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// No Close from either side.
    Open,
    /// Ours is queued or sent, the peer's is awaited.
    AwaitingReply,
    /// The peer's has come, ours is queued.
    Replying,
    /// The peer was at fault, our Close is queued.
    Failing,
    /// Nothing more is to be written.
    Done,
    /// The transport is gone.
    Ended,
}

/// What happens to a closing handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The peer's Close came.
    PeerClosed(CloseStatus),
    /// The caller closes.
    LocalClose,
    /// The peer was at fault.
    Failed(Fault),
    /// Our Close was written to the output.
    CloseWritten,
    /// Our Close can never be written: the frame in progress will not be ended.
    CloseImpossible,
    /// The peer writes no more.
    Eof,
    /// Nothing more can be written, or is to be.
    TransportEnded,
}

/// The closing handshake of one connection: its state, and what the end will be reported as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact that stays once it is one, and none excludes another"
)]
pub(crate) struct Closing {
    state: State,
    cause: ClosureCause,
    status: CloseStatus,
    is_clean: bool,
    /// Our Close was taken to be written, be it written yet or not.
    is_close_taken: bool,
    /// Our Close was written, not only queued.
    is_close_written: bool,
    /// The peer writes no more.
    is_eof: bool,
    /// The writing side of the transport was shut down.
    is_write_shut: bool,
}

impl Closing {
    pub(crate) const OPEN: Self = Self {
        state: State::Open,
        is_close_taken: false,
        is_close_written: false,
        is_eof: false,
        is_write_shut: false,
        cause: ClosureCause::Transport,
        status: CloseStatus::Abnormal,
        is_clean: false,
    };

    #[inline]
    pub(crate) const fn state(&self) -> State {
        self.state
    }

    /// The table of the closing handshake. What is not named in it changes nothing.
    pub(crate) fn apply(&mut self, cause: Cause) {
        self.is_close_written |= cause == Cause::CloseWritten;
        self.is_eof |= cause == Cause::Eof;
        // RFC 6455 §7.1.1: a peer that has shut down its writing side may still read. What is lingered for has come then.
        let done = if self.is_eof { State::Ended } else { State::Done };
        self.state = match (self.state, cause) {
            (State::Open, Cause::PeerClosed(status)) => {
                self.record(ClosureCause::Peer, status);
                State::Replying
            }
            (State::Open, Cause::LocalClose) => {
                self.record(ClosureCause::Local, CloseStatus::Abnormal);
                State::AwaitingReply
            }
            (State::Open, Cause::Failed(fault)) => {
                self.record(ClosureCause::Fault(fault), CloseStatus::Abnormal);
                State::Failing
            }
            (State::AwaitingReply, Cause::PeerClosed(status)) => {
                self.record(ClosureCause::Local, status);
                // A Close of ours that is still queued is the reply to the one that crossed it.
                self.is_clean = self.is_close_written;
                if self.is_close_written { done } else { State::Replying }
            }
            (State::AwaitingReply, Cause::Failed(fault)) => {
                self.record(ClosureCause::Fault(fault), CloseStatus::Abnormal);
                if self.is_close_written { done } else { State::Failing }
            }
            (State::Replying, Cause::CloseWritten) => {
                self.is_clean = true;
                done
            }
            (State::Failing, Cause::CloseWritten) => done,
            // A Close that is read after a write has failed says why the peer is gone, though nobody can answer it.
            (State::Ended, Cause::PeerClosed(status)) if self.status == CloseStatus::Abnormal => {
                match self.cause {
                    ClosureCause::Transport => self.record(ClosureCause::Peer, status),
                    ClosureCause::Local => self.record(ClosureCause::Local, status),
                    ClosureCause::Peer | ClosureCause::Fault(_) => {}
                }
                State::Ended
            }
            // No Close of the peer's is to come. Where one came, ours can still be written.
            (State::Open | State::AwaitingReply | State::Done, Cause::Eof)
            | (State::AwaitingReply | State::Replying | State::Failing, Cause::CloseImpossible)
            | (_, Cause::TransportEnded) => State::Ended,
            (state, _) => state,
        };
    }

    pub(crate) const fn transport(&self, role: Role) -> Transport {
        match self.state {
            State::Open | State::AwaitingReply | State::Replying | State::Failing => Transport::Open,
            // RFC 6455 §7.1.1: the server closes the TCP connection first; the client waits for it.
            State::Done => {
                let is_ours = matches!(role, Role::Server) || !self.is_clean;
                Transport::Linger { shutdown_write: is_ours && !self.is_write_shut }
            }
            State::Ended => Transport::Closed,
        }
    }

    pub(crate) const fn is_close_taken(&self) -> bool {
        self.is_close_taken
    }

    pub(crate) const fn close_taken(&mut self) {
        self.is_close_taken = true;
    }

    pub(crate) const fn write_shut_down(&mut self) {
        self.is_write_shut = true;
    }

    pub(crate) const fn closure(&self) -> Option<Closure> {
        match self.state {
            State::Open | State::AwaitingReply | State::Replying | State::Failing => None,
            State::Done | State::Ended => {
                Some(Closure { cause: self.cause, status: self.status, is_clean: self.is_clean })
            }
        }
    }

    fn record(&mut self, cause: ClosureCause, status: CloseStatus) {
        self.cause = cause;
        self.status = status;
    }
}

#[cfg(test)]
mod tests {
    use super::{Cause, CloseStatus, Closing, ClosureCause, Role, State, Transport};
    use crate::error::Fault;
    use crate::frame::{CloseCode, Violation};

    const FAULT: Fault = Fault::Violation(Violation::Unmasked);
    const STATUS: CloseStatus = CloseStatus::Code(CloseCode::GOING_AWAY);

    fn causes() -> [Cause; 7] {
        [
            Cause::PeerClosed(STATUS),
            Cause::LocalClose,
            Cause::Failed(FAULT),
            Cause::CloseWritten,
            Cause::CloseImpossible,
            Cause::Eof,
            Cause::TransportEnded,
        ]
    }

    #[test]
    fn s7_1_the_closing_table_cell_by_cell() {
        use State::{AwaitingReply, Done, Ended, Failing, Open, Replying};
        // Columns: the peer's Close, our close, a fault, Close written, Close impossible, EOF, transport ended.
        let table = [
            (Open, [Replying, AwaitingReply, Failing, Open, Open, Ended, Ended]),
            (AwaitingReply, [Done, AwaitingReply, Done, AwaitingReply, Ended, Ended, Ended]),
            (Replying, [Replying, Replying, Replying, Done, Ended, Replying, Ended]),
            (Failing, [Failing, Failing, Failing, Done, Ended, Failing, Ended]),
            (Done, [Done, Done, Done, Done, Done, Ended, Ended]),
            (Ended, [Ended; 7]),
        ];
        for (from, row) in table {
            for (cause, to) in causes().into_iter().zip(row) {
                let mut closing =
                    Closing { state: from, is_close_written: from == AwaitingReply, ..Closing::OPEN };
                closing.apply(cause);
                assert_eq!(closing.state, to, "{from:?} and {cause:?}");
            }
        }
    }

    fn after(causes: &[Cause]) -> Closing {
        let mut closing = Closing::OPEN;
        for &cause in causes {
            closing.apply(cause);
        }
        closing
    }

    #[test]
    fn s7_1_4_clean_only_where_both_closes_were_exchanged() {
        let peer = Cause::PeerClosed(STATUS);
        for clean in [
            [Cause::LocalClose, Cause::CloseWritten, peer],
            [Cause::LocalClose, peer, Cause::CloseWritten],
            [peer, Cause::CloseWritten, Cause::TransportEnded],
            [peer, Cause::LocalClose, Cause::CloseWritten],
        ] {
            assert!(after(&clean).is_clean, "{clean:?}");
        }
        for unclean in [
            [Cause::LocalClose, Cause::CloseWritten, Cause::TransportEnded],
            [Cause::LocalClose, Cause::CloseWritten, Cause::Failed(FAULT)],
            [Cause::LocalClose, peer, Cause::TransportEnded],
            [peer, Cause::TransportEnded, Cause::CloseWritten],
            [peer, Cause::CloseImpossible, Cause::CloseWritten],
            [Cause::Failed(FAULT), Cause::CloseWritten, peer],
        ] {
            assert!(!after(&unclean).is_clean, "{unclean:?}");
        }
    }

    #[test]
    fn s7_1_1_after_eof_a_queued_close_is_still_written_and_nobody_is_waited_for() {
        let peer = Cause::PeerClosed(STATUS);
        let failed = Cause::Failed(FAULT);
        for (causes, is_clean) in [
            ([peer, Cause::Eof, Cause::CloseWritten], true),
            ([failed, Cause::Eof, Cause::CloseWritten], false),
            ([peer, Cause::Eof, Cause::TransportEnded], false),
            ([failed, Cause::Eof, Cause::TransportEnded], false),
        ] {
            let [began, eof, end] = causes;
            assert_eq!(after(&[began, eof]).transport(Role::Server), Transport::Open, "{causes:?}");
            let ended = after(&[began, eof, end]);
            assert_eq!((ended.transport(Role::Server), ended.is_clean), (Transport::Closed, is_clean));
            assert_ne!(ended.closure().unwrap().cause, ClosureCause::Transport, "{causes:?}");
        }
    }

    #[test]
    fn s7_1_5_a_close_that_is_read_after_a_write_has_failed_says_why() {
        let peer = Cause::PeerClosed(STATUS);
        for (causes, expected) in [
            (&[Cause::TransportEnded, peer][..], (ClosureCause::Peer, STATUS)),
            (&[Cause::LocalClose, Cause::TransportEnded, peer], (ClosureCause::Local, STATUS)),
            (
                &[Cause::Failed(FAULT), Cause::TransportEnded, peer],
                (ClosureCause::Fault(FAULT), CloseStatus::Abnormal),
            ),
            (
                &[peer, Cause::TransportEnded, Cause::PeerClosed(CloseStatus::NoStatus)],
                (ClosureCause::Peer, STATUS),
            ),
        ] {
            let closure = after(causes).closure().unwrap();
            assert_eq!((closure.cause, closure.status, closure.is_clean), (expected.0, expected.1, false));
        }
    }

    #[test]
    fn s5_5_1_closes_that_cross_each_other_still_leave_ours_to_be_written() {
        let crossed = after(&[Cause::LocalClose, Cause::PeerClosed(STATUS)]);
        assert_eq!((crossed.state, crossed.closure()), (State::Replying, None));
        let failed = after(&[Cause::LocalClose, Cause::Failed(FAULT)]);
        assert_eq!((failed.state, failed.closure()), (State::Failing, None));
    }

    #[test]
    fn s7_1_1_the_server_closes_first_and_the_client_waits() {
        assert_eq!(Closing::OPEN.transport(Role::Client), Transport::Open);
        let mut closing = after(&[Cause::LocalClose, Cause::CloseWritten, Cause::PeerClosed(STATUS)]);
        assert_eq!(closing.transport(Role::Server), Transport::Linger { shutdown_write: true });
        assert_eq!(closing.transport(Role::Client), Transport::Linger { shutdown_write: false });
        closing.write_shut_down();
        assert_eq!(closing.transport(Role::Server), Transport::Linger { shutdown_write: false }, "once");
        closing.apply(Cause::TransportEnded);
        assert_eq!(closing.transport(Role::Client), Transport::Closed);
        assert!(closing.closure().unwrap().is_clean, "the end of the transport is then the expected end");
    }

    #[test]
    fn s7_1_5_the_status_is_the_peers_code_or_says_why_there_is_none() {
        let mut closing = Closing::OPEN;
        assert_eq!(closing.closure(), None);
        closing.apply(Cause::TransportEnded);
        assert_eq!(closing.closure().unwrap().status.get(), 1006);
        assert_eq!(CloseStatus::from_code(None).get(), 1005);
        assert_eq!(STATUS.get(), 1001);
    }
}
