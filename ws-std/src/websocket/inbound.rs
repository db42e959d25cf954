use ws_core::connection::{Next, ReceiveHalf};
use ws_core::event::{Event, Fragment, Piece};
use ws_core::input::ReadBuffer;
use ws_core::message::{Assembly, MessageBuffer};

use super::Inlet;

#[cfg(feature = "deflate")]
use super::Inflation;
#[cfg(feature = "deflate")]
use ws_core::error::Fail as _;
#[cfg(feature = "deflate")]
use ws_core::extension::Agreed;

/// What was read from the stream and is not taken yet. The receiver that understands it lies beside it, so that it can
/// be used while payload is lent from here.
#[derive(Debug)]
pub(crate) struct Inbound {
    pub(crate) buffer: ReadBuffer<Vec<u8>>,
    /// Where payload is taken from, where compression was agreed on.
    #[cfg(feature = "deflate")]
    pub(super) inflation: Option<Box<Inflation>>,
}

impl Inbound {
    pub(super) const fn new(buffer: ReadBuffer<Vec<u8>>) -> Self {
        Self {
            buffer,
            #[cfg(feature = "deflate")]
            inflation: None,
        }
    }

    /// What was agreed on, where what was compressed is inflated here.
    #[cfg(feature = "deflate")]
    pub(crate) fn deflate(&self) -> Option<Agreed> {
        self.inflation.as_deref().map(Inflation::agreed)
    }

    /// Frees the memory for inflating that can be done without.
    #[cfg(feature = "deflate")]
    pub(crate) fn release_deflate(&mut self) {
        if let Some(inflation) = &mut self.inflation {
            inflation.release();
        }
    }

    /// Goes on to the next thing, and lends nothing, so that the caller may.
    #[inline]
    pub(super) fn advance(&mut self, receiver: &mut ReceiveHalf) -> Next {
        #[cfg(feature = "deflate")]
        if let Some(inflation) = &mut self.inflation {
            return inflation.advance(receiver, &mut self.buffer);
        }
        receiver.advance(&mut self.buffer.input())
    }

    /// Takes the payload that [`advance`](Self::advance) has found, as whole characters.
    #[inline]
    pub(super) fn next_event(&mut self, receiver: &mut ReceiveHalf) -> Option<Event<Fragment<'_>>> {
        #[cfg(feature = "deflate")]
        if let Some(inflation) = &mut self.inflation {
            let event = inflation.receiver.next_event(&mut inflation.buffer.input());
            tell(event.as_ref(), receiver);
            return event;
        }
        receiver.next_event(&mut self.buffer.input())
    }

    /// Takes the payload that [`advance`](Self::advance) has found, to where its message is assembled.
    #[inline]
    pub(super) fn assemble(
        &mut self,
        receiver: &mut ReceiveHalf,
        message: &mut MessageBuffer,
    ) -> Option<Event<Assembly>> {
        #[cfg(feature = "deflate")]
        if let Some(inflation) = &mut self.inflation {
            let event = inflation.receiver.assemble(&mut inflation.buffer.input(), message);
            tell(event.as_ref(), receiver);
            return event;
        }
        receiver.assemble(&mut self.buffer.input(), message)
    }

    /// What is read to: past the buffer into `message`, where that is assembled and nothing is inflated on its way there.
    #[inline]
    pub(super) fn inlet<'a>(
        &'a mut self,
        receiver: &'a mut ReceiveHalf,
        message: Option<&'a mut MessageBuffer>,
    ) -> Inlet<'a> {
        #[cfg(feature = "deflate")]
        let message = message.filter(|_| self.inflation.is_none());
        let message = message.map(|message| (receiver, message));
        Inlet { buffer: &mut self.buffer, message, read_len: 0 }
    }

    /// Takes the payload that [`advance`](Self::advance) has found, as bytes.
    #[inline]
    pub(super) fn next_piece(&mut self, receiver: &mut ReceiveHalf) -> Option<Event<Piece<'_>>> {
        #[cfg(feature = "deflate")]
        if let Some(inflation) = &mut self.inflation {
            let event = inflation.receiver.next_piece(&mut inflation.buffer.input());
            tell(event.as_ref(), receiver);
            return event;
        }
        receiver.next_piece(&mut self.buffer.input())
    }
}

/// Fails the connection for a fault in what was inflated.
#[cfg(feature = "deflate")]
fn tell<D>(event: Option<&Event<D>>, receiver: &mut ReceiveHalf) {
    if let Some(Event::Failed(fault)) = event {
        receiver.fail(*fault);
    }
}
