//! Redirects: when they are followed, and what is taken along.
#![cfg(feature = "proxy")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what the tests may, their helpers may"
)]

mod common;

use std::io::Write;
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use common::tcp::{read_head, response_by_hand, serve};
use ws_std::{Client, Error, Refusal};

/// Answers one request after the other, each on a connection of its own, then opens a WebSocket where `opens`. Gives the
/// heads of the requests.
fn serve_answers(answers: Vec<String>, opens: bool) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let serve = move || {
        let mut heads = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            heads.push(read_head(&mut stream));
            stream.write_all(answer.as_bytes()).unwrap();
        }
        if opens {
            let (mut stream, _) = listener.accept().unwrap();
            let mut copy = stream.try_clone().unwrap();
            let mut peeked = [0; 2048];
            // The whole request is one write of the client's.
            let len = copy.peek(&mut peeked).unwrap();
            heads.push(String::from_utf8(peeked[..len].to_vec()).unwrap());
            let response = response_by_hand(&mut stream, "");
            copy.write_all(response.as_bytes()).unwrap();
        }
        heads
    };
    (url, thread::spawn(serve))
}

fn redirect(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} \r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

/// Sends each kind of secret, and what is none.
fn client() -> Client {
    Client::new()
        .with_header("Authorization", "Bearer 1")
        .with_header("proxy-authorization", "Basic 2")
        .with_cookie("session", "3")
        .with_secret_header("X-Key", "4")
        .with_header("X-Lang", "en")
}

const SECRETS: [&str; 4] =
    ["Authorization: Bearer 1", "proxy-authorization: Basic 2", "Cookie: session=3", "X-Key: 4"];

fn secret_count(head: &str) -> usize {
    assert!(head.contains("\r\nX-Lang: en\r\n"), "{head}");
    SECRETS.iter().filter(|secret| head.contains(*secret)).count()
}

fn refused(result: Result<impl Sized, Error>) -> Box<Refusal> {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("not refused"),
    }
}

#[test]
fn s15_4_no_redirect_is_followed_unless_asked_for() {
    let (url, server) = serve_answers(vec![redirect(302, "/there")], false);
    let refusal = refused(Client::new().connect(&url));
    assert_eq!((refusal.status(), refusal.header("location")), (302, Some(&b"/there"[..])));
    assert_eq!(server.join().unwrap().len(), 1);
}

#[test]
fn s15_4_redirects_to_the_same_origin_take_everything_along() {
    let answers = vec![
        redirect(301, "/a/b?c"),
        redirect(302, "d"),
        redirect(303, "../e"),
        redirect(307, "?f"),
        redirect(308, "#g"),
    ];
    let (url, server) = serve_answers(answers, true);
    let (socket, response) = client().with_redirects(5).connect_with_response(&url).unwrap();
    assert_eq!(response.url(), format!("{url}/e?f"));
    drop(socket);
    let heads = server.join().unwrap();
    let paths: Vec<_> = heads.iter().filter_map(|head| head.split(' ').nth(1)).collect();
    assert_eq!(paths, ["/", "/a/b?c", "/a/d", "/e", "/e?f", "/e?f"]);
    assert!(heads.iter().all(|head| secret_count(head) == SECRETS.len()));
}

#[test]
fn s15_4_another_origin_gets_no_secrets_and_neither_does_the_way_back() {
    let last = serve_answers(vec![], true);
    let (other_url, other) = serve_answers(vec![redirect(302, &format!("{}/last", last.0))], false);
    // A port of its own is another origin, and a name of its own is one too.
    let (url, server) = serve_answers(vec![redirect(302, &format!("{other_url}/other"))], false);
    let (_socket, response) = client().with_redirects(5).connect_with_response(&url).unwrap();
    assert_eq!(response.url(), format!("{}/last", last.0));
    assert_eq!(secret_count(&server.join().unwrap()[0]), SECRETS.len());
    assert_eq!(secret_count(&other.join().unwrap()[0]), 0);
    assert_eq!(secret_count(&last.1.join().unwrap()[0]), 0);

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (url, server) = (format!("ws://{address}"), listener);
    let (other_url, other) = serve_answers(vec![redirect(302, &format!("{url}/back"))], false);
    let serving = thread::spawn(move || {
        let mut heads = Vec::new();
        for answer in [redirect(302, &other_url), redirect(404, "/")] {
            let (mut stream, _) = server.accept().unwrap();
            heads.push(read_head(&mut stream));
            stream.write_all(answer.as_bytes()).unwrap();
        }
        heads
    });
    let credentials = client().with_redirects(5);
    assert_eq!(refused(credentials.connect(&url)).status(), 404);
    assert_eq!(secret_count(&other.join().unwrap()[0]), 0);
    let heads = serving.join().unwrap();
    assert_eq!((secret_count(&heads[0]), secret_count(&heads[1])), (SECRETS.len(), 0));
}

