//! What `Debug` shows: names and lengths; never payload, reasons, masking keys, credentials or queries.
//!
//! One row a type, with a secret in each place that holds what is the caller's or the peer's, and a walk through the sources
//! that finds types without a row. Those of the handshake and of what is below it have a file of their own.
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, reason = "tests may panic")]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

use core::fmt::Debug;
use core::time::Duration;
use std::fs;
use std::path::Path;

use ws_core::connection::{
    CloseStatus, ClosureCause, Config, Connection, EncodedMessage, FrameStart, KeySource, Limits,
    Masking as _, Next, Pongs, ReceiveHalf, Role, RoleKeys, SendHalf, Signal, Transport, Unmasked,
};
use ws_core::error::{Fault, Limit, Misuse, SendError};
use ws_core::event::{Event, MessageType, Payload};
use ws_core::frame::{
    CloseCode, CloseFrame, ControlPayload, ControlPayloadTooLong, Decoded, Fin, FrameHeader,
    InvalidCloseCode, Mask, MaskKey, Opcode, RawHeader, ReservedBits, Violation,
};
use ws_core::input::ReadBuffer;
use ws_core::keepalive::{Due, Keepalive, KeepaliveConfig, Timeouts};
use ws_core::message::{Assemble, Assembly, Message, MessageSlice};
#[cfg(feature = "alloc")]
use ws_core::message::{MessageBuffer, OwnedMessage};
use ws_core::utf8::{InvalidUtf8, Utf8};

/// What must not be seen: as text, as bytes, as a masking key. Four bytes, all of them different.
const SECRET: &str = "Qz7#";

/// The modules, files or folders of `src`, each of whose public types has a row, or a reason to have none.
const MODULES: &[&str] = &[
    "connection",
    "error",
    "event",
    "frame",
    "input",
    "keepalive",
    "message",
    "utf8",
    #[cfg(feature = "alloc")]
    "session",
    #[cfg(feature = "deflate")]
    "deflate",
];

/// Types without a row, and why they need none.
const EXEMPT: &[(&str, &str)] = &[
    ("Position", "of a sealed trait: it has plain fields, and no name outside"),
    #[cfg(feature = "alloc")]
    ("NoKeys", "has no values"),
];

/// Types outside of `session` that are not there without `alloc`.
const NEED_ALLOC: [&str; 2] = ["MessageBuffer", "OwnedMessage"];

/// Types that are not there without the feature.
const NEED_MASK_KEYS: [&str; 1] = ["MaskKeys"];
const NEED_HANDSHAKE: [&str; 1] = ["OpenError"];
const NEED_DEFLATE: [&str; 1] = ["Deflate"];

#[derive(Default)]
struct Table {
    type_names: Vec<&'static str>,
}

impl Table {
    /// A type whose name is shown, as that of a struct is.
    fn row(&mut self, type_name: &'static str, value: &dyn Debug) {
        self.variant(type_name, type_name, value);
    }

    /// A type of which something else is shown, such as the name of a variant.
    fn variant(&mut self, type_name: &'static str, shown_name: &str, value: &dyn Debug) {
        for shown in [format!("{value:?}"), format!("{value:#?}")] {
            assert!(shown.contains(shown_name), "{type_name} without {shown_name}: {shown}");
            assert_eq!(found(&shown), None, "{type_name} shows what is secret: {shown}");
        }
        self.type_names.push(type_name);
    }
}

/// The form in which the secret is to be seen in `shown`, from whichever of its bytes on.
fn found(shown: &str) -> Option<String> {
    let shown: String = shown.chars().filter(|char| !char.is_whitespace()).collect::<String>().to_lowercase();
    let mut secret = <[u8; 4]>::try_from(SECRET.as_bytes()).unwrap();
    for _ in 0..secret.len() {
        let list = |form: fn(&u8) -> String| secret.iter().map(form).collect::<Vec<_>>();
        let forms = [
            secret.iter().map(|&byte| char::from(byte)).collect(),
            list(|byte| format!("{byte:02x}")).join(","),
            list(|byte| format!("{byte:#04x}")).join(","),
            list(|byte| format!("{byte:02x}")).concat(),
            list(u8::to_string).join(","),
            u32::from_le_bytes(secret).to_string(),
            u32::from_be_bytes(secret).to_string(),
        ];
        let is_seen = |form: &String| shown.contains(&form.to_lowercase());
        if let Some(form) = forms.into_iter().find(is_seen) {
            return Some(form);
        }
        secret.rotate_left(1);
    }
    None
}

