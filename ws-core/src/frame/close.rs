// Read first: RFC 6455 §5.5.1, §7.4.

use core::fmt;

use super::{ControlPayload, Violation};

/// A close code that may be on the wire (RFC 6455 §7.4).
///
/// Valid are 1000 to 1003, 1007 to 1011, the registered 1012 to 1014, 3000 to 3999 (libraries, frameworks and applications,
/// registered with IANA) and 4000 to 4999 (private use). 1004 to 1006 and 1015 have a meaning only within a program, so no
/// value of this type holds them.
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
    #[doc(alias = "Away")]
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
    #[doc(alias = "Size")]
    pub const MESSAGE_TOO_BIG: Self = Self(1009);
    /// 1010: the client needs an extension that the server did not accept.
    pub const MANDATORY_EXTENSION: Self = Self(1010);
    /// 1011: an unexpected condition keeps the server from going on.
    pub const INTERNAL_ERROR: Self = Self(1011);
    /// 1012: the service restarts (IANA WebSocket Close Code Number Registry).
    pub const SERVICE_RESTART: Self = Self(1012);
    /// 1013: try again later (IANA registry).
    #[doc(alias = "Again")]
    pub const TRY_AGAIN_LATER: Self = Self(1013);
    /// 1014: a gateway got an invalid answer from its upstream (IANA registry).
    pub const BAD_GATEWAY: Self = Self(1014);

    /// The code with this number, or `None` where it must not be on the wire. `TryFrom<u16>` does the same with an error.
    ///
    /// ```
    /// use ws_core::frame::CloseCode;
    ///
    /// const SESSION_EXPIRED: Option<CloseCode> = CloseCode::new(4001);
    /// assert!(SESSION_EXPIRED.is_some());
    /// assert_eq!(CloseCode::new(1005), None, "means that the Close frame had no code");
    /// ```
    #[must_use]
    pub const fn new(code: u16) -> Option<Self> {
        // RFC 6455 §7.4.2: 0-999 are not used, 1000-2999 and 3000-3999 are registered, 4000-4999 are for private use.
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

    /// Makes a Close frame of the code and as much of `reason` as there is room for: at most
    /// [`CloseFrame::REASON_LEN_MAX`] bytes, cut between two characters. The reason is meant for logs (RFC 6455 §5.5.1).
    ///
    /// ```
    /// use ws_core::frame::CloseCode;
    ///
    /// let close = CloseCode::INTERNAL_ERROR.with_reason(&"ä".repeat(100));
    /// assert_eq!(close.reason(), "ä".repeat(61), "122 bytes: half a character more would not be text");
    /// ```
    #[must_use]
    pub fn with_reason(self, reason: &str) -> CloseFrame {
        let mut len = reason.len().min(CloseFrame::REASON_LEN_MAX);
        while !reason.is_char_boundary(len) {
            len = len.saturating_sub(1);
        }
        CloseFrame::new(self, reason.get(..len).unwrap_or_default()).unwrap_or(CloseFrame::EMPTY)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<CloseCode> for u16 {
    /// The number.
    fn from(code: CloseCode) -> Self {
        code.get()
    }
}

impl TryFrom<u16> for CloseCode {
    type Error = InvalidCloseCode;

    /// The code with this number.
    ///
    /// # Errors
    ///
    /// [`InvalidCloseCode`] where it must not be on the wire.
    fn try_from(code: u16) -> Result<Self, InvalidCloseCode> {
        Self::new(code).ok_or(InvalidCloseCode { code })
    }
}

/// A number that must not be on the wire as a close code (RFC 6455 §7.4): the error of `CloseCode::try_from`.
///
/// ```
/// use ws_core::frame::{CloseCode, InvalidCloseCode};
///
/// fn parse(text: &str) -> Result<CloseCode, Box<dyn core::error::Error>> {
///     Ok(text.parse::<u16>()?.try_into()?)
/// }
/// assert_eq!(parse("1001").ok(), Some(CloseCode::GOING_AWAY));
/// let error = parse("1006").map_err(|error| error.to_string());
/// assert_eq!(error, Err("1006 is not a close code that may be sent".to_owned()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InvalidCloseCode {
    code: u16,
}

impl InvalidCloseCode {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u16 {
        self.code
    }
}

impl fmt::Display for InvalidCloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not a close code that may be sent", self.code)
    }
}

impl core::error::Error for InvalidCloseCode {}

/// The body of a Close frame: nothing, or a code and a reason in UTF-8 (RFC 6455 §5.5.1). Always valid.
///
/// `Debug` shows the code, and of the reason how many bytes it has.
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
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CloseFrame {
    payload: ControlPayload,
}

