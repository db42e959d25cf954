//! The example that is a chat room.

use crate::programs::{Program, heard, in_time};
use ws_tokio::{Client, CloseCode, Deflate, NetStream, WebSocket};

async fn enter(chat: &Program, name: &str) -> WebSocket<NetStream> {
    let mut socket = ws_tokio::connect(&chat.url).await.unwrap();
    socket.send(name).await.unwrap();
    socket
}

#[tokio::test]
async fn all_guests_hear_each_line_until_the_server_ends() {
    let mut chat = Program::serve("async_chat").await;
    let mut ada = enter(&chat, "Ada").await;
    assert_eq!(heard(&mut ada).await, "* Ada comes");
    let client = Client::new().with_deflate(Deflate::new());
    let mut bob = client.connect(&chat.url).await.unwrap();
    assert!(bob.deflate().is_some());
    bob.send("Bob").await.unwrap();
    for socket in [&mut ada, &mut bob] {
        assert_eq!(heard(socket).await, "* Bob comes");
    }
    for name in ["Ada", "", "a\nb"] {
        let mut refused = enter(&chat, name).await;
        assert_eq!(in_time(refused.receive()).await.unwrap(), None);
        assert_eq!(refused.closure().unwrap().status.get(), 1008);
    }
    let text = "Hello ".repeat(100);
    bob.send(&text).await.unwrap();
    for socket in [&mut ada, &mut bob] {
        assert_eq!(heard(socket).await, format!("Bob: {text}"));
    }
    let received = [&ada, &bob].map(|socket| socket.counters().received.wire_len);
    assert!(received[0] > 600 && received[1] < 100, "{received:?}");

    in_time(bob.close(CloseCode::NORMAL)).await.unwrap();
    assert_eq!(heard(&mut ada).await, "* Bob goes");
    drop(enter(&chat, "Bob").await);
    assert_eq!((&*heard(&mut ada).await, &*heard(&mut ada).await), ("* Bob comes", "* Bob goes"));
    #[cfg(unix)]
    {
        // One that has not said its name.
        let mut new = ws_tokio::connect(&chat.url).await.unwrap();
        chat.interrupt();
        for socket in [&mut ada, &mut new] {
            assert_eq!(in_time(socket.receive()).await.unwrap(), None);
            assert_eq!(socket.closure().unwrap().status.get(), 1001);
        }
        assert_eq!(chat.code().await, 0);
    }
}

#[tokio::test]
async fn a_guest_that_does_not_read_holds_up_nobody_and_is_told_how_many_lines_it_has_missed() {
    // Some 10 MB at most lie between a server and a guest.
    const LINE_COUNT: usize = 6000;
    let mut chat = Program::serve("async_chat").await;
    let mut slow = enter(&chat, "Eve").await;
    assert_eq!(heard(&mut slow).await, "* Eve comes");
    let mut deaf = enter(&chat, "Mallory").await;
    assert_eq!(heard(&mut deaf).await, "* Mallory comes");
    let mut ada = enter(&chat, "Ada").await;
    assert_eq!(heard(&mut ada).await, "* Ada comes");
    let filling = "x".repeat(4000);
    for number in 0..LINE_COUNT {
        let line = format!("{number} {filling}");
        ada.send(&line).await.unwrap();
        assert_eq!(heard(&mut ada).await, format!("Ada: {line}"));
    }
    assert_eq!(heard(&mut slow).await, "* Mallory comes");
    assert_eq!(heard(&mut slow).await, "* Ada comes");
    let (mut expected, mut missed) = (0, 0);
    while expected < LINE_COUNT {
        let line = heard(&mut slow).await;
        if let Some(count) = line.strip_prefix("* you have missed ") {
            let count: usize = count.trim_end_matches(" lines").parse().unwrap();
            (expected, missed) = (expected + count, missed + count);
        } else {
            assert_eq!(line, format!("Ada: {expected} {filling}"));
            expected += 1;
        }
    }
    assert!(missed > 0);
    #[cfg(unix)]
    {
        chat.interrupt();
        for socket in [&mut ada, &mut slow] {
            assert_eq!(in_time(socket.receive()).await.unwrap(), None);
            assert_eq!(socket.closure().unwrap().status.get(), 1001);
        }
        assert_eq!(chat.error_line().await, "chat: 1 guests did not close");
        assert_eq!(chat.code().await, 0);
    }
    drop(deaf);
}
