//! A connection after its opening handshake: events in, frames out, and the close (RFC 6455 §5–§7).
//!
//! [`Connection`] is a [`ReceiveHalf`] and a [`SendHalf`] with the one link between them wired. Who reads and writes at the
//! same time [`split`](Connection::split)s it and passes the [`Signal`]s on.
//!
//! The loop that every integration is a form of:
//!
//! ```
//! use ws_core::connection::{Config, Connection, Transport};
//! use ws_core::event::Event;
//! use ws_core::input::ReadBuffer;
//!
//! # struct Socket { incoming: &'static [u8], outgoing: Vec<u8> }
//! # impl Socket {
//! #     fn read(&mut self, spare: &mut [u8]) -> usize {
//! #         let len = spare.len().min(self.incoming.len()).min(7);
//! #         spare[..len].copy_from_slice(&self.incoming[..len]);
//! #         self.incoming = &self.incoming[len..];
//! #         len
//! #     }
//! #     fn write_all(&mut self, bytes: &[u8]) { self.outgoing.extend_from_slice(bytes); }
//! #     fn shutdown_write(&mut self) {}
//! # }
//! # let mut socket = Socket {
//! #     // "Hello", a ping and a Close, masked with zeros.
//! #     incoming: b"\x81\x85\0\0\0\0Hello\x89\x80\0\0\0\0\x88\x82\0\0\0\0\x03\xe8",
//! #     outgoing: Vec::new(),
//! # };
//! let mut connection = Connection::server(Config::new());
//! let mut buffer = ReadBuffer::new([0; 4096]);
//! let mut out = [0; 4096 + 10];
//!
//! loop {
//!     match socket.read(buffer.spare()) {
//!         0 => connection.eof(),
//!         len => buffer.filled(len),
//!     }
//!     let mut input = buffer.input();
//!     while let Some(event) = connection.next_event(&mut input) {
//!         if let Event::Data(fragment) = event {
//!             // An echo: the connection is free while the fragment is held.
//!             let fin = fragment.fin();
//!             if let Ok(sent) = connection.send_fragment(fragment.payload, fin, &mut out) {
//!                 socket.write_all(&out[..sent.written]);
//!             }
//!         }
//!         // Pongs, and the Close that answers the peer's or tells it what it did wrong.
//!         let len = connection.poll_transmit(&mut out);
//!         socket.write_all(&out[..len]);
//!     }
//!     match connection.transport() {
//!         Transport::Open => {}
//!         Transport::Linger { shutdown_write: true } => socket.shutdown_write(),
//!         Transport::Linger { shutdown_write: false } => {} // read on until the peer closes, with a deadline
//!         Transport::Closed => break,
//!     }
//! }
//! # let echo = socket.outgoing.windows(2).filter(|window| window == b"\x8a\x00").count();
//! # assert_eq!((echo, &socket.outgoing[socket.outgoing.len() - 4..]), (1, &b"\x88\x02\x03\xe8"[..]));
//! assert!(connection.closure().is_some_and(|closure| closure.is_clean));
//! ```

mod closing;
mod config;
mod encoded;
mod frame_in_progress;
mod receive_half;
mod role;
mod send_half;
mod signal;

pub use closing::{CloseStatus, Closure, ClosureCause, Transport};
pub use config::{Config, Limits, Pongs};
pub use encoded::EncodedMessage;
pub use receive_half::{Next, ReceiveHalf};
pub use role::{KeySource, Masking, NextMask, Role, Unmasked};
pub use send_half::{FrameStart, SendHalf, Sent};
pub use signal::Signal;

#[cfg(feature = "deflate")]
use crate::deflate::Deflater;
use crate::error::{Fail, Fault, Misuse, SendError};
#[cfg(feature = "deflate")]
use crate::event::MessageType;
use crate::event::{Event, Fragment, Payload, Piece};
use crate::frame::{CloseFrame, ControlPayload, EncodedHeader, Fin};
use crate::input::{Input, ReadBuffer};
use crate::message::{Assemble, Assembly};

/// Both halves of a connection, with what the receiver finds passed on to the sender at once.
///
/// `K` is the role: [`Unmasked`] for a server, a [`KeySource`] for a client. See the [module](self) for the loop that
/// drives it. A server's takes at most 512 bytes and never allocates.
#[derive(Clone, Debug)]
pub struct Connection<K> {
    receiver: ReceiveHalf,
    sender: SendHalf<K>,
}

