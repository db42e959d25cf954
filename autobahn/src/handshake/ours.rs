//! ws-std's server and client, as they are tried by the cases.

use std::net::{SocketAddr, TcpListener};
use std::thread;

use ws_std::{Client, CloseCode, Deflate, Server};

use crate::process::Result;

/// Starts our server, and says where.
pub(super) fn serve() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let addr = listener.local_addr().map_err(|error| error.to_string())?;
    // The cases have Origins of all kinds, and whom to let in is a policy.
    let server = Server::new().with_any_origin().with_deflate(Deflate::new());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let server = server.clone();
            // What it makes of a connection is judged on the wire.
            thread::spawn(move || drop(server.accept(stream)));
        }
    });
    Ok(addr)
}

/// Connects our client, with what the cases expect to be offered, and closes.
pub(super) fn connect(url: &str) {
    let client =
        Client::new().with_subprotocol("chat").with_subprotocol("superchat").with_deflate(Deflate::new());
    if let Ok(mut socket) = client.connect(url) {
        // Whether the Close could be sent is judged on the wire.
        socket.close(CloseCode::NORMAL).ok();
    }
}
