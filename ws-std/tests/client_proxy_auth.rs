//! Answering the 407 of an HTTP proxy.
#![cfg(feature = "proxy")]
#![expect(clippy::std_instead_of_core, reason = "std is what is tested")]
#![expect(clippy::unwrap_used, reason = "what the tests may, their helpers may")]

mod common;

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use common::proxy::{address_of, relay};
use common::tcp::{patient, read_head, serve_echo};
use ws_std::{
    Client, CloseCode, Error, HandshakeMisuse, Message, Phase, Proxy, ProxyError, Refusal, Server, Timeouts,
};

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(5);

/// What a proxy does with a request.
#[derive(Clone)]
enum Act {
    /// Answers, and waits for the next request on the same connection.
    Keep(String),
    /// Answers, and closes the connection.
    Close(String),
    /// Closes the connection.
    Drop,
    /// Opens a tunnel to an echo.
    Open,
}

use Act::{Close, Drop, Keep, Open};

/// A proxy with a plan for each request. Gives its authority, and for each request the number of its connection and the value of
/// Proxy-Authorization.
fn proxy(plan: Vec<Act>) -> (String, JoinHandle<Vec<(usize, String)>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let act = move || {
        let mut asked = Vec::new();
        let mut connection: Option<TcpStream> = None;
        let mut number = 0;
        for act in plan {
            let mut stream = connection.take().unwrap_or_else(|| {
                number = usize::saturating_add(number, 1);
                listener.accept().unwrap().0
            });
            patient(&stream);
            let head = read_head(&mut stream);
            assert!(
                head.starts_with("CONNECT chat.invalid:80 HTTP/1.1\r\nHost: chat.invalid:80\r\n"),
                "{head}"
            );
            let value = head.lines().find_map(|line| line.strip_prefix("Proxy-Authorization: "));
            asked.push((number, value.unwrap_or_default().to_owned()));
            match act {
                Keep(answer) => {
                    stream.write_all(answer.as_bytes()).unwrap();
                    connection = Some(stream);
                }
                Close(answer) => stream.write_all(answer.as_bytes()).unwrap(),
                Drop => {}
                Open => {
                    let (upstream, server) = serve_echo(Server::new());
                    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
                    relay(stream, TcpStream::connect(address_of(&upstream)).unwrap());
                    server.join().unwrap().unwrap();
                }
            }
        }
        asked
    };
    (authority, thread::spawn(act))
}

/// A 407 with this challenge, and these headers and body.
fn challenge(challenge: &str, rest: &str) -> String {
    format!("HTTP/1.1 407 Who?\r\nProxy-Authenticate: {challenge}\r\n{rest}")
}

fn challenges(refusal: &Refusal) -> Vec<String> {
    let challenges = refusal.headers().filter(|header| header.is("Proxy-Authenticate"));
    challenges.map(|header| String::from_utf8(header.value.to_vec()).unwrap()).collect()
}

/// Answers each challenge by its own words.
fn repeating(authority: &str) -> Proxy {
    let repeat = |refusal: &Refusal| Some(challenges(refusal).pop()?.replace("who", "I am").into_bytes());
    Proxy::new(authority).unwrap().with_authenticator(move || repeat)
}

#[track_caller]
fn converse(client: &Client) {
    let mut socket = client.connect("ws://chat.invalid/").unwrap();
    socket.send("Hello").unwrap();
    assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("Hello"));
    socket.close(CloseCode::NORMAL).unwrap();
}

#[track_caller]
fn status_of(client: &Client) -> u16 {
    let error = client.connect("ws://chat.invalid/").unwrap_err();
    assert!(matches!(error, Error::Proxy(_)), "{error}");
    error.refusal().unwrap().status()
}

