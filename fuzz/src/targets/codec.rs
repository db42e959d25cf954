//! What needs no state: headers, masks, text.

use ws_core::frame::{
    Decoded, EncodedHeader, FrameHeader, Mask, MaskKey, RawHeader, ReservedBits, Violation,
};
use ws_core::uri::{Authority, Uri};
use ws_core::utf8::{Utf8, complete_prefix};

/// A header that was decoded is encoded as it was; what was cut off it is missed, and how much it was is told; a fault comes
/// at one byte and stays. What the strict reading makes of a header is what the raw one does, judged.
pub fn header(bytes: &[u8]) {
    one_reading(bytes, |bytes| FrameHeader::decode(bytes, ReservedBits::NONE), FrameHeader::encode);
    one_reading(bytes, |bytes| FrameHeader::decode(bytes, ReservedBits::ALL), FrameHeader::encode);
    one_reading(bytes, RawHeader::decode, RawHeader::encode);
    let strict = FrameHeader::decode(bytes, ReservedBits::ALL);
    match RawHeader::decode(bytes) {
        Ok(Decoded::Complete { header: raw, header_len }) => {
            let judged = FrameHeader::try_from(raw);
            assert_eq!(strict, judged.map(|header| Decoded::Complete { header, header_len }));
            if let Ok(header) = judged {
                assert_eq!(RawHeader::from(header), raw);
            }
        }
        Ok(Decoded::Partial { needed }) => {
            assert!(strict.is_err() || strict == Ok(Decoded::Partial { needed }));
        }
        Err(_) => assert!(strict.is_err()),
    }
}

fn one_reading<H: Copy>(
    bytes: &[u8],
    decode: impl Fn(&[u8]) -> Result<Decoded<H>, Violation>,
    encode: impl Fn(&H) -> EncodedHeader,
) {
    let prefixes = (0..bytes.len().min(FrameHeader::LEN_MAX)).map(|len| &bytes[..len]);
    let check_partial = |prefix: &[u8], header_len: usize| match decode(prefix) {
        Ok(Decoded::Partial { needed }) => {
            assert!(prefix.len() < needed && needed <= header_len, "{needed} of {header_len}");
            assert!(prefix.len() < 2 || needed == header_len, "two bytes tell it all");
        }
        Ok(Decoded::Complete { .. }) | Err(_) => panic!("a prefix tells more than all of it"),
    };
    match decode(bytes) {
        Ok(Decoded::Complete { header, header_len }) => {
            assert_eq!(encode(&header).as_bytes(), &bytes[..header_len]);
            for prefix in prefixes.take(header_len) {
                check_partial(prefix, header_len);
            }
        }
        Ok(Decoded::Partial { needed }) => {
            assert!(bytes.len() < needed && needed <= FrameHeader::LEN_MAX);
            for prefix in prefixes {
                check_partial(prefix, needed);
            }
        }
        Err(violation) => {
            let mut is_found = false;
            for prefix in prefixes {
                match decode(prefix) {
                    Ok(Decoded::Partial { .. }) => assert!(!is_found, "a fault stays"),
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

/// A URI means the same when it is written and read again.
pub fn uri(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    if let Ok(uri) = Uri::parse(text) {
        assert!(text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'));
        let written = uri.to_string();
        let again = Uri::parse(&written).expect("it was valid");
        assert_eq!((again.scheme(), again.port()), (uri.scheme(), uri.port()), "{written}");
        assert_eq!(again.resource_name(), uri.resource_name(), "{written}");
        assert!(again.authority().is_same(&uri.authority(), uri.scheme()), "{written}");
        assert_eq!(again.to_string(), written);
        let host = uri.host_header().to_string();
        let authority = Authority::parse(&host).expect("it is valid");
        assert!(authority.is_same(&uri.authority(), uri.scheme()));
        assert_eq!(uri.port(), authority.port_or_default(uri.scheme()));
    }
}