fn secret_bytes() -> [u8; 4] {
    SECRET.as_bytes().try_into().unwrap()
}

#[test]
fn a_secret_is_found_in_each_form_that_derives_and_hand_written_ones_have() {
    let bytes = secret_bytes();
    let number = u32::from_le_bytes(bytes);
    let shown = [
        format!("{SECRET:?}"),
        format!("{bytes:?}"),
        format!("{bytes:#?}"),
        format!("{bytes:02x?}"),
        format!("{bytes:#x?}"),
        format!("{number:?}"),
        format!("{:08x}", number.swap_bytes()),
        format!("{:?}", bytes.escape_ascii().to_string()),
        format!("{:?}", number.rotate_left(8)),
    ];
    for shown in shown {
        assert!(found(&shown).is_some(), "{shown}");
    }
    assert_eq!(found("ControlPayload { len: 4, .. }"), None);
}

#[test]
fn nothing_that_is_secret_is_shown() {
    let table = table();
    assert!(table.type_names.len() > 30, "{}", table.type_names.len());
}

fn table() -> Table {
    let mut table = Table::default();
    add_frames(&mut table);
    add_input(&mut table);
    add_times(&mut table);
    add_messages(&mut table);
    add_events(&mut table);
    #[cfg(feature = "alloc")]
    add_sessions(&mut table);
    #[cfg(feature = "deflate")]
    add_deflate(&mut table);
    add_connections(&mut table);
    add_sending(&mut table);
    add_errors(&mut table);
    table
}

fn add_frames(table: &mut Table) {
    let key = MaskKey::new(secret_bytes());
    let header = FrameHeader::new(Opcode::Text, Fin::Final, 300, Some(key)).unwrap();
    let raw = RawHeader::from(header);
    table.row("MaskKey", &key);
    let mut mask = Mask::new(key);
    table.row("Mask", &mask);
    mask.apply(&mut [0; 3]);
    table.row("Mask", &mask);
    table.row("FrameHeader", &header);
    table.row("RawHeader", &raw);
    table.row("EncodedHeader", &header.encode());
    table.row("EncodedHeader", &raw.encode());
    table.variant("Decoded", "Complete", &Decoded::Complete { header, header_len: 8 });
    table.variant("Decoded", "Complete", &Decoded::Complete { header: raw, header_len: 8 });
    table.variant("Decoded", "Partial", &Decoded::<FrameHeader>::Partial { needed: 8 });
    table.row("ControlPayload", &ControlPayload::new(SECRET.as_bytes()).unwrap());
    table.row("ControlPayloadTooLong", &ControlPayloadTooLong);
    let close = CloseFrame::new(CloseCode::NORMAL, SECRET).unwrap();
    table.row("CloseFrame", &close);
    table.row("CloseCode", &CloseCode::NORMAL);
    table.row("InvalidCloseCode", &CloseCode::try_from(1005).unwrap_err());
    let _of_this_type: InvalidCloseCode = CloseCode::try_from(1005).unwrap_err();
    table.variant("Fin", "Final", &Fin::Final);
    table.variant("Opcode", "Text", &Opcode::Text);
    table.row("ReservedBits", &ReservedBits::RSV1);
    table.variant("Violation", "CloseCode", &Violation::CloseCode(1005));
}

fn add_input(table: &mut Table) {
    let mut buffer = ReadBuffer::with_filled([secret_bytes(), secret_bytes()].concat(), 6).unwrap();
    table.row("ReadBuffer", &buffer);
    let mut input = buffer.input();
    table.row("Input", &input);
    let _taken = input.take(2);
    table.row("Input", &input);
    let mut utf8 = Utf8::new();
    utf8.push(&[SECRET.as_bytes(), b"\xf0\x9d"].concat()).unwrap();
    table.row("Utf8", &utf8);
    table.row("InvalidUtf8", &InvalidUtf8);
}

