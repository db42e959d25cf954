//! An open connection on several threads.

mod channel;
mod read_end;
mod read_half;
mod reunite;
mod shared;
mod turn;
mod write_half;

#[cfg(feature = "hub")]
pub(crate) use channel::{Channel, Forms, STACK_LEN};
pub use read_half::ReadHalf;
pub use reunite::ReuniteError;
pub use write_half::WriteHalf;

use alloc::sync::Arc;

use super::WebSocket;
use crate::error::Error;
use crate::session::Io;
use crate::stream::duplex::Duplex;
use crate::stream::shared::SharedStream;
use shared::Shared;

impl<S: Duplex> WebSocket<S> {
    /// Splits the connection, so that one thread can read while others write, over one descriptor.
    ///
    /// The halves do not wait for each other. A peer that does not read holds up the threads that send, for
    /// [`Timeouts::write`](crate::Timeouts::write) at most, and not the thread that reads. [`ReadHalf::reunite`] undoes the split.
    ///
    /// # Platform notes
    ///
    /// The reading half answers pings by writes that do not wait ([`Duplex::write_now`](crate::Duplex::write_now)), which exist on
    /// Unix. On other platforms, such as Windows, it starts a thread for an answer. Windows does not say how much a write that timed
    /// out has sent, so there a write waits for [`Timeouts::write`](crate::Timeouts::write) in one step, and is never continued.
    ///
    /// ```
    /// use std::thread;
    /// use ws_std::{CloseCode, Message};
    ///
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let url = format!("ws://{}/", listener.local_addr()?);
    /// # thread::spawn(move || -> Result<(), ws_std::Error> {
    /// #     let mut socket = ws_std::accept(listener.accept()?.0)?;
    /// #     while let Some((message, mut writer)) = socket.read()? { writer.send(message)? }
    /// #     Ok(())
    /// # });
    /// let (mut reader, writer) = ws_std::connect(&url)?.split()?;
    /// let reading = thread::spawn(move || -> Result<usize, ws_std::Error> {
    ///     let mut count = 0;
    ///     while let Some(message) = reader.read()? {
    ///         assert_eq!(message, Message::Text("Hello"));
    ///         count += 1;
    ///     }
    ///     Ok(count)
    /// });
    /// for _ in 0..100 {
    ///     writer.send("Hello")?;
    /// }
    /// writer.start_close(CloseCode::NORMAL.with_reason("done"))?;
    /// assert!(reading.join().is_ok_and(|count| count.is_ok_and(|count| count == 100)));
    /// # Ok::<(), ws_std::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where the stream cannot be made blocking. The connection is then dropped.
    pub fn split(self) -> Result<(ReadHalf<S>, WriteHalf<S>), Error> {
        let Self { io, inbound, subprotocol } = self;
        let Io { link, life, .. } = io.into_io();
        let (stream, held_back_len) = link.into_stream();
        let stream = SharedStream::new(stream);
        stream.get_ref().set_blocking()?;
        let limit = stream.get_ref().read_limit()?;
        let shared = Arc::new(Shared::new(stream, life, held_back_len));
        let reader = ReadHalf::new(Arc::clone(&shared), inbound, limit, subprotocol);
        Ok((reader, WriteHalf::new(shared)))
    }
}