/// The three legs of NTLM, whose state is in the challenges and in the connection.
#[test]
fn s11_7_a_scheme_of_three_legs_runs_over_one_connection() {
    let plan = vec![
        Keep(challenge("Negotiate\r\nProxy-Authenticate: NTLM", "Content-Length: 9\r\n\r\n<p>No</p>")),
        Keep(challenge("NTLM challenge", "Content-Length: 0\r\n\r\n")),
        Open,
    ];
    let (authority, proxy) = proxy(plan);
    let made_count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&made_count);
    let ntlm = Proxy::new(&authority).unwrap().with_authenticator(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        let mut legs = vec!["NTLM authenticate", "NTLM negotiate"];
        move |refusal: &Refusal| {
            assert_eq!(refusal.status(), 407);
            let expected: &[_] = if legs.len() == 2 { &["Negotiate", "NTLM"] } else { &["NTLM challenge"] };
            assert_eq!(challenges(refusal), expected);
            legs.pop().map(|leg| leg.as_bytes().to_vec())
        }
    });
    let client = Client::new().with_proxy(ntlm);
    assert!(!format!("{client:?}").contains("authenticate"));
    converse(&client.clone());
    let asked = [(1, ""), (1, "NTLM negotiate"), (1, "NTLM authenticate")];
    assert_eq!(proxy.join().unwrap(), asked.map(|(connection, value)| (connection, value.to_owned())));
    assert_eq!(made_count.load(Ordering::Relaxed), 1);
}

#[test]
fn s9_3_the_connection_is_kept_where_the_proxy_and_the_body_let_it() {
    let long = format!("Content-Length: 60000\r\n\r\n{}", "x".repeat(60_000));
    let chunked = "Transfer-Encoding: chunked\r\n\r\n3\r\nwho\r\n1;a=b\r\n?\r\n0\r\nA: b\r\n\r\n";
    for rest in [
        "Content-Length: 0\r\n\r\n",
        "Content-Length: 4\r\nProxy-Connection: Keep-Alive\r\n\r\nwho?",
        chunked,
        &long,
    ] {
        let (authority, proxy) = proxy(vec![Keep(challenge("who?", rest)), Open]);
        converse(&Client::new().with_proxy(repeating(&authority)));
        assert_eq!(proxy.join().unwrap(), [(1, String::new()), (1, "I am?".to_owned())]);
    }
    let of_http_1_0 = challenge("who?", "Connection: keep-alive\r\nContent-Length: 1\r\n\r\n?");
    let (authority, proxy) = proxy(vec![Keep(of_http_1_0.replace("HTTP/1.1", "HTTP/1.0")), Open]);
    converse(&Client::new().with_proxy(repeating(&authority)));
    assert_eq!(proxy.join().unwrap()[1].0, 1);
}

#[test]
fn s9_3_a_new_connection_is_made_where_the_old_one_does_not_go_on() {
    let too_long = format!("Content-Length: 70000\r\n\r\n{}", "x".repeat(70_000));
    for (answer, is_closed) in [
        (challenge("who?", "\r\n"), true),
        (challenge("who?", "\r\nno length"), false),
        (challenge("who?", "Content-Length: 4\r\nConnection: close\r\n\r\nwho?"), true),
        (challenge("who?", "Content-Length: 4\r\nProxy-Connection: close\r\n\r\nwho?"), false),
        (challenge("who?", "Content-Length: 0\r\n\r\n").replace("HTTP/1.1", "HTTP/1.0"), false),
        // A response is smuggled in, or may be.
        (challenge("who?", "Content-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"), false),
        (challenge("who?", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), false),
        // It breaks off.
        (challenge("who?", "Content-Length: 4\r\n\r\nwh"), true),
        (challenge("who?", "Transfer-Encoding: chunked\r\n\r\nwho\r\n"), false),
        // It does not keep its word.
        (challenge("who?", "Content-Length: 4\r\n\r\nwho?"), true),
        (challenge("who?", &too_long), false),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let proxy = thread::spawn(move || {
            let mut first = listener.accept().unwrap().0;
            read_head(&mut first);
            let _reset = first.write_all(answer.as_bytes());
            let kept = (!is_closed).then_some(first);
            let mut second = listener.accept().unwrap().0;
            let head = read_head(&mut second);
            second.write_all(b"HTTP/1.1 403 \r\n\r\n").unwrap();
            (head.contains("\r\nProxy-Authorization: I am?\r\n"), kept)
        });
        assert_eq!(status_of(&Client::new().with_proxy(repeating(&authority))), 403);
        assert!(proxy.join().unwrap().0);
    }
}

#[test]
fn a_connection_that_was_not_kept_is_replaced_and_the_answer_repeated() {
    let keeping = challenge("who?", "Content-Length: 0\r\n\r\n");
    let (authority, proxy) = proxy(vec![Keep(keeping.clone()), Drop, Open]);
    converse(&Client::new().with_proxy(repeating(&authority)));
    let asked = [(1, ""), (1, "I am?"), (2, "I am?")];
    assert_eq!(proxy.join().unwrap(), asked.map(|(connection, value)| (connection, value.to_owned())));
    // Not one that is new.
    let (authority, proxy) = self::proxy(vec![Close(challenge("who?", "\r\n")), Drop]);
    let result = Client::new().with_proxy(repeating(&authority)).connect("ws://chat.invalid/");
    assert!(matches!(result, Err(Error::Proxy(error)) if matches!(*error, ProxyError::Ended)));
    assert_eq!(proxy.join().unwrap().len(), 2);
}

