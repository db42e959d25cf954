//! RFC 7692 §5, §7.1: what is offered, what is answered, and what is agreed on.
//!
//! The files in `tests/negotiation/` hold one case after the other:
//!
//! ```text
//! [what the case is about]
//! section: RFC 7692 §7.1.3                  where the rule stands
//! server: outgoing_max_window_bits=10       DeflateConfig's methods with_*, the default unless told; `client:` in answers.txt
//! text: foo                                 in answers.txt: extensions that the client offers as text
//! without: deflate                          and then without a DeflateConfig
//! offer: permessage-deflate                 a header line of the request; in answers.txt the one that is expected
//! answer: permessage-deflate                the answer that is expected, `declined`, or `refused` and an ExtensionError;
//!                                           in answers.txt a header line of the response
//! agreed: outgoing 15, incoming 10 no_context_takeover      in answers.txt; or `declined`, or the fault
//! ```
//!
//! Each case runs through the functions of `DeflateConfig` and through a whole handshake.
#![cfg(feature = "handshake")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a case that cannot be read fails the test")]

use ws_core::extension::{
    Agreed, DeflateConfig, DeflateDirection, DeflateError, Extension, ExtensionError, ExtensionList,
    WindowBits,
};
use ws_core::handshake::{
    AcceptError, ClientHandshake, ClientProgress, HandshakeFault, HandshakeMisuse, HandshakeViolation,
    OriginPolicy, OutgoingRequest, OutgoingResponse, ServerHandshake, ServerProgress, WriteError,
};
use ws_core::input::ReadBuffer;
use ws_core::uri::Uri;

const OFFERS: &str = include_str!("negotiation/offers.txt");
const ANSWERS: &str = include_str!("negotiation/answers.txt");

#[test]
fn s7_1_each_offer_has_its_answer() {
    let cases = parse(OFFERS);
    assert!(cases.len() >= 75, "{} offers", cases.len());
    for case in &cases {
        let expected = case.answer.first().unwrap().as_str();
        let mut server = match served(&case.offer) {
            Ok(server) => server,
            Err(error) => {
                assert_eq!(format!("refused {error:?}"), expected, "{}", case.name);
                continue;
            }
        };
        let direct = case.config.answer(extensions(&case.offer));
        assert_eq!(show_answer(direct), expected, "{}", case.name);

        let mut out = [0; 1024];
        let response = OutgoingResponse::new().with_deflate(case.config);
        let len = server.accept(OriginPolicy::SameHost, &response, &mut out).unwrap();
        assert_eq!(server.deflate(), direct, "{}", case.name);
        let written = header(out.get(..len).unwrap());
        assert_eq!(written.as_deref().unwrap_or("declined"), expected, "{}", case.name);

        // Whoever made this offer takes the answer.
        let offered = case.offer.join(", ");
        let request = request().with_extensions(&offered);
        let (progress, agreed) = received(&request, written.as_slice());
        assert_eq!(progress, ClientProgress::Accepted, "{}", case.name);
        assert_eq!(
            agreed.map(|agreed| agreed.params()),
            direct.map(|agreed| agreed.params()),
            "{}",
            case.name
        );
    }
}

#[test]
fn s7_1_each_answer_has_its_verdict() {
    let cases = parse(ANSWERS);
    assert!(cases.len() >= 55, "{} answers", cases.len());
    for case in &cases {
        let mut request = request();
        if let Some(text) = &case.text {
            request = request.with_extensions(text);
        }
        if case.has_config {
            request = request.with_deflate(case.config);
        }
        let mut out = [0; 1024];
        match ClientHandshake::new([0; 0], NONCE).write_request(&request, &mut out) {
            Ok(len) => {
                assert_eq!(header(&out[..len]), case.offer.first().cloned(), "{}: the offer", case.name);
            }
            Err(error) => {
                let misuse = HandshakeMisuse::Deflate(DeflateError::UnknownParam);
                assert_eq!((error, case.offer.len()), (WriteError::Misuse(misuse), 0), "{}", case.name);
            }
        }
        let (progress, agreed) = received(&request, &case.answer);
        assert_eq!(show_verdict(progress, agreed), case.agreed, "{}", case.name);

        let is_direct = case.text.is_none() && case.has_config && is_about_deflate(progress);
        if is_direct {
            assert_eq!(case.config.offer().as_str(), case.offer.join(""), "{}", case.name);
            let direct = match case.config.judge(extensions(&case.answer)) {
                Ok(direct) => show_agreed(direct),
                Err(error) => format!("{error:?}"),
            };
            assert_eq!(direct, case.agreed, "{}", case.name);
        }
    }
}

