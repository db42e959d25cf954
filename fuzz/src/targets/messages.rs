//! Whole messages, compressed and not, from frames that a fuzzer shapes.

use arbitrary::{Result, Unstructured};
use ws_core::connection::{Config, ReceiveHalf, Role as CoreRole};
use ws_core::deflate::{
    CompressionLevel, ContextTakeover, DeflateSettings, Deflater, Flush, InflateStatus, Inflater,
};
use ws_core::error::{Fault, Limit, Violation};
use ws_core::event::{Event, Fragment, Payload};
use ws_core::extension::WindowBits;
use ws_core::frame::Fin;
use ws_core::input::ReadBuffer;
use ws_core::message::{Assemble, Assembly, MessageBuffer, MessageSlice};

use super::wire::Wire;
use crate::support::reference::{DEFAULT_LIMITS, Limits, Outcome, Role, decode};

/// Two cuttings of the same frames come to the same messages and the same fault, inflated in a buffer that grows, and
/// as they are in that one and in storage that does not; and to what the naive decoder finds.
pub fn messages(bytes: &[u8]) {
    let mut u = Unstructured::new(bytes);
    let _end = assemble(&mut u);
}

fn assemble(u: &mut Unstructured<'_>) -> Result<()> {
    let role = if u.arbitrary()? { Role::Server } else { Role::Client };
    let limit = 1_u64 << u.int_in_range(0..=14)?;
    let takeover = if u.arbitrary()? { ContextTakeover::Allowed } else { ContextTakeover::Forbidden };
    let settings = DeflateSettings::new()
        .with_window_bits(WindowBits::new(u.int_in_range(8..=15)?).unwrap_or_default())
        .with_context_takeover(takeover)
        .with_level(CompressionLevel::new(u.int_in_range(0..=9)?).unwrap_or_default());
    let cuttings = [u.arbitrary::<[u8; 3]>()?, u.arbitrary()?];
    let mut wire = Wire::new(role, 2000);
    let (mut deflater, choices) = (Deflater::new(settings), u.arbitrary::<u16>()?);
    let mut index = 0;
    let filled = wire.fill(u, &mut |message| {
        index = (index + 1) % 16;
        ((choices >> index) & 1 == 0).then(|| compress(&mut deflater, message))
    });

    let inflater = || Inflater::new(limit, takeover);
    let [one, other] = cuttings.map(|cutting| {
        let mut buffer = MessageBuffer::new().with_kept_len_max(usize::from(cutting[2]) * 8);
        buffer = buffer.with_inflater(inflater());
        receive(role, &wire.bytes, cutting, &mut |fragment, receiver| {
            buffer.push(fragment, receiver)?;
            Ok(buffer.message().map(whole))
        })
    });
    assert_eq!(one, other, "inflated");
    let mut buffer = MessageBuffer::new().with_inflater(inflater());
    assert_eq!(receive_whole(role, &wire.bytes, cuttings[0], &mut buffer), one, "by one call");

    let limits = Limits { has_deflate: true, ..DEFAULT_LIMITS };
    let decoded = decode(role, &limits, &wire.bytes);
    let mut buffer = MessageBuffer::new();
    let mut slice = MessageSlice::new(vec![0; wire.bytes.len()]);
    let joined = receive(role, &wire.bytes, cuttings[0], &mut |fragment, receiver| {
        let assembly = buffer.push(fragment, receiver)?;
        assert_eq!(slice.push(fragment, receiver), Ok(assembly));
        assert_eq!(slice.message(), buffer.message());
        assert_eq!(buffer.message().is_some(), assembly == Assembly::Complete);
        Ok(buffer.message().map(whole))
    });
    assert_eq!(joined, decoded, "joined");
    assert_eq!(receive_whole(role, &wire.bytes, cuttings[1], &mut slice), decoded, "joined by one call");
    check_inflated(&one, &decoded, &mut inflater());
    filled
}

/// Compares with each message inflated by itself. What is wrong in a compressed message is found before it is whole.
fn check_inflated(found: &[Outcome], decoded: &[Outcome], inflater: &mut Inflater) {
    let mut expected = Vec::new();
    for outcome in decoded {
        let message = match outcome {
            Outcome::CompressedText(bytes) => inflate(inflater, bytes).and_then(|bytes| {
                let text = String::from_utf8(bytes).map_err(|_| Violation::InvalidUtf8)?;
                Ok(Outcome::Text(text))
            }),
            Outcome::CompressedBinary(bytes) => inflate(inflater, bytes).map(Outcome::Binary),
            other => Ok(other.clone()),
        };
        let is_fault = message.is_err();
        expected.push(message.unwrap_or_else(Outcome::Fault));
        if is_fault {
            break;
        }
    }
    match found.split_last() {
        Some((
            Outcome::Fault(
                Fault::Violation(Violation::InvalidDeflate | Violation::InvalidUtf8)
                | Fault::Limit(Limit::MessageLen),
            ),
            before,
        )) => assert!(expected.starts_with(before), "{found:?} are not {expected:?}"),
        _ => assert_eq!(found, expected),
    }
}

