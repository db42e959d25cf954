//! Another runtime than tokio: client and server over smol's TCP, with smol's timer.
#![expect(clippy::similar_names, clippy::unnecessary_wraps, clippy::unwrap_used, reason = "a test")]

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use smol::net::{TcpListener, TcpStream};
use tokio_util::compat::{Compat, FuturesAsyncReadCompatExt as _};
use ws_tokio::{Client, CloseCode, Error, Phase, Server, Timeouts, Timer, WebSocket};

struct SmolTimer(smol::Timer);

impl Timer for SmolTimer {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn poll_until(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        self.0.set_at(deadline);
        Pin::new(&mut self.0).poll(cx).map(|_instant| ())
    }
}

fn timer() -> SmolTimer {
    SmolTimer(smol::Timer::never())
}

fn millis(count: u64) -> Option<Duration> {
    Some(Duration::from_millis(count))
}

async fn pair(
    client: Client,
    server: Server,
) -> (WebSocket<Compat<TcpStream>>, WebSocket<Compat<TcpStream>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let accepting = smol::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        server.accept(stream.compat()).await.unwrap()
    });
    let stream = TcpStream::connect(address).await.unwrap();
    let socket = client.handshake(stream.compat(), "ws://localhost/").await.unwrap();
    (socket, accepting.await)
}

#[test]
fn an_echo_runs_without_a_runtime_of_tokio() {
    let timeouts = Timeouts::new().with_ping_interval(millis(20));
    smol::block_on(async {
        assert!(tokio::runtime::Handle::try_current().is_err());
        let client = Client::new_with_timer(timer).with_timeouts(timeouts);
        let server = Server::new_with_timer(timer).with_timeouts(timeouts);
        let (mut client, mut server) = pair(client, server).await;
        let echo = smol::spawn(async move {
            while let Some((message, mut writer)) = server.read().await.unwrap() {
                writer.send(message).await.unwrap();
            }
            server.closure().unwrap().is_clean
        });
        for len in [0, 1, 5000, 300_000] {
            let message = vec![7; len];
            client.send(&message).await.unwrap();
            assert!(client.receive().await.unwrap() == Some(message.into()));
        }
        // The keepalive works by smol's timer.
        let waiting = smol::future::or(async { Some(client.receive().await) }, async {
            smol::Timer::after(Duration::from_millis(200)).await;
            None
        });
        assert!(waiting.await.is_none());
        assert!(client.latency().is_some());
        // In two tasks.
        let (mut reader, mut writer) = client.split();
        let writing = smol::spawn(async move {
            for number in 0..1000 {
                writer.send(&format!("{number}")).await.unwrap();
            }
            writer
        });
        for number in 0..1000 {
            let expected = number.to_string();
            assert_eq!(reader.receive().await.unwrap().unwrap().as_text(), Some(&*expected));
        }
        let mut client = reader.reunite(writing.await).unwrap();
        client.close(CloseCode::NORMAL).await.unwrap();
        assert!(echo.await);
    });
}

#[test]
fn deadlines_pass_by_the_timer_of_smol() {
    smol::block_on(async {
        let timeouts = Timeouts::new().with_ping_interval(millis(20)).with_pong(millis(50));
        let client = Client::new_with_timer(timer).with_timeouts(timeouts);
        let (mut client, silent) = pair(client, Server::new_with_timer(timer)).await;
        let failed = client.receive().await;
        assert!(matches!(failed, Err(Error::Timeout(Phase::Pong))), "{failed:?}");
        drop(silent);

        let client = Client::new_with_timer(timer).with_timeouts(Timeouts::new().with_write(millis(50)));
        let (mut client, silent) = pair(client, Server::new_with_timer(timer)).await;
        let failed = client.send(&vec![7; 64 << 20]).await;
        assert!(matches!(failed, Err(Error::Timeout(Phase::Write))), "{failed:?}");
        drop(silent);

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let client = Client::new_with_timer(timer).with_timeouts(Timeouts::new().with_handshake(millis(50)));
        let failed = client.handshake(stream.compat(), "ws://localhost/").await;
        assert!(matches!(failed, Err(Error::Timeout(Phase::Handshake))), "{failed:?}");
    });
}
