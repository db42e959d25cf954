//! The crates under test, which are adapters of ws-core, and what conversations need of either.

mod over_std;
mod over_tokio;

use std::error::Error;
use std::fmt;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ws_std::rustls::{ClientConfig, ServerConfig};
use ws_std::{CloseFrame, Closure, Deflate, Message, Proxy};

/// An adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Adapter {
    Std,
    Tokio,
}

impl Adapter {
    /// The name of its crate.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Std => "ws-std",
            Self::Tokio => "ws-tokio",
        }
    }

    /// Those that `--agent` names by this word.
    pub(crate) fn parse(word: &str) -> std::result::Result<Vec<Self>, &'static str> {
        match word {
            "std" => Ok(vec![Self::Std]),
            "tokio" => Ok(vec![Self::Tokio]),
            "both" => Ok(vec![Self::Std, Self::Tokio]),
            _ => Err("an agent is std, tokio or both"),
        }
    }

    /// Connects to a URL.
    pub(crate) fn connect(self, url: &str, settings: &ClientSettings) -> Result<Box<dyn Socket>> {
        match self {
            Self::Std => over_std::connect(url, settings),
            Self::Tokio => over_tokio::connect(url, settings),
        }
    }

    /// Serves each connection in a thread of its own, as long as the program runs.
    pub(crate) fn serve(
        self,
        listener: TcpListener,
        settings: ServerSettings,
        service: Arc<impl Service + 'static>,
    ) {
        let settings = Arc::new(settings);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (settings, service) = (Arc::clone(&settings), Arc::clone(&service));
                // Where something goes wrong the client sees it, and reports it.
                thread::spawn(move || {
                    self.receive(stream, &settings, &*service).map_err(|error| error.to_string())
                });
            }
        });
    }

    fn receive(self, stream: TcpStream, settings: &ServerSettings, service: &dyn Service) -> Outcome {
        match self {
            Self::Std => over_std::receive(stream, settings, service),
            Self::Tokio => over_tokio::receive(stream, settings, service),
        }
    }
}

impl fmt::Display for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a client connects.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientSettings {
    pub(crate) subprotocols: &'static [&'static str],
    pub(crate) deflate: Option<Deflate>,
    pub(crate) tls: Option<Arc<ClientConfig>>,
    /// What to connect through; ws-tokio has no proxies.
    pub(crate) proxy: Option<Proxy>,
}

/// How a server accepts.
#[derive(Clone, Debug)]
pub(crate) struct ServerSettings {
    pub(crate) origins: Origins,
    pub(crate) subprotocols: &'static [&'static str],
    pub(crate) deflate: Option<Deflate>,
    pub(crate) tls: Option<Arc<ServerConfig>>,
}

/// Whose pages may connect to a server.
#[derive(Clone, Debug)]
pub(crate) enum Origins {
    Any,
    /// These, or the server's own where there are none.
    Only(Vec<String>),
}

/// What a server does.
pub(crate) trait Service: Send + Sync {
    /// The answer to a request of plain HTTP. Without one, it is refused.
    fn page(&self, path: &str) -> Option<Page<'_>>;

    /// Talks with a client.
    fn talk(&self, socket: &mut dyn Socket) -> Outcome;
}

/// An answer to a request of plain HTTP.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page<'a> {
    pub(crate) status: u16,
    pub(crate) content_type: &'a str,
    pub(crate) body: &'a [u8],
}

/// An open connection.
pub(crate) trait Socket {
    fn send(&mut self, message: Message<'_>) -> Outcome;

    /// Sends a text in fragments of about this many bytes, each of which leaves by itself.
    fn send_fragments(&mut self, text: &str, len: usize) -> Outcome;

    /// Sends a ping, and returns the payload of the pong, which has to come before any message.
    fn ping(&mut self, payload: &[u8]) -> Result<Vec<u8>>;

    /// The next message, or nothing once the connection was closed.
    fn read(&mut self) -> Result<Option<Message<'_>>>;

    /// Sends every message back, up to a text that begins with `!`, which is returned.
    fn echo(&mut self) -> Result<Option<String>>;

    /// Sends a Close, and does not wait for the peer's.
    fn start_close(&mut self, frame: CloseFrame) -> Outcome;

    /// Closes the connection.
    fn close(&mut self, frame: CloseFrame) -> Outcome;

    fn closure(&self) -> Option<Closure>;

    fn close_frame(&self) -> Option<CloseFrame>;

    fn subprotocol(&self) -> Option<&str>;

    /// How many bytes came, and how many went, since the opening handshake.
    fn wire_lens(&self) -> (u64, u64);
}

/// A client of either crate, whose settings have the same names.
macro_rules! client {
    ($client:expr, $settings:expr) => {{
        let timeouts = ws_std::Timeouts::new().with_read(Some($crate::adapter::SILENCE_LIMIT));
        let subprotocols = $settings.subprotocols.iter();
        let mut client =
            subprotocols.fold($client, |client, name| client.with_subprotocol(name)).with_timeouts(timeouts);
        if let Some(deflate) = $settings.deflate {
            client = client.with_deflate(deflate);
        }
        if let Some(tls) = &$settings.tls {
            client = client.with_tls(std::sync::Arc::clone(tls));
        }
        client
    }};
}

/// A server of either crate, likewise.
macro_rules! server {
    ($server:expr, $settings:expr) => {{
        let timeouts = ws_std::Timeouts::new().with_read(Some($crate::adapter::SILENCE_LIMIT));
        let subprotocols = $settings.subprotocols.iter();
        let server =
            subprotocols.fold($server, |server, name| server.with_subprotocol(name)).with_timeouts(timeouts);
        let server = match &$settings.origins {
            $crate::adapter::Origins::Any => server.with_any_origin(),
            $crate::adapter::Origins::Only(origins) => {
                origins.iter().fold(server, |server, origin| server.with_allowed_origin(origin))
            }
        };
        match $settings.deflate {
            Some(deflate) => server.with_deflate(deflate),
            None => server,
        }
    }};
}

use {client, server};

/// After this a peer that says nothing is given up.
const SILENCE_LIMIT: Duration = Duration::from_secs(30);

type Result<T> = std::result::Result<T, Box<dyn Error>>;
/// What came of a conversation.
pub(crate) type Outcome = Result<()>;
