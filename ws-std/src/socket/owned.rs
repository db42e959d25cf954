//! Messages that own their bytes: to keep, or to pass to another thread.

use core::iter::{self, FusedIterator};

use ws_core::message::OwnedMessage;

use super::WebSocket;
use crate::error::{Error, Unsent};
use crate::session::{Leave, receive};
#[cfg(doc)]
use crate::socket::Writer;
use crate::stream::Stream;

impl<S: Stream> WebSocket<S> {
    /// Waits for the next message, and returns it, to keep or to pass to another thread. Returns `None` once the connection was
    /// closed by a closing handshake, or by a Close of the peer's after which the stream broke.
    ///
    /// It waits and answers as [`read`](Self::read) does, and the two may be mixed. A message that had to be assembled is not copied;
    /// one that came whole in one read is, once.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use ws_std::{Error, OwnedMessage, Stream, WebSocket};
    ///
    /// fn forward<S: Stream>(mut socket: WebSocket<S>, sender: mpsc::Sender<OwnedMessage>) -> Result<(), Error> {
    ///     while let Some(message) = socket.receive()? {
    ///         if sender.send(message).is_err() {
    ///             break;
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// # let stream = ws_std::AnyStream(std::io::Cursor::new(b"\x81\x85\0\0\0\0Hello".to_vec()));
    /// # let socket = WebSocket::after_handshake(stream, ws_std::Role::Server, ws_std::Config::new(), b"")?;
    /// # let (sender, receiver) = mpsc::channel();
    /// # assert!(matches!(forward(socket, sender), Err(Error::Disconnected(None))));
    /// # assert_eq!(receiver.recv(), Ok("Hello".into()));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    #[doc(alias("recv", "read_message"))]
    pub fn receive(&mut self) -> Result<Option<OwnedMessage>, Error> {
        self.io.link.call.begin_read();
        receive(&mut self.inbound, &mut *self.io)
    }

    /// Iterates over the messages that [`receive`](Self::receive) returns. Each call of `next` waits for one.
    ///
    /// The iterator ends once the connection was closed by a closing handshake. An error that ended the connection is its last item.
    /// After an error for which [`is_transient`](Error::is_transient) is true, call `next` again. Dropping the iterator loses
    /// nothing. It borrows the WebSocket; to send meanwhile, [`split`](Self::split) it.
    ///
    /// ```
    /// # use ws_std::{AnyStream, Config, Error, Role, WebSocket};
    /// # let stream = AnyStream(std::io::Cursor::new(b"\x81\x83\0\0\0\0one\x82\x81\0\0\0\0\x02\x88\x80\0\0\0\0".to_vec()));
    /// # let mut socket = WebSocket::after_handshake(stream, Role::Server, Config::new(), b"")?;
    /// let mut total_len = 0;
    /// for message in socket.messages() {
    ///     total_len += message?.len();
    /// }
    /// # assert_eq!(total_len, 4);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn messages(&mut self) -> impl FusedIterator<Item = Result<OwnedMessage, Error>> {
        messages(|| self.receive())
    }

    /// Sends a message that is given away, before the call returns. It is not copied, a client masks it where it lies, and what a
    /// stream that would block does not take is queued as it is. Up to 4 KiB are copied, and what is to be compressed is as by
    /// [`send`](Self::send).
    ///
    /// ```
    /// # use ws_std::{AnyStream, Config, Error, Role, WebSocket};
    /// # let stream = AnyStream(std::io::Cursor::new(Vec::new()));
    /// # let mut socket = WebSocket::after_handshake(stream, Role::Server, Config::new(), b"")?;
    /// socket.send_owned(vec![7; 100_000])?;
    /// # assert_eq!(socket.get_ref().0.get_ref().len(), 100_010);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Writer::send`], with the message where nothing of it was taken.
    pub fn send_owned(&mut self, message: impl Into<OwnedMessage>) -> Result<(), Unsent> {
        self.io.send_owned(message.into(), Leave::AtOnce)
    }
}

/// What `receive` returns, up to the end of the connection.
pub(super) fn messages(
    mut receive: impl FnMut() -> Result<Option<OwnedMessage>, Error>,
) -> impl FusedIterator<Item = Result<OwnedMessage, Error>> {
    let mut has_ended = false;
    let next = move || {
        if has_ended {
            return None;
        }
        let next = receive().transpose();
        has_ended = matches!(&next, Some(Err(error)) if !error.is_transient());
        next
    };
    iter::from_fn(next).fuse()
}
