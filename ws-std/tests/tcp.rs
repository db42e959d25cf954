//! Clients and servers over TCP on this machine.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use ws_std::{Client, CloseCode, Error, Message, Server, WebSocket};

/// Serves one connection, and gives its address.
fn serve<T: Send + 'static>(
    server: Server,
    act: impl FnOnce(Result<WebSocket<TcpStream>, Error>) -> T + Send + 'static,
) -> (String, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    (url, thread::spawn(move || act(server.accept(listener.accept().unwrap().0))))
}

fn echo(socket: Result<WebSocket<TcpStream>, Error>) -> Result<WebSocket<TcpStream>, Error> {
    let mut socket = socket?;
    while let Some((message, mut writer)) = socket.read()? {
        writer.send(message)?;
    }
    Ok(socket)
}

#[test]
fn messages_of_every_length_come_back() {
    let (url, server) = serve(Server::new(), echo);
    let mut socket = Client::new().connect(&url).unwrap();
    for len in [0, 1, 125, 126, 4096, 4097, 16_384, 65_535, 65_536, 1 << 20] {
        let bytes: Vec<u8> = (0..=255).cycle().take(len).collect();
        socket.send_binary(&bytes).unwrap();
        let (message, _) = socket.read().unwrap().unwrap();
        assert!(message == Message::Binary(&bytes), "{len}");
    }
    socket.close(CloseCode::NORMAL, "done").unwrap();
    let server = server.join().unwrap().unwrap();
    assert!(server.closure().unwrap().is_clean && socket.closure().unwrap().is_clean);
}
