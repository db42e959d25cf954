//! Plays a server to a client: answers its request with the response of a case, and sees whether it opens a WebSocket.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ws_core::handshake::accept_key;

use super::case::{ACCEPT, Case, KEY};
use super::http::Head;
use super::judge::Outcome;
use super::ours;
use crate::adapter::Adapter;
use crate::process::{Result, Running, TICK};

/// How a client comes about.
pub(super) enum Start {
    /// A command of the shell, with `{url}` in it.
    Command(String),
    /// Ours, in a thread of its own.
    Thread(Adapter),
    /// Somebody starts it.
    ByHand,
}

/// Where the clients connect to.
pub(super) struct Stage {
    listener: TcpListener,
    addr: SocketAddr,
}

impl Stage {
    /// Listens, at any port unless told.
    pub(super) fn new(addr: Option<&str>) -> Result<Self> {
        let listener = TcpListener::bind(addr.unwrap_or("127.0.0.1:0")).map_err(|error| error.to_string())?;
        let addr = listener.local_addr().map_err(|error| error.to_string())?;
        listener.set_nonblocking(true).map_err(|error| error.to_string())?;
        Ok(Self { listener, addr })
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Gives a client the response of a case. Also says what a client has to have offered to take it, and has not.
    pub(super) fn play(&self, start: &Start, case: &Case) -> Result<(Outcome, Option<String>)> {
        let url = format!("ws://{}/chat", self.addr);
        let mut running = None;
        match start {
            Start::Command(line) => {
                let mut command = Command::new("sh");
                // The shell makes way for the program, so that it is the program that is ended.
                command.arg("-c").arg(format!("exec {}", line.replace("{url}", &url)));
                command.stdout(Stdio::null()).stderr(Stdio::null());
                running = Some(Running::start("the client", &mut command)?);
            }
            Start::Thread(adapter) => {
                let adapter = *adapter;
                thread::spawn(move || ours::connect(adapter, &url));
            }
            Start::ByHand => {}
        }
        let mut stream = self.accept(matches!(start, Start::ByHand))?;
        let played = converse(&mut stream, case);
        // It fails where the client has ended all already.
        stream.shutdown(Shutdown::Both).ok();
        // One that waits for more, or has crashed, has been judged by what it did on the wire.
        drop(running);
        played
    }

    fn accept(&self, by_hand: bool) -> Result<TcpStream> {
        let limit = if by_hand { BY_HAND_LIMIT } else { CONNECT_LIMIT };
        let deadline = Instant::now().checked_add(limit);
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).map_err(|error| error.to_string())?;
                    return Ok(stream);
                }
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error.to_string()),
                Err(_) if deadline.is_none_or(|deadline| Instant::now() >= deadline) => {
                    return Err("no client connects".to_owned());
                }
                Err(_) => thread::sleep(TICK),
            }
        }
    }
}

fn converse(stream: &mut TcpStream, case: &Case) -> Result<(Outcome, Option<String>)> {
    let request = read_request(stream)?;
    let Some(key) = request.values("Sec-WebSocket-Key").next() else {
        return Ok((Outcome::Garbage("a request without a key".to_owned()), None));
    };
    let response = adapt(&case.bytes(), &key);
    let mut writer = stream.try_clone().map_err(|error| error.to_string())?;
    // A client may leave before it has read all of a long head.
    // A refusal whose length is not told ends with the connection (RFC 9112 §6.3).
    let ends = case.verdict.starts_with("rejected");
    let writing = thread::spawn(move || {
        let written = writer.write_all(&response);
        if ends { written.and_then(|()| writer.shutdown(Shutdown::Write)).is_ok() } else { written.is_ok() }
    });
    let outcome = receive(stream, if case.may_wait() { SHORT } else { LONG });
    // Ends the writing too, where nobody reads it.
    stream.shutdown(Shutdown::Both).ok();
    writing.join().map_err(|_| "the writer crashed".to_owned())?;
    Ok((outcome, not_offered(case, &request)))
}

