//! A client for Socket.IO servers: Socket.IO protocol 5 (packets, events, acknowledgements, binary attachments) over
//! Engine.IO protocol 4 (open, ping and pong, messages) over our WebSocket.
//!
//! `cargo run --release -p ws-std --example socket_io URL [EVENT [JSON]...]` connects to the server at URL, as in
//! `ws://127.0.0.1:3000`, emits EVENT with these arguments and waits for its acknowledgement, then prints what events come
//! until the server ends the connection. Without EVENT it only listens.
#![expect(clippy::std_instead_of_core, reason = "a program has std")]

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fmt, io};

use serde_json::{Value, json};
use ws_std::{Client, CloseCode, Error, Message, NetStream, WebSocket};

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let Some(url) = arguments.next() else {
        eprintln!("usage: socket_io URL [EVENT [JSON]...]");
        return ExitCode::from(2);
    };
    let event = arguments.next();
    let json: Result<Vec<Value>, _> = arguments.map(|json| serde_json::from_str(&json)).collect();
    let result = json.map_err(Failure::Json).and_then(|arguments| run(&url, event, arguments));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("socket_io: {url}: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(url: &str, event: Option<String>, arguments: Vec<Value>) -> Result<(), Failure> {
    let mut socket = SocketIo::connect(url)?;
    writeln!(io::stdout(), "connected as {}", socket.sid)?;
    if let Some(event) = event {
        socket.emit(&event, arguments)?;
    }
    while let Some(packet) = socket.next()? {
        match packet {
            Packet::Event(arguments) => writeln!(io::stdout(), "event {arguments}")?,
            Packet::Ack(id, arguments) => writeln!(io::stdout(), "ack {id} {arguments}")?,
        }
    }
    writeln!(io::stdout(), "disconnected")?;
    Ok(())
}

/// A connection to the namespace `/` of a Socket.IO server.
struct SocketIo {
    socket: WebSocket<NetStream>,
    sid: String,
    next_id: u64,
    /// A packet with attachments that are still to come, in messages of their own.
    incomplete: Option<Incomplete>,
}

/// What the server said, its attachments in place.
enum Packet {
    /// The name and the arguments.
    Event(Value),
    /// The answer to the event that was emitted with this number.
    Ack(u64, Value),
}

struct Incomplete {
    packet: Packet,
    attachments: Vec<Value>,
    count: usize,
}

impl SocketIo {
    /// Opens Engine.IO, then Socket.IO over it.
    fn connect(url: &str) -> Result<Self, Failure> {
        let url = format!("{}/socket.io/?EIO=4&transport=websocket", url.trim_end_matches('/'));
        let socket = Client::new().connect(&url)?;
        let mut socket = Self { socket, sid: String::new(), next_id: 0, incomplete: None };
        let open = socket.receive_text()?;
        let open = open.strip_prefix('0').ok_or(Failure::Protocol("no Engine.IO open packet"))?;
        let open: Value = serde_json::from_str(open)?;
        let times = ["pingInterval", "pingTimeout"].map(|name| open.get(name).and_then(Value::as_u64));
        let silence_max = times.iter().flatten().fold(0, |sum: u64, time| sum.saturating_add(*time));
        // The server pings; where it has not for so long, it is gone.
        let silence_max = Duration::from_millis(silence_max.max(1000));
        socket.socket.get_ref().tcp().set_read_timeout(Some(silence_max))?;

        socket.socket.send("40")?;
        let answer = socket.receive_text()?;
        let Some(connected) = answer.strip_prefix("40") else {
            return Err(Failure::Refused(answer));
        };
        let sid = serde_json::from_str::<Value>(connected)?;
        let sid = sid.get("sid").and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Self { sid, ..socket })
    }

    /// Emits an event whose acknowledgement is asked for. Returns its number.
    fn emit(&mut self, event: &str, arguments: Vec<Value>) -> Result<u64, Failure> {
        let id = self.next_id;
        self.next_id = id.wrapping_add(1);
        let arguments: Vec<Value> = std::iter::once(json!(event)).chain(arguments).collect();
        self.socket.send(&format!("42{id}{}", Value::from(arguments)))?;
        Ok(id)
    }

    /// The next packet, or `None` once the server has disconnected.
    fn next(&mut self) -> Result<Option<Packet>, Failure> {
        loop {
            if let Some(packet) = self.incomplete.take_if(|packet| packet.attachments.len() >= packet.count) {
                return Ok(Some(packet.into_packet()));
            }
            match (self.receive()?, &mut self.incomplete) {
                (None, _) => return Ok(None),
                (Some(Heard::Binary(bytes)), Some(packet)) => packet.attachments.push(bytes.into()),
                (Some(Heard::Text(text)), None) if text == "41" => {
                    self.socket.close(CloseCode::NORMAL)?;
                    return Ok(None);
                }
                (Some(Heard::Text(text)), None) => self.incomplete = Some(parse(&text)?),
                (Some(_), _) => return Err(Failure::Protocol("an attachment of nothing, or none")),
            }
        }
    }

    /// The next text, which has to be one.
    fn receive_text(&mut self) -> Result<String, Failure> {
        match self.receive()? {
            Some(Heard::Text(text)) => Ok(text),
            _ => Err(Failure::Protocol("no answer")),
        }
    }

    /// The next message, with Engine.IO's pings answered.
    fn receive(&mut self) -> Result<Option<Heard>, Failure> {
        loop {
            match self.socket.read()? {
                None => return Ok(None),
                Some((Message::Text("2"), mut writer)) => writer.send("3")?,
                Some((Message::Text(text), _)) => return Ok(Some(Heard::Text(text.to_owned()))),
                Some((message, _)) => return Ok(Some(Heard::Binary(message.as_bytes().to_vec()))),
            }
        }
    }
}

