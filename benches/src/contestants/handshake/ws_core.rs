use super::{HANDSHAKE_COUNT, NONCE, REQUEST, RESPONSE, URI};
use crate::{Kernel, Witness, Work};
use ws_core::handshake::{
    ClientHandshake, ClientProgress, OriginPolicy, OutgoingRequest, OutgoingResponse, ServerHandshake,
    ServerProgress,
};
use ws_core::input::ReadBuffer;
use ws_core::uri::Uri;

/// Accepts requests.
pub struct Server {
    storage: Vec<u8>,
    head: Vec<u8>,
    out: Vec<u8>,
}

/// Writes requests, and judges the responses to them.
pub struct Client(Server);

impl Server {
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a fixture")]
    pub fn new() -> Self {
        Self { storage: vec![0; 4096], head: vec![0; 4096], out: vec![0; 1024] }
    }
}

impl Client {
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a fixture")]
    pub fn new() -> Self {
        Self(Server::new())
    }
}

impl Work for Server {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        for _ in 0..HANDSHAKE_COUNT {
            let mut kernel = Kernel::<W>::new(REQUEST, usize::MAX);
            let mut buffer = ReadBuffer::new(self.storage.as_mut_slice());
            let len = kernel.copy_to(buffer.spare());
            buffer.filled(len);
            let mut handshake = ServerHandshake::<_>::new(self.head.as_mut_slice());
            if handshake.receive(&mut buffer.input()) != ServerProgress::Request {
                return W::default();
            }
            match handshake.accept(OriginPolicy::SameHost, &OutgoingResponse::new(), &mut self.out) {
                Ok(len) => witness.sent(&self.out[..len]),
                Err(_) => return W::default(),
            }
        }
        witness
    }
}

impl Work for Client {
    fn run<W: Witness>(&mut self) -> W {
        let Server { storage, head, out } = &mut self.0;
        let mut witness = W::default();
        // Read once, as others are given the host and the path.
        let Ok(uri) = Uri::parse(URI) else { return W::default() };
        for _ in 0..HANDSHAKE_COUNT {
            let request = OutgoingRequest::new(uri);
            let mut handshake = ClientHandshake::<_>::new(head.as_mut_slice(), NONCE);
            match handshake.write_request(&request, out) {
                Ok(len) => witness.sent(&out[..len]),
                Err(_) => return W::default(),
            }
            let mut kernel = Kernel::<W>::new(RESPONSE, usize::MAX);
            let mut buffer = ReadBuffer::new(storage.as_mut_slice());
            let len = kernel.copy_to(buffer.spare());
            buffer.filled(len);
            if handshake.receive(&request, &mut buffer.input()) != ClientProgress::Accepted {
                return W::default();
            }
            witness.message(RESPONSE);
        }
        witness
    }
}
