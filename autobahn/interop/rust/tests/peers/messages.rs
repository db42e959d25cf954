//! While the connection is open: messages, fragments, pings, compression.

use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::timeout;
use ws_tokio::{
    Client, CloseCode, Deflate, Error, Event, Fin, Message, OwnedMessage, Server, Timeouts, WebSocket,
};

use crate::libraries::axum::NO_FRAGMENTS;
use crate::libraries::{axum, fastwebsockets, tokio_tungstenite, tokio_websockets};
use crate::obedient::{FRAGMENTED, PING};
use crate::ours::Stream;
use crate::pairs::{Library, pairs};

/// At and beside the lengths where the header changes, and one that takes many reads.
const LENS: [usize; 7] = [0, 1, 125, 126, 65_535, 65_536, 1 << 20];

#[tokio::test]
async fn messages_of_all_lengths_come_back() {
    for pair in pairs() {
        let (mut socket, peer) = pair.open(Timeouts::new()).await;
        for len in LENS {
            for message in [OwnedMessage::from(bytes(len)), OwnedMessage::from(text(len))] {
                socket.send(&message).await.expect("the peer reads");
                assert!(receive(&mut socket).await == message, "{pair:?}: {len} bytes");
            }
        }
        close(socket).await;
        assert_eq!(peer.await.expect("it ends").error, None, "{pair:?}");
    }
}

#[tokio::test]
async fn fragments_that_we_send_come_back_as_one_message() {
    for pair in pairs() {
        let (mut socket, peer) = pair.open(Timeouts::new()).await;
        for len in LENS {
            let whole = text(len);
            // A part of a text is whole characters, so that the first may be shorter than half.
            let half = (0..=len / 2).rev().find(|&at| whole.is_char_boundary(at)).expect("0 is one");
            let (first, second) = whole.split_at(half);
            let mut writer = socket.writer();
            writer.send_part(first, Fin::More).await.expect("the peer reads");
            writer.ping(b"between").await.expect("the peer reads");
            writer.send_part(second, Fin::More).await.expect("the peer reads");
            writer.send_part("", Fin::Final).await.expect("the peer reads");
            assert!(
                receive(&mut socket).await == OwnedMessage::from(whole.as_str()),
                "{pair:?}: {len} bytes"
            );
        }
        close(socket).await;
        let seen = peer.await.expect("it ends");
        assert_eq!(seen.error, None, "{pair:?}");
    }
}

#[tokio::test]
async fn fragments_of_the_peer_with_pings_between_them_are_one_message() {
    for pair in pairs() {
        let (mut socket, peer) = pair.open(Timeouts::new()).await;
        socket.send("peer: fragments").await.expect("the peer reads");
        let expected = if pair.library == Library::Axum { NO_FRAGMENTS } else { FRAGMENTED };
        assert_eq!(receive(&mut socket).await, OwnedMessage::from(expected), "{pair:?}");
        close(socket).await;
        let seen = peer.await.expect("it ends");
        assert_eq!(seen.error, None, "{pair:?}");
        let ping_count = if pair.library == Library::Axum { 0 } else { FRAGMENTED.len().div_ceil(3) / 2 };
        assert_eq!(seen.pongs, vec![PING; ping_count], "{pair:?}");
    }
}

#[tokio::test]
async fn a_text_that_is_not_utf_8_is_refused() {
    for pair in pairs().filter(|pair| pair.library != Library::Axum) {
        let (mut socket, peer) = pair.open(Timeouts::new()).await;
        socket.send("peer: not UTF-8").await.expect("the peer reads");
        match within(socket.receive()).await {
            Err(Error::Fault(fault)) => {
                assert_eq!(fault.close_code(), CloseCode::INVALID_PAYLOAD, "{pair:?}")
            }
            other => panic!("{pair:?}: {other:?}"),
        }
        drop(socket);
        let close = peer.await.expect("it ends").close.map(|(code, _)| code);
        assert_eq!(close, Some(CloseCode::INVALID_PAYLOAD.get()), "{pair:?}");
    }
}

#[tokio::test]
async fn pings_are_answered_both_ways() {
    for pair in pairs() {
        let (mut socket, peer) = pair.open(Timeouts::new()).await;
        for payload in [&b""[..], b"from us", &[0xff; 125]] {
            socket.ping(payload).await.expect("the peer reads");
            assert_eq!(event(&mut socket).await, Event::Pong, "{pair:?}");
            assert_eq!(socket.control().as_bytes(), payload, "{pair:?}");
        }
        socket.send("peer: ping").await.expect("the peer reads");
        assert_eq!(event(&mut socket).await, Event::Ping, "{pair:?}");
        assert_eq!(socket.control().as_bytes(), PING, "{pair:?}");
        close(socket).await;
        let seen = peer.await.expect("it ends");
        assert_eq!((seen.error, seen.pongs), (None, vec![PING.to_vec()]), "{pair:?}");
    }
}