#[test]
fn s5_a_server_cannot_answer_what_was_not_offered() {
    use DeflateError::{
        ClientMaxWindowBitsNotOffered, MissingValue, NotOffered, Repeated, ServerContextTakeover,
        ServerMaxWindowBits, UnknownParam,
    };
    for (offer, answer, error) in [
        (
            "permessage-deflate",
            "permessage-deflate; client_max_window_bits=10",
            ClientMaxWindowBitsNotOffered,
        ),
        ("permessage-deflate; server_no_context_takeover", "permessage-deflate", ServerContextTakeover),
        ("permessage-deflate; server_max_window_bits=9", "permessage-deflate", ServerMaxWindowBits),
        (
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; client_max_window_bits",
            MissingValue,
        ),
        ("permessage-deflate", "permessage-deflate, permessage-deflate", Repeated),
        ("permessage-deflate", "permessage-deflate; x", UnknownParam),
        ("permessage-deflate; x", "permessage-deflate", NotOffered),
    ] {
        let mut server = served(&[offer.to_owned()]).unwrap();
        let mut out = [0; 512];
        let response = OutgoingResponse::new().with_extensions(answer);
        let expected = AcceptError::Misuse(HandshakeMisuse::Deflate(error));
        let accepted = server.accept(OriginPolicy::SameHost, &response, &mut out);
        assert_eq!(accepted, Err(expected), "{offer}: {answer}");
        assert!(!error.to_string().is_empty());
        // The request can still be answered.
        assert!(server.accept(OriginPolicy::SameHost, &OutgoingResponse::new(), &mut out).is_ok());
        assert_eq!(server.deflate(), None);
    }
}

#[test]
fn s5_a_server_may_write_the_answer_itself() {
    let mut server = served(&["foo, permessage-deflate; client_max_window_bits".to_owned()]).unwrap();
    let response =
        OutgoingResponse::new().with_extensions("foo, permessage-deflate; client_max_window_bits=9");
    let mut out = [0; 512];
    let len = server.accept(OriginPolicy::SameHost, &response, &mut out).unwrap();
    let written = header(&out[..len]);
    assert_eq!(written.as_deref(), Some("foo, permessage-deflate; client_max_window_bits=9"));
    assert_eq!(show_agreed(server.deflate()), "outgoing 15, incoming 9");
}

#[test]
fn s9_1_a_server_takes_up_other_extensions_beside_it_and_not_twice() {
    let offer = ["foo, permessage-deflate".to_owned()];
    let mut out = [0; 512];
    let mut server = served(&offer).unwrap();
    let twice =
        OutgoingResponse::new().with_extensions("permessage-deflate").with_deflate(DeflateConfig::new());
    let misuse = HandshakeMisuse::Deflate(DeflateError::Repeated);
    let accepted = server.accept(OriginPolicy::SameHost, &twice, &mut out);
    assert_eq!(accepted, Err(AcceptError::Misuse(misuse)));

    let both = OutgoingResponse::new().with_extensions("foo; x=1").with_deflate(DeflateConfig::new());
    let len = server.accept(OriginPolicy::SameHost, &both, &mut out).unwrap();
    assert_eq!(header(&out[..len]).as_deref(), Some("foo; x=1, permessage-deflate"));
}

#[test]
fn s5_without_a_config_nothing_is_offered_and_nothing_taken_up() {
    let mut out = [0; 512];
    let len = ClientHandshake::new([0; 0], NONCE).write_request(&request(), &mut out).unwrap();
    assert_eq!(header(&out[..len]), None);
    let mut server = served(&["permessage-deflate".to_owned()]).unwrap();
    let len = server.accept(OriginPolicy::SameHost, &OutgoingResponse::new(), &mut out).unwrap();
    assert_eq!((header(&out[..len]), server.deflate()), (None, None));
}

