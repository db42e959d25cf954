//! A stream in memory with a clock of its own. Nothing sleeps: where a read or a write would wait, the clock moves to what comes
//! next, or by the whole limit. So deadlines pass at the very time at which they should.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use ws_std::{Clock, Config, Duplex, Role, Stream, Timeouts, WebSocket};

use super::frames;

pub(crate) const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// A stream, and its peer as a script. Clones are handles of the same stream. All times are since its beginning.
///
/// It serves the halves of a connection too, as long as only one thread uses them: what another thread would do at a time is given
/// to [`act`](Self::act), and is done by the thread that waits then.
#[derive(Clone)]
pub(crate) struct Sim(Arc<Mutex<State>>);

type Act = Box<dyn FnOnce() + Send>;
type Answer = Box<dyn FnMut(&[u8]) -> Vec<u8> + Send>;

struct State {
    begun: Instant,
    now: Duration,
    /// What the peer says when, in the order of the times: each is one read, and nothing is the end.
    said: VecDeque<(Duration, Vec<u8>)>,
    /// What the program does when, in the order of the times.
    acts: VecDeque<(Duration, Act)>,
    /// What the peer says at once to what it hears.
    answer: Answer,
    /// How many bytes a second the peer hears; `None` for all that is written, at once.
    pace: Option<u64>,
    /// How many bytes are on their way at most.
    room_len: usize,
    /// What the pace has allowed for and is not heard yet, in billionths of a byte.
    credit: u64,
    written: Vec<u8>,
    /// When each write was, and how much had been written before.
    writes: Vec<(Duration, usize)>,
    /// How much of what was written the peer has heard.
    heard_len: usize,
    read_limit: Option<Duration>,
    write_limit: Option<Duration>,
    limit_count: usize,
    is_non_blocking: bool,
    /// When our direction was ended.
    shut_down_at: Option<Duration>,
    /// Then the peer ends its own.
    is_polite: bool,
}

impl Sim {
    /// A peer that hears everything at once, says nothing, and ends its direction after ours.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            begun: Instant::now(),
            now: Duration::ZERO,
            said: VecDeque::new(),
            acts: VecDeque::new(),
            answer: Box::new(|_| Vec::new()),
            pace: None,
            room_len: usize::MAX,
            credit: 0,
            written: Vec::new(),
            writes: Vec::new(),
            heard_len: 0,
            read_limit: None,
            write_limit: None,
            limit_count: 0,
            is_non_blocking: false,
            shut_down_at: None,
            is_polite: true,
        })))
    }

    /// A connection of a server over this stream.
    pub(crate) fn server(&self, timeouts: Timeouts) -> WebSocket<Self> {
        let mut socket = WebSocket::after_handshake(self.clone(), Role::Server, Config::new(), b"").unwrap();
        socket.set_timeouts(timeouts);
        socket
    }

    /// The peer says this at this time, as one packet; nothing is the end of what it says.
    pub(crate) fn says(&self, at: Duration, bytes: &[u8]) {
        let state = &mut *self.lock();
        let place = state.said.partition_point(|(time, _)| *time <= at);
        state.said.insert(place, (at, bytes.to_vec()));
    }

    /// The peer says this once in every `pause`, `count` times.
    pub(crate) fn repeats(&self, pause: Duration, count: u32, bytes: &[u8]) {
        (1..=count).for_each(|number| self.says(pause * number, bytes));
    }

    /// The peer says this byte by byte, with a pause before each.
    pub(crate) fn drips(&self, pause: Duration, bytes: &[u8]) {
        let mut at = self.elapsed();
        for byte in bytes {
            at += pause;
            self.says(at, &[*byte]);
        }
    }

    /// The peer answers what it hears.
    pub(crate) fn answers(&self, answer: impl FnMut(&[u8]) -> Vec<u8> + Send + 'static) {
        self.lock().answer = Box::new(answer);
    }

    /// The peer hears `pace` bytes a second from now on, and at most `room_len` bytes are on their way.
    pub(crate) fn hears(&self, pace: u64, room_len: usize) {
        let mut state = self.lock();
        (state.pace, state.room_len) = (Some(pace), room_len);
    }

    /// What another thread of the program does, while this one waits for the stream. Such acts are in the order of their times.
    pub(crate) fn act(&self, at: Duration, act: impl FnOnce() + Send + 'static) {
        self.lock().acts.push_back((at, Box::new(act)));
    }

    /// The peer does not end its direction after ours.
    pub(crate) fn stays(&self) {
        self.lock().is_polite = false;
    }

    /// When our direction was ended.
    pub(crate) fn shut_down_at(&self) -> Option<Duration> {
        self.lock().shut_down_at
    }

    pub(crate) fn set_non_blocking(&self, is_non_blocking: bool) {
        self.lock().is_non_blocking = is_non_blocking;
    }

    /// Lets this time pass, as a program that sleeps.
    pub(crate) fn sleep(&self, time: Duration) {
        let until = self.elapsed() + time;
        while self.elapsed() < until {
            self.advance(Some(until)).unwrap();
        }
    }

    /// Waits as an event loop does, until the deadline of a connection.
    pub(crate) fn sleep_until(&self, due: Option<Instant>) {
        self.sleep(due.unwrap().saturating_duration_since(self.now()));
    }

    pub(crate) fn now(&self) -> Instant {
        let state = self.lock();
        state.begun + state.now
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.lock().now
    }

    pub(crate) fn limit_count(&self) -> usize {
        self.lock().limit_count
    }

    pub(crate) fn written(&self) -> Vec<u8> {
        self.lock().written.clone()
    }

    /// The frames that were written, each of them in one write, and when that was in milliseconds.
    pub(crate) fn sent(&self) -> Vec<(u128, u8, Vec<u8>)> {
        let state = self.lock();
        let ends = state.writes.iter().skip(1).map(|(_, start)| *start).chain([state.written.len()]);
        let timed = state.writes.iter().zip(ends).flat_map(|((at, start), end)| {
            let frames = frames(&state.written[*start..end]);
            frames.into_iter().map(|(first, payload)| (at.as_millis(), first, payload))
        });
        timed.collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Moves the clock to what comes next, but not beyond `until`.
    fn advance(&self, until: Option<Duration>) -> io::Result<()> {
        let act = self.lock().advance(until)?;
        if let Some(act) = act {
            act();
        }
        Ok(())
    }

    /// Makes a call again until it has moved something, the limit is over, or the stream does not block.
    fn wait<T>(
        &self,
        limit: Option<Duration>,
        mut call: impl FnMut(&mut State) -> Option<T>,
    ) -> io::Result<T> {
        let until = limit.map(|limit| self.elapsed() + limit);
        loop {
            let mut state = self.lock();
            if let Some(done) = call(&mut state) {
                return Ok(done);
            }
            if state.is_non_blocking || until.is_some_and(|until| state.now >= until) {
                return Err(ErrorKind::WouldBlock.into());
            }
            drop(state);
            self.advance(until)?;
        }
    }
}

