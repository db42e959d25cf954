use core::ops::{Deref, DerefMut};

use crate::session::Io;
use crate::stream::Stream;

/// The stream of a [`WebSocket`](super::WebSocket) and what is written to it. Dropping it writes what waits for a message that did
/// not come.
///
/// It is boxed, so that moving a connection out of the opening handshake leaves a short trace on the stack of its thread.
#[derive(Debug)]
pub(super) struct Held<S: Stream>(Option<Box<Io<S>>>);

impl<S: Stream> Held<S> {
    pub(super) fn new(io: Io<S>) -> Self {
        Self(Some(Box::new(io)))
    }

    #[expect(clippy::expect_used, reason = "only this, which consumes it, takes it out")]
    pub(super) fn into_io(mut self) -> Io<S> {
        *self.0.take().expect(TAKEN)
    }
}

impl<S: Stream> Deref for Held<S> {
    type Target = Io<S>;

    #[inline]
    #[expect(clippy::expect_used, reason = "only `into_io`, which consumes it, takes it out")]
    fn deref(&self) -> &Io<S> {
        self.0.as_deref().expect(TAKEN)
    }
}

impl<S: Stream> DerefMut for Held<S> {
    #[inline]
    #[expect(clippy::expect_used, reason = "only `into_io`, which consumes it, takes it out")]
    fn deref_mut(&mut self) -> &mut Io<S> {
        self.0.as_deref_mut().expect(TAKEN)
    }
}

impl<S: Stream> Drop for Held<S> {
    fn drop(&mut self) {
        if let Some(io) = self.0.as_mut().filter(|io| io.wants_write()) {
            // There is no caller left to report an error to.
            let _gone = io.transmit();
        }
    }
}

const TAKEN: &str = "it is there until it is consumed";