#[test]
fn another_origin_gets_neither_subprotocols_nor_the_origin() {
    let (other_url, other) = serve_answers(vec![], true);
    let answers = vec![redirect(302, "/same"), redirect(302, &other_url)];
    let (url, server) = serve_answers(answers, false);
    let client = Client::new().with_subprotocol("chat").with_origin("https://a.example").with_redirects(2);
    drop(client.connect(&url).unwrap());
    let asks = |head: &String| {
        ["Sec-WebSocket-Protocol: chat", "Origin: https://a.example"].map(|it| head.contains(it))
    };
    assert!(server.join().unwrap().iter().all(|head| asks(head) == [true; 2]));
    assert_eq!(asks(&other.join().unwrap()[0]), [false; 2]);
}

#[test]
fn basic_credentials_stay_with_their_origin_too() {
    let (other_url, other) = serve_answers(vec![], true);
    let (url, server) =
        serve_answers(vec![redirect(307, &other_url.replace("ws://", "http://user:secret@"))], false);
    let client = Client::new().with_basic_auth("Aladdin", "open sesame").with_redirects(1);
    drop(client.connect(&url).unwrap());
    assert!(server.join().unwrap()[0].contains("Authorization: Basic QWxh"));
    assert!(!other.join().unwrap()[0].contains("Authorization"), "neither ours nor the server's");
}

#[test]
fn loops_end() {
    let (url, server) = serve_answers(vec![redirect(302, "/"); 4], false);
    let refusal = refused(Client::new().with_redirects(3).connect(&url));
    assert_eq!(refusal.status(), 302);
    assert_eq!(server.join().unwrap().len(), 4);
}

#[test]
fn what_is_not_followed_is_given_back() {
    for answer in [
        redirect(300, "/"),
        redirect(304, "/"),
        redirect(401, "/"),
        redirect(302, "ftp://a/"),
        redirect(302, "http://a b/"),
        redirect(302, "/\\evil"),
        redirect(302, "/").replace("Location: /\r\n", ""),
        redirect(302, "/").replace("Location", "Location: /a\r\nLocation"),
    ] {
        let (url, server) = serve_answers(vec![answer.clone()], false);
        let refusal = refused(Client::new().with_redirects(5).connect(&url));
        assert!(answer.contains(&refusal.status().to_string()), "{answer}");
        assert_eq!(server.join().unwrap().len(), 1, "{answer}");
    }
}

#[test]
fn a_redirect_to_tls_needs_tls() {
    let (url, server) = serve_answers(vec![redirect(302, "https://127.0.0.1:1/")], false);
    let client = Client::new().with_redirects(1);
    // Nobody listens there, where there is TLS to find out.
    #[cfg(feature = "rustls-ring")]
    let client = client.with_tls(common::tls::Authority::new("CA").client_tls());
    let result = client.connect(&url);
    assert!(matches!(result, Err(Error::TlsUnsupported | Error::Io(_))), "{result:?}");
    server.join().unwrap();
}

#[test]
fn an_address_of_the_programs_is_for_the_host_that_it_named() {
    let (other_url, other) = serve(|mut stream| {
        let response = response_by_hand(&mut stream, "");
        stream.write_all(response.as_bytes()).unwrap();
    });
    let (url, server) = serve_answers(vec![redirect(302, "/again"), redirect(302, &other_url)], false);
    let client = Client::new().with_address(common::proxy::address_of(&url)).with_redirects(5);
    let (_socket, response) = client.connect_with_response("ws://chat.invalid/").unwrap();
    assert_eq!(response.url(), other_url);
    let heads = server.join().unwrap();
    assert!(heads.len() == 2 && heads.iter().all(|head| head.contains("\r\nHost: chat.invalid\r\n")));
    other.join().unwrap();
}
