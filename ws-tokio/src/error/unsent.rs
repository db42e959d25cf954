use core::fmt;

use ws_core::message::OwnedMessage;

use super::Error;

/// Why a message that was given away was not sent, and the message.
///
/// `?` makes an [`Error`] of it where a function returns that. It is printed as the error is, and shows nothing of the message.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), ws_tokio::Error> {
/// use ws_tokio::{CloseCode, Config, Error, Role, Unsent, WebSocket};
///
/// let (stream, _peer) = tokio::io::duplex(64);
/// let mut socket = WebSocket::after_handshake(stream, Role::Server, Config::new(), b"")?;
/// socket.start_close(CloseCode::NORMAL).await?;
/// let Err(Unsent { error: Error::Closed, message }) = socket.send_owned(vec![7; 1000]).await else { panic!() };
/// assert_eq!(message, Some(vec![7; 1000].into())); // send it on another connection
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Unsent {
    /// Why it was not sent.
    pub error: Error,
    /// The message, unchanged, where nothing of it was sent: you may send it again, here or on another connection.
    ///
    /// `None` where the connection ended after it had taken the message. The peer may have received all, a part or nothing of it,
    /// and its bytes are gone.
    pub message: Option<OwnedMessage>,
}

impl fmt::Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl core::error::Error for Unsent {
    /// That of the error, whose text is this one's too.
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.error.source()
    }
}

impl From<Unsent> for Error {
    fn from(unsent: Unsent) -> Self {
        unsent.error
    }
}
