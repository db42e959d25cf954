//! The vectors in `tests/vectors/*.txt`: bytes in, outcomes out.
//!
//! ```text
//! # A comment.
//! [s5_7_a_name_that_states_the_rule] client message_len=10
//! 81 05 'Hello'
//! -> text 'Hello'
//! ```
//!
//! The first line names the receiver (`client` or `server`) and whatever limits are not the default (`frame_len`,
//! `message_len`, `fragment_count`), and `deflate` where permessage-deflate was negotiated. Then come lines of bytes, then lines of outcomes, several in a line being
//! separated by `;`.
//!
//! Bytes are hexadecimal digits, UTF-8 in single quotes, either of them repeated (`61*125`, `'ab'*3`), or
//! `mask(37fa213d 'Hello')`: a masking key of four bytes and the rest masked with it.
//!
//! Outcomes are `text`, `binary`, `compressed text`, `compressed binary`, `ping`, `pong` or `close` with bytes (or none), `fault` with the name of a violation
//! or limit (and a number for `CloseCode`), and `nothing` where more bytes are needed before anything is said. A vector
//! that ends in a fault ends with the byte that proves it.

use core::fmt::Display;
use std::path::{Path, PathBuf};

use ws_core::error::{Fault, Limit, Violation};

use super::reference::{DEFAULT_LIMITS, Limits, Outcome, Role};

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Vector {
    /// With the file, for messages.
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) limits: Limits,
    pub(crate) bytes: Vec<u8>,
    pub(crate) outcomes: Vec<Outcome>,
}

/// All vectors of all files, in the order of the files' names.
pub(crate) fn all() -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut vectors = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        vectors.extend(parse(&name, &std::fs::read_to_string(&file).unwrap()));
    }
    vectors
}

/// The vectors in `text`.
///
/// # Panics
///
/// Where the text is not of the form described above; the message tells the line.
pub(crate) fn parse(file: &str, text: &str) -> Vec<Vector> {
    let mut vectors: Vec<Vector> = Vec::new();
    let mut is_judged = true;
    for (number, line) in text.lines().enumerate() {
        let fail = |what: &dyn Display| -> ! { panic!("{file}.txt:{}: {what}: {line}", number + 1) };
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(head) = line.strip_prefix('[') {
            if !is_judged {
                fail(&"the vector before this has no outcome");
            }
            is_judged = false;
            vectors.push(parse_head(file, head).unwrap_or_else(|what| fail(&what)));
            continue;
        }
        let Some(vector) = vectors.last_mut() else { fail(&"no vector has begun") };
        if let Some(outcomes) = line.strip_prefix("->") {
            is_judged = true;
            for outcome in outcomes.split(';') {
                vector.outcomes.extend(parse_outcome(outcome).unwrap_or_else(|what| fail(&what)));
            }
        } else if is_judged {
            fail(&"bytes behind the outcome");
        } else {
            vector.bytes.extend(parse_bytes(line).unwrap_or_else(|what| fail(&what)));
        }
    }
    assert!(is_judged, "{file}.txt: the last vector has no outcome");
    vectors
}

fn parse_head(file: &str, head: &str) -> Result<Vector, String> {
    let (name, rest) = head.split_once(']').ok_or("no ]")?;
    let mut words = rest.split_whitespace();
    let role = match words.next() {
        Some("client") => Role::Client,
        Some("server") => Role::Server,
        _ => return Err("neither client nor server".into()),
    };
    let mut limits = DEFAULT_LIMITS;
    for word in words {
        if word == "deflate" {
            limits.has_deflate = true;
            continue;
        }
        let (limit, number) = word.split_once('=').ok_or("a limit without =")?;
        let number: u64 = number.parse().map_err(|_| "not a number")?;
        match limit {
            "frame_len" => limits.frame_len = number,
            "message_len" => limits.message_len = number,
            "fragment_count" => limits.fragment_count = number.try_into().map_err(|_| "too large")?,
            _ => return Err(format!("no such limit: {limit}")),
        }
    }
    Ok(Vector { name: format!("{file}/{name}"), role, limits, bytes: Vec::new(), outcomes: Vec::new() })
}

