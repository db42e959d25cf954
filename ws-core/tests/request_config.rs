//! The settings of a client's requests: what they write, what they refuse, and what is left of them for another origin.
#![cfg(all(feature = "alloc", feature = "handshake"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use ws_core::extension::DeflateConfig;
use ws_core::handshake::{
    ClientHandshake, Credentials, HandshakeMisuse, RequestConfig, WriteError, head_to_vec,
};
use ws_core::uri::Uri;

fn head_of(config: &RequestConfig) -> Result<String, WriteError> {
    let handshake = ClientHandshake::new([0; 16], [0; 16]);
    let head = config.lend(Uri::parse("ws://h/").unwrap(), |request| {
        head_to_vec(|out| handshake.write_request(request, out))
    });
    head.map(|head| String::from_utf8(head).unwrap())
}

fn misuse_of(config: &RequestConfig) -> Option<HandshakeMisuse> {
    let WriteError::Misuse(misuse) = head_of(config).unwrap_err() else { return None };
    Some(misuse)
}

#[test]
fn a_head_of_any_length_is_written() {
    for len in [0, 300, 511, 512, 513, 100_000] {
        let head = head_of(&RequestConfig::new().with_header("A", "a".repeat(len))).unwrap();
        assert!(head.starts_with("GET / HTTP/1.1\r\nHost: h\r\n"), "{head}");
        assert!(head.ends_with(&format!("\r\nA: {}\r\n\r\n", "a".repeat(len))), "{len}");
    }
}

#[test]
fn s5_4_cookies_are_one_header_and_follow_their_grammar() {
    let config = RequestConfig::new().with_cookie("a", "1").with_cookie("b", "\"2\"").with_cookie("c", "");
    assert!(head_of(&config).unwrap().ends_with("\r\nCookie: a=1; b=\"2\"; c=\r\n\r\n"));
    for name in ["", "a b", "a=b", "a;b", "\u{e9}"] {
        assert_eq!(
            misuse_of(&RequestConfig::new().with_cookie(name, "1")),
            Some(HandshakeMisuse::CookieName),
            "{name}"
        );
    }
    for value in ["a b", "a;b", "a,b", "\"", "a\"b", "a\\b", "a\r\nB: c", "\u{e9}"] {
        assert_eq!(
            misuse_of(&RequestConfig::new().with_cookie("a", value)),
            Some(HandshakeMisuse::CookieValue),
            "{value}"
        );
    }
}

#[test]
fn what_is_sent_once_is_not_given_twice() {
    for config in [
        RequestConfig::new().with_cookie("a", "1").with_header("cookie", "b=2"),
        RequestConfig::new().with_header("Cookie", "a=1").with_header("cookie", "b=2"),
        RequestConfig::new()
            .with_credentials(Credentials::new("user", "secret"))
            .with_secret_header("AUTHORIZATION", "Bearer 1234"),
    ] {
        assert_eq!(misuse_of(&config), Some(HandshakeMisuse::RepeatedHeader));
    }
}

#[test]
fn s2_credentials_without_a_colon_in_the_user_and_without_controls() {
    for (user, password) in [("a:b", "c"), ("a\n", "c"), ("a", "c\0")] {
        let config = RequestConfig::new().with_credentials(Credentials::new(user, password));
        assert_eq!(misuse_of(&config), Some(HandshakeMisuse::Credentials), "{user:?} {password:?}");
    }
}

#[test]
fn another_origin_is_sent_no_secrets() {
    let config = RequestConfig::new()
        .with_header("User-Agent", "hush-not")
        .with_header("authorization", "hush")
        .with_header("COOKIE", "hush")
        .with_header("Proxy-Authorization", "hush")
        .with_secret_header("X-Key", "hush")
        .with_origin("https://hush.example")
        .with_subprotocol("hush")
        .with_deflate(DeflateConfig::new());
    assert_eq!(head_of(&config).unwrap().matches("hush").count(), 7);
    let others = head_of(&config.for_other_origin()).unwrap();
    assert!(
        others.ends_with("\r\nUser-Agent: hush-not\r\n\r\n") && others.matches("hush").count() == 1,
        "{others}"
    );
    assert!(others.contains("permessage-deflate"), "{others}");

    let config = RequestConfig::new()
        .with_cookie("session", "hush")
        .with_credentials(Credentials::new("user", "secret"));
    let plain = head_of(&RequestConfig::new()).unwrap();
    assert_eq!(head_of(&config.for_other_origin()).unwrap(), plain);
}
