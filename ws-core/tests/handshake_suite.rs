//! RFC 6455 §4: requests and responses as data, each whole, cut at every byte, and dripped.
//!
//! `tests/handshake/case.rs` tells the form of the files.
#![cfg(feature = "handshake")]
#![expect(clippy::unwrap_used, reason = "a data file that cannot be read fails the test")]

#[path = "handshake/case.rs"]
mod case;

use core::fmt::Write as _;

use ws_core::extension::DeflateConfig;
use ws_core::handshake::{
    ClientHandshake, ClientProgress, Extensions, HandshakeFault, OriginPolicy, OutgoingRequest,
    OutgoingResponse, REJECT_FAULT_LEN_MAX, ServerHandshake, ServerProgress, accept_key,
};
use ws_core::input::ReadBuffer;
use ws_core::uri::Uri;

use case::{ACCEPT, AlsoOutcome, Case, KEY, requests, responses};

/// RFC 6455 §1.3: its key is the base64 of this.
const NONCE: [u8; 16] = *b"the sample nonce";

#[test]
fn s4_2_each_request_has_its_verdict_at_every_cut() {
    let cases = requests().unwrap();
    assert!(cases.len() >= 100, "{} requests", cases.len());
    for case in &cases {
        check_at_every_cut(
            case,
            || ServerHandshake::new(storage(case)),
            |handshake, buffer| show_server(handshake.receive(&mut buffer.input())),
        );
    }
}

#[test]
fn s4_1_each_response_has_its_verdict_at_every_cut() {
    let cases = responses().unwrap();
    assert!(cases.len() >= 50, "{} responses", cases.len());
    for case in &cases {
        check_at_every_cut(
            case,
            || ClientHandshake::new(storage(case), NONCE),
            |handshake, buffer| {
                let progress = handshake.receive(&request(), &mut buffer.input());
                show_client(progress, handshake.response().map(|response| response.status()))
            },
        );
    }
}