impl Connection<Unmasked> {
    /// A server's connection, after its answer was written.
    #[must_use]
    pub const fn server(config: Config) -> Self {
        Self {
            receiver: ReceiveHalf::new(Role::Server, config),
            sender: SendHalf::with_config(Unmasked, config),
        }
    }
}

impl Connection<Unmasked> {
    /// As [`SendHalf::send_encoded`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn send_encoded<B: AsRef<[u8]>>(&mut self, message: &EncodedMessage<B>) -> Result<(), SendError> {
        self.sender.send_encoded(message)
    }

    /// As [`SendHalf::payload_written`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn payload_written(&mut self, len: u64) -> Result<(), Misuse> {
        self.sender.payload_written(len)
    }
}

impl<K: KeySource> Connection<K> {
    /// A client's connection, after the server's answer was accepted.
    #[must_use]
    pub const fn client(keys: K, config: Config) -> Self {
        Self { receiver: ReceiveHalf::new(Role::Client, config), sender: SendHalf::with_config(keys, config) }
    }
}

impl<K: Masking> Fail for Connection<K> {
    fn fail(&mut self, fault: Fault) {
        self.receiver.fail(fault);
        self.relay_signals();
    }
}

impl<K: Masking> Connection<K> {
    /// As [`ReceiveHalf::next_event`]; what it means for sending is queued.
    #[inline]
    pub fn next_event<'b>(&mut self, input: &mut Input<'b>) -> Option<Event<Fragment<'b>>> {
        let event = self.receiver.next_event(input);
        self.relay(event)
    }

    /// As [`ReceiveHalf::next_message`]; what it means for sending is queued.
    #[expect(
        single_use_lifetimes,
        reason = "the input outlives the loan of `message`, which the next call takes anew"
    )]
    #[inline]
    pub fn next_message<'m, 'b: 'm, M: Assemble>(
        &mut self,
        input: &mut Input<'b>,
        message: &'m mut M,
    ) -> Option<Event<Payload<'m>>> {
        let event = self.receiver.next_message(input, message);
        self.relay(event)
    }

    /// As [`ReceiveHalf::spare`].
    #[inline]
    pub fn spare<'s, S, M>(&self, buffer: &'s mut ReadBuffer<S>, message: &'s mut M) -> &'s mut [u8]
    where
        S: AsRef<[u8]> + AsMut<[u8]>,
        M: Assemble,
    {
        self.receiver.spare(buffer, message)
    }

    /// As [`ReceiveHalf::filled`].
    #[inline]
    pub fn filled<S, M>(&mut self, len: usize, buffer: &mut ReadBuffer<S>, message: &mut M)
    where
        S: AsRef<[u8]> + AsMut<[u8]>,
        M: Assemble,
    {
        self.receiver.filled(len, buffer, message);
    }

    /// As [`ReceiveHalf::assemble`]; what it means for sending is queued.
    #[inline]
    pub fn assemble(
        &mut self,
        input: &mut Input<'_>,
        message: &mut impl Assemble,
    ) -> Option<Event<Assembly>> {
        let event = self.receiver.assemble(input, message);
        self.relay(event)
    }

    /// As [`ReceiveHalf::next_piece`]; what it means for sending is queued.
    #[inline]
    pub fn next_piece<'b>(&mut self, input: &mut Input<'b>) -> Option<Event<Piece<'b>>> {
        let event = self.receiver.next_piece(input);
        self.relay(event)
    }

    /// As [`ReceiveHalf::advance`]; what it means for sending is queued.
    #[inline]
    pub fn advance(&mut self, input: &mut Input<'_>) -> Next {
        let next = self.receiver.advance(input);
        self.relay_signals();
        next
    }

    /// As [`ReceiveHalf::control`].
    #[must_use]
    #[inline]
    pub const fn control(&self) -> &ControlPayload {
        self.receiver.control()
    }

    /// As [`ReceiveHalf::close_frame`].
    #[must_use]
    pub fn close_frame(&self) -> Option<CloseFrame> {
        self.receiver.close_frame()
    }

    /// Says that the transport gives or takes no more bytes: at its end, or by an error in reading or writing.
    pub fn eof(&mut self) {
        self.receiver.eof();
        self.relay_signals();
    }

    /// As [`SendHalf::send_text`].
    ///
    /// # Errors
    ///
    /// As there.
    #[inline]
    pub fn send_text(&mut self, text: &str, out: &mut [u8]) -> Result<usize, SendError> {
        self.sender.send_text(text, out)
    }

    /// As [`SendHalf::send_binary`].
    ///
    /// # Errors
    ///
    /// As there.
    #[inline]
    pub fn send_binary(&mut self, bytes: &[u8], out: &mut [u8]) -> Result<usize, SendError> {
        self.sender.send_binary(bytes, out)
    }

    /// As [`SendHalf::send`].
    ///
    /// # Errors
    ///
    /// As there.
    #[inline]
    pub fn send(&mut self, message: Payload<'_>, out: &mut [u8]) -> Result<usize, SendError> {
        self.sender.send(message, out)
    }

    /// As [`SendHalf::send_fragment`].
    ///
    /// # Errors
    ///
    /// As there.
    #[inline]
    pub fn send_fragment(
        &mut self,
        payload: Payload<'_>,
        fin: Fin,
        out: &mut [u8],
    ) -> Result<Sent, SendError> {
        self.sender.send_fragment(payload, fin, out)
    }

    /// As [`SendHalf::send_deflated`].
    ///
    /// # Errors
    ///
    /// As there.
    #[cfg(feature = "deflate")]
    pub fn send_deflated(
        &mut self,
        message_type: MessageType,
        payload: &[u8],
        fin: Fin,
        deflater: &mut Deflater,
        out: &mut [u8],
    ) -> Result<Sent, SendError> {
        self.sender.send_deflated(message_type, payload, fin, deflater, out)
    }

    /// As [`SendHalf::begin_frame`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn begin_frame(&mut self, start: FrameStart) -> Result<EncodedHeader, SendError> {
        self.sender.begin_frame(start)
    }

    /// As [`SendHalf::mask`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn mask(&mut self, payload: &mut [u8]) -> Result<(), Misuse> {
        self.sender.mask(payload)
    }

    /// As [`SendHalf::mask_into`].
    pub fn mask_into(&mut self, payload: &[u8], out: &mut [u8]) -> usize {
        self.sender.mask_into(payload, out)
    }

    /// As [`SendHalf::abandon_frame`].
    pub fn abandon_frame(&mut self) {
        self.sender.abandon_frame();
    }

    /// As [`SendHalf::close`].
    pub fn close(&mut self, close: CloseFrame) {
        self.sender.close(close);
    }

    /// As [`SendHalf::ping`].
    pub fn ping(&mut self, payload: ControlPayload) {
        self.sender.ping(payload);
    }

    /// As [`SendHalf::pong`].
    pub fn pong(&mut self, payload: ControlPayload) {
        self.sender.pong(payload);
    }

    /// As [`SendHalf::poll_transmit`].
    #[inline]
    pub fn poll_transmit(&mut self, out: &mut [u8]) -> usize {
        self.sender.poll_transmit(out)
    }

    /// As [`SendHalf::wants_transmit`].
    #[must_use]
    #[inline]
    pub fn wants_transmit(&self) -> bool {
        self.sender.wants_transmit()
    }

    /// As [`SendHalf::transport`].
    #[must_use]
    #[inline]
    pub fn transport(&self) -> Transport {
        self.sender.transport()
    }

    /// As [`SendHalf::closure`].
    #[must_use]
    pub fn closure(&self) -> Option<Closure> {
        self.sender.closure()
    }

    /// The receiving half, to ask it.
    #[must_use]
    pub const fn receiver(&self) -> &ReceiveHalf {
        &self.receiver
    }

    /// The halves, for who reads and writes at the same time: every [`ReceiveHalf::take_signal`] is then to be passed to
    /// [`SendHalf::signal`].
    #[must_use]
    pub fn split(self) -> (ReceiveHalf, SendHalf<K>) {
        (self.receiver, self.sender)
    }

    /// Joins two halves again.
    #[must_use]
    pub fn join(receiver: ReceiveHalf, sender: SendHalf<K>) -> Self {
        let mut joined = Self { receiver, sender };
        joined.relay_signals();
        joined
    }

    /// Passes on what an event means for sending. Payload means nothing to the sender.
    #[inline]
    fn relay<D>(&mut self, event: Option<Event<D>>) -> Option<Event<D>> {
        if !matches!(event, Some(Event::Data(_))) {
            self.relay_signals();
        }
        event
    }

    #[inline]
    fn relay_signals(&mut self) {
        while let Some(signal) = self.receiver.take_signal() {
            self.sender.signal(signal);
        }
    }
}