fn parse_outcome(text: &str) -> Result<Option<Outcome>, String> {
    let text = text.trim();
    let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
    Ok(Some(match kind {
        "nothing" => return Ok(None),
        "text" => Outcome::Text(String::from_utf8(parse_bytes(rest)?).map_err(|_| "text is not UTF-8")?),
        "binary" => Outcome::Binary(parse_bytes(rest)?),
        "compressed" => match rest.split_once(' ').unwrap_or((rest, "")) {
            ("text", bytes) => Outcome::CompressedText(parse_bytes(bytes)?),
            ("binary", bytes) => Outcome::CompressedBinary(parse_bytes(bytes)?),
            _ => return Err("compressed, and neither text nor binary".into()),
        },
        "ping" => Outcome::Ping(parse_bytes(rest)?),
        "pong" => Outcome::Pong(parse_bytes(rest)?),
        "close" => Outcome::Close(parse_bytes(rest)?),
        "fault" => Outcome::Fault(parse_fault(rest)?),
        _ => return Err(format!("no such outcome: {kind}")),
    }))
}

fn parse_fault(text: &str) -> Result<Fault, String> {
    if let Some(code) = text.strip_prefix("CloseCode ") {
        let code = code.parse().map_err(|_| "not a code")?;
        return Ok(Violation::CloseCode(code).into());
    }
    let named = |fault: &Fault| match fault {
        Fault::Violation(violation) => format!("{violation:?}") == text,
        Fault::Limit(limit) => format!("{limit:?}") == text,
    };
    FAULTS.into_iter().find(named).ok_or_else(|| format!("no such fault: {text}"))
}

/// Every fault but `CloseCode`, which has a number.
pub(crate) const FAULTS: [Fault; 16] = [
    Fault::Violation(Violation::ReservedBits),
    Fault::Violation(Violation::ReservedOpcode),
    Fault::Violation(Violation::ControlFragmented),
    Fault::Violation(Violation::ControlTooLong),
    Fault::Violation(Violation::UnexpectedContinuation),
    Fault::Violation(Violation::MessageInterrupted),
    Fault::Violation(Violation::Unmasked),
    Fault::Violation(Violation::Masked),
    Fault::Violation(Violation::LengthNotMinimal),
    Fault::Violation(Violation::LengthTooLarge),
    Fault::Violation(Violation::InvalidUtf8),
    Fault::Violation(Violation::CloseBodyLen),
    Fault::Violation(Violation::CloseReasonNotUtf8),
    Fault::Limit(Limit::FrameLen),
    Fault::Limit(Limit::MessageLen),
    Fault::Limit(Limit::FragmentCount),
];

/// The bytes that a line stands for.
pub(crate) fn parse_bytes(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let atom: Vec<u8>;
        if let Some(quoted) = rest.strip_prefix('\'') {
            let (inner, behind) = quoted.split_once('\'').ok_or("a quote without its end")?;
            (atom, rest) = (inner.as_bytes().to_vec(), behind);
        } else if let Some(masked) = rest.strip_prefix("mask(") {
            let (inner, behind) = masked.split_once(')').ok_or("mask( without its end")?;
            (atom, rest) = (mask(parse_bytes(inner)?)?, behind);
        } else {
            let len = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
            let (digits, behind) = rest.split_at(len);
            (atom, rest) = (parse_hex(digits)?, behind);
        }
        let mut count = 1;
        if let Some(repeated) = rest.strip_prefix('*') {
            let len = repeated.find(|c: char| !c.is_ascii_digit()).unwrap_or(repeated.len());
            let (digits, behind) = repeated.split_at(len);
            (count, rest) = (digits.parse().map_err(|_| "* without a number")?, behind);
        }
        bytes.extend(atom.repeat(count));
        rest = rest.trim_start();
    }
    Ok(bytes)
}

fn parse_hex(digits: &str) -> Result<Vec<u8>, String> {
    if digits.is_empty() || digits.len() % 2 != 0 {
        return Err(format!("not bytes: {digits:?}"));
    }
    let digits: Option<Vec<u32>> = digits.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.ok_or("not hexadecimal")?;
    Ok(digits.chunks(2).filter_map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok()).collect())
}

/// The key as it is, and what stands behind it masked with it.
fn mask(mut bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    let (key, payload) = bytes.split_first_chunk_mut::<4>().ok_or("mask( without a key of four bytes")?;
    for (place, byte) in payload.iter_mut().enumerate() {
        *byte ^= key[place % 4];
    }
    Ok(bytes)
}