fn add_times(table: &mut Table) {
    let config = KeepaliveConfig::new();
    table.row("KeepaliveConfig", &config);
    table.row("Timeouts", &Timeouts::new());
    table.row("Keepalive", &Keepalive::new(config, Duration::ZERO));
    table.variant("Due", "SendPing", &Due::SendPing);
}

/// A masked frame, of which `first` is the first byte.
fn frame(first: u8, payload: &[u8], key: [u8; 4]) -> Vec<u8> {
    let mut masked = payload.to_vec();
    Mask::new(MaskKey::new(key)).apply(&mut masked);
    [&[first, 0x80 | u8::try_from(payload.len()).unwrap()], &key[..], &masked].concat()
}

/// Receives a message of two frames, each with the secret, as `first` says it is; the storage holds it then.
fn assemble(first: u8, message: &mut impl Assemble) {
    let bytes = [frame(first, SECRET.as_bytes(), [7; 4]), frame(0x80, SECRET.as_bytes(), [7; 4])].concat();
    let len = bytes.len();
    let mut buffer = ReadBuffer::with_filled(bytes, len).unwrap();
    let mut receiver = ReceiveHalf::new(Role::Server, Config::new());
    let mut input = buffer.input();
    assert!(receiver.next_message(&mut input, message).is_some());
}

fn add_messages(table: &mut Table) {
    for first in [0x01, 0x02] {
        let mut slice = MessageSlice::new([0; 64]);
        assemble(first, &mut slice);
        assert!(slice.message().is_some());
        table.row("MessageSlice", &slice);
        #[cfg(feature = "alloc")]
        {
            let mut buffer = MessageBuffer::new();
            assemble(first, &mut buffer);
            assert!(buffer.message().is_some());
            table.row("MessageBuffer", &buffer);
        }
    }
    table.variant("Assembly", "Complete", &Assembly::Complete);
    table.variant("Message", "Text", &Message::Text(SECRET));
    table.variant("Message", "Binary", &Message::Binary(&secret_bytes()));
    #[cfg(feature = "alloc")]
    {
        table.variant("OwnedMessage", "Text", &OwnedMessage::from(SECRET));
        table.variant("OwnedMessage", "Binary", &OwnedMessage::from(secret_bytes().to_vec()));
    }
}

fn add_events(table: &mut Table) {
    table.variant("MessageType", "Text", &MessageType::Text);
    for payload in [
        Payload::Text(SECRET),
        Payload::Binary(&secret_bytes()),
        Payload::Compressed { message_type: MessageType::Text, bytes: &secret_bytes() },
    ] {
        table.variant("Payload", "", &payload);
        table.variant("Event", "Data", &Event::Data(payload));
    }
    for first in [0x81, 0x82] {
        let bytes = frame(first, SECRET.as_bytes(), [7; 4]);
        let len = bytes.len();
        let mut buffer = ReadBuffer::with_filled(bytes.clone(), len).unwrap();
        let mut receiver = ReceiveHalf::new(Role::Server, Config::new());
        let Some(Event::Data(fragment)) = receiver.next_event(&mut buffer.input()) else {
            panic!("a fragment")
        };
        table.row("Fragment", &fragment);
        let mut buffer = ReadBuffer::with_filled(bytes, len).unwrap();
        let mut receiver = ReceiveHalf::new(Role::Server, Config::new());
        let Some(Event::Data(piece)) = receiver.next_piece(&mut buffer.input()) else { panic!("a piece") };
        table.row("Piece", &piece);
    }
}