/// A message of Engine.IO.
enum Heard {
    Text(String),
    Binary(Vec<u8>),
}

/// Reads an event (`42`), an acknowledgement (`43`), or one of them with attachments (`45`, `46`): their count and `-`, the
/// number of an acknowledgement, and the arguments.
fn parse(packet: &str) -> Result<Incomplete, Failure> {
    let start = packet.find('[').ok_or_else(|| Failure::Refused(packet.to_owned()))?;
    let (head, arguments) = packet.split_at(start);
    let arguments = serde_json::from_str(arguments)?;
    let (count, id) =
        head.get(2..).unwrap_or_default().split_once('-').unwrap_or(("0", head.get(2..).unwrap_or_default()));
    let count = count.parse().ok().filter(|count| *count <= ATTACHMENT_COUNT_MAX);
    let count = count.ok_or(Failure::Protocol("too many attachments"))?;
    let packet = match head.get(..2) {
        Some("42" | "45") => Packet::Event(arguments),
        Some("43" | "46") => {
            let id = id.parse().map_err(|_| Failure::Protocol("an acknowledgement of nothing"))?;
            Packet::Ack(id, arguments)
        }
        _ => return Err(Failure::Refused(packet.to_owned())),
    };
    Ok(Incomplete { packet, attachments: Vec::new(), count })
}

impl Incomplete {
    fn into_packet(self) -> Packet {
        let Self { mut packet, attachments, .. } = self;
        let (Packet::Event(arguments) | Packet::Ack(_, arguments)) = &mut packet;
        fill_in(arguments, &attachments);
        packet
    }
}

/// Puts each attachment where its placeholder is.
fn fill_in(value: &mut Value, attachments: &[Value]) {
    if value.get("_placeholder") == Some(&Value::Bool(true)) {
        let number = value.get("num").and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
        *value = number.and_then(|number| attachments.get(number)).cloned().unwrap_or_default();
        return;
    }
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| fill_in(value, attachments)),
        Value::Object(values) => values.values_mut().for_each(|value| fill_in(value, attachments)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[derive(Debug)]
enum Failure {
    WebSocket(Error),
    Json(serde_json::Error),
    /// The server does not speak as it should.
    Protocol(&'static str),
    /// The server said something else than was asked for.
    Refused(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WebSocket(error) => error.fmt(f),
            Self::Json(error) => error.fmt(f),
            Self::Protocol(words) => f.write_str(words),
            Self::Refused(words) => write!(f, "the server said {words}"),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::WebSocket(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::WebSocket(error.into())
    }
}

/// How many attachments a packet may have; each is a message, which has a limit of its own.
const ATTACHMENT_COUNT_MAX: usize = 64;
