// Read first: RFC 9110 §9.3.6, §11.7.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use ws_core::handshake::HEADER_COUNT_MAX;
use ws_core::uri::Authority;

use super::limited::{Limited, map_io_error};
use crate::error::{Error, ProxyError, ProxyRefusal};
use crate::open::client::credentials::Credentials;
use crate::timeouts::Deadline;

/// Has an HTTP proxy open a stream to `target`. Of what it sends, only the head of its answer is read.
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
    loop {
        let answer = read_head(&mut stream, head_len_max)?;
        match answer.status {
            // RFC 9110 §9.3.6: any 2xx; what follows its head is the server's, whatever lengths the head tells.
            200..=299 => return Ok(()),
            // RFC 9110 §15.2: a client has to be able to read interim responses before the final one.
            100 | 102..=199 => {}
            _ => return Err(ProxyError::Refused(answer).into()),
        }
    }
}

/// Reads a head and not a byte more: what there is is looked at before as much is taken as belongs to the head.
fn read_head(stream: &mut Limited<'_>, len_max: usize) -> Result<ProxyRefusal, Error> {
    let mut head = Vec::new();
    let mut chunk = [0; CHUNK_LEN];
    loop {
        let room_len = len_max.saturating_sub(head.len()).min(CHUNK_LEN);
        let room = chunk.get_mut(..room_len).unwrap_or_default();
        if room.is_empty() {
            return Err(ProxyError::HeadLen.into());
        }
        let peeked_len = stream.peek(room).map_err(map_io_error)?;
        let peeked = room.get_mut(..peeked_len).unwrap_or_default();
        if peeked.is_empty() {
            return Err(ProxyError::Ended.into());
        }
        let known_len = head.len();
        head.extend_from_slice(peeked);
        // A head ends with a line.
        let parsed = if peeked.contains(&b'\n') { parse(&head)? } else { None };
        let taken_len = parsed.as_ref().map_or(peeked_len, |(_, len)| len.saturating_sub(known_len));
        stream.read_exact(peeked.get_mut(..taken_len).unwrap_or_default()).map_err(map_io_error)?;
        if let Some((answer, _)) = parsed {
            return Ok(answer);
        }
    }
}

/// The answer and the length of its head, where the head is whole.
fn parse(head: &[u8]) -> Result<Option<(ProxyRefusal, usize)>, ProxyError> {
    let mut slots = [httparse::EMPTY_HEADER; HEADER_COUNT_MAX];
    let mut response = httparse::Response::new(&mut slots);
    let len = match response.parse(head) {
        Ok(httparse::Status::Complete(len)) => len,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(ProxyError::HeadLen),
        Err(_) => return Err(ProxyError::Answer),
    };
    let status = response.code.filter(|code| *code >= 100).ok_or(ProxyError::Answer)?;
    let headers = response.headers.iter().map(|header| (header.name.into(), header.value.into())).collect();
    let reason = response.reason.unwrap_or_default().into();
    Ok(Some((ProxyRefusal { status, reason, headers }, len)))
}

/// How much is looked at at a time, in bytes.
const CHUNK_LEN: usize = 1024;
