//! One deflater for several connections, several for one: no peer is sent what belongs to another, or what it cannot inflate.
#![cfg(feature = "deflate")]
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests may panic"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

mod deflating;

use deflating::pair::{GIVEN_UP, HELLO, Pair, all_settings, noise};
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use ws_core::connection::{EncodedMessage, FrameStart};
use ws_core::deflate::{CompressionLevel, ContextTakeover, DeflateSettings, Deflater, Flush};
use ws_core::event::MessageType;
use ws_core::frame::Fin;

#[test]
fn a_message_that_is_given_up_reaches_nobody_else() {
    for settings in all_settings() {
        let mut deflater = Deflater::new(settings);
        let (mut one, mut other) = (Pair::new(), Pair::new());
        let given_up = one.send(&noise(1063), Fin::Final, &mut deflater, 40).unwrap();
        assert!(!given_up.is_complete);
        let sent = other.send(b"hello B", Fin::Final, &mut deflater, 100).unwrap();
        assert_eq!((sent.taken, sent.is_complete), (7, true), "{settings:?}");
        let fresh = Pair::new().send(b"hello B", Fin::Final, &mut Deflater::new(settings), 100);
        assert_eq!(fresh, Ok(sent), "{settings:?}");

        // The message that was given up cannot be continued; the deflater still serves others.
        for fin in [Fin::More, Fin::Final] {
            assert_eq!(one.send(b"", fin, &mut deflater, 100), Err(GIVEN_UP));
        }
        other.send_whole(b"hello B", &mut deflater, 100);
    }
}

#[test]
fn a_message_is_continued_only_by_the_deflater_that_has_it() {
    for settings in all_settings() {
        let mut deflaters = [Deflater::new(settings), Deflater::new(settings)];
        let mut pairs = [Pair::new(), Pair::new()];
        for (pair, deflater) in pairs.iter_mut().zip(&mut deflaters) {
            let _sent = pair.send(&noise(500), Fin::More, deflater, 200).unwrap();
        }
        // The other connection's, and one that has begun nothing.
        for (pair, deflater) in pairs.iter_mut().zip(deflaters.iter_mut().rev()) {
            assert_eq!(pair.send(b"rest", Fin::Final, deflater, 200), Err(GIVEN_UP));
            let mut new = Deflater::new(settings);
            assert_eq!(pair.send(b"rest", Fin::Final, &mut new, 200), Err(GIVEN_UP));
        }
        for (pair, deflater) in pairs.iter_mut().zip(&mut deflaters) {
            pair.send_whole(b"rest", deflater, 200);
        }
    }
}

#[test]
fn a_message_that_the_caller_gives_up_cannot_be_continued() {
    type GiveUp = fn(&mut Deflater);
    let ways: [GiveUp; 5] = [
        Deflater::discard,
        Deflater::release,
        |deflater| {
            let _encoded = EncodedMessage::compressed(b"for many", deflater).unwrap();
        },
        |deflater| {
            let _deflated = deflater.deflate(b"for somebody else", Flush::Message, &mut [0; 100]);
            deflater.commit();
        },
        |deflater| {
            let _deflated = deflater.deflate(b"for somebody else", Flush::Nothing, &mut [0; 100]);
        },
    ];
    for settings in all_settings() {
        for (way, give_up) in ways.iter().enumerate() {
            for (fin, room) in [(Fin::More, 1000), (Fin::More, 40), (Fin::Final, 40), (Fin::Final, 3)] {
                let (mut pair, mut deflater) = (Pair::new(), Deflater::new(settings));
                pair.send_whole(b"before", &mut deflater, 100);
                let _sent = pair.send(&noise(200), fin, &mut deflater, room).unwrap();
                give_up(&mut deflater);
                assert_eq!(pair.send(b"rest", Fin::Final, &mut deflater, 100), Err(GIVEN_UP), "{way}");
                assert_eq!(pair.send(b"", fin, &mut deflater, 100), Err(GIVEN_UP), "{way}");
                Pair::new().send_whole(b"another", &mut deflater, 100);
            }
        }
    }
}

#[test]
fn what_does_not_give_up_a_message_leaves_it_in_progress() {
    for settings in all_settings() {
        let (mut pair, mut deflater) = (Pair::new(), Deflater::new(settings));
        let _sent = pair.send(&noise(200), Fin::More, &mut deflater, 40).unwrap();
        deflater.commit();
        deflater.forget();
        pair.send_whole(b"rest", &mut deflater, 100);
        pair.send_whole(&noise(200), &mut deflater, 100);
    }
}

