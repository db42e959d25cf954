//! Prints the messages of a server, and connects again when the connection is lost, later and later while that fails.
//!
//! `cargo run --release -p ws-tokio --example async_reconnect URL [TOKEN]` sends the token as `Authorization: Bearer TOKEN`. It ends
//! when the server closes for good, or after an error that would come again.

use std::env;
use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use tokio::time::sleep;
use ws_tokio::{Backoff, Client, CloseStatus, Error, Timeouts};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = env::args().skip(1);
    let url = arguments.next().ok_or("usage: async_reconnect URL [TOKEN]")?;
    // A server that is gone is noticed by a ping that is not answered.
    let mut client = Client::new().with_timeouts(Timeouts::new().with_ping_interval(Some(PING_INTERVAL)));
    if let Some(token) = arguments.next() {
        client = client.with_header("Authorization", format!("Bearer {token}"));
    }

    // The default, 5 s, is for clients of which a server has many.
    let mut backoff = Backoff::new().with_first_delay_max(Duration::from_secs(1));
    loop {
        let begun = Instant::now();
        let (what, wait) = match print_messages(&client, &url).await {
            Ok(None) => return Ok(()),
            Ok(Some(status)) => (format!("closed with {}", status.get()), Duration::ZERO),
            Err(error) if error.should_reconnect() => {
                (error.to_string(), error.retry_after().unwrap_or_default())
            }
            Err(error) => return Err(error.into()),
        };
        backoff.opened_for(begun.elapsed());
        // Random for each process, and for each call.
        let random = RandomState::new().hash_one(0_u8);
        let wait = backoff.next_delay(random).max(wait);
        eprintln!("{what}; connecting again in {wait:.1?}");
        sleep(wait).await;
    }
}

/// Prints messages until the connection ends. Returns the status of a Close after which it is worth connecting again.
async fn print_messages(client: &Client, url: &str) -> Result<Option<CloseStatus>, Error> {
    let mut socket = client.connect(url).await?;
    while let Some((message, _)) = socket.read().await? {
        println!("{}", String::from_utf8_lossy(message.as_bytes()));
    }
    Ok(socket.closure().map(|closure| closure.status).filter(|status| status.should_reconnect()))
}

const PING_INTERVAL: Duration = Duration::from_secs(20);
