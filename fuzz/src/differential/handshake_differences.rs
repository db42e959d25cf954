//! Where tungstenite judges a head unlike us and the RFC lets it, or does not: by name, with the rule, and an example that a
//! test tries. Whatever is not in this list is a crash.

use tungstenite::Error as TheirError;
use tungstenite::error::ProtocolError;
use ws_core::handshake::HandshakeViolation as Violation;

/// What both make of the same head.
pub(crate) struct Case<'a> {
    /// Why we refuse it, where we do.
    pub(crate) ours: Option<Violation>,
    pub(crate) theirs: Option<&'a TheirError>,
}

impl Case<'_> {
    pub(crate) fn is_same(&self) -> bool {
        self.ours.is_some() == self.theirs.is_some()
    }

    fn only_they_refuse_by(&self, violation: ProtocolError) -> bool {
        self.ours.is_none()
            && matches!(self.theirs, Some(TheirError::Protocol(theirs)) if *theirs == violation)
    }

    fn only_we_refuse(&self) -> Option<Violation> {
        self.ours.filter(|_| self.theirs.is_none())
    }
}

/// A difference that is known.
pub(crate) struct Difference {
    #[cfg_attr(not(test), expect(dead_code, reason = "for the reader, and the tests"))]
    pub(crate) name: &'static str,
    /// What the standard says of it.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the reader, and the tests"))]
    pub(crate) rule: &'static str,
    pub(crate) applies: fn(&Case<'_>) -> bool,
    /// The head that shows it.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the reader, and the tests"))]
    pub(crate) example: Head,
}

/// What one side judges: the head that the other sent.
#[derive(Clone, Copy)]
#[cfg_attr(not(test), expect(dead_code, reason = "for the reader, and the tests"))]
pub(crate) enum Head {
    Request(&'static str),
    Response(&'static str),
}

/// A request that is right but for what is given: what comes before its lines, and what comes behind them.
macro_rules! request {
    ($start:literal, $end:literal) => {
        Head::Request(concat!(
            $start,
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
            $end,
            "\r\n"
        ))
    };
}

/// A response that is right but for what is given.
macro_rules! response {
    ($start:literal, $end:literal) => {
        Head::Response(concat!(
            $start,
            "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
            $end,
            "\r\n"
        ))
    };
}

/// Whatever is not here is a crash.
pub(crate) const DIFFERENCES: &[Difference] = &[
    Difference {
        name: "lines may end with a line feed alone",
        rule: "RFC 9112 §2.2: a recipient MAY recognize a single LF as a line terminator",
        applies: |case| case.only_we_refuse() == Some(Violation::LineEnding),
        example: Head::Request(concat!(
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\n"
        )),
    },
    Difference {
        name: "a Host header need not be there, nor be one",
        rule: "RFC 6455 §4.2.1: a Host header field containing the server's authority",
        applies: |case| matches!(case.only_we_refuse(), Some(Violation::HostMissing | Violation::Host)),
        example: request!("GET / HTTP/1.1\r\n", "Upgrade: websocket\r\nConnection: Upgrade\r\n"),
    },
    Difference {
        name: "of a header that comes twice the first counts",
        rule: "RFC 6455 §11.3.1, §11.3.3, §11.3.4, §11.3.5: MUST NOT appear more than once",
        applies: |case| case.only_we_refuse() == Some(Violation::RepeatedHeader),
        example: request!(
            "GET / HTTP/1.1\r\nHost: a\r\n",
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        ),
    },
    Difference {
        name: "a body may be announced",
        rule: "RFC 6455 §1.3: the handshake is a GET request, and what follows it are frames",
        applies: |case| case.only_we_refuse() == Some(Violation::Body),
        example: request!(
            "GET / HTTP/1.1\r\nHost: a\r\n",
            "Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 1\r\n"
        ),
    },
    Difference {
        name: "the target may be any that the http crate takes",
        rule: "RFC 6455 §4.2.1: a Request-URI that is a path or an absolute HTTP/HTTPS URI",
        applies: |case| case.only_we_refuse() == Some(Violation::Target),
        example: request!("GET * HTTP/1.1\r\nHost: a\r\n", "Upgrade: websocket\r\nConnection: Upgrade\r\n"),
    },
    Difference {
        name: "subprotocols are not judged in a request",
        rule: "RFC 6455 §4.3: Sec-WebSocket-Protocol-Client = 1#token",
        applies: |case| case.only_we_refuse() == Some(Violation::Subprotocols),
        example: request!(
            "GET / HTTP/1.1\r\nHost: a\r\n",
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: a b\r\n"
        ),
    },
    Difference {
        name: "extensions are not judged",
        rule: "RFC 6455 §9.1: the list has to follow its grammar; §4.1: an extension that was not asked for MUST fail",
        applies: |case| {
            matches!(
                case.only_we_refuse(),
                Some(Violation::Extensions(_) | Violation::ExtensionNotOffered | Violation::Deflate(_))
            )
        },
        example: response!(
            "",
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: never-asked\r\n"
        ),
    },
    Difference {
        name: "the tokens of Connection may be parted by spaces",
        rule: "RFC 9110 §7.6.1: Connection = #connection-option, which are parted by commas",
        applies: |case| case.only_we_refuse() == Some(Violation::Connection),
        example: request!(
            "GET / HTTP/1.1\r\nHost: a\r\n",
            "Upgrade: websocket\r\nConnection: keep-alive Upgrade\r\n"
        ),
    },
    Difference {
        name: "an Upgrade that names something else, too, in another line counts by its first line",
        rule: "RFC 9110 §5.3: lines of the same name are one list",
        applies: |case| case.only_we_refuse() == Some(Violation::Upgrade),
        example: response!(
            "",
            "Upgrade: websocket\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nSec-WebSocket-Protocol: chat\r\n"
        ),
    },
    Difference {
        name: "of Upgrade only one line with nothing but websocket is taken",
        rule: "RFC 6455 §4.2.1: a header field containing the value; RFC 9110 §7.8: which is a list",
        applies: |case| case.only_they_refuse_by(ProtocolError::MissingUpgradeWebSocketHeader),
        example: request!(
            "GET / HTTP/1.1\r\nHost: a\r\n",
            "Upgrade: h2c, websocket\r\nConnection: Upgrade\r\n"
        ),
    },
    Difference {
        name: "of Connection only one line is read, and in a response only a single token",
        rule: "RFC 6455 §4.1, §4.2.1: a field that includes the token; RFC 9110 §5.3: over all lines",
        applies: |case| case.only_they_refuse_by(ProtocolError::MissingConnectionUpgradeHeader),
        example: request!(
            "GET / HTTP/1.1\r\nHost: a\r\n",
            "Upgrade: websocket\r\nConnection: keep-alive\r\nConnection: Upgrade\r\n"
        ),
    },
    Difference {
        name: "the unused bits of the key have to be zero",
        rule: "RFC 6455 §4.1: in its example of a key, AQIDBAUGBwgJCgsMDQ4PEC==, they are not",
        applies: |case| case.only_they_refuse_by(ProtocolError::InvalidSecWebSocketKey),
        example: Head::Request(concat!(
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC==\r\n\r\n"
        )),
    },
    Difference {
        name: "what the http crate does not take for a target is refused",
        rule: "RFC 6455 §4.2.1 leaves the target to the server, and we leave it to the application",
        applies: |case| {
            case.ours.is_none() && matches!(case.theirs, Some(TheirError::HttpFormat(_) | TheirError::Url(_)))
        },
        example: request!("GET /<> HTTP/1.1\r\nHost: a\r\n", "Upgrade: websocket\r\nConnection: Upgrade\r\n"),
    },
    Difference {
        name: "a response has to choose one of the subprotocols",
        rule: "RFC 6455 §4.2.2: a server that agrees to none leaves the header out",
        applies: |case| {
            case.ours.is_none()
                && matches!(
                    case.theirs,
                    Some(TheirError::Protocol(ProtocolError::SecWebSocketSubProtocolError(_)))
                )
        },
        example: response!("", "Upgrade: websocket\r\nConnection: Upgrade\r\n"),
    },
    Difference {
        name: "an interim response is taken for the last one",
        rule: "RFC 9110 §15.2: a client MUST be able to parse one or more 1xx responses prior to the final one",
        applies: |case| {
            case.ours.is_none()
                && matches!(case.theirs, Some(TheirError::Http(response)) if response.status().is_informational())
        },
        example: response!(
            "HTTP/1.1 103 Early Hints\r\n\r\n",
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: chat\r\n"
        ),
    },
];
