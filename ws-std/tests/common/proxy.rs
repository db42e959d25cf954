//! Proxies by hand.

use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use super::tcp::{patient, read_head};

/// The address behind a URL of this machine.
pub(crate) fn address_of(url: &str) -> SocketAddr {
    url.trim_start_matches("ws://").trim_end_matches('/').parse().unwrap()
}

/// Listens for one connection; gives where, and what came of it.
pub(crate) fn listen<T: Send + 'static>(
    act: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (String, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let act = move || {
        let stream = listener.accept().unwrap().0;
        patient(&stream);
        act(stream)
    };
    (authority, thread::spawn(act))
}

/// An HTTP proxy for one connection, which goes to `upstream` whatever the target; gives the request's head.
pub(crate) fn http_proxy(answer: &str, upstream: SocketAddr) -> (String, JoinHandle<String>) {
    let answer = answer.to_owned();
    listen(move |mut stream| {
        let head = read_head(&mut stream);
        stream.write_all(answer.as_bytes()).unwrap();
        relay(stream, TcpStream::connect(upstream).unwrap());
        head
    })
}

/// Passes bytes on in both directions, until both have ended.
pub(crate) fn relay(left: TcpStream, right: TcpStream) {
    let pass = |mut from: TcpStream, mut to: TcpStream| {
        let _gone = io::copy(&mut from, &mut to);
        let _gone = to.shutdown(Shutdown::Write);
    };
    let (left_too, right_too) = (left.try_clone().unwrap(), right.try_clone().unwrap());
    let back = thread::spawn(move || pass(right_too, left_too));
    pass(left, right);
    back.join().unwrap();
}
