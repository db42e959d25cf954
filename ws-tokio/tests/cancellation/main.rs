//! Every future may be dropped at every await: each message arrives once, whole and in order, and no wake-up is lost.
//!
//! Both ends of a wire in memory are polled by hand, each task only after it was woken. Futures are dropped at random. A failure prints
//! the seed: `SEED=17 cargo test --test cancellation` repeats that run alone.
#![expect(
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    clippy::panic,
    reason = "a test"
)]

#[path = "../common/mod.rs"]
mod common;
mod receiving;
mod sending;

use std::cell::{Cell, RefCell};
use std::fmt::Debug;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use common::Random;
use common::scheduler::{attempt, run};
use common::wire::{End, Wire, WireConfig};
use futures_util::{Sink, SinkExt as _, Stream, StreamExt};
use receiving::{Got, Inbox, Receives as _};
use sending::{Outbox, Sends as _, done};
use ws_tokio::{Client, CloseCode, Error, OwnedMessage, ReadHalf, Server, Timeouts, WebSocket, WriteHalf};

/// How a program uses its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// One task, which reads and writes by turns.
    Whole,
    /// Two tasks on halves.
    Split,
    /// Two tasks on the halves of `StreamExt::split`.
    SinkAndStream,
}

#[test]
fn whole_connections_lose_nothing() {
    run_all(4000, |_random| [Use::Whole, Use::Whole]);
}

#[test]
fn halves_lose_nothing() {
    run_all(4000, |_random| [Use::Split, Use::Split]);
}

#[test]
fn a_sink_and_a_stream_in_two_tasks_lose_nothing() {
    run_all(1000, |_random| [Use::SinkAndStream, Use::SinkAndStream]);
}

#[test]
fn all_uses_work_together() {
    let uses = [Use::Whole, Use::Split, Use::SinkAndStream];
    run_all(1000, move |random| [uses[random.below(3)], uses[random.below(3)]]);
}

fn run_all(count: u64, choose: impl Fn(&Random) -> [Use; 2]) {
    if let Ok(seed) = std::env::var("SEED") {
        return run_one(seed.parse().unwrap(), &choose);
    }
    for seed in 0..count {
        run_one(seed, &choose);
    }
}

/// Prints the seed of a run that fails.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("SEED={}", self.0);
        }
    }
}

fn run_one(seed: u64, choose: &impl Fn(&Random) -> [Use; 2]) {
    let _printed = Seed(seed);
    let random = Random::new(seed);
    let step = [3, 40, 1500, 40_000, 300_000][random.below(5)];
    let config = WireConfig {
        capacity: [1 + random.below(30), 1500, 64 << 10, 1 << 20][random.below(4)],
        step,
        pending: [0, 2, 5, 20][random.below(4)],
        is_buffered: random.once_in(4),
        is_vectored: random.once_in(2),
    };
    let len_max = (step.min(config.capacity) * 30).clamp(200, 100_000);
    let (wire, client, server) = Wire::new(&random, config);
    let has_deflate = cfg!(feature = "deflate") && random.once_in(3);
    let [client, server] = open(&random, &wire, client, server, has_deflate);
    let plans = [plan(&random, len_max), plan(&random, len_max)];
    // One of them closes, or both at once.
    let closers = [[true, false], [false, true], [true, true]][random.below(3)];
    let uses = choose(&random);
    let mut tasks: Vec<Pin<Box<dyn Future<Output = ()>>>> = Vec::new();
    for (index, socket) in [client, server].into_iter().enumerate() {
        let outbox = Outbox::new(&random, plans[index].clone(), socket.role());
        let inbox = Inbox::new(&random, plans[1 - index].clone());
        let gates = Gates::default();
        let closer = if closers[index] { Closer::of(random.below(2)) } else { Closer::Peer };
        match uses[index] {
            Use::Whole => tasks.push(Box::pin(whole(socket, outbox, inbox, closer, random.clone()))),
            Use::Split => {
                let (reader, writer) = socket.split();
                tasks.push(Box::pin(read_half(reader, inbox, gates.clone(), closer, random.clone())));
                tasks.push(Box::pin(write_half(writer, outbox, gates, closer, random.clone())));
            }
            Use::SinkAndStream => {
                let (sink, stream) = <WebSocket<End> as StreamExt>::split(socket);
                tasks.push(Box::pin(read_stream(stream, inbox, gates.clone(), random.clone())));
                tasks.push(Box::pin(write_sink(sink, outbox, gates, closer, random.clone())));
            }
        }
    }
    if let Err(stalled) = run(&random, tasks, || wire.tick()) {
        panic!("{stalled}: {uses:?} {closers:?} {config:?}, deflate: {has_deflate}");
    }
}

