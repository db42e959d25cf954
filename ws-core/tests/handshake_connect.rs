//! RFC 8441 §5: the requests that open a WebSocket within HTTP/2 and HTTP/3, as data in `tests/handshake/connects.txt`.
#![cfg(feature = "handshake")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a data file that cannot be read fails the test")]

use ws_core::handshake::{ConnectTarget, ExtendedConnect, HandshakeFault, Header};
use ws_core::uri::Scheme;

/// What [`Case::fields`] has where a case says `=`.
const STANDARD: &[(&str, &str)] = &[
    (":method", "CONNECT"),
    (":protocol", "websocket"),
    (":scheme", "https"),
    (":path", "/chat"),
    (":authority", "server.example.com"),
    ("sec-websocket-version", "13"),
];

#[test]
fn rfc8441_s5_each_request_has_its_verdict() {
    let cases = parse(include_str!("handshake/connects.txt"));
    assert!(cases.len() >= 60, "{} requests", cases.len());
    for case in &cases {
        let verdict = match case.check() {
            Ok(target) => format!("accepted, {}", show(&target)),
            Err(fault) => format!("{} {}", fault.status(), show_fault(fault)),
        };
        let expected = match &case.sees {
            Some(sees) => format!("{}, {sees}", case.verdict),
            None => case.verdict.clone(),
        };
        assert_eq!(verdict, expected, "{}", case.name);
    }
}

#[derive(Debug)]
struct Case {
    name: String,
    verdict: String,
    sees: Option<String>,
    pseudo_headers: Vec<(String, String)>,
    headers: Vec<(String, Vec<u8>)>,
}

impl Case {
    fn check(&self) -> Result<ConnectTarget<'_>, HandshakeFault> {
        let pseudo_header = |name: &str| {
            let found = self.pseudo_headers.iter().find(|(given, _)| given == name);
            found.map(|(_, value)| value.as_str())
        };
        ExtendedConnect::new(pseudo_header(":method").unwrap())
            .with_protocol(pseudo_header(":protocol"))
            .with_scheme(pseudo_header(":scheme"))
            .with_authority(pseudo_header(":authority"))
            .with_path(pseudo_header(":path"))
            .check(self.headers.iter().map(|(name, value)| Header { name, value }))
    }
}

fn show(target: &ConnectTarget<'_>) -> String {
    let scheme = if target.scheme() == Scheme::Wss { "wss" } else { "ws" };
    let origin = target.origin().unwrap_or(b"-").escape_ascii();
    format!("{scheme} {} {} {origin}", target.authority(), target.resource_name())
}

fn show_fault(fault: HandshakeFault) -> String {
    match fault {
        HandshakeFault::Violation(violation) => format!("{violation:?}"),
        HandshakeFault::Limit(limit) => format!("{limit:?}"),
    }
}

fn parse(file: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut section_count = 0_usize;
    for line in file.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            assert!(cases.iter().all(|case| case.name != name), "the case {name} is there twice");
            cases.push(Case {
                name: name.into(),
                verdict: String::new(),
                sees: None,
                pseudo_headers: Vec::new(),
                headers: Vec::new(),
            });
            continue;
        }
        let case = cases.last_mut().unwrap();
        let (mark, text) = line.split_once(' ').unwrap_or((line, ""));
        match mark {
            "section:" => {
                assert!(text.starts_with("RFC ") && text.contains(" §"), "{}: {text}", case.name);
                section_count = section_count.saturating_add(1);
            }
            "verdict:" => case.verdict = text.into(),
            "sees:" => case.sees = Some(text.into()),
            "=" => {
                let (_, without) = text.split_once("- ").unwrap_or((text, ""));
                for (name, value) in STANDARD.iter().filter(|(name, _)| *name != without) {
                    add(case, name, value.as_bytes().to_vec());
                }
            }
            // What begins with a colon here is for the list of headers nevertheless.
            ">>" => {
                let (name, value) = split_header(text);
                case.headers.push((name, value));
            }
            ">" => {
                let (name, value) = split_header(text);
                add(case, &name, value);
            }
            _ => panic!("{}: {line}", case.name),
        }
    }
    assert_eq!(section_count, cases.len(), "each case names its section");
    cases
}

fn add(case: &mut Case, name: &str, value: Vec<u8>) {
    if name.starts_with(':') {
        assert!(case.pseudo_headers.iter().all(|(given, _)| given != name), "{}: {name} twice", case.name);
        case.pseudo_headers.push((name.into(), String::from_utf8(value).unwrap()));
    } else {
        case.headers.push((name.into(), value));
    }
}

/// At the last colon before a space or the end, since the name of a pseudo-header begins with one.
fn split_header(text: &str) -> (String, Vec<u8>) {
    let (name, value) = text.split_once(": ").or_else(|| Some((text.strip_suffix(':')?, ""))).unwrap();
    (String::from_utf8(unescape(name)).unwrap(), unescape(value))
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match (byte, (byte == b'\\').then(|| rest.next()).flatten()) {
            (_, Some(b'r')) => b'\r',
            (_, Some(b'n')) => b'\n',
            (_, Some(b't')) => b'\t',
            (_, Some(b'0')) => b'\0',
            (_, Some(b's')) => b' ',
            (_, Some(b'x')) => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(core::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            (byte, None) => byte,
            (_, Some(other)) => panic!("\\{}", char::from(other)),
        });
    }
    bytes
}
