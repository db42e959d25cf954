//! What people read: each fault and each mistake has words of its own, and values show what they hold.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]
#![allow(clippy::wildcard_enum_match_arm, reason = "what is not named has the usual code")]
#![allow(clippy::match_wildcard_for_single_variants, reason = "what is not named has the usual code")]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

use std::collections::BTreeSet;
use std::error::Error;

use ws_core::error::{Fault, Limit, Misuse, SendError};
use ws_core::extension::{DeflateConfig, DeflateError, ExtensionError, ExtensionList};
use ws_core::frame::{
    CloseCode, CloseFrame, ControlPayload, Fin, FrameHeader, Mask, MaskKey, Opcode, ReservedBits, Violation,
};
#[cfg(feature = "handshake")]
use ws_core::handshake::{
    AcceptError, HandshakeFault, HandshakeLimit, HandshakeMisuse, HandshakeViolation, WriteError,
};
use ws_core::uri::{Uri, UriError};
use ws_core::utf8::Utf8;

/// Each says something, and no two the same.
fn differ<E: Error>(errors: &[E]) {
    let texts: BTreeSet<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), errors.len(), "{texts:?}");
    assert!(texts.iter().all(|text| text.len() >= 8), "{texts:?}");
}

#[test]
fn faults_of_a_connection_have_words_of_their_own() {
    use Violation as V;
    let violations = [
        V::ReservedBits,
        V::ReservedOpcode,
        V::ControlFragmented,
        V::ControlTooLong,
        V::UnexpectedContinuation,
        V::MessageInterrupted,
        V::Unmasked,
        V::Masked,
        V::LengthNotMinimal,
        V::LengthTooLarge,
        V::InvalidUtf8,
        V::InvalidDeflate,
        V::CloseBodyLen,
        V::CloseCode(1005),
        V::CloseReasonNotUtf8,
    ];
    differ(&violations);
    let limits = [Limit::FrameLen, Limit::MessageLen, Limit::FragmentCount, Limit::FinalBlockCount];
    differ(&limits);
    let faults: Vec<Fault> = violations.map(Fault::from).into_iter().chain(limits.map(Fault::from)).collect();
    differ(&faults);
    let invalid = Utf8::new().push(b"\xff").unwrap_err();
    assert!(!invalid.to_string().is_empty());
    assert_eq!(Violation::from(invalid), V::InvalidUtf8);
    // RFC 6455 §7.4.1.
    for fault in faults {
        let expected = match fault {
            Fault::Violation(V::InvalidUtf8 | V::CloseReasonNotUtf8 | V::InvalidDeflate) => 1007,
            Fault::Limit(Limit::FragmentCount | Limit::FinalBlockCount) => 1008,
            Fault::Limit(_) => 1009,
            _ => 1002,
        };
        assert_eq!(fault.close_code().get(), expected, "{fault}");
    }
}

#[test]
fn mistakes_of_a_caller_have_words_of_their_own() {
    let misuses = [
        Misuse::MessageType,
        Misuse::PayloadLen,
        Misuse::NotNegotiated,
        Misuse::FrameLen,
        Misuse::Unmasked,
        Misuse::Deflater,
    ];
    differ(&misuses);
    let mut errors = vec![
        SendError::Closed,
        SendError::Busy,
        SendError::NoMaskKey,
        SendError::BufferTooSmall { required: 7 },
    ];
    errors.extend(misuses.map(SendError::from));
    differ(&errors);
    assert!(errors[3].to_string().contains('7'));
}

#[cfg(feature = "handshake")]
#[test]
fn faults_of_a_handshake_have_words_and_a_status_of_their_own() {
    use HandshakeViolation as V;
    let violations = [
        V::LineEnding,
        V::LeadingEmptyLine,
        V::FoldedLine,
        V::RequestLine,
        V::StatusLine,
        V::HeaderName,
        V::HeaderValue,
        V::HttpVersion,
        V::Method,
        V::Target,
        V::RepeatedHeader,
        V::HostMissing,
        V::Host,
        V::Body,
        V::Upgrade,
        V::Connection,
        V::KeyMissing,
        V::Key,
        V::Version,
        V::Subprotocols,
        V::Extensions(ExtensionError::Name),
        V::AcceptMissing,
        V::Accept,
        V::SubprotocolNotOffered,
        V::ExtensionNotOffered,
        V::Deflate(DeflateError::Value),
        V::ConnectProtocol,
        V::ConnectScheme,
        V::ConnectHeader,
    ];
    differ(&violations);
    let limits = [
        HandshakeLimit::FirstLineLen,
        HandshakeLimit::HeadLen,
        HandshakeLimit::HeaderCount,
        HandshakeLimit::Origin,
    ];
    differ(&limits);
    assert_eq!(limits.map(|limit| HandshakeFault::from(limit).status()), [414, 431, 431, 403]);
    let faults: Vec<_> =
        violations.map(HandshakeFault::from).into_iter().chain(limits.map(HandshakeFault::from)).collect();
    differ(&faults);
    for violation in violations {
        let expected = match violation {
            V::HttpVersion => 505,
            V::Method => 405,
            V::Version => 426,
            V::ConnectProtocol => 501,
            V::StatusLine
            | V::AcceptMissing
            | V::Accept
            | V::SubprotocolNotOffered
            | V::ExtensionNotOffered
            | V::Deflate(_) => 502,
            _ => 400,
        };
        assert_eq!(HandshakeFault::from(violation).status(), expected, "{violation}");
    }
}

