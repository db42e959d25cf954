use super::{ReceiveHalf, State, len_u64};
use crate::event::MessageType;
use crate::input::ReadBuffer;
use crate::message::Assemble;

impl ReceiveHalf {
    /// Where the next bytes are to be read to: the read buffer, or past it into `message`, where the rest of a long
    /// binary frame belongs. Call [`filled`](Self::filled) afterwards, with the same.
    ///
    /// It is for callers that take messages by [`next_message`](Self::next_message) or [`assemble`](Self::assemble), and
    /// saves the way through the read buffer. There is room in it once all events were taken.
    ///
    /// ```
    /// use ws_core::connection::{Config, ReceiveHalf, Role};
    /// use ws_core::event::{Event, Payload};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::message::MessageSlice;
    ///
    /// # let mut wire = [&[0x82, 126, 0x20, 0][..], &[7; 0x2000]].concat();
    /// # let mut read = |spare: &mut [u8]| {
    /// #     let len = spare.len().min(wire.len());
    /// #     spare[..len].copy_from_slice(&wire[..len]);
    /// #     wire.drain(..len).len()
    /// # };
    /// let mut receiver = ReceiveHalf::new(Role::Client, Config::new());
    /// let mut buffer = ReadBuffer::new([0; 512]);
    /// let mut message = MessageSlice::new([0; 10_000]);
    /// loop {
    ///     let len = read(receiver.spare(&mut buffer, &mut message));
    ///     receiver.filled(len, &mut buffer, &mut message);
    ///     if let Some(Event::Data(Payload::Binary(bytes))) = receiver.next_message(&mut buffer.input(), &mut message) {
    ///         assert_eq!(bytes, [7; 0x2000]);
    ///         break;
    ///     }
    /// }
    /// ```
    #[inline]
    pub fn spare<'s, S, M>(&mut self, buffer: &'s mut ReadBuffer<S>, message: &'s mut M) -> &'s mut [u8]
    where
        S: AsRef<[u8]> + AsMut<[u8]>,
        M: Assemble,
    {
        let room = self.direct_len(buffer, message).and_then(|len| message.spare(len));
        self.lent_len = room.as_ref().map_or(0, |room| u32::try_from(room.len()).unwrap_or(u32::MAX));
        let Some(room) = room else { return buffer.spare() };
        // From here on only this storage holds what comes before the next part.
        let _lent_part = self.next_part(false);
        room
    }

    /// Says that `len` bytes were read into [`spare`](Self::spare). More than it has room for counts as its room.
    ///
    /// ```
    /// use ws_core::connection::{Config, ReceiveHalf, Role};
    /// use ws_core::event::{Event, Payload};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::message::MessageSlice;
    ///
    /// let mut receiver = ReceiveHalf::new(Role::Client, Config::new());
    /// let (mut buffer, mut message) = (ReadBuffer::new([0; 4]), MessageSlice::new([0; 64]));
    /// receiver.spare(&mut buffer, &mut message).copy_from_slice(b"\x81\x02Hi"); // what is read
    /// receiver.filled(usize::MAX, &mut buffer, &mut message); // counts as 4, the room that there was
    /// let event = receiver.next_message(&mut buffer.input(), &mut message);
    /// assert_eq!(event, Some(Event::Data(Payload::Text("Hi"))));
    /// ```
    #[inline]
    pub fn filled<S, M>(&mut self, len: usize, buffer: &mut ReadBuffer<S>, message: &mut M)
    where
        S: AsRef<[u8]> + AsMut<[u8]>,
        M: Assemble,
    {
        let _counted = self.fill(len, buffer, message);
    }

    /// Says that `len` bytes were read into the room that was lent. Returns how many bytes of it count.
    #[inline]
    pub(crate) fn fill<S, M>(&mut self, len: usize, buffer: &mut ReadBuffer<S>, message: &mut M) -> usize
    where
        S: AsRef<[u8]> + AsMut<[u8]>,
        M: Assemble,
    {
        // The place is the one that was lent, whether or not there would be other room by now.
        let lent_len = usize::try_from(core::mem::take(&mut self.lent_len)).unwrap_or(usize::MAX);
        if lent_len == 0 {
            let unread_len = buffer.unread().len();
            buffer.filled(len);
            return buffer.unread().len().saturating_sub(unread_len);
        }
        let len = len.min(lent_len);
        let is_here = self.position().is_some_and(|position| message.holds(position));
        let filled = if is_here { message.filled(len) } else { &mut [] };
        if filled.len() == len {
            self.frame.apply_mask(filled);
        } else {
            // The message is not there any more that they were read into. So they are lost, and only what follows them is
            // assembled.
            self.frame.skip_mask(len);
            let _lost_part = self.next_part(false);
        }
        // What ends the frame, or the message, is found by the next call that takes input.
        self.frame.remaining = self.frame.remaining.saturating_sub(len_u64(len));
        len
    }

    /// Bytes left in the current binary frame, if its message is being assembled and they would at least fill the read
    /// buffer; shorter rests are read together with the next frame.
    #[inline]
    fn direct_len<S, M>(&self, buffer: &ReadBuffer<S>, storage: &M) -> Option<usize>
    where
        S: AsRef<[u8]> + AsMut<[u8]>,
        M: Assemble,
    {
        let message = self.message.filter(|_| self.state == State::Data && buffer.unread().is_empty())?;
        let is_binary = message.message_type == MessageType::Binary && !message.is_compressed;
        let len = usize::try_from(self.frame.remaining.min(u64::from(u32::MAX))).unwrap_or(usize::MAX);
        (is_binary && len >= buffer.capacity() && storage.holds(self.position()?)).then_some(len)
    }
}
