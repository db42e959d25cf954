//! Our client's conversations with an echo server of a peer's.

use std::error::Error;
use std::fmt::Debug;
use std::fs;
use std::ops::Range;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use ws_std::{ClientTls, CloseCode, CloseFrame, ClosureCause, Deflate, Message, Proxy};

use super::feature::Feature;
use super::server::deflate;
use crate::adapter::{Adapter, ClientSettings, Outcome, Socket};

/// Where a server listens, without compression and with each kind of it.
#[derive(Clone, Debug)]
pub(crate) struct Urls {
    pub(crate) plain: String,
    pub(crate) deflate: String,
    pub(crate) no_takeover: String,
    /// The certificate to trust, where it is by TLS.
    pub(crate) ca: Option<PathBuf>,
    /// What to connect through.
    pub(crate) proxy: Option<Proxy>,
    /// Whose client connects.
    pub(crate) adapter: Adapter,
}

impl Urls {
    fn connect(&self, url: &str, settings: &ClientSettings) -> Result<Box<dyn Socket>, Box<dyn Error>> {
        let tls = match &self.ca {
            Some(ca) => Some(ClientTls::from_roots(&fs::read(ca)?)?.into()),
            None => None,
        };
        self.adapter.connect(url, &ClientSettings { tls, proxy: self.proxy.clone(), ..settings.clone() })
    }

    /// Without compression, at its URL.
    fn connect_plain(&self) -> Result<Box<dyn Socket>, Box<dyn Error>> {
        self.connect(&self.plain, &ClientSettings::default())
    }
}

/// Says what went wrong, if anything did.
pub(crate) fn converse(urls: &Urls, feature: Feature) -> Outcome {
    match feature {
        Feature::Text => exchange(urls, &[Message::Text("Hello")]),
        Feature::Empty => exchange(urls, &[Message::Text(""), Message::Binary(b"")]),
        Feature::Utf8 => exchange(urls, &[Message::Text(UNICODE), Message::Text(&UNICODE.repeat(5000))]),
        Feature::Binary => {
            let messages = LENGTHS.map(noise);
            exchange(urls, &messages.each_ref().map(|bytes| Message::Binary(bytes)))
        }
        Feature::EightMib => exchange(urls, &[Message::Binary(&noise(8 << 20))]),
        Feature::Many => many(urls),
        Feature::FragmentsToServer => send_fragments(urls),
        Feature::FragmentsToClient => {
            let mut socket = urls.connect_plain()?;
            equal(ask(&mut *socket, &format!("!fragments {UNICODE}"))?.as_str(), UNICODE)?;
            end(socket)
        }
        Feature::PingToServer => ping(urls),
        Feature::PingToClient => {
            let mut socket = urls.connect(&format!("{}?pongs", urls.plain), &ClientSettings::default())?;
            equal(ask(&mut *socket, "!ping are you there?")?.as_str(), "pong are you there?")?;
            end(socket)
        }
        Feature::CloseToServer => closes().try_for_each(|(code, reason)| close(urls, Some(code), &reason)),
        Feature::NoCodeToServer => close(urls, None, ""),
        Feature::CloseToClient => {
            closes().try_for_each(|(code, reason)| is_closed(urls, code.get(), &reason))
        }
        Feature::NoCodeToClient => is_closed(urls, NO_STATUS, ""),
        Feature::Subprotocol => subprotocol(urls),
        Feature::Deflate => deflates(urls, &urls.deflate, deflate(true), 0..1000),
        Feature::NoTakeover => deflates(urls, &urls.no_takeover, deflate(false), 8000..15000),
        Feature::EmptyDeflated => {
            empty_deflated(urls, &urls.deflate, deflate(true))?;
            empty_deflated(urls, &urls.no_takeover, deflate(false))
        }
    }
}

