// Read first: RFC 6455 §5.4, §6.1.

#[cfg(target_has_atomic = "ptr")]
use alloc::{sync::Arc, vec::Vec};

use super::{Outbound, len_u64};
#[cfg(target_has_atomic = "ptr")]
use crate::connection::EncodedMessage;
#[cfg(feature = "deflate")]
use crate::connection::Role;
use crate::connection::{FrameStart, KeySource};
#[cfg(any(feature = "deflate", doc))]
use crate::error::Misuse;
use crate::error::SendError;
#[cfg(feature = "deflate")]
use crate::extension::WindowBits;
use crate::frame::{Fin, FrameHeader};
use crate::message::{Message, OwnedMessage};

impl<K: KeySource> Outbound<K> {
    /// Queues a whole message: all of it, or nothing. It is copied.
    ///
    /// Where compression was agreed on, a message of at least `Deflate::threshold` bytes is compressed.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::connection::RoleKeys;
    /// # use ws_core::input::ReadBuffer;
    /// # use ws_core::session::{Config, NoKeys, Opened, Session};
    /// # let opened = Opened::<NoKeys>::new(RoleKeys::Server);
    /// # let mut session = Session::new(opened, Config::new(), ReadBuffer::new(vec![0; 1024]), Duration::ZERO);
    /// use ws_core::error::SendError;
    ///
    /// session.outbound.send("Hello")?; // text
    /// session.outbound.send(&[1, 2, 3])?; // binary
    /// assert_eq!(session.outbound.transmit(), b"\x81\x05Hello\x82\x03\x01\x02\x03");
    /// session.outbound.send(&[0; 20_000])?;
    /// assert_eq!(session.outbound.send("World"), Err(SendError::Full), "more than 16 KiB wait already");
    /// assert_eq!(session.outbound.queued_len(), 7 + 5 + 20_004, "nothing has changed");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError::Full`] while not [ready](Self::is_ready); [`SendError::Closed`]; [`SendError::Busy`] while a message
    /// is sent in parts; [`SendError::NoMaskKey`]; [`SendError::OutOfMemory`]. Nothing has changed then.
    #[inline]
    pub fn send<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), SendError> {
        let message = message.into();
        #[cfg(feature = "deflate")]
        if self.is_to_be_compressed(message) {
            return self.send_compressed(message);
        }
        self.send_uncompressed(message)
    }

    /// Queues a whole message as it is, even where compression was agreed on: for messages that hold secrets together
    /// with text that others choose (RFC 7692 §8).
    ///
    /// ```
    /// # #[cfg(feature = "deflate")] {
    /// # use core::time::Duration;
    /// # use ws_core::connection::RoleKeys;
    /// # use ws_core::input::ReadBuffer;
    /// # use ws_core::session::{Config, NoKeys, Opened, Session};
    /// use ws_core::extension::{Agreed, DeflateParams};
    ///
    /// let opened = Opened::<NoKeys>::new(RoleKeys::Server).with_deflate(Agreed::server(DeflateParams::new()));
    /// let mut session = Session::new(opened, Config::new(), ReadBuffer::new(vec![0; 1024]), Duration::ZERO);
    /// session.outbound.send_uncompressed(&[7; 2000])?;
    /// assert_eq!(session.outbound.queued_len(), 2004); // with the header of 4 bytes
    /// session.outbound.send(&[7; 2000])?;
    /// assert!(session.outbound.queued_len() < 2100);
    /// # }
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send): [`SendError::Full`], [`SendError::Closed`], [`SendError::Busy`],
    /// [`SendError::NoMaskKey`], [`SendError::OutOfMemory`]. Nothing has changed then.
    #[inline]
    pub fn send_uncompressed<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), SendError> {
        self.check_ready()?;
        let (send, message) = (&mut self.send, message.into());
        let queued_len = self.queue.len();
        self.queue.append(|tail| send.send_to(message, tail))?;
        self.queued(self.queue.len().saturating_sub(queued_len));
        self.message_queued();
        Ok(())
    }

    /// Queues a whole message that is given away: a long one is not copied, and a client masks it in place.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::connection::RoleKeys;
    /// # use ws_core::input::ReadBuffer;
    /// # use ws_core::session::{Config, NoKeys, Opened, Session};
    /// # let opened = Opened::<NoKeys>::new(RoleKeys::Server);
    /// # let mut session = Session::new(opened, Config::new(), ReadBuffer::new(vec![0; 1024]), Duration::ZERO);
    /// if let Err((error, message)) = session.outbound.send_owned(vec![7; 100_000].into()) {
    ///     println!("{error}: the message of {} bytes is still ours", message.len());
    /// }
    /// assert_eq!(session.outbound.queued_len(), 100_010);
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), with the message: nothing has changed, and nothing is lost.
    pub fn send_owned(&mut self, message: OwnedMessage) -> Result<(), (SendError, OwnedMessage)> {
        #[cfg(feature = "deflate")]
        if self.is_to_be_compressed(message.as_message()) {
            return self.send_compressed(message.as_message()).map_err(|error| (error, message));
        }
        if message.len() <= COPIED_LEN_MAX {
            return self.send_uncompressed(&message).map_err(|error| (error, message));
        }
        match self.begin_owned(&message) {
            Ok(()) => {
                let mut bytes = message.into_bytes();
                let masked = self.send.mask(&mut bytes);
                debug_assert_eq!(masked, Ok(()), "the frame was begun for these bytes");
                self.queued(bytes.len());
                self.queue.push(bytes);
                self.message_queued();
                Ok(())
            }
            Err(error) => Err((error, message)),
        }
    }

    /// Queues the header of a message that is given away.
    fn begin_owned(&mut self, message: &OwnedMessage) -> Result<(), SendError> {
        self.check_ready()?;
        self.check_between_messages()?;
        self.begin_frame_in_queue(FrameStart::new(message.message_type(), Fin::Final, len_u64(message.len())))
    }

    /// Queues the header of a frame whose payload follows.
    pub(super) fn begin_frame_in_queue(&mut self, start: FrameStart) -> Result<(), SendError> {
        let send = &mut self.send;
        let queued_len = self.queue.len();
        self.queue.append(|tail| {
            tail.try_reserve(HEADER_LEN_MAX).map_err(|_full| SendError::OutOfMemory)?;
            let header = send.begin_frame(start)?;
            tail.extend_from_slice(header.as_bytes());
            Ok::<_, SendError>(header.as_bytes().len())
        })?;
        self.queued(self.queue.len().saturating_sub(queued_len));
        Ok(())
    }

    /// Queues a message that a server has encoded once for many connections. A long one is not copied: all connections
    /// share it.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::connection::RoleKeys;
    /// # use ws_core::input::ReadBuffer;
    /// # use ws_core::session::{Config, NoKeys, Opened, Session};
    /// use std::sync::Arc;
    /// use ws_core::connection::EncodedMessage;
    ///
    /// # let open = || {
    /// #     let opened = Opened::<NoKeys>::new(RoleKeys::Server);
    /// #     Session::new(opened, Config::new(), ReadBuffer::new(vec![0; 1024]), Duration::ZERO)
    /// # };
    /// let mut sessions = [open(), open(), open()];
    /// let message = Arc::new(EncodedMessage::new(&vec![7; 60_000])?);
    /// for session in &mut sessions {
    ///     session.outbound.send_encoded(&message)?;
    /// }
    /// assert_eq!(Arc::strong_count(&message), 4, "one copy, held by all of them");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), and [`Misuse::NotNegotiated`] for a compressed message on a connection that did not
    /// agree on that, [`Misuse::Unmasked`] for a client. Nothing has changed then.
    #[cfg(target_has_atomic = "ptr")]
    pub fn send_encoded(&mut self, message: &Arc<EncodedMessage<Vec<u8>>>) -> Result<(), SendError> {
        self.check_ready()?;
        let bytes = message.as_bytes();
        if bytes.len() <= SHARED_LEN_MIN {
            let send = &mut self.send;
            self.queue.append(|tail| {
                tail.try_reserve(bytes.len()).map_err(|_full| SendError::OutOfMemory)?;
                send.send_encoded(message)?;
                tail.extend_from_slice(bytes);
                Ok::<_, SendError>(bytes.len())
            })?;
        } else {
            self.send.send_encoded(message)?;
            self.queue.push_shared(Arc::clone(message));
        }
        self.queued(bytes.len());
        self.message_queued();
        Ok(())
    }

    /// The largest window of a compressed message that [`send_encoded`](Self::send_encoded) takes: that which was agreed on.
    /// `None` where no compression was agreed on, and for a client.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::connection::RoleKeys;
    /// # use ws_core::input::ReadBuffer;
    /// # use ws_core::session::{Config, NoKeys, Opened, Session};
    /// use ws_core::extension::{Agreed, DeflateParams, WindowBits};
    ///
    /// let params = DeflateParams::new().with_server_max_window_bits(WindowBits::MIN);
    /// let opened = Opened::<NoKeys>::new(RoleKeys::Server).with_deflate(Agreed::server(params));
    /// let session = Session::new(opened, Config::new(), ReadBuffer::new(vec![0; 1024]), Duration::ZERO);
    /// assert_eq!(session.outbound.encoded_window_bits(), Some(WindowBits::MIN));
    /// ```
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn encoded_window_bits(&self) -> Option<WindowBits> {
        let deflation = self.deflation.as_ref().filter(|_| self.role() == Role::Server)?;
        Some(deflation.agreed().outgoing().max_window_bits())
    }

    /// Queues the next part of a message that is sent in parts, as one fragment; with [`Fin::Final`] the message ends.
    /// All of the part is taken, or nothing.
    ///
    /// Until the message has ended, no other can be sent; pongs and a Close go between its parts. Where compression was
    /// agreed on, a message that is sent in more than one part is compressed, and each part can be inflated as it comes.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::connection::RoleKeys;
    /// # use ws_core::input::ReadBuffer;
    /// # use ws_core::session::{Config, NoKeys, Opened, Session};
    /// use ws_core::frame::Fin;
    ///
    /// # let opened = Opened::<NoKeys>::new(RoleKeys::Server);
    /// # let mut session = Session::new(opened, Config::new(), ReadBuffer::new(vec![0; 1024]), Duration::ZERO);
    /// session.outbound.part("Hel", Fin::More)?;
    /// session.outbound.part("lo", Fin::Final)?;
    /// assert_eq!(session.outbound.transmit(), b"\x01\x03Hel\x80\x02lo");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError::Full`] while not [ready](Self::is_ready); [`SendError::Closed`]; [`SendError::NoMaskKey`];
    /// [`SendError::OutOfMemory`]; [`Misuse::MessageType`] for a part of another type than those before it. Nothing has
    /// changed then.
    pub fn part<'m>(&mut self, part: impl Into<Message<'m>>, fin: Fin) -> Result<(), SendError> {
        let part = part.into();
        self.check_ready()?;
        #[cfg(feature = "deflate")]
        if self.is_part_to_be_compressed(part, fin) {
            return self.deflate(part, fin);
        }
        let (send, queued_len) = (&mut self.send, self.queue.len());
        self.queue.append(|tail| send.send_fragment_to(part, fin, tail))?;
        self.queued(self.queue.len().saturating_sub(queued_len));
        self.part_queued(fin);
        Ok(())
    }

    /// Whether a message was begun by [`part`](Self::part) and has not ended.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::connection::RoleKeys;
    /// # use ws_core::input::ReadBuffer;
    /// # use ws_core::session::{Config, NoKeys, Opened, Session};
    /// # let opened = Opened::<NoKeys>::new(RoleKeys::Server);
    /// # let mut session = Session::new(opened, Config::new(), ReadBuffer::new(vec![0; 1024]), Duration::ZERO);
    /// use ws_core::error::SendError;
    /// use ws_core::frame::Fin;
    ///
    /// session.outbound.part("Hel", Fin::More)?;
    /// assert!(session.outbound.is_message_in_progress());
    /// assert_eq!(session.outbound.send("another"), Err(SendError::Busy));
    /// session.outbound.part("lo", Fin::Final)?;
    /// assert!(!session.outbound.is_message_in_progress());
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[must_use]
    pub const fn is_message_in_progress(&self) -> bool {
        self.send.is_message_in_progress()
    }

    #[inline]
    pub(super) const fn message_queued(&mut self) {
        self.traffic.add_message();
        self.message_end = self.queued_total;
    }

    pub(super) const fn part_queued(&mut self, fin: Fin) {
        if fin.is_final() {
            self.message_queued();
        }
        self.message_end = self.queued_total;
    }
}

