//! Peers that mean harm, over TCP: what they cost is bounded in memory and time, and others are served meanwhile.
#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use common::tcp::{connected_by_hand, dial, request};
use peak_alloc::PeakAlloc;
use ws_std::ws_core::error::{Fault, Limit};
use ws_std::{CloseCode, Counters, Error, Hub, Message, Outcome, Phase, Server, SharedStream, Timeouts};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// The allocator counts for all threads, so one at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// What the timeouts of the server are here.
const SHORT: Duration = Duration::from_millis(400);

/// Beyond what anything may take on a machine with much else to do.
const LONG: Duration = Duration::from_secs(20);

/// A connection of the server: its read buffer, its queue, what its thread and its handshake take.
const CONNECTION_LEN_MAX: usize = 96 * 1024;

/// An echo server with short timeouts, and what became of each of its connections.
struct Served {
    hub: Hub,
    url: String,
    ended: Receiver<(Result<(), Error>, Option<Counters>)>,
    before: usize,
    _alone: MutexGuard<'static, ()>,
}

impl Served {
    fn start() -> Self {
        let timeouts = Timeouts::new().with_handshake(Some(SHORT)).with_write(Some(SHORT));
        let timeouts =
            timeouts.with_close(Some(SHORT)).with_ping_interval(Some(SHORT)).with_pong(Some(SHORT));
        Self::start_with(timeouts)
    }

    fn start_with(timeouts: Timeouts) -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let acceptor = Server::new().with_timeouts(timeouts);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        let (report, ended) = mpsc::channel();
        let hub = Hub::new(5000);
        let serving = hub.clone();
        thread::spawn(move || {
            serving.serve(&listener, move |stream, place| {
                echo(&acceptor, stream, &report);
                drop(place);
            })
        });
        let mut served = Self { hub, url, ended, before: 0, _alone: alone };
        served.serves_others();
        served.before = ALLOCATOR.current_usage();
        ALLOCATOR.reset_peak_usage();
        served
    }

    /// Somebody else is served as ever.
    fn serves_others(&self) {
        let begun = Instant::now();
        let mut socket = ws_std::connect(&self.url).unwrap();
        socket.send("Hello").unwrap();
        assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("Hello"));
        socket.close(CloseCode::NORMAL).unwrap();
        assert!(begun.elapsed() < LONG / 4, "{:?}", begun.elapsed());
        let outcome = self.ended.recv_timeout(LONG).unwrap().1.unwrap().outcome;
        assert!(matches!(outcome, Some(Outcome::Closed)), "{outcome:?}");
    }

    /// How the connection of the attacker ended, and what was allocated at most since the start.
    fn outcome(&self) -> (Result<(), Error>, Option<Counters>, usize) {
        let (result, counters) = self.ended.recv_timeout(LONG).unwrap();
        (result, counters, ALLOCATOR.peak_usage().saturating_sub(self.before))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.hub.shutdown("the test ends", SHORT);
    }
}

fn echo(
    server: &Server,
    stream: SharedStream<TcpStream>,
    report: &Sender<(Result<(), Error>, Option<Counters>)>,
) {
    let mut socket = match server.accept(stream) {
        Ok(socket) => socket,
        Err(error) => return drop(report.send((Err(error), None))),
    };
    let mut converse = || {
        while let Some((message, mut writer)) = socket.read()? {
            writer.send(message)?;
        }
        Ok(())
    };
    let result = converse();
    drop(report.send((result, Some(socket.counters()))));
}

/// The code of the Close at the end of what is read.
fn close_code(mut stream: TcpStream) -> u16 {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let at = bytes.iter().rposition(|byte| *byte == 0x88).unwrap();
    u16::from_be_bytes([bytes[at + 2], bytes[at + 3]])
}

/// A header that is masked with zeros.
fn header(first: u8, len: u64) -> Vec<u8> {
    let mut header = vec![first];
    match len {
        0..=125 => header.push(0x80 | u8::try_from(len).unwrap()),
        126..=0xFFFF => {
            header.push(0xFE);
            header.extend_from_slice(&u16::try_from(len).unwrap().to_be_bytes());
        }
        _ => {
            header.push(0xFF);
            header.extend_from_slice(&len.to_be_bytes());
        }
    }
    header.extend_from_slice(&[0; 4]);
    header
}

