use super::{KIB, MIB, TOTAL_LEN, messages, size};
use crate::contestants::{
    Send, Side, embedded_websocket, fastwebsockets, floor, nexus_web, sockudo_ws, tokio_websockets,
    tungstenite, websocket_sans_io, ws_core, yawc,
};
use crate::{
    Absent, Content, Contest, Contestant, Group, HeldBack, Row, Sample, Standing, Target, Transcript,
};
use std::rc::Rc;

/// Messages out.
#[must_use]
pub fn group() -> Group {
    let sizes = [16, 125, KIB, 16 * KIB, 64 * KIB, MIB, 16 * MIB];
    let mut rows: Vec<_> = sizes.iter().map(|&len| row(Side::Server, len)).collect();
    rows.push(row_lent(64 * KIB));
    rows.extend(sizes.iter().map(|&len| row(Side::Client, len)));
    Group { name: "encode", about: ABOUT, absent: ABSENT, held_back: HELD_BACK, rows }
}

fn row(side: Side, len: usize) -> Row {
    let word = match side {
        Side::Server => "server",
        Side::Client => "client",
    };
    let row = Row::new(format!("{word} {}", size(len)), "message", targets(side, len), move || {
        let sample = Rc::new(Sample::new(Content::Binary, len, TOTAL_LEN));
        let job = Send { sample: Rc::clone(&sample), side };
        let mut contestants = vec![Contestant::ours(ws_core::Encode::new(&job))];
        contestants.extend(peers(&job));
        contestants.push(Contestant::floor("memcpy", floor::Memcpy::new(&job)));
        let count = messages(&sample);
        Contest::new(count, contestants, move |seen, standing| check(&sample, side, seen, standing))
    });
    if len == 125 { row.featured() } else { row }
}

/// Those that make a frame in memory; where payload is not masked, some only write it from where it lies.
fn peers(job: &Send) -> Vec<Contestant> {
    let mut peers = vec![
        Contestant::peer("tungstenite", tungstenite::Encode::new(job)),
        Contestant::peer("fastwebsockets", fastwebsockets::Encode::new(job, false)),
        Contestant::peer("sockudo-ws", sockudo_ws::Encode::new(job)),
        Contestant::peer("yawc", yawc::Encode::new(job)),
        Contestant::peer("websocket-sans-io", websocket_sans_io::Encode::new(job)),
        Contestant::peer("embedded-websocket", embedded_websocket::Encode::new(job)),
        Contestant::peer("nexus-web", nexus_web::Encode::new(job)),
    ];
    if job.side == Side::Client {
        peers.push(Contestant::peer("tokio-websockets", tokio_websockets::Encode::new(job)));
    }
    peers
}

/// A server writes a header, and the payload from where it lies.
fn row_lent(len: usize) -> Row {
    Row::new(format!("server {}, not copied", size(len)), "message", Vec::new(), move || {
        let sample = Rc::new(Sample::new(Content::Binary, len, TOTAL_LEN));
        let job = Send { sample: Rc::clone(&sample), side: Side::Server };
        let contestants = vec![
            Contestant::ours(ws_core::EncodeLent::new(&job)),
            Contestant::peer("fastwebsockets", fastwebsockets::Encode::new(&job, true)),
            Contestant::peer("tokio-websockets", tokio_websockets::Encode::new(&job)),
        ];
        let count = messages(&sample);
        Contest::new(count, contestants, move |seen, standing| check(&sample, Side::Server, seen, standing))
    })
}

fn check(sample: &Sample, side: Side, seen: &Transcript, standing: Standing) -> Result<(), String> {
    if standing == Standing::Floor {
        let is_same = seen.sent == sample.messages.concat();
        return if is_same { Ok(()) } else { Err("the bytes differ".to_owned()) };
    }
    sample.check_sent(seen, side == Side::Client)
}

fn targets(side: Side, len: usize) -> Vec<Target> {
    match side {
        Side::Server if len <= KIB => vec![Target::best_peer(0.95, 1.2)],
        Side::Server => vec![Target::floor(0.97, 1.0)],
        Side::Client => vec![match len {
            0..=1024 => Target::best_peer(1.0, 1.3),
            1025..=65_536 => Target::best_peer(1.1, 1.3),
            65_537..=1_048_576 => Target::best_peer(1.2, 1.3),
            _ => Target::best_peer(1.4, 1.5),
        }],
    }
}

const ABOUT: &str = "Binary messages become frames in memory that is there already, whole up to 16 KiB, longer ones in \
                     pieces of 16 KiB, and are handed to a kernel that keeps none of them. A client masks.";

const HELD_BACK: &[HeldBack] = &[
    HeldBack {
        rows: "server, from 16 KiB",
        reason: "memcpy alone, to a place that is aligned; behind a header no payload is",
        tried: "nothing is done but that copy: 244 to 252 ns beside 232 to 249, from run to run",
    },
    HeldBack {
        rows: "client, 16 MiB",
        reason: "memory: a copy alone takes nine tenths of it",
        tried: "aligning what is written, which took a sixth off what lies in the caches",
    },
];

const ABSENT: &[Absent] = &[];
