//! ws-std's clients and servers.

use std::io::Write as _;
use std::net::TcpStream;

use ws_std::ws_core::event::Event;
use ws_std::{
    Client, CloseFrame, Closure, Header, Incoming, Message, MessageType, Server, Stream, WebSocket,
};

use super::{ClientSettings, Outcome, Result, ServerSettings, Service, Socket, client, server};

pub(super) fn connect(url: &str, settings: &ClientSettings) -> Result<Box<dyn Socket>> {
    let client = client!(Client::new(), settings);
    let client = match &settings.proxy {
        Some(proxy) => client.with_proxy(proxy.clone()),
        None => client,
    };
    Ok(Box::new(client.connect(url)?))
}

pub(super) fn receive(stream: TcpStream, settings: &ServerSettings, service: &dyn Service) -> Outcome {
    let server = server!(Server::new(), settings);
    match &settings.tls {
        Some(tls) => welcome(server.receive_tls(stream, tls)?, service),
        None => welcome(server.receive(stream)?, service),
    }
}

fn welcome<S: Stream>(incoming: Incoming<S>, service: &dyn Service) -> Outcome {
    let page = if incoming.is_websocket() { None } else { service.page(incoming.path()) };
    match page {
        Some(page) => {
            let headers = [Header { name: "Content-Type", value: page.content_type.as_bytes() }];
            Ok(incoming.respond(page.status, &headers, page.body)?)
        }
        None => service.talk(&mut incoming.accept()?),
    }
}

impl<S: Stream> Socket for WebSocket<S> {
    fn send(&mut self, message: Message<'_>) -> Outcome {
        Ok(self.send(message)?)
    }

    /// The fragments are cut within characters.
    fn send_fragments(&mut self, text: &str, len: usize) -> Outcome {
        let mut message = self.message_writer(MessageType::Text)?;
        for piece in text.as_bytes().chunks(len) {
            message.write_all(piece)?;
            message.flush()?;
        }
        Ok(message.finish()?)
    }

    fn ping(&mut self, payload: &[u8]) -> Result<Vec<u8>> {
        self.ping(payload)?;
        while let Some((event, _)) = self.read_part()? {
            if event == Event::Pong {
                return Ok(self.control().as_bytes().to_vec());
            }
            if event != Event::Ping {
                return Err("something else came before the pong".into());
            }
        }
        Err("closed before the pong".into())
    }

    fn read(&mut self) -> Result<Option<Message<'_>>> {
        Ok(self.read()?.map(|(message, _)| message))
    }

    fn echo(&mut self) -> Result<Option<String>> {
        while let Some((message, mut writer)) = self.read()? {
            match message {
                Message::Text(text) if text.starts_with('!') => return Ok(Some(text.to_owned())),
                Message::Text(_) | Message::Binary(_) => writer.send(message)?,
            }
        }
        Ok(None)
    }

    fn start_close(&mut self, frame: CloseFrame) -> Outcome {
        Ok(self.start_close(frame)?)
    }

    fn close(&mut self, frame: CloseFrame) -> Outcome {
        Ok(self.close(frame)?)
    }

    fn closure(&self) -> Option<Closure> {
        self.closure()
    }

    fn close_frame(&self) -> Option<CloseFrame> {
        self.close_frame()
    }

    fn subprotocol(&self) -> Option<&str> {
        self.subprotocol()
    }

    fn wire_lens(&self) -> (u64, u64) {
        let counters = self.counters();
        (counters.received.wire_len, counters.sent.wire_len)
    }
}
