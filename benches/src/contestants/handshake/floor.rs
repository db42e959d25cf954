use super::{HANDSHAKE_COUNT, KEY, REQUEST, RESPONSE};
use crate::{Kernel, Witness, Work};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};
use std::mem::MaybeUninit;

/// A head parsed, and the answer to its key; nothing is judged.
pub struct Server(Vec<u8>);

/// A request copied, a head parsed, and the answer to the key made.
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
            let mut slots = [const { MaybeUninit::uninit() }; 32];
            let mut request = httparse::Request::new(&mut []);
            let parsed = request.parse_with_uninit_headers(&self.0[..len], &mut slots);
            assert!(parsed.is_ok_and(|status| status.is_complete()), "it is valid");
            let key = request.headers.iter().find(|header| header.name == "Sec-WebSocket-Key");
            let mut response = [0; RESPONSE_HEAD.len() + 28 + 4];
            response[..RESPONSE_HEAD.len()].copy_from_slice(RESPONSE_HEAD);
            let accept = &mut response[RESPONSE_HEAD.len()..];
            accept[..28].copy_from_slice(&accept_key(key.expect("it is there").value));
            accept[28..].copy_from_slice(b"\r\n\r\n");
            witness.sent(&response);
        }
        witness
    }
}

impl Work for Client {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        for _ in 0..HANDSHAKE_COUNT {
            let mut request = [0; CLIENT_REQUEST.len()];
            request.copy_from_slice(CLIENT_REQUEST);
            witness.sent(&request);
            let len = Kernel::<W>::new(RESPONSE, usize::MAX).copy_to(&mut self.0);
            let mut slots = [const { MaybeUninit::uninit() }; 32];
            let mut response = httparse::Response::new(&mut []);
            let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(
                &mut response,
                &self.0[..len],
                &mut slots,
            );
            assert!(parsed.is_ok_and(|status| status.is_complete()), "it is valid");
            let accept = response.headers.iter().find(|header| header.name == "Sec-WebSocket-Accept");
            assert_eq!(accept.expect("it is there").value, accept_key(KEY.as_bytes()), "it is right");
            witness.message(RESPONSE);
        }
        witness
    }
}

fn accept_key(key: &[u8]) -> [u8; 28] {
    let digest =
        Sha1::new().chain_update(key).chain_update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").finalize();
    let mut accept = [0; 28];
    STANDARD.encode_slice(digest, &mut accept).expect("28 characters");
    accept
}

const RESPONSE_HEAD: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: ";

const CLIENT_REQUEST: &[u8] = b"GET /chat?room=1 HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
