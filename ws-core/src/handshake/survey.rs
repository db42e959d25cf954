// Read first: RFC 6455 §4.2.1; RFC 9112 §3.2, §6.

use core::str;

use super::field::{FieldName, count_extensions, count_subprotocols, has_token, is_same_token, set_once};
use super::key::is_key;
use super::request::Target;
use super::{HandshakeViolation, SMALL};
use crate::extension::ExtensionError;
use crate::uri::{Authority, Scheme, is_registered_name};

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    WebSocket,
    /// Something else of an HTTP server.
    Page,
}

/// What the headers of a request say, seen once, one by one.
#[derive(Clone, Copy, Default)]
pub(super) struct Survey<'h> {
    is_http_1_0: bool,
    pub(super) host: Option<&'h [u8]>,
    pub(super) origin: Option<&'h [u8]>,
    pub(super) key: Option<&'h [u8]>,
    pub(super) version: Option<&'h [u8]>,
    has_upgrade: bool,
    has_connection: bool,
    /// How many subprotocols, where there is a header for them.
    subprotocol_count: Option<usize>,
    extension_count: Option<usize>,
    /// What announces a body: the value of Content-Length, or of Transfer-Encoding.
    body: Option<&'h [u8]>,
    /// The first thing that is wrong.
    violation: Option<HandshakeViolation>,
}

impl<'h> Survey<'h> {
    pub(super) fn new(is_http_1_0: bool) -> Self {
        Self { is_http_1_0, ..Self::default() }
    }

    /// Inlined for the headers that a handshake does not know, which are most.
    #[cfg_attr(not(target_os = "none"), inline)]
    pub(super) fn look_at(&mut self, name: &str, value: &'h [u8]) {
        let field = FieldName::of(name);
        if field != FieldName::Other {
            self.look_at_known(field, value);
        }
    }

    fn look_at_known(&mut self, field: FieldName, value: &'h [u8]) {
        if let Err(violation) = self.note(field, value) {
            self.violation.get_or_insert(violation);
        }
    }

    fn note(&mut self, field: FieldName, value: &'h [u8]) -> Result<(), HandshakeViolation> {
        match field {
            FieldName::Host => set_once(&mut self.host, value),
            FieldName::Origin => set_once(&mut self.origin, value),
            // RFC 6455 §11.3.1: the key must not appear more than once; §11.3.5 says the same of the version.
            FieldName::Key => set_once(&mut self.key, value),
            FieldName::Version => set_once(&mut self.version, value),
            FieldName::Upgrade => {
                // RFC 9110 §7.8: a server must ignore an Upgrade in a request of HTTP/1.0.
                self.has_upgrade |= !self.is_http_1_0 && has_token(value, b"websocket");
                Ok(())
            }
            FieldName::Connection => {
                self.has_connection |= has_token(value, b"upgrade");
                Ok(())
            }
            FieldName::Protocol => {
                let count = self.subprotocol_count.get_or_insert(0);
                *count = count.saturating_add(count_subprotocols(value)?);
                Ok(())
            }
            FieldName::Extensions => {
                let count = self.extension_count.get_or_insert(0);
                *count = count.saturating_add(count_extensions(value)?);
                Ok(())
            }
            FieldName::ContentLength | FieldName::TransferEncoding => {
                let is_framed = if field == FieldName::ContentLength {
                    !value.is_empty() && value.iter().all(u8::is_ascii_digit)
                } else {
                    // RFC 9112 §6.1: faulty in HTTP/1.0. §6.3: the last coding of a request has to be chunked.
                    !self.is_http_1_0 && is_same_token(value, b"chunked")
                };
                // RFC 9112 §6.3: both of them, and lengths that differ, ought to be an error.
                let is_first = self.body.replace(value).is_none();
                (is_framed && is_first).then_some(()).ok_or(HandshakeViolation::Body)
            }
            FieldName::Accept | FieldName::Other => Ok(()),
        }
    }

