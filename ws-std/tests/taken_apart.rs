//! What a stream keeps when its connection is split, put together or taken apart, and when deadlines of the halves pass.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::std_instead_of_core, reason = "tests")]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

mod common;
use common::frame;
use common::sim::{Sim, ms};
use ws_std::{CloseCode, Error, Message, Phase, Role, Timeouts, WebSocket};

#[test]
fn a_write_limit_does_not_outlive_its_timeout_into_a_split() {
    let sim = Sim::new();
    let mut socket = sim.server(Timeouts::new().with_write(Some(ms(400))));
    socket.send("x").unwrap();
    socket.set_timeouts(Timeouts::new().with_write(None).with_close(None));
    sim.hears(0, 10);
    let peer = sim.clone();
    sim.act(ms(5000), move || peer.hears(1_000_000, 1000));
    let (_reader, writer) = socket.split().unwrap();
    let result = writer.send(&[1; 5000]);
    assert!(result.is_ok(), "{result:?} {:?}", sim.elapsed());
}

#[test]
fn a_read_limit_does_not_outlive_its_timeout_through_parts() {
    let sim = Sim::new();
    let mut socket = sim.server(Timeouts::new().with_read(Some(ms(400))));
    assert!(socket.read().is_err());
    let mut parts = socket.into_parts();
    parts.timeouts = Timeouts::new();
    let mut socket = WebSocket::from_parts(parts);
    sim.says(ms(5000), &frame(Role::Client, 0x81, b"Hello"));
    let result = socket.read().map(|message| message.is_some());
    assert!(matches!(result, Ok(true)), "{result:?} {:?}", sim.elapsed());
}

#[test]
fn a_write_limit_does_not_outlive_its_timeout_through_parts() {
    let sim = Sim::new();
    let mut socket = sim.server(Timeouts::new().with_write(Some(ms(400))));
    socket.send("x").unwrap();
    let mut parts = socket.into_parts();
    parts.timeouts = Timeouts::new().with_write(None).with_close(None);
    let mut socket = WebSocket::from_parts(parts);
    sim.hears(0, 10);
    let peer = sim.clone();
    sim.act(ms(5000), move || peer.hears(1_000_000, 1000));
    let result = socket.send(&[1; 5000]);
    assert!(
        result.is_ok() && socket.queued_len() == 0,
        "{result:?} {} {:?}",
        socket.queued_len(),
        sim.elapsed()
    );
}

#[test]
fn a_read_timeout_of_the_reader_is_kept_by_reunite() {
    let sim = Sim::new();
    let socket = sim.server(Timeouts::new().with_ping_interval(Some(ms(30_000))));
    let (mut reader, writer) = socket.split().unwrap();
    reader.set_read_timeout(Some(ms(500)));
    assert!(reader.read().is_err());
    assert_eq!(sim.elapsed(), ms(500));
    let mut socket = reader.reunite(writer).unwrap();
    let result = socket.read().map(|message| message.is_some());
    assert_eq!(sim.elapsed(), ms(1000), "{result:?} {:?}", socket.timeouts().read());
}

#[test]
fn a_read_timeout_that_the_reader_took_away_does_not_come_back_by_reunite() {
    let sim = Sim::new();
    let socket = sim.server(Timeouts::new().with_read(Some(ms(500))));
    let (mut reader, writer) = socket.split().unwrap();
    reader.set_read_timeout(None);
    let mut socket = reader.reunite(writer).unwrap();
    sim.says(ms(5000), &frame(Role::Client, 0x81, b"Hello"));
    let result = socket.read().map(|message| message.is_some());
    assert!(matches!(result, Ok(true)), "{result:?}");
}

#[test]
fn deadlines_of_halves_pass_at_their_time() {
    for (timeouts, expected) in [
        (Timeouts::new().with_ping_interval(Some(ms(3000))).with_pong(Some(ms(2000))), 5000),
        (Timeouts::new().with_idle(Some(ms(3000))).with_close(Some(ms(2000))), 5000),
        (Timeouts::new().with_idle(Some(ms(3000))), 13_000),
        (Timeouts::new().with_close(None).with_ping_interval(Some(ms(3000))).with_pong(Some(ms(2000))), 5000),
    ] {
        let sim = Sim::new();
        sim.stays();
        let (mut reader, writer) = sim.server(timeouts).split().unwrap();
        let error = reader.read().map(drop).unwrap_err();
        let again = reader.read().map(drop).unwrap_err();
        assert_eq!(format!("{error:?}"), format!("{again:?}"));
        assert!(writer.send("x").is_err());
        assert!(
            (ms(expected)..ms(expected + 20)).contains(&sim.elapsed()),
            "{timeouts:?} {:?}",
            sim.elapsed()
        );
    }
}

#[test]
fn try_send_that_is_stuck_ends_the_connection_at_its_time() {
    for write in [500, 3000, 20_000] {
        let sim = Sim::new();
        sim.hears(0, 10);
        sim.stays();
        let (mut reader, writer) = sim.server(Timeouts::new().with_write(Some(ms(write)))).split().unwrap();
        writer.try_send(Message::Binary(&[1; 5000])).unwrap();
        let error = reader.read().map(drop).unwrap_err();
        assert!(matches!(error, Error::Timeout(Phase::Write)));
        assert!((ms(write)..ms(write + 20)).contains(&sim.elapsed()), "{:?}", sim.elapsed());
    }
}

#[test]
fn try_send_to_a_slow_peer_that_moves_goes_on() {
    let sim = Sim::new();
    // A byte each 100 ms.
    sim.hears(10, 10);
    let (mut reader, writer) = sim.server(Timeouts::new().with_write(Some(ms(400)))).split().unwrap();
    writer.try_send(Message::Binary(&[1; 200])).unwrap();
    sim.says(ms(25_000), &frame(Role::Client, 0x81, b"Hello"));
    let result = reader.read().map(|message| message.is_some());
    assert!(matches!(result, Ok(true)), "{result:?} {:?}", sim.elapsed());
    assert_eq!(sim.written().len(), 204);
}

#[test]
fn close_of_reader_against_a_peer_that_takes_nothing() {
    for close in [500, 3000] {
        let sim = Sim::new();
        sim.hears(0, 10);
        sim.stays();
        let (mut reader, writer) = sim.server(Timeouts::new().with_close(Some(ms(close)))).split().unwrap();
        writer.try_send(Message::Binary(&[1; 5000])).unwrap();
        let error = reader.close(CloseCode::NORMAL).unwrap_err();
        assert!(matches!(error, Error::Timeout(Phase::Close)));
        assert!((ms(close)..ms(close + 20)).contains(&sim.elapsed()), "{:?}", sim.elapsed());
    }
}
