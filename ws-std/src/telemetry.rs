//! What is reported to the `log` crate, with the feature of that name; without it these functions do nothing.
//!
//! No payload is logged, no query of a URL, and no value of a header but the subprotocol that was agreed on: there may be
//! credentials in them.
//!
//! The normal course of a connection has the level debug, what was refused or ended badly info, and pings trace.

use core::fmt;
use core::time::Duration;

use ws_core::connection::Closure;
use ws_core::handshake::HandshakeFault;
use ws_core::uri::Uri;

use crate::counters::Outcome;

/// Logs a message. Nothing is formatted where no logger listens; the compiler checks the arguments even without the feature.
macro_rules! tell {
    ($level:ident, $($message:tt)+) => {{
        #[cfg(feature = "log")]
        log::$level!(target: "ws_std", $($message)+);
        #[cfg(not(feature = "log"))]
        if false {
            let _unused = format_args!($($message)+);
        }
    }};
}

/// Tells the connections of a program apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Id {
    #[cfg(feature = "log")]
    number: u64,
}

impl Id {
    pub(crate) fn next() -> Self {
        #[cfg(feature = "log")]
        {
            use core::sync::atomic::{AtomicU64, Ordering};
            static LAST: AtomicU64 = AtomicU64::new(0);
            Self { number: LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1) }
        }
        #[cfg(not(feature = "log"))]
        Self {}
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "log")]
        return write!(f, "#{}", self.number);
        #[cfg(not(feature = "log"))]
        f.write_str("#")
    }
}

/// A client's connection is open.
pub(crate) fn connected(id: Id, uri: &Uri<'_>, subprotocol: Option<&str>) {
    let (host, path) = (uri.authority(), uri.resource_name().path());
    tell!(debug, "{id} connected to {host}{path}, subprotocol {:?}", subprotocol.unwrap_or_default());
}

/// A server's connection is open.
pub(crate) fn accepted(id: Id, path: &str, subprotocol: Option<&str>) {
    tell!(debug, "{id} accepted for {path:?}, subprotocol {:?}", subprotocol.unwrap_or_default());
}

/// A server has refused a request that breaks the rules of the handshake.
pub(crate) fn refused(fault: HandshakeFault) {
    tell!(info, "refused a request with {}: {fault}", fault.status());
}

/// The program of a server has answered a request without opening a WebSocket.
pub(crate) fn rejected(path: &str, status: u16) {
    tell!(debug, "rejected a request for {path:?} with {status}");
}

/// A client has not sent a whole request in time.
pub(crate) fn request_timed_out() {
    tell!(info, "refused a request with 408: it took too long");
}

/// A server has answered a client without opening a WebSocket.
pub(crate) fn refused_by_server(uri: &Uri<'_>, status: u16) {
    let (host, path) = (uri.authority(), uri.resource_name().path());
    tell!(info, "refused by {host}{path} with {status}");
}

/// A keepalive ping is sent.
pub(crate) fn pinged(id: Id) {
    tell!(trace, "{id} pings");
}

/// The pong to a keepalive ping came.
pub(crate) fn ponged(id: Id, latency: Option<Duration>) {
    tell!(trace, "{id} is answered after {:?}", latency.unwrap_or_default());
}

/// A connection has ended.
pub(crate) fn ended(id: Id, outcome: Outcome, closure: Option<Closure>) {
    let code = closure.map_or(1006, |closure| closure.status.get());
    match outcome {
        Outcome::Closed => tell!(debug, "{id} closed with {code}"),
        Outcome::Fault(fault) => tell!(info, "{id} failed, the peer is at fault: {fault}"),
        Outcome::Timeout(phase) => tell!(info, "{id} ended with {code}: timeout, {phase:?}"),
        Outcome::Disconnected(Some(kind)) => tell!(info, "{id} lost with {code}: {kind}"),
        Outcome::Disconnected(None) => tell!(info, "{id} lost with {code}: the stream ended without a Close"),
        Outcome::Io(kind) => tell!(info, "{id} failed with {code}: {kind}"),
    }
}
