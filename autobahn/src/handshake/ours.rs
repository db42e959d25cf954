//! Our servers and clients, as they are tried by the cases.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use ws_std::{CloseCode, Deflate};

use crate::adapter::{self, Adapter, ClientSettings, Origins, Page, ServerSettings, Service, Socket};
use crate::process::Result;

/// Starts our server, and says where.
pub(super) fn serve(adapter: Adapter) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let addr = listener.local_addr().map_err(|error| error.to_string())?;
    // The cases have Origins of all kinds, and whom to let in is a policy.
    let settings =
        ServerSettings { origins: Origins::Any, subprotocols: &[], deflate: Some(Deflate::new()), tls: None };
    // What it makes of a connection is judged on the wire.
    adapter.serve(listener, settings, Arc::new(Nothing));
    Ok(addr)
}

/// What is done with a WebSocket that was opened, and for those who want none.
struct Nothing;

impl Service for Nothing {
    fn page(&self, _path: &str) -> Option<Page<'_>> {
        None
    }

    fn talk(&self, _socket: &mut dyn Socket) -> adapter::Outcome {
        Ok(())
    }
}

/// Connects our client, with what the cases expect to be offered, and closes.
pub(super) fn connect(adapter: Adapter, url: &str) {
    let settings = ClientSettings {
        subprotocols: &["chat", "superchat"],
        deflate: Some(Deflate::new()),
        ..ClientSettings::default()
    };
    if let Ok(mut socket) = adapter.connect(url, &settings) {
        // Whether the Close could be sent is judged on the wire.
        socket.close(CloseCode::NORMAL.into()).ok();
    }
}
