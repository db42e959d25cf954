//! As `size-server`, by ws-framer: the head is parsed by httparse, messages have to fit into a buffer.
#![no_std]
#![no_main]

use ws_firmware::board::{entry, uart};
use ws_firmware::over_uart::wait_for_request;
use ws_framer::{Header, WsFrame, WsRxFramer, WsTxFramer, process_sec_websocket_key};

#[entry]
fn main() -> ! {
    ws_firmware::board::start();
    uart::start();
    loop {
        serve(&wait_for_request(request));
    }
}

/// The answer to the key of a request that asks for a WebSocket.
fn request(head: &[u8]) -> Option<[u8; 28]> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut request = httparse::Request::new(&mut headers);
    if !request.parse(head).ok()?.is_complete() {
        return None;
    }
    let value = |name: &str| {
        let header = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        core::str::from_utf8(header.value).ok()
    };
    if !value("upgrade")?.eq_ignore_ascii_case("websocket") || value("sec-websocket-version")? != "13" {
        return None;
    }
    process_sec_websocket_key(value("sec-websocket-key")?)
}

fn serve(key: &[u8; 28]) {
    let (mut read, mut write) = ([0; 1024], [0; 1024]);
    let mut receiver = WsRxFramer::new(&mut read);
    let mut sender = WsTxFramer::new(false, &mut write);
    let headers = [
        Header { name: "Upgrade", value: b"websocket" },
        Header { name: "Connection", value: b"Upgrade" },
        Header { name: "Sec-WebSocket-Accept", value: key },
    ];
    uart::write(sender.http_response(101, "Switching Protocols", &headers).unwrap_or_default());
    loop {
        let len = uart::read(receiver.read_buf());
        receiver.advance(len);
        while let Some(frame) = receiver.next_frame() {
            let (answer, is_end) = match frame {
                Ok(WsFrame::Text(text)) => (sender.text(text), false),
                Ok(WsFrame::Binary(bytes)) => (sender.binary(bytes), false),
                Ok(WsFrame::Ping(bytes)) => (sender.pong(bytes), false),
                Ok(WsFrame::Pong(_)) => continue,
                Ok(WsFrame::Close(code, _)) => (sender.close(code, ""), true),
                Err(_) => (sender.close(1002, ""), true),
            };
            uart::write(answer.unwrap_or_default());
            if is_end {
                return;
            }
        }
    }
}
