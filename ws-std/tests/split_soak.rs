//! Both directions of a split connection saturated at once. One test, since the allocator counts for all threads.
//!
//! It takes 5 s. `WS_SOAK_SECONDS=120 cargo test -p ws-std --test split_soak --all-features -- --nocapture` makes it 2
//! minutes, of which each kind of connection has its part, and shows the figures.
#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test")]

mod common;

use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use common::tcp::serve;
use peak_alloc::PeakAlloc;
use ws_std::ws_core::event::Event;
use ws_std::{Client, CloseCode, Duplex, MessageType, ReadHalf, Server, WriteHalf};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// How long all of it takes, unless `WS_SOAK_SECONDS` says otherwise.
const TIME: Duration = Duration::from_secs(5);

/// How much more may be allocated at the peak of the second half than at that of the first, in bytes: by chance the longest
/// messages meet in all places.
const SLACK: usize = 512 << 10;

/// Four halves with a message each in three places, and the contexts of two compressors and two inflaters.
const PEAK_MAX: usize = 4 << 20;

/// What a direction has carried.
#[derive(Debug, Default, PartialEq, Eq)]
struct Carried {
    message_count: u64,
    byte_count: u64,
    checksum: u64,
}

impl Carried {
    fn add(&mut self, bytes: &[u8]) {
        self.byte_count += u64::try_from(bytes.len()).unwrap();
        for byte in bytes {
            self.checksum = self.checksum.wrapping_mul(31).wrapping_add(u64::from(*byte));
        }
    }
}

#[test]
fn both_directions_saturated_with_messages_pings_and_fragments_stay_whole_in_bounded_memory() {
    let time = std::env::var("WS_SOAK_SECONDS")
        .map_or(TIME, |seconds| Duration::from_secs(seconds.parse().expect("a number of seconds")));
    let time = time / (1 + u32::from(cfg!(feature = "deflate")) + u32::from(cfg!(feature = "rustls-ring")));
    soak("plain", &Server::new(), &Client::new(), time);
    #[cfg(feature = "rustls-ring")]
    soak_tls(&Server::new(), &Client::new(), time);
    #[cfg(feature = "deflate")]
    {
        // These are in fragments where they are longer than 64 KiB.
        let deflate = ws_std::Deflate::new();
        soak("deflate", &Server::new().with_deflate(deflate), &Client::new().with_deflate(deflate), time);
    }
}

fn soak(name: &str, server: &Server, client: &Client, time: Duration) {
    let before = ALLOCATOR.current_usage();
    let accepting = server.clone();
    let (url, server) = serve(move |stream| accepting.accept(stream).unwrap().split().unwrap());
    let ours = client.connect(&url).unwrap().split().unwrap();
    saturate(name, before, time, ours, server.join().unwrap());
}

#[cfg(feature = "rustls-ring")]
fn soak_tls(server: &Server, client: &Client, time: Duration) {
    let authority = common::tls::Authority::new("CA");
    let config = authority.issue("localhost").server_tls().build();
    let client = client.clone().with_tls(authority.client_tls());
    let before = ALLOCATOR.current_usage();
    let accepting = server.clone();
    let (url, server) = serve(move |stream| accepting.accept_tls(stream, &config).unwrap().split().unwrap());
    let ours = client.connect(&url.replace("ws://127.0.0.1", "wss://localhost")).unwrap().split().unwrap();
    saturate("TLS", before, time, ours, server.join().unwrap());
}

fn saturate<C: Duplex + Send, S: Duplex + Send>(
    name: &str,
    before: usize,
    time: Duration,
    (mut client_reader, client_writer): (ReadHalf<C>, WriteHalf<C>),
    (mut server_reader, server_writer): (ReadHalf<S>, WriteHalf<S>),
) {
    ALLOCATOR.reset_peak_usage();
    let until = Instant::now() + time;
    let (sent_up, sent_down, received_up, (received_down, pong_count), first_peak) = thread::scope(|scope| {
        let up = scope.spawn(|| send(client_writer.clone(), until, 1));
        let down = scope.spawn(|| send(server_writer.clone(), until, 2));
        let received_up = scope.spawn(|| receive(&mut server_reader));
        let received_down = scope.spawn(|| receive_events(&mut client_reader));
        thread::sleep(time / 2);
        let first_peak = ALLOCATOR.peak_usage().saturating_sub(before);
        ALLOCATOR.reset_peak_usage();
        let (up, down) = (up.join().unwrap(), down.join().unwrap());
        client_writer.start_close(CloseCode::NORMAL).unwrap();
        (up, down, received_up.join().unwrap(), received_down.join().unwrap(), first_peak)
    });
    let peak = ALLOCATOR.peak_usage().saturating_sub(before);
    println!("{name}, {time:?}: up {sent_up:?}, down {sent_down:?}, {pong_count} pongs");
    println!(
        "{name}: {first_peak} bytes were allocated at the peak of the first half, {peak} at that of the second"
    );
    assert_eq!((&sent_up, &sent_down), (&received_up, &received_down));
    assert!(received_down.message_count > 100 && pong_count > 10, "{received_down:?}, {pong_count} pongs");
    assert!(client_writer.closure().unwrap().is_clean && server_writer.closure().unwrap().is_clean);
    assert!(first_peak < PEAK_MAX && peak < PEAK_MAX, "{first_peak} and {peak} bytes were allocated");
    assert!(peak < first_peak + SLACK, "{first_peak} bytes became {peak}");
}

/// Sends messages of 0 to 100 KiB, some of them in parts, and pings, as fast as they go.
fn send(mut writer: WriteHalf<impl Duplex>, until: Instant, seed: u64) -> Carried {
    let (mut sent, mut random) = (Carried::default(), seed);
    let mut message = Vec::new();
    while Instant::now() < until {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let len = usize::try_from((random >> 33) % (100 * 1024 + 1)).unwrap();
        message.clear();
        message.extend(random.to_le_bytes().iter().cycle().take(len));
        if random >> 61 == 1 {
            let mut parts = writer.message_writer(MessageType::Binary).unwrap();
            for part in message.chunks(10_000) {
                parts.write_all(part).unwrap();
            }
            parts.finish().unwrap();
        } else {
            writer.send(&message).unwrap();
        }
        sent.add(&message);
        sent.message_count += 1;
        if random >> 62 == 0 {
            writer.ping(&random.to_le_bytes()).unwrap();
        }
    }
    sent
}

fn receive(reader: &mut ReadHalf<impl Duplex>) -> Carried {
    let mut received = Carried::default();
    while let Some(message) = reader.read().unwrap() {
        received.add(message.as_bytes());
        received.message_count += 1;
    }
    received
}

fn receive_events(reader: &mut ReadHalf<impl Duplex>) -> (Carried, u64) {
    let (mut received, mut pong_count) = (Carried::default(), 0);
    while let Some(event) = reader.read_part().unwrap() {
        match event {
            Event::Data(piece) => {
                received.add(piece.payload.as_bytes());
                received.message_count += u64::from(piece.is_last);
            }
            Event::Pong => pong_count += 1,
            Event::Ping | Event::Close | Event::Failed(_) | _ => {}
        }
    }
    (received, pong_count)
}
