// Read first: RFC 6455 §7.2.3.

use core::time::Duration;
use std::io::ErrorKind;

use ws_core::handshake::Refusal;

use super::Error;

impl Error {
    /// Whether a client that wants to stay connected should connect again, after a delay of [`Backoff`](crate::Backoff): whether what
    /// failed may pass. Where a connection has ended without an error, ask its
    /// [`CloseStatus`](crate::CloseStatus::should_reconnect).
    ///
    /// It is so where the connection was lost, took too long, or could not be made, and where a status says that
    /// the same request may succeed later, such as 503. It is not where the same would fail again: what the program has set, what
    /// the peer does against the rules, a certificate that is not accepted, or another status, such as 401.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// use ws_tokio::{Backoff, Client, Error};
    ///
    /// /// Reads messages for as long as that makes sense, over as many connections as it takes.
    /// async fn stay_connected(client: &Client, url: &str, random: impl Fn() -> u64) -> Result<(), Error> {
    ///     let mut backoff = Backoff::new();
    ///     loop {
    ///         let begun = Instant::now();
    ///         let read_all = async {
    ///             let mut socket = client.connect(url).await?;
    ///             while let Some(message) = socket.receive().await? {
    ///                 println!("{message:?}");
    ///             }
    ///             Ok(socket.closure().is_some_and(|closure| closure.status.should_reconnect()))
    ///         };
    ///         let retry_after = match read_all.await {
    ///             Ok(false) => return Ok(()),
    ///             Ok(true) => Duration::ZERO,
    ///             Err(error) if Error::should_reconnect(&error) => error.retry_after().unwrap_or_default(),
    ///             Err(error) => return Err(error),
    ///         };
    ///         backoff.opened_for(begun.elapsed());
    ///         tokio::time::sleep(backoff.next_delay(random()).max(retry_after)).await;
    ///     }
    /// }
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # let nowhere = runtime.block_on(stay_connected(&Client::new(), "http://example.com/", || 0));
    /// # assert!(matches!(nowhere, Err(Error::Uri(_))));
    /// ```
    #[must_use]
    pub fn should_reconnect(&self) -> bool {
        match self {
            Self::Disconnected(_) | Self::Timeout(_) => true,
            // No address was reached, the name was not found now, or there are no resources now.
            Self::Io(error) => !LASTING.contains(&error.kind()),
            Self::Refused(refusal) => refusal.response().is_some_and(|response| response.should_reconnect()),
            Self::Incomplete(status) => status.should_reconnect(),
            Self::WouldBlock
            | Self::ReadTimeout
            | Self::Fault(_)
            | Self::NotBinary
            | Self::Closed
            | Self::MessageUnfinished
            | Self::NotAdmitted
            | Self::PingLen
            | Self::Uri(_)
            | Self::TlsUnsupported
            | Self::Handshake(_)
            | Self::HandshakeMisuse(_)
            | Self::Entropy => false,
            #[cfg(feature = "rustls")]
            Self::NoCryptoProvider | Self::Tls(_) => false,
        }
    }

    /// How long the server asks to wait before the next attempt: the seconds of `Retry-After` (RFC 9110 §10.2.3).
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.refusal()?.response()?.retry_after()
    }

    /// The response of the server, where it is why no connection was opened.
    ///
    /// ```no_run
    /// # async fn run() {
    /// if let Err(error) = ws_tokio::connect("ws://example.com/").await {
    ///     match error.refusal().map(|refusal| refusal.status()) {
    ///         Some(401) => println!("log in first"),
    ///         _ => println!("{error}"),
    ///     }
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        if let Self::Refused(refusal) = self { Some(refusal) } else { None }
    }
}

/// The kinds of errors of a stream that the next one would have too.
const LASTING: [ErrorKind; 4] =
    [ErrorKind::InvalidInput, ErrorKind::InvalidData, ErrorKind::PermissionDenied, ErrorKind::Unsupported];
