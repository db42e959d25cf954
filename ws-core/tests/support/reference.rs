//! A decoder to compare with: the whole byte string at once, one byte after the other, nothing clever.

// Read first: RFC 6455 §5.

use ws_core::error::{Fault, Limit, Violation};

/// Who receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Client,
    Server,
}

/// What the peer may send at most; the defaults are those of ws-core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) frame_len: u64,
    pub(crate) message_len: u64,
    pub(crate) fragment_count: u32,
    /// permessage-deflate was negotiated.
    pub(crate) has_deflate: bool,
}

pub(crate) const DEFAULT_LIMITS: Limits =
    Limits { frame_len: 16 << 20, message_len: 16 << 20, fragment_count: 131_072, has_deflate: false };

/// What a byte string comes to, however it is cut. Where neither `Close` nor `Fault` is the last, more is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Text(String),
    Binary(Vec<u8>),
    /// Compressed text, then compressed binary.
    CompressedText(Vec<u8>),
    CompressedBinary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Vec<u8>),
    Fault(Fault),
}

/// Everything that `bytes` say to a receiver.
pub(crate) fn decode(role: Role, limits: &Limits, bytes: &[u8]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    if let Err(Stop::Fault(fault)) = read_frames(role, limits, &mut bytes.iter(), &mut outcomes) {
        outcomes.push(Outcome::Fault(fault));
    }
    outcomes
}

enum Stop {
    MoreNeeded,
    Fault(Fault),
}

