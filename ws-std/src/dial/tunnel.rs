// Read first: RFC 9110 §9.3.6, §11.7, §15.2; RFC 9112 §9.3.

use alloc::sync::Arc;

use ws_core::handshake::{
    ClientHandshake, ClientProgress, Credentials, HandshakeFault, HandshakeMisuse, OutgoingRequest, Refusal,
    RequestConfig, Response, ResponseBody, WriteError,
};
use ws_core::uri::{Authority, Uri};

use crate::error::{Error, ProxyError};
use crate::open::handshake_stream::{HandshakeStream, head_storage};
use crate::stream::Carrier;

/// What an HTTP proxy is sent besides the target.
#[derive(Clone, Default)]
pub(super) struct Tunnel {
    pub(super) credentials: Option<Credentials>,
    pub(super) headers: RequestConfig,
    pub(super) authenticator: Option<Authenticator>,
}

/// Makes what answers the 407s of one tunnel.
pub(super) type Authenticator = Arc<dyn Fn() -> Box<Answer> + Send + Sync>;
type Answer = dyn FnMut(&Refusal) -> Option<Vec<u8>>;

impl Tunnel {
    /// Has an HTTP proxy open a stream to `target`, over a stream that `reach` has opened to the proxy. Of the bytes that arrive, only the
    /// heads of the proxy's answers are read, and the bodies of those that are answered.
    pub(super) fn open(
        &self,
        target: Authority<'_>,
        head_len_max: usize,
        reach: impl Fn() -> Result<HandshakeStream<Carrier>, Error>,
    ) -> Result<Carrier, Error> {
        let basic = self.credentials.as_ref().map(Credentials::basic).transpose()?;
        let mut authorization = basic.map(String::into_bytes);
        let mut authenticator = self.authenticator.as_ref().map(|make| make());
        let mut left_count = ANSWER_COUNT_MAX;
        let mut kept = None;
        loop {
            let head = self.head(target, authorization.as_deref())?;
            let is_kept = kept.is_some();
            let mut stream = match kept.take() {
                Some(stream) => stream,
                None => reach()?,
            };
            let refusal = match ask(&mut stream, &head, head_len_max) {
                Ok(None) => return Ok(stream.stream),
                Ok(Some(refusal)) => refusal,
                // The proxy did not keep the stream open after all.
                Err(Error::Disconnected(_)) if is_kept && !stream.has_received => continue,
                Err(error) => return Err(error),
            };
            let answer = match &mut authenticator {
                Some(answer) if refusal.status() == 407 && left_count > 0 => answer(&refusal),
                _ => None,
            };
            if answer.is_none() {
                return Err(ProxyError::Refused(refusal).into());
            }
            authorization = answer;
            left_count = left_count.saturating_sub(1);
            if skip_body(&mut stream, &refusal)? {
                kept = Some(stream);
            }
        }
    }

    /// The head of the request.
    fn head(&self, target: Authority<'_>, authorization: Option<&[u8]>) -> Result<Vec<u8>, Error> {
        let headers = self.headers.clone();
        let headers = match authorization {
            Some(value) => headers.with_header(AUTHORIZATION, value),
            None => headers,
        };
        headers.lend(any_uri()?, |request| {
            // Headers are judged before there is found to be no room for them.
            let judged = ClientHandshake::new([], [0; 16]).write_request(request, &mut []);
            if let Err(WriteError::Misuse(misuse)) = judged {
                return Err(misuse.into());
            }
            if request.headers().iter().filter(|header| header.is(AUTHORIZATION)).count() > 1 {
                return Err(HandshakeMisuse::RepeatedHeader.into());
            }
            // RFC 9110 §9.3.6: the target is a host and a port, which has to be there.
            let mut head = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
            for header in request.headers() {
                head.extend([header.name.as_bytes(), b": ", header.value, b"\r\n"].concat());
            }
            head.extend(b"\r\n");
            Ok(head)
        })
    }
}

/// Sends a request, and reads the head of the answer. Returns `None` where the stream is now one to the target.
fn ask(
    stream: &mut HandshakeStream<Carrier>,
    head: &[u8],
    head_len_max: usize,
) -> Result<Option<Refusal>, Error> {
    stream.has_received = false;
    stream.write(head)?;
    // A handshake whose request was not sent reads any response, in linear time, and passes over interim ones.
    let request = OutgoingRequest::new(any_uri()?);
    let mut handshake = ClientHandshake::new(head_storage(head_len_max)?, [0; 16]);
    let progress = loop {
        let progress = handshake.receive(&request, &mut stream.buffer.input());
        if progress != ClientProgress::NeedInput {
            break progress;
        }
        if !stream.fill()? {
            return Err(Error::Disconnected(None));
        }
    };
    match (progress, handshake.response().map(|response| response.status())) {
        // RFC 9110 §9.3.6: any 2xx; all that follows its head is the server's, whatever length the head states.
        (_, Some(200..=299)) => Ok(None),
        // A 101 too, whether or not it would open a WebSocket.
        (_, Some(_)) => Ok(Some(Refusal::by_proxy(handshake))),
        (ClientProgress::Failed(HandshakeFault::Limit(_)), None) => Err(ProxyError::HeadLen.into()),
        (_, None) => Err(ProxyError::Answer.into()),
    }
}

/// Reads the body of a refusal to its end. Returns `false` where the stream does not go on after it, or something follows unasked.
fn skip_body(stream: &mut HandshakeStream<Carrier>, refusal: &Refusal) -> Result<bool, Error> {
    let Some(response) = refusal.response().filter(Response::is_persistent) else {
        return Ok(false);
    };
    let mut body = ResponseBody::of(&response);
    while body.wants_more() {
        match stream.fill() {
            Ok(true) => {}
            Ok(false) | Err(Error::Disconnected(_)) => return Ok(false),
            Err(error) => return Err(error),
        }
        body.decode(stream.buffer.input().take(1));
    }
    // RFC 9112 §6.3: what comes after a response must not be taken for the next one.
    Ok(body.is_complete() && stream.is_silent())
}

/// The URI of a request that is not sent.
fn any_uri() -> Result<Uri<'static>, Error> {
    Ok(Uri::parse("ws://proxy/")?)
}

const AUTHORIZATION: &str = "Proxy-Authorization";

/// How many 407s are answered at most, for one stream to a server.
const ANSWER_COUNT_MAX: usize = 8;
