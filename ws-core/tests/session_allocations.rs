//! What a session allocates: its read buffer, and then nothing for each message. Counted by an allocator that counts.
#![cfg(feature = "alloc")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::match_wildcard_for_single_variants,
    reason = "tests may panic"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

mod support;

use core::mem::size_of;

use support::session::{Keys, at, client, deliver, feed, frame_to, server, written};
use ws_core::connection::Role;
use ws_core::event::Event;
use ws_core::frame::{ControlPayload, Fin};
use ws_core::message::{Message, OwnedMessage};
use ws_core::session::{Batch, Inbound, NoKeys, Outbound, Session};

#[test]
fn a_session_takes_about_1_kib_and_its_read_buffer() {
    assert!(size_of::<Session<NoKeys>>() <= 1280, "{}", size_of::<Session<NoKeys>>());
    assert!(size_of::<Inbound>() <= 520, "{}", size_of::<Inbound>());
    assert!(size_of::<Outbound<NoKeys>>() <= 784, "{}", size_of::<Outbound<NoKeys>>());
    let mut session = None;
    let counts = allocation_counter::measure(|| session = Some(server()));
    assert_eq!((counts.count_total, counts.bytes_current), (1, 16 * 1024), "the read buffer");
    drop(session);
}

/// How the answers are written.
#[derive(Clone, Copy, Debug)]
enum Writes {
    One,
    Vectored,
    Batches,
}

struct Echo {
    session: Session<Keys>,
    batch: Batch,
    writes: Writes,
}

impl Echo {
    /// Takes in `wire`, and writes the answer to nowhere.
    fn turn(&mut self, wire: &[u8]) -> usize {
        feed(&mut self.session, wire, at(1));
        let Session { inbound, outbound, .. } = &mut self.session;
        while let Some(event) = inbound.next(outbound) {
            if let Event::Data(message) = event {
                assert_eq!(outbound.send(message), Ok(()));
            }
        }
        let mut total = 0;
        while outbound.wants_transmit() {
            let len = match self.writes {
                Writes::One => outbound.transmit().len(),
                Writes::Vectored => {
                    let mut slices = [&[][..]; 4];
                    let count = outbound.transmit_many(&mut slices);
                    slices[..count].iter().map(|slice| slice.len()).sum()
                }
                Writes::Batches => {
                    outbound.take_batch(&mut self.batch);
                    let len = self.batch.len();
                    self.batch.advance(len);
                    len
                }
            };
            outbound.transmitted(len, at(1));
            total += len;
        }
        total
    }
}

#[test]
fn messages_cost_no_allocation_in_either_role_whole_fragmented_and_with_controls() {
    for role in [Role::Server, Role::Client] {
        for writes in [Writes::One, Writes::Vectored, Writes::Batches] {
            let session = if role == Role::Server { server() } else { client() };
            let mut echo = Echo { session, batch: Batch::new(), writes };
            let wire = [
                frame_to(role, 0x81, "Grüße".as_bytes()),
                frame_to(role, 0x82, &[7; 3000]),
                frame_to(role, 0x01, &[b'a'; 1500]),
                frame_to(role, 0x89, b"ping"),
                frame_to(role, 0x80, &[b'b'; 1500]),
                frame_to(role, 0x02, &[1; 100]),
                frame_to(role, 0x80, &[2; 200]),
                frame_to(role, 0x8A, b"pong"),
            ]
            .concat();
            // The first ones make what is used again.
            for _ in 0..3 {
                let _warm = echo.turn(&wire);
            }
            let counts = allocation_counter::measure(|| {
                for _ in 0..1000 {
                    assert!(echo.turn(&wire) > 6000);
                }
            });
            assert_eq!(counts.count_total, 0, "{role:?} {writes:?}");
        }
    }
}

#[test]
fn parts_in_both_directions_cost_no_allocation() {
    let mut session = server();
    let wire = [
        frame_to(Role::Server, 0x01, "Grü".as_bytes()),
        frame_to(Role::Server, 0x00, &[b'a'; 3000]),
        frame_to(Role::Server, 0x80, b""),
    ]
    .concat();
    let mut turn = || {
        feed(&mut session, &wire, at(1));
        let Session { inbound, outbound, .. } = &mut session;
        while let Some(event) = inbound.next_part(outbound) {
            let Event::Data(part) = event else { panic!("{event:?}") };
            let message = Message::try_from(part.payload).unwrap();
            assert_eq!(outbound.part(message, part.fin()), Ok(()));
        }
        let len = outbound.transmit().len();
        outbound.transmitted(len, at(1));
    };
    turn();
    assert_eq!(allocation_counter::measure(|| (0..1000).for_each(|_| turn())).count_total, 0);
}

