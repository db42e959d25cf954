use super::{ReceiveHalf, State, len_u64};
use crate::event::MessageType;
use crate::input::ReadBuffer;
use crate::message::Assemble;

impl ReceiveHalf {
    /// Where the next bytes are to be read to: the read buffer, or past it into `message`, where the rest of a long
    /// binary frame belongs. Call [`filled`](Self::filled) afterwards, with the same.
    ///
    /// It is for who takes messages by [`next_message`](Self::next_message) or [`assemble`](Self::assemble), and saves the
    /// way through the read buffer. As with [`ReadBuffer::spare`], there is room in it once all events were taken.
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
    pub fn spare<'s, S, M>(&self, buffer: &'s mut ReadBuffer<S>, message: &'s mut M) -> &'s mut [u8]
    where
        S: AsRef<[u8]> + AsMut<[u8]>,
        M: Assemble,
    {
        match self.direct_len(buffer).and_then(|len| message.spare(len)) {
            Some(room) => room,
            None => buffer.spare(),
        }
    }

    /// Says that `len` bytes were read into [`spare`](Self::spare). More than it has room for counts as its room.
    #[inline]
    pub fn filled<S, M>(&mut self, len: usize, buffer: &mut ReadBuffer<S>, message: &mut M)
    where
        S: AsRef<[u8]> + AsMut<[u8]>,
        M: Assemble,
    {
        let room = self.direct_len(buffer).and_then(|len| message.spare(len));
        let Some(room) = room else { return buffer.filled(len) };
        let len = len.min(room.len());
        self.frame.apply_mask(room.get_mut(..len).unwrap_or_default());
        message.filled(len);
        // What ends the frame, or the message, is found by the next call that takes input.
        self.frame.remaining = self.frame.remaining.saturating_sub(len_u64(len));
    }

    /// How many of the next bytes belong to a binary frame of a message that was begun to be taken, where they would fill
    /// the read buffer: what is less is read together with what follows it.
    #[inline]
    fn direct_len<S: AsRef<[u8]> + AsMut<[u8]>>(&self, buffer: &ReadBuffer<S>) -> Option<usize> {
        let message = self.message.filter(|_| self.state == State::Data && buffer.unread().is_empty())?;
        let is_binary = message.message_type == MessageType::Binary && !message.is_compressed;
        let len = usize::try_from(self.frame.remaining).unwrap_or(usize::MAX);
        (message.is_reported && is_binary && len >= buffer.capacity()).then_some(len)
    }
}
