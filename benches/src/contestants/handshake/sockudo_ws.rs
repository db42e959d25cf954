use super::{HANDSHAKE_COUNT, HOST, KEY, REQUEST, RESPONSE, TARGET};
use crate::{Kernel, Witness, Work};
use sockudo_ws::handshake::{
    build_request_with_headers, build_response, generate_accept_key, parse_request, parse_response,
    validate_accept_key,
};

/// Accepts requests, by the functions that its own servers are made of.
pub struct Server(Vec<u8>);

/// Writes requests, and judges the responses to them.
pub struct Client(Vec<u8>);

impl Server {
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a fixture")]
    pub fn new() -> Self {
        Self(vec![0; 4096])
    }
}

impl Client {
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a fixture")]
    pub fn new() -> Self {
        Self(vec![0; 4096])
    }
}

impl Work for Server {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        for _ in 0..HANDSHAKE_COUNT {
            let len = Kernel::<W>::new(REQUEST, usize::MAX).copy_to(&mut self.0);
            let Ok(Some((request, _))) = parse_request(&self.0[..len]) else { return W::default() };
            witness.sent(&build_response(&generate_accept_key(request.key), None, None));
        }
        witness
    }
}

impl Work for Client {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        for _ in 0..HANDSHAKE_COUNT {
            match build_request_with_headers(HOST, TARGET, KEY, None, None, None) {
                Ok(request) => witness.sent(&request),
                Err(_) => return W::default(),
            }
            let len = Kernel::<W>::new(RESPONSE, usize::MAX).copy_to(&mut self.0);
            let Ok(Some((response, _))) = parse_response(&self.0[..len]) else { return W::default() };
            if !response.accept.is_some_and(|accept| validate_accept_key(KEY, accept)) {
                return W::default();
            }
            witness.message(RESPONSE);
        }
        witness
    }
}
