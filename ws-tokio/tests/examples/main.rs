//! The examples as programs.
#![expect(clippy::unwrap_used, reason = "tests")]

#[cfg(feature = "deflate")]
mod chat;
mod forward;
mod programs;

use programs::{Output, Program, heard, in_time, output};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use ws_tokio::{Client, CloseCode, Server, WebSocket};

/// The client as a program, with these lines as its standard input.
async fn client(arguments: &[&str], input: &str) -> Output {
    output("async_client", arguments, input).await
}

#[tokio::test]
async fn the_client_sends_lines_and_prints_the_echoes_of_all_of_them() {
    for name in ["async_echo", "async_smol"] {
        let echo = Program::serve(name).await;
        let said = client(&[&echo.url], "one\nw\u{f6}rld\n\nlast").await;
        assert_eq!((&*said.stdout, &*said.stderr, said.code), ("one\nw\u{f6}rld\n\nlast\n", "", 0), "{name}");
        // More than all buffers between them hold.
        let lines = ["x".repeat(99_999), "y".repeat(99_999)].map(|line| line + "\n").concat().repeat(200);
        let said = client(&[&echo.url], &lines).await;
        assert!(said.stdout == lines && said.code == 0, "{name}: {}", said.stderr);
    }
}

#[tokio::test]
async fn the_client_sends_its_headers_and_tells_why_the_server_closes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let mut program = Program::start("async_client", &[&url, "X-Token: a: b", "Authorization:Bearer 1"]);
    let incoming = Server::new().receive(listener.accept().await.unwrap().0).await.unwrap();
    assert_eq!(incoming.header("X-Token"), Some(&b"a: b"[..]));
    assert_eq!(incoming.header("Authorization"), Some(&b"Bearer 1"[..]));
    let mut socket = incoming.accept().await.unwrap();
    socket.send(&b"\0a"[..]).await.unwrap();
    assert_eq!(program.line().await, "(2 bytes) \\x00a");
    // Its standard input is still open.
    socket.close(CloseCode::GOING_AWAY.with_reason("good night")).await.unwrap();
    assert_eq!(program.error_line().await, "client: the server closed with 1001 good night");
    assert_eq!(program.code().await, 0);
}

