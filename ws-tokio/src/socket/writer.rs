//! The sending side of a connection, lent beside a message that was received.

use alloc::sync::Arc;
use core::fmt;

use tokio::io::AsyncWrite;
use ws_core::connection::EncodedMessage;
use ws_core::frame::{CloseFrame, Fin};
use ws_core::message::{Message, OwnedMessage};
use ws_core::session::Compress;

use super::sending_methods::{ping, send, send_owned, sending_methods};
use crate::error::{Error, Unsent};
use crate::session::{Io, Leave, Outgoing};

/// The sending side of a [`WebSocket`](crate::WebSocket), lent beside a message that was received.
///
/// Each future may be dropped: then all of its message was queued, or nothing ([cancel safety](crate#cancel-safety)).
pub struct Writer<'a, S> {
    io: &'a mut Io<S>,
    leave: Leave,
}

impl<'a, S: AsyncWrite + Unpin> Writer<'a, S> {
    #[inline]
    pub(super) const fn new(io: &'a mut Io<S>, leave: Leave) -> Self {
        Self { io, leave }
    }

    sending_methods!(self => &mut *self.io, self.leave);
}

impl<S> fmt::Debug for Writer<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}
