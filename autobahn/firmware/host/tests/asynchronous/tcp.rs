//! The server and the client in conversation over TCP, as the program runs them.

use std::io;
use std::net::{Ipv4Addr, TcpListener};

use async_io::{Async, block_on};
use embassy_futures::join::join;
use ws_core::connection::{Closure, MaskKeys};
use ws_core::event::{MessageType, Piece};
use ws_core::frame::{CloseCode, Fin};
use ws_core::handshake::{OriginPolicy, OutgoingRequest};
use ws_core::keepalive::KeepaliveConfig;
use ws_core::uri::Uri;
use ws_firmware::asynchronous::{Error, Link, Sender, accept, connect, echo};
use ws_firmware_host::{Clock, Memory, Socket, mask_keys};

#[test]
fn a_message_of_many_buffers_comes_back() {
    let listener = Async::<TcpListener>::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let addr = listener.get_ref().local_addr().unwrap();
    let (served, heard) = block_on(join(
        async {
            let (stream, _) = listener.accept().await?;
            let mut memory = Memory::new();
            let link = Link::new(Socket::new(stream)?, Clock::new(), KeepaliveConfig::new());
            accept(link, memory.buffers(), OriginPolicy::SameHost).await?.run(echo).await
        },
        async { hear(Socket::connect(addr).await?, MESSAGE).await },
    ));
    let (closure, heard) = heard.unwrap();
    assert!(closure.is_clean && served.unwrap().is_clean);
    assert!(heard == MESSAGE, "{} bytes", heard.len());
}

async fn hear(stream: Socket, message: &[u8]) -> Result<(Closure, Vec<u8>), Error<io::Error>> {
    let mut memory = Memory::new();
    let mut heard = Vec::new();
    let request = OutgoingRequest::new(Uri::parse("ws://127.0.0.1/").unwrap());
    let link = Link::new(stream, Clock::new(), KeepaliveConfig::new());
    let mut socket = connect(link, memory.buffers(), &request, mask_keys()?).await?;
    socket.sender().send(MessageType::Binary, Fin::Final, &mut message.to_owned()).await?;
    let receive = async |piece: Piece<'_>, sender: &mut Sender<'_, Socket, Clock, MaskKeys>| {
        heard.extend_from_slice(piece.payload);
        if piece.is_last {
            sender.close(CloseCode::NORMAL.into());
        }
        Ok(())
    };
    let closure = socket.run(receive).await?;
    Ok((closure, heard))
}

const MESSAGE: &[u8] = &[7; 100_000];
