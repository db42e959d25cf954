//! How much memory a connection takes, whatever its peer does. One test, since the allocator counts for all threads.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test")]

mod common;

use std::io::{IoSlice, Read, Write};
use std::thread;

use common::tcp::serve;
use common::{Script, frame};
use peak_alloc::PeakAlloc;
use ws_std::{
    ByteStream, CloseCode, Config, Duplex, Error, Event, MessageType, OwnedMessage, Role, Stream, WebSocket,
};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const KIB: usize = 1024;
const STREAMED_LEN: usize = 64 << 20;

/// How much more is allocated, at most, while `act` runs.
fn peak<T>(act: impl FnOnce() -> T) -> (T, usize) {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let result = act();
    (result, ALLOCATOR.peak_usage().saturating_sub(before))
}

#[test]
fn memory_is_bounded_whatever_a_peer_does() {
    an_announcement_of_2_to_the_62_bytes_allocates_nothing();
    a_message_that_does_not_come_allocates_what_has_come();
    an_idle_connection_is_small_before_and_after_a_large_message();
    messages_that_fit_into_the_read_buffer_allocate_nothing();
    a_long_message_is_sent_without_a_copy_of_it();
    a_message_that_is_given_away_is_not_copied();
    a_message_that_was_assembled_is_received_without_a_copy_of_it();
    sixty_four_mib_pass_through_both_roles_in_pieces();
    a_stream_of_bytes_assembles_no_messages();
    #[cfg(feature = "deflate")]
    deflate::memory_is_bounded();
}

fn an_announcement_of_2_to_the_62_bytes_allocates_nothing() {
    let header = [0x82, 0xFF, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4];
    let mut socket = Script::new(&header).socket(Role::Server);
    let (result, peak) = peak(|| socket.read().map(|_| ()));
    assert!(matches!(result, Err(Error::Fault(_))));
    assert!(peak < KIB, "{peak}");
}

fn a_message_that_does_not_come_allocates_what_has_come() {
    let mut said = frame(Role::Client, 0x82, &vec![0; 15 << 20]);
    said.truncate(1000);
    let mut socket = Script::new(&said).socket(Role::Server);
    let (result, peak) = peak(|| socket.read().map(|_| ()));
    assert!(matches!(result, Err(Error::Disconnected(None))));
    assert!(peak < 4 * KIB, "{peak}");
}

fn an_idle_connection_is_small_before_and_after_a_large_message() {
    for role in [Role::Server, Role::Client] {
        let said = frame(common::peer(role), 0x82, &vec![0; 8 << 20]);
        let then = Some(std::io::ErrorKind::WouldBlock);
        let script = Script { then, ..Script::new(b"") };
        let before = ALLOCATOR.current_usage();
        let mut socket = script.socket(role);
        let idle = ALLOCATOR.current_usage().saturating_sub(before);
        assert!(idle + size_of_val(&socket) <= 24 * KIB, "{idle}");

        script.push(&said);
        let (message, mut writer) = socket.read().unwrap().unwrap();
        assert_eq!(message.as_bytes().len(), 8 << 20);
        writer.send(message).unwrap();
        assert!(socket.read().unwrap_err().is_transient());
        drop((said, script.take_written()));
        script.forget();
        let idle = ALLOCATOR.current_usage().saturating_sub(before);
        assert!(idle + size_of_val(&socket) <= 40 * KIB, "{role:?} {idle}");
    }
}

fn messages_that_fit_into_the_read_buffer_allocate_nothing() {
    let ten: Vec<u8> = (0..10).flat_map(|_| frame(Role::Client, 0x81, &[b'x'; 1000])).collect();
    let script = Script { then: Some(std::io::ErrorKind::WouldBlock), ..Script::new(&ten) };
    let mut socket = script.socket(Role::Server);
    while socket.read().is_ok() {}
    script.push(&ten);
    let (count, peak) = peak(|| (0..100).take_while(|_| matches!(socket.read(), Ok(Some(_)))).count());
    assert_eq!((count, peak), (10, 0));
}

