// Read first: RFC 9110 §9.3.6, §11.7, §15.2.

use std::net::TcpStream;

use ws_core::handshake::{ClientHandshake, ClientProgress, Credentials, HandshakeFault, OutgoingRequest};
use ws_core::uri::{Authority, Uri};

use crate::error::{Error, ProxyError, Refusal};
use crate::open::handshake_stream::HandshakeStream;

/// Has an HTTP proxy open a stream to `target`. Of the bytes that arrive, only the head of the proxy's answer is read.
pub(super) fn open(
    stream: &mut HandshakeStream<TcpStream>,
    target: Authority<'_>,
    credentials: Option<&Credentials>,
    head_len_max: usize,
) -> Result<(), Error> {
    // RFC 9110 §9.3.6: the target is a host and a port, which has to be there.
    let authorization = match credentials {
        Some(credentials) => format!("Proxy-Authorization: {}\r\n", credentials.basic()?),
        None => String::new(),
    };
    let request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{authorization}\r\n");
    stream.write(request.as_bytes())?;
    // A handshake whose request was not sent reads any response, in linear time, and passes over interim ones.
    let request = OutgoingRequest::new(Uri::parse("ws://proxy/")?);
    let mut handshake = ClientHandshake::new(vec![0; head_len_max], [0; 16]);
    let progress = loop {
        let progress = handshake.receive(&request, &mut stream.buffer.input());
        if progress != ClientProgress::NeedInput {
            break progress;
        }
        if !stream.fill()? {
            return Err(ProxyError::Ended.into());
        }
    };
    match (progress, handshake.response().map(|response| response.status())) {
        // RFC 9110 §9.3.6: any 2xx; all that follows its head is the server's, whatever length the head states.
        (_, Some(200..=299)) => Ok(()),
        // A 101 too, whether or not it would open a WebSocket.
        (_, Some(_)) => Err(ProxyError::Refused(Refusal::by_proxy(handshake)).into()),
        (ClientProgress::Failed(HandshakeFault::Limit(_)), None) => Err(ProxyError::HeadLen.into()),
        (_, None) => Err(ProxyError::Answer.into()),
    }
}