#[test]
fn a_header_that_claims_much_costs_nothing() {
    let served = Served::start();
    for len in [(16 << 20) + 1, 1 << 40, 1 << 62] {
        let mut stream = connected_by_hand(&served.url);
        stream.write_all(&header(0x82, len)).unwrap();
        assert_eq!(close_code(stream), 1009);
        let (result, _, peak) = served.outcome();
        assert!(matches!(result, Err(Error::Fault(Fault::Limit(Limit::FrameLen)))), "{result:?}");
        assert!(peak < CONNECTION_LEN_MAX, "{peak}");
    }
    // As long as is allowed, and then nothing.
    let mut stream = connected_by_hand(&served.url);
    stream.write_all(&header(0x82, 16 << 20)).unwrap();
    stream.write_all(&[0; 1000]).unwrap();
    served.serves_others();
    let (result, _, peak) = served.outcome();
    assert!(matches!(result, Err(Error::Timeout(Phase::Pong))), "{result:?}");
    assert!(peak < 2 * CONNECTION_LEN_MAX, "{peak}");
}

#[test]
fn a_ping_flood_from_a_peer_that_never_reads_ends_in_time_and_takes_no_memory() {
    let served = Served::start();
    let mut stream = connected_by_hand(&served.url);
    let begun = Instant::now();
    let pings: Vec<u8> = [header(0x89, 125), vec![7; 125]].concat().repeat(500);
    let mut flooding = stream.try_clone().unwrap();
    let flood = thread::spawn(move || {
        let mut sent_count = 0_u64;
        while flooding.write_all(&pings).is_ok() {
            sent_count += 500;
        }
        sent_count
    });
    served.serves_others();
    let (result, counters, peak) = served.outcome();
    assert!(matches!(result, Err(Error::Timeout(_) | Error::Disconnected(_))), "{result:?}");
    assert!(begun.elapsed() < LONG, "{:?}", begun.elapsed());
    assert!(peak < 2 * CONNECTION_LEN_MAX, "{peak}");
    assert!(counters.unwrap().received.ping_count > 1000, "{counters:?}");
    let _reset = stream.shutdown(Shutdown::Both);
    let _reset = stream.read(&mut [0; 10]);
    assert!(flood.join().unwrap() > 0);
}

#[test]
fn a_message_of_countless_fragments_is_refused_when_there_are_too_many() {
    let served = Served::start();
    for payload in [&b""[..], b"x"] {
        let mut stream = connected_by_hand(&served.url);
        let len = u64::try_from(payload.len()).unwrap();
        let first = [header(0x02, len), payload.to_vec()].concat();
        let next = [header(0x00, len), payload.to_vec()].concat().repeat(1000);
        let mut flooding = stream.try_clone().unwrap();
        let flood = thread::spawn(move || {
            // A million, or as many as the server takes.
            flooding.write_all(&first).and_then(|()| (0..1000).try_for_each(|_| flooding.write_all(&next)))
        });
        let mut answer = Vec::new();
        let _reset = stream.read_to_end(&mut answer);
        assert!(answer.starts_with(&[0x88]), "{answer:?}");
        assert_eq!(answer[2..4], 1008_u16.to_be_bytes());
        let (result, _, peak) = served.outcome();
        assert!(matches!(result, Err(Error::Fault(Fault::Limit(Limit::FragmentCount)))), "{result:?}");
        // What came is in one buffer, which is doubled as it grows.
        assert!(peak < CONNECTION_LEN_MAX + 3 * 131_072, "{peak}");
        drop(flood.join());
    }
    served.serves_others();
}

#[test]
fn a_handshake_that_drips_is_told_408_in_time() {
    let served = Served::start();
    let mut stream = dial(&served.url);
    let begun = Instant::now();
    let mut dripping = stream.try_clone().unwrap();
    let drip = thread::spawn(move || {
        let request = request("/", &"X-Filler: x\r\n".repeat(100));
        let bytes = request.bytes().cycle().take(10_000);
        for byte in bytes {
            if dripping.write_all(&[byte]).is_err() {
                break;
            }
            // The pace of the attacker, who is not waited for.
            thread::sleep(Duration::from_millis(20));
        }
    });
    served.serves_others();
    let (result, _, peak) = served.outcome();
    assert!(matches!(result, Err(Error::Timeout(Phase::Handshake))), "{result:?}");
    // The server's clock began earlier than this one, and takes 2 ms before a deadline for its end.
    let elapsed = begun.elapsed() + Duration::from_millis(20);
    assert!(elapsed >= SHORT && elapsed < LONG / 2, "{elapsed:?}");
    assert!(peak < 2 * CONNECTION_LEN_MAX, "{peak}");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
    drop(stream.shutdown(Shutdown::Both));
    drip.join().unwrap();
}