#[test]
fn an_owned_message_costs_its_own_allocation() {
    let mut session = server();
    let wire = frame_to(Role::Server, 0x81, b"Hello");
    feed(&mut session, &wire, at(1));
    let mut owned = None;
    let counts = allocation_counter::measure(|| owned = session.inbound.next_owned(&mut session.outbound));
    assert_eq!((counts.count_total, owned), (1, Some(Event::Data(OwnedMessage::from("Hello")))));
    // One that is given away costs none, once the queue has been in use.
    let mut messages = vec![OwnedMessage::from(vec![7; 100_000]); 4];
    let mut send = || {
        assert!(session.outbound.send_owned(messages.pop().unwrap()).is_ok());
        while session.outbound.wants_transmit() {
            let len = session.outbound.transmit().len();
            session.outbound.transmitted(len, at(1));
        }
    };
    send();
    assert_eq!(allocation_counter::measure(|| (0..3).for_each(|_| send())).count_total, 0);
}

#[test]
fn an_idle_session_that_was_released_holds_less_than_200_bytes_and_works_as_before() {
    for role in [Role::Server, Role::Client] {
        let mut session = None;
        let counts = allocation_counter::measure(|| {
            let mut used = if role == Role::Server { server() } else { client() };
            let wire = [
                frame_to(role, 0x82, &vec![7; 100_000]),
                frame_to(role, 0x01, b"frag"),
                frame_to(role, 0x80, b"mented"),
                frame_to(role, 0x89, b"ping"),
            ]
            .concat();
            assert_eq!(deliver(&mut used, &wire, at(1)).len(), 3);
            used.outbound.send(&vec![7; 20_000]).unwrap();
            let _answer = written(&mut used.outbound, at(1));
            used.release();
            session = Some(used);
        });
        assert!(counts.bytes_current < 200, "{role:?}: {}", counts.bytes_current);
        let mut session = session.unwrap();
        assert_eq!(
            deliver(&mut session, &frame_to(role, 0x81, b"again"), at(2)),
            [Event::Data("again".into())]
        );
        session.outbound.send("again").unwrap();
        assert!(written(&mut session.outbound, at(2)).len() >= 7);
    }
}

#[test]
fn what_is_half_received_or_waits_is_kept_when_memory_is_released() {
    let wire = [frame_to(Role::Server, 0x01, b"be"), frame_to(Role::Server, 0x80, b"gun")].concat();
    let mut kept = None;
    let counts = allocation_counter::measure(|| {
        let mut session = server();
        feed(&mut session, &wire[..9], at(1));
        assert_eq!(session.inbound.next(&mut session.outbound), None);
        session.outbound.send("waits").unwrap();
        session.outbound.ping(ControlPayload::EMPTY);
        session.outbound.part("in progress", Fin::More).unwrap();
        session.release();
        kept = Some(session);
    });
    assert!(counts.bytes_current < 500, "{}", counts.bytes_current);
    let mut session = kept.unwrap();
    feed(&mut session, &wire[9..], at(1));
    // A message that was found and is not taken is kept, too.
    assert_eq!(session.inbound.advance(&mut session.outbound), Some(Event::Data(())));
    session.release();
    assert_eq!(session.inbound.message(&mut session.outbound), Some(Ok("begun".into())));
    let sent = written(&mut session.outbound, at(1));
    assert_eq!(sent, b"\x81\x05waits\x01\x0bin progress\x89\x00");
}

#[cfg(feature = "deflate")]
mod deflated {
    use core::time::Duration;

    use crate::support::session::{Keys, at, feed_some, opened, written};
    use ws_core::connection::{EncodedMessage, Limits, Role};
    use ws_core::deflate::{DeflateSettings, Deflater};
    use ws_core::error::Limit;
    use ws_core::event::Event;
    use ws_core::extension::{Agreed, DeflateParams};
    use ws_core::input::ReadBuffer;
    use ws_core::session::{Config, Deflate, Session};

    fn pair(params: DeflateParams) -> (Session<Keys>, Session<Keys>) {
        let config = Config::new().with_deflate(Deflate::new().with_threshold(0));
        let buffer = || ReadBuffer::new(vec![0; 16 * 1024]);
        let server = opened(Role::Server).with_deflate(Agreed::server(params));
        let client = opened(Role::Client).with_deflate(Agreed::client(params));
        (
            Session::new(server, config, buffer(), Duration::ZERO),
            Session::new(client, config, buffer(), Duration::ZERO),
        )
    }