impl State {
    fn advance(&mut self, until: Option<Duration>) -> io::Result<Option<Act>> {
        let said_at = self.said.front().map(|(at, _)| *at).filter(|at| *at > self.now);
        let act_at = self.acts.front().map(|(at, _)| *at);
        let is_hearing = self.pace.is_some_and(|pace| pace > 0) && self.unheard_len() > 0;
        let heard_at = is_hearing.then(|| self.now + TICK);
        let next = [said_at, act_at, heard_at, until].into_iter().flatten().min();
        let Some(next) = next.filter(|next| *next < TIME_MAX) else {
            return Err(io::Error::other("the test misses a deadline"));
        };
        let next = next.max(self.now);
        let time = u64::try_from(next.saturating_sub(self.now).as_nanos()).unwrap();
        self.now = next;
        self.credit += self.pace.unwrap_or(0) * time;
        self.hear();
        let is_due = act_at.is_some_and(|at| at <= next);
        Ok(if is_due { self.acts.pop_front().map(|(_, act)| act) } else { None })
    }

    /// The peer hears what its pace allows for, and answers.
    fn hear(&mut self) {
        let len = self.pace.map_or(usize::MAX, |_| usize::try_from(self.credit / BILLION).unwrap());
        let len = len.min(self.unheard_len());
        let answer = (self.answer)(&self.written[self.heard_len..][..len]);
        self.heard_len += len;
        self.credit = if self.unheard_len() == 0 { 0 } else { self.credit % BILLION };
        if !answer.is_empty() {
            let place = self.said.partition_point(|(time, _)| *time <= self.now);
            self.said.insert(place, (self.now, answer));
        }
    }

    fn read(&mut self, bytes: &mut [u8]) -> Option<usize> {
        let now = self.now;
        let Some((_, said)) = self.said.front_mut().filter(|(at, _)| *at <= now) else {
            return (self.is_polite && self.shut_down_at.is_some() && self.said.is_empty()).then_some(0);
        };
        let len = said.len().min(bytes.len());
        bytes[..len].copy_from_slice(&said[..len]);
        said.drain(..len);
        // The end stays.
        if said.is_empty() && len > 0 {
            self.said.pop_front();
        }
        Some(len)
    }

