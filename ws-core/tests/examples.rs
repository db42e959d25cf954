//! The examples as programs.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A program that cargo has built beside this test, and that ends with it.
struct Program(Child);

impl Program {
    /// Starts it, and gives the address that it listens on.
    fn start(name: &str) -> (Self, String) {
        let mut path = std::env::current_exe().unwrap();
        path.pop();
        path.pop();
        path.push("examples");
        path.push(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        assert!(path.exists(), "cargo test builds {}", path.display());
        let mut child = Command::new(path).arg("127.0.0.1:0").stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_start_matches("listening on http://").split('/').next().unwrap().to_owned();
        (Self(child), address)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Writes all that is to be said, and reads to the end.
fn talk(address: &str, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

#[test]
fn the_echo_on_tokio_echoes_pongs_closes_and_refuses() {
    let (_program, address) = Program::start("tokio_echo");
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    // "Hello" in two fragments with a ping between them, and a Close, masked with zeros, all behind the request.
    let frames = b"\x01\x83\0\0\0\0Hel\x89\x81\0\0\0\0?\x80\x82\0\0\0\0lo\x88\x82\0\0\0\0\x03\xe8";
    let answer = talk(&address, &[request.as_bytes(), frames].concat());
    assert!(answer.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
    assert!(answer.ends_with(b"\r\n\r\n\x01\x03Hel\x8a\x01?\x80\x02lo\x88\x02\x03\xe8"));
    // An unmasked frame: 1002.
    assert!(talk(&address, &[request.as_bytes(), b"\x81\x00"].concat()).ends_with(b"\x88\x02\x03\xea"));
    let page = talk(&address, format!("GET / HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes());
    assert!(page.starts_with(b"HTTP/1.1 426 "));
}
