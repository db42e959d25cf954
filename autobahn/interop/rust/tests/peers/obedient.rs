//! The peer's side of every conversation: an echo that obeys commands.

use std::future::Future;
use std::time::Duration;

/// A message that begins with this is a command: see [`obey`].
pub const COMMAND: &str = "peer: ";

/// What the peer sends as a ping.
pub const PING: &[u8] = b"from the peer";

/// What the peer sends in fragments, 154 bytes: characters of one to four.
pub const FRAGMENTED: &str = "aé€😀 aé€😀 aé€😀 aé€😀 aé€😀 aé€😀 aé€😀 \
                              aé€😀 aé€😀 aé€😀 aé€😀 aé€😀 aé€😀 aé€😀 ";

/// With what the peer closes.
pub const CLOSE: (u16, &str) = (4001, "enough");

/// A connection of a peer, by the API of its library.
pub trait Peer: Send {
    /// What comes next; `None` at the end.
    fn next(&mut self) -> impl Future<Output = Option<Result<Got, String>>> + Send;

    /// Sends it, and flushes. An error says that the library cannot.
    fn send(&mut self, give: Give) -> impl Future<Output = Result<(), String>> + Send;
}

/// What a peer receives.
#[derive(Debug)]
pub enum Got {
    Text(String),
    Binary(Vec<u8>),
    /// The library answers it.
    Ping,
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
}

/// What a peer sends.
#[derive(Debug)]
pub enum Give {
    Text(String),
    Binary(Vec<u8>),
    Ping(&'static [u8]),
    /// A part of a text, by its bytes.
    Fragment {
        bytes: &'static [u8],
        is_first: bool,
        is_last: bool,
    },
    Close(u16, &'static str),
}

/// What a peer has seen.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub pongs: Vec<Vec<u8>>,
    pub close: Option<(u16, String)>,
    pub error: Option<String>,
}

/// Sends back what comes, and does what it is told to.
pub async fn obey(mut peer: impl Peer) -> Seen {
    let mut seen = Seen::default();
    loop {
        let done = match peer.next().await {
            None => return seen,
            Some(Err(error)) => {
                seen.error = Some(error);
                return seen;
            }
            Some(Ok(Got::Text(text))) => match text.strip_prefix(COMMAND) {
                None => peer.send(Give::Text(text)).await,
                Some("ping") => peer.send(Give::Ping(PING)).await,
                Some("fragments") => fragments(&mut peer, FRAGMENTED.as_bytes()).await,
                Some("not UTF-8") => fragments(&mut peer, b"not UTF-8: \xc3\x28").await,
                Some("close") => peer.send(Give::Close(CLOSE.0, CLOSE.1)).await,
                Some("vanish") => return seen,
                // It neither reads nor writes, and keeps the stream open.
                Some("stop") => {
                    tokio::time::sleep(Duration::from_secs(2)).await;
                    return seen;
                }
                Some(command) => Err(format!("no such command: {command}")),
            },
            Some(Ok(Got::Binary(bytes))) => peer.send(Give::Binary(bytes)).await,
            Some(Ok(Got::Ping)) => Ok(()),
            Some(Ok(Got::Pong(payload))) => {
                seen.pongs.push(payload);
                Ok(())
            }
            Some(Ok(Got::Close(close))) => {
                seen.close = close;
                Ok(())
            }
        };
        if let Err(error) = done {
            if peer.send(Give::Text(error.clone())).await.is_err() {
                seen.error = Some(error);
                return seen;
            }
        }
    }
}

/// Sends a text in fragments of three bytes, within characters too, and pings between them.
async fn fragments(peer: &mut impl Peer, text: &'static [u8]) -> Result<(), String> {
    let count = text.chunks(3).len();
    for (number, bytes) in text.chunks(3).enumerate() {
        peer.send(Give::Fragment { bytes, is_first: number == 0, is_last: number + 1 == count }).await?;
        if number % 2 == 0 && number + 1 < count {
            peer.send(Give::Ping(PING)).await?;
        }
    }
    Ok(())
}