fn read_request(stream: &mut TcpStream) -> Result<Head> {
    let mut received = Vec::new();
    let mut chunk = [0; 4096];
    stream.set_read_timeout(Some(CONNECT_LIMIT)).map_err(|error| error.to_string())?;
    loop {
        if let Some(head) = Head::request(&received)? {
            if head.len < received.len() {
                return Err("the client sends more before it is answered".to_owned());
            }
            return Ok(head);
        }
        match stream.read(&mut chunk) {
            Ok(len @ 1..) => received.extend_from_slice(chunk.get(..len).unwrap_or_default()),
            Ok(0) | Err(_) => return Err("the client sends no request".to_owned()),
        }
    }
}

/// The response with what belongs to the client's key, where the file has what belongs to that of RFC 6455 §1.3.
fn adapt(response: &[u8], key: &str) -> Vec<u8> {
    let accept = String::from_utf8_lossy(&accept_key(key.as_bytes())).into_owned();
    let bare = |accept: &str| accept.trim_end_matches('=').to_owned();
    let mut adapted = response.to_vec();
    for (theirs, ours) in [
        (bare(ACCEPT), bare(&accept)),
        (ACCEPT.to_ascii_uppercase(), accept.to_ascii_uppercase()),
        (KEY.to_owned(), key.to_owned()),
    ] {
        adapted = replace(&adapted, theirs.as_bytes(), ours.as_bytes());
    }
    adapted
}

/// Each occurrence replaced.
fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, behind)) = rest.split_first() {
        if let Some(behind) = rest.strip_prefix(from) {
            replaced.extend_from_slice(to);
            rest = behind;
        } else {
            replaced.push(*first);
            rest = behind;
        }
    }
    replaced
}

fn not_offered(case: &Case, request: &Head) -> Option<String> {
    if case.verdict != "accepted" {
        return None;
    }
    let response = Head::response(&case.head).ok().flatten()?;
    ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"].into_iter().find_map(|header| {
        let offered = request.names(header);
        response.names(header).into_iter().find(|name| !offered.contains(name))
    })
}

/// A client that has opened a WebSocket sends a masked frame, if only a Close; one that has not leaves.
fn receive(stream: &mut TcpStream, limit: Duration) -> Outcome {
    let mut head = [0; 2];
    let read = stream.set_read_timeout(Some(limit)).and_then(|()| stream.read_exact(&mut head));
    match read {
        Ok(()) => {
            let [first, second] = head;
            let is_frame = first & 0b0111_0000 == 0 && second & 0b1000_0000 != 0;
            // Answered by a Close, so that the client need not wait; it may have gone already.
            stream.write_all(&[0x88, 0x02, 0x03, 0xE8]).ok();
            stream.shutdown(Shutdown::Write).ok();
            drain(stream);
            if is_frame { Outcome::Accepted } else { Outcome::Garbage("no masked frame".to_owned()) }
        }
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Outcome::Waiting,
        Err(_) => Outcome::Ended,
    }
}

fn drain(stream: &mut TcpStream) {
    let mut chunk = [0; 4096];
    if stream.set_read_timeout(Some(SHORT)).is_ok() {
        while matches!(stream.read(&mut chunk), Ok(1..)) {}
    }
}

const LONG: Duration = Duration::from_secs(3);
const SHORT: Duration = Duration::from_millis(300);
const CONNECT_LIMIT: Duration = Duration::from_secs(20);
const BY_HAND_LIMIT: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_the_key_is_replaced_in_each_form() {
        // RFC 6455 §4.1: another key.
        let key = "AQIDBAUGBwgJCgsMDQ4PEC==";
        let accept = String::from_utf8(accept_key(key.as_bytes()).to_vec()).unwrap();
        let adapt = |text: &str| String::from_utf8(adapt(text.as_bytes(), key)).unwrap();
        assert_eq!(adapt(&format!("A: {ACCEPT}\r\n")), format!("A: {accept}\r\n"));
        assert_eq!(adapt(&ACCEPT.to_uppercase()), accept.to_uppercase());
        assert_eq!(adapt(KEY), key);
        assert_eq!(adapt(ACCEPT.trim_end_matches('=')), accept.trim_end_matches('='));
        assert_eq!(adapt("another"), "another");
    }
}
