use crate::contestants::handshake::{self, ACCEPT, HANDSHAKE_COUNT, KEY, TARGET};
use crate::{Absent, Contest, Contestant, Group, HeldBack, Row, Standing, Target, Transcript};

/// Opening handshakes.
#[must_use]
pub fn group() -> Group {
    let server = Row::new(
        "server, a browser's request of 12 headers".to_owned(),
        "handshake",
        vec![Target::best_peer(1.8, 2.2)],
        || {
            let contestants = vec![
                Contestant::ours(handshake::ws_core::Server::new()),
                Contestant::peer("sockudo-ws", handshake::sockudo_ws::Server::new()),
                Contestant::peer("soketto", handshake::soketto::Server),
                Contestant::peer("tungstenite", handshake::tungstenite::Server),
                Contestant::floor("floor", handshake::floor::Server::new()),
            ];
            Contest::new(HANDSHAKE_COUNT, contestants, check_responses)
        },
    );
    let client = Row::new(
        "client, a response of 5 headers".to_owned(),
        "handshake",
        vec![Target::best_peer(1.15, 1.5)],
        || {
            let contestants = vec![
                Contestant::ours(handshake::ws_core::Client::new()),
                Contestant::peer("sockudo-ws", handshake::sockudo_ws::Client::new()),
                Contestant::peer("tungstenite", handshake::tungstenite::Client),
                Contestant::floor("floor", handshake::floor::Client::new()),
            ];
            Contest::new(HANDSHAKE_COUNT, contestants, check_requests)
        },
    );
    let about = "A server reads a request and writes its response; a client writes a request and judges the response to it.";
    Group { name: "handshake", about, absent: ABSENT, held_back: HELD_BACK, rows: vec![server, client] }
}

const HELD_BACK: &[HeldBack] = &[HeldBack {
    rows: "server, a browser's request of 12 headers",
    reason: "httparse, SHA-1 and base64 alone, the floor, are three quarters of it, which the best peer has too; each check of \
             a request is in the last quarter",
    tried: "a reader of heads of our own takes as long as httparse, and base64 of our own as long as the crate; what is usual, \
            a key of 24 characters or a Host that is a name, has a shorter way now",
}];

const ABSENT: &[Absent] = &[
    Absent {
        peer: "soketto, tokio-websockets",
        rows: "client",
        reason: "they choose the key themselves, so that no response that was there before can be right",
    },
    Absent { peer: "fastwebsockets", rows: "all", reason: "it leaves the handshake to hyper" },
];

fn check_responses(transcript: &Transcript, _: Standing) -> Result<(), String> {
    let accept = format!("sec-websocket-accept: {ACCEPT}\r\n").to_lowercase();
    check_heads(&transcript.sent, "http/1.1 101 switching protocols\r\n", &accept)
}

fn check_requests(transcript: &Transcript, _: Standing) -> Result<(), String> {
    if transcript.messages.len() != HANDSHAKE_COUNT {
        return Err("a response was not accepted".to_owned());
    }
    let first = format!("get {TARGET} http/1.1\r\n");
    check_heads(&transcript.sent, &first, &format!("sec-websocket-key: {KEY}\r\n").to_lowercase())
}

/// Whether there is a head for each handshake, which begins with this line and has that header.
fn check_heads(sent: &[u8], first: &str, header: &str) -> Result<(), String> {
    let sent = String::from_utf8_lossy(sent).to_lowercase();
    let heads: Vec<_> = sent.split_inclusive("\r\n\r\n").collect();
    let is_right = |head: &&str| {
        let others = ["upgrade: websocket\r\n", "connection: upgrade\r\n", header];
        head.starts_with(first) && others.iter().all(|line| head.contains(line)) && head.ends_with("\r\n\r\n")
    };
    match heads.iter().position(|head| !is_right(head)) {
        Some(at) => Err(format!("head {at} is not right: {}", heads[at])),
        None if heads.len() == HANDSHAKE_COUNT => Ok(()),
        None => Err(format!("{} heads, and not {HANDSHAKE_COUNT}", heads.len())),
    }
}
