//! Sessions for tests: keys that count, frames by hand, streams that are vectors, and a clock that is a number.

use core::time::Duration;

use ws_core::connection::{KeySource, Role, RoleKeys};
use ws_core::event::Event;
use ws_core::frame::MaskKey;
use ws_core::input::ReadBuffer;
use ws_core::message::{Message, OwnedMessage};
use ws_core::session::{Batch, Config, Opened, Outbound, Session};

/// Masking keys that are never the same twice.
#[derive(Clone, Debug)]
pub(crate) struct Keys(pub(crate) u32);

impl KeySource for Keys {
    fn next_key(&mut self) -> Option<MaskKey> {
        self.0 = self.0.wrapping_mul(0x9E37_79B9).wrapping_add(1);
        Some(MaskKey::new(self.0.to_be_bytes()))
    }
}

pub(crate) fn opened(role: Role) -> Opened<Keys> {
    Opened::new(match role {
        Role::Server => RoleKeys::Server,
        Role::Client => RoleKeys::Client(Keys(1)),
    })
}

/// A session with a read buffer of 16 KiB, at the time 0, without compression.
pub(crate) fn open(role: Role, config: Config) -> Session<Keys> {
    Session::new(opened(role), config, ReadBuffer::new(vec![0; 16 * 1024]), Duration::ZERO)
}

pub(crate) fn server() -> Session<Keys> {
    open(Role::Server, Config::new())
}

pub(crate) fn client() -> Session<Keys> {
    open(Role::Client, Config::new())
}

/// A time, in milliseconds.
pub(crate) const fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The frame that a peer sends to a session of this role, masked with a key that is not zero where that is a server.
pub(crate) fn frame_to(role: Role, first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    let mask_bit = if role == Role::Server { 0x80 } else { 0x00 };
    match payload.len() {
        len @ 0..=125 => frame.push(mask_bit | u8::try_from(len).unwrap()),
        len @ 126..=0xFFFF => {
            frame.push(mask_bit | 0x7E);
            frame.extend(u16::try_from(len).unwrap().to_be_bytes());
        }
        len => {
            frame.push(mask_bit | 0x7F);
            frame.extend(u64::try_from(len).unwrap().to_be_bytes());
        }
    }
    if role == Role::Client {
        frame.extend(payload);
        return frame;
    }
    let key = [0x37, 0xfa, 0x21, 0x3d];
    frame.extend(key);
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// Puts as many bytes into the session as it has room for now; says how many.
pub(crate) fn feed_some(session: &mut Session<Keys>, bytes: &[u8], now: Duration) -> usize {
    let spare = session.inbound.spare();
    let len = spare.len().min(bytes.len());
    spare[..len].copy_from_slice(&bytes[..len]);
    session.inbound.filled(len, now);
    len
}

/// Puts bytes into the session that it has room for.
pub(crate) fn feed(session: &mut Session<Keys>, bytes: &[u8], now: Duration) {
    let len = feed_some(session, bytes, now);
    assert_eq!(len, bytes.len(), "there is room for all of it");
}

/// Takes events until there are none.
pub(crate) fn take_all(session: &mut Session<Keys>) -> Vec<Event<OwnedMessage>> {
    let mut events = Vec::new();
    while let Some(event) = session.inbound.next(&mut session.outbound) {
        events.push(owned(event));
    }
    events
}

/// The event with its message owned.
pub(crate) fn owned(event: Event<Message<'_>>) -> Event<OwnedMessage> {
    match event {
        Event::Data(message) => Event::Data(message.into_owned()),
        Event::Ping => Event::Ping,
        Event::Pong => Event::Pong,
        Event::Close => Event::Close,
        Event::Failed(fault) => Event::Failed(fault),
        other => panic!("no such event: {other:?}"),
    }
}

/// Puts bytes into the session, as it has room for them, and takes all events.
pub(crate) fn deliver(
    session: &mut Session<Keys>,
    mut bytes: &[u8],
    now: Duration,
) -> Vec<Event<OwnedMessage>> {
    let mut events = Vec::new();
    while !bytes.is_empty() {
        let len = feed_some(session, bytes, now);
        assert!(len > 0, "there is room once all events were taken");
        bytes = &bytes[len..];
        events.extend(take_all(session));
    }
    events
}

/// Writes all that waits to a stream that takes everything.
pub(crate) fn written(outbound: &mut Outbound<Keys>, now: Duration) -> Vec<u8> {
    let mut wire = Vec::new();
    while outbound.wants_transmit() {
        let bytes = outbound.transmit().to_vec();
        assert!(!bytes.is_empty(), "it wants to transmit something");
        outbound.transmitted(bytes.len(), now);
        wire.extend(bytes);
    }
    assert!(outbound.transmit().is_empty());
    wire
}

/// All that a batch holds.
pub(crate) fn held(batch: &Batch) -> Vec<u8> {
    let mut slices = [&[][..]; 64];
    let count = batch.slices(&mut slices);
    let all = slices[..count].concat();
    assert_eq!((all.len(), batch.as_slice()), (batch.len(), slices[0]));
    all
}

/// Numbers from a seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed.max(1)))
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(high).unwrap() % count
    }
}

/// What was agreed on: small windows, which are made and searched in no time; `choice` says which contexts are kept.
#[cfg(feature = "deflate")]
pub(crate) fn agreed(role: Role, choice: usize) -> ws_core::extension::Agreed {
    use ws_core::extension::{Agreed, DeflateParams, WindowBits};

    let bits = WindowBits::new(9).unwrap();
    let mut params = DeflateParams::new().with_server_max_window_bits(bits).with_client_max_window_bits(bits);
    if choice % 2 == 1 {
        params = params.with_server_no_context_takeover();
    }
    if choice / 2 == 1 {
        params = params.with_client_no_context_takeover();
    }
    match role {
        Role::Server => Agreed::server(params),
        Role::Client => Agreed::client(params),
    }
}

/// A message that is compressed for many.
#[cfg(feature = "deflate")]
pub(crate) fn compressed(message: Message<'_>) -> ws_core::connection::EncodedMessage<Vec<u8>> {
    use ws_core::deflate::{DeflateSettings, Deflater, MemLevel};
    use ws_core::extension::WindowBits;

    let settings =
        DeflateSettings::new().with_window_bits(WindowBits::new(9).unwrap()).with_mem_level(MemLevel::MIN);
    ws_core::connection::EncodedMessage::compressed(message, &mut Deflater::new(settings)).unwrap()
}
