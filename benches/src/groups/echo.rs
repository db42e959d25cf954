use super::{KIB, MIB, TOTAL_LEN, messages, size};
use crate::contestants::{
    BUFFER_LEN, Receive, embedded_websocket, fastwebsockets, floor, nexus_web, sockudo_ws, tokio_websockets,
    tungstenite, websocket_sans_io, ws_core, yawc,
};
use crate::{Absent, Content, Contest, Contestant, Group, HeldBack, Row, Sample, Target};
use std::rc::Rc;

/// Messages in and out again.
#[must_use]
pub fn group() -> Group {
    let rows = [16, 125, KIB, 16 * KIB, MIB].map(row);
    Group { name: "echo", about: ABOUT, absent: ABSENT, held_back: HELD_BACK, rows: rows.into() }
}

fn row(len: usize) -> Row {
    let target = match len {
        0..=1024 => Target::best_peer(1.5, 2.0),
        1025..=16_384 => Target::best_peer(1.0, 1.2),
        _ => Target::best_peer(1.1, 1.2),
    };
    let row = Row::new(size(len), "message", vec![target], move || {
        let sample = Rc::new(Sample::new(Content::Binary, len, TOTAL_LEN));
        let job = Receive { sample: Rc::clone(&sample), read_len: BUFFER_LEN };
        let contestants = vec![
            Contestant::ours(ws_core::Echo::new(&job)),
            Contestant::peer("tungstenite", tungstenite::Echo(job.clone())),
            Contestant::peer("tokio-websockets", tokio_websockets::Echo(job.clone())),
            Contestant::peer("fastwebsockets", fastwebsockets::Echo(job.clone())),
            Contestant::peer("sockudo-ws", sockudo_ws::Echo::new(&job)),
            Contestant::peer("yawc", yawc::Echo(job.clone())),
            Contestant::peer("websocket-sans-io", websocket_sans_io::Echo::new(&job)),
            Contestant::peer("embedded-websocket", embedded_websocket::Echo::new(&job)),
            Contestant::peer("nexus-web", nexus_web::Echo::new(&job)),
            Contestant::floor("floor", floor::Echo::new(&job)),
        ];
        let count = messages(&sample);
        Contest::new(count, contestants, move |seen, _standing| sample.check_sent(seen, false))
    });
    if len == 125 || len == 16 * KIB { row.featured() } else { row }
}

const ABOUT: &str = "A server sends each binary message back, in one frame. It comes in 16 KiB reads; the kernel keeps nothing \
                     of what is sent.";

const HELD_BACK: &[HeldBack] =
    &[HeldBack { rows: "from 1 KiB", reason: "masking, as in decode", tried: "as in decode" }];

const ABSENT: &[Absent] = &[];
