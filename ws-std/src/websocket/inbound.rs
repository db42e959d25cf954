use ws_core::connection::{Next, Receiver};
use ws_core::event::{Event, Fragment, Piece};
use ws_core::input::ReadBuffer;

/// What was read from the stream and is not taken yet. The receiver that understands it lies beside it, so that it can
/// be used while payload is lent from here.
#[derive(Debug)]
pub(crate) struct Inbound {
    pub(crate) buffer: ReadBuffer<Vec<u8>>,
}

impl Inbound {
    pub(super) const fn new(buffer: ReadBuffer<Vec<u8>>) -> Self {
        Self { buffer }
    }

    /// Goes on to the next thing, and lends nothing, so that the caller may.
    #[inline]
    pub(super) fn advance(&mut self, receiver: &mut Receiver) -> Next {
        receiver.advance(&mut self.buffer.input())
    }

    /// Takes the payload that [`advance`](Self::advance) has found, as whole characters.
    #[inline]
    pub(super) fn next_event(&mut self, receiver: &mut Receiver) -> Option<Event<Fragment<'_>>> {
        receiver.next_event(&mut self.buffer.input())
    }

    /// Takes the payload that [`advance`](Self::advance) has found, as bytes.
    #[inline]
    pub(super) fn next_piece(&mut self, receiver: &mut Receiver) -> Option<Event<Piece<'_>>> {
        receiver.next_piece(&mut self.buffer.input())
    }
}
