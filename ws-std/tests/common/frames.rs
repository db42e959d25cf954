//! Frames by hand, for the tests of both adapters.

use ws_core::connection::Role;

/// A frame as an endpoint of this role sends it, masked with zeros by a client.
pub(crate) fn frame(role: Role, first: u8, payload: &[u8]) -> Vec<u8> {
    let mask_bit = if role == Role::Client { 0x80 } else { 0 };
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..=125 => frame.push(u8::try_from(len).unwrap() | mask_bit),
        len @ 126..=0xFFFF => {
            frame.push(0x7E | mask_bit);
            frame.extend(u16::try_from(len).unwrap().to_be_bytes());
        }
        len => {
            frame.push(0x7F | mask_bit);
            frame.extend(u64::try_from(len).unwrap().to_be_bytes());
        }
    }
    if role == Role::Client {
        frame.extend([0; 4]);
    }
    frame.extend(payload);
    frame
}

/// The frames in `bytes`, unmasked: first byte and payload. Panics where the last one is not whole.
pub(crate) fn frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let (len, start) = match bytes[1] & 0x7F {
            126 => (usize::from(u16::from_be_bytes([bytes[2], bytes[3]])), 4),
            127 => (usize::try_from(u64::from_be_bytes(bytes[2..10].try_into().unwrap())).unwrap(), 10),
            len => (usize::from(len), 2),
        };
        let (key, start) = match bytes[1] & 0x80 {
            0 => ([0; 4], start),
            _ => (bytes[start..start + 4].try_into().unwrap(), start + 4),
        };
        let payload = bytes[start..start + len].iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key);
        frames.push((bytes[0], payload.collect()));
        bytes = &bytes[start + len..];
    }
    frames
}

/// The peer of this role.
pub(crate) fn peer(role: Role) -> Role {
    match role {
        Role::Client => Role::Server,
        Role::Server => Role::Client,
    }
}