#[test]
fn a_peer_that_does_not_read_its_echo_is_given_up() {
    let served = Served::start();
    let mut stream = connected_by_hand(&served.url);
    let begun = Instant::now();
    let message = [header(0x82, 60_000), vec![0; 60_000]].concat();
    let mut sending = stream.try_clone().unwrap();
    let sender = thread::spawn(move || while sending.write_all(&message).is_ok() {});
    served.serves_others();
    let (result, _, peak) = served.outcome();
    assert!(matches!(result, Err(Error::Timeout(Phase::Write))), "{result:?}");
    assert!(begun.elapsed() >= SHORT && begun.elapsed() < LONG, "{:?}", begun.elapsed());
    assert!(peak < 4 * CONNECTION_LEN_MAX, "{peak}");
    drop(stream.shutdown(Shutdown::Both));
    let _reset = stream.read(&mut [0]);
    sender.join().unwrap();
}

#[test]
fn a_peer_that_is_gone_or_resets_is_noticed_in_time() {
    let served = Served::start();
    // Half open: it answers nothing, and is still there for TCP.
    let silent = connected_by_hand(&served.url);
    let begun = Instant::now();
    let (result, counters, _) = served.outcome();
    assert!(matches!(result, Err(Error::Timeout(Phase::Pong))), "{result:?}");
    assert!(begun.elapsed() >= SHORT && begun.elapsed() < LONG, "{:?}", begun.elapsed());
    assert_eq!(counters.unwrap().sent.ping_count, 1);
    drop(silent);
    // In the middle of a message, and with something unread, which makes the system reset it.
    let mut stream = connected_by_hand(&served.url);
    stream.write_all(&[header(0x81, 2), b"hi".to_vec(), header(0x82, 1000), vec![0; 10]].concat()).unwrap();
    stream.peek(&mut [0]).unwrap();
    drop(stream);
    let (result, _, _) = served.outcome();
    assert!(matches!(result, Err(Error::Disconnected(_))), "{result:?}");
    served.serves_others();
}

#[test]
fn a_peer_that_never_answers_the_close_is_left_in_time() {
    let served = Served::start();
    let mut stream = connected_by_hand(&served.url);
    // A fault: the server closes with 1002, and waits for the end of the stream, which does not come.
    stream.write_all(&[0x81, 0x00]).unwrap();
    let begun = Instant::now();
    let feeding = stream.try_clone().unwrap();
    let (result, _, _) = served.outcome();
    assert!(matches!(result, Err(Error::Fault(_))), "{result:?}");
    assert!(begun.elapsed() < LONG, "{:?}", begun.elapsed());
    assert_eq!(close_code(stream), 1002);
    drop(feeding);
    served.serves_others();
}

#[test]
fn two_thousand_idle_connections_take_little_and_leave_room_for_others() {
    const COUNT: usize = 2000;
    let served = Served::start_with(Timeouts::new());
    let streams: Vec<_> = (0..COUNT).map(|_| connected_by_hand(&served.url)).collect();
    assert_eq!(served.hub.connection_count(), COUNT);
    let len = ALLOCATOR.current_usage().saturating_sub(served.before) / COUNT;
    let peak = ALLOCATOR.peak_usage().saturating_sub(served.before) / COUNT;
    println!("{len} bytes a connection, {peak} at the peak");
    assert!(len <= 24 * 1024 && peak <= 26 * 1024, "{len} bytes a connection, {peak} at the peak");
    served.serves_others();
    drop(streams);
    for _ in 0..COUNT {
        let (result, _, _) = served.outcome();
        assert!(matches!(result, Err(Error::Disconnected(_))), "{result:?}");
    }
}
