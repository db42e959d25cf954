//! Nobody waits for a peer that should not matter: members of a hub that do not read, or slowly, and guests that are idle.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::std_instead_of_core, reason = "tests")]

mod common;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{frame, wait_for};
use ws_std::{
    Client, Config, Error, Hub, Message, NetStream, Outcome, Phase, Place, ReadHalf, Role, SharedStream,
    Timeouts, WebSocket, WriteHalf,
};

const AT_ONCE: Duration = Duration::from_millis(100);

/// How long a test waits for what has to happen.
const LONG: Duration = Duration::from_secs(20);

type Member = (ReadHalf<SharedStream<TcpStream>>, WriteHalf<SharedStream<TcpStream>>, Place);

/// Connections of one hub, whose peers are bare streams.
struct Room {
    hub: Hub,
    listener: TcpListener,
}

impl Room {
    fn new() -> Self {
        Self { hub: Hub::new(1000), listener: TcpListener::bind("127.0.0.1:0").unwrap() }
    }

    fn enter(&self) -> (Member, TcpStream) {
        self.enter_with(Timeouts::new())
    }

    fn enter_with(&self, timeouts: Timeouts) -> (Member, TcpStream) {
        let peer = TcpStream::connect(self.listener.local_addr().unwrap()).unwrap();
        // A message of the peer's is not held back by its own system until the one before is acknowledged.
        peer.set_nodelay(true).unwrap();
        let stream = SharedStream::new(self.listener.accept().unwrap().0);
        let shared = stream.clone();
        let place = self.hub.enter(move || drop(shared.get_ref().shutdown(Shutdown::Both))).unwrap();
        let mut socket = WebSocket::after_handshake(stream, Role::Server, Config::new(), b"").unwrap();
        socket.set_timeouts(timeouts);
        let (reader, writer) = socket.split().unwrap();
        place.join(writer.clone());
        ((reader, writer, place), peer)
    }
}

/// What `act` gives, and how long it took.
fn timed<T>(act: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let result = act();
    (result, begun.elapsed())
}

/// Fills what the kernel holds for a peer that does not read, and leaves the queue of the connection empty. Returns how much that is,
/// in bytes.
fn fill(stream: &TcpStream) -> usize {
    let filler = vec![0; 1 << 16];
    stream.set_nonblocking(true).unwrap();
    let filled_len = std::iter::from_fn(|| (&mut &*stream).write(&filler).ok()).sum();
    stream.set_nonblocking(false).unwrap();
    filled_len
}

#[test]
fn what_a_member_did_not_take_at_once_arrives_when_it_reads_again() {
    let room = Room::new();
    let ((reader, _writer, _place), mut peer) = room.enter();
    let filled_len = fill(reader.get_ref().get_ref());
    let texts = ["a", "b", "c"].map(|letter| letter.repeat(20 << 10));
    for text in &texts {
        assert_eq!(room.hub.broadcast(Message::Text(text)).unwrap().sent_count, 1);
        thread::sleep(Duration::from_millis(50));
    }
    peer.set_read_timeout(Some(LONG)).unwrap();
    let expected: Vec<u8> =
        texts.iter().flat_map(|text| frame(Role::Server, 0x81, text.as_bytes())).collect();
    let mut arrived = vec![0; filled_len + expected.len()];
    peer.read_exact(&mut arrived).unwrap();
    assert!(arrived.ends_with(&expected));
}

#[test]
fn a_member_that_takes_nothing_for_the_write_timeout_is_given_up() {
    let room = Room::new();
    let timeouts = Timeouts::new().with_write(Some(Duration::from_millis(300)));
    let members: Vec<_> = (0..3)
        .map(|_| {
            let member = room.enter_with(timeouts);
            let _filled_len = fill(member.0.0.get_ref().get_ref());
            member
        })
        .collect();
    // More than the kernel makes room for meanwhile.
    let text = "x".repeat(8 << 20);
    let begun = Instant::now();
    room.hub.broadcast(Message::Text(&text)).unwrap();
    // No other thread reads or writes.
    for ((_, writer, _), _) in &members {
        wait_for(LONG, || writer.counters().outcome.is_some());
        assert_eq!(writer.counters().outcome, Some(Outcome::Timeout(Phase::Write)));
        assert!(begun.elapsed() >= Duration::from_millis(300), "{:?}", begun.elapsed());
    }
}

