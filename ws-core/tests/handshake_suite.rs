//! RFC 6455 §4: requests and responses as data, each whole, cut at every byte, and dripped.
//!
//! The files in `tests/handshake/` hold one case after the other:
//!
//! ```text
//! [what the case is about]
//! section: RFC 6455 §4.2.1                       where the rule stands
//! verdict: 400 KeyMissing                        request, page, accepted, refused STATUS, more, or the fault:
//!                                                its variant, on the server's side behind the status
//! storage: 400                                   bytes for the head, 4096 unless told
//! behind: \x81\x00                               what follows the head and has to stay in the input
//! sees: path = /chat                             what can be read from the request or response
//! > GET / HTTP/1.1                               a line, which ends with CR LF
//! >> GET                                         bytes as they are
//! = standard - Host Upgrade                      the headers that a handshake needs, without those named
//! * 100 X: y                                     a line, a hundred times
//! ```
//!
//! Escapes are `\r`, `\n`, `\t`, `\0`, `\s` (a space), `\\`, `\xHH`, and `{a*100}` for a hundred times `a`.
#![expect(clippy::arithmetic_side_effects, reason = "positions within data files of ours")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a data file that cannot be read fails the test")]

use core::fmt::Write as _;

use ws_core::handshake::{
    ClientHandshake, ClientProgress, ClientRequest, Extensions, HandshakeFault, OriginPolicy,
    REFUSAL_LEN_MAX, Response, ServerHandshake, ServerProgress,
};
use ws_core::input::ReadBuffer;
use ws_core::uri::Uri;

const REQUESTS: &str = include_str!("handshake/requests.txt");
const RESPONSES: &str = include_str!("handshake/responses.txt");

/// RFC 6455 §1.3: its key is the base64 of this.
const NONCE: [u8; 16] = *b"the sample nonce";
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

const STANDARD_REQUEST: &[&str] = &[
    "Host: server.example.com",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
];
const STANDARD_RESPONSE: &[&str] =
    &["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="];

#[test]
fn s4_2_each_request_has_its_verdict_at_every_cut() {
    let cases = parse(REQUESTS, STANDARD_REQUEST);
    assert!(cases.len() >= 100, "{} requests", cases.len());
    for case in &cases {
        check_at_every_cut(
            case,
            || ServerHandshake::new(vec![0; case.storage_len]),
            |handshake, buffer| show_server(handshake.receive(&mut buffer.input())),
        );
    }
}

#[test]
fn s4_1_each_response_has_its_verdict_at_every_cut() {
    let cases = parse(RESPONSES, STANDARD_RESPONSE);
    assert!(cases.len() >= 50, "{} responses", cases.len());
    for case in &cases {
        check_at_every_cut(
            case,
            || ClientHandshake::new(vec![0; case.storage_len], NONCE),
            |handshake, buffer| {
                let progress = handshake.receive(&request(), &mut buffer.input());
                show_client(progress, handshake.response().map(|response| response.status()))
            },
        );
    }
}

#[test]
fn s4_2_what_is_to_be_seen_of_each_request() {
    for case in parse(REQUESTS, STANDARD_REQUEST).iter().filter(|case| !case.sees.is_empty()) {
        let (handshake, _) = served(case);
        let request = handshake.request().unwrap_or_else(|| panic!("{}: no request", case.name));
        for (what, expected) in &case.sees {
            let seen = match what.as_str() {
                "path" => request.path().into(),
                "query" => request.query().unwrap_or_default().into(),
                "host" => request.host().into(),
                "origin" => request.origin().unwrap().to_vec(),
                "subprotocols" => request.subprotocols().collect::<Vec<_>>().join(" ").into(),
                "extensions" => show_extensions(request.extensions()),
                header => {
                    request.header(header).unwrap_or_else(|| panic!("{}: no {header}", case.name)).into()
                }
            };
            assert_eq!(seen.escape_ascii().to_string(), expected.escape_ascii().to_string(), "{}", case.name);
        }
    }
}

#[test]
fn s4_1_what_is_to_be_seen_of_each_response() {
    for case in parse(RESPONSES, STANDARD_RESPONSE).iter().filter(|case| !case.sees.is_empty()) {
        let mut handshake = ClientHandshake::new(vec![0; case.storage_len], NONCE);
        let _ = handshake.receive(&request(), &mut case.whole().input());
        let response = handshake.response().unwrap_or_else(|| panic!("{}: no response", case.name));
        for (what, expected) in &case.sees {
            let seen = match what.as_str() {
                "reason" => response.reason().to_vec(),
                "subprotocol" => response.subprotocol().unwrap_or_default().into(),
                "extensions" => show_extensions(response.extensions()),
                header => {
                    response.header(header).unwrap_or_else(|| panic!("{}: no {header}", case.name)).into()
                }
            };
            assert_eq!(seen.escape_ascii().to_string(), expected.escape_ascii().to_string(), "{}", case.name);
        }
    }
}