impl<F: Into<Fault>> From<F> for Stop {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

type Bytes<'b> = core::slice::Iter<'b, u8>;

struct Start {
    opcode: u8,
    is_final: bool,
    is_compressed: bool,
    is_masked: bool,
    len: u64,
}

struct Message {
    is_text: bool,
    is_compressed: bool,
    payload: Vec<u8>,
    announced_len: u64,
    fragment_count: u32,
}

fn byte(bytes: &mut Bytes<'_>) -> Result<u8, Stop> {
    bytes.next().copied().ok_or(Stop::MoreNeeded)
}

fn read_frames(
    role: Role,
    limits: &Limits,
    bytes: &mut Bytes<'_>,
    outcomes: &mut Vec<Outcome>,
) -> Result<(), Stop> {
    let mut message: Option<Message> = None;
    loop {
        let start = read_start(role, limits, message.is_some(), bytes)?;
        if start.opcode >= 0x8 {
            let payload = read_control(&start, bytes)?;
            match start.opcode {
                0x9 => outcomes.push(Outcome::Ping(payload)),
                0xA => outcomes.push(Outcome::Pong(payload)),
                _ => {
                    outcomes.push(Outcome::Close(payload));
                    return Ok(());
                }
            }
        } else {
            let is_text = start.opcode == 0x1;
            let is_compressed = start.is_compressed;
            let new =
                Message { is_text, is_compressed, payload: Vec::new(), announced_len: 0, fragment_count: 0 };
            let mut growing = message.take().unwrap_or(new);
            read_data(&start, limits, &mut growing, bytes)?;
            match (start.is_final, growing.is_text) {
                (false, _) => message = Some(growing),
                (true, true) if growing.is_compressed => {
                    outcomes.push(Outcome::CompressedText(growing.payload));
                }
                (true, false) if growing.is_compressed => {
                    outcomes.push(Outcome::CompressedBinary(growing.payload));
                }
                (true, false) => outcomes.push(Outcome::Binary(growing.payload)),
                (true, true) => match String::from_utf8(growing.payload) {
                    Ok(text) => outcomes.push(Outcome::Text(text)),
                    Err(_) => return Err(Violation::InvalidUtf8.into()),
                },
            }
        }
    }
}

fn read_start(
    role: Role,
    limits: &Limits,
    is_in_message: bool,
    bytes: &mut Bytes<'_>,
) -> Result<Start, Stop> {
    let first = byte(bytes)?;
    let (is_final, opcode) = (first & 0x80 != 0, first & 0x0F);
    let is_compressed = limits.has_deflate && first & 0x70 == 0x40;
    if first & 0x70 != 0 && !is_compressed {
        return Err(Violation::ReservedBits.into());
    }
    match opcode {
        0x0 | 0x8..=0xA if is_compressed => return Err(Violation::ReservedBits.into()),
        0x0 if !is_in_message => return Err(Violation::UnexpectedContinuation.into()),
        0x1 | 0x2 if is_in_message => return Err(Violation::MessageInterrupted.into()),
        0x8..=0xA if !is_final => return Err(Violation::ControlFragmented.into()),
        0x0..=0x2 | 0x8..=0xA => {}
        _ => return Err(Violation::ReservedOpcode.into()),
    }
    let second = byte(bytes)?;
    let is_masked = second & 0x80 != 0;
    match (role, is_masked) {
        (Role::Server, false) => return Err(Violation::Unmasked.into()),
        (Role::Client, true) => return Err(Violation::Masked.into()),
        (Role::Server, true) | (Role::Client, false) => {}
    }
    if opcode >= 0x8 && second & 0x7F > 125 {
        return Err(Violation::ControlTooLong.into());
    }
    let len = read_len(second & 0x7F, bytes)?;
    if opcode == 0x8 && len == 1 {
        return Err(Violation::CloseBodyLen.into());
    }
    Ok(Start { opcode, is_final, is_compressed, is_masked, len })
}

fn read_len(short: u8, bytes: &mut Bytes<'_>) -> Result<u64, Stop> {
    let (count, smallest) = match short {
        126 => (2, 126),
        127 => (8, 65_536),
        short => return Ok(u64::from(short)),
    };
    let mut len = 0;
    for place in 1..=count {
        let next = byte(bytes)?;
        if count == 8 && place == 1 && next & 0x80 != 0 {
            return Err(Violation::LengthTooLarge.into());
        }
        len = len * 256 + u64::from(next);
        // The largest number that these bytes can still be the start of.
        let largest = (0..count - place).fold(u128::from(len), |len, _| len * 256 + 255);
        if largest < smallest {
            return Err(Violation::LengthNotMinimal.into());
        }
    }
    Ok(len)
}

fn read_key(start: &Start, bytes: &mut Bytes<'_>) -> Result<[u8; 4], Stop> {
    if !start.is_masked {
        return Ok([0; 4]);
    }
    Ok([byte(bytes)?, byte(bytes)?, byte(bytes)?, byte(bytes)?])
}

fn read_control(start: &Start, bytes: &mut Bytes<'_>) -> Result<Vec<u8>, Stop> {
    let key = read_key(start, bytes)?;
    let mut payload = Vec::new();
    for (place, key) in (1..=start.len).zip(key.iter().cycle()) {
        payload.push(byte(bytes)? ^ key);
        if start.opcode == 0x8 && payload.len() >= 2 {
            let code = u16::from(payload[0]) * 256 + u16::from(payload[1]);
            if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
                return Err(Violation::CloseCode(code).into());
            }
            if !is_utf8_so_far(&payload[2..], place == start.len) {
                return Err(Violation::CloseReasonNotUtf8.into());
            }
        }
    }
    Ok(payload)
}

fn read_data(
    start: &Start,
    limits: &Limits,
    message: &mut Message,
    bytes: &mut Bytes<'_>,
) -> Result<(), Stop> {
    message.announced_len = message.announced_len.saturating_add(start.len);
    message.fragment_count += 1;
    let allowance = |len: u64| if message.is_compressed { len + len / 8 + 1024 } else { len };
    if start.len > allowance(limits.frame_len) {
        return Err(Limit::FrameLen.into());
    }
    if message.announced_len > allowance(limits.message_len) {
        return Err(Limit::MessageLen.into());
    }
    if message.fragment_count > limits.fragment_count {
        return Err(Limit::FragmentCount.into());
    }
    let key = read_key(start, bytes)?;
    for (_, key) in (0..start.len).zip(key.iter().cycle()) {
        message.payload.push(byte(bytes)? ^ key);
        if message.is_text && !message.is_compressed && !is_utf8_so_far(&message.payload, false) {
            return Err(Violation::InvalidUtf8.into());
        }
    }
    Ok(())
}

/// Whether `bytes` are UTF-8, or may become so where they are not all.
fn is_utf8_so_far(bytes: &[u8], is_all: bool) -> bool {
    match core::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && !is_all,
    }
}