/// The side that closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closer {
    Peer,
    /// We, by the half that reads, where there are halves.
    Reader,
    Writer,
}

impl Closer {
    fn of(number: usize) -> Self {
        if number == 0 { Self::Reader } else { Self::Writer }
    }
}

fn open(random: &Random, wire: &Wire, client: End, server: End, has_deflate: bool) -> [WebSocket<End>; 2] {
    let timeouts = Timeouts::new().with_handshake(None).with_write(None).with_close(None);
    let (dialer, host) =
        (Client::new_with_timer(|| common::NoTime), Server::new_with_timer(|| common::NoTime));
    let (dialer, host) = (dialer.with_timeouts(timeouts), host.with_timeouts(timeouts));
    #[cfg(feature = "deflate")]
    let (dialer, host) = if has_deflate {
        let deflate = ws_tokio::Deflate::new().with_threshold(random.below(100));
        (dialer.with_deflate(deflate), host.with_deflate(deflate))
    } else {
        (dialer, host)
    };
    #[cfg(not(feature = "deflate"))]
    let _ = has_deflate;
    let opened: RefCell<[Option<WebSocket<End>>; 2]> = RefCell::default();
    let connecting = async {
        let socket = dialer.handshake(client, "ws://localhost/").await.unwrap();
        opened.borrow_mut()[0] = Some(socket);
    };
    let accepting = async {
        let socket = host.accept(server).await.unwrap();
        opened.borrow_mut()[1] = Some(socket);
    };
    run(random, vec![Box::pin(connecting), Box::pin(accepting)], || wire.tick()).unwrap();
    opened.take().map(Option::unwrap)
}

/// What an end sends.
fn plan(random: &Random, len_max: usize) -> Vec<OwnedMessage> {
    let count = random.below(9);
    let of = |number| {
        let len = match random.below(6) {
            0 => 0,
            1 => random.below(len_max),
            2 => random.below(len_max.min(20_000)),
            _ => random.below(200),
        };
        if random.once_in(2) {
            let text: String = (0..len / 4).map(|at| ['ü', '€', 'x', '7'][(at * at + number) % 4]).collect();
            OwnedMessage::from(text)
        } else {
            let seed = Random::new(random.next());
            OwnedMessage::from((0..len).map(|_| seed.next().to_le_bytes()[0] & 0x3F).collect::<Vec<_>>())
        }
    };
    (0..count).map(of).collect()
}

// What both halves of a program tell each other.

#[derive(Clone, Default)]
struct Gates {
    all_received: Gate,
    all_sent: Gate,
}

#[derive(Clone, Default)]
struct Gate(Rc<(Cell<bool>, RefCell<Option<Waker>>)>);

impl Gate {
    fn open(&self) {
        self.0.0.set(true);
        if let Some(waker) = self.0.1.take() {
            waker.wake();
        }
    }

