//! The opening handshake, judged by us and by tungstenite.
//!
//! tokio-websockets is left out: its handshake takes and gives types of the crate `http`, which judge heads themselves.

use tungstenite::{Error as TheirError, HandshakeError};
use ws_core::handshake::{
    ClientHandshake, ClientProgress, HandshakeFault, HandshakeViolation as Violation, OriginPolicy,
    OutgoingRequest, OutgoingResponse, ServerHandshake, ServerProgress,
};
use ws_core::input::ReadBuffer;
use ws_core::uri::Uri;

use super::handshake_differences::{Case, DIFFERENCES};
use super::peers::Transport;

/// How many headers tungstenite takes at most.
const HEADER_COUNT_MAX: usize = 124;

/// A request to our server and to theirs. What both take they answer with the same key.
pub fn differential_handshake_server(bytes: &[u8]) {
    let Some(judged) = judge_request(bytes) else { return };
    check(&judged, bytes);
    if let (Ok(ours), Ok(theirs)) = (judged.ours, judged.theirs) {
        assert_eq!(accept_line(&ours), accept_line(&theirs));
    }
}

/// The answer to a request, to our client and to theirs.
pub fn differential_handshake_client(bytes: &[u8]) {
    if let Some(judged) = judge_response(bytes) {
        check(&judged, bytes);
    }
}

/// What both make of a head: their answer to it, if any, or why they refuse it.
struct Judged {
    ours: Result<Vec<u8>, Violation>,
    theirs: Result<Vec<u8>, TheirError>,
}

impl Judged {
    fn case(&self) -> Case<'_> {
        Case { ours: self.ours.as_ref().err().copied(), theirs: self.theirs.as_ref().err() }
    }
}

/// Nothing where it goes on, or is more than we let in.
fn judge_request(bytes: &[u8]) -> Option<Judged> {
    let mut handshake = ServerHandshake::with_headers::<HEADER_COUNT_MAX>(vec![0; 8192]);
    let mut buffer = ReadBuffer::with_filled(bytes.to_vec(), bytes.len()).expect("it is filled");
    let progress = handshake.receive(&mut buffer.input());
    let head = &bytes[..bytes.len() - buffer.unread().len()];
    let ours = match progress {
        ServerProgress::Request => {
            let mut out = [0; 512];
            let len = handshake.accept(OriginPolicy::AnyOrigin, &OutgoingResponse::new(), &mut out);
            Ok(out[..len.expect("it is valid")].to_vec())
        }
        // Whether it is a page that is asked for, they do not say.
        ServerProgress::NotWebSocket => Err(Violation::Upgrade),
        ServerProgress::Failed(HandshakeFault::Violation(violation)) => Err(violation),
        ServerProgress::Failed(HandshakeFault::Limit(_)) | ServerProgress::NeedInput => return None,
    };
    let theirs = match tungstenite::accept(Transport::new(head)) {
        Ok(socket) => Ok(socket.get_ref().outgoing.clone()),
        Err(HandshakeError::Failure(error)) => Err(error),
        // What we know to be wrong, they may still wait with.
        Err(HandshakeError::Interrupted(_)) if ours.is_err() => return None,
        Err(HandshakeError::Interrupted(_)) => panic!("they wait for more of {}", head.escape_ascii()),
    };
    Some(Judged { ours, theirs })
}

/// Nothing where it goes on, is more than we let in, or refuses the connection to both.
fn judge_response(bytes: &[u8]) -> Option<Judged> {
    let uri = Uri::parse("ws://example.com/").expect("it is valid");
    let request = OutgoingRequest::new(uri).with_subprotocols(&["chat", "superchat"]);
    let mut handshake =
        ClientHandshake::with_headers::<HEADER_COUNT_MAX>(vec![0; 8192], *b"the sample nonce");
    let mut buffer = ReadBuffer::with_filled(bytes.to_vec(), bytes.len()).expect("it is filled");
    let progress = handshake.receive(&request, &mut buffer.input());
    let head = &bytes[..bytes.len() - buffer.unread().len()];
    let is_rejected = progress == ClientProgress::Rejected;
    let ours = match progress {
        ClientProgress::Accepted | ClientProgress::Rejected => Ok(Vec::new()),
        ClientProgress::Failed(HandshakeFault::Violation(violation)) => Err(violation),
        ClientProgress::Failed(HandshakeFault::Limit(_)) | ClientProgress::NeedInput => return None,
    };
    let theirs = match tungstenite::client(their_request(), Transport::new(head)) {
        Ok(_) => Ok(Vec::new()),
        Err(HandshakeError::Failure(error)) => Err(error),
        Err(HandshakeError::Interrupted(_)) if ours.is_err() => return None,
        Err(HandshakeError::Interrupted(_)) => panic!("they wait for more of {}", head.escape_ascii()),
    };
    if is_rejected {
        assert!(theirs.is_err(), "rejected by us alone: {}", head.escape_ascii());
        return None;
    }
    Some(Judged { ours, theirs })
}

/// What [`judge_response`] asks with, as they take it.
fn their_request() -> tungstenite::http::Request<()> {
    tungstenite::http::Request::builder()
        .uri("ws://example.com/")
        .header("Host", "example.com")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("Sec-WebSocket-Protocol", "chat, superchat")
        .body(())
        .expect("it is valid")
}

fn check(judged: &Judged, head: &[u8]) {
    let case = judged.case();
    assert!(
        case.is_same() || DIFFERENCES.iter().any(|difference| (difference.applies)(&case)),
        "ours: {:?}; theirs: {:?}; head: {}",
        case.ours,
        case.theirs,
        head.escape_ascii()
    );
}

/// The value of Sec-WebSocket-Accept.
fn accept_line(head: &[u8]) -> String {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let line = head.lines().find_map(|line| line.strip_prefix("sec-websocket-accept: "));
    line.expect("it is there").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::differential::handshake_differences::Head;

    #[test]
    fn every_known_difference_cites_a_rule_and_is_shown_by_its_example() {
        for difference in DIFFERENCES {
            let name = difference.name;
            assert!(difference.rule.starts_with("RFC "), "{name}");
            let judged = match difference.example {
                Head::Request(head) => judge_request(head.as_bytes()),
                Head::Response(head) => judge_response(head.as_bytes()),
            };
            let judged = judged.unwrap_or_else(|| panic!("{name}: nobody has judged it"));
            let case = judged.case();
            let shown = format!("{name}: ours {:?}; theirs {:?}", case.ours, case.theirs);
            assert!(!case.is_same(), "{shown}");
            let applying = DIFFERENCES.iter().find(|other| (other.applies)(&case)).map(|other| other.name);
            assert_eq!(applying, Some(name), "{shown}");
        }
    }
}
