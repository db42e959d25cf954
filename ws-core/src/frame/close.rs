// Read first: RFC 6455 §5.5.1, §7.4.

use core::fmt;

use super::{ControlPayload, Violation};

/// A close code that may be on the wire (RFC 6455 §7.4).
///
/// 1000–1003, 1007–1011, the registered 1012–1014, 3000–3999 (registered by libraries and frameworks) and
/// 4000–4999 (private). 1004–1006 and 1015 have a meaning only within a program, so no value of this type holds
/// them.
///
/// ```
/// use ws_core::frame::CloseCode;
///
/// assert_eq!(CloseCode::new(1000), Some(CloseCode::NORMAL));
/// assert_eq!(CloseCode::new(1006), None, "means that there was no Close frame");
/// assert_eq!(CloseCode::new(4242).map(CloseCode::get), Some(4242));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the purpose of the connection is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// 1001: the endpoint goes away, as a server that shuts down or a browser that leaves the page.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: a kind of data that the endpoint does not take.
    pub const UNSUPPORTED_DATA: Self = Self(1003);
    /// 1007: data that does not fit the message's type, such as text that is not UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// 1008: the endpoint's policy is violated, and no other code fits.
    pub const POLICY_VIOLATION: Self = Self(1008);
    /// 1009: a message too big to process.
    pub const MESSAGE_TOO_BIG: Self = Self(1009);
    /// 1010: the client needs an extension that the server did not accept.
    pub const MANDATORY_EXTENSION: Self = Self(1010);
    /// 1011: an unexpected condition keeps the server from going on.
    pub const INTERNAL_ERROR: Self = Self(1011);
    /// 1012: the service restarts (IANA WebSocket Close Code Number Registry).
    pub const SERVICE_RESTART: Self = Self(1012);
    /// 1013: try again later (IANA registry).
    pub const TRY_AGAIN_LATER: Self = Self(1013);
    /// 1014: a gateway got an invalid answer from its upstream (IANA registry).
    pub const BAD_GATEWAY: Self = Self(1014);

    /// The code `code`, or `None` where it must not be on the wire.
    #[must_use]
    pub const fn new(code: u16) -> Option<Self> {
        // RFC 6455 §7.4.2: below 1000 unused, 1000-2999 by registration, 3000-4999 free for use, nothing above.
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(Self(code)),
            _ => None,
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The body of a Close frame: nothing, or a code and a reason in UTF-8 (RFC 6455 §5.5.1). Always valid.
///
/// ```
/// use ws_core::frame::{CloseCode, CloseFrame};
///
/// let close = CloseFrame::new(CloseCode::NORMAL, "bye").ok_or("reason too long")?;
/// assert_eq!(close.code(), Some(CloseCode::NORMAL));
/// assert_eq!(close.reason(), "bye");
/// assert_eq!(CloseFrame::EMPTY.code(), None);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CloseFrame {
    payload: ControlPayload,
}

impl CloseFrame {
    /// The longest reason, in bytes: the code takes two of the payload's 125.
    pub const REASON_LEN_MAX: usize = 123;

    /// A Close without code or reason; the receiver reports it as 1005 (§7.1.5).
    pub const EMPTY: Self = Self { payload: ControlPayload::EMPTY };

    /// A Close with a code and a reason, or `None` where the reason has more than 123 bytes.
    #[must_use]
    pub fn new(code: CloseCode, reason: &str) -> Option<Self> {
        let mut payload = ControlPayload::EMPTY;
        // RFC 6455 §5.5.1: the code is a 2-byte unsigned integer in network byte order.
        (payload.append(&code.get().to_be_bytes()) && payload.append(reason.as_bytes()))
            .then_some(Self { payload })
    }

    /// Reads the payload of a Close frame.
    ///
    /// # Errors
    ///
    /// [`Violation::CloseBodyLen`] for one byte, [`Violation::CloseCode`] for a code that must not be on the wire,
    /// [`Violation::CloseReasonNotUtf8`].
    pub fn decode(payload: &ControlPayload) -> Result<Self, Violation> {
        match payload.as_bytes() {
            [] => Ok(Self::EMPTY),
            // RFC 6455 §5.5.1: if there is a body, its first two bytes are the code.
            [_] => Err(Violation::CloseBodyLen),
            [high, low, reason @ ..] => {
                let code = u16::from_be_bytes([*high, *low]);
                if CloseCode::new(code).is_none() {
                    return Err(Violation::CloseCode(code));
                }
                if core::str::from_utf8(reason).is_err() {
                    return Err(Violation::CloseReasonNotUtf8);
                }
                Ok(Self { payload: *payload })
            }
        }
    }

    /// The code, or `None` for an empty body.
    #[must_use]
    pub fn code(&self) -> Option<CloseCode> {
        match self.payload.as_bytes() {
            [high, low, ..] => CloseCode::new(u16::from_be_bytes([*high, *low])),
            _ => None,
        }
    }

    /// The reason, empty where there is none.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.payload
            .as_bytes()
            .get(2..)
            .and_then(|reason| core::str::from_utf8(reason).ok())
            .unwrap_or_default()
    }

    /// The body as it goes into the frame.
    #[must_use]
    pub fn payload(&self) -> &ControlPayload {
        &self.payload
    }
}

impl From<CloseCode> for CloseFrame {
    /// A Close with this code and no reason.
    fn from(code: CloseCode) -> Self {
        Self::new(code, "").unwrap_or(Self::EMPTY)
    }
}

impl fmt::Debug for CloseFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloseFrame").field("code", &self.code()).field("reason", &self.reason()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{CloseCode, CloseFrame, ControlPayload, Violation};

    #[test]
    fn s7_4_exactly_the_codes_that_may_be_sent() {
        for code in 0..=u16::MAX {
            let allowed = (1000..=1014).contains(&code) && !(1004..=1006).contains(&code)
                || (3000..=4999).contains(&code);
            assert_eq!(CloseCode::new(code).map(CloseCode::get), allowed.then_some(code), "{code}");
        }
    }

    #[test]
    fn s5_5_1_bodies() {
        let decode = |bytes: &[u8]| CloseFrame::decode(&ControlPayload::new(bytes).unwrap());
        assert_eq!(decode(b""), Ok(CloseFrame::EMPTY));
        assert_eq!(decode(b"\x03"), Err(Violation::CloseBodyLen));
        assert_eq!(decode(b"\x03\xe8"), Ok(CloseCode::NORMAL.into()));
        assert_eq!(decode(b"\x03\xe8ok").unwrap().reason(), "ok");
        assert_eq!(decode(b"\x03\xee"), Err(Violation::CloseCode(1006)));
        assert_eq!(decode(b"\x03\xe8\xff"), Err(Violation::CloseReasonNotUtf8));
    }

    #[test]
    fn s5_5_1_reason_of_at_most_123_bytes() {
        let longest = "x".repeat(123);
        assert_eq!(CloseFrame::new(CloseCode::NORMAL, &longest).unwrap().reason(), longest);
        assert_eq!(CloseFrame::new(CloseCode::NORMAL, &"x".repeat(124)), None);
    }
}
