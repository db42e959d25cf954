//! RFC 6455 §3: `ws:` and `wss:` URIs, valid and not.

use ws_core::uri::{Authority, Scheme, Uri, UriError};

/// Host, port, `Host` header, resource name.
type Parts = (&'static str, u16, &'static str, &'static str);

const VALID: &[(&str, Parts)] = &[
    ("ws://example.com", ("example.com", 80, "example.com", "/")),
    ("WS://Example.com/", ("Example.com", 80, "Example.com", "/")),
    ("wSs://example.com/chat", ("example.com", 443, "example.com", "/chat")),
    ("ws://h:80/", ("h", 80, "h", "/")),
    ("ws://h:443/", ("h", 443, "h:443", "/")),
    ("wss://h:443/", ("h", 443, "h", "/")),
    ("wss://h:80", ("h", 80, "h:80", "/")),
    ("ws://h:65535/a/b;c=d", ("h", 65535, "h:65535", "/a/b;c=d")),
    ("ws://h?q", ("h", 80, "h", "/?q")),
    ("ws://h?q=/?:@", ("h", 80, "h", "/?q=/?:@")),
    ("ws://h/?", ("h", 80, "h", "/")),
    ("ws://h/a?", ("h", 80, "h", "/a")),
    ("ws://h/%41%ff/%23", ("h", 80, "h", "/%41%ff/%23")),
    ("ws://127.0.0.1:9001/x", ("127.0.0.1", 9001, "127.0.0.1:9001", "/x")),
    ("ws://[::1]/", ("::1", 80, "[::1]", "/")),
    ("wss://[::ffff:1.2.3.4]:1/", ("::ffff:1.2.3.4", 1, "[::ffff:1.2.3.4]:1", "/")),
    ("ws://under_score.~tilde-%41/", ("under_score.~tilde-%41", 80, "under_score.~tilde-%41", "/")),
    ("ws://h//double", ("h", 80, "h", "//double")),
    ("ws://h/user@host:1", ("h", 80, "h", "/user@host:1")),
];

const INVALID: &[(&str, UriError)] = &[
    ("", UriError::Scheme),
    ("example.com", UriError::Scheme),
    ("http://h/", UriError::Scheme),
    ("wsx://h/", UriError::Scheme),
    ("ws", UriError::Scheme),
    ("ws:", UriError::AuthorityMissing),
    ("ws:/h", UriError::AuthorityMissing),
    ("ws://", UriError::HostMissing),
    ("ws:///x", UriError::HostMissing),
    ("ws://:80/", UriError::HostMissing),
    ("ws://user@h/", UriError::Userinfo),
    ("ws://user:password@h/", UriError::Userinfo),
    ("ws://h:/", UriError::Port),
    ("ws://h:0/", UriError::Port),
    ("ws://h:080/", UriError::Port),
    ("ws://h:65536/", UriError::Port),
    ("ws://h:+80/", UriError::Port),
    ("ws://h:8x/", UriError::Port),
    ("ws://h:80:80/", UriError::Port),
    ("ws://::1/", UriError::HostMissing),
    ("ws://[::1/", UriError::Host),
    ("ws://[::1]x/", UriError::Host),
    ("ws://[]/", UriError::Host),
    ("ws://[1.2.3.4]/", UriError::Host),
    ("ws://[fe80::1%25eth0]/", UriError::Host),
    ("ws://[v1.x]/", UriError::Host),
    ("ws://a\\b/", UriError::Host),
    ("ws://a|b/", UriError::Host),
    ("ws://h%4/", UriError::PercentEncoding),
    ("ws://h/%", UriError::PercentEncoding),
    ("ws://h/%4", UriError::PercentEncoding),
    ("ws://h/%4g", UriError::PercentEncoding),
    ("ws://h/?%+1", UriError::PercentEncoding),
    ("ws://h/#", UriError::Fragment),
    ("ws://h#f", UriError::Fragment),
    ("ws://h/a b", UriError::Space),
    (" ws://h/", UriError::Space),
    ("ws://h/\r\nHost: evil", UriError::Control),
    ("ws://h/\0", UriError::Control),
    ("ws://h/\x7f", UriError::Control),
    ("ws://b\u{fc}cher.example/", UriError::NonAscii),
    ("ws://h/\u{e9}", UriError::NonAscii),
    ("ws://h/<>", UriError::Character),
    ("ws://h/?{}", UriError::Character),
    ("ws://h/[", UriError::Character),
];

#[test]
fn s3_valid_uris_give_their_parts() {
    for (text, parts) in VALID {
        let uri = Uri::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let (host, resource) = (uri.host_header().to_string(), uri.resource_name().to_string());
        let authority = uri.authority().to_string();
        assert_eq!(Authority::try_from(authority.as_str()), Ok(uri.authority()), "{text}");
        assert_eq!((uri.authority().host_name(), uri.port(), &*host, &*resource), *parts, "{text}");
    }
}

#[test]
fn s3_invalid_uris_say_what_is_wrong() {
    for (text, error) in INVALID {
        assert_eq!(Uri::parse(text), Err(*error), "{text:?}");
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn s3_what_is_displayed_is_the_same_uri() {
    for (text, _) in VALID {
        let displayed = Uri::try_from(*text).unwrap().to_string();
        let again = Uri::parse(&displayed).unwrap();
        let uri = Uri::parse(text).unwrap();
        assert_eq!((again.port(), again.resource_name()), (uri.port(), uri.resource_name()), "{text}");
        assert!(again.authority().is_same(&uri.authority(), uri.scheme()), "{text}");
    }
}

#[test]
fn s3_any_cut_of_a_uri_is_judged_without_panic() {
    for text in VALID.iter().map(|(text, _)| text).chain(INVALID.iter().map(|(text, _)| text)) {
        for (end, _) in text.char_indices() {
            let (start, rest) = text.split_at(end);
            assert_eq!(Uri::parse(start).is_ok(), Uri::try_from(start).is_ok());
            assert!(Authority::parse(rest).is_err() || !rest.contains('/'));
        }
    }
}

#[test]
fn authorities_are_the_same_with_and_without_the_default_port() {
    let same = |a: &str, b: &str, scheme| {
        Authority::parse(a).unwrap().is_same(&Authority::parse(b).unwrap(), scheme)
    };
    assert!(same("Example.com", "example.COM:80", Scheme::Ws));
    assert!(!same("example.com", "example.com:80", Scheme::Wss));
    assert!(same("example.com:443", "example.com", Scheme::Wss));
    assert!(!same("example.com.evil", "example.com", Scheme::Ws));
}
