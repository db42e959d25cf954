// Read first: RFC 6455 §4.1.

use core::fmt;
use std::io;

use ws_core::uri::Uri;

use super::Response;
use super::headers::Recipient;
use super::opening::ClientOpening;
use super::options::HandshakeOptions;
use crate::error::Error;
use crate::socket::WebSocket;
use crate::stream::Stream;
use crate::timeouts::Deadline;

/// The opening handshake of a client over a stream that does not block, from [`Client::start_handshake`](crate::Client::start_handshake).
pub struct Connecting<S> {
    options: HandshakeOptions,
    url: Box<str>,
    opening: Option<ClientOpening<S>>,
}

impl<S: Stream> Connecting<S> {
    pub(crate) fn new(options: HandshakeOptions, stream: S, url: &str) -> Result<Self, Error> {
        let deadline = Deadline::after(options.timeouts.handshake(), || stream.now());
        let opening = options.with_request(Uri::parse(url)?, Recipient::Named, |request| {
            ClientOpening::new(&options, stream, request, deadline)
        })?;
        Ok(Self { options, url: url.into(), opening: Some(opening) })
    }

    /// Writes and reads until the stream would block. Then call it again when the stream is readable, or
    /// [writable](Self::wants_write), and when [`Timeouts::handshake`](crate::Timeouts::handshake) is over: then it fails with
    /// [`Error::Timeout`].
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where the stream would block; those of [`Client::handshake`](crate::Client::handshake). Called again after one of
    /// the latter, or after it has returned the WebSocket, it fails with [`io::ErrorKind::NotConnected`].
    pub fn advance(&mut self) -> Result<WebSocket<S>, Error> {
        self.advance_with_response().map(|(socket, _response)| socket)
    }

    /// Writes and reads until the stream would block, and returns the WebSocket with the response that opened it; see
    /// [`advance`](Self::advance).
    ///
    /// # Errors
    ///
    /// Those of [`advance`](Self::advance).
    pub fn advance_with_response(&mut self) -> Result<(WebSocket<S>, Response), Error> {
        let Some(mut opening) = self.opening.take() else { return Err(io::ErrorKind::NotConnected.into()) };
        let uri = Uri::parse(&self.url)?;
        match self.options.with_request(uri, Recipient::Named, |request| opening.advance(request)) {
            Ok(answer) => {
                let (socket, handshake) = opening.finish(&self.options, uri, answer)?;
                Ok((socket, Response::new(handshake, &self.url)))
            }
            Err(error) => {
                if error.is_would_block() {
                    self.opening = Some(opening);
                }
                Err(error)
            }
        }
    }

    /// Whether the request is not written yet. Once it is, the response is waited for.
    #[must_use]
    pub fn wants_write(&self) -> bool {
        self.opening.as_ref().is_some_and(|opening| opening.stream.wants_write())
    }

    /// The stream; `None` after [`advance`](Self::advance) has returned the WebSocket or an error that is final.
    #[must_use]
    pub const fn get_ref(&self) -> Option<&S> {
        match &self.opening {
            Some(opening) => Some(&opening.stream.stream),
            None => None,
        }
    }
}

impl<S> fmt::Debug for Connecting<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting").field("url", &self.url).finish_non_exhaustive()
    }
}
