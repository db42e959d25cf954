use super::{HANDSHAKE_COUNT, HOST, KEY, REQUEST, RESPONSE, URI};
use crate::{Kernel, Witness, Work};
use tungstenite::handshake::client::Request;

/// Accepts requests.
pub struct Server;

/// Writes requests, and judges the responses to them.
pub struct Client;

impl Work for Server {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        for _ in 0..HANDSHAKE_COUNT {
            let kernel = Kernel::<W>::new(REQUEST, usize::MAX);
            let Ok(mut socket) = tungstenite::accept(kernel) else { return W::default() };
            witness = witness.with_sent(std::mem::take(&mut socket.get_mut().witness));
        }
        witness
    }
}

impl Work for Client {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        for _ in 0..HANDSHAKE_COUNT {
            let request = Request::builder()
                .uri(URI)
                .header("Host", HOST)
                .header("Connection", "Upgrade")
                .header("Upgrade", "websocket")
                .header("Sec-WebSocket-Version", "13")
                .header("Sec-WebSocket-Key", KEY)
                .body(());
            let Ok(request) = request else { return W::default() };
            let kernel = Kernel::<W>::new(RESPONSE, usize::MAX);
            let Ok((mut socket, _)) = tungstenite::client(request, kernel) else { return W::default() };
            witness = witness.with_sent(std::mem::take(&mut socket.get_mut().witness));
            witness.message(RESPONSE);
        }
        witness
    }
}
