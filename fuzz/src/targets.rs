//! What is tried with bytes that a fuzzer makes: each function panics where a promise is broken. The tests of ws-core
//! run the same functions over the corpus.

#[cfg(feature = "deflate")]
use ws_core::deflate::{
    CompressionLevel, ContextTakeover, DeflateSettings, Deflater, Flush, InflateStatus, Inflater, MemLevel,
};
#[cfg(feature = "deflate")]
use ws_core::error::Fault;
use ws_core::extension::{DeflateConfig, ExtensionList, WindowBits};
#[cfg(feature = "deflate")]
use ws_core::frame::Fin;
use ws_core::frame::{Decoded, FrameHeader, Mask, MaskKey, ReservedBits};
use ws_core::handshake::{
    ClientHandshake, ClientProgress, ClientRequest, OriginPolicy, Response, ServerHandshake, ServerProgress,
};
use ws_core::input::ReadBuffer;
use ws_core::uri::Uri;
use ws_core::utf8::{Utf8, complete_prefix};

use crate::support::drive::{WAYS, Way, receive};
use crate::support::reference::{DEFAULT_LIMITS, Limits, Role, decode};

/// A header that was decoded is encoded as it was; what was cut off it is missed; a fault comes at one byte and stays.
pub fn header(bytes: &[u8]) {
    let whole = FrameHeader::decode(bytes, ReservedBits::NONE);
    let prefixes = (0..bytes.len().min(FrameHeader::LEN_MAX)).map(|len| &bytes[..len]);
    match whole {
        Ok(Decoded::Complete { header, header_len }) => {
            assert_eq!(header.encode().as_bytes(), &bytes[..header_len]);
            for prefix in prefixes.take(header_len) {
                assert_eq!(FrameHeader::decode(prefix, ReservedBits::NONE), Ok(Decoded::Partial));
            }
        }
        Ok(Decoded::Partial) => {
            assert!(bytes.len() < FrameHeader::LEN_MAX);
            for prefix in prefixes {
                assert_eq!(FrameHeader::decode(prefix, ReservedBits::NONE), Ok(Decoded::Partial));
            }
        }
        Err(violation) => {
            let mut is_found = false;
            for prefix in prefixes {
                match FrameHeader::decode(prefix, ReservedBits::NONE) {
                    Ok(Decoded::Partial) => assert!(!is_found, "a fault stays"),
                    Ok(Decoded::Complete { .. }) => panic!("a fault is found before the header is complete"),
                    Err(found) => {
                        is_found = true;
                        assert_eq!(found, violation, "the first fault is the fault");
                    }
                }
            }
        }
    }
}

/// Masking in pieces, in place and while copying, is masking byte by byte.
pub fn mask(bytes: &[u8]) {
    let Some((key, rest)) = bytes.split_first_chunk::<4>() else { return };
    let Some((&cut, payload)) = rest.split_first() else { return };
    let naive: Vec<u8> = payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
    let (first, second) = payload.split_at(payload.len() * usize::from(cut) / 256);
    let mut mask = Mask::new(MaskKey::new(*key));
    let mut masked = first.to_vec();
    mask.apply(&mut masked);
    let mut copied = vec![0; second.len()];
    assert_eq!(mask.apply_into(second, &mut copied), second.len());
    masked.extend(copied);
    assert_eq!(masked, naive);
}

/// Text is what the standard library says it is, however it is cut, and is refused at the first byte that proves it.
pub fn utf8(bytes: &[u8]) {
    let Some((&cut, text)) = bytes.split_first() else { return };
    let (is_viable, valid_len) = match core::str::from_utf8(text) {
        Ok(_) => (true, text.len()),
        Err(error) => (error.error_len().is_none(), error.valid_up_to()),
    };
    match complete_prefix(text) {
        Ok((prefix, incomplete_len)) => {
            assert!(is_viable);
            assert_eq!((prefix.len(), incomplete_len), (valid_len, text.len() - valid_len));
        }
        Err(_) => assert!(!is_viable),
    }
    let mut pieces = Utf8::new();
    let is_accepted = text.chunks(usize::from(cut).max(1)).all(|piece| pieces.push(piece).is_ok());
    assert_eq!(is_accepted, is_viable);
    assert_eq!(pieces.is_boundary(), valid_len == text.len());
}

