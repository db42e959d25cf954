//! The examples as programs.
#![expect(clippy::unwrap_used, clippy::std_instead_of_core, reason = "tests")]

mod common;

use std::io::Write;
#[cfg(feature = "rustls-ring")]
use std::path::PathBuf;
use std::process::{Output, Stdio};

use common::programs::{Served, example, text};
use common::tcp::{dial, read_head, read_to_end, serve, serve_echo};
use ws_std::{Client, Message, NetStream, Server, WebSocket};

fn client(arguments: &[&str], input: &str) -> Output {
    let mut program = example("client");
    program.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn the_client_sends_texts_or_lines_and_prints_the_echoes() {
    let echo = Served::echo();
    let output = client(&[&echo.url, "--text", "Hello", "--text", "w\u{f6}rld"], "");
    assert_eq!((text(&output.stdout), output.status.code()), ("Hello\nw\u{f6}rld\n", Some(0)));
    let output = client(&[&echo.url], "one\ntwo\n\nlast");
    assert_eq!((text(&output.stdout), output.status.code()), ("one\ntwo\n\nlast\n", Some(0)));
}

#[cfg(feature = "deflate")]
#[test]
fn both_compress_where_they_are_told_to() {
    let long = "long enough to be compressed ".repeat(100);
    let (plain, deflate) = (Served::echo(), Served::start("echo", &["--deflate"]));
    for (echo, arguments, is_compressed) in
        [(&deflate, &["--deflate"][..], true), (&deflate, &[], false), (&plain, &["--deflate"], false)]
    {
        let output = client(&[&[&echo.url, "--text", "x", "--text", &long], arguments].concat(), "");
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(text(&output.stdout), format!("x\n{long}\n"));
        assert_eq!(text(&output.stderr).contains("the server compresses"), is_compressed);
    }
}

#[cfg(not(feature = "deflate"))]
#[test]
fn without_the_feature_both_say_that_they_cannot_compress() {
    for output in
        [client(&["ws://localhost/", "--deflate"], ""), example("echo").arg("--deflate").output().unwrap()]
    {
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("--features deflate"));
    }
}

#[test]
fn the_client_passes_on_what_it_is_told() {
    let (url, server) = serve(|stream| {
        let incoming = Server::new().with_any_origin().with_subprotocol("b").receive(stream).unwrap();
        let request = incoming.request();
        assert_eq!(request.header("X-Token"), Some(&b"a: b"[..]));
        assert_eq!(request.origin(), Some(&b"https://example.com"[..]));
        let mut socket = incoming.accept().unwrap();
        while let Some((message, mut writer)) = socket.read().unwrap() {
            writer.send(message).unwrap();
        }
    });
    let output = client(
        &[
            &url,
            "--subprotocol",
            "a",
            "--subprotocol",
            "b",
            "--header",
            "X-Token: a: b",
            "--origin",
            "https://example.com",
            "--text",
            "x",
        ],
        "",
    );
    assert_eq!((text(&output.stdout), output.status.code()), ("x\n", Some(0)), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("speaks b"));
    server.join().unwrap();
}

