//! Long messages that are written from where they lie.

// Read first: RFC 6455 §5.4, §6.1.

use core::time::Duration;

#[cfg(feature = "deflate")]
use super::deflation::deflated_len_max;
use super::{Outbound, len_u64};
use crate::connection::{FrameStart, KeySource, Role, Transport};
use crate::error::SendError;
use crate::frame::Fin;
#[cfg(feature = "deflate")]
use crate::frame::FrameHeader;
use crate::message::Message;

/// Whether a message is compressed, where that was agreed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed: it is one or the other, or left to the length")]
pub enum Compress {
    /// If it is as long as `Deflate::with_threshold` says.
    #[default]
    ByLength,
    /// Yes.
    Always,
    /// No.
    Never,
}

/// What a stream did with bytes that were to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "closed: it took some, or it did not")]
pub enum Taken {
    /// It took this many, at this time; none is the same as [`Blocked`](Self::Blocked).
    Bytes(usize, Duration),
    /// It takes nothing more now: the rest is to be queued.
    Blocked(Duration),
    /// It has failed: the connection ends, and the rest of the message is dropped.
    Failed,
}

impl<K: KeySource> Outbound<K> {
    /// Sends a message that is written from where it lies: `write` is called with what is queued and, after that, the payload,
    /// until all is written or it takes no more. What it does not take is queued, as all of it is by [`send`](Self::send).
    ///
    /// For blocking adapters, which so need no memory for a long message. A client masks it, and a compressed message is
    /// compressed, in pieces of 16 KiB; of a compressed message of more than 64 KiB each is a frame.
    ///
    /// `joined_len` bytes of an unmasked payload are queued with its header: 0 where `write` takes several slices at once.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// use ws_core::session::{Compress, Taken};
    ///
    /// let (message, mut stream) = (vec![7; 100_000], Vec::new());
    /// session.outbound.send_through(&message[..], Compress::ByLength, 0, |slices| {
    ///     let before_len = stream.len();
    ///     slices.iter().for_each(|slice| stream.extend_from_slice(slice));
    ///     Taken::Bytes(stream.len() - before_len, Duration::ZERO)
    /// })?;
    /// assert_eq!((stream.len(), session.outbound.queued_len()), (100_010, 0));
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), after which nothing was sent; [`SendError::OutOfMemory`] also where there is no memory for
    /// what `write` did not take: then the connection has ended.
    pub fn send_through<'m>(
        &mut self,
        message: impl Into<Message<'m>>,
        compress: Compress,
        joined_len: usize,
        mut write: impl FnMut(&[&[u8]]) -> Taken,
    ) -> Result<(), SendError> {
        let message = message.into();
        self.check_ready()?;
        self.check_between_messages()?;
        #[cfg(feature = "deflate")]
        if self.deflation.is_some()
            && (compress == Compress::Always
                || compress == Compress::ByLength && self.is_to_be_compressed(message))
        {
            return self.deflate_through(message, &mut write);
        }
        #[cfg(not(feature = "deflate"))]
        let _ = compress;
        let start = FrameStart::new(message.message_type(), Fin::Final, len_u64(message.len()));
        self.begin_frame_in_queue(start)?;
        self.queued(message.len());
        self.message_queued();
        match self.send.role() {
            Role::Server => self.write_unmasked(message.as_bytes(), joined_len, &mut write),
            Role::Client => self.write_masked(message.as_bytes(), &mut write),
        }
    }

    fn write_unmasked(
        &mut self,
        payload: &[u8],
        joined_len: usize,
        write: &mut impl FnMut(&[&[u8]]) -> Taken,
    ) -> Result<(), SendError> {
        let written = self.send.payload_written(len_u64(payload.len()));
        debug_assert_eq!(written, Ok(()), "the frame was begun for this payload");
        let (joined, mut rest) = payload.split_at_checked(joined_len).unwrap_or((payload, &[]));
        self.queue_rest(joined)?;
        while !rest.is_empty() {
            match self.write_once(rest, write) {
                Some(len) => rest = rest.get(len..).unwrap_or_default(),
                None => return self.queue_rest(rest),
            }
        }
        Ok(())
    }

    fn write_masked(
        &mut self,
        mut payload: &[u8],
        write: &mut impl FnMut(&[&[u8]]) -> Taken,
    ) -> Result<(), SendError> {
        let mut is_blocked = false;
        while !payload.is_empty() {
            let piece_len = if is_blocked { payload.len() } else { payload.len().min(PIECE_LEN) };
            let (piece, rest) = payload.split_at_checked(piece_len).unwrap_or((payload, &[]));
            let send = &mut self.send;
            let queued = self.queue.append(|tail| {
                let start = tail.len();
                tail.try_reserve(piece.len()).map_err(|_full| SendError::OutOfMemory)?;
                tail.resize(start.saturating_add(piece.len()), 0);
                let masked = send.mask_into(piece, tail.get_mut(start..).unwrap_or_default());
                debug_assert_eq!(masked, piece.len(), "the frame was begun for this payload");
                Ok(piece.len())
            });
            self.or_end(queued)?;
            payload = rest;
            while !is_blocked && !self.queue.is_empty() {
                is_blocked = self.write_once(&[], write).is_none();
            }
            if self.has_ended() {
                return Ok(());
            }
        }
        Ok(())
    }

    #[cfg(feature = "deflate")]
    fn deflate_through(
        &mut self,
        message: Message<'_>,
        write: &mut impl FnMut(&[&[u8]]) -> Taken,
    ) -> Result<(), SendError> {
        let (mut rest, mut is_blocked, mut is_begun) = (message.as_bytes(), false, false);
        // A frame that is not long holds all of it, for peers that count frames.
        let len_max = if rest.len() <= ONE_FRAME_LEN_MAX { deflated_len_max(rest.len()) } else { PIECE_LEN };
        let frame_len_max = len_max.saturating_add(HEADER_LEN_MAX);
        loop {
            let Some(deflation) = &mut self.deflation else { return Err(SendError::Closed) };
            let (send, mut done) = (&mut self.send, None);
            let payload = (message.message_type(), rest);
            let queued_len = self.queue.len();
            let queued = self.queue.append(|tail| {
                let frame = deflation.send_frame(send, payload, Fin::Final, frame_len_max, tail)?;
                done = Some(frame);
                Ok(frame.written)
            });
            match queued {
                Err(error) if !is_begun => return Err(error),
                queued => self.or_end(queued)?,
            }
            self.queued(self.queue.len().saturating_sub(queued_len));
            is_begun = true;
            let Some(done) = done else { return Ok(()) };
            rest = rest.get(done.taken..).unwrap_or_default();
            self.part_queued(if done.is_complete { Fin::Final } else { Fin::More });
            while !is_blocked && !self.queue.is_empty() {
                is_blocked = self.write_once(&[], write).is_none();
            }
            if done.is_complete || self.has_ended() {
                return Ok(());
            }
        }
    }

    /// Writes what is queued and, where that goes into the same write, `payload`. Says how much of `payload` was taken, or
    /// nothing where the stream takes no more.
    fn write_once(&mut self, payload: &[u8], write: &mut impl FnMut(&[&[u8]]) -> Taken) -> Option<usize> {
        // A batch that somebody else writes goes before.
        if self.in_flight > 0 {
            return None;
        }
        let mut slices = [&[][..]; SLICE_COUNT_MAX];
        let count = match slices.split_last_mut() {
            Some((_last, slices)) => self.queue.slices(slices),
            None => 0,
        };
        let queued_len = slices.iter().fold(0_usize, |len, slice| len.saturating_add(slice.len()));
        let mut offered_len = queued_len;
        let mut count_max = count;
        if queued_len == self.queue.len() && !payload.is_empty() {
            if let Some(last) = slices.get_mut(count) {
                *last = payload;
                offered_len = offered_len.saturating_add(payload.len());
                count_max = count_max.saturating_add(1);
            }
        }
        let taken = write(slices.get(..count_max).unwrap_or_default());
        self.offered = 0;
        let waiting_len = self.queue.len().saturating_add(payload.len());
        match taken {
            Taken::Bytes(len, now) if len > 0 => {
                let len = len.min(offered_len);
                self.queue.advance(len.min(queued_len));
                self.left(len, len < offered_len, waiting_len.saturating_sub(len), now);
                Some(len.saturating_sub(queued_len))
            }
            Taken::Bytes(_, now) | Taken::Blocked(now) => {
                self.left(0, true, waiting_len, now);
                None
            }
            Taken::Failed => {
                self.transport_failed();
                None
            }
        }
    }

    /// Queues what the stream did not take, unless it has failed.
    fn queue_rest(&mut self, rest: &[u8]) -> Result<(), SendError> {
        if rest.is_empty() || self.has_ended() {
            return Ok(());
        }
        let queued = self.queue.append(|tail| {
            tail.try_reserve(rest.len()).map_err(|_full| SendError::OutOfMemory)?;
            tail.extend_from_slice(rest);
            Ok(rest.len())
        });
        self.or_end(queued)
    }

    /// A frame that was begun and cannot be finished ends the connection.
    fn or_end(&mut self, queued: Result<(), SendError>) -> Result<(), SendError> {
        if queued.is_err() {
            self.transport_failed();
        }
        queued
    }

    fn has_ended(&self) -> bool {
        self.transport() == Transport::Closed
    }
}

/// How much is masked or compressed at once, in bytes.
const PIECE_LEN: usize = 16 * 1024;

/// The longest message that is compressed into one frame, in bytes.
#[cfg(feature = "deflate")]
const ONE_FRAME_LEN_MAX: usize = 64 * 1024;

/// How many slices are written at once.
const SLICE_COUNT_MAX: usize = 8;

#[cfg(feature = "deflate")]
const HEADER_LEN_MAX: usize = FrameHeader::LEN_MAX;
