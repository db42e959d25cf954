use super::{KIB, MIB, TOTAL_LEN, messages, size};
use crate::contestants::{BUFFER_LEN, Receive, floor, tungstenite, ws_core};
use crate::{Absent, Content, Contest, Contestant, Group, Row, Sample, Target};
use std::rc::Rc;

/// Messages in one frame each.
#[must_use]
pub fn group() -> Group {
    let mut rows = Vec::new();
    let in_buffers = |content, len| row(content, len, BUFFER_LEN);
    let sizes = [0, 16, 125, KIB, 16 * KIB, 64 * KIB, MIB, 16 * MIB];
    rows.extend(sizes.map(|len| in_buffers(Content::Binary, len)));
    rows.extend([16 * KIB, 64 * KIB, MIB].map(|len| row(Content::Binary, len, SEGMENT_LEN)));
    rows.extend([16, KIB, 64 * KIB].map(|len| row(Content::Binary, len, usize::MAX)));
    for content in [Content::Ascii, Content::Mixed] {
        let sizes = [16, 125, KIB, 16 * KIB, 64 * KIB, MIB];
        rows.extend(sizes.map(|len| in_buffers(content, len)));
        rows.push(row(content, 64 * KIB, SEGMENT_LEN));
    }
    Group { name: "decode", about: ABOUT, absent: ABSENT, rows }
}

/// Messages in fragments, with a ping among them.
#[must_use]
pub fn fragments() -> Group {
    let rows = [Content::Binary, Content::Mixed].map(|content| {
        let (len, count) = (64 * KIB, 16);
        let name = format!("{} {} in {count} fragments and a ping", word(content), size(len));
        let target = match content {
            Content::Binary => Target::best_peer(1.4, 1.6),
            Content::Ascii | Content::Mixed => Target::best_peer(1.3, 1.4),
        };
        Row::new(name, "message", vec![target], move || {
            let sample = Rc::new(Sample::with_fragments(content, len, TOTAL_LEN, count));
            let job = Receive { sample: Rc::clone(&sample), read_len: BUFFER_LEN };
            let mut contestants = vec![Contestant::ours(ws_core::DecodeAndPong::new(&job))];
            contestants.extend(peers(&job));
            contestants.push(Contestant::floor("floor", floor::Decode::new(&job)));
            let count = messages(&sample);
            Contest::new(count, contestants, move |seen, standing| sample.check_received(seen, standing))
        })
    });
    let about = "A server receives messages in fragments, each with a ping in its middle, which is answered.";
    Group { name: "fragments", about, absent: ABSENT, rows: rows.into() }
}

fn row(content: Content, len: usize, read_len: usize) -> Row {
    let reads = match read_len {
        usize::MAX => "one buffer".to_owned(),
        len => format!("{} reads", size(len)),
    };
    let name = format!("{} {}, {reads}", word(content), size(len));
    Row::new(name, "message", targets(content, len, read_len), move || {
        let sample = Rc::new(Sample::new(content, len, TOTAL_LEN));
        let job = Receive { sample: Rc::clone(&sample), read_len };
        let mut contestants = vec![Contestant::ours(ws_core::Decode::new(&job))];
        contestants.extend(peers(&job));
        contestants.push(Contestant::floor("floor", floor::Decode::new(&job)));
        let count = messages(&sample);
        Contest::new(count, contestants, move |seen, standing| sample.check_received(seen, standing))
    })
}

fn peers(job: &Receive) -> Vec<Contestant> {
    vec![Contestant::peer("tungstenite", tungstenite::Decode(job.clone()))]
}

fn targets(content: Content, len: usize, read_len: usize) -> Vec<Target> {
    let best = |at_least, towards| vec![Target::best_peer(at_least, towards)];
    match (content, read_len) {
        (Content::Binary, BUFFER_LEN) => match len {
            0..=16 => best(1.5, 2.5),
            17..=125 => best(2.2, 3.0),
            126..=1024 => best(1.5, 1.8),
            1025..=16_384 => best(1.0, 1.2),
            16_385..=65_536 => best(1.2, 1.3),
            65_537..=1_048_576 => best(1.15, 1.2),
            _ => best(1.3, 1.4),
        },
        (Content::Binary, SEGMENT_LEN) => {
            vec![Target::best_peer(1.2, 1.4), Target::tungstenite(20.0, 20.0)]
        }
        (Content::Ascii, BUFFER_LEN) if len <= KIB => best(1.6, 2.0),
        (Content::Ascii, BUFFER_LEN) => best(1.1, 1.3),
        (Content::Mixed, BUFFER_LEN) => match len {
            0..=16 => best(3.0, 4.0),
            17..=1024 => best(2.0, 2.4),
            _ => best(1.05, 1.1),
        },
        _ => Vec::new(),
    }
}

fn word(content: Content) -> &'static str {
    match content {
        Content::Binary => "binary",
        Content::Ascii => "ASCII text",
        Content::Mixed => "mixed text",
    }
}

/// What a TCP segment brings on an Ethernet.
const SEGMENT_LEN: usize = 1460;

const ABOUT: &str = "A server receives masked messages, each in one frame. A simulated kernel copies at most so many bytes \
                     a read. Mixed text has code points of two to four bytes.";

const ABSENT: &[Absent] = &[];