#[test]
fn a_hundred_thousand_offers_take_linear_time() {
    // Each of them is wrong in its own way, and the last one is right. A quadratic search would take minutes.
    let params = "; server_max_window_bits=12".repeat(100_000);
    let value = "1".repeat(1_000_000);
    let offers = "permessage-deflate; server_max_window_bits=99, ".repeat(100_000);
    let text = format!(
        "{offers}permessage-deflate{params}, permessage-deflate; server_max_window_bits={value}, permessage-deflate"
    );
    let start = std::time::Instant::now();
    assert_eq!(show_answer(DeflateConfig::new().answer(list(&text))), "permessage-deflate");
    let answers = "permessage-deflate, ".repeat(100_000);
    assert_eq!(DeflateConfig::new().judge(list(&answers)), Err(DeflateError::Repeated));
    let took = start.elapsed();
    assert!(took.as_secs() < 10, "{took:?}");
}

#[test]
fn a_bad_answer_is_a_bad_gateways() {
    let fault = HandshakeFault::Violation(HandshakeViolation::Deflate(DeflateError::Value));
    assert_eq!(fault.status(), 502);
    assert_eq!(fault.to_string(), DeflateError::Value.to_string());
    assert_eq!(
        HandshakeMisuse::Deflate(DeflateError::Value).to_string(),
        "permessage-deflate: a window is not 8 to 15"
    );
}

#[test]
fn s7_1_2_windows_are_8_to_15() {
    for bits in 0..=u8::MAX {
        let window = WindowBits::new(bits);
        assert_eq!(window.is_some(), (8..=15).contains(&bits));
        assert_eq!(WindowBits::try_from(bits), window.ok_or(DeflateError::Value));
        if let Some(window) = window {
            assert_eq!(u8::from(window), bits);
            assert_eq!((window.bits(), window.to_string()), (bits, bits.to_string()));
            assert_eq!(window.window_len(), 2_usize.pow(bits.into()));
        }
    }
}

/// RFC 6455 §1.3: its key is the base64 of this.
const NONCE: [u8; 16] = *b"the sample nonce";

fn request() -> OutgoingRequest<'static> {
    OutgoingRequest::new(Uri::parse("ws://h/").unwrap())
}

/// A server that has received these header lines.
#[expect(
    clippy::panic_in_result_fn,
    reason = "the error is what the case is about, anything else fails the test"
)]
fn served(lines: &[String]) -> Result<ServerHandshake<Vec<u8>>, ExtensionError> {
    let lines = header_lines(lines);
    let head = format!(
        "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{lines}\r\n"
    );
    let mut handshake = ServerHandshake::new(vec![0; head.len()]);
    let len = head.len();
    let mut buffer = ReadBuffer::with_filled(head.into_bytes(), len).unwrap();
    match handshake.receive(&mut buffer.input()) {
        ServerProgress::Request => Ok(handshake),
        ServerProgress::Failed(HandshakeFault::Violation(HandshakeViolation::Extensions(error))) => {
            Err(error)
        }
        other @ (ServerProgress::NeedInput | ServerProgress::NotWebSocket | ServerProgress::Failed(_)) => {
            panic!("{other:?}")
        }
    }
}

/// What a client makes of a 101 with these header lines.
fn received(request: &OutgoingRequest<'_>, lines: &[impl AsRef<str>]) -> (ClientProgress, Option<Agreed>) {
    let lines = header_lines(lines);
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n{lines}\r\n"
    );
    let mut handshake = ClientHandshake::new(vec![0; head.len()], NONCE);
    let len = head.len();
    let mut buffer = ReadBuffer::with_filled(head.into_bytes(), len).unwrap();
    (handshake.receive(request, &mut buffer.input()), handshake.deflate())
}

fn header_lines(values: &[impl AsRef<str>]) -> String {
    values.iter().flat_map(|value| ["Sec-WebSocket-Extensions: ", value.as_ref(), "\r\n"]).collect()
}

/// The one line for extensions in a head.
fn header(head: &[u8]) -> Option<String> {
    let head = core::str::from_utf8(head).unwrap();
    let mut values = head.lines().filter_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: "));
    let value = values.next().map(str::to_owned);
    assert_eq!(values.next(), None, "one line is enough");
    value
}

fn list(text: &str) -> impl Iterator<Item = Extension<'_>> {
    ExtensionList::new(text.as_bytes()).flatten()
}

