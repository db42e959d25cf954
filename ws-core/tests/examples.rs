//! The examples as programs.
#![cfg(all(feature = "alloc", feature = "handshake"))]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests may panic"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ws_core::connection::{Config, ReceiveHalf, Role};
use ws_core::event::{Event, Payload};
use ws_core::input::ReadBuffer;

/// A program that cargo has built beside this test, and that ends with it.
struct Program(Child);

impl Program {
    /// Starts it, and gives the address that it listens on.
    fn start(name: &str) -> (Self, String) {
        Self::run(Command::new(path(name)).arg("127.0.0.1:0"))
    }

    /// Starts it with few file descriptors.
    #[cfg(unix)]
    fn start_with_descriptors(name: &str, count: usize) -> (Self, String) {
        let script = format!("ulimit -n {count}; exec \"$0\" 127.0.0.1:0");
        Self::run(Command::new("sh").arg("-c").arg(script).arg(path(name)))
    }

    fn run(command: &mut Command) -> (Self, String) {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_start_matches("listening on http://").split('/').next().unwrap().to_owned();
        (Self(child), address)
    }
}

/// Where cargo has built an example.
fn path(name: &str) -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("examples");
    path.push(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "cargo test builds {}", path.display());
    path
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Writes all that is to be said, and reads to the end.
fn talk(address: &str, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

fn request(address: &str) -> String {
    format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
}

/// Has an echo say all that an echo has to say.
fn try_echo(address: &str) {
    // An unmasked frame: 1002.
    assert!(
        talk(address, &[request(address).as_bytes(), b"\x81\x00"].concat()).ends_with(b"\x88\x02\x03\xea")
    );
    let page = format!("GET / HTTP/1.1\r\nHost: {address}\r\n\r\n");
    assert!(talk(address, page.as_bytes()).starts_with(b"HTTP/1.1 426 "));
    // The answer arrives although more was sent than was looked at.
    let long = [page.as_bytes(), &vec![b'x'; 100_000]].concat();
    assert!(talk(address, &long).ends_with(b"\n"));
}

/// "Hello" in two fragments with a ping between them, masked with zeros.
const HELLO: &[u8] = b"\x01\x83\0\0\0\0Hel\x89\x81\0\0\0\0?\x80\x82\0\0\0\0lo";

/// A Close, masked with zeros, and the answer to it.
const CLOSE: &[u8] = b"\x88\x82\0\0\0\0\x03\xe8";
const CLOSED: &[u8] = b"\x88\x02\x03\xe8";

#[test]
fn the_echo_on_connection_echoes_fragments_pongs_closes_and_refuses() {
    let (_program, address) = Program::start("mio_echo");
    try_echo(&address);
    // All after the request.
    let answer = talk(&address, &[request(&address).as_bytes(), HELLO, CLOSE].concat());
    assert!(answer.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
    assert!(answer.ends_with(b"\r\n\r\n\x01\x03Hel\x8a\x01?\x80\x02lo\x88\x02\x03\xe8"));
}

#[test]
fn the_echoes_on_session_echo_messages_pong_close_and_refuse() {
    for name in ON_SESSION {
        let (_program, address) = Program::start(name);
        try_echo(&address);
        // The first message with the request; a Close makes a pong needless.
        let answer = talk(&address, &[request(&address).as_bytes(), HELLO, CLOSE].concat());
        assert!(answer.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"), "{name}");
        assert!(answer.ends_with(&[b"\x81\x05Hello", CLOSED].concat()), "{name}");
        let mut stream = open(&address);
        stream.write_all(HELLO).unwrap();
        let mut answer = [0; 10];
        stream.read_exact(&mut answer).unwrap();
        // It depends on how much came at once which comes first.
        assert!(
            [b"\x81\x05Hello\x8a\x01?", b"\x8a\x01?\x81\x05Hello"].contains(&&answer),
            "{name}: {answer:?}"
        );
        stream.write_all(CLOSE).unwrap();
        let mut end = Vec::new();
        stream.read_to_end(&mut end).unwrap();
        assert_eq!(end, CLOSED, "{name}");
    }
}

/// The examples that echo whole messages.
const ON_SESSION: [&str; 3] = ["mio_session", "tokio_echo", "tokio_split"];

/// All examples.
const ALL: [&str; 4] = ["mio_echo", "mio_session", "tokio_echo", "tokio_split"];

#[test]
#[cfg(unix)]
fn echoes_live_on_when_there_are_no_file_descriptors() {
    for name in ALL {
        let (_program, address) = Program::start_with_descriptors(name, 16);
        let many: Vec<_> = (0..40).map(|_| TcpStream::connect(&address).unwrap()).collect();
        std::thread::sleep(Duration::from_millis(200));
        drop(many);
        let mut stream = open(&address);
        stream.write_all(b"\x82\x81\0\0\0\0a").unwrap();
        let mut echo = [0; 3];
        stream.read_exact(&mut echo).unwrap();
        assert_eq!(&echo, b"\x82\x01a", "{name}");
    }
}

#[test]
fn many_messages_in_one_write_come_back() {
    for name in ON_SESSION {
        let (_program, address) = Program::start(name);
        let mut stream = open(&address);
        // More than the queue, and the read buffer, hold.
        let count = 4000;
        let mut writer = stream.try_clone().unwrap();
        let frames = [&b"\x82\xfd\0\0\0\0"[..], &[7; 125]].concat().repeat(count);
        let writing = std::thread::spawn(move || writer.write_all(&[&frames, CLOSE].concat()));
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        writing.join().unwrap().unwrap();
        let echo = [&b"\x82\x7d"[..], &[7; 125]].concat();
        assert_eq!(answer.len(), count * echo.len() + CLOSED.len(), "{name}");
        assert!(answer.chunks(echo.len()).take(count).all(|chunk| chunk == echo), "{name}");
    }
}

/// Connects, and waits for the 101.
fn open(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(request(address).as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    stream
}

#[test]
fn echoes_keep_their_connections_apart() {
    for name in ALL {
        keep_apart(name);
    }
}

fn keep_apart(name: &str) {
    let (_program, address) = Program::start(name);
    let mut streams: Vec<_> = (0..100).map(|_| open(&address)).collect();
    // One text frame to each, cut within its first character, while all others are cut there too.
    let message = |number: usize| format!("\u{20ac}{number:03}").into_bytes();
    for stream in &mut streams {
        stream.write_all(b"\x81\x86\0\0\0\0\xe2").unwrap();
    }
    std::thread::sleep(Duration::from_millis(100));
    for (number, stream) in streams.iter_mut().enumerate() {
        stream.write_all(&message(number)[1..]).unwrap();
    }
    for (number, stream) in streams.iter_mut().enumerate() {
        let mut echo = [0; 8];
        stream.read_exact(&mut echo).unwrap();
        assert_eq!(echo[..], [b"\x81\x06", &message(number)[..]].concat(), "{name}, connection {number}");
    }
}

#[test]
fn echoes_pass_long_text_cut_within_characters() {
    for name in ALL {
        pass_long_text(name);
    }
}

fn pass_long_text(name: &str) {
    let (_program, address) = Program::start(name);
    let mut stream = open(&address);
    // "€" to the end of three reads of 64 KiB, after each of which there is nothing more to read at first.
    let text = "\u{20ac}".repeat(65_532);
    let wire = [&b"\x81\xff\0\0\0\0\0\x02\xff\xf4\0\0\0\0"[..], text.as_bytes()].concat();
    for part in wire.chunks(64 * 1024) {
        stream.write_all(part).unwrap();
        std::thread::sleep(Duration::from_millis(50));
    }
    stream.write_all(b"\x88\x80\0\0\0\0").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer_len = answer.len();
    let mut buffer = ReadBuffer::with_filled(answer, answer_len).unwrap();
    let (mut input, mut receiver) = (buffer.input(), ReceiveHalf::new(Role::Client, Config::new()));
    let mut echoed = String::new();
    while let Some(Event::Data(fragment)) = receiver.next_event(&mut input) {
        let Payload::Text(text) = fragment.payload else { panic!("{fragment:?}") };
        echoed.push_str(text);
    }
    assert!(echoed == text && receiver.close_frame().is_some(), "{name}");
}

#[test]
fn echoes_read_no_more_from_a_peer_that_does_not_read() {
    for name in ALL {
        read_no_more(name);
    }
}

fn read_no_more(name: &str) {
    let (_program, address) = Program::start(name);
    let (mut deaf, mut other) = (open(&address), open(&address));
    deaf.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    // Messages of 1,000 bytes, masked with zeros, until nobody takes any more.
    let frame = [b"\x82\xfe\x03\xe8\0\0\0\0", &[7; 1000][..]].concat();
    let wire = frame.repeat(64 << 10);
    let mut taken_len = 0;
    while let Ok(len) = deaf.write(&wire[taken_len..]) {
        taken_len += len;
        assert!(taken_len < wire.len(), "{name} took 64 MiB from a peer that reads nothing");
    }
    // The others do not notice.
    other.write_all(b"\x81\x82\0\0\0\0hi").unwrap();
    let mut echo = [0; 4];
    other.read_exact(&mut echo).unwrap();
    assert_eq!(&echo, b"\x81\x02hi");
    // Once it reads it gets all of it: what was taken, the rest of the last message, and the Close.
    let mut writer = deaf.try_clone().unwrap();
    let message_count = taken_len.div_ceil(frame.len());
    let rest = [&wire[taken_len..message_count * frame.len()], b"\x88\x80\0\0\0\0"].concat();
    let writing = std::thread::spawn(move || {
        writer.set_write_timeout(None).unwrap();
        writer.write_all(&rest).unwrap();
    });
    let mut answer = Vec::new();
    deaf.read_to_end(&mut answer).unwrap();
    writing.join().unwrap();
    let answer_len = answer.len();
    let mut buffer = ReadBuffer::with_filled(answer, answer_len).unwrap();
    let (mut input, mut receiver) = (buffer.input(), ReceiveHalf::new(Role::Client, Config::new()));
    let (mut echoed_count, mut echoed_len) = (0, 0);
    while let Some(Event::Data(fragment)) = receiver.next_event(&mut input) {
        echoed_count += usize::from(fragment.is_last);
        assert!(fragment.payload.as_bytes().iter().all(|&byte| byte == 7));
        echoed_len += fragment.payload.as_bytes().len();
    }
    assert_eq!((echoed_count, echoed_len), (message_count, message_count * 1000), "{name}");
    assert!(receiver.close_frame().is_some(), "{name}");
}
