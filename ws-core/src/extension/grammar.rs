// Read first: RFC 6455 §4.3, §9.1.

use core::hash::{Hash, Hasher};
use core::iter::FusedIterator;
use core::{fmt, str};

use crate::bytes::AsciiSet;

/// An iterator over the extensions in one line of a `Sec-WebSocket-Extensions` header, in their order.
///
/// It borrows the line, allocates nothing and looks at each byte once. It ends after the first error. A line may hold
/// no extension at all, since several lines are one list; [`check_extensions`] asks for at least one.
///
/// ```
/// use ws_core::extension::ExtensionList;
///
/// let mut list = ExtensionList::new(b"foo, permessage-deflate; client_max_window_bits; x=\"10\"");
/// assert_eq!(list.next().transpose()?.map(|extension| extension.name()), Some("foo"));
/// let deflate = list.next().transpose()?.ok_or("one more")?;
/// let mut params = deflate.params();
/// assert_eq!(params.next().map(|param| (param.name(), param.value())), Some(("client_max_window_bits", None)));
/// assert!(params.next().and_then(|param| param.value()).is_some_and(|value| value == *"10"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ExtensionList<'a> {
    rest: Cursor<'a>,
}

impl<'a> ExtensionList<'a> {
    /// Reads the value of a header.
    ///
    /// ```
    /// use ws_core::extension::{ExtensionError, ExtensionList};
    ///
    /// let mut list = ExtensionList::new(b"foo; =1");
    /// assert_eq!(list.next().map(|extension| extension.map(|_| ())), Some(Err(ExtensionError::ParamName)));
    /// assert!(list.next().is_none());
    /// ```
    #[must_use]
    pub const fn new(value: &'a [u8]) -> Self {
        Self { rest: Cursor { bytes: value } }
    }

    fn next_extension(&mut self) -> Result<Option<Extension<'a>>, ExtensionError> {
        // RFC 6455 §4.3: the lists are those of RFC 2616, where empty elements count for nothing.
        self.rest.skip(|byte| is_space(byte) || byte == b',');
        if self.rest.bytes.is_empty() {
            return Ok(None);
        }
        let name = self.rest.token().ok_or(ExtensionError::Name)?;
        let params = self.rest;
        while self.rest.next_is(b';') {
            let _param = self.rest.param()?;
        }
        self.rest.skip(is_space);
        if !matches!(self.rest.bytes.first(), None | Some(b',')) {
            return Err(ExtensionError::Separator);
        }
        let params_len = params.bytes.len().saturating_sub(self.rest.bytes.len());
        let params = Cursor { bytes: params.bytes.get(..params_len).unwrap_or_default() };
        Ok(Some(Extension { name, params: Params { rest: params } }))
    }
}

impl<'a> Iterator for ExtensionList<'a> {
    type Item = Result<Extension<'a>, ExtensionError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_extension();
        if next.is_err() {
            self.rest.bytes = &[];
        }
        next.transpose()
    }
}

impl FusedIterator for ExtensionList<'_> {}

/// Shows how many bytes are still to be read.
impl fmt::Debug for ExtensionList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtensionList").field("unread_len", &self.rest.bytes.len()).finish()
    }
}

/// Checks the lines of a `Sec-WebSocket-Extensions` header, and returns how many extensions they have: at least one.
///
/// ```
/// use ws_core::extension::{check_extensions, ExtensionError};
///
/// assert_eq!(check_extensions([b"foo, bar; baz=2"]), Ok(2));
/// assert_eq!(check_extensions([b"foo", b"bar"]), Ok(2));
/// assert_eq!(check_extensions([b"foo;"]), Err(ExtensionError::ParamName));
/// assert_eq!(check_extensions([b" , "]), Err(ExtensionError::Empty));
/// ```
///
/// # Errors
///
/// The first thing that the grammar of RFC 6455 §9.1 does not allow.
pub fn check_extensions<'a, L>(lines: impl IntoIterator<Item = &'a L>) -> Result<usize, ExtensionError>
where
    L: AsRef<[u8]> + ?Sized + 'a,
{
    let mut count = 0_usize;
    for line in lines {
        for extension in ExtensionList::new(line.as_ref()) {
            let _extension = extension?;
            count = count.saturating_add(1);
        }
    }
    if count == 0 { Err(ExtensionError::Empty) } else { Ok(count) }
}

/// One extension, offered by a client or taken up by a server, with its parameters.
///
/// ```
/// use ws_core::extension::ExtensionList;
///
/// let extension = ExtensionList::new(b"x-trace; level=2; verbose").flatten().next().ok_or("one")?;
/// assert_eq!(extension.name(), "x-trace");
/// assert_eq!(extension.params().count(), 2);
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Clone)]
pub struct Extension<'a> {
    /// A token.
    name: &'a [u8],
    params: Params<'a>,
}

