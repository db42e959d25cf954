// Read first: RFC 6455 §4.1.

use std::io;

use ws_core::handshake::{ClientHandshake, ClientProgress, OutgoingRequest};
use ws_core::session;
use ws_core::uri::Uri;

use super::headers::Recipient;
use super::options::HandshakeOptions;
use super::refusal;
use crate::error::Error;
use crate::keys::MaskKeys;
use crate::open::handshake_stream::{HandshakeStream, required, write_head};
use crate::session::session_config;
#[cfg(feature = "deflate")]
use crate::session::with_compression;
use crate::socket::WebSocket;
use crate::stream::Stream;
use crate::telemetry;
use crate::timeouts::Deadline;

/// A WebSocket, and the handshake that has opened it.
pub(crate) type Opened<S> = (WebSocket<S>, ClientHandshake<Vec<u8>>);

impl HandshakeOptions {
    /// Does the opening handshake over a stream that is connected.
    pub(crate) fn handshake<S: Stream>(
        &self,
        stream: S,
        uri: Uri<'_>,
        recipient: Recipient,
        deadline: Deadline,
    ) -> Result<Opened<S>, Error> {
        self.with_request(uri, recipient, |request| {
            let mut opening = ClientOpening::new(self, stream, request, deadline)?;
            let answer = opening.advance(request)?;
            opening.finish(self, uri, answer)
        })
    }
}

/// A client's opening handshake: its request is being written, or the response read.
pub(super) struct ClientOpening<S> {
    keys: MaskKeys,
    handshake: ClientHandshake<Vec<u8>>,
    pub(super) stream: HandshakeStream<S>,
}

/// Whether a server opened a WebSocket.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    Accepted,
    Refused,
}

impl<S: Stream> ClientOpening<S> {
    pub(super) fn new(
        options: &HandshakeOptions,
        stream: S,
        request: &OutgoingRequest<'_>,
        deadline: Deadline,
    ) -> Result<Self, Error> {
        let mut keys = MaskKeys::from_system()?;
        stream.disable_delay()?;
        let handshake = ClientHandshake::new(vec![0; options.head_len_max], keys.nonce());
        let head = write_head(|out| handshake.write_request(request, out), required)?;
        let mut stream = HandshakeStream::new(stream, options.timeouts, deadline);
        stream.queue(&head)?;
        Ok(Self { keys, handshake, stream })
    }

    /// Writes the request and reads the response. Where the stream would block, call it again with the same request.
    pub(super) fn advance(&mut self, request: &OutgoingRequest<'_>) -> Result<Answer, Error> {
        let Self { handshake, stream, .. } = self;
        stream.write_out()?;
        loop {
            match handshake.receive(request, &mut stream.buffer.input()) {
                ClientProgress::NeedInput if stream.fill()? => {}
                ClientProgress::NeedInput => return Err(Error::Disconnected(None)),
                ClientProgress::Accepted => return Ok(Answer::Accepted),
                ClientProgress::Rejected => return Ok(Answer::Refused),
                ClientProgress::Failed(fault) => return Err(Error::Handshake(fault)),
            }
        }
    }

    pub(super) fn finish(
        self,
        options: &HandshakeOptions,
        uri: Uri<'_>,
        answer: Answer,
    ) -> Result<Opened<S>, Error> {
        let Self { keys, handshake, stream } = self;
        if let Answer::Refused = answer {
            let refusal = refusal::read(handshake, stream);
            telemetry::refused_by_server(&uri, refusal.status());
            return Err(refusal.into());
        }
        let opened = session::Opened::by_client(&handshake, keys).map_err(io::Error::other)?;
        let config = session_config(options.config, &options.timeouts);
        #[cfg(feature = "deflate")]
        let config = with_compression(config, options.deflate.as_ref());
        let HandshakeStream { stream, buffer, .. } = stream;
        let socket = WebSocket::open(stream, opened, config, options.timeouts, buffer)?;
        telemetry::connected(socket.id(), &uri, socket.subprotocol());
        Ok((socket, handshake))
    }
}
