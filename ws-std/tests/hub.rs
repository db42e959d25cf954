//! A hub of connections: its bound, its broadcasts, its end.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::io::Write as _;
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use common::tcp::{dial, read_to_end};
use common::wait_for;
use ws_std::{
    CloseCode, Delivery, Error, Hub, MemberId, Message, NetStream, Place, Server, SharedStream, Timeouts,
    WebSocket,
};

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(20);

/// A hub that is served, until it is shut down.
struct Served {
    hub: Hub,
    url: String,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Served {
    fn start(
        hub: Hub,
        visit: impl Fn(&Hub, &Place, SharedStream<TcpStream>) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        let room = hub.clone();
        let serving = thread::spawn(move || {
            room.clone().serve(&listener, move |stream, place| drop(visit(&room, &place, stream)))
        });
        Self { hub, url, serving }
    }

    fn connect(&self) -> WebSocket<NetStream> {
        let before = self.hub.member_count();
        let socket = ws_std::connect(&self.url).unwrap();
        wait_for(LONG, || self.hub.member_count() > before);
        socket
    }

    fn shut_down(self, patience: Duration) -> usize {
        let aborted_count = self.hub.shutdown("closing time", patience);
        self.serving.join().unwrap().unwrap();
        aborted_count
    }
}

/// Everybody hears everybody.
fn chat(hub: &Hub, place: &Place, stream: SharedStream<TcpStream>) -> Result<(), Error> {
    let (mut reader, writer) = Server::new().accept(stream)?.split()?;
    place.join(writer);
    while let Some(message) = reader.read()? {
        hub.broadcast(message)?;
    }
    Ok(())
}

/// A thread that reads to the end; gives the texts, and the code of the Close.
type Hearing = JoinHandle<(Vec<String>, u16)>;

fn hear_all(mut socket: WebSocket<NetStream>) -> Hearing {
    thread::spawn(move || {
        let mut heard = Vec::new();
        while let Some((message, _)) = socket.read().unwrap() {
            heard.push(String::from_utf8_lossy(message.as_bytes()).into_owned());
        }
        (heard, socket.closure().unwrap().status.get())
    })
}

#[test]
fn all_members_hear_all_messages_in_one_order() {
    const CLIENTS: usize = 8;
    const MESSAGES: usize = 200;
    let served = Served::start(Hub::new(100), chat);
    let (told, has_heard_all) = mpsc::channel();
    let (senders, heard): (Vec<_>, Vec<_>) = (0..CLIENTS)
        .map(|_| {
            let (mut reader, writer) = served.connect().split().unwrap();
            let told = told.clone();
            let reading = thread::spawn(move || {
                let mut heard = Vec::new();
                while heard.len() < CLIENTS * MESSAGES {
                    heard.push(reader.read().unwrap().unwrap().as_bytes().to_vec());
                }
                told.send(()).unwrap();
                assert!(reader.read().unwrap().is_none());
                assert_eq!(reader.closure().unwrap().status.get(), 1001);
                heard
            });
            (writer, reading)
        })
        .unzip();
    assert_eq!((served.hub.member_count(), served.hub.connection_count()), (CLIENTS, CLIENTS));
    thread::scope(|scope| {
        for (number, writer) in senders.iter().enumerate() {
            scope.spawn(move || {
                for count in 0..MESSAGES {
                    writer.send(&format!("{number}:{count}")).unwrap();
                }
            });
        }
    });
    for _ in 0..CLIENTS {
        has_heard_all.recv_timeout(LONG).unwrap();
    }
    assert_eq!(served.shut_down(LONG), 0);
    let heard: Vec<_> = heard.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert!(heard.iter().all(|one| *one == heard[0]));
    for number in 0..CLIENTS {
        let prefix = format!("{number}:");
        let own: Vec<_> = heard[0].iter().filter(|text| text.starts_with(prefix.as_bytes())).collect();
        assert_eq!(own.len(), MESSAGES);
        assert!(own.iter().zip(0..).all(|(text, count)| **text == format!("{number}:{count}").into_bytes()));
    }
}

#[test]
fn who_does_not_read_is_closed_with_1013_and_delays_nobody() {
    let served = Served::start(Hub::new(100), chat);
    let mut slow = served.connect();
    let quick = hear_all(served.connect());
    let text = "x".repeat(10_000);
    let (mut sent_count, mut lagging_count) = (0, 0);
    let begun = Instant::now();
    while lagging_count == 0 {
        assert!(begun.elapsed() < LONG, "{sent_count} messages were sent");
        let delivery = served.hub.broadcast(Message::Text(&text)).unwrap();
        assert_eq!(delivery.missed_count, 0);
        lagging_count += delivery.lagging_count;
        sent_count += 1;
        // One that reads keeps up.
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(lagging_count, 1);
    let after = served.hub.broadcast(Message::Text("after")).unwrap();
    assert_eq!((after.sent_count, after.missed_count), (1, 1));
    // All that was sent before the Close is still there for it.
    let mut heard_count = 0;
    while let Some((message, _)) = slow.read().unwrap() {
        assert_eq!(message, Message::Text(&text));
        heard_count += 1;
    }
    assert_eq!(heard_count, sent_count - 1);
    assert_eq!(slow.closure().unwrap().status.get(), 1013);
    assert_eq!(served.shut_down(LONG), 0);
    let (heard, status) = quick.join().unwrap();
    assert_eq!((heard.len(), heard.last().unwrap().as_str(), status), (sent_count + 1, "after", 1001));
}

#[test]
fn what_a_peer_takes_late_is_written_though_nobody_sends_more() {
    let served = Served::start(Hub::new(100), chat);
    let mut slow = served.connect();
    let text = "x".repeat(1 << 20);
    // More than what lies in the two sockets, in one message, so that its rest waits for the peer.
    let long = text.repeat(8);
    assert_eq!(served.hub.broadcast(Message::Text(&long)).unwrap().sent_count, 1);
    thread::sleep(SHORT);
    assert_eq!(slow.read().unwrap().unwrap().0, Message::Text(&long));
    let leaving = hear_all(slow);
    assert_eq!(served.shut_down(LONG), 0);
    assert_eq!(leaving.join().unwrap().1, 1001);
}

#[test]
fn beyond_its_bound_clients_wait_until_another_leaves() {
    let served = Served::start(Hub::new(2), chat);
    let (mut first, second) = (served.connect(), served.connect());
    let (told, came) = mpsc::channel();
    let url = served.url.clone();
    let third = thread::spawn(move || {
        let socket = ws_std::connect(&url).unwrap();
        told.send(()).unwrap();
        hear_all(socket).join().unwrap()
    });
    assert!(came.recv_timeout(SHORT).is_err());
    assert_eq!(served.hub.connection_count(), 2);
    first.close(CloseCode::NORMAL).unwrap();
    came.recv_timeout(LONG).unwrap();
    wait_for(LONG, || served.hub.member_count() == 2);
    let second = hear_all(second);
    assert_eq!(served.shut_down(LONG), 0);
    assert_eq!((second.join().unwrap().1, third.join().unwrap().1), (1001, 1001));
}

#[test]
fn at_the_end_those_who_do_not_answer_are_cut_off_in_time() {
    let served = Served::start(Hub::new(100), chat);
    let polite = hear_all(served.connect());
    let mut deaf = served.connect();
    let mut silent = dial(&served.url);
    silent.write_all(b"GET / HT").unwrap();
    wait_for(LONG, || served.hub.connection_count() == 3);
    let begun = Instant::now();
    let hub = served.hub.clone();
    assert_eq!(served.shut_down(SHORT), 2);
    assert!(begun.elapsed() >= SHORT && begun.elapsed() < LONG / 4);
    assert_eq!(hub.connection_count(), 0);
    assert_eq!(polite.join().unwrap().1, 1001);
    assert_eq!(read_to_end(&mut silent), b"");
    // It was told, had it listened.
    deaf.set_timeouts(Timeouts::new().with_close(Some(SHORT)));
    while let Ok(Some(_)) = deaf.read() {}
    assert_eq!(deaf.closure().unwrap().status.get(), 1001);
}

#[test]
fn who_joins_after_the_end_is_closed_at_once_and_nobody_enters_any_more() {
    let (go_on, wait) = mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let served = Served::start(Hub::new(100), move |hub, place, stream| {
        let (mut reader, writer) = Server::new().accept(stream)?.split()?;
        wait.lock().unwrap().recv().unwrap();
        assert!(hub.is_shut_down());
        place.join(writer);
        while reader.read()?.is_some() {}
        Ok(())
    });
    let late = hear_all(ws_std::connect(&served.url).unwrap());
    let hub = served.hub.clone();
    let ending = thread::spawn(move || served.shut_down(LONG));
    wait_for(LONG, || hub.is_shut_down());
    assert!(hub.enter(|| {}).is_none());
    go_on.send(()).unwrap();
    assert_eq!(late.join().unwrap().1, 1001);
    assert_eq!(ending.join().unwrap(), 0);
    assert!(hub.broadcast(Message::Text("x")).unwrap() == Delivery::default());
}

#[test]
fn a_member_that_is_a_client_receives_what_is_sent_masked() {
    let served = Served::start(Hub::new(100), chat);
    let outer = Hub::new(10);
    let place = outer.enter(|| {}).unwrap();
    let (mut reader, writer) = served.connect().split().unwrap();
    place.join(writer);
    // The server echoes only what was masked.
    assert_eq!(outer.broadcast("masked").unwrap().sent_count, 1);
    assert_eq!(reader.read().unwrap(), Some(Message::Text("masked")));
    place.leave();
    assert_eq!(outer.broadcast("x").unwrap(), Delivery::default());
    assert_eq!(outer.send_to(place.id(), "x").unwrap().missed_count, 1);
    assert!(outer.members().is_empty());
    drop(reader);
    drop(place);
    assert_eq!(outer.connection_count(), 0);
    assert_eq!(served.shut_down(LONG), 0);
}

/// Nobody hears anybody but the hub.
fn listen(_: &Hub, place: &Place, stream: SharedStream<TcpStream>) -> Result<(), Error> {
    let (mut reader, writer) = Server::new().accept(stream)?.split()?;
    place.join(writer);
    while reader.read()?.is_some() {}
    Ok(())
}

/// Guests that listen, and their ids.
fn guests<const N: usize>(served: &Served) -> ([MemberId; N], [Hearing; N]) {
    let heard = [(); N].map(|()| hear_all(served.connect()));
    (served.hub.members().try_into().unwrap(), heard)
}

/// How many members a message was sent to, and how many missed it.
fn counts(delivery: Result<Delivery, Error>) -> (usize, usize) {
    let delivery = delivery.unwrap();
    assert_eq!(delivery.lagging_count, 0);
    (delivery.sent_count, delivery.missed_count)
}

#[test]
fn a_message_goes_to_all_to_all_but_one_to_some_and_to_one() {
    let served = Served::start(Hub::new(100), listen);
    let ([ada, bob, eve], heard) = guests(&served);
    let hub = &served.hub;
    let gone = hub.enter(|| {}).unwrap().id();
    assert_eq!(counts(hub.broadcast("all")), (3, 0));
    assert_eq!(counts(hub.broadcast_except(ada, "not Ada")), (2, 0));
    assert_eq!(counts(hub.broadcast_except(gone, "again all")), (3, 0));
    assert_eq!(counts(hub.broadcast_to([eve, ada, eve], "Ada and Eve, once")), (2, 0));
    assert_eq!(counts(hub.broadcast_to([bob, gone], "Bob")), (1, 1));
    assert_eq!(counts(hub.broadcast_to([], "nobody")), (0, 0));
    assert_eq!(counts(hub.broadcast_to(hub.members().into_iter().filter(|id| *id > ada), "later")), (2, 0));
    assert_eq!(counts(hub.send_to(eve, "psst")), (1, 0));
    assert_eq!(counts(hub.send_to(gone, "psst")), (0, 1));
    assert_eq!(served.shut_down(LONG), 0);
    let heard = heard.map(|thread| thread.join().unwrap().0);
    let expected: [&[&str]; 3] = [
        &["all", "again all", "Ada and Eve, once"],
        &["all", "not Ada", "again all", "Bob", "later"],
        &["all", "not Ada", "again all", "Ada and Eve, once", "later", "psst"],
    ];
    assert_eq!(heard.each_ref().map(Vec::as_slice), expected);
}

#[test]
fn an_id_of_another_hub_is_of_no_member() {
    let served = Served::start(Hub::new(100), listen);
    let (_, heard) = guests::<3>(&served);
    let (other, hub) = (Hub::new(10), &served.hub);
    for place in [(); 10].map(|()| other.enter(|| {}).unwrap()) {
        assert_eq!(counts(hub.send_to(place.id(), "for members of the other hub")), (0, 1));
        assert!(!hub.close_member(place.id(), CloseCode::NORMAL));
    }
    assert_eq!(served.shut_down(LONG), 0);
    assert_eq!(heard.map(|thread| thread.join().unwrap().0), [const { Vec::<String>::new() }; 3]);
}

#[test]
fn members_hear_in_one_order_what_several_threads_send_to_all_but_one() {
    const MESSAGES: usize = 300;
    let served = Served::start(Hub::new(100), listen);
    let (ids, heard) = guests::<4>(&served);
    thread::scope(|scope| {
        for id in ids {
            let hub = &served.hub;
            scope.spawn(move || {
                for count in 0..MESSAGES {
                    let delivery = if count % 2 == 0 {
                        hub.broadcast_except(id, &format!("{id}:{count}"))
                    } else {
                        hub.broadcast_to(
                            ids.into_iter().filter(|other| *other != id),
                            &format!("{id}:{count}"),
                        )
                    };
                    assert_eq!(counts(delivery), (3, 0));
                }
            });
        }
    });
    assert_eq!(served.shut_down(LONG), 0);
    let heard = heard.map(|thread| thread.join().unwrap().0);
    for (one, one_id) in heard.iter().zip(ids) {
        assert_eq!(one.len(), 3 * MESSAGES);
        for (other, other_id) in heard.iter().zip(ids) {
            let is_for_both =
                |text: &&String| [one_id, other_id].iter().all(|id| !text.starts_with(&format!("{id}:")));
            let both: Vec<_> = one.iter().filter(is_for_both).collect();
            assert!(both.len() >= 2 * MESSAGES);
            assert_eq!(both, other.iter().filter(is_for_both).collect::<Vec<_>>());
        }
    }
}

#[test]
fn the_ids_may_be_found_by_means_of_the_hub_while_members_leave() {
    let hub = Hub::new(10);
    let served = Served::start(Hub::new(100), chat);
    let mut places: Vec<_> = (0..3)
        .map(|_| {
            let place = hub.enter(|| {}).unwrap();
            place.join(served.connect().split().unwrap().1);
            place
        })
        .collect();
    let ids = hub.members();
    assert_eq!(ids, places.iter().map(Place::id).collect::<Vec<_>>());
    let picked = ids.iter().copied().inspect(|id| {
        // All of them use the lock of the hub, and the member that was picked goes.
        if *id == ids[1] {
            drop(places.remove(1));
        }
        assert_eq!(counts(hub.send_to(*id, "psst")), if *id == ids[1] { (0, 1) } else { (1, 0) });
    });
    assert_eq!(counts(hub.broadcast_to(picked, "x")), (2, 1));
    let failed = catch_unwind(AssertUnwindSafe(|| {
        hub.broadcast_to(hub.members().into_iter().filter(|_| panic!("a predicate that fails")), "x")
    }));
    assert!(failed.is_err());
    assert_eq!(counts(hub.broadcast("still there")), (2, 0));
    let next = hub.enter(|| {}).unwrap();
    assert!(ids.iter().all(|id| *id < next.id()), "no id is given again");
    drop(places);
    assert_eq!(served.shut_down(LONG), 0);
}

#[test]
fn one_member_is_closed_and_the_others_stay() {
    let served = Served::start(Hub::new(100), listen);
    let ([ada, bob], [ada_heard, bob_heard]) = guests(&served);
    let begun = Instant::now();
    assert!(served.hub.close_member(ada, CloseCode::POLICY_VIOLATION.with_reason("no spam, please")));
    assert_eq!(ada_heard.join().unwrap(), (vec![], 1008));
    // The thread that reads writes it too, but only when it looks again, after `Timeouts::close`.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    wait_for(LONG, || served.hub.members() == [bob]);
    assert!(!served.hub.close_member(ada, CloseCode::POLICY_VIOLATION));
    assert_eq!(counts(served.hub.broadcast("without Ada")), (1, 0));
    assert_eq!(served.shut_down(LONG), 0);
    assert_eq!(bob_heard.join().unwrap(), (vec!["without Ada".to_owned()], 1001));
}
