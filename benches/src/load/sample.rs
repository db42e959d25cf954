use ws_core::connection::SendHalf;
use ws_std::MaskKeys;

use super::Result;

/// Messages of one length, and the frames that carry them from a client, masked.
pub(crate) struct Sample {
    pub(crate) messages: Vec<Vec<u8>>,
    pub(crate) frames: Vec<Vec<u8>>,
}

impl Sample {
    pub(crate) fn new(message_len: usize) -> Result<Self> {
        let mut sender = SendHalf::new(MaskKeys::from_system()?);
        let bytes = (0..=u8::MAX).cycle();
        let messages: Vec<Vec<u8>> =
            (0..COUNT).map(|number| bytes.clone().skip(number * 31).take(message_len).collect()).collect();
        let mut frames = Vec::new();
        for message in &messages {
            let mut frame = vec![0; message_len + HEADER_LEN_MAX];
            let len = sender.send(message, &mut frame)?;
            frame.truncate(len);
            frames.push(frame);
        }
        Ok(Self { messages, frames })
    }
}

/// How many messages differ.
pub(crate) const COUNT: usize = 16;

/// The longest header, in bytes (RFC 6455 §5.2).
const HEADER_LEN_MAX: usize = 14;
