//! The form of the handshake cases. What stands in `requests.txt` and `responses.txt` is read here, for the tests of
//! ws-core and for the runner that tries other servers and clients with the same cases (`autobahn/src/handshake`).
//!
//! ```text
//! [what the case is about]
//! section: RFC 6455 §4.2.1               where the rule stands
//! verdict: 400 KeyMissing                what ws-core makes of it: request, page, accepted, rejected STATUS, more, or
//!                                        the fault: its variant, on the server's side behind the status
//! also: accepted, RFC 9112 §2.2: why     what another implementation may do as well: accepted, refused, or waiting for the
//!                                        rest of the head, by which rule
//! field: CVE-2024-37890 (ws)             who got it wrong, in the field
//! declines: permessage-deflate           an extension that must not be agreed on
//! storage: 400                           bytes for the head, 4096 unless told; such a case is for ws-core only
//! behind: \x81\x00                       what follows the head and has to stay in the input
//! sees: path = /chat                     what can be read from the request or response
//! > GET / HTTP/1.1                       a line, which ends with CR LF
//! >> GET                                 bytes as they are
//! = standard - Host Upgrade              the headers that a handshake needs, without those named
//! * 100 X: y                             a line, a hundred times
//! ```
//!
//! Escapes are `\r`, `\n`, `\t`, `\0`, `\s` (a space), `\\`, `\xHH`, and `{a*100}` for a hundred times `a`.

/// One case of a file.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) section: String,
    pub(crate) verdict: String,
    pub(crate) also: Option<Also>,
    pub(crate) field: Vec<String>,
    pub(crate) declines: Option<String>,
    pub(crate) storage_len: Option<usize>,
    pub(crate) sees: Vec<(String, Vec<u8>)>,
    pub(crate) head: Vec<u8>,
    pub(crate) behind: Vec<u8>,
}

impl Case {
    /// The head and what follows it.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        [self.head.as_slice(), &self.behind].concat()
    }

    /// Whether an implementation may wait for the rest of the head.
    pub(crate) fn may_wait(&self) -> bool {
        self.verdict == "more" || self.also.as_ref().is_some_and(|also| also.outcome == AlsoOutcome::Waiting)
    }
}

/// What the standards let another implementation do instead.
#[derive(Clone, Debug)]
pub(crate) struct Also {
    pub(crate) outcome: AlsoOutcome,
    pub(crate) rule: String,
}

/// See [`Also`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AlsoOutcome {
    Accepted,
    Refused,
    Waiting,
}

/// The requests, which are for servers.
pub(crate) fn requests() -> Result<Vec<Case>, String> {
    parse(include_str!("requests.txt"), STANDARD_REQUEST)
}

/// The responses, which are for clients.
pub(crate) fn responses() -> Result<Vec<Case>, String> {
    parse(include_str!("responses.txt"), STANDARD_RESPONSE)
}

/// RFC 6455 §1.3: the key of the example.
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// RFC 6455 §1.3: what answers it.
pub(crate) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

const STANDARD_REQUEST: &[&str] = &[
    "Host: server.example.com",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
];
const STANDARD_RESPONSE: &[&str] =
    &["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="];

fn parse(file: &str, standard: &[&str]) -> Result<Vec<Case>, String> {
    let mut cases: Vec<Case> = Vec::new();
    for line in file.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            if cases.iter().any(|case| case.name == name) {
                return Err(format!("the case {name} is there twice"));
            }
            cases.push(empty(name));
            continue;
        }
        let case = cases.last_mut().ok_or("a line before the first case")?;
        add_line(case, line, standard).ok_or_else(|| format!("{}: {line}", case.name))?;
    }
    for case in &cases {
        if !is_section(&case.section) || case.verdict.is_empty() {
            return Err(format!("{}: a section and a verdict are needed", case.name));
        }
    }
    Ok(cases)
}

fn empty(name: &str) -> Case {
    Case {
        name: name.into(),
        section: String::new(),
        verdict: String::new(),
        also: None,
        field: Vec::new(),
        declines: None,
        storage_len: None,
        sees: Vec::new(),
        head: Vec::new(),
        behind: Vec::new(),
    }
}

fn add_line(case: &mut Case, line: &str, standard: &[&str]) -> Option<()> {
    let (mark, text) = line.split_once(' ').unwrap_or((line, ""));
    match mark {
        "section:" => case.section = text.into(),
        "verdict:" => case.verdict = text.into(),
        "also:" => case.also = Some(parse_also(text)?),
        "field:" => case.field.push(text.into()),
        "declines:" => case.declines = Some(text.into()),
        "storage:" => case.storage_len = Some(text.parse().ok()?),
        "behind:" => case.behind = unescape(text)?,
        "sees:" => {
            let (what, value) = text.split_once(" =")?;
            case.sees.push((what.into(), unescape(value.strip_prefix(' ').unwrap_or(value))?));
        }
        ">" => case.head.extend([unescape(text)?.as_slice(), b"\r\n"].concat()),
        ">>" => case.head.extend(unescape(text)?),
        "*" => {
            let (count, text) = text.split_once(' ')?;
            let line = [unescape(text)?.as_slice(), b"\r\n"].concat();
            case.head.extend(line.repeat(count.parse().ok()?));
        }
        "=" => {
            let (_, without) = text.split_once(" - ").unwrap_or((text, ""));
            let is_left_out =
                |header: &str| without.split(' ').any(|name| header.split(':').next() == Some(name));
            for header in standard.iter().filter(|header| !is_left_out(header)) {
                case.head.extend([header.as_bytes(), b"\r\n"].concat());
            }
        }
        _ => return None,
    }
    Some(())
}

/// `accepted, RFC 9112 §2.2: why`.
fn parse_also(text: &str) -> Option<Also> {
    let (outcome, rule) = text.split_once(", ")?;
    let outcome = match outcome {
        "accepted" => AlsoOutcome::Accepted,
        "refused" => AlsoOutcome::Refused,
        "waiting" => AlsoOutcome::Waiting,
        _ => return None,
    };
    let (section, why) = rule.split_once(": ")?;
    (is_section(section) && !why.is_empty()).then(|| Also { outcome, rule: rule.into() })
}

fn is_section(text: &str) -> bool {
    text.starts_with("RFC ") && text.contains(" §")
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let repetition = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let counted = repetition.and_then(|(inside, behind)| Some((inside.rsplit_once('*')?, behind)));
        if let Some(((repeated, count), behind)) = counted {
            bytes.extend(unescape(repeated)?.repeat(count.parse().ok()?));
            rest = behind;
            continue;
        }
        let (unescaped, len) = match rest.strip_prefix('\\').and_then(|rest| rest.chars().next()) {
            Some('r') => (b'\r', 2),
            Some('n') => (b'\n', 2),
            Some('t') => (b'\t', 2),
            Some('0') => (b'\0', 2),
            Some('s') => (b' ', 2),
            Some('\\') => (b'\\', 2),
            Some('x') => (u8::from_str_radix(rest.get(2..4)?, 16).ok()?, 4),
            _ => (u8::try_from(first).ok()?, 1),
        };
        bytes.push(unescaped);
        rest = rest.get(len..)?;
    }
    Some(bytes)
}
