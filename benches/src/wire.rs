/// A frame on the wire, unmasked.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    pub opcode: u8,
    pub is_final: bool,
    pub is_masked: bool,
    pub payload: Vec<u8>,
}

/// Takes frames apart, slowly and plainly: what was sent is checked by it.
///
/// # Errors
///
/// The first frame that is not whole.
pub fn frames(mut bytes: &[u8]) -> Result<Vec<Frame>, String> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let (frame, rest) = frame(bytes).ok_or_else(|| format!("frame {} is cut", frames.len()))?;
        frames.push(frame);
        bytes = rest;
    }
    Ok(frames)
}

fn frame(bytes: &[u8]) -> Option<(Frame, &[u8])> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    let (len, rest) = match second & 0x7F {
        126 => rest.split_first_chunk().map(|(len, rest)| (u64::from(u16::from_be_bytes(*len)), rest))?,
        127 => rest.split_first_chunk().map(|(len, rest)| (u64::from_be_bytes(*len), rest))?,
        len => (u64::from(len), rest),
    };
    let is_masked = second & 0x80 != 0;
    let (key, rest) = if is_masked { rest.split_first_chunk()? } else { (&[0; 4], rest) };
    let (payload, rest) = rest.split_at_checked(usize::try_from(len).ok()?)?;
    let payload = payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
    Some((Frame { opcode: first & 0x7F, is_final: first & 0x80 != 0, is_masked, payload }, rest))
}
