//! What a hub compresses once for all members that can take it.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::io::Read as _;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use common::deflate::{agreed, json, noise, params};
use common::{frame, frames};
use ws_std::ws_core::deflate::{CompressionLevel, DeflateSettings, Deflater};
use ws_std::ws_core::extension::{DeflateConfig, WindowBits};
use ws_std::{
    Config, Deflate, EncodedMessage, Hub, Message, Place, Role, SharedStream, WebSocket, WriteHalf,
};

type Member = (Place, WriteHalf<SharedStream<TcpStream>>, TcpStream);

/// A member with compression of this window, or without it, and the bare stream of its peer.
fn enter(hub: &Hub, listener: &TcpListener, role: Role, bits: Option<u8>) -> Member {
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let stream = SharedStream::new(listener.accept().unwrap().0);
    let config = Config::new();
    let socket = match bits {
        Some(bits) => {
            let agreed = agreed(role, params(true, bits));
            WebSocket::after_handshake_with_deflate(stream, role, config, agreed, Deflate::new(), b"")
        }
        None => WebSocket::after_handshake(stream, role, config, b""),
    };
    let place = hub.enter(|| {}).unwrap();
    let (_reader, writer) = socket.unwrap().split().unwrap();
    place.join(writer.clone());
    (place, writer, peer)
}

/// All that a peer was sent, after which the connection ends.
fn all_of((place, writer, mut peer): Member) -> Vec<u8> {
    writer.flush().unwrap();
    drop((place, writer));
    peer.shutdown(Shutdown::Write).unwrap();
    let mut bytes = Vec::new();
    peer.read_to_end(&mut bytes).unwrap();
    bytes
}

fn bits(bits: u8) -> WindowBits {
    WindowBits::new(bits).unwrap()
}

/// A message as it is compressed for all.
fn compressed(message: &str, window_bits: u8) -> Vec<u8> {
    let settings = DeflateSettings::new().with_window_bits(bits(window_bits));
    EncodedMessage::compressed(message, &mut Deflater::new(settings)).unwrap().as_bytes().to_vec()
}

#[test]
fn each_member_receives_the_form_that_it_can_take() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let plain = Hub::new(10);
    let hub = plain.clone().with_deflate(Deflate::new());
    let small_config = DeflateConfig::new().with_outgoing_max_window_bits(bits(9));
    let small = plain.clone().with_deflate(Deflate::new().with_config(small_config));
    let members = [
        (Role::Server, None),
        (Role::Server, Some(15)),
        (Role::Server, Some(9)),
        (Role::Client, None),
        (Role::Client, Some(15)),
    ]
    .map(|(role, bits)| enter(&hub, &listener, role, bits));
    let text = json(60_000);
    let [short, just] = [1023, 1024].map(json);
    assert_eq!(hub.broadcast(&text).unwrap().sent_count, 5);
    assert_eq!(hub.broadcast(&short).unwrap().sent_count, 5);
    assert_eq!(hub.broadcast_except(members[0].0.id(), &just).unwrap().sent_count, 4);
    assert_eq!(hub.broadcast(&noise(5000)).unwrap().sent_count, 5);
    assert_eq!(plain.broadcast(&text).unwrap().sent_count, 5);
    let of_server = |text: &str| frame(Role::Server, 0x81, text.as_bytes());
    let common = [frame(Role::Server, 0x82, &noise(5000)), of_server(&text)].concat();
    let last = |texts: [Vec<u8>; 3]| [texts.concat(), common.clone()].concat();
    let [none, largest, smallest, clients @ ..] = {
        for member in &members[1..3] {
            assert_eq!(small.send_to(member.0.id(), &text).unwrap().sent_count, 1);
        }
        members.map(all_of)
    };
    assert!(none == last([of_server(&text), of_server(&short), vec![]]));
    let small_window = compressed(&text, 9);
    assert!(compressed(&text, 15) != small_window);
    let expected = last([compressed(&text, 15), of_server(&short), compressed(&just, 15)]);
    assert!(largest == [expected, small_window.clone()].concat());
    let expected = last([of_server(&text), of_server(&short), of_server(&just)]);
    assert!(smallest == [expected, small_window].concat());
    for bytes in clients {
        let sent = frames(&bytes);
        let expected = [&text, &short, &just].map(|text| (0x81, text.as_bytes().to_vec()));
        assert!(sent[..3] == expected, "masked, and not compressed");
        assert_eq!(bytes[1] & 0x80, 0x80);
        assert_eq!(sent.len(), 5);
    }
}