#[test]
fn an_encoded_message_is_whole_whatever_the_deflater_had_in_progress() {
    for settings in all_settings() {
        let (mut one, mut other, mut deflater) = (Pair::new(), Pair::new(), Deflater::new(settings));
        let _sent = one.send(&noise(1000), Fin::Final, &mut deflater, 40).unwrap();
        let encoded = EncodedMessage::compressed(b"for many", &mut deflater).unwrap();
        other.half.send_encoded(&encoded).unwrap();
        assert_eq!(other.receive(encoded.as_bytes()).unwrap(), b"for many");
        // What was compressed for many is nobody's window, even if it is committed.
        deflater.commit();
        other.send_whole(b"for many", &mut deflater, 100);
        Pair::new().send_whole(b"for many", &mut deflater, 100);
    }
}

#[test]
fn the_window_of_one_connection_is_not_referred_to_on_another() {
    let secret = noise(300);
    let settings = DeflateSettings::new();
    let alone = Pair::new().send_whole(&secret, &mut Deflater::new(settings), 1000);
    let (mut one, mut other, mut deflater) = (Pair::new(), Pair::new(), Deflater::new(settings));
    assert_eq!(one.send_whole(&secret, &mut deflater, 1000), alone);
    // It would be shorter if it referred to the other one's.
    assert_eq!(other.send_whole(&secret, &mut deflater, 1000), alone);
    assert!(other.send_whole(&secret, &mut deflater, 1000) < alone / 2);
    // And on the way back, although this connection has sent it.
    assert_eq!(one.send_whole(&secret, &mut deflater, 1000), alone);
    // Nor is that of a message that was compressed directly, and the other way round.
    let mut out = vec![0; 1000];
    let direct = deflater.deflate(&secret, Flush::Message, &mut out).written;
    deflater.commit();
    assert!(direct > alone / 2);
    assert!(deflater.deflate(&secret, Flush::Message, &mut out).written < direct / 2);
    deflater.commit();
    assert_eq!(one.send_whole(&secret, &mut deflater, 1000), alone);
}

#[test]
fn two_deflaters_of_one_connection_refer_to_nothing_that_the_other_sent() {
    let message = noise(300);
    let (mut pair, mut first, mut second) =
        (Pair::new(), Deflater::new(DeflateSettings::new()), Deflater::new(DeflateSettings::new()));
    let alone = pair.send_whole(&message, &mut first, 1000);
    assert!(pair.send_whole(&message, &mut first, 1000) < alone / 2);
    assert_eq!(pair.send_whole(&message, &mut second, 1000), alone);
    assert_eq!(pair.send_whole(&message, &mut first, 1000), alone, "its window lacks a message");
    assert!(pair.send_whole(&message, &mut first, 1000) < alone / 2);
}

/// A way to send a fragment that was compressed elsewhere.
type Way = fn(&mut Pair, Fin);

const WAYS: [Way; 2] = [
    |pair, fin| {
        let mut out = [0; 20];
        let _len = pair.half.send_fragment(HELLO, fin, &mut out).unwrap();
    },
    |pair, fin| {
        let start = FrameStart::new(MessageType::Binary, fin, 7).with_compressed_payload();
        pair.half.begin_frame(start).unwrap();
        pair.half.payload_written(7).unwrap();
    },
];

#[test]
fn a_message_with_a_part_that_was_compressed_elsewhere_cannot_be_continued() {
    for settings in all_settings() {
        for send_elsewhere in WAYS {
            // The part in the middle, which the deflater's window lacks.
            let (mut pair, mut deflater) = (Pair::new(), Deflater::new(settings));
            let _sent = pair.send(&noise(200), Fin::More, &mut deflater, 1000).unwrap();
            send_elsewhere(&mut pair, Fin::More);
            for _ in 0..2 {
                assert_eq!(pair.send(b"rest", Fin::Final, &mut deflater, 100), Err(GIVEN_UP));
            }
            // The first part, with a deflater that has sent the message before.
            let (mut pair, mut deflater) = (Pair::new(), Deflater::new(settings));
            pair.send_whole(&noise(200), &mut deflater, 1000);
            send_elsewhere(&mut pair, Fin::More);
            assert_eq!(pair.send(b"rest", Fin::Final, &mut deflater, 100), Err(GIVEN_UP));
            // The last part: the next message is a new one.
            let (mut pair, mut deflater) = (Pair::new(), Deflater::new(settings));
            let _sent = pair.send(&noise(200), Fin::More, &mut deflater, 1000).unwrap();
            send_elsewhere(&mut pair, Fin::Final);
            let mut out = vec![0; 1000];
            let sent = pair.half.send_deflated(
                MessageType::Binary,
                &noise(200),
                Fin::Final,
                &mut deflater,
                &mut out,
            );
            let fresh = Pair::new().send(&noise(200), Fin::Final, &mut Deflater::new(settings), 1000);
            assert_eq!(sent, fresh, "an empty window");
        }
    }
}

