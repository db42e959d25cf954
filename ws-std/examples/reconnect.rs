//! Prints the messages of a server, and connects again when the connection is lost, later and later while that fails.
//!
//! `reconnect URL [TOKEN]`. It is the program that one writes with Python's `websockets` as
//! `async for websocket in connect(uri, additional_headers=.., open_timeout=5, ping_interval=20, ..)`.
use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};
use std::{env, thread};

use ws_std::{Backoff, Client, CloseStatus, Config, Error, Limits, Timeouts};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = env::args().skip(1);
    let url = arguments.next().ok_or("usage: reconnect URL [TOKEN]")?;
    let mut client = Client::new()
        .with_timeouts(
            Timeouts::new()
                .with_connect(Some(Duration::from_secs(5)))
                .with_handshake(Some(Duration::from_secs(5)))
                .with_ping_interval(Some(Duration::from_secs(20)))
                .with_pong(Some(Duration::from_secs(20)))
                .with_close(Some(Duration::from_secs(5))),
        )
        .with_config(Config::new().with_limits(Limits::new().with_message_len_max(1 << 20)));
    if let Some(token) = arguments.next() {
        client = client.with_secret_header("Authorization", format!("Bearer {token}"));
    }

    // The default, 5 s, is for clients of which a server has many.
    let mut backoff = Backoff::new().with_first_delay_max(Duration::from_secs(1));
    loop {
        let begun = Instant::now();
        let (what, wait) = match print_messages(&client, &url) {
            Ok(None) => return Ok(()),
            Ok(Some(status)) => (format!("closed with {status}"), Duration::ZERO),
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
        thread::sleep(wait);
    }
}

/// Prints messages until the connection ends. Returns the status of a Close after which it is worth connecting again.
fn print_messages(client: &Client, url: &str) -> Result<Option<u16>, Error> {
    let mut socket = client.connect(url)?;
    while let Some((message, _)) = socket.read()? {
        println!("{}", String::from_utf8_lossy(message.as_bytes()));
    }
    let status = socket.closure().map(|closure| closure.status);
    Ok(status.filter(|status| status.should_reconnect()).map(CloseStatus::get))
}
