//! ws-tokio's clients and servers, each connection on a runtime of its own, in the thread that uses it.

use std::net::TcpStream;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::{Builder, Runtime};
use ws_tokio::{Client, CloseFrame, Closure, Event, Fin, Header, Incoming, Message, Server, WebSocket};

use super::{ClientSettings, Outcome, Result, ServerSettings, Service, Socket, client, server};

pub(super) fn connect(url: &str, settings: &ClientSettings) -> Result<Box<dyn Socket>> {
    let client = client!(Client::new(), settings);
    if settings.proxy.is_some() {
        return Err("ws-tokio has no proxies".into());
    }
    let runtime = runtime()?;
    let socket = runtime.block_on(client.connect(url))?;
    Ok(Box::new(OnRuntime { socket, runtime }))
}

pub(super) fn receive(stream: TcpStream, settings: &ServerSettings, service: &dyn Service) -> Outcome {
    let server = server!(Server::new(), settings);
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    let runtime = runtime()?;
    let stream = {
        let _entered = runtime.enter();
        tokio::net::TcpStream::from_std(stream)?
    };
    if let Some(tls) = &settings.tls {
        let incoming = runtime.block_on(server.receive_tls(stream, tls))?;
        welcome(runtime, incoming, service)
    } else {
        let incoming = runtime.block_on(server.receive(stream))?;
        welcome(runtime, incoming, service)
    }
}

fn welcome<S>(runtime: Runtime, incoming: Incoming<S>, service: &dyn Service) -> Outcome
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let page = if incoming.is_websocket() { None } else { service.page(incoming.path()) };
    if let Some(page) = page {
        let headers = [Header { name: "Content-Type", value: page.content_type.as_bytes() }];
        Ok(runtime.block_on(incoming.respond(page.status, &headers, page.body))?)
    } else {
        let socket = runtime.block_on(incoming.accept())?;
        service.talk(&mut OnRuntime { socket, runtime })
    }
}

fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// A connection, and what its calls wait on.
struct OnRuntime<S> {
    socket: WebSocket<S>,
    runtime: Runtime,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket for OnRuntime<S> {
    fn send(&mut self, message: Message<'_>) -> Outcome {
        Ok(self.runtime.block_on(self.socket.send(message))?)
    }

    /// The fragments are cut between characters, and the last one is empty.
    fn send_fragments(&mut self, text: &str, len: usize) -> Outcome {
        let chars: Vec<char> = text.chars().collect();
        self.runtime.block_on(async {
            for piece in chars.chunks(len) {
                self.socket.writer().send_part(&*String::from_iter(piece), Fin::More).await?;
            }
            Ok(self.socket.writer().send_part("", Fin::Final).await?)
        })
    }

    fn ping(&mut self, payload: &[u8]) -> Result<Vec<u8>> {
        let Self { socket, runtime } = self;
        runtime.block_on(async {
            socket.ping(payload).await?;
            while let Some((event, _)) = socket.read_event().await? {
                if event == Event::Pong {
                    return Ok(socket.control().as_bytes().to_vec());
                }
                if event != Event::Ping {
                    return Err("something else came before the pong".into());
                }
            }
            Err("closed before the pong".into())
        })
    }

    fn read(&mut self) -> Result<Option<Message<'_>>> {
        Ok(self.runtime.block_on(self.socket.read())?.map(|(message, _)| message))
    }

    fn echo(&mut self) -> Result<Option<String>> {
        self.runtime.block_on(async {
            while let Some((message, mut writer)) = self.socket.read().await? {
                match message {
                    Message::Text(text) if text.starts_with('!') => return Ok(Some(text.to_owned())),
                    Message::Text(_) | Message::Binary(_) => writer.send(message).await?,
                }
            }
            Ok(None)
        })
    }

    fn start_close(&mut self, frame: CloseFrame) -> Outcome {
        Ok(self.runtime.block_on(self.socket.start_close(frame))?)
    }

    fn close(&mut self, frame: CloseFrame) -> Outcome {
        Ok(self.runtime.block_on(self.socket.close(frame))?)
    }

    fn closure(&self) -> Option<Closure> {
        self.socket.closure()
    }

    fn close_frame(&self) -> Option<CloseFrame> {
        self.socket.close_frame()
    }

    fn subprotocol(&self) -> Option<&str> {
        self.socket.subprotocol()
    }

    fn wire_lens(&self) -> (u64, u64) {
        let counters = self.socket.counters();
        (counters.received.wire_len, counters.sent.wire_len)
    }
}