/// A server finds what the naive decoder finds.
pub fn receive_server(bytes: &[u8]) {
    receive_as(Role::Server, bytes);
}

/// A client finds what the naive decoder finds.
pub fn receive_client(bytes: &[u8]) {
    receive_as(Role::Client, bytes);
}

fn receive_as(role: Role, bytes: &[u8]) {
    let expected = decode(role, &DEFAULT_LIMITS, bytes);
    for way in [Way::Events, Way::Pieces] {
        let found = receive(role, &DEFAULT_LIMITS, bytes, &mut core::iter::empty(), 4096, way);
        assert_eq!(found, expected, "{way:?}");
    }
}

/// Two cuttings of the same bytes, through buffers of different sizes, by different ways to take the payload, under
/// limits that may be small, give the same outcome. The first eight bytes say which.
pub fn cuttings(bytes: &[u8]) {
    let Some(([role, limits, ways, capacities, a, b, c, d], wire)) = bytes.split_first_chunk::<8>() else {
        return;
    };
    let role = if role % 2 == 0 { Role::Server } else { Role::Client };
    let limits = match limits {
        0..=63 => DEFAULT_LIMITS,
        64..=127 => Limits { has_deflate: true, ..DEFAULT_LIMITS },
        _ => Limits {
            frame_len: u64::from(limits % 16) * 10,
            message_len: u64::from(limits / 16) * 20,
            fragment_count: u32::from(limits % 4),
            has_deflate: limits % 32 < 16,
        },
    };
    let way = |choice: u8| WAYS[usize::from(choice) % WAYS.len()];
    let capacity = |choice: u8| 4 + usize::from(choice % 16) * 8;
    let cut =
        |first: u8, second: u8| [usize::from(first) + 1, usize::from(second % 16) + 1].into_iter().cycle();
    let one = receive(role, &limits, wire, &mut cut(*a, *b), capacity(*capacities), way(*ways));
    let other = receive(role, &limits, wire, &mut cut(*c, *d), capacity(capacities / 16), way(ways / 16));
    assert_eq!(one, other);
}

/// A request is judged the same however it is cut, what is behind it is left, and every verdict can be answered.
pub fn handshake_server(bytes: &[u8]) {
    let run = |piece_len: usize| {
        let mut handshake = ServerHandshake::<_, 16>::with_header_count_max([0; 1024]);
        let mut progress = ServerProgress::NeedInput;
        let mut taken = 0;
        for piece in bytes.chunks(piece_len) {
            let mut buffer = ReadBuffer::with_filled(piece.to_vec(), piece.len()).unwrap();
            progress = handshake.receive(&mut buffer.input());
            taken += piece.len() - buffer.unread().len();
            if progress != ServerProgress::NeedInput {
                break;
            }
        }
        (progress, taken, handshake)
    };
    let (progress, taken, mut handshake) = run(bytes.len().max(1));
    for piece_len in [1, 7] {
        let (other, other_taken, _) = run(piece_len);
        assert_eq!((other, other_taken), (progress, taken), "in pieces of {piece_len}");
    }
    let mut out = [0; 512];
    match progress {
        ServerProgress::NeedInput => assert_eq!(taken, bytes.len()),
        ServerProgress::Request => {
            let request = handshake.request().expect("it is there");
            assert!(request.headers().count() >= 5, "five are required");
            let _all = (request.path(), request.subprotocols().count(), request.extensions().count());
            let len =
                handshake.accept(OriginPolicy::AnyOrigin, &Response::new(), &mut out).expect("it is valid");
            assert!(out[..len].ends_with(b"\r\n\r\n"));
        }
        ServerProgress::NotWebSocket | ServerProgress::Failed(_) => {
            let len = handshake.refuse(&mut out).expect("there is room");
            assert!(out[..len].starts_with(b"HTTP/1.1 4") || out[..len].starts_with(b"HTTP/1.1 5"));
        }
    }
}