impl CloseFrame {
    /// The longest reason, in bytes: the code takes two of the payload's 125.
    ///
    /// ```
    /// use ws_core::frame::{CloseCode, CloseFrame};
    ///
    /// let reason = "x".repeat(CloseFrame::REASON_LEN_MAX);
    /// assert!(CloseFrame::new(CloseCode::NORMAL, &reason).is_some());
    /// assert_eq!(CloseFrame::new(CloseCode::NORMAL, &(reason + "x")), None);
    /// ```
    pub const REASON_LEN_MAX: usize = 123;

    /// A Close without code or reason; its receiver reports 1005 to the program (RFC 6455 §7.1.5).
    ///
    /// ```
    /// use ws_core::connection::{SendHalf, Unmasked};
    /// use ws_core::frame::CloseFrame;
    ///
    /// let (mut sender, mut out) = (SendHalf::new(Unmasked), [0; 16]);
    /// sender.close(CloseFrame::EMPTY);
    /// let len = sender.poll_transmit(&mut out)?;
    /// assert_eq!(out[..len], [0x88, 0]);
    /// assert_eq!((CloseFrame::EMPTY.code(), CloseFrame::EMPTY.reason()), (None, ""));
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    pub const EMPTY: Self = Self { payload: ControlPayload::EMPTY };

    /// A Close with a code and a reason, or `None` where the reason has more than [`REASON_LEN_MAX`](Self::REASON_LEN_MAX)
    /// bytes. [`CloseCode::with_reason`] takes any reason.
    ///
    /// ```
    /// use ws_core::frame::{CloseCode, CloseFrame};
    ///
    /// let close = CloseFrame::new(CloseCode::POLICY_VIOLATION, "log in first").ok_or("reason too long")?;
    /// assert_eq!(close.payload().as_bytes(), b"\x03\xf0log in first");
    /// assert_eq!(CloseFrame::new(CloseCode::NORMAL, &"x".repeat(124)), None);
    /// # Ok::<(), &str>(())
    /// ```
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
    /// [`Violation::CloseReasonNotUtf8`] (RFC 6455 §5.5.1, §7.4).
    ///
    /// ```
    /// use ws_core::frame::{CloseFrame, ControlPayload, Violation};
    ///
    /// let payload = ControlPayload::new(b"\x03\xe8bye").ok_or("too long")?;
    /// assert_eq!(CloseFrame::decode(&payload).map(|close| close.reason().len()), Ok(3));
    ///
    /// let payload = ControlPayload::new(b"\x03").ok_or("too long")?;
    /// assert_eq!(CloseFrame::decode(&payload), Err(Violation::CloseBodyLen));
    /// # Ok::<(), &str>(())
    /// ```
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

    /// The body as it goes into the frame: the code in two bytes, then the reason; or nothing.
    ///
    /// ```
    /// use ws_core::frame::{CloseCode, CloseFrame};
    ///
    /// let close = CloseFrame::new(CloseCode::NORMAL, "bye").ok_or("reason too long")?;
    /// assert_eq!(close.payload().as_bytes(), b"\x03\xe8bye");
    /// assert_eq!(CloseFrame::decode(close.payload()), Ok(close));
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn payload(&self) -> &ControlPayload {
        &self.payload
    }
}

impl From<CloseCode> for CloseFrame {
    /// A Close with this code and no reason.
    ///
    /// ```
    /// use ws_core::frame::{CloseCode, CloseFrame};
    ///
    /// let close = CloseFrame::from(CloseCode::GOING_AWAY);
    /// assert_eq!((close.code(), close.reason()), (Some(CloseCode::GOING_AWAY), ""));
    /// ```
    fn from(code: CloseCode) -> Self {
        Self::new(code, "").unwrap_or(Self::EMPTY)
    }
}

impl fmt::Debug for CloseFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloseFrame")
            .field("code", &self.code())
            .field("reason_len", &self.reason().len())
            .finish_non_exhaustive()
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
    fn s7_4_numbers_become_codes_and_back() {
        for code in 0..=u16::MAX {
            match CloseCode::try_from(code) {
                Ok(close) => assert_eq!((u16::from(close), CloseCode::new(code)), (code, Some(close))),
                Err(error) => assert_eq!((error.code(), CloseCode::new(code)), (code, None)),
            }
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

    #[test]
    fn s5_5_1_a_reason_is_cut_between_characters() {
        for character in ["x", "ä", "€", "𝄞"] {
            for lead in 0..4 {
                for count in 0..130 {
                    let reason = "x".repeat(lead) + &character.repeat(count);
                    let close = CloseCode::NORMAL.with_reason(&reason);
                    assert_eq!(close.code(), Some(CloseCode::NORMAL));
                    let next = reason.strip_prefix(close.reason()).unwrap().chars().next();
                    assert!(
                        next.is_none_or(|next| close.reason().len() + next.len_utf8() > 123),
                        "{reason:?} has room for more"
                    );
                    assert_eq!(CloseFrame::new(CloseCode::NORMAL, &reason), next.is_none().then_some(close));
                }
            }
        }
    }
}
