// Read first: RFC 3986 §5.2, RFC 9110 §10.2.2.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::Uri;

impl Uri<'_> {
    /// Resolves a reference, such as the `Location` of a redirect, against this URI (RFC 3986 §5.2), with `ws:` in place of `http:` and
    /// `wss:` in place of `https:`. A fragment, a user and a password are left out. `None` for other schemes.
    ///
    /// [`Uri::parse`] judges whether the result is valid.
    ///
    /// ```
    /// use ws_core::uri::Uri;
    ///
    /// let uri = Uri::parse("ws://example.com/a/b?c")?;
    /// assert_eq!(uri.resolve("../d?e").as_deref(), Some("ws://example.com/d?e"));
    /// assert_eq!(uri.resolve("https://example.org").as_deref(), Some("wss://example.org/"));
    /// assert_eq!(uri.resolve("ftp://example.com/"), None);
    /// # Ok::<(), ws_core::uri::UriError>(())
    /// ```
    #[must_use]
    pub fn resolve(&self, reference: &str) -> Option<String> {
        // RFC 6455 §3: fragments must not be used in these URIs.
        let reference = reference.split_once('#').map_or(reference, |(reference, _fragment)| reference);
        let (reference, scheme) = match split_scheme(reference) {
            Some((scheme, rest)) => (rest, Some(scheme)),
            None => (reference, None),
        };
        let is_secure = match scheme {
            None => self.scheme().is_secure(),
            Some(scheme) if is_any_of(scheme, ["ws", "http"]) => false,
            Some(scheme) if is_any_of(scheme, ["wss", "https"]) => true,
            Some(_) => return None,
        };
        let (reference, query) = match reference.split_once('?') {
            Some((reference, query)) => (reference, Some(query)),
            None => (reference, None),
        };
        let (authority, path) = match reference.strip_prefix("//") {
            Some(rest) => {
                let (authority, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?;
                (Some(authority), path)
            }
            None => (None, reference),
        };
        let resource = self.resource_name();
        // RFC 3986 §5.2.2: what the reference lacks is taken from the base, up to the first part that it has.
        let (path, query) = match authority {
            None if scheme.is_some() => return None,
            None if path.is_empty() => (resource.path().to_owned(), query.or(resource.query())),
            None if !path.starts_with('/') => (without_dots(&merge(resource.path(), path)), query),
            Some(_) | None => (without_dots(path), query),
        };
        let authority = match authority {
            // Credentials in a Location are dropped.
            Some(authority) => without_user(authority).to_owned(),
            None => self.authority().to_string(),
        };
        let scheme = if is_secure { "wss" } else { "ws" };
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        Some(format!("{scheme}://{authority}{path}{query}"))
    }
}

// RFC 3986 §3.2.1: what is before the @ has few characters. With others, such as a backslash, programs disagree on
// where the host begins; such an authority stays as it is, and is refused for its @.
fn without_user(authority: &str) -> &str {
    let is_userinfo = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:".contains(&byte))
    };
    authority.split_once('@').filter(|(user, _)| is_userinfo(user)).map_or(authority, |(_user, host)| host)
}

// RFC 3986 §3.1: a scheme is a letter, then letters, digits and three more characters, up to a colon.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    is_scheme.then_some((scheme, rest))
}

fn is_any_of(scheme: &str, names: [&str; 2]) -> bool {
    names.iter().any(|name| scheme.eq_ignore_ascii_case(name))
}

// RFC 3986 §5.2.3: all of the base's path up to its last slash.
fn merge(base: &str, path: &str) -> String {
    let folder = base.rsplit_once('/').map_or("", |(folder, _file)| folder);
    format!("{folder}/{path}")
}