#[test]
fn s11_7_giving_up_and_the_last_round_leave_the_407_as_the_error() {
    let keeping = challenge("who?", "Content-Length: 0\r\n\r\n");
    // It gives up at once.
    let (authority, asked) = proxy(vec![Keep(keeping.clone())]);
    let giving_up = Proxy::new(&authority).unwrap().with_authenticator(|| |_: &Refusal| None);
    assert_eq!(status_of(&Client::new().with_proxy(giving_up)), 407);
    assert_eq!(asked.join().unwrap().len(), 1);
    // It never does: 8 answers, and no more.
    let (authority, asked) = proxy(vec![Keep(keeping.clone()); 9]);
    assert_eq!(status_of(&Client::new().with_proxy(repeating(&authority))), 407);
    assert_eq!(asked.join().unwrap().iter().filter(|(_, value)| value == "I am?").count(), 8);
    // Only a 407 is answered.
    let (authority, asked) = proxy(vec![Keep(keeping.replace("407", "401"))]);
    assert_eq!(status_of(&Client::new().with_proxy(repeating(&authority))), 401);
    assert_eq!(asked.join().unwrap().len(), 1);
}

#[test]
fn s11_7_2_credentials_are_sent_first_and_then_what_the_program_answers() {
    let keeping = challenge("who?", "Content-Length: 0\r\n\r\n");
    let (authority, proxy) = proxy(vec![Keep(keeping), Open]);
    converse(&Client::new().with_proxy(repeating(&authority).with_credentials("a", "b")));
    assert_eq!(proxy.join().unwrap(), [(1, "Basic YTpi".to_owned()), (1, "I am?".to_owned())]);
}

#[test]
fn an_answer_that_must_not_be_sent_is_not() {
    let (authority, proxy) = proxy(vec![Close(challenge("who?", "\r\n"))]);
    let misusing = || |_: &Refusal| Some(b"x\r\nX-Admin: yes".to_vec());
    let client = Client::new().with_proxy(Proxy::new(&authority).unwrap().with_authenticator(misusing));
    let result = client.connect("ws://chat.invalid/");
    assert!(matches!(result, Err(Error::HandshakeMisuse(HandshakeMisuse::HeaderValue))));
    assert_eq!(proxy.join().unwrap().len(), 1);
}

#[test]
fn each_connection_has_an_authenticator_of_its_own() {
    let numbers = Arc::new(Mutex::new(0));
    let make = move || {
        let mut number = numbers.lock().unwrap();
        *number += 1;
        let own = format!("number {number}");
        move |_: &Refusal| Some(own.clone().into_bytes())
    };
    let keeping = challenge("who?", "Content-Length: 0\r\n\r\n");
    let plan = vec![Keep(keeping.clone()), Close("HTTP/1.1 403 \r\n\r\n".to_owned())];
    let (authority, proxy) = proxy([plan.clone(), plan].concat());
    let client = Client::new().with_proxy(Proxy::new(&authority).unwrap().with_authenticator(make));
    assert_eq!((status_of(&client), status_of(&client.clone())), (403, 403));
    let asked = proxy.join().unwrap();
    assert_eq!((&*asked[1].1, &*asked[3].1), ("number 1", "number 2"));
}

#[test]
fn a_body_that_drips_meets_the_deadline() {
    let (authority, proxy) = common::proxy::listen(|mut stream| {
        read_head(&mut stream);
        stream.write_all(challenge("who?", "Content-Length: 60000\r\n\r\n").as_bytes()).unwrap();
        while stream.write_all(b"x").is_ok() {
            thread::sleep(SHORT / 20);
        }
    });
    let client = Client::new()
        .with_proxy(repeating(&authority))
        .with_timeouts(Timeouts::new().with_connect(Some(SHORT)));
    let begun = Instant::now();
    assert!(matches!(client.connect("ws://chat.invalid/"), Err(Error::Timeout(Phase::Connect))));
    assert!(begun.elapsed() < LONG);
    proxy.join().unwrap();
}