#[test]
fn what_is_compressed_for_all_mixes_with_what_a_connection_compresses_by_itself() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let hub = Hub::new(10).with_deflate(Deflate::new());
    let (place, writer, peer) = enter(&hub, &listener, Role::Server, Some(15));
    let agreed = agreed(Role::Client, params(true, 15));
    let mut client = WebSocket::after_handshake_with_deflate(
        peer,
        Role::Client,
        Config::new(),
        agreed,
        Deflate::new(),
        b"",
    )
    .unwrap();
    let (text, other) = (json(5000), json(9000));
    for _ in 0..3 {
        hub.broadcast(&text).unwrap();
        writer.send(&other).unwrap();
        writer.send(&text).unwrap();
        for expected in [&text, &other, &text] {
            assert!(client.read().unwrap().unwrap().0 == Message::Text(expected));
        }
    }
    drop(place);
}

#[test]
fn nobody_waits_while_a_message_is_compressed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let plain = Hub::new(10);
    let slow = Deflate::new().with_level(CompressionLevel::BEST);
    let hub = plain.clone().with_deflate(slow);
    let member = enter(&hub, &listener, Role::Server, Some(15));
    let other = enter(&hub, &listener, Role::Server, None);
    let mut peer = member.2.try_clone().unwrap();
    let reading = thread::spawn(move || std::io::copy(&mut peer, &mut std::io::sink()).unwrap());
    let text = json(if cfg!(debug_assertions) { 4 << 20 } else { 32 << 20 });
    let (took, longest) = thread::scope(|scope| {
        let sending = scope.spawn(|| {
            let begun = Instant::now();
            assert_eq!(hub.send_to(member.0.id(), &text).unwrap().sent_count, 1);
            begun.elapsed()
        });
        let mut longest = Duration::ZERO;
        while !sending.is_finished() {
            let begun = Instant::now();
            assert_eq!(plain.send_to(other.0.id(), "x").unwrap().sent_count, 1);
            longest = longest.max(begun.elapsed());
            thread::sleep(Duration::from_millis(1));
        }
        (sending.join().unwrap(), longest)
    });
    println!("compressed and sent in {took:?}; meanwhile others took {longest:?} at most");
    assert!(longest < took / 3, "{longest:?} of {took:?}");
    assert!(all_of(member).is_empty(), "it was read");
    assert!(reading.join().unwrap() > 0);
    drop(other);
}

#[test]
fn a_broadcast_to_200_members_of_which_half_compress_costs_one_compression() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let plain = Hub::new(200);
    let hub = plain.clone().with_deflate(Deflate::new());
    let members: Vec<_> =
        (0..200).map(|n| enter(&hub, &listener, Role::Server, (n % 2 == 0).then_some(15))).collect();
    let text = json(60 << 10);
    let [mut plainly, mut once, mut alone] = [Duration::MAX; 3];
    // No more than what the kernel holds for peers that do not read.
    for _ in 0..3 {
        let begun = Instant::now();
        drop(compressed(&text, 15));
        alone = alone.min(begun.elapsed());
        for (hub, shortest) in [(&plain, &mut plainly), (&hub, &mut once)] {
            let begun = Instant::now();
            assert_eq!(hub.broadcast(&text).unwrap().sent_count, 200);
            *shortest = begun.elapsed().min(*shortest);
        }
    }
    println!("60 KiB to 200 members: {plainly:?} uncompressed, {once:?} with one compression, of {alone:?}");
    // One for each member would be a hundred of them.
    assert!(once < plainly * 3 + alone * 10, "{once:?}");
    drop(members);
}