/// A response is judged the same however it is cut, and what is behind it is left.
pub fn handshake_client(bytes: &[u8]) {
    let request = ClientRequest::new(Uri::parse("ws://example.com/").expect("it is valid"))
        .subprotocols(&["chat", "superchat"])
        .extensions("permessage-deflate; client_max_window_bits");
    let run = |piece_len: usize| {
        // RFC 6455 §1.3: this nonce has the key "dGhlIHNhbXBsZSBub25jZQ==".
        let mut handshake = ClientHandshake::<_, 16>::with_header_count_max([0; 1024], *b"the sample nonce");
        let mut progress = ClientProgress::NeedInput;
        let mut taken = 0;
        for piece in bytes.chunks(piece_len) {
            let mut buffer = ReadBuffer::with_filled(piece.to_vec(), piece.len()).unwrap();
            progress = handshake.receive(&request, &mut buffer.input());
            taken += piece.len() - buffer.unread().len();
            if progress != ClientProgress::NeedInput {
                break;
            }
        }
        let headers = handshake.response().map(|response| response.headers().count());
        (progress, taken, headers)
    };
    let whole = run(bytes.len().max(1));
    for piece_len in [1, 7] {
        assert_eq!(run(piece_len), whole, "in pieces of {piece_len}");
    }
}

/// The first four bytes make a client's wishes and a server's; the rest is offers, up to a line feed, and an answer.
/// Whatever the peer says, nothing panics, and what one of us says the other takes.
pub fn deflate_negotiation(bytes: &[u8]) {
    let Some(([a, b, c, d], rest)) = bytes.split_first_chunk::<4>() else { return };
    let (client, server) = (deflate_config(*a, *b), deflate_config(*c, *d));
    let mut lines = rest.splitn(2, |byte| *byte == b'\n');
    let mut next = || ExtensionList::new(lines.next().unwrap_or_default()).flatten();
    let (offers, answer) = (next(), next());

    // What comes from a peer.
    if let Some(agreed) = server.answer(offers.clone()) {
        assert!(offers.clone().any(|extension| extension.name() == "permessage-deflate"));
        let text = agreed.answer();
        assert_eq!(ExtensionList::new(text.as_str().as_bytes()).flatten().count(), 1);
    }
    if let Ok(Some(agreed)) = client.judge(answer) {
        // An answer to our own offer says the same when it is written by us.
        let text = agreed.answer();
        let again = client.judge(ExtensionList::new(text.as_str().as_bytes()).flatten());
        assert_eq!(again, Ok(Some(agreed)));
    }

    // What comes from us.
    let offer = client.offer();
    if let Some(theirs) = server.answer(ExtensionList::new(offer.as_str().as_bytes()).flatten()) {
        let text = theirs.answer();
        let ours = client.judge(ExtensionList::new(text.as_str().as_bytes()).flatten());
        let Ok(Some(ours)) = ours else {
            panic!("{client:?} offers {offer}, {server:?} answers {text}: {ours:?}")
        };
        assert_eq!((ours.params(), ours.incoming()), (theirs.params(), theirs.outgoing()));
        assert!(ours.outgoing().max_window_bits <= theirs.incoming().max_window_bits);
        assert!(ours.outgoing().context_takeover <= theirs.incoming().context_takeover);
    }
}

fn deflate_config(flags: u8, bits: u8) -> DeflateConfig {
    let window = |bits: u8| WindowBits::new(8 + (bits & 7)).unwrap_or_default();
    let mut config = DeflateConfig::new()
        .outgoing_max_window_bits(window(bits))
        .incoming_max_window_bits(window(bits >> 3))
        .outgoing_min_window_bits(window(flags));
    if flags & 0x10 != 0 {
        config = config.outgoing_no_context_takeover();
    }
    if flags & 0x20 != 0 {
        config = config.incoming_no_context_takeover();
    }
    if flags & 0x40 != 0 {
        config = config.incoming_limits_required();
    }
    config
}

