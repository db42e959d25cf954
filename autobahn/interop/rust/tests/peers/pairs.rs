//! The pairs of libraries that talk with each other.

use std::fmt;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use ws_tokio::{Timeouts, WebSocket};

use crate::libraries::{axum, fastwebsockets, tokio_tungstenite, tokio_websockets};
use crate::obedient::Seen;
use crate::ours::{self, Ours, Stream};

/// The peer's library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    TokioTungstenite,
    TokioWebsockets,
    /// Over hyper, in both roles.
    Fastwebsockets,
    /// A server only: clients of axum's servers are tokio-tungstenite's.
    Axum,
}

/// A peer, and us.
#[derive(Clone, Copy)]
pub struct Pair {
    pub library: Library,
    pub is_peer_server: bool,
    pub ours: Ours,
}

/// All that there are: [`PAIR_COUNT`].
pub fn pairs() -> impl Iterator<Item = Pair> {
    let libraries =
        [Library::TokioTungstenite, Library::TokioWebsockets, Library::Fastwebsockets, Library::Axum];
    libraries
        .into_iter()
        .flat_map(|library| [true, false].map(|is_peer_server| (library, is_peer_server)))
        .filter(|pair| *pair != (Library::Axum, false))
        .flat_map(|(library, is_peer_server)| {
            [Ours::Alone, Ours::OverHyper].map(|ours| Pair { library, is_peer_server, ours })
        })
}

impl Pair {
    /// Connects the two.
    pub async fn open(self, timeouts: Timeouts) -> (WebSocket<Stream>, JoinHandle<Seen>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        if self.is_peer_server {
            let peer = match self.library {
                Library::TokioTungstenite => tokio::spawn(tokio_tungstenite::serve(listener)),
                Library::TokioWebsockets => tokio::spawn(tokio_websockets::serve(listener)),
                Library::Fastwebsockets => tokio::spawn(fastwebsockets::serve(listener)),
                Library::Axum => tokio::spawn(axum::serve(listener)),
            };
            (ours::connect(self.ours, address, timeouts).await, peer)
        } else {
            let peer = match self.library {
                Library::TokioTungstenite => tokio::spawn(tokio_tungstenite::connect(address)),
                Library::TokioWebsockets => tokio::spawn(tokio_websockets::connect(address)),
                Library::Fastwebsockets => tokio::spawn(fastwebsockets::connect(address)),
                Library::Axum => unreachable!("axum has no client"),
            };
            (ours::accept(self.ours, listener, timeouts).await, peer)
        }
    }
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = if self.is_peer_server { "server" } else { "client" };
        write!(f, "with {:?}'s {role}, {:?}", self.library, self.ours)
    }
}

/// Seven peers, and two of us for each.
const PAIR_COUNT: usize = 14;

#[test]
fn every_pair_takes_part() {
    assert_eq!(pairs().count(), PAIR_COUNT);
}
