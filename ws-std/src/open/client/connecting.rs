// Read first: RFC 6455 §4.1.

use core::fmt;
use std::io;

use ws_core::uri::Uri;

use super::Response;
use super::headers::Recipient;
use super::opening::Exchange;
use crate::dial::Client;
use crate::timeouts::Deadline;
use crate::{Error, Stream, WebSocket};

/// The opening handshake of a client over a stream that does not block, from [`Client::start_handshake`].
pub struct Connecting<S> {
    client: Client,
    url: Box<str>,
    exchange: Option<Exchange<S>>,
}

impl<S: Stream> Connecting<S> {
    pub(crate) fn new(client: Client, stream: S, url: &str) -> Result<Self, Error> {
        let deadline = Deadline::after(client.timeouts.handshake());
        let exchange = client.with_request(Uri::parse(url)?, Recipient::Named, |request| {
            Exchange::new(&client, stream, request, deadline)
        })?;
        Ok(Self { client, url: url.into(), exchange: Some(exchange) })
    }

    /// Writes and reads as much as goes. Where the stream would block it is to be called again when that is readable, or
    /// [writable](Self::wants_write), and when [`Timeouts::handshake`](crate::Timeouts::handshake) is over, to be told so.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where the stream would block; those of [`Client::handshake`], after which it fails with
    /// [`io::ErrorKind::NotConnected`], as it does behind the WebSocket.
    pub fn advance(&mut self) -> Result<WebSocket<S>, Error> {
        self.advance_with_response().map(|(socket, _response)| socket)
    }

    /// As [`advance`](Self::advance), and gives the response too.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn advance_with_response(&mut self) -> Result<(WebSocket<S>, Response), Error> {
        let Some(mut exchange) = self.exchange.take() else { return Err(io::ErrorKind::NotConnected.into()) };
        let uri = Uri::parse(&self.url)?;
        match self.client.with_request(uri, Recipient::Named, |request| exchange.advance(request)) {
            Ok(answer) => {
                let (socket, handshake) = exchange.finish(&self.client, uri, answer)?;
                Ok((socket, Response::new(handshake, &self.url)))
            }
            Err(error) => {
                if error.is_would_block() {
                    self.exchange = Some(exchange);
                }
                Err(error)
            }
        }
    }

    /// Whether the request is not written yet; behind it, the response is waited for.
    #[must_use]
    pub fn wants_write(&self) -> bool {
        self.exchange.as_ref().is_some_and(|exchange| exchange.greeting.wants_write())
    }

    /// The stream, until there is an outcome.
    #[must_use]
    pub const fn get_ref(&self) -> Option<&S> {
        match &self.exchange {
            Some(exchange) => Some(&exchange.greeting.stream),
            None => None,
        }
    }
}

impl<S> fmt::Debug for Connecting<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting").field("url", &self.url).finish_non_exhaustive()
    }
}