#[test]
fn s4_2_2_each_request_is_answered_so_that_a_client_understands() {
    for case in &parse(REQUESTS, STANDARD_REQUEST) {
        let (mut handshake, progress) = served(case);
        let mut out = [0; 512];
        let (len, status) = match progress {
            ServerProgress::NeedInput => continue,
            ServerProgress::Request => {
                (handshake.accept(OriginPolicy::AnyOrigin, &Response::new(), &mut out).unwrap(), 101)
            }
            ServerProgress::NotWebSocket => (handshake.refuse(&mut out[..REFUSAL_LEN_MAX]).unwrap(), 426),
            ServerProgress::Failed(fault) => {
                (handshake.refuse(&mut out[..REFUSAL_LEN_MAX]).unwrap(), fault.status())
            }
        };
        let answer = out[..len].to_vec();
        let mut client = ClientHandshake::new(vec![0; 512], NONCE);
        let mut buffer = ReadBuffer::with_filled(answer, len).unwrap();
        let outcome = client.receive(&request(), &mut buffer.input());
        let response = client.response().unwrap_or_else(|| panic!("{}: {outcome:?}", case.name));
        assert_eq!(response.status(), status, "{}", case.name);
        if status == 101 {
            let is_ours = handshake.request().unwrap().header("Sec-WebSocket-Key") == Some(KEY.as_bytes());
            assert_eq!(outcome == ClientProgress::Accepted, is_ours, "{}", case.name);
            continue;
        }
        assert_eq!(outcome, ClientProgress::Refused, "{}", case.name);
        assert!(response.header("Connection").unwrap().starts_with(b"close"), "{}", case.name);
        let body_len = buffer.unread().len().to_string();
        assert_eq!(response.header("Content-Length"), Some(body_len.as_bytes()), "{}", case.name);
        assert_eq!(response.header("Allow").is_some(), status == 405, "{}", case.name);
        assert_eq!(response.header("Sec-WebSocket-Version").is_some(), status == 426, "{}", case.name);
    }
}

/// Runs a case whole, in two pieces for every cut, and byte by byte. The verdict is always the same, and so is what is
/// left in the input; after the verdict nothing is taken any more.
fn check_at_every_cut<H>(
    case: &Case,
    start: impl Fn() -> H,
    receive: impl Fn(&mut H, &mut ReadBuffer<Vec<u8>>) -> String,
) {
    let bytes = [case.head.as_slice(), &case.behind].concat();
    let run = |pieces: &[&[u8]]| {
        let (mut handshake, mut buffer) = (start(), ReadBuffer::new(vec![0; bytes.len()]));
        let mut verdict = receive(&mut handshake, &mut buffer);
        for piece in pieces {
            buffer.spare().get_mut(..piece.len()).unwrap().copy_from_slice(piece);
            buffer.filled(piece.len());
            let next = receive(&mut handshake, &mut buffer);
            assert!(verdict == "more" || next == verdict, "{}: {verdict}, and then {next}", case.name);
            verdict = next;
        }
        (verdict, buffer.unread().to_vec())
    };
    let (verdict, left) = run(&[&bytes]);
    assert_eq!(verdict, case.verdict, "{}", case.name);
    if !is_fault(&verdict) {
        assert_eq!(left, case.behind, "{}: behind the head", case.name);
    }
    for cut in 0..=bytes.len() {
        let (start, end) = bytes.split_at(cut);
        assert_eq!(run(&[start, end]), (verdict.clone(), left.clone()), "{} cut at {cut}", case.name);
    }
    let dripped: Vec<_> = bytes.chunks(1).collect();
    assert_eq!(run(&dripped), (verdict, left), "{} dripped", case.name);
}

fn is_fault(verdict: &str) -> bool {
    !["request", "page", "accepted", "more"].contains(&verdict) && !verdict.starts_with("refused")
}

/// The server's side of a case, whole.
fn served(case: &Case) -> (ServerHandshake<Vec<u8>>, ServerProgress) {
    let mut handshake = ServerHandshake::new(vec![0; case.storage_len]);
    let progress = handshake.receive(&mut case.whole().input());
    (handshake, progress)
}

/// What the client has asked whose responses are judged.
fn request() -> ClientRequest<'static> {
    ClientRequest::new(Uri::parse("ws://server.example.com/chat").unwrap())
        .subprotocols(&["chat", "superchat"])
        .extensions("foo, permessage-deflate; client_max_window_bits")
}