fn exchange(urls: &Urls, messages: &[Message<'_>]) -> Outcome {
    let mut socket = urls.connect_plain()?;
    messages.iter().try_for_each(|&message| echoes(&mut *socket, message))?;
    end(socket)
}

fn many(urls: &Urls) -> Outcome {
    let mut socket = urls.connect_plain()?;
    for i in 0..MANY {
        socket.send(Message::Text(&format!("message {i}")))?;
    }
    for i in 0..MANY {
        equal(next(&mut *socket)?, Message::Text(&format!("message {i}")))?;
    }
    end(socket)
}

fn send_fragments(urls: &Urls) -> Outcome {
    let mut socket = urls.connect_plain()?;
    socket.send_fragments(UNICODE, 3)?;
    equal(next(&mut *socket)?, Message::Text(UNICODE))?;
    end(socket)
}

fn ping(urls: &Urls) -> Outcome {
    let mut socket = urls.connect_plain()?;
    for payload in ["", "are you there?", &"x".repeat(125)] {
        equal(socket.ping(payload.as_bytes())?, payload.as_bytes().to_vec())?;
    }
    end(socket)
}

/// Closes, and asks the server what it saw.
fn close(urls: &Urls, code: Option<CloseCode>, reason: &str) -> Outcome {
    let name = format!("{}-{:?}", std::process::id(), std::time::Instant::now());
    let mut socket = urls.connect_plain()?;
    equal(ask(&mut *socket, &format!("!id {name}"))?.as_str(), "named")?;
    socket.close(code.map_or(CloseFrame::EMPTY, |code| code.with_reason(reason)))?;
    let closure = socket.closure().ok_or("the end is not known")?;
    let number = code.map_or(NO_STATUS, CloseCode::get);
    equal((closure.cause, closure.is_clean), (ClosureCause::Local, true))?;
    // RFC 6455 §5.5.1: the answer typically has the code that came; aiohttp's server answers everything with 1000.
    if closure.status.get() != 1000 {
        equal(closure.status.get(), number)?;
    }
    let mut socket = urls.connect_plain()?;
    let told = loop {
        let told = ask(&mut *socket, &format!("!closure {name}"))?;
        if told != "pending" {
            break told;
        }
        thread::sleep(Duration::from_millis(10));
    };
    equal(told.as_str(), format!("{number} {reason}").trim_end())?;
    end(socket)
}

/// Has the server close.
fn is_closed(urls: &Urls, code: u16, reason: &str) -> Outcome {
    let mut socket = urls.connect_plain()?;
    socket.send(Message::Text(&format!("!close {code} {reason}")))?;
    equal(socket.read()?, None)?;
    let closure = socket.closure().ok_or("the end is not known")?;
    equal((closure.cause, closure.status.get(), closure.is_clean), (ClosureCause::Peer, code, true))?;
    equal(socket.close_frame().ok_or("no Close is kept")?.reason(), reason)
}

fn subprotocol(urls: &Urls) -> Outcome {
    for (subprotocols, agreed) in [(&["one", "two", "three"][..], Some("two")), (&[], None)] {
        let settings = ClientSettings { subprotocols, ..ClientSettings::default() };
        let mut socket = urls.connect(&urls.plain, &settings)?;
        equal(socket.subprotocol(), agreed)?;
        equal(ask(&mut *socket, "!subprotocol")?.as_str(), agreed.unwrap_or("none"))?;
        end(socket)?;
    }
    Ok(())
}

/// Sends the same text twice: what the second costs on the wire tells whether it could refer to the first.
fn deflates(urls: &Urls, url: &str, deflate: Deflate, expected: Range<u64>) -> Outcome {
    let settings = ClientSettings { deflate: Some(deflate), ..ClientSettings::default() };
    let mut socket = urls.connect(url, &settings)?;
    let text = incompressible(16384);
    echoes(&mut *socket, Message::Text(&text))?;
    let before = socket.wire_lens();
    echoes(&mut *socket, Message::Text(&text))?;
    let after = socket.wire_lens();
    let came = after.0.saturating_sub(before.0);
    let went = after.1.saturating_sub(before.1);
    for (len, verb) in [(came, "came"), (went, "went")] {
        if !expected.contains(&len) {
            return Err(format!("{len} bytes {verb} for {}", text.len()).into());
        }
    }
    // Messages that are mostly runs and repetitions.
    echoes(&mut *socket, Message::Binary(&[noise(100), vec![7; 2900]].concat()))?;
    echoes(&mut *socket, Message::Text(&UNICODE.repeat(5000)))?;
    end(socket)
}

fn empty_deflated(urls: &Urls, url: &str, deflate: Deflate) -> Outcome {
    let settings = ClientSettings { deflate: Some(deflate), ..ClientSettings::default() };
    let mut socket = urls.connect(url, &settings)?;
    for message in ["", "Hello", ""] {
        echoes(&mut *socket, Message::Text(message))?;
    }
    echoes(&mut *socket, Message::Binary(b""))?;
    end(socket)
}

fn end(mut socket: Box<dyn Socket>) -> Outcome {
    socket.close(CloseCode::NORMAL.into())?;
    let closure = socket.closure().ok_or("the end is not known")?;
    equal((closure.status.get(), closure.is_clean), (1000, true))
}

fn ask(socket: &mut dyn Socket, command: &str) -> Result<String, Box<dyn Error>> {
    socket.send(Message::Text(command))?;
    let answer = next(socket)?;
    if let Message::Text(text) = answer {
        return Ok(text.to_owned());
    }
    Err(format!("{} came for {command}", short(&answer)).into())
}

fn echoes(socket: &mut dyn Socket, message: Message<'_>) -> Outcome {
    socket.send(message)?;
    equal(next(socket)?, message)
}

fn next(socket: &mut dyn Socket) -> Result<Message<'_>, Box<dyn Error>> {
    socket.read()?.ok_or_else(|| "closed before the answer".into())
}

#[expect(clippy::needless_pass_by_value, reason = "small values, most of them made in place")]
fn equal<T: PartialEq + Debug>(actual: T, expected: T) -> Outcome {
    if actual == expected {
        Ok(())
    } else {
        Err(format!("{} is not {}", short(&actual), short(&expected)).into())
    }
}

fn short(value: &impl Debug) -> String {
    format!("{value:?}").chars().take(100).collect()
}

fn closes() -> impl Iterator<Item = (CloseCode, String)> {
    let closes = [
        (1000, String::new()),
        (1000, "done".to_owned()),
        (3000, "Grüße".to_owned()),
        (4999, "x".repeat(123)),
    ];
    closes.into_iter().filter_map(|(code, reason)| CloseCode::new(code).map(|code| (code, reason)))
}

/// Bytes without a pattern, the same each time.
fn noise(len: usize) -> Vec<u8> {
    let step = |state: &u32| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    let states = std::iter::successors(Some(7), step).skip(1).take(len);
    states.map(|state| state.to_be_bytes()[0]).collect()
}

/// Text that is only made a quarter shorter by what deflate knows about it.
fn incompressible(len: usize) -> String {
    let digits: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']).collect();
    noise(len).into_iter().filter_map(|byte| digits.get(usize::from(byte & 63))).collect()
}

const UNICODE: &str = "Grüße, €, 漢字, 𝄞, שלום";
const LENGTHS: [usize; 7] = [1, 125, 126, 127, 65535, 65536, 65537];
const MANY: usize = 1000;
const NO_STATUS: u16 = 1005;