impl<'a> Extension<'a> {
    /// The registered name, such as `permessage-deflate`.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        text_of_token(self.name)
    }

    /// The parameters, in their order. A name may come twice: whether that is allowed depends on the extension.
    ///
    /// ```
    /// use ws_core::extension::ExtensionList;
    ///
    /// let extension = ExtensionList::new(b"foo; a=1; a=2").flatten().next().ok_or("one")?;
    /// let names: Vec<_> = extension.params().map(|param| param.name()).collect();
    /// assert_eq!(names, ["a", "a"]);
    /// # Ok::<(), &'static str>(())
    /// ```
    #[must_use]
    pub fn params(&self) -> Params<'a> {
        self.params.clone()
    }
}

/// Shows the names, and the lengths of values.
impl fmt::Debug for Extension<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extension").field("name", &self.name()).field("params", &self.params).finish()
    }
}

/// An iterator over the parameters of an extension, in their order.
///
/// ```
/// use ws_core::extension::ExtensionList;
///
/// let extension = ExtensionList::new(b"x-trace; level=2; verbose").flatten().next().ok_or("one")?;
/// let names: Vec<_> = extension.params().map(|param| param.name()).collect();
/// assert_eq!(names, ["level", "verbose"]);
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Clone)]
pub struct Params<'a> {
    /// Checked already, so that errors do not occur.
    rest: Cursor<'a>,
}

impl<'a> Iterator for Params<'a> {
    type Item = Param<'a>;

    fn next(&mut self) -> Option<Param<'a>> {
        if self.rest.next_is(b';') { self.rest.param().ok() } else { None }
    }
}

impl FusedIterator for Params<'_> {}

/// Shows the parameters that are still to come: their names, and the lengths of their values.
impl fmt::Debug for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// A parameter of an extension.
///
/// ```
/// use ws_core::extension::ExtensionList;
///
/// let extension = ExtensionList::new(b"x-trace; level=2; verbose").flatten().next().ok_or("one")?;
/// let mut params = extension.params();
/// let level = params.next().ok_or("one")?;
/// assert_eq!((level.name(), level.value().map(|value| value.to_string())), ("level", Some("2".to_owned())));
/// assert!(params.next().is_some_and(|verbose| verbose.value().is_none()));
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Clone, Copy)]
pub struct Param<'a> {
    /// A token.
    name: &'a [u8],
    value: Option<ParamValue<'a>>,
}

impl<'a> Param<'a> {
    /// The name, a token.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        text_of_token(self.name)
    }

    /// The value, where there is one.
    ///
    /// ```
    /// use ws_core::extension::ExtensionList;
    ///
    /// let extension = ExtensionList::new(b"foo; a=1; b=\"1\"; c").flatten().next().ok_or("one")?;
    /// let has_value: Vec<_> = extension.params().map(|param| param.value().is_some()).collect();
    /// assert_eq!(has_value, [true, true, false]);
    /// # Ok::<(), &'static str>(())
    /// ```
    #[must_use]
    pub const fn value(&self) -> Option<ParamValue<'a>> {
        self.value
    }
}

/// Shows the name, and the length of the value.
impl fmt::Debug for Param<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value_len = self.value.map(|value| value.bytes().count());
        f.debug_struct("Param").field("name", &self.name()).field("value_len", &value_len).finish()
    }
}

/// The value of a parameter: a token, however it was written.
///
/// `x=10`, `x="10"` and `x="\10"` have the same value. Compare it with a text, or read its [`bytes`](Self::bytes). `Display`
/// writes it.
///
/// ```
/// use ws_core::extension::ExtensionList;
///
/// let extension = ExtensionList::new(br#"x-trace; a=10; b="10"; c="\10""#).flatten().next().ok_or("one")?;
/// assert!(extension.params().filter_map(|param| param.value()).all(|value| value == *"10"));
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Clone, Copy)]
pub struct ParamValue<'a> {
    /// Without quotation marks. A backslash is not a character of a token: each one escapes what follows it.
    escaped: &'a [u8],
}

impl<'a> ParamValue<'a> {
    /// The characters, unescaped. They are those of a token.
    ///
    /// ```
    /// use ws_core::extension::ExtensionList;
    ///
    /// let extension = ExtensionList::new(br#"x-trace; c="\10""#).flatten().next().ok_or("one")?;
    /// let value = extension.params().find_map(|param| param.value()).ok_or("one")?;
    /// assert!(value.bytes().eq(*b"10"));
    /// # Ok::<(), &'static str>(())
    /// ```
    pub fn bytes(&self) -> impl Iterator<Item = u8> + use<'a> {
        let mut escaped = self.escaped.iter().copied();
        core::iter::from_fn(move || match escaped.next() {
            Some(b'\\') => escaped.next(),
            other => other,
        })
    }
}

impl PartialEq<str> for ParamValue<'_> {
    fn eq(&self, other: &str) -> bool {
        self.bytes().eq(other.bytes())
    }
}

impl PartialEq for ParamValue<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes().eq(other.bytes())
    }
}

impl Eq for ParamValue<'_> {}

