//! The opening handshake, judged by us and by tungstenite.
//!
//! tokio-websockets is left out: its handshake takes and gives types of the crate `http`, which judge heads themselves.

use tungstenite::error::ProtocolError;
use tungstenite::{Error as TheirError, HandshakeError};
use ws_core::handshake::{
    ClientHandshake, ClientProgress, ClientRequest, HandshakeFault, HandshakeViolation as Violation,
    OriginPolicy, Response, ServerHandshake, ServerProgress,
};
use ws_core::input::ReadBuffer;
use ws_core::uri::Uri;

use super::peers::Transport;

/// How many headers tungstenite takes at most.
const HEADER_COUNT_MAX: usize = 124;

/// What both make of the same head.
struct Case<'a> {
    /// Why we refuse it, where we do.
    ours: Option<Violation>,
    theirs: Option<&'a TheirError>,
}

impl Case<'_> {
    fn only_they_refuse_by(&self, violation: ProtocolError) -> bool {
        self.ours.is_none()
            && matches!(self.theirs, Some(TheirError::Protocol(theirs)) if *theirs == violation)
    }

    fn only_we_refuse(&self) -> Option<Violation> {
        self.ours.filter(|_| self.theirs.is_none())
    }
}

/// A difference that is known: its name, what the standard says, and whether it is this one.
type Difference = (&'static str, &'static str, fn(&Case<'_>) -> bool);

/// Whatever is not here is a crash.
const DIFFERENCES: &[Difference] = &[
    (
        "lines may end with a line feed alone",
        "RFC 9112 §2.2: a recipient MAY recognize a single LF as a line terminator",
        |case| case.only_we_refuse() == Some(Violation::LineEnding),
    ),
    (
        "empty lines may come first",
        "RFC 9112 §2.2: a server SHOULD ignore at least one empty line prior to the request-line",
        |case| case.only_we_refuse() == Some(Violation::LeadingEmptyLine),
    ),
    (
        "a Host header need not be there, nor be one",
        "RFC 6455 §4.2.1: a Host header field containing the server's authority",
        |case| matches!(case.only_we_refuse(), Some(Violation::HostMissing | Violation::Host)),
    ),
    (
        "of a header that comes twice the first counts",
        "RFC 6455 §11.3.1, §11.3.3, §11.3.4, §11.3.5: MUST NOT appear more than once",
        |case| case.only_we_refuse() == Some(Violation::RepeatedHeader),
    ),
    (
        "a body may be announced",
        "RFC 6455 §1.3: the handshake is a GET request, and what follows it are frames",
        |case| case.only_we_refuse() == Some(Violation::Body),
    ),
    (
        "the target may be any that the http crate takes",
        "RFC 6455 §4.2.1: a Request-URI that is a path or an absolute HTTP/HTTPS URI",
        |case| case.only_we_refuse() == Some(Violation::Target),
    ),
    (
        "subprotocols are not judged in a request",
        "RFC 6455 §4.3: Sec-WebSocket-Protocol-Client = 1#token",
        |case| case.only_we_refuse() == Some(Violation::Subprotocols),
    ),
    (
        "extensions are not judged",
        "RFC 6455 §9.1: the list has to follow its grammar; §4.1: an extension that was not asked for MUST fail",
        |case| {
            matches!(
                case.only_we_refuse(),
                Some(Violation::Extensions(_) | Violation::ExtensionNotOffered | Violation::Deflate(_))
            )
        },
    ),
    (
        "the tokens of Connection may be parted by spaces",
        "RFC 9110 §7.6.1: Connection = #connection-option, which are parted by commas",
        |case| case.only_we_refuse() == Some(Violation::Connection),
    ),
    (
        "an Upgrade that names something else, too, in another line counts by its first line",
        "RFC 9110 §5.3: lines of the same name are one list",
        |case| case.only_we_refuse() == Some(Violation::Upgrade),
    ),
    (
        "of Upgrade only one line with nothing but websocket is taken",
        "RFC 6455 §4.2.1: a header field containing the value; RFC 9110 §7.8: which is a list",
        |case| case.only_they_refuse_by(ProtocolError::MissingUpgradeWebSocketHeader),
    ),
    (
        "of Connection only one line is read, and in a response only a single token",
        "RFC 6455 §4.1, §4.2.1: a field that includes the token; RFC 9110 §5.3: over all lines",
        |case| case.only_they_refuse_by(ProtocolError::MissingConnectionUpgradeHeader),
    ),
    (
        "the unused bits of the key have to be zero",
        "RFC 6455 §4.1: in its example of a key, AQIDBAUGBwgJCgsMDQ4PEC==, they are not",
        |case| case.only_they_refuse_by(ProtocolError::InvalidSecWebSocketKey),
    ),
    (
        "what the http crate does not take for a target is refused",
        "RFC 6455 §4.2.1 leaves the target to the server, and we leave it to the application",
        |case| {
            case.ours.is_none() && matches!(case.theirs, Some(TheirError::HttpFormat(_) | TheirError::Url(_)))
        },
    ),
    (
        "a response has to choose one of the subprotocols",
        "RFC 6455 §4.2.2: a server that agrees to none leaves the header out",
        |case| {
            case.ours.is_none()
                && matches!(
                    case.theirs,
                    Some(TheirError::Protocol(ProtocolError::SecWebSocketSubProtocolError(_)))
                )
        },
    ),
    (
        "an interim response is taken for the last one",
        "RFC 9110 §15.2: a client MUST be able to parse one or more 1xx responses prior to the final one",
        |case| {
            case.ours.is_none()
                && matches!(case.theirs, Some(TheirError::Http(response)) if response.status().is_informational())
        },
    ),
];

/// A request to our server and to theirs. What both take they answer with the same key.
pub fn differential_handshake_server(bytes: &[u8]) {
    let mut handshake = ServerHandshake::<_, HEADER_COUNT_MAX>::with_header_count_max(vec![0; 8192]);
    let mut buffer = ReadBuffer::with_filled(bytes.to_vec(), bytes.len()).expect("it is filled");
    let progress = handshake.receive(&mut buffer.input());
    let head = &bytes[..bytes.len() - buffer.unread().len()];
    let ours = match progress {
        ServerProgress::Request => None,
        // Whether it is a page that is asked for, they do not say.
        ServerProgress::NotWebSocket => Some(Violation::Upgrade),
        ServerProgress::Failed(HandshakeFault::Violation(violation)) => Some(violation),
        ServerProgress::Failed(HandshakeFault::Limit(_)) | ServerProgress::NeedInput => return,
    };
    let theirs = match tungstenite::accept(Transport::new(head)) {
        Ok(socket) => Ok(socket.get_ref().outgoing.clone()),
        Err(HandshakeError::Failure(error)) => Err(error),
        // What we know to be wrong, they may still wait with.
        Err(HandshakeError::Interrupted(_)) if ours.is_some() => return,
        Err(HandshakeError::Interrupted(_)) => panic!("they wait for more of {}", head.escape_ascii()),
    };
    check(&Case { ours, theirs: theirs.as_ref().err() }, head);
    if let (None, Ok(answer)) = (ours, theirs) {
        let mut out = [0; 512];
        let len = handshake.accept(OriginPolicy::AnyOrigin, &Response::new(), &mut out).expect("it is valid");
        assert_eq!(accept_line(&out[..len]), accept_line(&answer));
    }
}

/// The answer to a request, to our client and to theirs.
pub fn differential_handshake_client(bytes: &[u8]) {
    let uri = Uri::parse("ws://example.com/").expect("it is valid");
    let request = ClientRequest::new(uri).subprotocols(&["chat", "superchat"]);
    let mut handshake =
        ClientHandshake::<_, HEADER_COUNT_MAX>::with_header_count_max(vec![0; 8192], *b"the sample nonce");
    let mut buffer = ReadBuffer::with_filled(bytes.to_vec(), bytes.len()).expect("it is filled");
    let progress = handshake.receive(&request, &mut buffer.input());
    let head = &bytes[..bytes.len() - buffer.unread().len()];
    let (ours, is_refused) = match progress {
        ClientProgress::Accepted => (None, false),
        ClientProgress::Refused => (None, true),
        ClientProgress::Failed(HandshakeFault::Violation(violation)) => (Some(violation), false),
        ClientProgress::Failed(HandshakeFault::Limit(_)) | ClientProgress::NeedInput => return,
    };
    let request = tungstenite::http::Request::builder()
        .uri("ws://example.com/")
        .header("Host", "example.com")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("Sec-WebSocket-Protocol", "chat, superchat")
        .body(())
        .expect("it is valid");
    let theirs = match tungstenite::client(request, Transport::new(head)) {
        Ok(_) => None,
        Err(HandshakeError::Failure(error)) => Some(error),
        Err(HandshakeError::Interrupted(_)) if ours.is_some() => return,
        Err(HandshakeError::Interrupted(_)) => panic!("they wait for more of {}", head.escape_ascii()),
    };
    if is_refused {
        assert!(theirs.is_some(), "refused by us alone: {}", head.escape_ascii());
    } else {
        check(&Case { ours, theirs: theirs.as_ref() }, head);
    }
}

fn check(case: &Case<'_>, head: &[u8]) {
    let is_same = case.ours.is_some() == case.theirs.is_some();
    assert!(
        is_same || DIFFERENCES.iter().any(|(_, _, applies)| applies(case)),
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
    use super::DIFFERENCES;

    #[test]
    fn every_known_difference_cites_a_rule() {
        for (name, rule, _) in DIFFERENCES {
            assert!(rule.starts_with("RFC "), "{name}");
        }
    }
}