/// What compression needs of the rest.
#[cfg(feature = "deflate")]
impl<K: KeySource> Outbound<K> {
    /// Whether [`send`](Self::send) compresses this message: that was agreed on, and it is as long as `Deflate::with_threshold` says.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::connection::RoleKeys;
    /// # use ws_core::input::ReadBuffer;
    /// # use ws_core::session::{Config, NoKeys, Opened, Session};
    /// use ws_core::extension::{Agreed, DeflateParams};
    ///
    /// let opened = Opened::<NoKeys>::new(RoleKeys::Server).with_deflate(Agreed::server(DeflateParams::new()));
    /// let session = Session::new(opened, Config::new(), ReadBuffer::new(vec![0; 1024]), Duration::ZERO);
    /// assert!(!session.outbound.is_to_be_compressed("Hello"));
    /// assert!(session.outbound.is_to_be_compressed(&[7; 2000]));
    /// ```
    #[must_use]
    pub fn is_to_be_compressed<'m>(&self, message: impl Into<Message<'m>>) -> bool {
        let message = message.into();
        self.deflation.as_ref().is_some_and(|deflation| message.len() >= deflation.threshold())
    }

    /// As its beginning was, and otherwise by its length, where it is all of the message.
    fn is_part_to_be_compressed(&self, part: Message<'_>, fin: Fin) -> bool {
        match &self.deflation {
            Some(deflation) if self.send.is_message_in_progress() => deflation.is_in_message(),
            Some(deflation) => !fin.is_final() || part.len() >= deflation.threshold(),
            None => false,
        }
    }

    /// Queues a whole message, compressed however short it is, where compression was agreed on, and as it is otherwise.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::connection::RoleKeys;
    /// # use ws_core::input::ReadBuffer;
    /// # use ws_core::session::{Config, NoKeys, Opened, Session};
    /// use ws_core::extension::{Agreed, DeflateParams};
    ///
    /// let opened = Opened::<NoKeys>::new(RoleKeys::Server).with_deflate(Agreed::server(DeflateParams::new()));
    /// let mut session = Session::new(opened, Config::new(), ReadBuffer::new(vec![0; 1024]), Duration::ZERO);
    /// session.outbound.send_compressed("Hello")?;
    /// // RFC 7692 §7.2.3.1: the frame has RSV1, and 7 bytes of payload.
    /// assert_eq!(session.outbound.transmit(), b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\0");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send): [`SendError::Full`], [`SendError::Closed`], [`SendError::Busy`],
    /// [`SendError::NoMaskKey`], [`SendError::OutOfMemory`]. Nothing has changed then.
    pub fn send_compressed<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), SendError> {
        let message = message.into();
        if self.deflation.is_none() {
            return self.send_uncompressed(message);
        }
        self.check_ready()?;
        self.check_between_messages()?;
        self.deflate(message, Fin::Final)
    }

    fn deflate(&mut self, message: Message<'_>, fin: Fin) -> Result<(), SendError> {
        let Some(deflation) = &mut self.deflation else { return Err(Misuse::NotNegotiated.into()) };
        let (send, queued_len) = (&mut self.send, self.queue.len());
        self.queue.append(|tail| deflation.send(send, message, fin, tail))?;
        self.queued(self.queue.len().saturating_sub(queued_len));
        self.part_queued(fin);
        Ok(())
    }

    pub(super) fn release_deflation(&mut self) {
        if let Some(deflation) = &mut self.deflation {
            deflation.release();
        }
    }
}

/// The longest payload that is copied to those before it, in bytes; a longer one costs less in an allocation of its own.
const COPIED_LEN_MAX: usize = 4096;

/// The shortest frame that is shared, in bytes; a shorter one costs less as a copy.
const SHARED_LEN_MIN: usize = 1024;

/// The longest header, in bytes (RFC 6455 §5.2).
const HEADER_LEN_MAX: usize = FrameHeader::LEN_MAX;
