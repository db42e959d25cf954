//! A message encoded once for many connections, between messages of their own.

use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use ws_std::{CloseCode, EncodedMessage, Message, Stream, WebSocket};

#[cfg(feature = "deflate")]
use ws_std::{
    Client, Deflate, Error, Server,
    ws_core::deflate::{DeflateSettings, Deflater},
};

const LONG: &str = "Hello, hello, hello, hello, hello, hello, hello, hello";

/// What a client hears until the server closes, and the error if there is one.
fn hear(mut socket: WebSocket<impl Stream>) -> Vec<String> {
    let mut heard = Vec::new();
    loop {
        match socket.read() {
            Ok(Some((message, _))) => heard.push(String::from_utf8_lossy(message.as_bytes()).into_owned()),
            Ok(None) => return heard,
            Err(error) => {
                heard.push(error.to_string());
                return heard;
            }
        }
    }
}

#[test]
fn everybody_hears_a_message_that_was_encoded_once() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("ws://{}/", listener.local_addr().expect("it is bound"));
    let clients: Vec<_> = (0..3)
        .map(|_| {
            let url = url.clone();
            thread::spawn(move || hear(ws_std::connect(&url).expect("it is served")))
        })
        .collect();
    let mut sockets: Vec<_> = (0..3)
        .map(|_| ws_std::accept(listener.accept().expect("somebody connects").0).expect("as it should"))
        .collect();
    let long = "x".repeat(100_000);
    let messages = [Message::Text(LONG), Message::Text(&long)]
        .map(|message| Arc::new(EncodedMessage::new(message).expect("it is not compressed")));
    for socket in &mut sockets {
        for message in &messages {
            socket.send_encoded(message).expect("it is a server's");
            socket.send("mine").expect("they mix");
        }
        socket.close(CloseCode::NORMAL).expect("cleanly");
    }
    for client in clients {
        assert_eq!(client.join().expect("it does not panic"), [LONG, "mine", &long, "mine"]);
    }
}

#[cfg(feature = "deflate")]
#[test]
fn a_broadcast_is_compressed_once_and_corrupts_no_context() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("ws://{}/", listener.local_addr().expect("it is bound"));
    let deflate = Deflate::new().with_threshold(0);
    let clients: Vec<_> = [true, false]
        .into_iter()
        .map(|compresses| {
            let url = url.clone();
            let client = if compresses { Client::new().with_deflate(deflate) } else { Client::new() };
            let socket = thread::spawn(move || hear(client.connect(&url).expect("it is served")));
            let server = Server::new().with_deflate(deflate);
            let stream = listener.accept().expect("somebody connects").0;
            (socket, server.accept(stream).expect("as it should"), compresses)
        })
        .collect();
    let mut deflater = Deflater::new(DeflateSettings::default());
    let compressed = Arc::new(EncodedMessage::compressed(LONG, &mut deflater).expect("there is memory"));
    let plain = Arc::new(EncodedMessage::new(LONG).expect("it is not compressed"));
    assert!(compressed.as_bytes().len() < plain.as_bytes().len() / 2);
    for (client, mut socket, compresses) in clients {
        for _ in 0..2 {
            socket.send(LONG).expect("they mix");
            match socket.send_encoded(&compressed) {
                Ok(()) => assert!(compresses),
                Err(Error::NotAdmitted) if !compresses => socket.send_encoded(&plain).expect("everybody can"),
                Err(error) => panic!("{error}"),
            }
        }
        socket.close(CloseCode::NORMAL).expect("cleanly");
        assert_eq!(client.join().expect("it does not panic"), [LONG; 4]);
    }
}
