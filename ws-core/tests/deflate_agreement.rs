//! RFC 7692 §5, §7.1: our client and our server agree, whatever each of them wants.
#![cfg(feature = "handshake")]
#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use ws_core::extension::{Agreed, DeflateConfig, DeflateDirection, Extension, ExtensionList, WindowBits};
use ws_core::handshake::{
    AcceptError, ClientHandshake, ClientProgress, OriginPolicy, OutgoingRequest, OutgoingResponse,
    ServerHandshake, ServerProgress,
};
use ws_core::input::ReadBuffer;
use ws_core::uri::Uri;

#[test]
fn s7_1_our_ends_agree_whatever_they_want() {
    let configs = all_configs();
    let mut agreements = 0_u32;
    for client in &configs {
        let offer = client.config.offer();
        for server in &configs {
            let Some(theirs) = server.config.answer(list(offer.as_str())) else {
                assert!(server.may_decline(client), "{client:?} {server:?}");
                continue;
            };
            agreements = agreements.saturating_add(1);
            let answer = theirs.answer();
            let ours = client.config.judge(list(answer.as_str())).unwrap().unwrap();
            assert_eq!(ours.params(), theirs.params(), "{client:?} {server:?}");
            assert_eq!(ours.incoming(), theirs.outgoing(), "{client:?} {server:?}");
            // A client may be bound more tightly than its server knows of, never less.
            assert!(is_within(ours.outgoing(), theirs.incoming()), "{client:?} {server:?}");
            client.check(ours);
            server.check(theirs);
        }
    }
    assert!(agreements > 50_000, "{agreements} agreements");
}

#[test]
fn s7_1_offers_and_answers_survive_the_handshake() {
    let configs = all_configs();
    for (number, client) in configs.iter().enumerate() {
        let server = configs.iter().cycle().nth(number.wrapping_mul(37)).unwrap();
        let request = OutgoingRequest::new(Uri::parse("ws://h/").unwrap()).with_deflate(client.config);
        let mut wire = [0; 1024];
        let mut ours = ClientHandshake::new([0; 1024], *b"the sample nonce");
        let len = ours.write_request(&request, &mut wire).unwrap();
        let mut theirs = ServerHandshake::new([0; 1024]);
        let mut buffer = ReadBuffer::with_filled(wire, len).unwrap();
        assert_eq!(theirs.receive(&mut buffer.input()), ServerProgress::Request);
        assert_eq!((ours.deflate(), theirs.deflate()), (None, None), "nothing is agreed on yet");
        let response = OutgoingResponse::new().with_deflate(server.config);
        assert!(matches!(
            theirs.accept(OriginPolicy::SameHost, &response, &mut [0; 64]),
            Err(AcceptError::BufferTooSmall { .. })
        ));
        assert_eq!(theirs.deflate(), None, "nothing was answered");
        let len = theirs.accept(OriginPolicy::SameHost, &response, &mut wire).unwrap();
        let mut buffer = ReadBuffer::with_filled(wire, len).unwrap();
        assert_eq!(ours.receive(&request, &mut buffer.input()), ClientProgress::Accepted);
        let params = |agreed: Option<Agreed>| agreed.map(|agreed| agreed.params());
        assert_eq!(params(ours.deflate()), params(theirs.deflate()));
    }
}

fn list(text: &str) -> impl Iterator<Item = Extension<'_>> {
    ExtensionList::new(text.as_bytes()).flatten()
}

fn is_within(inner: DeflateDirection, outer: DeflateDirection) -> bool {
    inner.max_window_bits() <= outer.max_window_bits()
        && inner.has_context_takeover() <= outer.has_context_takeover()
}

/// What a configuration was made of.
#[derive(Debug)]
struct Wishes {
    config: DeflateConfig,
    outgoing: DeflateDirection,
    incoming: DeflateDirection,
    outgoing_min: WindowBits,
    is_required: bool,
}

impl Wishes {
    /// That what was agreed on is what this end can do and, where it insists, wants.
    fn check(&self, agreed: Agreed) {
        let (outgoing, incoming) = (agreed.outgoing(), agreed.incoming());
        let largest = self.outgoing.max_window_bits().max(self.outgoing_min);
        let bounds = self.outgoing.with_max_window_bits(largest);
        assert!(is_within(outgoing, bounds), "{self:?} {agreed:?}");
        assert!(outgoing.max_window_bits() >= self.outgoing_min, "{self:?} {agreed:?}");
        assert!(!self.is_required || is_within(incoming, self.incoming), "{self:?} {agreed:?}");
    }

    /// A server declines nothing but what it cannot do or insists on.
    fn may_decline(&self, client: &Self) -> bool {
        let asks_too_much = client.is_required && client.incoming.max_window_bits() < self.outgoing_min;
        let cannot_limit = client.outgoing_min > WindowBits::MIN;
        asks_too_much
            || (self.is_required && cannot_limit && self.incoming.max_window_bits() < WindowBits::MAX)
    }
}

fn all_configs() -> Vec<Wishes> {
    let bits = |bits| WindowBits::new(bits).unwrap();
    let mut configs = Vec::new();
    for number in 0_u8..8 {
        let (is_required, outgoing_takeover, incoming_takeover) =
            (number & 1 != 0, number & 2 != 0, number & 4 != 0);
        for outgoing_max in [8, 9, 12, 15].map(bits) {
            for incoming_max in [8, 9, 12, 15].map(bits) {
                for outgoing_min in [8, 9, 15].map(bits) {
                    let mut config = DeflateConfig::new()
                        .with_outgoing_max_window_bits(outgoing_max)
                        .with_incoming_max_window_bits(incoming_max)
                        .with_outgoing_min_window_bits(outgoing_min);
                    if is_required {
                        config = config.with_incoming_limits_required();
                    }
                    if !outgoing_takeover {
                        config = config.with_outgoing_no_context_takeover();
                    }
                    if !incoming_takeover {
                        config = config.with_incoming_no_context_takeover();
                    }
                    let direction = |has_takeover: bool, bits| {
                        let direction = DeflateDirection::new().with_max_window_bits(bits);
                        if has_takeover { direction } else { direction.with_no_context_takeover() }
                    };
                    configs.push(Wishes {
                        config,
                        outgoing: direction(outgoing_takeover, outgoing_max),
                        incoming: direction(incoming_takeover, incoming_max),
                        outgoing_min,
                        is_required,
                    });
                }
            }
        }
    }
    configs
}
