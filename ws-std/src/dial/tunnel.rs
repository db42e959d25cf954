// Read first: RFC 9110 §9.3.6, §11.7, §15.2.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use ws_core::handshake::{ClientHandshake, ClientProgress, HandshakeFault, OutgoingRequest, Response};
use ws_core::input::ReadBuffer;
use ws_core::uri::{Authority, Uri};

use super::limited::{Limited, map_io_error};
use crate::error::{Error, ProxyError, ProxyRefusal};
use crate::open::client::credentials::Credentials;
use crate::timeouts::Deadline;

/// Has an HTTP proxy open a stream to `target`. Of the bytes that arrive, only the head of the proxy's answer is read.
pub(super) fn open(
    stream: &TcpStream,
    target: Authority<'_>,
    credentials: Option<&Credentials>,
    head_len_max: usize,
    deadline: Deadline,
) -> Result<(), Error> {
    // RFC 9110 §9.3.6: the target is a host and a port, which has to be there.
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if let Some(credentials) = credentials {
        request.push_str("Proxy-Authorization: ");
        request.push_str(&credentials.basic()?);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    let mut stream = Limited::new(stream, deadline);
    stream.write_all(request.as_bytes()).map_err(map_io_error)?;
    let answer = read_answer(&mut stream, head_len_max)?;
    // RFC 9110 §9.3.6: any 2xx; all that follows its head is the server's, whatever length the head states.
    if (200..=299).contains(&answer.status) { Ok(()) } else { Err(ProxyError::Refused(answer).into()) }
}

/// Reads heads up to the final one, and not a byte more: it peeks at what has arrived, then takes only what belongs to a head.
fn read_answer(stream: &mut Limited<'_>, head_len_max: usize) -> Result<ProxyRefusal, Error> {
    // A handshake whose request was not sent reads any response, in linear time, and passes over interim ones.
    let request = OutgoingRequest::new(Uri::parse("ws://proxy/")?);
    let mut handshake = ClientHandshake::new(vec![0; head_len_max], [0; 16]);
    let mut buffer = ReadBuffer::new([0; CHUNK_LEN]);
    loop {
        let peeked_len = stream.peek(buffer.spare()).map_err(map_io_error)?;
        if peeked_len == 0 {
            return Err(ProxyError::Ended.into());
        }
        buffer.filled(peeked_len);
        let progress = handshake.receive(&request, &mut buffer.input());
        let taken_len = peeked_len.saturating_sub(buffer.unread().len());
        let mut taken = [0; CHUNK_LEN];
        stream.read_exact(taken.get_mut(..taken_len).unwrap_or_default()).map_err(map_io_error)?;
        match (progress, handshake.response()) {
            (ClientProgress::NeedInput, _) => {}
            // A 101 too, whether or not it would open a WebSocket.
            (_, Some(response)) => return Ok(answer_of(&response)),
            (ClientProgress::Failed(HandshakeFault::Limit(_)), None) => {
                return Err(ProxyError::HeadLen.into());
            }
            (_, None) => return Err(ProxyError::Answer.into()),
        }
    }
}

fn answer_of(response: &Response<'_>) -> ProxyRefusal {
    ProxyRefusal {
        status: response.status(),
        reason: response.reason().into(),
        headers: response.headers().map(|header| (header.name.into(), header.value.into())).collect(),
    }
}

/// How many bytes are peeked at at a time.
const CHUNK_LEN: usize = 1024;