/// Takes what is written, or says each time that it would block, and keeps none of it.
struct Sink {
    is_blocked: bool,
}

impl Sink {
    fn socket(self, role: Role) -> WebSocket<Self> {
        WebSocket::after_handshake(self, role, Config::new(), b"").unwrap()
    }
}

impl Read for Sink {
    fn read(&mut self, _bytes: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::WouldBlock.into())
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> std::io::Result<usize> {
        if self.is_blocked {
            return Err(std::io::ErrorKind::WouldBlock.into());
        }
        Ok(slices.iter().map(|slice| slice.len()).sum())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Stream for Sink {
    fn is_vectored(&self) -> bool {
        true
    }
}

impl Duplex for Sink {
    fn read_shared(&self, _bytes: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::WouldBlock.into())
    }

    fn write_shared(&self, slices: &[IoSlice<'_>]) -> std::io::Result<usize> {
        Ok(slices.iter().map(|slice| slice.len()).sum())
    }

    fn write_now(&self, slices: &[IoSlice<'_>]) -> std::io::Result<usize> {
        self.write_shared(slices)
    }

    fn flush_shared(&self) -> std::io::Result<()> {
        Ok(())
    }

    fn abort(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn a_long_message_is_sent_without_a_copy_of_it() {
    let message = vec![b'x'; 8 << 20];
    // A client masks it piece by piece, in a buffer of 16 KiB.
    for (role, len_max) in [(Role::Server, KIB), (Role::Client, 17 * KIB)] {
        let mut socket = Sink { is_blocked: false }.socket(role);
        let (result, peak) = peak(|| socket.send(&message));
        result.unwrap();
        assert!(peak <= len_max, "{role:?} {peak}");
    }
}

fn a_message_that_is_given_away_is_not_copied() {
    for role in [Role::Server, Role::Client] {
        for message in [OwnedMessage::from(vec![b'x'; 8 << 20]), "x".repeat(8 << 20).into()] {
            // What the stream does not take is queued where it lies.
            for is_blocked in [false, true] {
                let (mut socket, message) = (Sink { is_blocked }.socket(role), message.clone());
                let (result, peak) = peak(|| socket.send_owned(message));
                result.unwrap();
                assert!(peak <= KIB, "{role:?} {is_blocked} {peak}");
                let queued_len = if is_blocked { 8 << 20 } else { 0 };
                assert_eq!(socket.queued_len() >> 4 << 4, queued_len);
            }
            #[cfg(feature = "split")]
            {
                let (_reader, writer) = Sink { is_blocked: false }.socket(role).split().unwrap();
                let (result, peak) = peak(|| writer.send_owned(message));
                result.unwrap();
                assert!(peak <= KIB, "{role:?} {peak}");
            }
        }
    }
}

fn a_message_that_was_assembled_is_received_without_a_copy_of_it() {
    let script = Script { then: Some(std::io::ErrorKind::WouldBlock), ..Script::new(b"") };
    for (first, len) in [(0x82, 8 << 20), (0x81, 8 << 20), (0x82, 100_000)] {
        let mut socket = script.socket(Role::Server);
        let (mut lend, mut take) = (0, 0);
        for is_taken in [false, true] {
            script.push(&frame(Role::Client, first, &vec![b'x'; len]));
            let (received_len, peak) = peak(|| {
                let message = if is_taken { socket.receive().unwrap() } else { None };
                message.map_or_else(|| socket.read().unwrap().unwrap().0.len(), |message| message.len())
            });
            assert_eq!(received_len, len);
            assert!(socket.read().unwrap_err().is_transient(), "the memory of the message is given back");
            *if is_taken { &mut take } else { &mut lend } = peak;
        }
        assert!(take <= lend + KIB, "{len} {take} {lend}");
    }
    script.forget();
}

fn write_in_pieces<S: Stream>(socket: &mut WebSocket<S>) {
    let piece = vec![b'x'; 100_000];
    let mut message = socket.message_writer(MessageType::Binary).unwrap();
    let mut left = STREAMED_LEN;
    while left > 0 {
        let len = left.min(piece.len());
        message.write_all(&piece[..len]).unwrap();
        left -= len;
    }
    message.finish().unwrap();
}

fn read_in_pieces<S: Stream>(socket: &mut WebSocket<S>) {
    let mut len = 0;
    while let Some((event, _)) = socket.read_part().unwrap() {
        let Event::Data(piece) = event else { continue };
        assert!(piece.payload.as_bytes().len() <= 17 * KIB);
        len += piece.payload.as_bytes().len();
        if piece.is_last {
            break;
        }
    }
    assert_eq!(len, STREAMED_LEN);
}

fn sixty_four_mib_pass_through_both_roles_in_pieces() {
    let unlimited = Config::new().with_limits(ws_std::Limits::unlimited());
    let ((), peak) = peak(|| {
        let (url, server) = serve(move |stream| {
            let mut socket = ws_std::Server::new().with_config(unlimited).accept(stream).unwrap();
            read_in_pieces(&mut socket);
            write_in_pieces(&mut socket);
            assert!(socket.read().unwrap().is_none());
        });
        let client = thread::spawn(move || {
            let mut socket = ws_std::Client::new().with_config(unlimited).connect(&url).unwrap();
            write_in_pieces(&mut socket);
            read_in_pieces(&mut socket);
            socket.close(CloseCode::NORMAL).unwrap();
        });
        client.join().unwrap();
        server.join().unwrap();
    });
    assert!(peak < 600 * KIB, "{peak}");
}

fn a_stream_of_bytes_assembles_no_messages() {
    const MIB: usize = 1 << 20;
    let message = vec![b'x'; MIB];
    let ((), peak) = peak(|| {
        let (url, server) = serve(|stream| {
            let mut stream = ByteStream::new(ws_std::accept(stream).unwrap());
            let (mut bytes, mut all_len) = ([0; 1000], 0);
            loop {
                match stream.read(&mut bytes).unwrap() {
                    0 => return all_len,
                    len => all_len += len,
                }
            }
        });
        let mut socket = ws_std::connect(&url).unwrap();
        for _ in 0..STREAMED_LEN / MIB {
            socket.send(&message).unwrap();
        }
        socket.close(CloseCode::NORMAL).unwrap();
        assert_eq!(server.join().unwrap(), STREAMED_LEN);
    });
    assert!(peak < 150 * KIB, "{peak}");
}

#[cfg(feature = "deflate")]
mod deflate {
    use ws_std::ws_core::deflate::{DeflateSettings, Inflater, MemLevel};
    use ws_std::ws_core::extension::{DeflateParams, WindowBits};
    use ws_std::{AnyStream, Deflate, Limits, Role, WebSocket};

    use super::common::deflate::{agreed, deflated, json, params, socket_with};
    use super::common::{Script, frame};
    use super::{ALLOCATOR, Config, Event, KIB, Sink, peak};

    /// The buffer that is inflated into, and the queue with room for a frame.
    const BUFFERS_LEN_MAX: usize = 17 * KIB + 17 * KIB;

    pub(super) fn memory_is_bounded() {
        what_is_agreed_on_and_not_used_costs_less_than_a_kib();
        a_connection_takes_what_the_tables_say_and_gives_it_back();
        a_long_message_that_is_given_away_is_compressed_in_pieces();
        a_bomb_takes_no_more_than_the_limit_allows();
        a_bomb_in_pieces_takes_no_more_than_the_buffers();
    }

    fn socket(script: &Script, params: DeflateParams, limits: Limits) -> WebSocket<AnyStream<Script>> {
        socket_with(script, Role::Server, params, limits, Deflate::new())
    }

    fn what_is_agreed_on_and_not_used_costs_less_than_a_kib() {
        let script = Script { then: Some(std::io::ErrorKind::WouldBlock), ..Script::new(b"") };
        let (plain_socket, plain) = kept(|| script.socket(Role::Server));
        let (socket, deflate) = kept(|| socket(&script, DeflateParams::default(), Limits::new()));
        assert!(deflate <= plain + KIB, "{plain} and {deflate}");
        drop((plain_socket, socket));
    }

    /// How much is still allocated behind `act`.
    fn kept<T>(act: impl FnOnce() -> T) -> (T, usize) {
        let before = ALLOCATOR.current_usage();
        let result = act();
        (result, ALLOCATOR.current_usage().saturating_sub(before))
    }

    fn a_connection_takes_what_the_tables_say_and_gives_it_back() {
        let text = json(10_000);
        let said = frame(Role::Client, 0xC1, &deflated(text.as_bytes()));
        for (takeover, bits) in [(true, 15), (true, 9), (false, 15)] {
            let script = Script { then: Some(std::io::ErrorKind::WouldBlock), ..Script::new(b"") };
            let mut socket = socket(&script, params(takeover, bits), Limits::new());
            let bits = WindowBits::new(bits).unwrap();
            let settings = DeflateSettings::new().with_window_bits(bits);
            let deflater = settings.memory_len_max();
            let inflater = Inflater::MEMORY_LEN_MAX;
            let ((), sent) = kept(|| {
                socket.send(&text).unwrap();
                drop(script.take_written());
                script.forget();
            });
            let ((), read) = kept(|| {
                script.push(&said);
                assert!(socket.read().unwrap().is_some());
                assert!(socket.read().unwrap_err().is_transient());
                script.forget();
            });
            if takeover {
                assert!(sent > deflater / 2 && sent <= deflater + BUFFERS_LEN_MAX, "{bits} {sent}");
                assert!(read > inflater / 2 && read <= inflater + 2 * BUFFERS_LEN_MAX, "{bits} {read}");
            } else {
                assert!(sent <= BUFFERS_LEN_MAX, "{sent}");
                assert!(read <= 2 * BUFFERS_LEN_MAX, "{read}");
            }
            let before = ALLOCATOR.current_usage();
            socket.release_deflate();
            let released = before - ALLOCATOR.current_usage();
            assert_eq!(released > deflater / 2, takeover, "{released}");
        }
        assert_eq!(MemLevel::default().get(), 8, "the default of the tables");
    }

    fn a_long_message_that_is_given_away_is_compressed_in_pieces() {
        let (message, agreed) = (json(8 << 20), agreed(Role::Server, DeflateParams::default()));
        let (sink, config) = (Sink { is_blocked: false }, Config::new());
        let mut socket =
            WebSocket::after_handshake_with_deflate(sink, Role::Server, config, agreed, Deflate::new(), b"")
                .unwrap();
        let (result, peak) = peak(|| socket.send_owned(message));
        result.unwrap();
        assert!(peak <= DeflateSettings::new().memory_len_max() + BUFFERS_LEN_MAX, "{peak}");
    }

    fn a_bomb_takes_no_more_than_the_limit_allows() {
        let limits = Limits::new().with_message_len_max(1 << 20);
        let said = frame(Role::Client, 0xC2, &deflated(&vec![0; 6 << 20]));
        let script = Script::new(&said);
        let mut socket = socket(&script, DeflateParams::default(), limits);
        let (result, peak) = peak(|| socket.read().map(drop));
        result.unwrap_err();
        // A buffer of the limit, the shorter one that it grew from, and the inflater.
        let inflater = Inflater::MEMORY_LEN_MAX;
        assert!(peak <= (1 << 20) * 2 + inflater + 2 * BUFFERS_LEN_MAX, "{peak}");
    }

    fn a_bomb_in_pieces_takes_no_more_than_the_buffers() {
        let said = frame(Role::Client, 0xC2, &deflated(&vec![0; 6 << 20]));
        let script = Script::new(&said);
        let mut socket = socket(&script, DeflateParams::default(), Limits::unlimited());
        let (len, peak) = peak(|| {
            let mut len = 0;
            while let Ok(Some((Event::Data(piece), _))) = socket.read_part() {
                len += piece.payload.as_bytes().len();
            }
            len
        });
        assert_eq!(len, 6 << 20);
        let inflater = Inflater::MEMORY_LEN_MAX;
        assert!(peak <= inflater + 2 * BUFFERS_LEN_MAX, "{peak}");
    }
}
