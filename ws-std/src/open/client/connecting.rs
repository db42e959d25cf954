// Read first: RFC 6455 §4.1.

use core::fmt;
use std::io;

use ws_core::handshake::{ClientHandshake, ClientProgress, OutgoingRequest, head_to_vec};
use ws_core::session::Opened;
use ws_core::uri::Uri;

use super::options::HandshakeOptions;
use super::{Response, refusal};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::keys::MaskKeys;
use crate::open::handshake_stream::{HandshakeStream, head_storage};
use crate::socket::WebSocket;
use crate::stream::Stream;
use crate::telemetry;

/// The opening handshake of a client over a stream that does not block, from [`Client::start_handshake`](crate::Client::start_handshake)
/// or, with that of TLS before it, from `Client::start_handshake_tls`.
pub struct Connecting<S> {
    options: HandshakeOptions,
    url: Box<str>,
    opening: Option<ClientOpening<S>>,
}

impl<S: Stream> Connecting<S> {
    pub(crate) fn new(
        options: HandshakeOptions,
        stream: S,
        url: &str,
        deadline: Deadline,
    ) -> Result<Self, Error> {
        let opening = options.request.lend(Uri::parse(url)?, |request| {
            ClientOpening::new(stream, request, options.head_len_max, deadline)
        })?;
        Ok(Self { options, url: url.into(), opening: Some(opening) })
    }

    /// Writes and reads until the stream would block. Then call it again when the stream is readable, or
    /// [writable](Self::wants_write), and when [`Timeouts::handshake`](crate::Timeouts::handshake) is over: then it fails with
    /// [`Error::Timeout`].
    ///
    /// # Errors
    ///
    /// [`Error::WouldBlock`]; those of [`Client::handshake`](crate::Client::handshake). Called again after one of
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
        match self.options.request.lend(uri, |request| opening.advance(request)) {
            Ok(is_accepted) => self.finish(opening, uri, is_accepted),
            Err(error) => {
                if error.is_transient() {
                    self.opening = Some(opening);
                }
                Err(error)
            }
        }
    }

    fn finish(
        &self,
        opening: ClientOpening<S>,
        uri: Uri<'_>,
        is_accepted: bool,
    ) -> Result<(WebSocket<S>, Response), Error> {
        let ClientOpening { keys, handshake, stream } = opening;
        if !is_accepted {
            let refusal = refusal::read(handshake, stream);
            telemetry::refused_by_server(&uri, refusal.status());
            return Err(refusal.into());
        }
        let opened = Opened::by_client(&handshake, keys).map_err(io::Error::other)?;
        let socket = self.options.settings.open(stream, opened)?;
        telemetry::connected(socket.id(), &uri, socket.subprotocol());
        Ok((socket, Response::new(handshake, &self.url)))
    }

    /// Whether bytes wait that the stream did not take: of the request, or of the handshake of TLS. Otherwise the peer is waited for.
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

/// A request that is being written, or the response to it that is being read.
struct ClientOpening<S> {
    keys: MaskKeys,
    handshake: ClientHandshake<Vec<u8>>,
    stream: HandshakeStream<S>,
}

impl<S: Stream> ClientOpening<S> {
    fn new(
        stream: S,
        request: &OutgoingRequest<'_>,
        head_len_max: usize,
        deadline: Deadline,
    ) -> Result<Self, Error> {
        let mut keys = MaskKeys::from_system()?;
        let mut stream = HandshakeStream::new(stream, deadline)?;
        let handshake = ClientHandshake::new(head_storage(head_len_max)?, keys.nonce());
        stream.queue(&head_to_vec(|out| handshake.write_request(request, out))?)?;
        Ok(Self { keys, handshake, stream })
    }

    /// Writes the request and reads the response. Returns whether the server has opened a WebSocket. Where the stream would block, call
    /// it again with the same request.
    fn advance(&mut self, request: &OutgoingRequest<'_>) -> Result<bool, Error> {
        let Self { handshake, stream, .. } = self;
        match stream.write_out() {
            // The server may answer a request that it has not read, or refuse a handshake of TLS.
            Err(error) if !error.is_transient() => return Err(error),
            Ok(()) | Err(_) => {}
        }
        loop {
            match handshake.receive(request, &mut stream.buffer.input()) {
                ClientProgress::NeedInput if stream.fill()? => {}
                ClientProgress::NeedInput => return Err(Error::Disconnected(None)),
                ClientProgress::Accepted => return Ok(true),
                ClientProgress::Rejected => return Ok(false),
                ClientProgress::Failed(fault) => return Err(Error::Handshake(fault)),
            }
        }
    }
}

impl<S> fmt::Debug for Connecting<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting").field("url", &self.url).finish_non_exhaustive()
    }
}