#[test]
fn a_message_whose_end_is_being_sent_takes_no_more() {
    for settings in all_settings() {
        for fin in [Fin::More, Fin::Final] {
            let (mut pair, mut deflater) = (Pair::new(), Deflater::new(settings));
            let first = pair.send(b"Hello", Fin::Final, &mut deflater, 5).unwrap();
            assert_eq!((first.taken, first.is_complete), (5, false));
            let mut out = [0; 100];
            let rest =
                pair.half.send_deflated(MessageType::Binary, b"more", fin, &mut deflater, &mut out).unwrap();
            assert_eq!((rest.taken, rest.is_complete), (0, false));
            assert_eq!(pair.receive(&out[..rest.written]).unwrap(), b"Hello");
            pair.said.clear();
            pair.send_whole(b"more", &mut deflater, 100);
        }
    }
}

/// What is done to one of three connections, with one of two deflaters.
#[derive(Clone, Debug)]
enum Act {
    Send {
        part: Vec<u8>,
        fin: Fin,
        room: usize,
    },
    /// A message that was compressed elsewhere.
    Hello,
    Encoded,
    Discard,
    Release,
    Forget,
    Commit,
    Direct {
        flush: Flush,
        room: usize,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let part = prop_oneof![
        (0..600_usize).prop_map(noise),
        vec(prop_oneof![Just(b'a'), Just(b'b')], 0..600),
        vec(any::<u8>(), 0..60)
    ];
    let send = (part, prop_oneof![Just(Fin::More), Just(Fin::Final)], 3..1200_usize);
    let flush = prop_oneof![Just(Flush::Nothing), Just(Flush::Fragment), Just(Flush::Message)];
    prop_oneof![
        12 => send.prop_map(|(part, fin, room)| Act::Send { part, fin, room }),
        1 => Just(Act::Hello),
        1 => Just(Act::Encoded),
        1 => Just(Act::Discard),
        1 => Just(Act::Release),
        1 => Just(Act::Forget),
        1 => Just(Act::Commit),
        1 => (flush, 1..500_usize).prop_map(|(flush, room)| Act::Direct { flush, room }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// What a connection sends arrives, or an error says that the deflater does not have its message.
    #[test]
    fn any_connections_use_any_deflaters_in_any_order(
        takeovers in [any::<bool>(), any::<bool>()],
        levels in [0..=9_u8, 0..=9_u8],
        acts in vec((0..3_usize, 0..2_usize, act()), 1..60),
    ) {
        let mut deflaters = [0, 1].map(|index| {
            let takeover = if takeovers[index] { ContextTakeover::Allowed } else { ContextTakeover::Forbidden };
            let level = CompressionLevel::new(levels[index]).unwrap();
            Deflater::new(DeflateSettings::new().with_context_takeover(takeover).with_level(level))
        });
        let mut pairs = [Pair::new(), Pair::new(), Pair::new()];
        // Of each connection, the deflater with which its message is in progress; of each deflater, whose message that is.
        let (mut begun_with, mut current) = ([None; 3], [None; 2]);
        for (at, with, act) in acts {
            let (pair, deflater) = (&mut pairs[at], &mut deflaters[with]);
            match act {
                Act::Send { part, fin, room } => {
                    let is_lost = begun_with[at].is_some_and(|begun| begun != with || current[with] != Some(at));
                    match pair.send_and_tell(&part, fin, deflater, room) {
                        Ok((_, is_over)) => {
                            assert!(!is_lost);
                            begun_with[at] = (!is_over).then_some(with);
                            current[with] = (!is_over).then_some(at);
                        }
                        Err(error) => {
                            assert!(is_lost && error == GIVEN_UP, "{error}");
                            // Its peer waits for the rest in vain.
                            pairs[at] = Pair::new();
                            begun_with[at] = None;
                            current.iter_mut().filter(|current| **current == Some(at)).for_each(|current| *current = None);
                        }
                    }
                }
                Act::Hello if begun_with[at].is_none() => {
                    let mut out = [0; 20];
                    let len = pair.half.send(HELLO, &mut out).unwrap();
                    assert_eq!(pair.receive(&out[..len]).unwrap(), b"Hello");
                }
                Act::Encoded => {
                    current[with] = None;
                    let encoded = EncodedMessage::compressed(b"aaaab", deflater).unwrap();
                    if begun_with[at].is_none() {
                        pair.half.send_encoded(&encoded).unwrap();
                        assert_eq!(pair.receive(encoded.as_bytes()).unwrap(), b"aaaab");
                    }
                }
                Act::Discard => {
                    current[with] = None;
                    deflater.discard();
                }
                Act::Release => {
                    current[with] = None;
                    deflater.release();
                }
                Act::Direct { flush, room } => {
                    current[with] = None;
                    let _deflated = deflater.deflate(&noise(300), flush, &mut vec![0; room]);
                }
                Act::Forget => deflater.forget(),
                Act::Commit => deflater.commit(),
                Act::Hello => {}
            }
        }
    }
}