#[test]
fn a_broadcast_waits_for_none_of_200_members_that_have_stopped_reading() {
    const MEMBER_COUNT: usize = 200;
    let room = Room::new();
    let members: Vec<_> = (0..MEMBER_COUNT).map(|_| room.enter()).collect();
    for ((reader, _, _), _) in &members {
        let _filled_len = fill(reader.get_ref().get_ref());
    }
    let text = "x".repeat(60 << 10);
    let (delivery, elapsed) = timed(|| room.hub.broadcast(Message::Text(&text)).unwrap());
    println!("60 KiB to {MEMBER_COUNT} members: {elapsed:?}");
    assert_eq!(delivery.sent_count, MEMBER_COUNT);
    // A few milliseconds where nothing else runs. Waiting for a tick of each took seconds.
    assert!(elapsed < 4 * AT_ONCE, "{elapsed:?}");
    // One thread writes the rest for all of them; tests that run beside this one have theirs.
    #[cfg(target_os = "linux")]
    {
        let count = || {
            let tasks = std::fs::read_dir("/proc/self/task").unwrap();
            let names = tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")));
            names.filter(|name| name.as_ref().is_ok_and(|name| name == "ws-hub\n")).count()
        };
        wait_for(LONG, || count() > 0);
        assert!(count() < 5, "{}", count());
    }
}

#[test]
fn a_long_message_to_a_slow_member_delays_nobody_else_and_not_its_own_reading() {
    const LONG_LEN: usize = 15 << 20;
    let room = Room::new();
    let ((mut reader, writer, _place), mut peer) = room.enter();
    let is_over = Arc::new(AtomicBool::new(false));
    let slow = {
        let (is_over, mut peer) = (Arc::clone(&is_over), peer.try_clone().unwrap());
        thread::spawn(move || {
            let mut bytes = [0; 1024];
            while !is_over.load(Ordering::Relaxed) && peer.read(&mut bytes).is_ok() {
                thread::sleep(Duration::from_micros(300));
            }
            drop(peer.shutdown(Shutdown::Both));
        })
    };
    let (said, heard) = std::sync::mpsc::channel();
    let reading = thread::spawn(move || {
        while let Ok(Some(message)) = reader.read() {
            assert_eq!(message, Message::Text("Hello"));
            said.send(Instant::now()).unwrap();
        }
    });
    let (other, mut other_peer) = room.enter();
    let sending = {
        let writer = writer.clone();
        thread::spawn(move || drop(writer.send(&vec![7; LONG_LEN])))
    };
    thread::sleep(Duration::from_millis(200));
    let mut longest = [Duration::ZERO; 5];
    for round in 0..20 {
        assert!(!sending.is_finished(), "in round {round} all of it has left");
        let text = format!("{round:010}");
        let took = [
            timed(|| room.hub.broadcast(Message::Text(&text)).unwrap()).1,
            // Where so much waits that nothing more is taken, it says so.
            timed(|| drop(writer.try_send(Message::Text("x")))).1,
            timed(|| other.1.try_send(Message::Text(&text)).unwrap()).1,
            timed(|| drop(room.enter())).1,
            {
                let begun = Instant::now();
                peer.write_all(&frame(Role::Client, 0x81, b"Hello")).unwrap();
                heard.recv_timeout(LONG).unwrap().saturating_duration_since(begun)
            },
        ];
        for (longest, took) in longest.iter_mut().zip(took) {
            *longest = took.max(*longest);
        }
        let mut both = [0; 24];
        other_peer.read_exact(&mut both).unwrap();
        assert_eq!((&both[2..12], &both[14..]), (text.as_bytes(), text.as_bytes()));
        thread::sleep(Duration::from_millis(20));
    }
    println!("broadcast, try_send to it, try_send to another, join, reading: {longest:?}");
    assert!(longest.iter().all(|longest| *longest < AT_ONCE), "{longest:?}");
    is_over.store(true, Ordering::Relaxed);
    assert!(room.hub.shutdown("over", Duration::ZERO) > 0);
    for thread in [slow, sending, reading] {
        thread.join().unwrap();
    }
}

/// A server that cargo has built beside this test, and that ends with it.
struct Program {
    child: Child,
    address: String,
}