    fn talk(from: &mut Session<Keys>, to: &mut Session<Keys>, text: &str) {
        assert_eq!(from.outbound.send(text), Ok(()));
        let bytes = from.outbound.transmit();
        let len = bytes.len();
        assert!(len < text.len() / 2, "compressed");
        assert_eq!(feed_some(to, bytes, at(1)), len);
        from.outbound.transmitted(len, at(1));
        let event = to.inbound.next(&mut to.outbound);
        assert!(matches!(event, Some(Event::Data(message)) if message == text.into()));
    }

    #[test]
    fn contexts_are_made_when_they_are_first_used_and_then_a_message_costs_no_allocation() {
        let (mut server, mut client) = pair(DeflateParams::new());
        let text = "compressible, ".repeat(100);
        let counts = allocation_counter::measure(|| talk(&mut server, &mut client, &text));
        assert!((400_000..500_000).contains(&counts.bytes_current), "{}", counts.bytes_current);
        for _ in 0..3 {
            talk(&mut server, &mut client, &text);
        }
        let counts =
            allocation_counter::measure(|| (0..100).for_each(|_| talk(&mut server, &mut client, &text)));
        assert_eq!(counts.count_total, 0);
    }

    #[test]
    fn without_a_context_to_keep_nothing_is_kept_between_messages() {
        let params = DeflateParams::new().with_server_no_context_takeover();
        let (mut server, mut client) = pair(params);
        let text = "compressible, ".repeat(100);
        let counts = allocation_counter::measure(|| {
            talk(&mut server, &mut client, &text);
            server.release();
            client.release();
            // The read buffer is made again, so that what is left is comparable.
            let _room = (server.inbound.spare().len(), client.inbound.spare().len());
        });
        assert!(counts.bytes_current < 1000, "{}", counts.bytes_current);
        let counts = allocation_counter::measure(|| talk(&mut server, &mut client, &text));
        // The deflater's and the inflater's memory, the queue and the message.
        assert!(counts.count_total < 20, "{}", counts.count_total);
    }

    #[test]
    fn what_inflates_beyond_the_limit_costs_no_more_than_the_limit_whole_and_in_parts() {
        let limit = 64 * 1024;
        let mut deflater = Deflater::new(DeflateSettings::default());
        let bomb = EncodedMessage::compressed(&vec![0; 64 << 20], &mut deflater).unwrap();
        for is_in_parts in [false, true] {
            let limits = Limits::unlimited().with_message_len_max(limit);
            let opened = opened(Role::Client).with_deflate(Agreed::client(DeflateParams::new()));
            let buffer = ReadBuffer::new(vec![0; 16 * 1024]);
            let mut session = Session::new(opened, Config::new().with_limits(limits), buffer, Duration::ZERO);
            let mut parts_len = 0;
            let counts = allocation_counter::measure(|| {
                let mut bytes = bomb.as_bytes();
                loop {
                    let Session { inbound, outbound, .. } = &mut session;
                    let event = if is_in_parts {
                        inbound.next_part(outbound).map(|event| match event {
                            Event::Data(part) => Ok(part.payload.as_bytes().len()),
                            Event::Failed(fault) => Err(fault),
                            other => panic!("{other:?}"),
                        })
                    } else {
                        inbound.next(outbound).map(|event| match event {
                            Event::Failed(fault) => Err(fault),
                            other => panic!("{other:?}"),
                        })
                    };
                    match event {
                        Some(Ok(len)) => parts_len += len,
                        Some(Err(fault)) => break assert_eq!(fault, Limit::MessageLen.into()),
                        None => {
                            let len = feed_some(&mut session, bytes, at(1));
                            assert!(len > 0, "it fails before its end");
                            bytes = &bytes[len..];
                        }
                    }
                }
            });
            // The inflater's 79 KiB, and what is inflated: doubled while it grows.
            assert!(counts.bytes_max < 80 * 1024 + 4 * limit, "{}", counts.bytes_max);
            assert!(parts_len <= usize::try_from(limit).unwrap());
        }
    }

    #[test]
    fn after_a_release_the_peer_understands_what_comes() {
        let (mut server, mut client) = pair(DeflateParams::new());
        let text = "compressible, ".repeat(100);
        for round in 0..10 {
            talk(&mut server, &mut client, &text);
            talk(&mut client, &mut server, &text);
            server.release();
            if round % 2 == 0 {
                client.release();
            }
        }
        assert!(written(&mut server.outbound, at(1)).is_empty());
    }
}