impl Hash for ParamValue<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes().for_each(|byte| state.write_u8(byte));
        state.write_u8(0xff);
    }
}

impl fmt::Display for ParamValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        self.bytes().try_for_each(|byte| f.write_char(char::from(byte)))
    }
}

/// Shows the length.
impl fmt::Debug for ParamValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParamValue").field("len", &self.bytes().count()).finish()
    }
}

/// How a `Sec-WebSocket-Extensions` header breaks the grammar of RFC 6455 §9.1, which fails the handshake.
///
/// ```
/// use ws_core::extension::{ExtensionError, check_extensions};
///
/// assert_eq!(check_extensions([r#"x; y="a b""#]), Err(ExtensionError::QuotedValue));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExtensionError {
    /// The header is there, and no extension in it.
    Empty,
    /// Something else where the name of an extension has to stand.
    Name,
    /// Something else where, after a `;`, the name of a parameter has to stand.
    ParamName,
    /// Something else where, after a `=`, a value has to stand.
    ParamValue,
    /// A quoted value that is empty or not a token after unescaping.
    QuotedValue,
    /// A quoted value without its closing quotation mark.
    QuoteOpen,
    /// Neither `;` nor `,` after a name or a value.
    Separator,
}

impl ExtensionError {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Empty => "Sec-WebSocket-Extensions without an extension",
            Self::Name => "Sec-WebSocket-Extensions: the name of an extension is not a token",
            Self::ParamName => "Sec-WebSocket-Extensions: the name of a parameter is not a token",
            Self::ParamValue => "Sec-WebSocket-Extensions: a parameter without the value announced",
            Self::QuotedValue => "Sec-WebSocket-Extensions: a quoted value that is not a token",
            Self::QuoteOpen => "Sec-WebSocket-Extensions: a quoted value without its end",
            Self::Separator => "Sec-WebSocket-Extensions: neither ; nor , where one has to be",
        }
    }
}

impl fmt::Display for ExtensionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for ExtensionError {}

/// Whether these are the characters of a token, at least one (RFC 2616 §2.2).
#[cfg(feature = "handshake")]
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().copied().all(is_token_byte)
}

pub(crate) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Tokens are ASCII.
const fn text_of_token(token: &[u8]) -> &str {
    match str::from_utf8(token) {
        Ok(text) => text,
        Err(_) => "",
    }
}

fn is_token_byte(byte: u8) -> bool {
    TOKEN_BYTES.contains(byte)
}

static TOKEN_BYTES: AsciiSet = AsciiSet::alphanumeric_and(b"!#$%&'*+-.^_`|~");

/// What is left of a line.
#[derive(Clone, Copy)]
struct Cursor<'a> {
    bytes: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn skip(&mut self, is_skipped: impl Fn(u8) -> bool) {
        while let Some((byte, rest)) = self.bytes.split_first() {
            if !is_skipped(*byte) {
                break;
            }
            self.bytes = rest;
        }
    }

    /// Skips spaces, and then `wanted` where it stands there.
    fn next_is(&mut self, wanted: u8) -> bool {
        self.skip(is_space);
        match self.bytes.split_first() {
            Some((byte, rest)) if *byte == wanted => {
                self.bytes = rest;
                true
            }
            _ => false,
        }
    }

    fn token(&mut self) -> Option<&'a [u8]> {
        self.skip(is_space);
        let len = self.bytes.iter().position(|byte| !is_token_byte(*byte)).unwrap_or(self.bytes.len());
        let (token, rest) = self.bytes.split_at_checked(len)?;
        self.bytes = rest;
        (len > 0).then_some(token)
    }

    /// What follows the `;`.
    fn param(&mut self) -> Result<Param<'a>, ExtensionError> {
        let name = self.token().ok_or(ExtensionError::ParamName)?;
        if !self.next_is(b'=') {
            return Ok(Param { name, value: None });
        }
        let value = if self.next_is(b'"') {
            self.quoted()?
        } else {
            self.token().ok_or(ExtensionError::ParamValue)?
        };
        Ok(Param { name, value: Some(ParamValue { escaped: value }) })
    }

    /// What stands between the quotation marks, of which the first has been read.
    fn quoted(&mut self) -> Result<&'a [u8], ExtensionError> {
        let start = self.bytes;
        loop {
            let (byte, rest) = self.bytes.split_first().ok_or(ExtensionError::QuoteOpen)?;
            let (byte, rest) = match byte {
                b'"' => break,
                b'\\' => rest.split_first().ok_or(ExtensionError::QuoteOpen)?,
                _ => (byte, rest),
            };
            // RFC 6455 §9.1: after unescaping, a quoted value has to be a token.
            if !is_token_byte(*byte) {
                return Err(ExtensionError::QuotedValue);
            }
            self.bytes = rest;
        }
        let len = start.len().saturating_sub(self.bytes.len());
        let _closing_mark = self.next_is(b'"');
        start.get(..len).filter(|value| !value.is_empty()).ok_or(ExtensionError::QuotedValue)
    }
}