    async fn opened(&self) {
        poll_fn(|cx| {
            *self.0.1.borrow_mut() = Some(cx.waker().clone());
            if self.0.0.get() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// How often a future is polled before it is dropped.
fn patience(random: &Random) -> usize {
    [0, 0, 1, 3, usize::MAX][random.below(5)]
}

// The programs.

/// Waits until the task is woken again.
async fn wait_for_wake() {
    let mut has_waited = false;
    poll_fn(|_cx| if std::mem::replace(&mut has_waited, true) { Poll::Ready(()) } else { Poll::Pending })
        .await;
}

async fn whole(
    mut socket: WebSocket<End>,
    mut outbox: Outbox,
    mut inbox: Inbox,
    closer: Closer,
    random: Random,
) {
    loop {
        let is_all_sent = outbox.is_empty();
        if is_all_sent && inbox.is_full() && closer != Closer::Peer {
            break;
        }
        let (mut is_pending, reads_first) = (true, random.once_in(2));
        for reads in [reads_first, !reads_first] {
            if reads {
                // Nothing else is to be done when all is sent.
                let patience = if is_all_sent { patience(&random) } else { 0 };
                match attempt(socket.receive_any(&mut inbox), patience).await {
                    Some(Got::End) => return inbox.end(socket.counters()),
                    Some(Got::Something) => is_pending = false,
                    None => {}
                }
            } else if !is_all_sent {
                is_pending &= socket.send_any(&mut outbox, || 0).await;
            }
        }
        if is_pending && !random.once_in(4) {
            wait_for_wake().await;
        }
    }
    match (closer, random.once_in(2)) {
        (Closer::Reader, _) => {
            while !done(attempt(socket.close(CloseCode::NORMAL), patience(&random)).await) {}
        }
        // They do not read, and the peer may not either. What they have queued leaves with the next read.
        (_, true) => {
            done(attempt(socket.begin_close(), 0).await);
        }
        (_, false) => {
            done(attempt(poll_fn(|cx| socket.poll_close_unpin(cx)), 0).await);
        }
    }
    while attempt(socket.receive_any(&mut inbox), patience(&random)).await != Some(Got::End) {}
    inbox.end(socket.counters());
}

async fn read_half(
    mut reader: ReadHalf<End>,
    mut inbox: Inbox,
    gates: Gates,
    closer: Closer,
    random: Random,
) {
    loop {
        if inbox.is_full() {
            gates.all_received.open();
            if closer == Closer::Reader {
                gates.all_sent.opened().await;
                while !done(attempt(reader.close(CloseCode::NORMAL), patience(&random)).await) {}
                return inbox.end(reader.counters());
            }
        }
        match attempt(reader.receive_any(&mut inbox), patience(&random)).await {
            Some(Got::End) => return inbox.end(reader.counters()),
            Some(Got::Something) | None => {}
        }
    }
}

async fn write_half(
    mut writer: WriteHalf<End>,
    mut outbox: Outbox,
    gates: Gates,
    closer: Closer,
    random: Random,
) {
    while !outbox.is_empty() {
        writer.send_any(&mut outbox, || patience(&random)).await;
    }
    // What was queued leaves by the half that reads, too.
    if random.once_in(2) {
        writer.flush().await.unwrap();
    }
    gates.all_sent.open();
    if closer == Closer::Writer {
        gates.all_received.opened().await;
        if random.once_in(2) {
            done(attempt(writer.begin_close(), patience(&random)).await);
        } else {
            done(attempt(poll_fn(|cx| writer.poll_close_unpin(cx)), patience(&random)).await);
        }
    }
}

async fn read_stream(
    mut stream: impl Stream<Item = Result<OwnedMessage, Error>> + Unpin,
    mut inbox: Inbox,
    gates: Gates,
    random: Random,
) {
    loop {
        if inbox.is_full() {
            gates.all_received.open();
        }
        match attempt(stream.next(), patience(&random)).await {
            Some(Some(message)) => inbox.take(&message.unwrap()),
            Some(None) => return assert!(inbox.is_full(), "messages are missing"),
            None => {}
        }
    }
}

async fn write_sink(
    mut sink: impl Sink<OwnedMessage, Error = Error> + Unpin,
    mut outbox: Outbox,
    gates: Gates,
    closer: Closer,
    random: Random,
) {
    while !outbox.is_empty() {
        if done(attempt(poll_fn(|cx| sink.poll_ready_unpin(cx)), patience(&random)).await) {
            sink.start_send_unpin(outbox.plan[outbox.count].clone()).unwrap();
            outbox.count += 1;
        }
        if random.once_in(2) {
            done(attempt(poll_fn(|cx| sink.poll_flush_unpin(cx)), patience(&random)).await);
        }
    }
    // The half of a sink keeps a message to itself until then.
    sink.flush().await.unwrap();
    if closer != Closer::Peer {
        gates.all_received.opened().await;
        done(attempt(poll_fn(|cx| sink.poll_close_unpin(cx)), patience(&random)).await);
    }
}
