#[cfg(feature = "deflate")]
use ws_core::connection::Sent;
use ws_core::connection::{Closure, EncodedMessage, FrameStart, Role, SendHalf, Signal, Transport, Unmasked};
#[cfg(feature = "deflate")]
use ws_core::deflate::Deflater;
use ws_core::error::{Misuse, SendError};
#[cfg(feature = "deflate")]
use ws_core::event::MessageType;
use ws_core::event::Payload;
#[cfg(feature = "deflate")]
use ws_core::frame::Fin;
use ws_core::frame::{CloseFrame, ControlPayload, EncodedHeader};

use crate::MaskKeys;

/// The sending half of either role, so that a `WebSocket` names no type for it.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "closed by the RFC: there are two roles")]
pub enum RoleSender {
    /// Sends unmasked.
    Server(SendHalf<Unmasked>),
    /// Masks what it sends.
    Client(SendHalf<MaskKeys>),
}

macro_rules! either {
    ($self:expr, $sender:ident => $call:expr) => {
        match $self {
            RoleSender::Server($sender) => $call,
            RoleSender::Client($sender) => $call,
        }
    };
}

impl RoleSender {
    /// The role that sends in this way.
    #[must_use]
    pub const fn role(&self) -> Role {
        match self {
            Self::Server(_) => Role::Server,
            Self::Client(_) => Role::Client,
        }
    }

    #[inline]
    pub(crate) fn send(&mut self, message: Payload<'_>, out: &mut [u8]) -> Result<usize, SendError> {
        either!(self, sender => sender.send(message, out))
    }

    pub(crate) fn send_encoded<B: AsRef<[u8]>>(
        &mut self,
        message: &EncodedMessage<B>,
    ) -> Result<(), SendError> {
        match self {
            Self::Server(sender) => sender.send_encoded(message),
            // RFC 6455 §5.3: a client masks each frame by a key of its own.
            Self::Client(_) => Err(Misuse::NotNegotiated.into()),
        }
    }

    pub(crate) fn begin_frame(&mut self, start: FrameStart) -> Result<EncodedHeader, SendError> {
        either!(self, sender => sender.begin_frame(start))
    }

    #[cfg(feature = "deflate")]
    pub(crate) fn send_deflated(
        &mut self,
        message_type: MessageType,
        payload: &[u8],
        fin: Fin,
        deflater: &mut Deflater,
        out: &mut [u8],
    ) -> Result<Sent, SendError> {
        either!(self, sender => sender.send_deflated(message_type, payload, fin, deflater, out))
    }

    pub(crate) fn mask_into(&mut self, payload: &[u8], out: &mut [u8]) -> usize {
        either!(self, sender => sender.mask_into(payload, out))
    }

    #[inline]
    pub(crate) fn poll_transmit(&mut self, out: &mut [u8]) -> usize {
        either!(self, sender => sender.poll_transmit(out))
    }

    #[inline]
    pub(crate) fn wants_transmit(&self) -> bool {
        either!(self, sender => sender.wants_transmit())
    }

    pub(crate) fn signal(&mut self, signal: Signal) {
        either!(self, sender => sender.signal(signal));
    }

    pub(crate) fn close(&mut self, close: CloseFrame) {
        either!(self, sender => sender.close(close));
    }

    pub(crate) fn ping(&mut self, payload: ControlPayload) {
        either!(self, sender => sender.ping(payload));
    }

    #[inline]
    pub(crate) fn transport(&self) -> Transport {
        either!(self, sender => sender.transport())
    }

    pub(crate) fn closure(&self) -> Option<Closure> {
        either!(self, sender => sender.closure())
    }
}
