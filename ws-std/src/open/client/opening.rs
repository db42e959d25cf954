// Read first: RFC 6455 §4.1.

use ws_core::connection::RoleKeys;
use ws_core::handshake::{ClientHandshake, ClientProgress, Header, OutgoingRequest};
use ws_core::uri::Uri;

use super::headers::Recipient;
use super::refusal;
use crate::dial::Client;
use crate::open::handshake_stream::{Greeting, required, write_head};
use crate::sender::halves;
use crate::timeouts::Deadline;
use crate::{Error, MaskKeys, Stream, WebSocket, telemetry};

/// A WebSocket, and the handshake that has opened it.
pub(crate) type Opened<S> = (WebSocket<S>, ClientHandshake<Vec<u8>>);

impl Client {
    /// The opening handshake over a stream that is connected.
    pub(crate) fn greet<S: Stream>(
        &self,
        stream: S,
        uri: Uri<'_>,
        recipient: Recipient,
        deadline: Deadline,
    ) -> Result<Opened<S>, Error> {
        self.with_request(uri, recipient, |request| {
            let mut exchange = Exchange::new(self, stream, request, deadline)?;
            let answer = exchange.advance(request)?;
            exchange.finish(self, uri, answer)
        })
    }

    /// Lets `act` have the request.
    pub(crate) fn with_request<T>(
        &self,
        uri: Uri<'_>,
        recipient: Recipient,
        act: impl FnOnce(&OutgoingRequest<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let headers = self.headers_for(recipient)?;
        let headers: Vec<_> = headers.iter().map(|(name, value)| Header { name, value }).collect();
        let subprotocols: Vec<_> = self.subprotocols.iter().map(AsRef::as_ref).collect();
        let mut request = OutgoingRequest::new(uri).with_subprotocols(&subprotocols).with_headers(&headers);
        if let Some(origin) = &self.origin {
            request = request.with_origin(origin);
        }
        #[cfg(feature = "deflate")]
        if let Some(deflate) = &self.deflate {
            request = request.with_deflate(deflate.config());
        }
        act(&request)
    }
}

/// A request that is being written, or whose response is being read.
pub(crate) struct Exchange<S> {
    keys: MaskKeys,
    handshake: ClientHandshake<Vec<u8>>,
    pub(crate) greeting: Greeting<S>,
}

/// What a server says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    Accepted,
    Refused,
}

impl<S: Stream> Exchange<S> {
    pub(crate) fn new(
        client: &Client,
        mut stream: S,
        request: &OutgoingRequest<'_>,
        deadline: Deadline,
    ) -> Result<Self, Error> {
        let mut keys = MaskKeys::from_system()?;
        stream.disable_delay()?;
        let handshake = ClientHandshake::new(vec![0; client.head_len_max], keys.nonce());
        let head = write_head(|out| handshake.write_request(request, out), required)?;
        let mut greeting = Greeting::new(stream, client.timeouts, deadline);
        greeting.queue(&head)?;
        Ok(Self { keys, handshake, greeting })
    }

    /// Writes and reads; where the stream would block it may be called again, with the same request.
    pub(crate) fn advance(&mut self, request: &OutgoingRequest<'_>) -> Result<Answer, Error> {
        let Self { handshake, greeting, .. } = self;
        greeting.write_out()?;
        loop {
            match handshake.receive(request, &mut greeting.buffer.input()) {
                ClientProgress::NeedInput if greeting.fill()? => {}
                ClientProgress::NeedInput => return Err(Error::Disconnected(None)),
                ClientProgress::Accepted => return Ok(Answer::Accepted),
                ClientProgress::Rejected => return Ok(Answer::Refused),
                ClientProgress::Failed(fault) => return Err(Error::Handshake(fault)),
            }
        }
    }

    pub(crate) fn finish(self, client: &Client, uri: Uri<'_>, answer: Answer) -> Result<Opened<S>, Error> {
        let Self { keys, handshake, greeting } = self;
        if let Answer::Refused = answer {
            let refusal = refusal::read(handshake, greeting);
            telemetry::refused_by_server(&uri, refusal.status());
            return Err(refusal.into());
        }
        let subprotocol = handshake.response().and_then(|response| response.subprotocol()).map(Into::into);
        let agreed = handshake.deflate();
        let (sender, receiver) = halves(RoleKeys::Client(keys), client.config, agreed);
        let Greeting { stream, buffer, .. } = greeting;
        let socket = WebSocket::open(stream, client.timeouts, sender, receiver, buffer, subprotocol)?;
        telemetry::connected(socket.id(), &uri, socket.subprotocol());
        #[cfg(feature = "deflate")]
        let socket = socket.with_deflate(client.deflate.as_ref(), agreed, client.config);
        Ok((socket, handshake))
    }
}
