//! The Ethernet controller of the LM3S6965: a frame is read from one FIFO and written to another, word by word.
//!
//! Facts are from the datasheet's chapter on the Ethernet controller, and from what QEMU emulates of it. In both FIFOs
//! two bytes with a length stand before the frame. Received, it counts all bytes there are, with those two and the four of
//! the checksum; to be sent, only the payload behind the 14 bytes of the Ethernet header.

use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;

use super::registers::Register;

/// The controller, with room for a frame in each direction.
#[derive(Debug)]
pub struct Ethernet {
    received: [u8; FRAME_LEN_MAX],
    sent: [u8; FRAME_LEN_MAX],
    /// Frames that did not fit, which the peer sends again or does without.
    dropped_count: u32,
}

impl Ethernet {
    /// Gives the controller its address and starts it.
    #[must_use]
    pub fn start(address: [u8; 6]) -> Self {
        let [first @ .., fifth, sixth] = address;
        Register::MacInterrupts.write(0);
        Register::MacReceive.write(RECEIVE_RESET_FIFO);
        Register::MacAddress0.write(u32::from_le_bytes(first));
        Register::MacAddress1.write(u32::from_le_bytes([fifth, sixth, 0, 0]));
        Register::MacTransmit
            .write(TRANSMIT_FULL_DUPLEX | TRANSMIT_CHECKSUM | TRANSMIT_PADDING | TRANSMIT_ENABLED);
        Register::MacReceive.write(RECEIVE_RESET_FIFO | RECEIVE_REJECT_BAD_CHECKSUM);
        Register::MacReceive.write(RECEIVE_REJECT_BAD_CHECKSUM | RECEIVE_ENABLED);
        Self { received: [0; FRAME_LEN_MAX], sent: [0; FRAME_LEN_MAX], dropped_count: 0 }
    }

    /// Whether a frame waits to be received.
    #[must_use]
    pub fn has_frame(&self) -> bool {
        Register::MacFrameCount.read() != 0
    }

    /// How many frames were dropped since they did not fit.
    #[must_use]
    pub fn dropped_count(&self) -> u32 {
        self.dropped_count
    }

    /// Reads the next frame into `received`, and gives its length; `None` where there is none, or none that fits.
    fn read_frame(&mut self) -> Option<usize> {
        if !self.has_frame() {
            return None;
        }
        let [low, high, first, second] = Register::MacData.read().to_le_bytes();
        let fifo_len = usize::from(u16::from_le_bytes([low, high]));
        // All of it has to be taken from the FIFO, the checksum and what fills the last word too.
        let word_count = fifo_len.saturating_sub(4).div_ceil(4);
        let len = fifo_len.saturating_sub(2 + CHECKSUM_LEN);
        let mut places = self.received.iter_mut();
        // The bytes lead: the side of a zip that leads is the one that loses an item at the end.
        for (byte, place) in [first, second].into_iter().zip(places.by_ref()) {
            *place = byte;
        }
        for _ in 0..word_count {
            let word = Register::MacData.read().to_le_bytes();
            for (byte, place) in word.into_iter().zip(places.by_ref()) {
                *place = byte;
            }
        }
        if len <= FRAME_LEN_MAX - CHECKSUM_LEN {
            return Some(len);
        }
        self.dropped_count = self.dropped_count.wrapping_add(1);
        None
    }
}

/// Writes a frame into the FIFO and sends it.
fn write_frame(frame: &[u8]) {
    while Register::MacTransmission.read() & TRANSMISSION_GOES_ON != 0 {}
    let payload_len = u16::try_from(frame.len().saturating_sub(HEADER_LEN)).unwrap_or_default();
    let [low, high] = payload_len.to_le_bytes();
    let (start, rest) = frame.split_at(frame.len().min(2));
    Register::MacData.write(word([low, high].iter().chain(start)));
    for bytes in rest.chunks(4) {
        Register::MacData.write(word(bytes.iter()));
    }
    Register::MacTransmission.write(TRANSMISSION_GOES_ON);
}

/// Up to four bytes as a word, with zeros behind them.
fn word<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    let mut word = [0; 4];
    for (place, byte) in word.iter_mut().zip(bytes) {
        *place = *byte;
    }
    u32::from_le_bytes(word)
}

impl Device for Ethernet {
    type RxToken<'a> = Received<'a>;
    type TxToken<'a> = Sending<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Received<'_>, Sending<'_>)> {
        let len = self.read_frame()?;
        let frame = self.received.get(..len)?;
        Some((Received(frame), Sending(&mut self.sent)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Sending<'_>> {
        Some(Sending(&mut self.sent))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = FRAME_LEN_MAX - CHECKSUM_LEN;
        capabilities
    }
}

/// A frame that was received.
#[derive(Debug)]
pub struct Received<'a>(&'a [u8]);

impl RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(self.0)
    }
}

/// Room for a frame that is to be sent.
#[derive(Debug)]
pub struct Sending<'a>(&'a mut [u8; FRAME_LEN_MAX]);

impl TxToken for Sending<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        // smoltcp asks for at most what the capabilities say.
        let frame = self.0.get_mut(..len).unwrap_or_default();
        let result = f(frame);
        write_frame(frame);
        result
    }
}

const HEADER_LEN: usize = 14;
const CHECKSUM_LEN: usize = 4;
/// 1500 bytes of payload, their header and their checksum.
const FRAME_LEN_MAX: usize = HEADER_LEN + 1500 + CHECKSUM_LEN;

const RECEIVE_ENABLED: u32 = 1;
const RECEIVE_REJECT_BAD_CHECKSUM: u32 = 1 << 3;
const RECEIVE_RESET_FIFO: u32 = 1 << 4;
const TRANSMIT_ENABLED: u32 = 1;
const TRANSMIT_PADDING: u32 = 1 << 1;
const TRANSMIT_CHECKSUM: u32 = 1 << 2;
const TRANSMIT_FULL_DUPLEX: u32 = 1 << 4;
const TRANSMISSION_GOES_ON: u32 = 1;