    /// What the request asks for: a WebSocket where Upgrade says so, or where there is a key or a version. A client that sends
    /// one of these wants a WebSocket, and its Upgrade was lost on the way.
    pub(super) const fn asks(&self) -> Asks {
        if self.has_upgrade || self.key.is_some() || self.version.is_some() {
            Asks::WebSocket
        } else {
            Asks::Page
        }
    }

    /// What holds over whichever version of HTTP.
    pub(super) fn judge_common(&self, asks: Asks) -> Result<(), HandshakeViolation> {
        if let Some(violation) = self.violation {
            return Err(violation);
        }
        if asks == Asks::WebSocket && self.body.is_some_and(|body| body.iter().any(|byte| *byte != b'0')) {
            return Err(HandshakeViolation::Body);
        }
        // RFC 6455 §4.3: both lists have one element at least, over all their lines.
        if self.subprotocol_count == Some(0) {
            return Err(HandshakeViolation::Subprotocols);
        }
        if self.extension_count == Some(0) {
            return Err(HandshakeViolation::Extensions(ExtensionError::Empty));
        }
        Ok(())
    }

    /// Judges method, target and headers, in the order of RFC 6455 §4.2.1.
    pub(super) fn judge(
        &self,
        asks: Asks,
        method: &str,
        target: Option<&Target<'_>>,
    ) -> Result<(), HandshakeViolation> {
        if asks == Asks::WebSocket {
            // RFC 6455 §4.2.1: an HTTP/1.1 or higher GET request. What is higher is not written in this form.
            if self.is_http_1_0 {
                return Err(HandshakeViolation::HttpVersion);
            }
            if method != "GET" {
                return Err(HandshakeViolation::Method);
            }
        } else if method == "CONNECT" {
            // RFC 9110 §9.3.6: CONNECT is intended for proxies.
            return Err(HandshakeViolation::Method);
        }
        let absolute = target.ok_or(HandshakeViolation::Target)?.absolute;
        self.judge_common(asks)?;
        // RFC 9112 §3.2: a request of HTTP/1.1 has to have a Host; one of HTTP/1.0 need not.
        if !self.is_http_1_0 || self.host.is_some() {
            judge_host(self.host, absolute)?;
        }
        if asks == Asks::Page {
            return Ok(());
        }
        if !self.has_upgrade {
            return Err(HandshakeViolation::Upgrade);
        }
        if !self.has_connection {
            return Err(HandshakeViolation::Connection);
        }
        // RFC 6455 §4.2.2: a version that is not understood is answered with the one that is. So it is judged before
        // the key, which another version may not have.
        if self.version != Some(b"13") {
            return Err(HandshakeViolation::Version);
        }
        match self.key {
            None => Err(HandshakeViolation::KeyMissing),
            Some(key) if !is_key(key) => Err(HandshakeViolation::Key),
            Some(_) => Ok(()),
        }
    }
}

/// Judges a Host header, and whether it names the authority of the target, where that has one.
pub(super) fn judge_host(
    host: Option<&[u8]>,
    absolute: Option<(Scheme, Authority<'_>)>,
) -> Result<(), HandshakeViolation> {
    let host = host.ok_or(HandshakeViolation::HostMissing)?;
    // The usual case: a name alone, with nothing that it has to be the same as.
    if !SMALL && absolute.is_none() && is_registered_name(host) {
        return Ok(());
    }
    let host = parse_host(host)?;
    // RFC 9112 §3.2.2: a client has to send the same authority in both, so that nobody downstream takes the other.
    match absolute {
        Some((scheme, authority)) if !authority.is_same(&host, scheme) => Err(HandshakeViolation::Host),
        _ => Ok(()),
    }
}

/// Reads a Host header.
pub(super) fn parse_host(host: &[u8]) -> Result<Authority<'_>, HandshakeViolation> {
    let authority = str::from_utf8(host).ok().and_then(|host| Authority::parse(host).ok());
    authority.ok_or(HandshakeViolation::Host)
}
