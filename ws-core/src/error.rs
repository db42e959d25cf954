//! What can go wrong, in three kinds: the peer broke the RFC ([`Violation`]), the peer exceeded what we allow
//! ([`Limit`]), or the caller asked for what cannot be ([`Misuse`]).
//!
//! All of them are `Copy`, hold no text built at run time, and are fused: after the first fault a connection gives
//! no other. A close, a refused handshake and "more bytes are needed" are outcomes, not errors.

use core::fmt;

use crate::frame::CloseCode;
pub use crate::frame::Violation;
use crate::utf8::InvalidUtf8;

/// Why a connection failed: the peer broke the RFC, or exceeded a limit of ours.
///
/// ```
/// use ws_core::error::{Fault, Limit, Violation};
/// use ws_core::frame::CloseCode;
///
/// assert_eq!(Fault::from(Violation::Unmasked).close_code(), CloseCode::PROTOCOL_ERROR);
/// assert_eq!(Fault::from(Limit::MessageLen).close_code(), CloseCode::MESSAGE_TOO_BIG);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed: what is no fault by the RFC is one by our policy")]
pub enum Fault {
    /// The peer did what RFC 6455 forbids.
    Violation(Violation),
    /// The peer did what the RFC allows and our configuration does not.
    Limit(Limit),
}

impl Fault {
    /// The code of the Close that tells the peer (RFC 6455 §7.4.1): 1002, 1007, 1008 or 1009.
    ///
    /// ```
    /// use ws_core::connection::{Config, ReceiveHalf, Role};
    /// use ws_core::event::Event;
    /// use ws_core::frame::CloseCode;
    /// use ws_core::input::ReadBuffer;
    ///
    /// // A text message that is not UTF-8.
    /// let mut buffer = ReadBuffer::with_filled(*b"\x81\x01\xff", 3).ok_or("too short")?;
    /// let event = ReceiveHalf::new(Role::Client, Config::new()).next_event(&mut buffer.input());
    /// let Some(Event::Failed(fault)) = event else { return Err("no fault") };
    /// assert_eq!(fault.close_code(), CloseCode::INVALID_PAYLOAD);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::Violation(violation) => violation.close_code(),
            Self::Limit(limit) => limit.close_code(),
        }
    }
}

/// The receiving half of a connection, alone or joined to the sending half: what a fault is reported to that only
/// the user of the payload can find, such as a message that does not fit into its storage.
///
/// ```
/// use ws_core::connection::{Config, Connection};
/// use ws_core::error::{Fail as _, Limit};
///
/// let mut connection = Connection::server(Config::new());
/// connection.fail(Limit::MessageLen.into());
/// let mut out = [0; 16];
/// let len = connection.poll_transmit(&mut out)?;
/// assert_eq!(out[..len], [0x88, 2, 0x03, 0xf1]); // a Close with 1009
/// # Ok::<(), ws_core::error::SendError>(())
/// ```
pub trait Fail {
    /// Fails the connection: the right Close is queued as for any fault, no
    /// [`Event::Failed`](crate::event::Event::Failed) comes, and further input is discarded. Without effect where the
    /// connection has ended already.
    ///
    /// ```
    /// use ws_core::connection::{Config, ReceiveHalf, Role, Signal};
    /// use ws_core::error::{Fail as _, Limit};
    /// use ws_core::input::ReadBuffer;
    ///
    /// let mut buffer = ReadBuffer::with_filled(*b"\x81\x02Hi", 4).ok_or("too short")?;
    /// let mut receiver = ReceiveHalf::new(Role::Client, Config::new());
    /// receiver.fail(Limit::MessageLen.into());
    /// assert_eq!(receiver.take_signal(), Some(Signal::Failed(Limit::MessageLen.into())));
    /// assert_eq!(receiver.next_event(&mut buffer.input()), None);
    /// assert_eq!(buffer.unread(), b"", "further input is discarded");
    /// # Ok::<(), &str>(())
    /// ```
    fn fail(&mut self, fault: Fault);
}

impl From<Violation> for Fault {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl From<Limit> for Fault {
    fn from(limit: Limit) -> Self {
        Self::Limit(limit)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Violation(violation) => violation.fmt(f),
            Self::Limit(limit) => limit.fmt(f),
        }
    }
}

impl core::error::Error for Fault {}

impl From<InvalidUtf8> for Violation {
    fn from(_: InvalidUtf8) -> Self {
        Self::InvalidUtf8
    }
}

/// A limit of ours that the peer exceeded (RFC 6455 §10.4). Those of lengths and counts are judged on a frame's header,
/// before its payload arrives; what a compressed message inflates to, and whether storage holds a message, as it arrives.
///
/// ```
/// use ws_core::error::Limit;
/// use ws_core::frame::CloseCode;
///
/// assert_eq!(Limit::MessageLen.close_code(), CloseCode::MESSAGE_TOO_BIG);
/// assert_eq!(Limit::FragmentCount.close_code(), CloseCode::POLICY_VIOLATION);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// A frame announces a longer payload than
    /// [`Limits::frame_len_max`](crate::connection::Limits::frame_len_max).
    FrameLen,
    /// The fragments of a message announce, together, more than
    /// [`Limits::message_len_max`](crate::connection::Limits::message_len_max), or more than the caller's
    /// storage holds.
    MessageLen,
    /// A message has more fragments, empty ones included, than
    /// [`Limits::fragment_count_max`](crate::connection::Limits::fragment_count_max).
    FragmentCount,
    /// A compressed message came where a whole one was asked for and none is inflated.
    Compressed,
    /// Compressed messages have more DEFLATE blocks with the BFINAL bit (RFC 7692 §7.2.1) than `deflate::Inflater`
    /// allows.
    FinalBlockCount,
}

