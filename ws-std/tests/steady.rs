//! A long message that the peer reads steadily, while it is pinged: it is not given up, until it falls silent.
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::std_instead_of_core,
    reason = "tests"
)]

mod common;

use std::time::Duration;

use common::frame;
use common::sim::{self, Sim, ms};
use ws_std::{Error, Message, Phase, Role, Timeouts};

/// How many bytes a second the peer reads.
const PACE: u64 = 3 << 20;

const PING_INTERVAL: Duration = ms(500);
const PONG: Duration = ms(2000);

fn timeouts() -> Timeouts {
    Timeouts::new().with_ping_interval(Some(PING_INTERVAL)).with_pong(Some(PONG))
}

/// By the clock of a simulated stream.
mod simulated {
    use super::*;

    const MESSAGE_LEN: usize = 24 << 20;

    /// What is on its way at most, as in the buffers of a system: the peer reads it in 1.3 s.
    const ROOM_LEN: usize = 4 << 20;

    /// A peer that reads the message at its pace, answers every ping, says so, and falls silent.
    fn peer() -> Sim {
        let sim = Sim::new();
        sim.hears(PACE, ROOM_LEN);
        let mut client = sim::Client::default();
        sim.answers(move |bytes| {
            if client.heard_len == MESSAGE_LEN {
                return Vec::new();
            }
            let mut said = client.hear(bytes);
            if client.heard_len == MESSAGE_LEN {
                said.extend(frame(Role::Client, 0x81, b"done"));
            }
            said
        });
        sim
    }

    /// The message takes its 8 s, and after that the peer is pinged and given up.
    fn check_times(sim: &Sim, done_at: Duration, result: &Error) {
        assert!(matches!(result, Error::Timeout(Phase::Pong)), "{result:?}");
        assert!((ms(8000)..ms(8010)).contains(&done_at), "{done_at:?}");
        assert_eq!(sim.elapsed(), done_at + PING_INTERVAL + PONG);
    }

    #[test]
    fn s5_5_2_a_peer_that_reads_steadily_and_answers_pings_is_not_given_up_and_one_that_falls_silent_is() {
        let sim = peer();
        let mut socket = sim.server(timeouts());
        socket.send(&vec![7; MESSAGE_LEN]).unwrap();
        assert!(sim.elapsed() > ms(6000), "{:?}", sim.elapsed());
        assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("done"));
        assert_eq!(socket.counters().sent.ping_count, 1, "while the rest was on its way");
        let done_at = sim.elapsed();
        check_times(&sim, done_at, &socket.read().map(drop).unwrap_err());
    }

    #[test]
    fn s5_5_2_it_is_not_given_up_by_an_event_loop_either() {
        let sim = peer();
        sim.set_non_blocking(true);
        let mut socket = sim.server(timeouts());
        socket.send(&vec![7; MESSAGE_LEN]).unwrap();
        let mut done_at = None;
        let error = loop {
            let _waits = socket.flush();
            match socket.read() {
                Ok(message) => {
                    assert_eq!(message.unwrap().0, Message::Text("done"));
                    done_at = Some(sim.elapsed());
                }
                Err(error) if !error.is_transient() => break error,
                Err(_) if done_at.is_some() => sim.sleep_until(socket.next_deadline()),
                Err(_) => sim.sleep(ms(2)),
            }
        };
        check_times(&sim, done_at.unwrap(), &error);
    }
}

/// By the clock and the buffers of the system: halves on two threads over TCP, and TLS.
mod real {
    use super::*;
    use common::tcp::serve;
    use std::sync::mpsc::{self, Receiver};
    use std::thread;
    use std::time::Instant;
    use ws_std::ws_core::event::Event;
    use ws_std::{Client, Config, Limits, Server, Stream, WebSocket};

    /// More than the buffers of a connection take, and long enough that the peer reads for four times the pong timeout.
    const MESSAGE_LEN: usize = 24 << 20;

    /// Hears the message at its pace, answers every ping, says so, and falls silent until the other side has ended.
    fn hear<S: Stream>(mut peer: WebSocket<S>, ended: &Receiver<()>) {
        let begun = Instant::now();
        let mut len = 0;
        while len < MESSAGE_LEN {
            let (event, _) = peer.read_part().unwrap().unwrap();
            let Event::Data(piece) = event else { continue };
            len += piece.payload.as_bytes().len();
            let due = Duration::from_micros(u64::try_from(len).unwrap() * 1_000_000 / PACE);
            // The pace of the peer, which is not waited for by anything here.
            thread::sleep(due.saturating_sub(begun.elapsed()));
        }
        peer.send("done").unwrap();
        ended.recv().unwrap();
    }

    fn client() -> Client {
        Client::new().with_config(Config::new().with_limits(Limits::unlimited()))
    }

    /// That a peer which is silent from now on is given up in time.
    fn check_given_up(result: &Result<(), Error>, begun: Instant) {
        assert!(matches!(result, Err(Error::Timeout(Phase::Pong))), "{result:?}");
        let time = begun.elapsed();
        assert!(time > PONG && time < 3 * PONG, "{time:?}");
    }

    #[test]
    fn s5_5_2_halves_do_not_give_up_a_peer_that_reads_steadily() {
        let (end, ended) = mpsc::channel();
        let (url, server) = serve(move |stream| {
            let socket = Server::new().with_timeouts(timeouts()).accept(stream).unwrap();
            let (mut reader, writer) = socket.split().unwrap();
            let writing = thread::spawn(move || writer.send(&vec![7; MESSAGE_LEN]));
            assert_eq!(reader.read().unwrap(), Some(Message::Text("done")));
            let begun = Instant::now();
            writing.join().unwrap().unwrap();
            check_given_up(&reader.read().map(drop), begun);
            end.send(()).unwrap();
        });
        hear(client().connect(&url).unwrap(), &ended);
        server.join().unwrap();
    }

    #[cfg(feature = "rustls-ring")]
    #[test]
    fn s5_5_2_tls_does_not_give_up_a_peer_that_reads_steadily() {
        let authority = common::tls::Authority::new("CA");
        let config = authority.issue("localhost").server_tls().build();
        let (end, ended) = mpsc::channel();
        let (url, server) = serve(move |stream| {
            let server = Server::new().with_timeouts(timeouts());
            let mut socket = server.accept_tls(stream, &config).unwrap();
            socket.send(&vec![7; MESSAGE_LEN]).unwrap();
            assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("done"));
            let begun = Instant::now();
            check_given_up(&socket.read().map(drop), begun);
            end.send(()).unwrap();
        });
        let url = url.replace("ws://127.0.0.1", "wss://localhost");
        hear(client().with_tls(authority.client_tls()).connect(&url).unwrap(), &ended);
        server.join().unwrap();
    }
}
