//! TCP on this machine, with one end of it by hand.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ws_std::ws_core::handshake::accept_key;
use ws_std::{Error, Server, WebSocket};

/// Serves one connection; gives its URL and what came of it.
pub(crate) fn serve<T: Send + 'static>(
    act: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (String, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    (url, thread::spawn(move || act(listener.accept().unwrap().0)))
}

/// Serves one echo.
pub(crate) fn serve_echo(server: Server) -> (String, JoinHandle<Result<WebSocket<TcpStream>, Error>>) {
    serve(move |stream| {
        let mut socket = server.accept(stream)?;
        while let Some((message, mut writer)) = socket.read()? {
            writer.send(message)?;
        }
        Ok(socket)
    })
}

/// A connection to a URL of this machine, with patience that ends.
pub(crate) fn dial(url: &str) -> TcpStream {
    let address = url.trim_start_matches("ws://").trim_end_matches('/');
    let stream = TcpStream::connect(address).unwrap();
    patient(&stream);
    stream
}

pub(crate) fn patient(stream: &TcpStream) {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
}

/// A request for a WebSocket, by hand.
pub(crate) fn request(path: &str, headers: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{headers}\r\n"
    )
}

/// Reads a head up to its empty line, and not beyond.
pub(crate) fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// Reads to the end, which has to be one, and not a reset.
pub(crate) fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

/// A connection that a server by hand has accepted.
pub(crate) fn connected_by_hand(url: &str) -> TcpStream {
    let mut stream = dial(url);
    stream.write_all(request("/", "").as_bytes()).unwrap();
    assert!(read_head(&mut stream).starts_with("HTTP/1.1 101 "));
    stream
}

/// Reads a request by hand, and gives the 101 that accepts it.
pub(crate) fn response_by_hand(stream: &mut TcpStream, headers: &str) -> String {
    patient(stream);
    response_to(&read_head(stream), headers)
}

/// The 101 that accepts a request.
pub(crate) fn response_to(request: &str, headers: &str) -> String {
    let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let accept = String::from_utf8(accept_key(key.as_bytes()).to_vec()).unwrap();
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{headers}\r\n"
    )
}
