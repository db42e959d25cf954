//! How conversations end.

use std::time::Duration;

use tokio::time::timeout;
use ws_tokio::{CloseCode, ClosureCause, Error, Phase, Timeouts};

use crate::obedient::CLOSE;
use crate::pairs::{Library, pairs};

#[tokio::test]
async fn we_close_with_a_code_and_a_reason() {
    for pair in pairs() {
        let (mut socket, peer) = pair.open(Timeouts::new()).await;
        let code = CloseCode::new(4000).expect("a code");
        within(socket.close(code.with_reason("done"))).await.expect("the peer closes too");
        let closure = socket.closure().expect("it was closed");
        assert_eq!((closure.cause, closure.is_clean), (ClosureCause::Local, true), "{pair:?}");
        let answer = socket.close_frame().expect("the peer answered");
        assert_eq!(answer.code(), Some(code), "{pair:?}");
        // It leaves out the reason (RFC 6455 §5.5.1 lets it).
        let reason = if pair.library == Library::TokioWebsockets { "" } else { "done" };
        assert_eq!(answer.reason(), reason, "{pair:?}");
        drop(socket);
        let seen = peer.await.expect("it ends");
        assert_eq!((seen.close, seen.error), (Some((4000, "done".to_owned())), None), "{pair:?}");
    }
}

#[tokio::test]
async fn the_peer_closes_with_a_code_and_a_reason() {
    for pair in pairs() {
        let (mut socket, peer) = pair.open(Timeouts::new()).await;
        socket.send("peer: close").await.expect("the peer reads");
        assert_eq!(within(socket.receive()).await.expect("a proper end"), None, "{pair:?}");
        let closure = socket.closure().expect("it was closed");
        assert_eq!((closure.cause, closure.is_clean), (ClosureCause::Peer, true), "{pair:?}");
        let close = socket.close_frame().expect("the peer closed");
        assert_eq!((close.code(), close.reason()), (CloseCode::new(CLOSE.0), CLOSE.1), "{pair:?}");
        assert!(matches!(socket.send("more").await, Err(Error::Closed)), "{pair:?}");
        drop(socket);
        let seen = peer.await.expect("it ends");
        assert_eq!(seen.error, None, "{pair:?}");
        assert_eq!(seen.close.map(|(code, _)| code), Some(CLOSE.0), "{pair:?}");
    }
}

#[tokio::test]
async fn the_peer_vanishes() {
    for pair in pairs() {
        let (mut socket, peer) = pair.open(Timeouts::new()).await;
        socket.send("peer: vanish").await.expect("the peer reads");
        match within(socket.receive()).await {
            Err(Error::Disconnected(_)) => {}
            other => panic!("{pair:?}: {other:?}"),
        }
        assert!(!socket.closure().expect("it has ended").is_clean, "{pair:?}");
        peer.await.expect("it ends");
    }
}

#[tokio::test]
async fn we_vanish() {
    for pair in pairs() {
        let (mut socket, peer) = pair.open(Timeouts::new()).await;
        socket.send("still here").await.expect("the peer reads");
        assert_eq!(within(socket.receive()).await.expect("open"), Some("still here".into()), "{pair:?}");
        drop(socket);
        let error = within(peer).await.expect("it ends").error;
        let expected = match pair.library {
            Library::TokioTungstenite => {
                Some("WebSocket protocol error: Connection reset without closing handshake")
            }
            Library::Fastwebsockets => Some("Unexpected EOF"),
            Library::Axum => Some("WebSocket protocol error: Connection reset without closing handshake"),
            // Its stream ends as it does after a closing handshake.
            Library::TokioWebsockets => None,
        };
        assert_eq!(error.as_deref(), expected, "{pair:?}");
    }
}

#[tokio::test]
async fn a_peer_that_stands_still_is_found_by_a_ping() {
    let timeouts = Timeouts::new()
        .with_ping_interval(Some(Duration::from_millis(50)))
        .with_pong(Some(Duration::from_millis(200)));
    for pair in pairs() {
        let (mut socket, peer) = pair.open(timeouts).await;
        socket.send("peer: stop").await.expect("the peer reads");
        match within(socket.receive()).await {
            Err(Error::Timeout(Phase::Pong)) => {}
            other => panic!("{pair:?}: {other:?}"),
        }
        peer.abort();
    }
}

/// So that a conversation that stands still fails.
async fn within<F: Future>(future: F) -> F::Output {
    timeout(Duration::from_secs(10), future).await.expect("the conversation stands still")
}
