//! Whole connections, as peers really talk: messages in fragments that cut code points, control frames in between, a
//! Close at some time; some with one byte changed. The receiver says what the naive decoder says, and when.
#![expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod support;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use support::drive::{WAYS, receive};
use support::reference::{DEFAULT_LIMITS, Limits, Outcome, Role, decode};
use support::vector;

#[test]
fn every_vector_says_with_each_byte_what_that_proves() {
    for vector in vector::all().into_iter().filter(|vector| vector.bytes.len() <= 512) {
        for len in 0..=vector.bytes.len() {
            let bytes = &vector.bytes[..len];
            let expected = decode(vector.role, &vector.limits, bytes);
            for way in WAYS {
                let outcomes =
                    receive(vector.role, &vector.limits, bytes, &mut core::iter::repeat(1), 4, way);
                assert_eq!(outcomes, expected, "{} up to {len} by {way:?}", vector.name);
            }
        }
    }
}

/// What a generated connection is made of.
#[derive(Clone, Debug)]
enum Part {
    /// A whole message, in as many frames as there are cuts, with control frames in between.
    Message {
        is_text: bool,
        payload: Vec<u8>,
        cuts: Vec<usize>,
        between: Vec<(u8, Vec<u8>)>,
    },
    Control {
        opcode: u8,
        payload: Vec<u8>,
    },
    /// Bytes that hardly make sense.
    Noise(Vec<u8>),
}

/// The bytes of one frame, with the shortest length.
fn frame(role: Role, is_final: bool, opcode: u8, payload: &[u8], bytes: &mut Vec<u8>) {
    let mask_bit = if role == Role::Server { 0x80 } else { 0 };
    bytes.push(if is_final { 0x80 | opcode } else { opcode });
    match payload.len() {
        len @ 0..126 => bytes.push(mask_bit | u8::try_from(len).unwrap_or_default()),
        len => {
            bytes.push(mask_bit | 0x7E);
            bytes.extend(u16::try_from(len).unwrap_or_default().to_be_bytes());
        }
    }
    if role == Role::Server {
        // Any key will do, as long as they differ.
        let key = [bytes.len().to_le_bytes()[0], 0x5A, 0xC3, 0x0F];
        bytes.extend(key);
        bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    } else {
        bytes.extend(payload);
    }
}

fn encode(role: Role, parts: &[Part]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        match part {
            Part::Noise(noise) => bytes.extend(noise),
            Part::Control { opcode, payload } => frame(role, true, *opcode, payload, &mut bytes),
            Part::Message { is_text, payload, cuts, between } => {
                let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (payload.len() + 1)).collect();
                cuts.sort_unstable();
                let mut opcode = if *is_text { 0x1 } else { 0x2 };
                let mut start = 0;
                for (place, cut) in cuts.into_iter().enumerate() {
                    frame(role, false, opcode, &payload[start..cut], &mut bytes);
                    if let Some((opcode, payload)) = between.get(place) {
                        frame(role, true, *opcode, payload, &mut bytes);
                    }
                    (opcode, start) = (0x0, cut);
                }
                frame(role, true, opcode, &payload[start..], &mut bytes);
            }
        }
    }
    bytes
}

fn control() -> impl Strategy<Value = (u8, Vec<u8>)> {
    let payload = proptest::collection::vec(any::<u8>(), 0..=125);
    (prop_oneof![Just(0x9), Just(0xA)], payload)
}

fn part() -> impl Strategy<Value = Part> {
    let text = proptest::collection::vec(proptest::sample::select(vec!['a', 'z', 'é', '€', '𝄞']), 0..200)
        .prop_map(|text| (true, text.into_iter().collect::<String>().into_bytes()));
    let nearly_text = proptest::collection::vec(
        proptest::sample::select(vec![0x61, 0x80, 0xA0, 0xBF, 0xC3, 0xE0, 0xE2, 0xED, 0xF0, 0xF4]),
        0..6,
    )
    .prop_map(|bytes| (true, bytes));
    let binary = proptest::collection::vec(any::<u8>(), 0..300).prop_map(|bytes| (false, bytes));
    let message = (
        prop_oneof![6 => text, 1 => nearly_text, 4 => binary],
        proptest::collection::vec(any::<usize>(), 0..6),
        proptest::collection::vec(control(), 0..3),
    )
        .prop_map(|((is_text, payload), cuts, between)| Part::Message {
            is_text,
            payload,
            cuts,
            between,
        });
    prop_oneof![
        20 => message,
        5 => control().prop_map(|(opcode, payload)| Part::Control { opcode, payload }),
        1 => (950..5050u16, "[a-zé€]{0,9}").prop_map(|(code, reason)| Part::Control {
            opcode: 0x8,
            payload: [&code.to_be_bytes(), reason.as_bytes()].concat(),
        }),
        1 => proptest::collection::vec(any::<u8>(), 0..20).prop_map(Part::Noise),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    let small = (0..400u64, 0..800u64, 0..6u32).prop_map(|(frame_len, message_len, fragment_count)| Limits {
        frame_len,
        message_len,
        fragment_count,
        has_deflate: frame_len % 2 == 0,
    });
    prop_oneof![4 => Just(DEFAULT_LIMITS), 1 => small]
}

/// Which byte of a connection is changed, and by which bits.
fn change() -> impl Strategy<Value = Option<(usize, u8)>> {
    prop_oneof![3 => Just(None), 1 => (any::<usize>(), 1..=255u8).prop_map(Some)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_connection_in_any_cutting_up_to_any_byte_equals_the_naive_decoder(
        is_server in any::<bool>(),
        limits in limits(),
        parts in proptest::collection::vec(part(), 0..6),
        change in change(),
        end in prop_oneof![2 => Just(usize::MAX), 1 => any::<usize>()],
        lens in proptest::collection::vec(prop_oneof![1..9usize, 1..200usize], 1..9),
        way in proptest::sample::select(WAYS.to_vec()),
        capacity in prop_oneof![4..20usize, 20..2000usize],
    ) {
        let role = if is_server { Role::Server } else { Role::Client };
        let mut bytes = encode(role, &parts);
        if let (Some((place, bits)), false) = (change, bytes.is_empty()) {
            let place = place % bytes.len();
            bytes[place] ^= bits;
        }
        if end != usize::MAX {
            bytes.truncate(end % (bytes.len() + 1));
        }
        let expected = decode(role, &limits, &bytes);
        let outcomes = receive(role, &limits, &bytes, &mut lens.iter().copied().cycle(), capacity, way);
        assert_eq!(outcomes, expected);
    }
}

#[test]
fn the_generator_makes_connections_that_succeed() {
    let parts = [
        Part::Message {
            is_text: true,
            payload: "aé€𝄞".repeat(20).into_bytes(),
            cuts: vec![2, 7, 8],
            between: vec![(0x9, vec![1])],
        },
        Part::Message { is_text: false, payload: vec![7; 300], cuts: vec![], between: vec![] },
        Part::Control { opcode: 0x8, payload: vec![0x03, 0xE8] },
    ];
    for role in [Role::Client, Role::Server] {
        let outcomes = decode(role, &DEFAULT_LIMITS, &encode(role, &parts));
        let expected = [
            Outcome::Ping(vec![1]),
            Outcome::Text("aé€𝄞".repeat(20)),
            Outcome::Binary(vec![7; 300]),
            Outcome::Close(vec![0x03, 0xE8]),
        ];
        assert_eq!(outcomes, expected);
    }
}
