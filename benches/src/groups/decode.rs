use super::{KIB, MIB, TOTAL_LEN, messages, size};
use crate::contestants::{
    BUFFER_LEN, Receive, embedded_websocket, fastwebsockets, floor, nexus_web, sockudo_ws, tokio_websockets,
    tungstenite, websocket_sans_io, ws_core, yawc,
};
use crate::{Absent, Content, Contest, Contestant, Group, HeldBack, Row, Sample, Target};
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
    Group { name: "decode", about: ABOUT, absent: ABSENT, held_back: HELD_BACK, rows }
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
            let sample = || Sample::with_fragments(content, len, TOTAL_LEN, count);
            contest(sample, BUFFER_LEN, |job| Contestant::ours(ws_core::DecodeAndPong::new(job)))
        })
    });
    let about = "A server receives messages in fragments, each with a ping in its middle, which is answered.";
    Group {
        name: "fragments",
        about,
        absent: ABSENT_FROM_FRAGMENTS,
        held_back: HELD_BACK_IN_FRAGMENTS,
        rows: rows.into(),
    }
}

fn row(content: Content, len: usize, read_len: usize) -> Row {
    let reads = match read_len {
        usize::MAX => "one buffer".to_owned(),
        len => format!("{} reads", size(len)),
    };
    let name = format!("{} {}, {reads}", word(content), size(len));
    let is_featured = FEATURED.contains(&(content, len, read_len));
    let row = Row::new(name, "message", targets(content, len, read_len), move || {
        let sample = || Sample::new(content, len, TOTAL_LEN);
        contest(sample, read_len, |job| Contestant::ours(ws_core::Decode::new(job)))
    });
    if is_featured { row.featured() } else { row }
}

/// Who receives; each has to refuse text that is not UTF-8 too.
fn contest(sample: impl Fn() -> Sample, read_len: usize, ours: impl Fn(&Receive) -> Contestant) -> Contest {
    let received = Rc::new(sample());
    let job = Receive { sample: Rc::clone(&received), read_len };
    let mut contestants = vec![ours(&job)];
    contestants.extend(peers(&job));
    contestants.push(Contestant::floor("floor", floor::Decode::new(&job)));
    let mut refusers = Vec::new();
    if received.content != Content::Binary {
        let job = Receive { sample: Rc::new(sample().with_invalid_end()), read_len };
        refusers.push(ours(&job));
        refusers.extend(peers(&job));
    }
    let check = move |seen: &_, standing| received.check_received(seen, standing);
    Contest::new(messages(&job.sample), contestants, check).with_refusers(refusers)
}

fn peers(job: &Receive) -> Vec<Contestant> {
    let mut peers = vec![
        Contestant::peer("tungstenite", tungstenite::Decode(job.clone())),
        Contestant::peer("tokio-websockets", tokio_websockets::Decode(job.clone())),
        Contestant::peer("fastwebsockets", fastwebsockets::Decode(job.clone())),
        Contestant::peer("sockudo-ws", sockudo_ws::Decode(job.clone())),
        Contestant::peer("yawc", yawc::Decode(job.clone())),
        Contestant::peer("websocket-sans-io", websocket_sans_io::Decode::new(job)),
    ];
    if nexus_web::is_text_checked(job) {
        peers.push(Contestant::peer("nexus-web", nexus_web::Decode::new(job)));
    }
    if job.sample.fragment_count == 1 {
        peers.push(Contestant::peer("embedded-websocket", embedded_websocket::Decode::new(job)));
    }
    peers
}

fn targets(content: Content, len: usize, read_len: usize) -> Vec<Target> {
    let best = |at_least, towards| vec![Target::best_peer(at_least, towards)];
    match (content, read_len) {
        (Content::Binary, BUFFER_LEN) => match len {
            0..=16 => best(1.5, 2.5),
            17..=125 => best(2.2, 3.0),
            126..=1024 => best(1.5, 1.8),
            // 1.0 where masking uses wider words than code for any x86-64 has.
            1025..=16_384 => best(0.75, 1.0),
            16_385..=65_536 => best(1.2, 1.3),
            65_537..=1_048_576 => best(1.15, 1.2),
            _ => best(1.3, 1.4),
        },
        (Content::Binary, SEGMENT_LEN) => best(1.2, 1.4),
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

/// The rows for the README of the project.
const FEATURED: &[(Content, usize, usize)] = &[
    (Content::Binary, 16, BUFFER_LEN),
    (Content::Binary, 125, BUFFER_LEN),
    (Content::Binary, KIB, BUFFER_LEN),
    (Content::Binary, 64 * KIB, BUFFER_LEN),
    (Content::Binary, 64 * KIB, SEGMENT_LEN),
    (Content::Ascii, KIB, BUFFER_LEN),
    (Content::Mixed, KIB, BUFFER_LEN),
];

const ABOUT: &str = "A server receives masked messages, each in one frame. A simulated kernel copies at most so many bytes \
                     a read. Mixed text has code points of two to four bytes.";

const ABSENT: &[Absent] = &[Absent {
    peer: "nexus-web",
    rows: "text from 16 KiB, and in 1460-byte reads",
    reason: "0.8.0 hands out text as `str` unchecked where its one frame came in more than one read",
}];

const HELD_BACK: &[HeldBack] = &[
    HeldBack {
        rows: "binary from 1 KiB",
        reason: "peers mask by 32 and 64 bytes at a time, in unsafe code of their own that looks for AVX2 and AVX-512 at run \
                 time; code for any x86-64 masks 16. What is read, unmasked and copied here is as little as theirs",
        tried: "a build for AVX2 takes 0.84 of the time at 16 KiB and 0.82 at 64 KiB, which you can have by \
                `-C target-cpu`; crates that choose at run time need a newer compiler than ours or bring seven others",
    },
    HeldBack {
        rows: "text to 1 KiB",
        reason: "without unsafe code of ours only core and simdutf8 make a `str`, and they take most of the time; the best \
                 peer uses the same ones, so that little more than the frame can be done faster",
        tried: "`ascii`, which checks 16 B in 2.2 ns instead of 4.1, but 125 B in 19.5 instead of 10.8; a table walked \
                byte by byte takes 5.7 ns instead of 13.2 on 16 B of mixed text, but gives no `str`: `next_piece` uses it",
    },
    HeldBack {
        rows: "text from 16 KiB",
        reason: "what comes in several reads is validated as it comes, and copied once more, to a `String`, which is text by \
                 type; peers lend bytes, or trust that they were checked",
        tried: "bytes that are validated where they are assembled have to be validated again as a whole to become a `str`: \
                as much for ASCII, twice as much for other text",
    },
];

const HELD_BACK_IN_FRAGMENTS: &[HeldBack] = &[HeldBack {
    rows: "all",
    reason: "the best peer unmasks as fast as its copies are, and text is copied once more here, as in decode",
    tried: "unmasking while copying took a quarter off binary messages",
}];

const ABSENT_FROM_FRAGMENTS: &[Absent] = &[Absent {
    peer: "embedded-websocket",
    rows: "all",
    reason: "0.9.5 never finds the end of a fragment that is not the last one and comes in more than one read",
}];
