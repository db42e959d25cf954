//! A client's opening handshake over a stream that is connected.

// Read first: RFC 6455 §4.1; RFC 9112 §6.3.

use core::time::Duration;
use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::handshake::{
    ClientHandshake, ClientProgress, OwnedResponse, Refusal, RequestConfig, ResponseBody, head_to_vec,
};
use ws_core::session::Opened;
use ws_core::uri::Uri;

use crate::error::Error;
use crate::keys::mask_keys;
use crate::open::handshake_stream::{HandshakeStream, head_storage, within};
use crate::socket::{Settings, WebSocket};
use crate::telemetry::tell;
use crate::timer::Clock;

/// What the handshake needs of a client's settings.
#[derive(Clone, Debug)]
pub(crate) struct HandshakeOptions {
    pub(crate) request: RequestConfig,
    pub(crate) settings: Settings,
    pub(crate) head_len_max: usize,
}

impl Default for HandshakeOptions {
    fn default() -> Self {
        let request = RequestConfig::new().with_user_agent(Some(USER_AGENT));
        Self { request, settings: Settings::default(), head_len_max: 16 * 1024 }
    }
}

impl HandshakeOptions {
    /// Does the handshake, whose time began with `clock`.
    pub(crate) async fn open<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        uri: Uri<'_>,
        mut clock: Clock,
    ) -> Result<(WebSocket<S>, OwnedResponse), Error> {
        let (host, path) = (uri.authority(), uri.resource_name().path());
        let mut keys = mask_keys()?;
        let mut stream = HandshakeStream::new(stream, b"")?;
        let mut handshake = ClientHandshake::new(head_storage(self.head_len_max)?, keys.nonce());
        let time = self.settings.timeouts.handshake();
        if !within(&mut clock, time, self.exchange(&mut handshake, &mut stream, uri)).await? {
            let refusal = read_refusal(handshake, stream, &mut clock, time).await;
            tell!(info, "refused by {host}{path} with {}", refusal.status());
            return Err(Error::Refused(Box::new(refusal)));
        }
        let opened = Opened::by_client(&handshake, keys).map_err(io::Error::other)?;
        let HandshakeStream { stream, buffer, .. } = stream;
        let socket = WebSocket::open(stream, opened, &self.settings, buffer, clock);
        let subprotocol = socket.subprotocol().unwrap_or_default();
        tell!(debug, "{} connected to {host}{path}, subprotocol {subprotocol:?}", socket.id());
        Ok((socket, OwnedResponse::new(handshake)))
    }

    /// Sends the request, and reads the response. Returns whether it opens a WebSocket.
    async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        handshake: &mut ClientHandshake<Vec<u8>>,
        stream: &mut HandshakeStream<S>,
        uri: Uri<'_>,
    ) -> Result<bool, Error> {
        let head = self.request.lend(uri, |request| {
            head_to_vec(|out| handshake.write_request(request, out)).map_err(Error::from)
        })?;
        stream.write(&head).await?;
        loop {
            let input = &mut stream.buffer.input();
            match self.request.lend(uri, |request| Ok::<_, Error>(handshake.receive(request, input)))? {
                ClientProgress::NeedInput if stream.fill().await? => {}
                ClientProgress::NeedInput => return Err(Error::Disconnected(None)),
                ClientProgress::Accepted => return Ok(true),
                ClientProgress::Rejected => return Ok(false),
                ClientProgress::Failed(fault) => return Err(Error::Handshake(fault)),
            }
        }
    }
}

/// Reads the body of a refusal, as far as it comes in time.
async fn read_refusal<S: AsyncRead + Unpin>(
    handshake: ClientHandshake<Vec<u8>>,
    mut stream: HandshakeStream<S>,
    clock: &mut Clock,
    time: Option<Duration>,
) -> Refusal {
    let Some(mut body) = handshake.response().map(|response| ResponseBody::of(&response)) else {
        return Refusal::new(handshake, Vec::new());
    };
    let until = clock.now().saturating_add(BODY_TIME_MAX);
    let read = async {
        loop {
            let mut input = stream.buffer.input();
            body.decode(input.take(input.len()));
            if body.is_over() || !stream.fill().await? {
                return Ok::<(), Error>(());
            }
        }
    };
    // What came until it failed is told.
    let _cut_off = within(clock, Some(time.map_or(until, |time| time.min(until))), read).await;
    Refusal::new(handshake, body.into_content())
}

/// The `User-Agent` unless the program sets another.
const USER_AGENT: &str = concat!("ws-tokio/", env!("CARGO_PKG_VERSION"));

/// How long the body of a refusal is waited for.
const BODY_TIME_MAX: Duration = Duration::from_secs(1);
