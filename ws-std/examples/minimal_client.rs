//! Sends a text and prints the answer: `cargo run -p ws-std --example minimal_client [URL]`, by default `minimal_server`'s.
use ws_std::CloseCode;

fn main() -> Result<(), ws_std::Error> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "ws://127.0.0.1:9001/".to_owned());
    let mut socket = ws_std::connect(&url)?;
    socket.send("Hello")?;
    if let Some(message) = socket.receive()? {
        println!("{}", String::from_utf8_lossy(message.as_bytes()));
    }
    socket.close(CloseCode::NORMAL)
}