#[cfg(feature = "alloc")]
fn add_sessions(table: &mut Table) {
    use ws_core::connection::RoleKeys;
    use ws_core::session::{
        Batch, Compress, Config, Ending, NoKeys, Note, Opened, Session, StreamError, Taken,
    };

    table.row("Config", &Config::new());
    #[cfg(feature = "deflate")]
    table.row("Deflate", &ws_core::session::Deflate::new());
    let opened =
        Opened::<NoKeys>::new(RoleKeys::Server).with_subprotocol(SECRET).with_unsent(secret_bytes().to_vec());
    table.row("Opened", &opened);
    #[cfg(feature = "handshake")]
    table.variant("OpenError", "NotAccepted", &ws_core::session::OpenError::NotAccepted);
    let wire = frame(0x01, SECRET.as_bytes(), secret_bytes());
    let len = wire.len();
    let mut session =
        Session::new(opened, Config::new(), ReadBuffer::with_filled(wire, len).unwrap(), Duration::ZERO);
    assert!(session.outbound.send(SECRET).is_ok());
    assert!(session.inbound.next_part(&mut session.outbound).is_some());
    session.outbound.ping(ControlPayload::new(SECRET.as_bytes()).unwrap());
    table.row("Session", &session);
    table.row("Inbound", &session.inbound);
    table.row("Outbound", &session.outbound);
    table.row("Traffic", &session.outbound.traffic());
    table.variant("Compress", "ByLength", &Compress::ByLength);
    table.variant("Ending", "Closed", &Ending::Closed);
    table.variant("StreamError", "PeerGone", &StreamError::PeerGone);
    table.variant("Taken", "Bytes", &Taken::Bytes(0, Duration::ZERO));
    let mut batch = Batch::new();
    session.outbound.take_batch(&mut batch);
    table.row("Batch", &batch);
    let payload = ControlPayload::new(SECRET.as_bytes()).unwrap();
    table.variant("Note", "Pong", &Note::Pong { payload, at: Duration::ZERO });
    table.variant("Note", "Signal", &Note::Signal(Signal::Pong(payload)));
}

#[cfg(feature = "deflate")]
fn add_deflate(table: &mut Table) {
    use ws_core::deflate::{
        CompressionLevel, ContextTakeover, DeflateSettings, Deflater, Flush, Inflater, MemLevel,
    };

    let mut deflater = Deflater::new(DeflateSettings::new());
    let mut compressed = [0; 64];
    let sent = deflater.deflate(&SECRET.as_bytes().repeat(3), Flush::Message, &mut compressed);
    table.row("Deflater", &deflater);
    table.row("Deflated", &sent);
    table.variant("Flush", "Message", &Flush::Message);
    let mut inflater = Inflater::new(1024, ContextTakeover::Allowed);
    let bytes = compressed.get(..sent.written).unwrap();
    let received = inflater.inflate(bytes, Fin::Final, &mut [0; 64]).unwrap();
    table.row("Inflater", &inflater);
    table.row("Inflated", &received);
    table.variant("InflateStatus", "Done", &received.status);
    table.row("DeflateSettings", &deflater.settings());
    table.variant("CompressionLevel", "6", &CompressionLevel::new(6).unwrap());
    table.variant("MemLevel", "8", &MemLevel::new(8).unwrap());
    table.variant("ContextTakeover", "Allowed", &ContextTakeover::Allowed);
}

fn add_connections(table: &mut Table) {
    // In each state that holds something: within a header, within a payload, after a ping, after a Close.
    let close = [&[0x03, 0xe8][..], SECRET.as_bytes()].concat();
    for bytes in [
        frame(0x81, SECRET.as_bytes(), secret_bytes()),
        frame(0x89, SECRET.as_bytes(), secret_bytes()),
        frame(0x88, &close, secret_bytes()),
    ] {
        let mut receiver = ReceiveHalf::new(Role::Server, Config::new());
        for byte in bytes {
            let mut buffer = ReadBuffer::with_filled([byte], 1).unwrap();
            let mut input = buffer.input();
            while receiver.next_event(&mut input).is_some() {}
            table.row("ReceiveHalf", &receiver);
        }
    }
    let close = CloseFrame::new(CloseCode::NORMAL, SECRET).unwrap();
    table.variant("Signal", "PeerClosed", &Signal::PeerClosed(close));
    table.variant("Signal", "Pong", &Signal::Pong(ControlPayload::new(SECRET.as_bytes()).unwrap()));
    table.row("Config", &Config::new());
    table.row("Limits", &Limits::new());
    table.variant("Next", "Ping", &Next::Ping);
    table.variant("Pongs", "Automatic", &Pongs::Automatic);
    table.variant("Role", "Server", &Role::Server);
    table.variant("Transport", "Open", &Transport::Open);
    table.row("Unmasked", &Unmasked);
}

