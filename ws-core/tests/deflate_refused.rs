//! What `send_deflated` refuses: neither the connection nor the deflater is changed by it.
#![cfg(feature = "deflate")]
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests may panic"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

mod deflating;

use std::cell::Cell;
use std::rc::Rc;

use deflating::pair::{GIVEN_UP, HELLO, Pair, all_settings, noise};
use ws_core::connection::{FrameStart, KeySource, SendHalf};
use ws_core::deflate::{DeflateSettings, Deflater};
use ws_core::error::{Misuse, SendError};
use ws_core::event::{MessageType, Payload};
use ws_core::extension::{Agreed, DeflateParams, WindowBits};
use ws_core::frame::{CloseCode, Fin, MaskKey};

/// Gives keys unless it is switched off.
#[derive(Clone, Debug)]
struct Switched {
    is_off: Rc<Cell<bool>>,
    count: u32,
}

impl KeySource for Switched {
    fn next_key(&mut self) -> Option<MaskKey> {
        if self.is_off.get() {
            return None;
        }
        self.count += 1;
        Some(MaskKey::new(self.count.to_be_bytes()))
    }
}

/// A client's sending half, which may compress with a window of 1 KiB, and its deflater.
struct Client {
    half: SendHalf<Switched>,
    deflater: Deflater,
    is_off: Rc<Cell<bool>>,
    wire: Vec<u8>,
}

impl Client {
    fn new(settings: DeflateSettings) -> Self {
        let narrow = WindowBits::new(10).unwrap();
        let params = DeflateParams::new().with_client_max_window_bits(narrow);
        let is_off = Rc::new(Cell::new(false));
        let keys = Switched { is_off: Rc::clone(&is_off), count: 0 };
        Self {
            half: SendHalf::new(keys).with_deflate(Agreed::client(params)),
            deflater: Deflater::new(settings.with_window_bits(narrow)),
            is_off,
            wire: Vec::new(),
        }
    }

    fn send(&mut self, part: &[u8], fin: Fin) {
        let mut out = vec![0; 1000];
        let sent =
            self.half.send_deflated(MessageType::Binary, part, fin, &mut self.deflater, &mut out).unwrap();
        assert!(sent.is_complete);
        self.wire.extend(&out[..sent.written]);
    }

    /// Something that is refused, by its own deflater or a new one with these settings.
    fn be_refused(
        &mut self,
        message_type: MessageType,
        other: Option<DeflateSettings>,
        room: usize,
    ) -> SendError {
        let mut out = vec![0xAA; room];
        let mut other = other.map(Deflater::new);
        let deflater = other.as_mut().unwrap_or(&mut self.deflater);
        let before = (format!("{:?}", self.half), format!("{deflater:?}"));
        let error =
            self.half.send_deflated(message_type, b"refused", Fin::Final, deflater, &mut out).unwrap_err();
        assert_eq!((format!("{:?}", self.half), format!("{deflater:?}")), before);
        assert!(out.iter().all(|byte| *byte == 0xAA), "{error:?} and something was written");
        error
    }

    /// All that can be refused, within a message and between messages.
    fn be_refused_in_every_way(&mut self, is_in_message: bool) {
        for room in 0..7 {
            let error = self.be_refused(MessageType::Binary, None, room);
            assert_eq!(error, SendError::BufferTooSmall { required: 7 });
        }
        let narrow = self.deflater.settings();
        for wide in [WindowBits::new(11).unwrap(), WindowBits::MAX] {
            let error = self.be_refused(MessageType::Binary, Some(narrow.with_window_bits(wide)), 100);
            assert_eq!(error, SendError::Misuse(Misuse::NotNegotiated));
        }
        if is_in_message {
            let error = self.be_refused(MessageType::Text, None, 100);
            assert_eq!(error, SendError::Misuse(Misuse::MessageType));
            assert_eq!(self.be_refused(MessageType::Binary, Some(narrow), 100), GIVEN_UP);
        }
        self.is_off.set(true);
        assert_eq!(self.be_refused(MessageType::Binary, None, 100), SendError::NoMaskKey);
        self.is_off.set(false);
    }
}

#[test]
fn what_is_refused_changes_neither_the_connection_nor_the_deflater() {
    for settings in all_settings() {
        let [with, without] = [true, false].map(|is_refused| {
            let mut client = Client::new(settings);
            for _ in 0..3 {
                for fin in [Fin::More, Fin::More, Fin::Final] {
                    client.send(&noise(100), fin);
                    if is_refused {
                        client.be_refused_in_every_way(!fin.is_final());
                    }
                }
                // A message that was compressed elsewhere is remembered, too.
                let mut out = [0; 100];
                let len = client.half.send(HELLO, &mut out).unwrap();
                client.wire.extend(&out[..len]);
                if is_refused {
                    client.be_refused_in_every_way(false);
                }
                // Within a frame, and within a message that is not compressed.
                let start = FrameStart::new(MessageType::Binary, Fin::More, 3);
                client.wire.extend(client.half.begin_frame(start).unwrap().as_bytes());
                if is_refused {
                    assert_eq!(client.be_refused(MessageType::Binary, None, 100), SendError::Busy);
                }
                client.half.mask(&mut [0; 3]).unwrap();
                if is_refused {
                    let error = client.be_refused(MessageType::Binary, None, 100);
                    assert_eq!(error, SendError::Misuse(Misuse::MessageType));
                }
                let len = client.half.send_fragment(b"", Fin::Final, &mut out).unwrap();
                client.wire.extend(&out[..len]);
            }
            client.half.close(CloseCode::NORMAL.into());
            assert_eq!(client.be_refused(MessageType::Binary, None, 100), SendError::Closed);
            client.wire
        });
        assert!(with == without, "{settings:?}");
    }
}

#[test]
fn an_uncompressed_message_that_is_refused_does_not_empty_the_window() {
    let (mut pair, mut deflater) = (Pair::new(), Deflater::new(DeflateSettings::new()));
    let alone = pair.send_whole(&noise(300), &mut deflater, 1000);
    let too_small = pair.half.send(Payload::Binary(&[0; 100]), &mut [0; 50]);
    assert_eq!(too_small, Err(SendError::BufferTooSmall { required: 102 }));
    assert!(pair.send_whole(&noise(300), &mut deflater, 1000) < alone / 2);
}