#[test]
fn s4_2_what_is_to_be_seen_of_each_request() {
    for case in requests().unwrap().iter().filter(|case| !case.sees.is_empty()) {
        let (handshake, _) = served(case);
        let request = handshake.request().unwrap_or_else(|| panic!("{}: no request", case.name));
        for (what, expected) in &case.sees {
            let seen = match what.as_str() {
                "method" => request.method().into(),
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
    for case in responses().unwrap().iter().filter(|case| !case.sees.is_empty()) {
        let mut handshake = ClientHandshake::new(storage(case), NONCE);
        let _ = handshake.receive(&request(), &mut whole(case).input());
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
    for case in &requests().unwrap() {
        let (mut handshake, progress) = served(case);
        let mut out = [0; 512];
        let (len, status) = match progress {
            ServerProgress::NeedInput => continue,
            ServerProgress::Request => {
                (handshake.accept(OriginPolicy::AnyOrigin, &OutgoingResponse::new(), &mut out).unwrap(), 101)
            }
            ServerProgress::NotWebSocket => {
                (handshake.reject_fault(&mut out[..REJECT_FAULT_LEN_MAX]).unwrap(), 426)
            }
            ServerProgress::Failed(fault) => {
                (handshake.reject_fault(&mut out[..REJECT_FAULT_LEN_MAX]).unwrap(), fault.status())
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
        assert_eq!(outcome, ClientProgress::Rejected, "{}", case.name);
        assert!(response.header("Connection").unwrap().starts_with(b"close"), "{}", case.name);
        let body_len = response.header("Content-Length").unwrap();
        let sent_len = buffer.unread().len().to_string();
        // RFC 9110 §9.3.2: the length is that of a response to GET, and there is no content.
        let is_head = case.head.starts_with(b"HEAD ");
        assert_eq!(sent_len == "0", is_head, "{}", case.name);
        assert!(is_head || sent_len.as_bytes() == body_len, "{}", case.name);
        assert_eq!(response.header("Allow").is_some(), status == 405, "{}", case.name);
        assert_eq!(response.header("Sec-WebSocket-Version").is_some(), status == 426, "{}", case.name);
    }
}

#[test]
fn s7692_7_1_what_is_to_be_declined_is_not_agreed_on() {
    let cases = requests().unwrap();
    let declining = cases.iter().filter(|case| case.declines.as_deref() == Some("permessage-deflate"));
    for case in declining.clone() {
        let (mut handshake, _) = served(case);
        let response = OutgoingResponse::new().with_deflate(DeflateConfig::new());
        handshake.accept(OriginPolicy::AnyOrigin, &response, &mut [0; 512]).unwrap();
        assert_eq!(handshake.deflate(), None, "{}", case.name);
    }
    assert!(declining.count() >= 5);
}

#[test]
fn what_others_may_do_is_the_opposite_of_what_is_done_here() {
    assert_eq!(accept_key(KEY.as_bytes()), *ACCEPT.as_bytes());
    for case in [requests().unwrap(), responses().unwrap()].concat() {
        let is_accepted = ["request", "accepted"].contains(&case.verdict.as_str());
        if let Some(also) = &case.also {
            assert_eq!(also.outcome == AlsoOutcome::Refused, is_accepted, "{}: {}", case.name, also.rule);
        }
        let is_whole = case.verdict != "more" && case.head.ends_with(b"\r\n\r\n");
        assert!(!case.may_wait() || !is_whole, "{}: nothing is to be waited for", case.name);
        assert!(case.field.iter().all(|field| field.contains(' ')), "{}: who, and what", case.name);
    }
}

/// Runs a case whole, in two pieces for every cut, and byte by byte. The verdict is always the same, and so is what is
/// left in the input; after the verdict nothing is taken any more.
fn check_at_every_cut<H>(
    case: &Case,
    start: impl Fn() -> H,
    receive: impl Fn(&mut H, &mut ReadBuffer<Vec<u8>>) -> String,
) {
    let bytes = case.bytes();
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
    // What is much longer than the storage is refused where that ends.
    let is_long = bytes.len() > 2 * STORAGE_LEN;
    for cut in if is_long { STORAGE_LEN - 8..=STORAGE_LEN + 8 } else { 0..=bytes.len() } {
        let (start, end) = bytes.split_at(cut);
        assert_eq!(run(&[start, end]), (verdict.clone(), left.clone()), "{} cut at {cut}", case.name);
    }
    let dripped: Vec<_> = bytes.chunks(1).collect();
    assert_eq!(run(&dripped), (verdict, left), "{} dripped", case.name);
}

fn is_fault(verdict: &str) -> bool {
    !["request", "page", "accepted", "more"].contains(&verdict) && !verdict.starts_with("rejected")
}

/// The server's side of a case, whole.
fn served(case: &Case) -> (ServerHandshake<Vec<u8>>, ServerProgress) {
    let mut handshake = ServerHandshake::new(storage(case));
    let progress = handshake.receive(&mut whole(case).input());
    (handshake, progress)
}

/// What the client has asked whose responses are judged.
fn request() -> OutgoingRequest<'static> {
    OutgoingRequest::new(Uri::parse("ws://server.example.com/chat").unwrap())
        .with_subprotocols(&["chat", "superchat"])
        .with_extensions("foo, permessage-deflate; client_max_window_bits")
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
        ClientProgress::Rejected => format!("rejected {}", status.unwrap()),
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

fn storage(case: &Case) -> Vec<u8> {
    vec![0; case.storage_len.unwrap_or(STORAGE_LEN)]
}

fn whole(case: &Case) -> ReadBuffer<Vec<u8>> {
    let bytes = case.bytes();
    let len = bytes.len();
    ReadBuffer::with_filled(bytes, len).unwrap()
}

const STORAGE_LEN: usize = 4096;
