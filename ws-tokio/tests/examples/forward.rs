//! The example that forwards TCP connections through WebSockets.

use tokio::time::timeout;

use crate::programs::{Program, in_time, output};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// TCP through both programs: what to connect to, and what is connected to in the end.
struct Forwarded {
    serving: Program,
    listening: Program,
    target: TcpListener,
}

impl Forwarded {
    async fn start() -> Self {
        let target = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = target.local_addr().unwrap().to_string();
        let serving = Program::serve_with("async_forward", &["serve", "127.0.0.1:0", &address]).await;
        let arguments = ["listen", "127.0.0.1:0", &serving.url];
        let listening = Program::serve_with("async_forward", &arguments).await;
        Self { serving, listening, target }
    }

    /// Both ends of a connection.
    async fn ends(&self) -> [TcpStream; 2] {
        let near = TcpStream::connect(self.listening.address()).await.unwrap();
        [near, in_time(self.target.accept()).await.unwrap().0]
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

/// Reads to the end, which has to be one, and not a reset.
async fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    in_time(stream.read_to_end(&mut bytes)).await.unwrap();
    bytes
}

#[tokio::test]
async fn both_ways_carry_16_mib_at_once_and_all_arrives_before_the_end_of_either_side() {
    let forwarded = Forwarded::start().await;
    for first in [0, 1] {
        let [mut near, mut far] = forwarded.ends().await;
        let noises = [noise(first + 1, 16 << 20), noise(first + 11, 16 << 20)];
        let carry = async |end: &mut TcpStream, sent: &[u8], expected: &[u8]| {
            let (mut reader, mut writer) = end.split();
            let mut received = vec![0; expected.len()];
            let (read, written) = tokio::join!(reader.read_exact(&mut received), writer.write_all(sent));
            written.unwrap();
            read.unwrap();
            assert!(received == expected);
        };
        let [one, two] = &noises;
        in_time(async { tokio::join!(carry(&mut near, one, two), carry(&mut far, two, one)) }).await;
        if first == 1 {
            std::mem::swap(&mut near, &mut far);
        }
        // What is sent right before the end is not lost. It fits into the buffers of the system, since nothing is read meanwhile.
        let last = &noises[0][..256 * 1024];
        near.write_all(last).await.unwrap();
        near.shutdown().await.unwrap();
        assert!(read_to_end(&mut far).await == last);
        drop(far);
        assert_eq!(read_to_end(&mut near).await, b"");
    }
}

#[tokio::test]
async fn what_is_sent_to_an_end_that_has_ended_is_reported_and_what_that_sent_still_arrives() {
    let mut forwarded = Forwarded::start().await;
    let [mut near, mut far] = forwarded.ends().await;
    // More than the target's system takes of it before it is read.
    let sent = noise(1, 1 << 20);
    near.write_all(&sent).await.unwrap();
    near.shutdown().await.unwrap();
    assert_eq!(read_to_end(&mut near).await, b"");
    far.write_all(b"too late").await.unwrap();
    assert!(forwarded.serving.error_line().await.contains("the connection is closed or closing"));
    assert!(read_to_end(&mut far).await == sent);
}

#[tokio::test]
async fn a_reset_is_a_reset_at_the_other_end() {
    for is_near in [true, false] {
        let mut forwarded = Forwarded::start().await;
        let [mut reset, mut other] = forwarded.ends().await;
        if !is_near {
            std::mem::swap(&mut reset, &mut other);
        }
        reset.write_all(b"beginning").await.unwrap();
        let mut beginning = [0; 9];
        in_time(other.read_exact(&mut beginning)).await.unwrap();
        reset.set_zero_linger().unwrap();
        drop(reset);
        let read = in_time(other.read(&mut beginning)).await;
        assert_eq!(read.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
        let Forwarded { serving, listening, .. } = &mut forwarded;
        let (at_reset, at_other) = if is_near { (listening, serving) } else { (serving, listening) };
        assert!(at_reset.error_line().await.contains("reset"));
        assert!(at_other.error_line().await.ends_with("complete: 1011"));
    }
}

#[tokio::test]
async fn a_target_that_is_not_there_is_reported_by_both() {
    let mut forwarded = Forwarded::start().await;
    forwarded.target = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut near = TcpStream::connect(forwarded.listening.address()).await.unwrap();
    assert!(in_time(near.read(&mut [0])).await.is_err());
    assert!(forwarded.serving.error_line().await.contains("refused"));
    assert!(forwarded.listening.error_line().await.ends_with("complete: 1014"));
}

#[tokio::test]
async fn without_arguments_it_prints_its_usage() {
    let said = output("async_forward", &["serve"], "").await;
    assert_eq!(said.code, 2);
    assert!(said.stderr.starts_with("usage: async_forward serve WS_ADDR TCP_ADDR\n"));
}

#[tokio::test]
async fn what_the_target_has_not_read_is_not_lost_where_it_sends_too_late() {
    let mut forwarded = Forwarded::start().await;
    // So much that all buffers on the way are full when the end is reached, and the program has the last of it: a search.
    let (mut least, mut most) = (0, 32 << 20);
    while most - least > 4096 {
        let len = usize::midpoint(least, most);
        let [near, mut far] = forwarded.ends().await;
        let (mut near_reader, mut near_writer) = near.into_split();
        let sent = noise(1, len);
        let sent_len = sent.len();
        let writing = tokio::spawn(async move {
            near_writer.write_all(&sent).await.unwrap();
            near_writer.shutdown().await.unwrap();
        });
        // The end, though the target reads nothing. Where that takes longer, this tests less.
        let end = timeout(Duration::from_millis(100), near_reader.read(&mut [0])).await;
        let is_late = end.is_ok();
        if is_late {
            far.write_all(b"too late").await.unwrap();
            least = len;
        } else {
            most = len;
        }
        assert_eq!(read_to_end(&mut far).await.len(), sent_len);
        in_time(writing).await.unwrap();
        if is_late {
            assert!(forwarded.serving.error_line().await.contains("the connection is closed or closing"));
        }
    }
}
