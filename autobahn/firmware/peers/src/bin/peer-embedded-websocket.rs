//! As `size-server`, by embedded-websocket: the head is parsed by httparse, messages have to fit into a buffer.
#![no_std]
#![no_main]

use core::convert::Infallible;

use embedded_websocket::framer::{Framer, ReadResult, Stream};
use embedded_websocket::{WebSocketContext, WebSocketSendMessageType, WebSocketServer, read_http_header};
use ws_firmware::board::{entry, uart};
use ws_firmware::over_uart::wait_for_request;

#[entry]
fn main() -> ! {
    ws_firmware::board::start();
    uart::start();
    loop {
        serve(&wait_for_request(request));
    }
}

fn request(head: &[u8]) -> Option<WebSocketContext> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut request = httparse::Request::new(&mut headers);
    if !request.parse(head).ok()?.is_complete() {
        return None;
    }
    read_http_header(request.headers.iter().map(|header| (header.name, header.value))).ok()?
}

fn serve(context: &WebSocketContext) {
    let (mut read, mut write, mut frame, mut cursor) = ([0; 1024], [0; 1024], [0; 1024], 0);
    let mut socket = WebSocketServer::new_server();
    let mut framer = Framer::new(&mut read, &mut cursor, &mut write, &mut socket);
    if framer.accept(&mut Uart, context).is_err() {
        return;
    }
    loop {
        let sent = match framer.read(&mut Uart, &mut frame) {
            Ok(ReadResult::Text(text)) => {
                framer.write(&mut Uart, WebSocketSendMessageType::Text, true, text.as_bytes())
            }
            Ok(ReadResult::Binary(bytes)) => {
                framer.write(&mut Uart, WebSocketSendMessageType::Binary, true, bytes)
            }
            Ok(ReadResult::Pong(_)) => Ok(()),
            Ok(ReadResult::Closed) | Err(_) => return,
        };
        if sent.is_err() {
            return;
        }
    }
}

struct Uart;

impl Stream<Infallible> for Uart {
    fn read(&mut self, space: &mut [u8]) -> Result<usize, Infallible> {
        Ok(uart::read(space))
    }

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        uart::write(bytes);
        Ok(())
    }
}
