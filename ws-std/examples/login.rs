//! A client that logs in, and the server that lets it in: by a cookie, a token in the query, and a subprotocol that both speak.
//!
//! `cargo run -p ws-std --example login` runs both, prints what each sees, and ends.
use std::error::Error;
use std::net::{TcpListener, TcpStream};
use std::thread;

use ws_std::{Client, CloseCode, Server};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("ws://{}/news", listener.local_addr()?);
    let server = thread::spawn(move || -> Result<(), ws_std::Error> {
        for stream in listener.incoming().take(2) {
            serve(stream?)?;
        }
        Ok(())
    });

    // Without the token the server answers 401, and says in the body what is missing.
    let error = ws_std::connect(&url).err().ok_or("was let in without a token")?;
    let refusal = error.refusal().ok_or("was not answered")?;
    println!("{error}: {}", String::from_utf8_lossy(refusal.body()));

    let client = Client::new()
        .with_cookie("session", "31d4d96e")
        .with_subprotocol("news.v2")
        .with_subprotocol("news.v1");
    let (mut socket, response) = client.connect_with_response(&format!("{url}?token=s3cret"))?;
    println!("speaks {:?}", socket.subprotocol());
    println!("next visit: {}", String::from_utf8_lossy(response.header("Set-Cookie").unwrap_or_default()));
    for message in socket.messages() {
        println!("{}", message?.as_text().unwrap_or("(no text)"));
    }

    server.join().map_err(|_panicked| "the server panicked")??;
    Ok(())
}

fn serve(stream: TcpStream) -> Result<(), ws_std::Error> {
    // The server speaks one version only; that the client prefers another does not matter.
    let incoming = Server::new().with_subprotocol("news.v1").receive(stream)?;
    let token =
        incoming.query().and_then(|query| query.split('&').find_map(|part| part.strip_prefix("token=")));
    if token != Some("s3cret") {
        return incoming.respond(401, &[], b"no token, or a wrong one");
    }
    // RFC 6265 §5.4: one header has all cookies.
    let cookies = String::from_utf8_lossy(incoming.header("Cookie").unwrap_or_default()).into_owned();
    let session = cookies.split("; ").find_map(|cookie| cookie.strip_prefix("session=")).unwrap_or("none");
    let mut socket = incoming.with_header("Set-Cookie", "last=news; HttpOnly; SameSite=Strict").accept()?;
    socket.send(&format!("Welcome, session {session}"))?;
    socket.close(CloseCode::NORMAL)
}