/// Two messages of arbitrary bytes, output in two cuttings of input and output, come to the same, within the limit.
#[cfg(feature = "deflate")]
pub fn inflate(bytes: &[u8]) {
    let Some(([settings, split, a, b, c, d], data)) = bytes.split_first_chunk::<6>() else { return };
    let messages = data.split_at(data.len() * usize::from(*split) / 256);
    let limit = 1_u64 << (settings % 17);
    let run = |input_len: u8, output_len: u8| {
        let bits = WindowBits::new(8 + settings / 16 % 8).unwrap_or_default();
        let takeover = if *settings < 128 { ContextTakeover::Allowed } else { ContextTakeover::Forbidden };
        let mut inflater = Inflater::new(limit, bits, takeover);
        let (first, fault) = inflate_message(&mut inflater, messages.0, input_len, output_len, limit);
        if let Some(fault) = fault {
            return (None, None, Some(fault));
        }
        let (second, fault) = inflate_message(&mut inflater, messages.1, input_len, output_len, limit);
        (Some(first), fault.is_none().then_some(second), fault)
    };
    assert_eq!(run(*a, *b), run(*c, *d));
}

#[cfg(feature = "deflate")]
fn inflate_message(
    inflater: &mut Inflater,
    message: &[u8],
    input_len: u8,
    output_len: u8,
    limit: u64,
) -> (Vec<u8>, Option<Fault>) {
    let (mut output, mut rest) = (Vec::new(), message);
    let mut out = vec![0; usize::from(output_len) * 16 + 1];
    for step in 0.. {
        let piece = &rest[..rest.len().min(usize::from(input_len) * 8 + 1)];
        let fin = if piece.len() == rest.len() { Fin::Final } else { Fin::More };
        match inflater.inflate(piece, fin, &mut out) {
            Ok(done) => {
                output.extend_from_slice(&out[..done.written]);
                rest = &rest[done.taken..];
                if done.status == InflateStatus::Done {
                    break;
                }
                assert!(done.taken + done.written > 0 || piece.is_empty() || step == 0, "no progress");
            }
            Err(fault) => return (output, Some(fault)),
        }
        assert!(step <= message.len() + output.len() + 8, "no end");
    }
    assert!(u64::try_from(output.len()).is_ok_and(|len| len <= limit));
    (output, None)
}

/// Messages come back as they were, by any settings, in any cutting, whatever is thrown away in between.
#[cfg(feature = "deflate")]
pub fn deflate_round_trip(bytes: &[u8]) {
    let Some(([window, level, mem, flags, out_len], data)) = bytes.split_first_chunk::<5>() else { return };
    let takeover = if flags % 2 == 0 { ContextTakeover::Allowed } else { ContextTakeover::Forbidden };
    let settings = DeflateSettings {
        window_bits: WindowBits::new(8 + window % 8).unwrap_or_default(),
        takeover,
        level: CompressionLevel::new(level % 10).unwrap_or_default(),
        mem_level: MemLevel::new(1 + mem % 9).unwrap_or_default(),
    };
    let mut deflater = Deflater::new(settings);
    let mut inflater = Inflater::new(1 << 20, settings.window_bits, takeover);
    for (index, message) in data.split(|byte| *byte == b'|').enumerate() {
        let is_sent = (usize::from(*flags) >> (index % 7)) & 2 == 0;
        let (mut compressed, mut rest) = (Vec::new(), message);
        let mut out = vec![0; usize::from(*out_len) + 1];
        loop {
            let done = deflater.deflate(rest, Flush::Message, &mut out);
            compressed.extend_from_slice(&out[..done.written]);
            rest = &rest[done.taken..];
            if done.is_done {
                break;
            }
        }
        if is_sent {
            deflater.commit();
            let (output, fault) = inflate_message(&mut inflater, &compressed, *window, *level, 1 << 20);
            assert_eq!((output.as_slice(), fault), (message, None));
        }
    }
}