impl Program {
    /// Starts it by this script, in which `$0` is the program.
    fn start(name: &str, script: &str) -> Self {
        let mut path: PathBuf = std::env::current_exe().unwrap();
        path.pop();
        path.pop();
        path.push("examples");
        path.push(name);
        assert!(path.exists(), "cargo test builds {}", path.display());
        let mut shell = Command::new("sh");
        let shell = shell.arg("-c").arg(script).arg(path).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = shell.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, address: line.split('/').nth(2).unwrap().to_owned() }
    }

    fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    fn connect(&self) -> WebSocket<NetStream> {
        let timeouts = Timeouts::new().with_read(Some(LONG)).with_handshake(Some(LONG));
        Client::new().with_timeouts(timeouts).connect(&format!("ws://{}/", self.address)).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_server_without_descriptors_goes_on_when_idle_connections_have_ended() {
    for name in ["echo", "chat"] {
        let mut program = Program::start(name, "ulimit -n 128; exec \"$0\" 127.0.0.1:0");
        let idle: Vec<_> = (0..150).map(|_| TcpStream::connect(&program.address).unwrap()).collect();
        thread::sleep(Duration::from_secs(2));
        assert!(program.is_running());
        drop(idle);
        let ((), elapsed) = timed(|| {
            for count in 0..10 {
                let mut guest = program.connect();
                // A name of its own, since the chat gives up that of a guest after its stream has ended.
                let guest_name = format!("guest {count}");
                guest.send(&guest_name).unwrap();
                let answer = if name == "echo" { guest_name } else { format!("come\n{guest_name}\n") };
                // The chat may also say that the guest before has gone.
                wait_for(LONG, || guest.read().unwrap().unwrap().0 == Message::Text(&answer));
                guest.close(ws_std::CloseCode::NORMAL).unwrap();
            }
        });
        println!("{name}: ten guests were served {elapsed:?} after that");
        assert!(program.is_running());
    }
}

/// Sends a frame by hand from a guest of the chat.
fn say(stream: &mut TcpStream, text: &str) {
    stream.write_all(&frame(Role::Client, 0x81, text.as_bytes())).unwrap();
}

#[test]
fn in_the_chat_no_message_waits_for_guests_that_have_stopped_reading() {
    const GUEST_COUNT: usize = 150;
    let mut program = Program::start("chat", "exec \"$0\" 127.0.0.1:0");
    let deaf: Vec<_> = (0..GUEST_COUNT)
        .map(|number| {
            let mut stream = common::tcp::connected_by_hand(&format!("ws://{}/", program.address));
            say(&mut stream, &format!("deaf {number}"));
            stream
        })
        .collect();
    let (mut ada, mut bob) = (program.connect(), program.connect());
    ada.send("Ada").unwrap();
    let hear = |socket: &mut WebSocket<NetStream>, expected: &str| {
        wait_for(LONG, || socket.read().unwrap().unwrap().0 == Message::Text(expected));
    };
    hear(&mut ada, "come\nAda\n");
    bob.send("Bob").unwrap();
    hear(&mut ada, "come\nBob\n");
    hear(&mut bob, "come\nBob\n");
    let filling = "x".repeat(4000);
    let begun = Instant::now();
    let (mut longest, mut count) = (Duration::ZERO, 0);
    // Each guest's buffers are full after some 2.5 MB.
    while begun.elapsed() < Duration::from_secs(6) {
        let text = format!("{count} {filling}");
        let ((), elapsed) = timed(|| {
            ada.send(&text).unwrap();
            hear(&mut bob, &format!("say\nAda\n{text}"));
        });
        longest = longest.max(elapsed);
        count += 1;
    }
    println!("the longest of {count} messages took {longest:?}");
    assert!(longest < Duration::from_millis(200), "{longest:?} of {count}");
    assert!(program.is_running());
    drop(deaf);
}

#[test]
fn a_stuck_write_ends_by_the_write_timeout_though_that_is_longer_than_the_close_timeout() {
    let (millis, close) = (Duration::from_millis(1200), Duration::from_millis(300));
    let timeouts = Timeouts::new().with_write(Some(millis)).with_close(Some(close));
    let ((_reader, writer), _peer) = common::split::halves(timeouts);
    let (result, elapsed) = timed(|| writer.send(&vec![7; common::split::TOO_MUCH]));
    println!("stuck write: {elapsed:?}");
    assert!(matches!(result, Err(Error::Timeout(Phase::Write))), "{result:?}");
    assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");
}

#[test]
fn a_peer_that_ends_its_half_and_does_not_read_ends_both_halves_by_the_write_timeout() {
    let timeouts = Timeouts::new().with_write(Some(Duration::from_millis(600)));
    let ((reader, writer), peer) = common::split::halves(timeouts);
    let writing = common::split::block(&writer, &peer);
    let reading = common::split::reading(reader);
    peer.shutdown(Shutdown::Write).unwrap();
    wait_for(LONG, || writing.is_finished() && reading.is_finished());
    assert!(writing.join().unwrap().is_err());
    assert!(reading.join().unwrap().1.is_err());
}
