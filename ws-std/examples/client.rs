//! Sends texts to a WebSocket server, and prints what comes back.
//!
//! `client URL [--text T]... [--header 'K: V']... [--subprotocol P]... [--origin O] [--deflate]` sends each text, or each
//! line of standard input where there is none, and closes. The exit code is 0 after a clean end, 1 after a failure, 2
//! where the arguments are wrong. `--deflate` offers compression, where this was built with `--features deflate`.
#![expect(clippy::std_instead_of_core, reason = "a program has std")]

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::time::{Duration, Instant};
use std::{env, io, thread};

use ws_std::{Client, CloseCode, Error, Message, NetStream, WebSocket};

const USAGE: &str = "usage: client URL [--text T]... [--header 'K: V']... [--subprotocol P]... [--origin O]
       [--deflate]
Sends each text, or each line of standard input, and prints what comes back.";

fn main() -> ExitCode {
    let arguments = match Arguments::parse(env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!("client: {problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("client: {error}");
            if let Error::Refused(refusal) = error {
                eprintln!("{}", String::from_utf8_lossy(refusal.body()).trim_end());
            }
            ExitCode::FAILURE
        }
    }
}

struct Arguments {
    url: String,
    client: Client,
    texts: Vec<String>,
}

impl Arguments {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut url, mut client, mut texts) = (None, Client::new(), Vec::new());
        while let Some(argument) = arguments.next() {
            if !argument.starts_with("--") {
                if url.replace(argument).is_some() {
                    return Err("more than one URL".to_owned());
                }
                continue;
            }
            if argument == "--deflate" {
                client = compressing(client)?;
                continue;
            }
            let value = arguments.next().ok_or_else(|| format!("{argument} needs a value"))?;
            match argument.as_str() {
                "--text" => texts.push(value),
                "--subprotocol" => client = client.with_subprotocol(&value),
                "--origin" => client = client.with_origin(&value),
                "--header" => {
                    let (name, value) = value.split_once(':').ok_or("--header needs 'name: value'")?;
                    client = client.with_header(name.trim(), value.trim());
                }
                _ => return Err(format!("unknown option {argument}")),
            }
        }
        Ok(Self { url: url.ok_or("no URL")?, client, texts })
    }
}

/// The client with compression on offer, where this was built with the feature for it.
#[cfg(feature = "deflate")]
#[expect(clippy::unnecessary_wraps, reason = "a build without the feature fails")]
fn compressing(client: Client) -> Result<Client, String> {
    Ok(client.with_deflate(ws_std::Deflate::new()))
}

#[cfg(not(feature = "deflate"))]
fn compressing(_client: Client) -> Result<Client, String> {
    Err("--deflate needs a build with --features deflate".to_owned())
}

fn run(arguments: Arguments) -> Result<(), Error> {
    let mut socket = arguments.client.connect(&arguments.url)?;
    if let Some(subprotocol) = socket.subprotocol() {
        eprintln!("client: the server speaks {subprotocol}");
    }
    #[cfg(feature = "deflate")]
    if socket.deflate().is_some() {
        eprintln!("client: the server compresses");
    }
    // A read gives way to what is to be sent.
    socket.get_ref().tcp().set_read_timeout(Some(ATTENTION))?;
    let texts = texts(arguments.texts);
    let mut wait = Wait { answers: 0, until: Instant::now(), is_closing: false };
    loop {
        match socket.read() {
            Ok(Some((message, _))) => {
                print(message)?;
                wait.answered();
            }
            Ok(None) => break,
            Err(error) if error.is_transient() => {}
            Err(error) => return Err(error),
        }
        if !wait.is_closing {
            send_all(&mut socket, &texts, &mut wait)?;
        }
    }
    if !wait.is_closing {
        let status = socket.closure().map(|closure| closure.status.get()).unwrap_or_default();
        let reason = socket.close_frame().map(|close| close.reason().to_owned()).unwrap_or_default();
        eprintln!("client: the server closed with {status} {reason}");
    }
    Ok(())
}

/// Sends what there is to send, and closes behind the last text once its answer has come, or will not.
fn send_all(
    socket: &mut WebSocket<NetStream>,
    texts: &Receiver<String>,
    wait: &mut Wait,
) -> Result<(), Error> {
    loop {
        match texts.try_recv() {
            Ok(text) => match socket.send(&text) {
                Ok(()) => wait.sent(),
                // The server's Close is on its way.
                Err(Error::Closed) => return Ok(()),
                Err(error) => return Err(error),
            },
            Err(TryRecvError::Disconnected) if wait.is_over() => {
                wait.is_closing = true;
                return socket.start_close(CloseCode::NORMAL);
            }
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => return Ok(()),
        }
    }
}

/// The texts as they come: those of the command line, or the lines of standard input.
fn texts(texts: Vec<String>) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    let is_input = texts.is_empty();
    for text in texts {
        let _ended = sender.send(text);
    }
    if is_input {
        thread::spawn(move || {
            for line in io::stdin().lines() {
                let sent = match line {
                    Ok(line) => sender.send(line),
                    Err(error) => return eprintln!("client: standard input: {error}"),
                };
                if sent.is_err() {
                    return;
                }
            }
        });
    }
    receiver
}

/// How many answers are to come, if each text has one, and how long they are waited for.
struct Wait {
    answers: usize,
    until: Instant,
    is_closing: bool,
}

impl Wait {
    fn sent(&mut self) {
        self.answers = self.answers.saturating_add(1);
        self.until = Instant::now().checked_add(PATIENCE).unwrap_or(self.until);
    }

    fn answered(&mut self) {
        self.answers = self.answers.saturating_sub(1);
        self.until = Instant::now().checked_add(PATIENCE).unwrap_or(self.until);
    }

    fn is_over(&self) -> bool {
        self.answers == 0 || self.until <= Instant::now()
    }
}

fn print(message: Message<'_>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match message {
        Message::Text(text) => writeln!(out, "{text}"),
        Message::Binary(bytes) => writeln!(out, "({} bytes) {}", bytes.len(), bytes.escape_ascii()),
    }
}

/// How long a read waits before it is looked at what is to be sent.
const ATTENTION: Duration = Duration::from_millis(20);

/// How long an answer is waited for behind the last text.
const PATIENCE: Duration = Duration::from_secs(1);
