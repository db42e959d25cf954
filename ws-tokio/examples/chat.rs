//! A chat room: all who are in it hear all that is said.
//!
//! `cargo run --release -p ws-tokio --features deflate --example async_chat [ADDR]` serves on 127.0.0.1:9002, or on ADDR, until Ctrl-C,
//! which closes all connections with 1001. Enter it with `async_client ws://127.0.0.1:9002/`, and say your name first.
//!
//! Each line is encoded once and compressed once for all guests. Nobody waits for a guest that reads too slowly: it misses lines, is
//! told how many, and is given up after the write timeout.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{env, io};

use tokio::net::{TcpListener, TcpStream};
use tokio::select;
use tokio::signal::ctrl_c;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use ws_tokio::ws_core::deflate::{DeflateSettings, Deflater};
use ws_tokio::{CloseCode, Config, Deflate, EncodedMessage, Error, Limits, Server, WebSocket, WriteHalf};

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9002".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/ (Ctrl-C ends)", listener.local_addr()?);

    let (room, guests) = (Arc::new(Room::new()), TaskTracker::new());
    select! {
        // An interrupt is waited for before the first guest can be.
        biased;
        interrupted = ctrl_c() => interrupted?,
        () = serve(&listener, &room, &guests) => {}
    }
    room.closing.cancel();
    guests.close();
    if timeout(PATIENCE, guests.wait()).await.is_err() {
        eprintln!("chat: {} guests did not close", guests.len());
    }
    Ok(())
}

async fn serve(listener: &TcpListener, room: &Arc<Room>, guests: &TaskTracker) {
    let limits = Limits::new().with_message_len_max(TEXT_LEN_MAX).with_frame_len_max(TEXT_LEN_MAX);
    let server = Server::new().with_config(Config::new().with_limits(limits)).with_deflate(Deflate::new());
    while !room.closing.is_cancelled() {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // File descriptors are used up, for example, until a guest leaves.
                eprintln!("chat: {error}");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (server, room) = (server.clone(), Arc::clone(room));
        guests.spawn(async move {
            match room.visit(&server, stream).await {
                // That guests come and go is nothing to report.
                Ok(()) | Err(Error::Disconnected(_) | Error::Timeout(_)) => {}
                Err(error) => eprintln!("chat: {peer}: {error}"),
            }
        });
    }
}

struct Room {
    lines: broadcast::Sender<Line>,
    names: Mutex<BTreeSet<String>>,
    deflater: Mutex<Deflater>,
    closing: CancellationToken,
}

/// What is said, as it is sent to all.
#[derive(Clone)]
struct Line {
    plain: Arc<EncodedMessage<Vec<u8>>>,
    compressed: Arc<EncodedMessage<Vec<u8>>>,
}

impl Room {
    fn new() -> Self {
        Self {
            lines: broadcast::Sender::new(LINE_COUNT_MAX),
            names: Mutex::default(),
            deflater: Mutex::new(Deflater::new(DeflateSettings::default())),
            closing: CancellationToken::new(),
        }
    }

    /// All of a connection, from the request to the end.
    async fn visit(&self, server: &Server, stream: TcpStream) -> Result<(), Error> {
        stream.set_nodelay(true)?;
        let mut socket = server.accept(stream).await?;
        let name = select! {
            name = socket.receive() => name?,
            () = self.closing.cancelled() => return socket.close(CloseCode::GOING_AWAY).await,
        };
        let Some(guest) = name.as_ref().and_then(|name| self.welcome(name.as_text()?)) else {
            return socket
                .close(CloseCode::POLICY_VIOLATION.with_reason("this name is taken, or none"))
                .await;
        };
        self.attend(socket, &guest).await
    }

    /// Passes on what the guest says, and to the guest what all say.
    async fn attend(&self, socket: WebSocket<TcpStream>, guest: &Guest<'_>) -> Result<(), Error> {
        let mut lines = self.lines.subscribe();
        self.say(&format!("* {} comes", guest.name))?;
        let (mut reader, mut writer) = socket.split();
        let mut hearing = pin!(async {
            while let Some(message) = reader.receive().await? {
                if let Some(text) = message.as_text() {
                    self.say(&format!("{}: {text}", guest.name))?;
                }
            }
            Ok(())
        });
        let telling = async {
            select! {
                told = tell(&mut lines, &mut writer) => told?,
                // A line that is being sent now leaves before the Close, or not at all.
                () = self.closing.cancelled() => {}
            }
            writer.start_close(CloseCode::GOING_AWAY.with_reason("the server ends")).await
        };
        select! {
            heard = &mut hearing => heard,
            told = telling => match told {
                // The guest's Close, or its answer, is still to be heard.
                Ok(()) | Err(Error::Closed) => hearing.await,
                Err(error) => Err(error),
            },
        }
    }

    fn say(&self, text: &str) -> Result<(), Error> {
        let plain = Arc::new(EncodedMessage::new(text)?);
        let compressed = Arc::new(EncodedMessage::compressed(text, &mut lock(&self.deflater))?);
        // After the last guest has gone, nobody hears it.
        let _unheard = self.lines.send(Line { plain, compressed });
        Ok(())
    }

    /// Enters a name that nobody has.
    fn welcome(&self, name: &str) -> Option<Guest<'_>> {
        let name = name.trim();
        let is_name = (1..=NAME_LEN_MAX).contains(&name.len()) && !name.contains(char::is_control);
        (is_name && lock(&self.names).insert(name.to_owned()))
            .then(|| Guest { room: self, name: name.to_owned() })
    }
}

/// Sends all lines to a guest.
async fn tell(lines: &mut broadcast::Receiver<Line>, writer: &mut WriteHalf<TcpStream>) -> Result<(), Error> {
    loop {
        match lines.recv().await {
            Ok(line) => match writer.send_encoded(&line.compressed).await {
                Err(Error::NotAdmitted) => writer.send_encoded(&line.plain).await?,
                sent => sent?,
            },
            Err(RecvError::Lagged(count)) => writer.send(&format!("* you have missed {count} lines")).await?,
            Err(RecvError::Closed) => return Ok(()),
        }
    }
}

/// Somebody in the room, who leaves it when this is dropped, however the connection ended.
struct Guest<'r> {
    room: &'r Room,
    name: String,
}

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        lock(&self.room.names).remove(&self.name);
        if let Err(error) = self.room.say(&format!("* {} goes", self.name)) {
            eprintln!("chat: {error}");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many lines are kept for guests that have not been sent them yet.
const LINE_COUNT_MAX: usize = 64;

/// The longest message, in bytes.
const TEXT_LEN_MAX: u64 = 4096;

/// The longest name, in bytes.
const NAME_LEN_MAX: usize = 40;

/// How long the server waits for its guests to close.
const PATIENCE: Duration = Duration::from_secs(2);