#[test]
fn the_client_tells_a_failure_by_words_and_exit_code() {
    for (arguments, code, words) in [
        (&[][..], 2, "no URL"),
        (&["ws://localhost/", "--verbose", "1"], 2, "unknown option --verbose"),
        (&["ws://localhost/", "--text"], 2, "--text needs a value"),
        #[cfg(not(feature = "rustls"))]
        (&["wss://localhost/"], 1, "feature `rustls-ring`"),
        (&["http://localhost/"], 1, "ws: or wss:"),
    ] {
        let output = client(arguments, "");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(text(&output.stderr).contains(words), "{}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "");
    }
    let (url, server) = serve(|stream| Server::new().receive(stream).unwrap().respond(403, &[], b"not you"));
    let output = client(&[&url, "--text", "x"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("403 Forbidden\nnot you"), "{}", text(&output.stderr));
    server.join().unwrap().unwrap();

    let (url, server) = serve(|stream| drop(ws_std::accept(stream)));
    assert_eq!(client(&[&url, "--text", "x"], "").status.code(), Some(1), "a lost connection");
    server.join().unwrap();
}

#[test]
fn the_client_closes_cleanly() {
    let (url, server) = serve_echo(Server::new());
    assert_eq!(client(&[&url, "--text", "x"], "").status.code(), Some(0));
    assert!(server.join().unwrap().unwrap().closure().unwrap().is_clean);
}

#[test]
fn the_echo_serves_a_page_to_a_plain_get_and_lets_it_connect() {
    let echo = Served::echo();
    let mut stream = dial(&echo.url);
    stream.write_all(b"GET /any HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    assert!(read_head(&mut stream).contains("Content-Type: text/html"));
    assert!(text(&read_to_end(&mut stream)).contains("new WebSocket("));
    let page = echo.url.replace("ws:", "http:");
    let origin = page.trim_end_matches('/');
    assert_eq!(client(&[&echo.url, "--origin", origin, "--text", "x"], "").status.code(), Some(0));
    assert_eq!(client(&[&echo.url, "--origin", "http://evil.example"], "").status.code(), Some(1));
}

#[test]
fn a_health_check_of_any_kind_is_answered_200_beside_the_websockets() {
    let server = Served::start("health_check", &[]);
    for (asked, body) in [
        ("OPTIONS / HTTP/1.0\r\n\r\n", "healthy\n"),
        ("HEAD / HTTP/1.0\r\n\r\n", ""),
        ("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", "healthy\n"),
    ] {
        let mut stream = dial(&server.url);
        stream.write_all(asked.as_bytes()).unwrap();
        assert!(read_head(&mut stream).starts_with("HTTP/1.1 200 OK\r\n"), "{asked}");
        assert_eq!(text(&read_to_end(&mut stream)), body, "{asked}");
    }
    assert_eq!(client(&[&server.url, "--text", "x"], "").status.code(), Some(0));
}

#[cfg(unix)]
#[test]
fn an_interrupt_closes_all_connections_of_the_echo_with_1001() {
    let mut echo = Served::echo();
    let mut sockets: Vec<_> = (0..10).map(|_| ws_std::connect(&echo.url).unwrap()).collect();
    for socket in &mut sockets {
        socket.send("Hello").unwrap();
        assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("Hello"));
    }
    echo.interrupt();
    for mut socket in sockets {
        assert!(socket.read().unwrap().is_none());
        assert_eq!(socket.closure().unwrap().status.get(), 1001);
    }
    assert_eq!(echo.child.wait().unwrap().code(), Some(0));
}

/// The next message of the chat, which has to be a text.
fn hear(socket: &mut WebSocket<NetStream>) -> String {
    let (message, _) = socket.read().unwrap().unwrap();
    assert!(matches!(message, Message::Text(_)));
    text(message.as_bytes()).to_owned()
}

#[cfg(unix)]
#[test]
fn in_the_chat_everybody_hears_everybody_else_until_the_server_ends() {
    let mut chat = Served::start("chat", &[]);
    let client = Client::new().with_subprotocol("chat.v1");
    let enter = |name: &str| {
        let mut socket = client.connect(&chat.url).unwrap();
        assert_eq!(socket.subprotocol(), Some("chat.v1"));
        socket.send(name).unwrap();
        socket
    };
    let mut ada = enter("Ada");
    assert_eq!(hear(&mut ada), "come\nAda\n");
    let mut bob = enter("Bob");
    for socket in [&mut ada, &mut bob] {
        assert_eq!(hear(socket), "come\nBob\n");
    }
    for name in ["Ada", "", "a\nb"] {
        let mut refused = enter(name);
        assert!(refused.read().unwrap().is_none());
        assert_eq!(refused.closure().unwrap().status.get(), 1008);
    }
    bob.send("first\nsecond").unwrap();
    assert_eq!(hear(&mut ada), "say\nBob\nfirst\nsecond");
    ada.send("third").unwrap();
    assert_eq!(hear(&mut bob), "say\nAda\nthird", "and not what Bob has said");
    bob.close(ws_std::CloseCode::NORMAL).unwrap();
    assert_eq!(hear(&mut ada), "go\nBob\n");
    drop(enter("Bob"));
    assert_eq!((hear(&mut ada), hear(&mut ada)), ("come\nBob\n".into(), "go\nBob\n".into()));
    chat.interrupt();
    assert!(ada.read().unwrap().is_none());
    assert_eq!(ada.closure().unwrap().status.get(), 1001);
    assert_eq!(chat.child.wait().unwrap().code(), Some(0));
}

#[test]
fn the_chat_serves_its_page_and_no_other() {
    let chat = Served::start("chat", &[]);
    for (path, status, words) in [("/", "200 OK", "chat.v1"), ("/x", "404 Not Found", "no such page")] {
        let mut stream = dial(&chat.url);
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).unwrap();
        assert!(read_head(&mut stream).contains(status));
        assert!(text(&read_to_end(&mut stream)).contains(words));
    }
}

#[test]
fn the_relay_carries_between_all_clients_and_all_servers() {
    // Servers that give each message with their own name before it, to prove the way there and back.
    let (urls, servers): (Vec<_>, Vec<_>) = ["one", "two"]
        .map(|name| {
            serve(move |stream| {
                let mut socket = ws_std::accept(stream).unwrap();
                while let Some((message, mut writer)) = socket.read().unwrap() {
                    writer.send(&format!("{name}: {}", text(message.as_bytes()))).unwrap();
                }
                socket.closure().unwrap().status.get()
            })
        })
        .into_iter()
        .unzip();
    let mut relay = Served::start("relay", &[&urls[0], &urls[1]]);
    let mut clients = [(); 2].map(|()| ws_std::connect(&relay.url).unwrap());
    let mut heard = Vec::new();
    // The relay may still be connecting: what is sent before is missed.
    while heard.len() < 2 {
        clients[0].send("ready?").unwrap();
        std::thread::sleep(std::time::Duration::from_millis(50));
        clients[0].send("go on").unwrap();
        clients[0].get_ref().tcp().set_read_timeout(Some(std::time::Duration::from_millis(50))).unwrap();
        while let Ok(Some((message, _))) = clients[0].read() {
            let name = text(message.as_bytes()).split(':').next().unwrap().to_owned();
            if !heard.contains(&name) {
                heard.push(name);
            }
        }
        clients[0].get_ref().tcp().set_read_timeout(None).unwrap();
    }
    clients[0].send("last").unwrap();
    for client in &mut clients {
        let mut last: Vec<String> = Vec::new();
        while last.len() < 2 {
            let message = hear(client);
            if message.ends_with(": last") {
                last.push(message);
            }
        }
        last.sort();
        assert_eq!(last, ["one: last", "two: last"]);
    }
    #[cfg(unix)]
    {
        relay.interrupt();
        for mut client in clients {
            while client.read().unwrap().is_some() {}
            assert_eq!(client.closure().unwrap().status.get(), 1001);
        }
        for server in servers {
            assert_eq!(server.join().unwrap(), 1001);
        }
        assert_eq!(relay.child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn the_socket_io_client_speaks_both_protocols() {
    let (url, server) = serve(|stream| {
        let incoming = Server::new().receive(stream).unwrap();
        assert_eq!((incoming.path(), incoming.query()), ("/socket.io/", Some("EIO=4&transport=websocket")));
        let mut socket = incoming.accept().unwrap();
        let mut expect = |said: &[Message<'_>], answer: &str| {
            for message in said {
                socket.send(*message).unwrap();
            }
            assert_eq!(socket.read().unwrap().unwrap().0, Message::Text(answer));
        };
        expect(&[Message::Text(r#"0{"sid":"e","pingInterval":25000,"pingTimeout":20000}"#)], "40");
        expect(&[Message::Text(r#"40{"sid":"s"}"#)], r#"420["sum",2,{"b":3}]"#);
        expect(&[Message::Text(r#"42["hello",1,null]"#), Message::Text("2")], "3");
        let with_attachments =
            r#"452-["file",{"_placeholder":true,"num":1},[{"_placeholder":true,"num":0}]]"#;
        expect(
            &[
                Message::Text(with_attachments),
                Message::Binary(&[1, 2]),
                Message::Text("2"),
                Message::Binary(&[3]),
                Message::Text("2"),
            ],
            "3",
        );
        assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("3"));
        socket.send("430[5]").unwrap();
        socket.send("41").unwrap();
        assert!(socket.read().unwrap().is_none());
        assert!(socket.closure().unwrap().is_clean);
    });
    let url = url.trim_end_matches('/');
    let output = example("socket_io").args([url, "sum", "2", r#"{"b":3}"#]).output().unwrap();
    let lines = [
        "connected as s",
        r#"event ["hello",1,null]"#,
        r#"event ["file",[3],[[1,2]]]"#,
        "ack 0 [5]",
        "disconnected",
        "",
    ];
    assert_eq!((text(&output.stdout), text(&output.stderr)), (&*lines.join("\n"), ""));
    assert_eq!(output.status.code(), Some(0));
    server.join().unwrap();
}

#[test]
fn the_socket_io_client_tells_what_a_server_says_that_it_does_not_understand() {
    for (said, words) in [
        (&["0{}", r#"44{"message":"Not authorized"}"#][..], "Not authorized"),
        (&["0{}", "40{}", "42x"], "the server said 42x"),
        (&["0{}", "40{}", "45999-[]"], "too many attachments"),
        (&["0{}", "40{}", "42[1"], "EOF"),
        (&["1"], "no Engine.IO open packet"),
    ] {
        let (url, server) = serve(move |stream| {
            let mut socket = ws_std::accept(stream).unwrap();
            for text in said {
                socket.send(*text).unwrap();
            }
            while let Ok(Some(_)) = socket.read() {}
        });
        let output = example("socket_io").arg(&url).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains(words), "{}", text(&output.stderr));
        server.join().unwrap();
    }
}

/// A private authority, and a server that it has certified, as files.
#[cfg(feature = "rustls-ring")]
fn serve_wss(name: &str) -> (Served, String) {
    let authority = common::tls::Authority::new(name);
    let identity = authority.issue("localhost");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, content: &str| {
        let path = folder.join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (chain, key) = (file("chain.pem", &identity.chain), file("key.pem", &identity.key));
    let mut served = Served::start("wss_server", &[&chain, &key]);
    served.url = served.url.replace("ws://127.0.0.1", "wss://localhost");
    (served, file("ca.pem", &authority.pem()))
}

#[cfg(feature = "rustls-ring")]
#[test]
fn the_wss_client_trusts_the_authority_that_it_is_given_and_no_other() {
    let (server, authority) = serve_wss("given_authority");
    let output = example("wss_client").args([&server.url, &authority]).output().unwrap();
    assert_eq!((text(&output.stdout), output.status.code()), ("Hello over TLS\n", Some(0)));
    assert!(text(&output.stderr).contains("TLSv1_3"), "{}", text(&output.stderr));
    let (_other, other_authority) = serve_wss("other_authority");
    let output = example("wss_client").args([&server.url, &other_authority]).output().unwrap();
    assert_eq!((text(&output.stdout), output.status.code()), ("", Some(1)));
    assert!(text(&output.stderr).contains("UnknownIssuer"), "{}", text(&output.stderr));
}

/// Where the roots of the platform are files, this names them.
#[cfg(all(feature = "rustls-ring", target_os = "linux"))]
#[test]
fn both_clients_trust_the_platform_where_nothing_else_is_said() {
    let (server, authority) = serve_wss("platform");
    let output = example("wss_client").arg(&server.url).env("SSL_CERT_FILE", &authority).output().unwrap();
    assert_eq!((text(&output.stdout), output.status.code()), ("Hello over TLS\n", Some(0)));
    let mut program = example("client");
    let program = program.args([&server.url, "--text", "x"]).env("SSL_CERT_FILE", &authority);
    let output = program.output().unwrap();
    assert_eq!((text(&output.stdout), output.status.code()), ("x\n", Some(0)), "{}", text(&output.stderr));
}
