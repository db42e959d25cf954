// Read first: RFC 6455 §4.1.

use ws_core::connection::{Receiver, Role, Sender};
use ws_core::handshake::{ClientHandshake, ClientProgress, ClientRequest, Header};
use ws_core::uri::Uri;

use super::headers::Recipient;
use super::{Client, Refusal};
use crate::greeting::{Greeting, required, write_head};
use crate::{Error, MaskKeys, RoleSender, Stream, WebSocket, telemetry};

impl Client {
    /// The opening handshake over a stream that is connected.
    pub(super) fn greet<S: Stream>(
        &self,
        mut stream: S,
        uri: Uri<'_>,
        recipient: Recipient,
    ) -> Result<(WebSocket<S>, ClientHandshake<Vec<u8>>), Error> {
        let mut keys = MaskKeys::from_system()?;
        stream.disable_delay()?;
        let headers = self.headers_for(recipient)?;
        let headers: Vec<_> = headers.iter().map(|(name, value)| Header { name, value }).collect();
        let subprotocols: Vec<_> = self.subprotocols.iter().map(AsRef::as_ref).collect();
        let mut request = ClientRequest::new(uri).subprotocols(&subprotocols).headers(&headers);
        if let Some(origin) = &self.origin {
            request = request.origin(origin);
        }
        #[cfg(feature = "deflate")]
        if let Some(deflate) = &self.deflate {
            request = request.deflate(deflate.config());
        }
        let mut handshake = ClientHandshake::new(vec![0; self.head_len_max], keys.nonce());
        let head = write_head(|out| handshake.write_request(&request, out), required)?;
        let mut greeting = Greeting::new(stream, self.timeouts);
        greeting.write(&head)?;
        loop {
            match handshake.receive(&request, &mut greeting.buffer.input()) {
                ClientProgress::NeedInput if greeting.fill()? => {}
                ClientProgress::NeedInput => return Err(Error::Disconnected(None)),
                ClientProgress::Accepted => break,
                ClientProgress::Refused => {
                    let refusal = Refusal::read(handshake, greeting);
                    telemetry::refused_by_server(&uri, refusal.status());
                    return Err(refusal.into());
                }
                ClientProgress::Failed(fault) => return Err(Error::Handshake(fault)),
            }
        }
        let subprotocol = handshake.response().and_then(|response| response.subprotocol()).map(Into::into);
        let config = handshake.deflate().map_or(self.config, |agreed| self.config.with_deflate(agreed));
        let sender = RoleSender::Client(Sender::with_config(keys, config));
        let receiver = Receiver::new(Role::Client, config);
        let Greeting { stream, buffer, .. } = greeting;
        let socket = WebSocket::open(stream, self.timeouts, sender, receiver, buffer, subprotocol)?;
        telemetry::connected(socket.id(), &uri, socket.subprotocol());
        #[cfg(feature = "deflate")]
        let socket = socket.with_deflate(self.deflate.as_ref(), &config);
        Ok((socket, handshake))
    }
}