// RFC 3986 §5.2.4: a dot stays where it is, two of them go up, and neither goes beyond the root.
fn without_dots(path: &str) -> String {
    let mut segments = Vec::new();
    let mut is_folder = false;
    for segment in path.strip_prefix('/').unwrap_or(path).split('/') {
        is_folder = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    if is_folder {
        segments.push("");
    }
    format!("/{}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use crate::uri::Uri;

    fn resolved(base: &str, location: &str) -> Option<String> {
        Uri::parse(base).unwrap().resolve(location)
    }

    #[test]
    fn s5_4_the_examples_of_rfc_3986() {
        for (location, expected) in [
            ("g", "ws://a/b/c/g"),
            ("./g", "ws://a/b/c/g"),
            ("g/", "ws://a/b/c/g/"),
            ("/g", "ws://a/g"),
            ("//g", "ws://g/"),
            ("?y", "ws://a/b/c/d;p?y"),
            ("g?y", "ws://a/b/c/g?y"),
            ("#s", "ws://a/b/c/d;p?q"),
            ("g#s", "ws://a/b/c/g"),
            ("g?y#s", "ws://a/b/c/g?y"),
            (";x", "ws://a/b/c/;x"),
            ("g;x", "ws://a/b/c/g;x"),
            ("g;x?y#s", "ws://a/b/c/g;x?y"),
            ("", "ws://a/b/c/d;p?q"),
            (".", "ws://a/b/c/"),
            ("./", "ws://a/b/c/"),
            ("..", "ws://a/b/"),
            ("../", "ws://a/b/"),
            ("../g", "ws://a/b/g"),
            ("../..", "ws://a/"),
            ("../../", "ws://a/"),
            ("../../g", "ws://a/g"),
            ("../../../g", "ws://a/g"),
            ("../../../../g", "ws://a/g"),
            ("/./g", "ws://a/g"),
            ("/../g", "ws://a/g"),
            ("g.", "ws://a/b/c/g."),
            (".g", "ws://a/b/c/.g"),
            ("g..", "ws://a/b/c/g.."),
            ("..g", "ws://a/b/c/..g"),
            ("./../g", "ws://a/b/g"),
            ("./g/.", "ws://a/b/c/g/"),
            ("g/./h", "ws://a/b/c/g/h"),
            ("g/../h", "ws://a/b/c/h"),
            ("g;x=1/./y", "ws://a/b/c/g;x=1/y"),
            ("g;x=1/../y", "ws://a/b/c/y"),
            ("g?y/./x", "ws://a/b/c/g?y/./x"),
            ("g?y/../x", "ws://a/b/c/g?y/../x"),
            ("g#s/./x", "ws://a/b/c/g"),
            ("g#s/../x", "ws://a/b/c/g"),
        ] {
            assert_eq!(resolved("ws://a/b/c/d;p?q", location).as_deref(), Some(expected), "{location}");
        }
        for location in ["g:h", "ws:g", "ftp://a/", "javascript:alert(1)"] {
            assert_eq!(resolved("ws://a/b/c/d;p?q", location), None, "{location}");
        }
    }

    #[test]
    fn schemes_of_http_stand_for_those_of_websockets() {
        for (base, location, expected) in [
            ("ws://a/", "http://b", "ws://b/"),
            ("ws://a/", "HTTPS://b/x?y", "wss://b/x?y"),
            ("ws://a/", "WSS://b?y", "wss://b/?y"),
            ("wss://a:1/b", "/c", "wss://a:1/c"),
            ("wss://a/b", "//c:2", "wss://c:2/"),
            ("wss://a/b", "ws://c//d//../e", "ws://c//d/e"),
            ("ws://[::1]:9/b", "c", "ws://[::1]:9/c"),
        ] {
            assert_eq!(resolved(base, location).as_deref(), Some(expected), "{base} {location}");
        }
    }

    #[test]
    fn a_user_and_a_password_are_left_out() {
        assert_eq!(resolved("ws://a/", "http://u:p@b/x@y").as_deref(), Some("ws://b/x@y"));
    }

    #[test]
    fn what_browsers_take_for_a_slash_is_refused_later() {
        for location in ["/\\evil", "\\\\evil/", "http://a\\@evil/", "//u@evil@b", "/a b", "/\u{e9}"] {
            let url = resolved("ws://a/", location).unwrap();
            assert!(Uri::parse(&url).is_err(), "{url}");
        }
    }
}