fn extensions(lines: &[String]) -> impl Iterator<Item = Extension<'_>> {
    lines.iter().flat_map(|line| list(line))
}

fn show_answer(agreed: Option<Agreed>) -> String {
    agreed.map_or("declined".into(), |agreed| agreed.answer().to_string())
}

fn show_verdict(progress: ClientProgress, agreed: Option<Agreed>) -> String {
    if progress == ClientProgress::Accepted {
        return show_agreed(agreed);
    }
    assert_eq!(agreed, None, "nothing is agreed on by a bad answer");
    match progress {
        ClientProgress::Failed(HandshakeFault::Violation(HandshakeViolation::Deflate(error))) => {
            format!("{error:?}")
        }
        ClientProgress::Failed(HandshakeFault::Violation(HandshakeViolation::Extensions(error))) => {
            format!("{error:?}")
        }
        ClientProgress::Failed(HandshakeFault::Violation(violation)) => format!("{violation:?}"),
        ClientProgress::NeedInput
        | ClientProgress::Accepted
        | ClientProgress::Rejected
        | ClientProgress::Failed(_) => format!("{progress:?}"),
    }
}

/// Whether the functions of [`DeflateConfig`], which see one extension only, come to the same verdict.
fn is_about_deflate(progress: ClientProgress) -> bool {
    progress == ClientProgress::Accepted
        || matches!(
            progress,
            ClientProgress::Failed(HandshakeFault::Violation(HandshakeViolation::Deflate(_)))
        )
}

fn show_agreed(agreed: Option<Agreed>) -> String {
    let show = |direction: DeflateDirection| {
        let takeover = if direction.has_context_takeover() { "" } else { " no_context_takeover" };
        format!("{}{takeover}", direction.max_window_bits())
    };
    agreed.map_or("declined".into(), |agreed| {
        format!("outgoing {}, incoming {}", show(agreed.outgoing()), show(agreed.incoming()))
    })
}

#[derive(Debug)]
struct Case {
    name: String,
    config: DeflateConfig,
    has_config: bool,
    text: Option<String>,
    offer: Vec<String>,
    answer: Vec<String>,
    agreed: String,
}

fn parse(file: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut section_count = 0_usize;
    for line in file.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            assert!(cases.iter().all(|case| case.name != name), "the case {name} is there twice");
            cases.push(Case {
                name: name.into(),
                config: DeflateConfig::new(),
                has_config: true,
                text: None,
                offer: Vec::new(),
                answer: Vec::new(),
                agreed: String::new(),
            });
            continue;
        }
        let case = cases.last_mut().unwrap();
        let (mark, text) = line.split_once(": ").unwrap_or_else(|| panic!("{}: {line}", case.name));
        match mark {
            "section" => {
                assert!(text.starts_with("RFC ") && text.contains(" §"), "{}: {text}", case.name);
                section_count = section_count.saturating_add(1);
            }
            "server" | "client" => case.config = text.split(' ').fold(case.config, configure),
            "text" => case.text = Some(text.into()),
            "without" => case.has_config = false,
            "offer" => case.offer.push(text.into()),
            "answer" => case.answer.push(text.into()),
            "agreed" => case.agreed = text.into(),
            _ => panic!("{}: {line}", case.name),
        }
    }
    assert_eq!(section_count, cases.len(), "each case names its section");
    cases
}

fn configure(config: DeflateConfig, word: &str) -> DeflateConfig {
    let bits = word.split_once('=').and_then(|(_, bits)| WindowBits::new(bits.parse().unwrap()));
    match (word.split_once('=').map_or(word, |(name, _)| name), bits) {
        ("outgoing_no_context_takeover", None) => config.with_outgoing_no_context_takeover(),
        ("incoming_no_context_takeover", None) => config.with_incoming_no_context_takeover(),
        ("incoming_limits_required", None) => config.with_incoming_limits_required(),
        ("outgoing_max_window_bits", Some(bits)) => config.with_outgoing_max_window_bits(bits),
        ("outgoing_min_window_bits", Some(bits)) => config.with_outgoing_min_window_bits(bits),
        ("incoming_max_window_bits", Some(bits)) => config.with_incoming_max_window_bits(bits),
        _ => panic!("{word}"),
    }
}