#[tokio::test]
async fn the_client_tells_a_failure_by_words_and_exit_code() {
    for (arguments, words) in [
        (&[][..], "usage: "),
        (&["ws://localhost/", "header"], "usage: "),
        (&["http://localhost/"], "ws: or wss:"),
        (&["ws://127.0.0.1:1/"], "127.0.0.1:1: "),
    ] {
        let said = client(arguments, "").await;
        assert_eq!((&*said.stdout, said.code), ("", 1), "{arguments:?}");
        assert!(said.stderr.contains(words), "{}", said.stderr);
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let mut program = Program::start("async_client", &[&url]);
    let incoming = Server::new().receive(listener.accept().await.unwrap().0).await.unwrap();
    incoming.respond(403, &[], b"not you").await.unwrap();
    assert!(program.error_line().await.contains("403 Forbidden"));
    assert_eq!(program.code().await, 1);

    let mut program = Program::start("async_client", &[&url]);
    drop(Server::new().accept(listener.accept().await.unwrap().0).await.unwrap());
    assert!(program.error_line().await.contains("without a closing handshake"));
    assert_eq!(program.code().await, 1);
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupt_closes_all_connections_of_the_echo_with_1001() {
    let mut echo = Program::serve("async_echo").await;
    let mut sockets = Vec::new();
    for _ in 0..10 {
        let mut socket = ws_tokio::connect(&echo.url).await.unwrap();
        socket.send("Hello").await.unwrap();
        assert_eq!(heard(&mut socket).await, "Hello");
        sockets.push(socket);
    }
    // One that has not asked for anything, and one that does not answer.
    let idle = TcpStream::connect(echo.address()).await.unwrap();
    let deaf = sockets.pop();
    echo.interrupt();
    for mut socket in sockets {
        assert_eq!(in_time(socket.receive()).await.unwrap(), None);
        assert_eq!(socket.closure().unwrap().status.get(), 1001);
        assert_eq!(socket.close_frame().unwrap().reason(), "the server ends");
    }
    assert_eq!(echo.error_line().await, "echo: 2 clients did not close");
    assert_eq!(echo.code().await, 0);
    drop((idle, deaf));
}

#[tokio::test]
async fn the_echo_on_smol_closes_when_its_client_does_and_when_the_deadline_of_its_timer_is_over() {
    let mut echo = Program::serve("async_smol").await;
    let mut socket = ws_tokio::connect(&echo.url).await.unwrap();
    in_time(socket.close(CloseCode::NORMAL)).await.unwrap();
    assert!(socket.closure().unwrap().is_clean);
    // The opening handshake has 10 s.
    let mut idle = TcpStream::connect(echo.address()).await.unwrap();
    assert_eq!(in_time(idle.read(&mut [0])).await.unwrap(), 0);
    assert!(echo.error_line().await.ends_with("the opening handshake took too long"));
}

#[tokio::test]
async fn s7_2_3_the_reconnecting_client_comes_back_and_ends_when_that_is_no_use() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let mut program = Program::start("async_reconnect", &[&url, "s3cret"]);
    // The first connection breaks, at the second the server restarts, the third ends well.
    for number in 1..=3 {
        let incoming = Server::new().receive(in_time(listener.accept()).await.unwrap().0).await.unwrap();
        assert_eq!(incoming.header("Authorization"), Some(&b"Bearer s3cret"[..]));
        let mut socket = incoming.accept().await.unwrap();
        socket.send(&format!("message {number}")).await.unwrap();
        assert_eq!(program.line().await, format!("message {number}"));
        match number {
            1 => {
                drop(socket);
                assert!(program.error_line().await.starts_with("the connection "));
            }
            2 => {
                socket.close(CloseCode::SERVICE_RESTART).await.unwrap();
                assert!(program.error_line().await.starts_with("closed with 1012; connecting again in "));
            }
            _ => socket.close(CloseCode::NORMAL).await.unwrap(),
        }
    }
    assert_eq!(program.code().await, 0);

    let mut program = Program::start("async_reconnect", &[&url]);
    let incoming = Server::new().receive(listener.accept().await.unwrap().0).await.unwrap();
    let retry_after = ws_tokio::Header { name: "Retry-After", value: b"2" };
    incoming.respond(503, &[retry_after], b"").await.unwrap();
    let line = program.error_line().await;
    assert!(line.contains("503") && line.ends_with("; connecting again in 2.0s"), "{line}");
    let incoming = Server::new().receive(in_time(listener.accept()).await.unwrap().0).await.unwrap();
    incoming.respond(401, &[], b"").await.unwrap();
    assert!(program.error_line().await.contains("401"));
    assert_eq!(program.code().await, 1);
}

/// A frame of a client, with a mask of zeros.
fn frame(text: &str) -> Vec<u8> {
    let len = u8::try_from(text.len()).unwrap();
    [&[0x81, 0x80 | len, 0, 0, 0, 0], text.as_bytes()].concat()
}

#[tokio::test]
async fn ticks_lose_nothing_of_a_message_that_arrives_between_them() {
    let server = Program::serve("async_select").await;
    let stream = TcpStream::connect(server.address()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut socket = Client::new().handshake(stream, &server.url).await.unwrap();
    assert_eq!(heard(&mut socket).await, "tick 1");
    let (mut tick, mut answers) = (1, Vec::new());
    let mut hear = async |socket: &mut WebSocket<TcpStream>| {
        let text = heard(socket).await;
        if let Some(number) = text.strip_prefix("tick ") {
            tick += 1;
            assert_eq!(number, tick.to_string());
            return None;
        }
        Some(text)
    };
    socket.send("5").await.unwrap();
    while answers.is_empty() {
        answers.extend(hear(&mut socket).await);
    }
    for text in ["never", "0", "7"] {
        for byte in frame(text) {
            socket.get_mut().write_all(&[byte]).await.unwrap();
            // Reading was interrupted by a tick after the byte before.
            answers.extend(hear(&mut socket).await);
            answers.extend(hear(&mut socket).await);
        }
    }
    while answers.len() < 4 {
        answers.extend(hear(&mut socket).await);
    }
    let question = "every how many milliseconds?";
    assert_eq!(answers, ["every 5 ms", question, question, "every 7 ms"]);
    in_time(socket.close(CloseCode::NORMAL)).await.unwrap();
    assert!(socket.closure().unwrap().is_clean);
}
