//! The example that forwards TCP connections through WebSockets.
#![expect(clippy::unwrap_used, clippy::std_instead_of_core, reason = "tests")]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use common::programs::{Served, example};
use common::tcp::{patient, read_to_end};

/// TCP through both forwarders: an address to connect to, and what is connected to in the end.
struct Forwarded {
    /// They end with the test.
    _programs: [Served; 2],
    address: String,
    target: TcpListener,
    /// What the programs report, line by line.
    reports: Receiver<String>,
}

impl Forwarded {
    fn start() -> Self {
        let target = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = target.local_addr().unwrap().to_string();
        let run = |arguments: &[&str]| Served::run(example("forward").stderr(Stdio::piped()), arguments);
        let serving = run(&["serve", "127.0.0.1:0", &address]);
        let listening = run(&["listen", "127.0.0.1:0", &serving.url]);
        let address = listening.url.split('/').nth(2).unwrap().to_owned();
        let mut programs = [serving, listening];
        let (sender, reports) = mpsc::channel();
        for Served { child, .. } in &mut programs {
            let (stderr, sender) = (BufReader::new(child.stderr.take().unwrap()), sender.clone());
            thread::spawn(move || stderr.lines().try_for_each(|line| sender.send(line.unwrap())));
        }
        Self { _programs: programs, address, target, reports }
    }

    /// Both ends of a connection.
    fn ends(&self) -> [TcpStream; 2] {
        let near = TcpStream::connect(&self.address).unwrap();
        let ends = [near, self.target.accept().unwrap().0];
        ends.iter().for_each(patient);
        ends
    }

    /// Waits for a report with these words.
    fn assert_reports(&self, words: &str) {
        let report = self.reports.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(report.contains(words), "{report}");
    }
}

/// Bytes without a pattern.
fn noise(mut state: u64, len: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes
}

#[test]
fn the_forwarder_carries_16_mib_both_ways_at_once_and_whoever_ends_first() {
    let forwarded = Forwarded::start();
    for first in [0, 1] {
        let ends = forwarded.ends();
        let noises = [noise(first + 1, 16 << 20), noise(first + 11, 16 << 20)];
        thread::scope(|scope| {
            for (mut end, sent) in ends.iter().zip(&noises) {
                scope.spawn(move || end.write_all(sent).unwrap());
            }
            for (mut end, sent) in ends.iter().zip(noises.iter().rev()) {
                scope.spawn(move || {
                    let mut received = vec![0; sent.len()];
                    end.read_exact(&mut received).unwrap();
                    assert!(received == *sent);
                });
            }
        });
        let [mut one, mut two] = ends;
        if first == 1 {
            std::mem::swap(&mut one, &mut two);
        }
        // What is sent right before the end is not lost. It fits into the buffers of the system, since nothing is read meanwhile.
        let last = &noises[0][..256 * 1024];
        one.write_all(last).unwrap();
        one.shutdown(Shutdown::Write).unwrap();
        assert!(read_to_end(&mut two) == last);
        drop(two);
        assert_eq!(read_to_end(&mut one), b"");
    }
    assert_eq!(forwarded.reports.try_recv().ok(), None);
}

#[test]
fn the_forwarder_reports_what_it_cannot_forward() {
    let forwarded = Forwarded::start();
    let [mut near, mut far] = forwarded.ends();
    near.shutdown(Shutdown::Write).unwrap();
    assert_eq!((read_to_end(&mut far), read_to_end(&mut near)), (Vec::new(), Vec::new()));
    far.write_all(b"too late").unwrap();
    drop(far);
    forwarded.assert_reports("the connection is closed or closing");
}

#[test]
fn the_forwarder_tells_that_its_target_is_not_there() {
    let mut forwarded = Forwarded::start();
    forwarded.target = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut near = TcpStream::connect(&forwarded.address).unwrap();
    patient(&near);
    assert_eq!(read_to_end(&mut near), b"");
    forwarded.assert_reports("refused");
    forwarded.assert_reports("complete: 1014");
}
