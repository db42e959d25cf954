//! What a program sends, and how it is queued: all of it, or nothing.

// Read first: RFC 6455 §5.4, §5.5.

use alloc::sync::Arc;
use core::task::{Context, Poll, ready};

use ws_core::connection::EncodedMessage;
use ws_core::error::SendError;
use ws_core::frame::{CloseFrame, ControlPayload, Fin};
use ws_core::message::{Message, OwnedMessage};
use ws_core::session::Compress;

use super::wakers::Side;
use super::{Access, Io, Leave, Life, Write};
use crate::error::Error;

/// What a program sends.
#[derive(Debug)]
pub(crate) enum Outgoing<'m> {
    Message(Message<'m>, Compress),
    /// A message that is taken out of its place once it is queued.
    Owned(&'m mut Option<OwnedMessage>),
    Encoded(&'m Arc<EncodedMessage<Vec<u8>>>),
    Part(Message<'m>, Fin),
    Ping(ControlPayload),
    Close(CloseFrame),
    /// Nothing: only what waits is written.
    Flush,
}

/// Waits for room, queues `outgoing`, which is taken out of its place then, and writes what waits where that is to leave.
///
/// A future that is dropped before it was taken out has sent nothing; after that, what was queued leaves with what is sent or read
/// next.
pub(crate) fn poll_send<A: Access<Stream: Write>>(
    access: &mut A,
    cx: &mut Context<'_>,
    outgoing: &mut Option<Outgoing<'_>>,
    leave: Leave,
) -> Poll<Result<(), Error>> {
    access.with(|io| {
        io.poll_side(Side::Write, cx, |io, cx| {
            match outgoing {
                // A Close and a ping need no room: ws-core bounds them itself.
                Some(Outgoing::Close(_) | Outgoing::Ping(_) | Outgoing::Flush) | None => {}
                Some(_) => ready!(io.poll_ready(cx))?,
            }
            if let Some(outgoing) = outgoing.take() {
                io.queue(cx, outgoing)?;
            }
            io.poll_leave(cx, leave)
        })
    })
}

impl<S: Write> Io<S> {
    #[inline]
    fn queue(&mut self, cx: &mut Context<'_>, outgoing: Outgoing<'_>) -> Result<(), Error> {
        if let Outgoing::Message(message, compress) = outgoing {
            if message.len() > COPIED_LEN_MAX {
                return self.send_long(cx, message, compress);
            }
        }
        self.life.queue(outgoing)
    }
}

impl Life {
    /// Queues all of what is sent or, with an error, nothing.
    #[inline]
    pub(crate) fn queue(&mut self, outgoing: Outgoing<'_>) -> Result<(), Error> {
        let outbound = &mut self.outbound;
        let queued = match outgoing {
            #[cfg(feature = "deflate")]
            Outgoing::Message(message, Compress::Always) => outbound.send_compressed(message),
            Outgoing::Message(message, Compress::Never) => outbound.send_uncompressed(message),
            Outgoing::Message(message, _) => outbound.send(message),
            Outgoing::Owned(place) => place.take().map_or(Ok(()), |message| {
                outbound.send_owned(message).map_err(|(error, message)| {
                    *place = Some(message);
                    error
                })
            }),
            Outgoing::Encoded(message) => outbound.send_encoded(message),
            Outgoing::Part(part, fin) => outbound.part(part, fin),
            Outgoing::Ping(_) if outbound.is_closing() => Err(SendError::Closed),
            Outgoing::Ping(payload) => {
                outbound.ping(payload);
                self.queue_controls();
                Ok(())
            }
            Outgoing::Close(frame) => {
                outbound.close(frame);
                Ok(())
            }
            Outgoing::Flush => Ok(()),
        };
        queued.map_err(|error| self.send_error(error))
    }
}

/// The longest message that is copied to those before it, in bytes; of a longer one as much as possible is written from where it lies.
const COPIED_LEN_MAX: usize = 4096;
