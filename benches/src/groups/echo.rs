use super::{KIB, MIB, TOTAL_LEN, messages, size};
use crate::contestants::{BUFFER_LEN, Receive, floor, tungstenite, ws_core};
use crate::{Absent, Content, Contest, Contestant, Group, Row, Sample, Target};
use std::rc::Rc;

/// Messages in and out again.
#[must_use]
pub fn group() -> Group {
    let rows = [16, 125, KIB, 16 * KIB, MIB].map(row);
    Group { name: "echo", about: ABOUT, absent: ABSENT, rows: rows.into() }
}

fn row(len: usize) -> Row {
    let target = match len {
        0..=1024 => Target::best_peer(1.5, 2.0),
        1025..=16_384 => Target::best_peer(1.0, 1.2),
        _ => Target::best_peer(1.1, 1.2),
    };
    Row::new(size(len), "message", vec![target], move || {
        let sample = Rc::new(Sample::new(Content::Binary, len, TOTAL_LEN));
        let job = Receive { sample: Rc::clone(&sample), read_len: BUFFER_LEN };
        let mut contestants = vec![Contestant::ours(ws_core::Echo::new(&job))];
        contestants.push(Contestant::peer("tungstenite", tungstenite::Echo(job.clone())));
        contestants.push(Contestant::floor("floor", floor::Echo::new(&job)));
        let count = messages(&sample);
        Contest::new(count, contestants, move |seen, _standing| sample.check_sent(seen, false))
    })
}

const ABOUT: &str = "A server sends each binary message back, in one frame. It comes in 16 KiB reads; the kernel keeps nothing \
                     of what is sent.";

const ABSENT: &[Absent] = &[];