impl Limit {
    /// The code to close with: 1009 for lengths, 1008 for counts, 1003 for what is not taken (RFC 6455 §7.4.1).
    ///
    /// ```
    /// use ws_core::error::Limit;
    /// use ws_core::frame::CloseCode;
    ///
    /// assert_eq!(Limit::FrameLen.close_code(), CloseCode::MESSAGE_TOO_BIG);
    /// assert_eq!(Limit::FinalBlockCount.close_code(), CloseCode::POLICY_VIOLATION);
    /// assert_eq!(Limit::Compressed.close_code(), CloseCode::UNSUPPORTED_DATA);
    /// ```
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::FrameLen | Self::MessageLen => CloseCode::MESSAGE_TOO_BIG,
            Self::FragmentCount | Self::FinalBlockCount => CloseCode::POLICY_VIOLATION,
            Self::Compressed => CloseCode::UNSUPPORTED_DATA,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FrameLen => "frame longer than allowed",
            Self::MessageLen => "message longer than allowed",
            Self::FragmentCount => "more fragments in a message than allowed",
            Self::Compressed => "compressed message where none is inflated",
            Self::FinalBlockCount => "more final DEFLATE blocks than allowed",
        })
    }
}

impl core::error::Error for Limit {}

/// What the caller asked for and the protocol does not know: a bug of the program. Nothing was sent.
///
/// ```
/// use ws_core::connection::{SendHalf, Unmasked};
/// use ws_core::error::Misuse;
/// use ws_core::frame::Fin;
///
/// let (mut sender, mut out) = (SendHalf::new(Unmasked), [0; 16]);
/// let _len = sender.send_fragment("text", Fin::More, &mut out)?;
/// assert_eq!(sender.send_fragment(b"bytes", Fin::Final, &mut out), Err(Misuse::MessageType.into()));
/// # Ok::<(), ws_core::error::SendError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Misuse {
    /// A fragment of another type than the message in progress.
    MessageType,
    /// Payload where no frame was begun, or more of it than the frame announced.
    PayloadLen,
    /// Compressed payload without permessage-deflate having been negotiated.
    NotNegotiated,
    /// A frame longer than [`FrameHeader::PAYLOAD_LEN_MAX`](crate::frame::FrameHeader::PAYLOAD_LEN_MAX).
    FrameLen,
    /// An unmasked frame by a client (RFC 6455 §5.1).
    Unmasked,
    /// The next part of a compressed message, by a deflater that does not have the message in progress: another deflater
    /// or none began it, or this one has given it up.
    Deflater,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MessageType => "fragment of another type than the message in progress",
            Self::PayloadLen => "more payload than the frame announced",
            Self::NotNegotiated => "compressed payload without permessage-deflate",
            Self::FrameLen => "frame of 2^63 bytes or more",
            Self::Unmasked => "unmasked frame by a client",
            Self::Deflater => "deflater without the message in progress",
        })
    }
}

impl core::error::Error for Misuse {}

/// Why nothing was sent. The connection is as it was before the call.
///
/// ```
/// use ws_core::connection::{Config, Connection};
/// use ws_core::error::SendError;
/// use ws_core::frame::CloseCode;
///
/// let (mut connection, mut out) = (Connection::server(Config::new()), [0; 4]);
/// assert_eq!(connection.send("Hello", &mut out), Err(SendError::BufferTooSmall { required: 7 }));
/// connection.close(CloseCode::NORMAL.into());
/// assert_eq!(connection.send("Hello", &mut [0; 16]), Err(SendError::Closed));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendError {
    /// A Close was sent, is about to be, or cannot be any more: no data may follow it (RFC 6455 §5.5.1). The peer may
    /// close while a message is on its way to a `send`, so this is an outcome more than an error: stop sending.
    Closed,
    /// The frame or message in progress has to be ended first.
    Busy,
    /// The key source has no masking key, and without one a client sends nothing (RFC 6455 §5.3).
    NoMaskKey,
    /// The output is too small; nothing was written to it.
    BufferTooSmall {
        /// How many bytes it takes.
        required: usize,
    },
    /// The queue of a session holds as much as it may: write first.
    Full,
    /// There is no memory for the output to grow.
    OutOfMemory,
    /// A bug of the program.
    Misuse(Misuse),
}

impl From<Misuse> for SendError {
    fn from(misuse: Misuse) -> Self {
        Self::Misuse(misuse)
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the connection is closed or closing"),
            Self::Busy => f.write_str("another message is being sent"),
            Self::NoMaskKey => f.write_str("no masking key"),
            Self::Full => f.write_str("the queue is full"),
            Self::OutOfMemory => f.write_str("out of memory"),
            Self::BufferTooSmall { required } => write!(f, "output too small: {required} bytes are required"),
            Self::Misuse(misuse) => misuse.fmt(f),
        }
    }
}

impl core::error::Error for SendError {}
