//! Plays a client to a server: sends a request as it stands in its file, and sees what comes.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use ws_core::handshake::accept_key;

use super::case::Case;
use super::http::Head;
use super::judge::Outcome;
use crate::process::{Result, TICK};

/// Makes sure that something listens there.
pub(super) fn wait_listening(addr: &str) -> Result<()> {
    connect(addr).map(drop)
}

/// Sends the request of a case.
pub(super) fn play(addr: &str, case: &Case) -> Result<Outcome> {
    let mut stream = connect(addr)?;
    let bytes = case.bytes();
    let mut writer = stream.try_clone().map_err(|error| error.to_string())?;
    // A server may answer and close before it has read all of a long head.
    let writing = thread::spawn(move || writer.write_all(&bytes).is_ok());
    let limit = if case.may_wait() { SHORT } else { LONG };
    let outcome = receive(&mut stream, case, limit);
    // Ends the writing too, where nobody reads it. It fails where the server has ended all already.
    stream.shutdown(Shutdown::Both).ok();
    writing.join().map_err(|_| "the writer crashed".to_owned())?;
    Ok(outcome)
}

fn receive(stream: &mut TcpStream, case: &Case, limit: Duration) -> Outcome {
    let mut received = Vec::new();
    let end = loop {
        match Head::response(&received) {
            Err(why) => return Outcome::Garbage(why),
            Ok(Some(head)) => return answered(stream, case, &head),
            Ok(None) => {}
        }
        match read(stream, limit, &mut received) {
            End::None => {}
            end @ (End::Ended | End::TimedOut) => break end,
        }
    };
    match end {
        End::Ended if received.is_empty() => Outcome::Ended,
        End::Ended => Outcome::Garbage("the response has no end".to_owned()),
        End::None | End::TimedOut => Outcome::Waiting,
    }
}

fn answered(stream: &mut TcpStream, case: &Case, head: &Head) -> Outcome {
    match head.status {
        Some(101) => match fault(case, head) {
            None => Outcome::Accepted,
            Some(why) => Outcome::AcceptedWrongly(why),
        },
        status => Outcome::Refused { status: status.unwrap_or_default(), closed: ends(stream, SHORT) },
    }
}

/// What is wrong with a 101.
fn fault(case: &Case, response: &Head) -> Option<String> {
    // What does not parse was refused, or should have been; the judge knows.
    let request = Head::request(&case.head).ok().flatten()?;
    let is = |name: &str, expected: &str| {
        response.values(name).all(|value| value.eq_ignore_ascii_case(expected))
            && response.values(name).count() == 1
    };
    if !is("Upgrade", "websocket") {
        return Some("a 101 without Upgrade: websocket".to_owned());
    }
    if !response.names("Connection").iter().any(|name| name.eq_ignore_ascii_case("upgrade")) {
        return Some("a 101 without Connection: Upgrade".to_owned());
    }
    let accept = request.values("Sec-WebSocket-Key").next().map(|key| accept_key(key.as_bytes()));
    let accepts: Vec<String> = response.values("Sec-WebSocket-Accept").collect();
    let is_accept = accepts.len() == 1
        && accepts.iter().all(|theirs| Some(theirs.as_bytes()) == accept.as_ref().map(<[u8; 28]>::as_slice));
    if !is_accept && accept.is_some() {
        return Some("a 101 with a wrong Sec-WebSocket-Accept".to_owned());
    }
    for header in ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"] {
        let offered = request.names(header);
        if let Some(name) = response.names(header).into_iter().find(|name| !offered.contains(name)) {
            return Some(format!("a 101 with {name}, which was not offered"));
        }
    }
    let declined = case.declines.clone()?;
    let agreed = response.names("Sec-WebSocket-Extensions").contains(&declined);
    agreed.then(|| format!("a 101 that agrees on {declined}"))
}

/// Whether the server ends the connection within a time, whatever it says before.
fn ends(stream: &mut TcpStream, limit: Duration) -> bool {
    let deadline = Instant::now().checked_add(limit);
    let mut body = Vec::new();
    while deadline.is_some_and(|deadline| Instant::now() < deadline) {
        match read(stream, limit, &mut body) {
            End::None => body.clear(),
            End::Ended => return true,
            End::TimedOut => return false,
        }
    }
    false
}

enum End {
    None,
    Ended,
    TimedOut,
}

/// Reads once, and says whether that was the last time.
fn read(stream: &mut TcpStream, limit: Duration, received: &mut Vec<u8>) -> End {
    let mut chunk = [0; 4096];
    let read = stream.set_read_timeout(Some(limit)).and_then(|()| stream.read(&mut chunk));
    match read {
        Ok(0) => End::Ended,
        Ok(len) => {
            received.extend_from_slice(chunk.get(..len).unwrap_or_default());
            End::None
        }
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => End::TimedOut,
        Err(error) if error.kind() == ErrorKind::Interrupted => End::None,
        Err(_) => End::Ended,
    }
}

fn connect(addr: &str) -> Result<TcpStream> {
    let deadline = Instant::now().checked_add(LISTEN_LIMIT);
    loop {
        match TcpStream::connect(addr) {
            Ok(stream) => return Ok(stream),
            Err(error) if deadline.is_none_or(|deadline| Instant::now() >= deadline) => {
                return Err(format!("nothing listens at {addr}: {error}"));
            }
            Err(_) => thread::sleep(TICK),
        }
    }
}

/// For what should come.
const LONG: Duration = Duration::from_secs(3);
/// For what should not come, or comes at once.
const SHORT: Duration = Duration::from_millis(300);
const LISTEN_LIMIT: Duration = Duration::from_secs(10);