/// Keys that are all the secret, and hold it.
struct SecretKeys([u8; 4]);

impl KeySource for SecretKeys {
    fn next_key(&mut self) -> Option<MaskKey> {
        Some(MaskKey::new(self.0))
    }
}

fn add_sending(table: &mut Table) {
    let payload = ControlPayload::new(SECRET.as_bytes()).unwrap();
    let mut connection = Connection::client(SecretKeys(secret_bytes()), Config::new());
    connection.ping(payload);
    let sent = connection.send_part(SECRET, Fin::More, &mut [0; 8]).unwrap();
    table.row("Sent", &sent);
    table.row("Connection", &connection);
    table.row("SendHalf", connection.send_half());
    let mut sender = SendHalf::new(SecretKeys(secret_bytes()));
    let start = FrameStart::new(MessageType::Text, Fin::Final, 8);
    table.row("FrameStart", &start);
    table.row("EncodedHeader", &sender.begin_frame(start).unwrap());
    sender.pong(payload);
    sender.mask(&mut secret_bytes()).unwrap();
    table.row("SendHalf", &sender);
    sender.close(CloseFrame::new(CloseCode::NORMAL, SECRET).unwrap());
    sender.transport_failed();
    table.row("SendHalf", &sender);
    table.row("Closure", &sender.closure().unwrap());
    table.variant("ClosureCause", "Local", &ClosureCause::Local);
    table.variant("CloseStatus", "Abnormal", &CloseStatus::Abnormal);
    table.variant("RoleKeys", "Client", &RoleKeys::Client(SecretKeys(secret_bytes())));
    table.variant("NextMask", "Masked", &RoleKeys::Client(SecretKeys(secret_bytes())).next_mask());
    #[cfg(feature = "mask-keys")]
    table.row(
        "MaskKeys",
        &ws_core::connection::MaskKeys::from_seed(secret_bytes().repeat(8).try_into().unwrap()),
    );
    table.row("EncodedMessage", &EncodedMessage::encode(SECRET, &mut [0; 8]).unwrap());
}

fn add_errors(table: &mut Table) {
    table.variant("Fault", "FrameLen", &Fault::Limit(Limit::FrameLen));
    table.variant("Limit", "FrameLen", &Limit::FrameLen);
    table.variant("Misuse", "FrameLen", &Misuse::FrameLen);
    table.variant("SendError", "Busy", &SendError::Busy);
}

/// The public types that are defined in a file, or in the files of a folder.
fn public_types(path: &Path) -> Vec<String> {
    if path.is_dir() {
        return fs::read_dir(path).unwrap().flat_map(|entry| public_types(&entry.unwrap().path())).collect();
    }
    let text = fs::read_to_string(path).unwrap();
    let definitions = text.lines().filter_map(|line| {
        let line = line.trim_start();
        line.strip_prefix("pub struct ")
            .or(line.strip_prefix("pub enum "))
            .or(line.strip_prefix("pub union "))
    });
    let is_in_name = |char: &char| char.is_alphanumeric() || *char == '_';
    definitions.map(|definition| definition.chars().take_while(is_in_name).collect()).collect()
}

#[test]
fn each_public_type_has_a_row_or_a_reason() {
    let rows = table().type_names;
    for module in MODULES {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(module);
        let path = if folder.is_dir() { folder } else { folder.with_extension("rs") };
        let types = public_types(&path);
        assert!(!types.is_empty(), "{module} defines no types");
        for name in types {
            let exempt = EXEMPT.iter().find(|(exempt, _)| *exempt == name);
            // The row of that type is there where the type is.
            let is_shown = rows.contains(&name.as_str())
                || !cfg!(feature = "alloc") && NEED_ALLOC.contains(&&*name)
                || !cfg!(feature = "mask-keys") && NEED_MASK_KEYS.contains(&&*name)
                || !cfg!(feature = "handshake") && NEED_HANDSHAKE.contains(&&*name)
                || !cfg!(feature = "deflate") && NEED_DEFLATE.contains(&&*name);
            assert!(is_shown != exempt.is_some(), "{module}::{name} needs a row, or a reason to have none");
        }
    }
    assert!(EXEMPT.iter().all(|(_, reason)| !reason.is_empty()));
}