#[tokio::test]
async fn many_messages_go_both_ways_at_once() {
    for pair in pairs() {
        let (socket, peer) = pair.open(Timeouts::new()).await;
        let (mut reader, mut writer) = socket.split();
        let lens = || (0..1000).map(|number| number * 37 % 5000);
        let send = async {
            for len in lens() {
                writer.feed(&bytes(len)).await.expect("the peer reads");
            }
            writer.flush().await.expect("the peer reads");
        };
        let receive = async {
            for len in lens() {
                let message = within(reader.receive()).await.expect("open").expect("not closed");
                assert!(message == OwnedMessage::from(bytes(len)), "{pair:?}: {len} bytes");
            }
        };
        tokio::join!(send, receive);
        close(reader.reunite(writer).expect("of one connection")).await;
        assert_eq!(peer.await.expect("it ends").error, None, "{pair:?}");
    }
}

/// None of these libraries compresses: the servers decline what we offer, and the clients offer nothing.
#[tokio::test]
async fn compression_is_not_agreed_on() {
    for library in
        [Library::TokioTungstenite, Library::TokioWebsockets, Library::Fastwebsockets, Library::Axum]
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("ws://{}/", listener.local_addr().expect("bound"));
        let peer = match library {
            Library::TokioTungstenite => tokio::spawn(tokio_tungstenite::serve(listener)),
            Library::TokioWebsockets => tokio::spawn(tokio_websockets::serve(listener)),
            Library::Fastwebsockets => tokio::spawn(fastwebsockets::serve(listener)),
            Library::Axum => tokio::spawn(axum::serve(listener)),
        };
        let client = Client::new().with_deflate(Deflate::new());
        let (mut socket, response) = client.connect_with_response(&url).await.expect("it accepts");
        assert_eq!(response.header("Sec-WebSocket-Extensions"), None, "{library:?}");
        let long = text(10_000);
        socket.send(&long).await.expect("the peer reads");
        assert_eq!(within(socket.receive()).await.expect("open"), Some(long.into()), "{library:?}");
        within(socket.close(CloseCode::NORMAL)).await.expect("the peer closes too");
        assert_eq!(peer.await.expect("it ends").error, None, "{library:?}");
    }
    for library in [Library::TokioTungstenite, Library::TokioWebsockets, Library::Fastwebsockets] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let peer = match library {
            Library::TokioTungstenite => tokio::spawn(tokio_tungstenite::connect(address)),
            Library::TokioWebsockets => tokio::spawn(tokio_websockets::connect(address)),
            Library::Fastwebsockets | Library::Axum => tokio::spawn(fastwebsockets::connect(address)),
        };
        let (stream, _) = listener.accept().await.expect("it connects");
        let server = Server::new().with_deflate(Deflate::new());
        let incoming = server.receive(stream).await.expect("it asks for a WebSocket");
        assert_eq!(incoming.header("Sec-WebSocket-Extensions"), None, "{library:?}");
        let mut socket = incoming.accept().await.expect("it asks for a WebSocket");
        within(socket.close(CloseCode::NORMAL)).await.expect("the peer closes too");
        assert_eq!(peer.await.expect("it ends").error, None, "{library:?}");
    }
}

fn bytes(len: usize) -> Vec<u8> {
    (0..=u8::MAX).cycle().take(len).collect()
}

/// A text of this many bytes, with characters of one to four.
fn text(len: usize) -> String {
    let mut text = "aé€😀".repeat(len / 10);
    text.extend(std::iter::repeat_n('b', len - text.len()));
    text
}

/// So that a conversation that stands still fails.
async fn within<F: Future>(future: F) -> F::Output {
    timeout(Duration::from_secs(10), future).await.expect("the conversation stands still")
}

async fn receive(socket: &mut WebSocket<Stream>) -> OwnedMessage {
    within(socket.receive()).await.expect("open").expect("not closed")
}

/// The next event, which is no message.
async fn event(socket: &mut WebSocket<Stream>) -> Event<()> {
    match within(socket.read_event()).await.expect("open").expect("not closed").0 {
        Event::Ping => Event::Ping,
        Event::Pong => Event::Pong,
        Event::Data(Message::Text(text)) => panic!("{text}"),
        other => panic!("{other:?}"),
    }
}

async fn close(mut socket: WebSocket<Stream>) {
    within(socket.close(CloseCode::NORMAL)).await.expect("the peer closes too");
}
