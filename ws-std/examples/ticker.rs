//! A server that sends without being asked, and hands on what it receives: a program for tungstenite, ported.
//!
//! `ticker [ADDR]` serves on 127.0.0.1:9003, or on ADDR. A visitor who has no cookie `user` is answered 401. It is sent
//! `tick 1`, `tick 2` and so on, each second; what it sends is printed by another thread. The guide that comes with the
//! documentation, `guide::from_tungstenite`, has the program that this was.
use std::error::Error;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Sender};
use std::time::Duration;
use std::{env, thread};

use ws_std::{Event, OwnedMessage, Server};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(env::args().nth(1).as_deref().unwrap_or("127.0.0.1:9003"))?;
    println!("listening on ws://{}/", listener.local_addr()?);
    let (events, received) = mpsc::channel::<(String, OwnedMessage)>();
    thread::spawn(move || {
        for (user, message) in received {
            println!("{user}: {}", message.as_text().unwrap_or("(no text)"));
        }
    });
    for stream in listener.incoming() {
        let (stream, events) = (stream?, events.clone());
        thread::spawn(move || visit(stream, &events).inspect_err(|error| eprintln!("{error}")));
    }
    Ok(())
}

fn visit(
    stream: TcpStream,
    events: &Sender<(String, OwnedMessage)>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    // No callback: the request is a value, which is looked at and then answered.
    let incoming = Server::new().with_subprotocol("ticker.v1").receive(stream)?;
    let Some(user) = incoming.header("Cookie").and_then(user) else {
        return Ok(incoming.respond(401, &[], b"log in first\n")?);
    };

    // Reading does not wait for writing, nor the other way round.
    let (mut reader, writer) = incoming.accept()?.split()?;
    let ticking = thread::spawn(move || -> Result<(), ws_std::Error> {
        for count in 1_u64.. {
            match writer.send(&format!("tick {count}")) {
                Err(ws_std::Error::Closed) => break,
                sent => sent?,
            }
            thread::sleep(Duration::from_secs(1));
        }
        Ok(())
    });

    while let Some(event) = reader.read_event()? {
        match event {
            Event::Data(message) => events.send((user.clone(), message.into_owned()))?,
            Event::Ping => {
                println!("{user}: a ping of {} bytes, answered", reader.control().as_bytes().len());
            }
            Event::Close => {
                let reason = reader.close_frame().map(|close| close.reason().to_owned());
                println!("{user}: goes: {}", reason.unwrap_or_default());
            }
            Event::Pong | _ => {}
        }
    }
    ticking.join().map_err(|_panicked| "the ticking thread panicked")??;
    Ok(())
}

/// The user that the cookies name.
fn user(cookies: &[u8]) -> Option<String> {
    let cookies = std::str::from_utf8(cookies).ok()?;
    cookies.split("; ").find_map(|cookie| cookie.strip_prefix("user=")).map(str::to_owned)
}
