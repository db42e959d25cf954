// Read first: RFC 6455 §5.4, §7.1.1.

use embassy_futures::yield_now;
use ws_core::connection::{Closure, Connection, FrameStart, Masking, Transport};
use ws_core::error::SendError;
use ws_core::event::{Event, MessageType, Piece};
use ws_core::frame::{CloseCode, CloseFrame, ControlPayload, Fin};
use ws_core::input::ReadBuffer;
use ws_core::keepalive::Due;

use super::link::Woken;
use super::{Error, Link, OUT_LEN, Stream, Timer};

/// A connection after its opening handshake.
///
/// It has no buffer for messages: a message of any length passes through the few bytes that are read at a time.
#[derive(Debug)]
pub struct WebSocket<'b, S, T, K> {
    link: Link<S, T>,
    connection: Connection<K>,
    input: ReadBuffer<&'b mut [u8]>,
    /// Where control frames are written.
    out: &'b mut [u8; OUT_LEN],
}

/// What a connection says: within [`WebSocket::run`], and before it by [`WebSocket::sender`].
#[derive(Debug)]
pub struct Sender<'a, S, T, K> {
    link: &'a mut Link<S, T>,
    connection: &'a mut Connection<K>,
}

impl<'b, S: Stream, T: Timer, K: Masking> WebSocket<'b, S, T, K> {
    pub(super) const fn new(
        link: Link<S, T>,
        connection: Connection<K>,
        input: ReadBuffer<&'b mut [u8]>,
        out: &'b mut [u8; OUT_LEN],
    ) -> Self {
        Self { link, connection, input, out }
    }

    /// To speak before the peer does.
    pub const fn sender(&mut self) -> Sender<'_, S, T, K> {
        Sender { link: &mut self.link, connection: &mut self.connection }
    }

    /// Runs the connection until the stream is at its end, and returns how it was closed. Each piece of a message is given to
    /// `receive` as it arrives, together with a [`Sender`].
    ///
    /// Pings are answered, the peer's Close too, and what the peer does wrong is reported to it by a Close. While `receive` or a
    /// write waits, nothing is read: a peer that does not read is not read from. After each read other tasks have their turn.
    ///
    /// # Errors
    ///
    /// What `receive` returns, except that the connection is closing ([`SendError::Closed`]), ends the connection at once.
    /// [`Error::TimedOut`], [`Error::Stream`] and [`Error::Send`] do too. A peer that ends the stream without a Close is not an error,
    /// but a [`Closure`] that is not clean.
    #[expect(
        clippy::manual_async_fn,
        reason = "the future of an async fn would hold a second `self`: 600 bytes"
    )]
    pub fn run(
        mut self,
        mut receive: impl AsyncFnMut(Piece<'_>, &mut Sender<'_, S, T, K>) -> Result<(), Error<S::Error>>,
    ) -> impl Future<Output = Result<Closure, Error<S::Error>>> {
        async move {
            loop {
                self.answer(&mut receive).await?;
                match self.connection.transport() {
                    Transport::Open => self.read().await?,
                    // RFC 6455 §7.1.1: the server closes the TCP connection first; the client waits for it.
                    Transport::Linger { shutdown_write } => {
                        self.link.linger(self.input.into_storage(), shutdown_write).await;
                        break;
                    }
                    Transport::Closed => break,
                }
                yield_now().await;
            }
            self.connection.closure().ok_or(Error::Eof)
        }
    }

    /// Takes all that has arrived, and says what there is to say to it.
    async fn answer(
        &mut self,
        receive: &mut impl AsyncFnMut(Piece<'_>, &mut Sender<'_, S, T, K>) -> Result<(), Error<S::Error>>,
    ) -> Result<(), Error<S::Error>> {
        let mut input = self.input.input();
        while let Some(event) = self.connection.next_piece(&mut input) {
            if let Event::Data(piece) = event {
                if piece.is_last {
                    self.link.message_received();
                }
                let mut sender = Sender { link: &mut self.link, connection: &mut self.connection };
                match receive(piece, &mut sender).await {
                    Ok(()) | Err(Error::Send(SendError::Closed)) => {}
                    Err(error) => return Err(error),
                }
            }
            transmit(&mut self.link, &mut self.connection, self.out).await?;
        }
        transmit(&mut self.link, &mut self.connection, self.out).await?;
        self.link.flush().await
    }

    /// Waits for bytes, or does what is due by the clock.
    async fn read(&mut self) -> Result<(), Error<S::Error>> {
        match self.link.read(self.input.spare()).await? {
            Woken::Read(0) => self.connection.eof(),
            Woken::Read(len) => self.input.filled(len),
            Woken::Due(Due::SendPing) => {
                self.connection.ping(ControlPayload::EMPTY);
                transmit(&mut self.link, &mut self.connection, self.out).await?;
                self.link.ping_sent();
            }
            Woken::Due(Due::IdleTimeout) => self.connection.close(CloseCode::GOING_AWAY.into()),
            Woken::Due(due) => return Err(Error::TimedOut(due)),
        }
        Ok(())
    }
}

impl<S: Stream, T: Timer, K: Masking> Sender<'_, S, T, K> {
    /// Sends a frame: the first one of a message, or one that continues it. [`Fin::Final`] ends the message. A client masks
    /// `payload` where it lies, so that afterwards it is of no use.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] with [`SendError::Closed`] where either side has begun to close: nobody wants messages any more. Other
    /// errors are the end of the connection.
    pub async fn send(
        &mut self,
        message_type: MessageType,
        fin: Fin,
        payload: &mut [u8],
    ) -> Result<(), Error<S::Error>> {
        let len = u64::try_from(payload.len()).unwrap_or(u64::MAX);
        let start = FrameStart::new(message_type, fin, len);
        let header = self.connection.send_half().begin_frame(start).map_err(Error::Send)?;
        self.connection.send_half().mask(payload).map_err(|misuse| Error::Send(misuse.into()))?;
        self.link.write(header.as_bytes()).await?;
        self.link.write(payload).await
    }

    /// Begins to close. The Close is sent when `receive` returns, and then the peer's is waited for.
    pub fn close(&mut self, close: CloseFrame) {
        self.connection.close(close);
    }
}

/// Sends each piece back as a fragment: what [`WebSocket::run`] takes to be an echo.
///
/// # Errors
///
/// Those of [`Sender::send`].
pub async fn echo<S: Stream, T: Timer, K: Masking>(
    piece: Piece<'_>,
    sender: &mut Sender<'_, S, T, K>,
) -> Result<(), Error<S::Error>> {
    let fin = if piece.is_last { Fin::Final } else { Fin::More };
    sender.send(piece.message_type, fin, piece.payload).await
}

/// Writes what waits: pongs, pings, the Close.
async fn transmit<S: Stream, T: Timer, K: Masking>(
    link: &mut Link<S, T>,
    connection: &mut Connection<K>,
    out: &mut [u8],
) -> Result<(), Error<S::Error>> {
    if connection.send_half().is_closing() {
        link.closing();
    }
    while let len @ 1.. = connection.poll_transmit(out).map_err(Error::Send)? {
        link.write(out.get(..len).unwrap_or_default()).await?;
    }
    Ok(())
}
