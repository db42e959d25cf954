use super::{KIB, MIB, TOTAL_LEN, messages, size};
use crate::contestants::{Send, Side, floor, tungstenite, ws_core};
use crate::{Absent, Content, Contest, Contestant, Group, Row, Sample, Standing, Target, Transcript};
use std::rc::Rc;

/// Messages out.
#[must_use]
pub fn group() -> Group {
    let sizes = [16, 125, KIB, 16 * KIB, 64 * KIB, MIB, 16 * MIB];
    let mut rows: Vec<_> = sizes.iter().map(|&len| row(Side::Server, len)).collect();
    rows.extend(sizes.iter().map(|&len| row(Side::Client, len)));
    Group { name: "encode", about: ABOUT, absent: ABSENT, rows }
}

fn row(side: Side, len: usize) -> Row {
    let word = match side {
        Side::Server => "server",
        Side::Client => "client",
    };
    Row::new(format!("{word} {}", size(len)), "message", targets(side, len), move || {
        let sample = Rc::new(Sample::new(Content::Binary, len, TOTAL_LEN));
        let job = Send { sample: Rc::clone(&sample), side };
        let mut contestants = vec![Contestant::ours(ws_core::Encode::new(&job))];
        contestants.push(Contestant::peer("tungstenite", tungstenite::Encode::new(&job)));
        contestants.push(Contestant::floor("memcpy", floor::Memcpy::new(&job)));
        let count = messages(&sample);
        Contest::new(count, contestants, move |seen, standing| check(&sample, side, seen, standing))
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

const ABSENT: &[Absent] = &[];