#[cfg(feature = "handshake")]
#[test]
fn what_a_handshake_cannot_write_has_words_of_its_own() {
    use HandshakeMisuse as M;
    let misuses = [
        M::HeaderName,
        M::HeaderValue,
        M::ReservedHeader,
        M::RepeatedHeader,
        M::CookieName,
        M::CookieValue,
        M::Credentials,
        M::Origin,
        M::Subprotocol,
        M::RepeatedSubprotocol,
        M::SubprotocolNotOffered,
        M::Extensions(ExtensionError::Empty),
        M::ExtensionNotOffered,
        M::Deflate(DeflateError::Repeated),
        M::Status,
        M::Body,
        M::NoRequest,
        M::NotWebSocket,
        M::NoFault,
        M::AlreadyAnswered,
    ];
    differ(&misuses);
    let too_small = WriteError::BufferTooSmall { required: 77 };
    differ(&[too_small, WriteError::from(M::Status)]);
    assert!(too_small.to_string().contains("77"));
    let failed = AcceptError::Failed(HandshakeLimit::Origin.into());
    differ(&[failed, AcceptError::from(M::Status), AcceptError::from(too_small)]);
    assert!(AcceptError::from(too_small).to_string().contains("77"));
    assert_eq!(AcceptError::from(WriteError::from(M::Body)), M::Body.into());
}

#[test]
fn faults_of_extensions_and_uris_have_words_of_their_own() {
    use DeflateError as D;
    use ExtensionError as X;
    use UriError as U;
    differ(&[X::Empty, X::Name, X::ParamName, X::ParamValue, X::QuotedValue, X::QuoteOpen, X::Separator]);
    differ(&[
        D::UnknownParam,
        D::RepeatedParam,
        D::Value,
        D::UnexpectedValue,
        D::MissingValue,
        D::Repeated,
        D::NotOffered,
        D::ClientMaxWindowBitsNotOffered,
        D::ServerContextTakeover,
        D::ServerMaxWindowBits,
    ]);
    differ(&[
        U::Scheme,
        U::AuthorityMissing,
        U::Userinfo,
        U::HostMissing,
        U::Host,
        U::Port,
        U::Fragment,
        U::PercentEncoding,
        U::Space,
        U::Control,
        U::NonAscii,
        U::Character,
    ]);
    assert_eq!(Uri::try_from("ws://h:1/a?b").unwrap().to_string(), "ws://h:1/a?b");
}

#[test]
fn values_show_and_compare_what_they_hold() {
    let (one, other) = (ControlPayload::new(b"\x01").unwrap(), ControlPayload::new(b"\x02").unwrap());
    assert_ne!(one, other);
    assert_ne!(one, ControlPayload::default());
    assert_eq!(format!("{one:?}"), "ControlPayload { len: 1, .. }");
    let close = CloseFrame::new(CloseCode::NORMAL, "bye").unwrap();
    assert_eq!(CloseCode::NORMAL.to_string(), "1000");
    assert_eq!(format!("{close:?}"), "CloseFrame { code: Some(CloseCode(1000)), reason_len: 3, .. }");
    assert_ne!(MaskKey::new([1, 2, 3, 4]), MaskKey::new([1, 2, 3, 5]));
    assert_ne!(Mask::new(MaskKey::new([1, 2, 3, 4])), Mask::new(MaskKey::new([2, 3, 4, 1])));
    let offer = DeflateConfig::new().offer();
    assert_eq!(offer.as_str(), "permessage-deflate; client_max_window_bits");
    assert_eq!((offer.as_ref(), offer.to_string()), (offer.as_str(), offer.as_str().to_owned()));
    assert_eq!(format!("{offer:?}"), format!("{:?}", offer.as_str()));
    let header = FrameHeader::new(Opcode::Text, Fin::Final, 5, None).unwrap();
    assert_eq!(format!("{:?}", header.encode()), "EncodedHeader { len: 2, .. }");
    assert_eq!(FrameHeader::new(Opcode::Ping, Fin::More, 0, None), None);
    let extension = ExtensionList::new(b"a; b=\"c\"").next().unwrap().unwrap();
    assert_eq!(extension.params().next().unwrap().value().unwrap().to_string(), "c");
}

#[test]
fn s5_2_bits_are_joined_and_contained() {
    let (rsv1, rsv2) = (ReservedBits::RSV1, ReservedBits::RSV2);
    let both = rsv1.union(rsv2);
    assert!(both.contains(rsv1) && both.contains(rsv2) && !both.contains(ReservedBits::RSV3));
    assert!(!rsv1.contains(both));
    assert_eq!(both.union(rsv1), both);
    assert!(ReservedBits::NONE.union(rsv1).contains(rsv1));
}