fn show_server(progress: ServerProgress) -> String {
    match progress {
        ServerProgress::NeedInput => "more".into(),
        ServerProgress::Request => "request".into(),
        ServerProgress::NotWebSocket => "page".into(),
        ServerProgress::Failed(fault) => format!("{} {}", fault.status(), show_fault(fault)),
    }
}

fn show_client(progress: ClientProgress, status: Option<u16>) -> String {
    match progress {
        ClientProgress::NeedInput => "more".into(),
        ClientProgress::Accepted => "accepted".into(),
        ClientProgress::Refused => format!("refused {}", status.unwrap()),
        ClientProgress::Failed(fault) => show_fault(fault),
    }
}

fn show_fault(fault: HandshakeFault) -> String {
    match fault {
        HandshakeFault::Violation(violation) => format!("{violation:?}"),
        HandshakeFault::Limit(limit) => format!("{limit:?}"),
    }
}

fn show_extensions(extensions: Extensions<'_>) -> Vec<u8> {
    let mut shown = Vec::new();
    for extension in extensions {
        let mut text = extension.name().to_owned();
        for param in extension.params() {
            let value = param.value().map(|value| format!("={value}")).unwrap_or_default();
            write!(text, ";{}{value}", param.name()).unwrap();
        }
        shown.push(text);
    }
    shown.join(" ").into()
}

#[derive(Debug)]
struct Case {
    name: String,
    verdict: String,
    storage_len: usize,
    sees: Vec<(String, Vec<u8>)>,
    head: Vec<u8>,
    behind: Vec<u8>,
}

impl Case {
    fn whole(&self) -> ReadBuffer<Vec<u8>> {
        let bytes = [self.head.as_slice(), &self.behind].concat();
        let len = bytes.len();
        ReadBuffer::with_filled(bytes, len).unwrap()
    }
}

fn parse(file: &str, standard: &[&str]) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut section_count = 0;
    for line in file.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            assert!(cases.iter().all(|case| case.name != name), "the case {name} is there twice");
            cases.push(Case {
                name: name.into(),
                verdict: String::new(),
                storage_len: 4096,
                sees: Vec::new(),
                head: Vec::new(),
                behind: Vec::new(),
            });
            continue;
        }
        let case = cases.last_mut().unwrap();
        let (mark, text) = line.split_once(' ').unwrap_or((line, ""));
        match mark {
            "section:" => {
                let is_section = text.starts_with("RFC ") && text.contains(" §");
                assert!(is_section, "{}: {text}", case.name);
                section_count += 1;
            }
            "verdict:" => case.verdict = text.into(),
            "storage:" => case.storage_len = text.parse().unwrap(),
            "behind:" => case.behind = unescape(text),
            "sees:" => {
                let (what, value) = text.split_once(" =").unwrap();
                case.sees.push((what.into(), unescape(value.strip_prefix(' ').unwrap_or(value))));
            }
            ">" => case.head.extend([unescape(text).as_slice(), b"\r\n"].concat()),
            ">>" => case.head.extend(unescape(text)),
            "*" => {
                let (count, text) = text.split_once(' ').unwrap();
                let line = [unescape(text).as_slice(), b"\r\n"].concat();
                case.head.extend(line.repeat(count.parse().unwrap()));
            }
            "=" => {
                let (_, without) = text.split_once(" - ").unwrap_or((text, ""));
                let without: Vec<_> = without.split_whitespace().collect();
                for header in
                    standard.iter().filter(|header| !without.contains(&header.split_once(':').unwrap().0))
                {
                    case.head.extend([header.as_bytes(), b"\r\n"].concat());
                }
            }
            _ => panic!("{}: {line}", case.name),
        }
    }
    assert_eq!(section_count, cases.len(), "each case names its section");
    cases
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let repetition = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        if let Some((repeated, count)) = repetition.and_then(|(inside, _)| inside.split_once('*')) {
            bytes.extend(unescape(repeated).repeat(count.parse().unwrap()));
            rest = repetition.unwrap().1;
            continue;
        }
        let (unescaped, len) = match rest.strip_prefix('\\').and_then(|rest| rest.chars().next()) {
            Some('r') => (b'\r', 2),
            Some('n') => (b'\n', 2),
            Some('t') => (b'\t', 2),
            Some('0') => (b'\0', 2),
            Some('s') => (b' ', 2),
            Some('\\') => (b'\\', 2),
            Some('x') => (u8::from_str_radix(rest.get(2..4).unwrap(), 16).unwrap(), 4),
            _ => (u8::try_from(first).unwrap(), 1),
        };
        bytes.push(unescaped);
        rest = rest.split_at(len).1;
    }
    bytes
}
