use crate::error::Fault;
use crate::frame::{CloseFrame, ControlPayload};

/// What the receiving half reports to the sending half: the only link between them, and one-way.
///
/// ```
/// use ws_core::connection::{Config, ReceiveHalf, Role, SendHalf, Unmasked};
/// use ws_core::input::ReadBuffer;
///
/// // A client's ping, masked with zeros.
/// let mut buffer = ReadBuffer::with_filled(*b"\x89\x82\0\0\0\0hi", 8).ok_or("too short")?;
/// let (mut receiver, mut sender) = (ReceiveHalf::new(Role::Server, Config::new()), SendHalf::new(Unmasked));
/// let _ping = receiver.next_event(&mut buffer.input());
/// while let Some(signal) = receiver.take_signal() {
///     sender.signal(signal); // on another thread, perhaps
/// }
/// let mut out = [0; 16];
/// assert_eq!((sender.poll_transmit(&mut out), &out[..4]), (Ok(4), &b"\x8a\x02hi"[..]));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed: an integrator has to pass every one of them on")]
pub enum Signal {
    /// A ping came and wants this payload back (RFC 6455 §5.5.3).
    Pong(ControlPayload),
    /// The peer's Close came and wants one in return (§5.5.1).
    PeerClosed(CloseFrame),
    /// The peer was at fault and has to be told (§7.1.7).
    Failed(Fault),
    /// The peer writes no more: the transport is at its end.
    Eof,
}

/// The signals that wait to be taken; payloads lie in the receiver's control payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pending {
    pong: bool,
    end: End,
    eof: Wait,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    None,
    PeerClosed(Wait),
    Failed(Wait, Fault),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    Nothing,
    Waits,
    Taken,
}

impl Pending {
    pub(super) const NONE: Self = Self { pong: false, end: End::None, eof: Wait::Nothing };

    #[inline]
    pub(super) fn is_empty(self) -> bool {
        !self.pong
            && self.eof != Wait::Waits
            && !matches!(self.end, End::PeerClosed(Wait::Waits) | End::Failed(Wait::Waits, _))
    }

    #[inline]
    pub(super) fn add_pong(&mut self) {
        self.pong = true;
    }

    /// The payload of the ping is about to be overwritten.
    #[inline]
    pub(super) fn forget_pong(&mut self) {
        self.pong = false;
    }

    pub(super) fn add_peer_closed(&mut self) {
        self.end = End::PeerClosed(Wait::Waits);
    }

    pub(super) fn is_peer_closed(self) -> bool {
        matches!(self.end, End::PeerClosed(_))
    }

    pub(super) fn add_fault(&mut self, fault: Fault) {
        self.end = End::Failed(Wait::Waits, fault);
    }

    pub(super) fn add_eof(&mut self) {
        if self.eof == Wait::Nothing {
            self.eof = Wait::Waits;
        }
    }

    #[cfg_attr(not(target_os = "none"), inline(always))]
    #[expect(clippy::inline_always, reason = "a pong is not copied on its way to the sending half")]
    pub(super) fn take(&mut self, control: &ControlPayload) -> Option<Signal> {
        if self.pong {
            self.pong = false;
            return Some(Signal::Pong(*control));
        }
        match self.end {
            End::PeerClosed(Wait::Waits) => {
                self.end = End::PeerClosed(Wait::Taken);
                return Some(Signal::PeerClosed(CloseFrame::decode(control).unwrap_or(CloseFrame::EMPTY)));
            }
            End::Failed(Wait::Waits, fault) => {
                self.end = End::Failed(Wait::Taken, fault);
                return Some(Signal::Failed(fault));
            }
            End::None | End::PeerClosed(_) | End::Failed(..) => {}
        }
        (self.eof == Wait::Waits).then(|| {
            self.eof = Wait::Taken;
            Signal::Eof
        })
    }
}
