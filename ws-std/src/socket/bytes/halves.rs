use core::fmt;
use std::io::{self, IoSlice, Read, Write};

use ws_core::frame::CloseCode;

use super::unread::Unread;
use super::{ByteStream, gathered, stream_error, write_message};
use crate::error::Error;
use crate::socket::{ReadHalf, WriteHalf};
use crate::stream::duplex::Duplex;

impl<S: Duplex> ByteStream<S> {
    /// Splits the stream, so that one thread can read while another writes. See [`WebSocket::split`](crate::WebSocket::split).
    ///
    /// An echo that does not wait for a peer which reads late:
    ///
    /// ```
    /// use std::io::{self, Read, Write};
    /// use std::thread;
    /// use ws_std::ByteStream;
    ///
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let url = format!("ws://{}/", listener.local_addr()?);
    /// # let server = thread::spawn(move || -> io::Result<u64> {
    /// #     let (mut reader, mut writer) = ByteStream::new(ws_std::accept(listener.accept()?.0)?).split()?;
    /// #     let len = io::copy(&mut reader, &mut writer)?;
    /// #     writer.shutdown_write().map(|()| len)
    /// # });
    /// let (mut reader, mut writer) = ByteStream::new(ws_std::connect(&url)?).split()?;
    /// let writing = thread::spawn(move || {
    ///     (0..1000).try_for_each(|_| writer.write_all(b"Hello, ")).and_then(|()| writer.flush()).map(|()| writer)
    /// });
    /// let mut echo = [0; 7000];
    /// reader.read_exact(&mut echo)?;
    /// assert_eq!(echo[..], *b"Hello, ".repeat(1000));
    /// writing.join().unwrap()?.shutdown_write()?;
    /// assert_eq!(reader.read(&mut echo)?, 0);
    /// # assert_eq!(server.join().unwrap()?, 7000);
    /// # Ok::<(), io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where the stream cannot be made blocking. The connection is then dropped.
    pub fn split(self) -> Result<(ByteReader<S>, ByteWriter<S>), Error> {
        let Self { socket, unread, .. } = self;
        let (reader, writer) = socket.split()?;
        Ok((ByteReader { half: reader, unread }, ByteWriter { half: writer }))
    }
}

/// The half of a [`ByteStream`] that reads, from [`ByteStream::split`].
///
/// Reading returns what [`ByteStream`]'s does. It answers pings and the peer's Close, so read to the end.
pub struct ByteReader<S: Duplex> {
    half: ReadHalf<S>,
    unread: Unread,
}

impl<S: Duplex> ByteReader<S> {
    /// The half of the WebSocket, to ask how the connection ended and what it has carried.
    #[must_use]
    pub const fn get_ref(&self) -> &ReadHalf<S> {
        &self.half
    }

    /// The half of the WebSocket, to set how long a read may wait, and to close with another code. What it reads is missing in the
    /// stream.
    #[must_use]
    pub const fn get_mut(&mut self) -> &mut ReadHalf<S> {
        &mut self.half
    }
}

impl<S: Duplex> Read for ByteReader<S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let (inbound, driver) = self.half.begin_parts();
        self.unread.read(inbound, driver, bytes).map_err(stream_error)
    }
}

impl<S: Duplex> fmt::Debug for ByteReader<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteReader")
            .field("half", &self.half)
            .field("rest_len", &self.unread.rest.len())
            .finish_non_exhaustive()
    }
}

/// The half of a [`ByteStream`] that writes, from [`ByteStream::split`].
///
/// Each write is a binary message, which the stream has taken when the call returns. Dropping it sends no Close: call
/// [`shutdown_write`](Self::shutdown_write), and read to the end by the other half.
pub struct ByteWriter<S: Duplex> {
    half: WriteHalf<S>,
}

impl<S: Duplex> ByteWriter<S> {
    /// Ends the stream: sends a Close with 1000. The peer answers with its own, so that little comes after this; see
    /// [the end](ByteStream#the-end). Where the connection is closing already, nothing changes.
    ///
    /// ```
    /// # fn run(stream: ws_std::ByteStream<std::net::TcpStream>) -> std::io::Result<()> {
    /// use std::io::{Read, Write};
    ///
    /// let (mut reader, mut writer) = stream.split()?;
    /// writer.write_all(b"all")?;
    /// writer.shutdown_write()?;
    /// reader.read_to_end(&mut Vec::new())?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those that end the connection.
    pub fn shutdown_write(&mut self) -> io::Result<()> {
        self.half.start_close(CloseCode::NORMAL).map_err(stream_error)
    }

    /// The half of the WebSocket, to send pings, and to close with another code. A message that it sends is a part of the stream.
    #[must_use]
    pub const fn get_ref(&self) -> &WriteHalf<S> {
        &self.half
    }
}

impl<S: Duplex> Write for ByteWriter<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        write_message(bytes, |message| self.half.send(message))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.write(&gathered(slices)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.half.flush().map_err(stream_error)
    }
}

impl<S: Duplex> fmt::Debug for ByteWriter<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteWriter").field("half", &self.half).finish_non_exhaustive()
    }
}