    /// Takes what there is room for.
    fn write(&mut self, bytes: &[u8]) -> usize {
        let taken = &bytes[..bytes.len().min(self.room_len - self.unheard_len())];
        if !taken.is_empty() {
            self.writes.push((self.now, self.written.len()));
            self.written.extend_from_slice(taken);
            self.hear();
        }
        taken.len()
    }

    fn unheard_len(&self) -> usize {
        self.written.len() - self.heard_len
    }
}

impl Read for Sim {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.read_shared(bytes)
    }
}

impl Write for Sim {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_shared(&[IoSlice::new(bytes)])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Sim {
    fn shutdown_write(&mut self) -> io::Result<()> {
        self.shutdown_write_shared()
    }

    fn limit_read(&self, timeout: Option<Duration>) -> io::Result<()> {
        assert_ne!(timeout, Some(Duration::ZERO), "zero means for ever to an operating system");
        let mut state = self.lock();
        state.read_limit = timeout;
        state.limit_count += 1;
        Ok(())
    }

    fn limit_write(&self, timeout: Option<Duration>) -> io::Result<()> {
        assert_ne!(timeout, Some(Duration::ZERO), "zero means for ever to an operating system");
        self.lock().write_limit = timeout;
        Ok(())
    }

    fn clock(&self) -> Clock {
        let sim = self.clone();
        Clock::new(move || sim.now())
    }
}

impl Duplex for Sim {
    fn read_shared(&self, bytes: &mut [u8]) -> io::Result<usize> {
        let limit = self.lock().read_limit;
        self.wait(limit, |state| state.read(bytes))
    }

    /// As a socket does, it waits until all is taken, or for all of its time.
    fn write_shared(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let limit = self.lock().write_limit;
        let bytes = first(slices);
        let mut len = 0;
        let waited = self.wait(limit, |state| {
            len += state.write(&bytes[len..]);
            (len == bytes.len()).then_some(len)
        });
        if len > 0 { Ok(len) } else { waited }
    }

    fn write_now(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self.lock().write(first(slices)) {
            0 if !slices.is_empty() => Err(ErrorKind::WouldBlock.into()),
            len => Ok(len),
        }
    }

    fn flush_shared(&self) -> io::Result<()> {
        Ok(())
    }

    fn shutdown_write_shared(&self) -> io::Result<()> {
        let state = &mut *self.lock();
        state.shut_down_at.get_or_insert(state.now);
        Ok(())
    }

    fn read_limit(&self) -> io::Result<Option<Duration>> {
        Ok(self.lock().read_limit)
    }

    fn set_blocking(&self) -> io::Result<()> {
        self.set_non_blocking(false);
        Ok(())
    }

    fn abort(&self) -> io::Result<()> {
        self.says(Duration::ZERO, b"");
        Ok(())
    }
}

/// A client that answers pings and the Close, and counts the other payload that it hears.
#[derive(Default)]
pub(crate) struct Client {
    unread: Vec<u8>,
    /// How much of the payload in progress is still to come.
    rest_len: usize,
    pub(crate) heard_len: usize,
}

impl Client {
    pub(crate) fn hear(&mut self, mut bytes: &[u8]) -> Vec<u8> {
        let mut answers = Vec::new();
        loop {
            let len = self.rest_len.min(bytes.len());
            bytes = &bytes[len..];
            self.rest_len -= len;
            self.heard_len += len;
            let Some((first, others)) = bytes.split_first() else { return answers };
            self.unread.push(*first);
            bytes = others;
            let head_len = match self.unread.get(1) {
                Some(127) => 10,
                Some(126) => 4,
                _ => 2,
            };
            if self.unread.len() < head_len {
                continue;
            }
            let is_control = self.unread[0] & 0x08 != 0;
            if is_control && self.unread.len() < 2 + usize::from(self.unread[1]) {
                continue;
            }
            let frame = mem::take(&mut self.unread);
            match frame[0] {
                0x89 => answers.extend(super::frame(Role::Client, 0x8A, &frame[2..])),
                0x88 => answers.extend(super::frame(Role::Client, 0x88, &frame[2..])),
                0x8A => {}
                _ => {
                    let len = frame[1..].iter().skip(usize::from(head_len > 2));
                    self.rest_len = len.fold(0, |len, byte| len << 8 | usize::from(*byte));
                }
            }
        }
    }
}

/// What a write looks at.
fn first<'a>(slices: &'a [IoSlice<'_>]) -> &'a [u8] {
    slices.iter().find(|slice| !slice.is_empty()).map_or(&[], |slice| slice)
}

/// What no test takes: one that misses a deadline fails, and does not go on for ever.
const TIME_MAX: Duration = Duration::from_secs(600);

/// How finely a pace is followed.
const TICK: Duration = ms(1);

/// Nanoseconds in a second.
const BILLION: u64 = 1_000_000_000;
