//! The header codec alone, over every form that a header can have.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may panic")]
#![allow(clippy::arithmetic_side_effects, clippy::allow_attributes, reason = "and overflow is one")]

use core::hash::Hash;

use ws_core::frame::{
    CloseCode, CloseFrame, ControlPayload, ControlPayloadTooLong, Decoded, EncodedHeader, Fin, FrameHeader,
    InvalidCloseCode, Mask, MaskKey, Opcode, RawHeader, ReservedBits, Violation,
};

/// Lengths on both sides of each border between their encodings.
const LENS: [u64; 8] =
    [0, 1, 125, 126, 0xFFFF, 0x1_0000, FrameHeader::PAYLOAD_LEN_MAX - 1, FrameHeader::PAYLOAD_LEN_MAX];
const KEYS: [Option<MaskKey>; 2] = [None, Some(MaskKey::new([0xde, 0xad, 0xbe, 0xef]))];

/// Every header that can be written: each first byte with each length, masked and not.
fn raw_headers() -> impl Iterator<Item = RawHeader> {
    (0..=u8::MAX).flat_map(|first| {
        LENS.into_iter().flat_map(move |len| {
            KEYS.into_iter().map(move |key| {
                let header = RawHeader::new(first & 0x0f, Fin::from(first & 0x80 != 0), len, key).unwrap();
                header.with_reserved(ReservedBits::from_bits(first & 0x70).unwrap())
            })
        })
    })
}

/// What has to hold of a reading of `encoded`, whatever follows it.
fn check_every_prefix<H>(encoded: &[u8], decode: impl Fn(&[u8]) -> Result<Decoded<H>, Violation>) {
    for len in 0..encoded.len() {
        let Ok(Decoded::Partial { needed }) = decode(&encoded[..len]) else {
            panic!("{len} bytes of {encoded:02x?}");
        };
        assert!(len < needed && needed <= encoded.len(), "{needed} at {len} of {encoded:02x?}");
        assert!(len < 2 || needed == encoded.len(), "two bytes tell how long {encoded:02x?} is");
    }
    // A reader that always asks for as many as are needed comes to the end of the header, and no farther.
    let (mut len, mut reads) = (0, 0);
    while let Ok(Decoded::Partial { needed }) = decode(&encoded[..len]) {
        (len, reads) = (needed, reads + 1);
    }
    assert_eq!(len, encoded.len());
    assert!(reads <= 2, "{reads} for {encoded:02x?}");
    let followed = [encoded, &[0xff; 20]].concat();
    assert!(
        matches!(decode(&followed), Ok(Decoded::Complete { header_len, .. }) if header_len == encoded.len())
    );
}

#[test]
fn s5_2_how_many_bytes_are_needed_is_told_before_they_are_there() {
    let mut strict_count = 0;
    for raw in raw_headers() {
        let encoded = raw.encode();
        check_every_prefix(encoded.as_bytes(), RawHeader::decode);
        if FrameHeader::try_from(raw).is_ok() {
            strict_count += 1;
            check_every_prefix(encoded.as_bytes(), |bytes| FrameHeader::decode(bytes, ReservedBits::ALL));
        }
    }
    // Of data frames, 3 opcodes with all 8 lengths and both bits of FIN; of control frames, 3 with 3 lengths.
    assert_eq!(strict_count, (3 * 8 * 2 + 3 * 3) * 8 * KEYS.len());
}

#[test]
fn s5_2_a_raw_header_comes_out_as_it_went_in() {
    for raw in raw_headers() {
        let encoded = raw.encode();
        let header_len = encoded.as_bytes().len();
        assert_eq!(RawHeader::decode(encoded.as_bytes()), Ok(Decoded::Complete { header: raw, header_len }));
        for key in KEYS {
            let other = raw.with_mask_key(key);
            assert_eq!((other.mask_key(), other.payload_len()), (key, raw.payload_len()));
            assert_eq!(other.with_mask_key(raw.mask_key()), raw);
        }
    }
}