fn inflate(inflater: &mut Inflater, bytes: &[u8]) -> core::result::Result<Vec<u8>, Fault> {
    let mut out = vec![0; 1 << 15];
    let done = inflater.inflate(bytes, Fin::Final, &mut out)?;
    if done.status != InflateStatus::Done {
        // There is room, so that only a fault can follow.
        return Err(inflater.inflate(&bytes[done.taken..], Fin::Final, &mut out).expect_err("what else"));
    }
    out.truncate(done.written);
    Ok(out)
}

fn compress(deflater: &mut Deflater, message: &[u8]) -> Vec<u8> {
    let mut out = vec![0; message.len() * 2 + 64];
    let done = deflater.deflate(message, Flush::Message, &mut out);
    assert!(done.is_done, "there is room");
    deflater.commit();
    out.truncate(done.written);
    out
}

type Push<'p> =
    &'p mut dyn FnMut(Fragment<'_>, &mut ReceiveHalf) -> core::result::Result<Option<Outcome>, Fault>;

fn receive(role: Role, mut bytes: &[u8], cutting: [u8; 3], push: Push<'_>) -> Vec<Outcome> {
    let (mut receiver, mut buffer, mut lens) = begin(role, cutting);
    let mut outcomes = Vec::new();
    while !bytes.is_empty() {
        let len = read(&mut bytes, &mut lens, buffer.spare());
        buffer.filled(len);
        let mut input = buffer.input();
        while let Some(event) = receiver.next_event(&mut input) {
            match event {
                Event::Data(fragment) => match push(fragment, &mut receiver) {
                    Ok(message) => outcomes.extend(message),
                    Err(fault) => outcomes.push(Outcome::Fault(fault)),
                },
                event => outcomes.push(without_data(event, &receiver)),
            }
        }
    }
    outcomes
}

/// The same by the method that gives whole messages, with reads past the read buffer.
fn receive_whole(
    role: Role,
    mut bytes: &[u8],
    cutting: [u8; 3],
    message: &mut impl Assemble,
) -> Vec<Outcome> {
    let (mut receiver, mut buffer, mut lens) = begin(role, cutting);
    let mut outcomes = Vec::new();
    while !bytes.is_empty() {
        let len = read(&mut bytes, &mut lens, receiver.spare(&mut buffer, message));
        receiver.filled(len, &mut buffer, message);
        let mut input = buffer.input();
        while let Some(event) = receiver.next_message(&mut input, message) {
            outcomes.push(match event {
                Event::Data(message) => whole(message),
                event => without_data(event, &receiver),
            });
        }
    }
    outcomes
}

/// A receiver, its read buffer, and how many bytes each read gives.
fn begin(
    role: Role,
    [first, second, capacity]: [u8; 3],
) -> (ReceiveHalf, ReadBuffer<Vec<u8>>, impl Iterator<Item = usize>) {
    let core_role = match role {
        Role::Client => CoreRole::Client,
        Role::Server => CoreRole::Server,
    };
    let buffer = ReadBuffer::new(vec![0xEE; 4 + usize::from(capacity) * 8]);
    let lens = [usize::from(first) * 8 + 1, usize::from(second) + 1].into_iter().cycle();
    (ReceiveHalf::new(core_role, Config::new()).with_deflate(), buffer, lens)
}

fn read(bytes: &mut &[u8], lens: &mut impl Iterator<Item = usize>, spare: &mut [u8]) -> usize {
    let len = lens.next().unwrap_or(1).min(spare.len()).min(bytes.len());
    let (now, later) = bytes.split_at(len);
    spare[..len].copy_from_slice(now);
    *bytes = later;
    len
}

fn without_data<D: core::fmt::Debug>(event: Event<D>, receiver: &ReceiveHalf) -> Outcome {
    let control = receiver.control().as_bytes().to_vec();
    match event {
        Event::Ping => Outcome::Ping(control),
        Event::Pong => Outcome::Pong(control),
        Event::Close => Outcome::Close(control),
        Event::Failed(fault) => Outcome::Fault(fault),
        other => panic!("no such event: {other:?}"),
    }
}

fn whole(message: Payload<'_>) -> Outcome {
    match message {
        Payload::Text(text) => Outcome::Text(text.to_owned()),
        Payload::Binary(bytes) => Outcome::Binary(bytes.to_vec()),
        Payload::Compressed { message_type: ws_core::event::MessageType::Text, bytes } => {
            Outcome::CompressedText(bytes.to_vec())
        }
        Payload::Compressed { bytes, .. } => Outcome::CompressedBinary(bytes.to_vec()),
    }
}