#[test]
fn s5_2_what_is_strict_is_what_is_raw_and_judged() {
    for raw in raw_headers() {
        let encoded = raw.encode();
        let header_len = encoded.as_bytes().len();
        let strict = FrameHeader::decode(encoded.as_bytes(), ReservedBits::ALL);
        let judged = FrameHeader::try_from(raw);
        assert_eq!(strict, judged.map(|header| Decoded::Complete { header, header_len }), "{raw:?}");
        if let Ok(header) = judged {
            assert_eq!(RawHeader::from(header), raw);
            assert_eq!((Some(header.opcode()), header.fin()), (raw.opcode(), raw.fin()));
            assert_eq!(header.encode(), encoded);
            assert_eq!(header.with_mask_key(None), FrameHeader::try_from(raw.with_mask_key(None)).unwrap());
        }
    }
}

#[test]
fn s5_2_a_raw_header_is_judged_by_its_length_alone() {
    use Violation::{LengthNotMinimal, LengthTooLarge};
    for first in 0..=u8::MAX {
        for mask in [0, 0x80] {
            let judge = |rest: &[u8]| RawHeader::decode(&[&[first][..], rest].concat()).map(drop);
            assert_eq!(judge(&[mask | 0x7e, 0, 125]), Err(LengthNotMinimal));
            assert_eq!(judge(&[mask | 0x7f, 0x80]), Err(LengthTooLarge), "at the first byte that proves it");
            assert_eq!(judge(&[mask | 0x7f, 0, 0, 0, 0, 0, 0]), Err(LengthNotMinimal));
            assert_eq!(judge(&[mask | 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]), Ok(()));
        }
    }
    assert_eq!(RawHeader::new(16, Fin::Final, 0, None), None);
    assert_eq!(RawHeader::new(15, Fin::Final, FrameHeader::PAYLOAD_LEN_MAX + 1, None), None);
}

#[test]
fn s5_2_reserved_opcodes_are_refused_unless_they_are_asked_for() {
    let bytes = [0x83, 2, b'h', b'i'];
    assert_eq!(FrameHeader::decode(&bytes, ReservedBits::ALL), Err(Violation::ReservedOpcode));
    let Ok(Decoded::Complete { header, header_len: 2 }) = RawHeader::decode(&bytes) else {
        panic!("complete")
    };
    assert_eq!((header.opcode(), header.opcode_bits(), header.payload_len()), (None, 3, 2));
    assert_eq!(FrameHeader::try_from(header), Err(Violation::ReservedOpcode));
    let ping = |len| RawHeader::new(Opcode::Ping.bits(), Fin::Final, len, None).unwrap();
    assert_eq!(FrameHeader::try_from(ping(126)), Err(Violation::ControlTooLong));
    assert_eq!(FrameHeader::try_from(ping(125)).unwrap().encode(), encoded(&[0x89, 125]));
}

#[test]
fn values_convert_by_the_traits_of_the_standard_library() {
    assert_eq!(encoded(&[0x81, 5]).as_ref(), [0x81, 5]);
    let payload = ControlPayload::try_from(&b"beat"[..]).unwrap();
    assert_eq!(payload.as_ref(), b"beat");
    assert_eq!(ControlPayload::try_from(&[0; 126][..]), Err(ControlPayloadTooLong));
    assert_eq!(<[u8; 4]>::from(MaskKey::from([1, 2, 3, 4])), [1, 2, 3, 4]);
    assert_eq!((Fin::from(true), Fin::from(false)), (Fin::Final, Fin::More));
    assert_eq!(CloseCode::try_from(1000), Ok(CloseCode::NORMAL));
    assert_eq!(CloseCode::try_from(1005).unwrap_err().code(), 1005);
}

#[test]
fn all_values_of_the_codec_are_keys_of_maps() {
    fn is_hash<T: Hash + Eq + Copy>() {}
    is_hash::<CloseCode>();
    is_hash::<CloseFrame>();
    is_hash::<ControlPayload>();
    is_hash::<ControlPayloadTooLong>();
    is_hash::<Decoded>();
    is_hash::<Decoded<RawHeader>>();
    is_hash::<EncodedHeader>();
    is_hash::<Fin>();
    is_hash::<FrameHeader>();
    is_hash::<InvalidCloseCode>();
    is_hash::<Mask>();
    is_hash::<MaskKey>();
    is_hash::<Opcode>();
    is_hash::<RawHeader>();
    is_hash::<ReservedBits>();
    is_hash::<Violation>();
}

fn encoded(bytes: &[u8]) -> EncodedHeader {
    match RawHeader::decode(bytes) {
        Ok(Decoded::Complete { header, .. }) => header.encode(),
        Ok(Decoded::Partial { .. }) | Err(_) => panic!("{bytes:02x?}"),
    }
}
