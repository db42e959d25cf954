// Read first: RFC 1928 §3, §4, §5, §6; RFC 1929 §2.

use core::net::IpAddr;

use ws_core::handshake::{Credentials, HandshakeMisuse};
use ws_core::uri::Authority;

use crate::error::{Error, ProxyError};
use crate::open::handshake_stream::HandshakeStream;
use crate::stream::Stream;

/// Has a SOCKS5 proxy open a stream to `target`. Of the bytes that arrive, only the proxy's replies are read.
pub(super) fn open<S: Stream>(
    stream: &mut HandshakeStream<S>,
    target: Authority<'_>,
    credentials: Option<&Credentials>,
) -> Result<(), Error> {
    // Both are checked before anything is sent.
    let request = request(target)?;
    let login = credentials.map(login).transpose()?;
    log_in(stream, login.as_deref())?;
    stream.write(&request)?;
    // RFC 1928 §6: the address that the proxy has bound, and its port, follow what the proxy replies.
    let address_len = match read(stream)? {
        [VERSION, 0, 0, IPV4] => 4,
        [VERSION, 0, 0, IPV6] => 16,
        [VERSION, 0, 0, NAME] => {
            let [len] = read(stream)?;
            len
        }
        [VERSION, reply @ 1..=8, _, _] => return Err(ProxyError::Reply(reply).into()),
        _ => return Err(ProxyError::Answer.into()),
    };
    for _ in 0..address_len {
        read::<1>(stream)?;
    }
    read::<2>(stream).map(drop)
}

/// Agrees with the proxy on a method of authentication, and sends `login` where the proxy chooses that.
fn log_in<S: Stream>(stream: &mut HandshakeStream<S>, login: Option<&[u8]>) -> Result<(), Error> {
    // RFC 1928 §3: the methods on offer, after their count.
    stream.write(if login.is_some() { &[VERSION, 2, ANYBODY, PASSWORD] } else { &[VERSION, 1, ANYBODY] })?;
    match (read(stream)?, login) {
        ([VERSION, ANYBODY], _) => return Ok(()),
        ([VERSION, PASSWORD], Some(login)) => stream.write(login)?,
        ([VERSION, PASSWORD | NONE_ACCEPTED], _) => return Err(ProxyError::Unauthorized.into()),
        _ => return Err(ProxyError::Answer.into()),
    }
    // RFC 1929 §2: any status but 0 is a failure.
    match read(stream)? {
        [LOGIN_VERSION, 0] => Ok(()),
        [LOGIN_VERSION, _] => Err(ProxyError::Unauthorized.into()),
        _ => Err(ProxyError::Answer.into()),
    }
}

/// The request to connect.
fn request(target: Authority<'_>) -> Result<Vec<u8>, Error> {
    let host = target.host_name();
    let mut request = vec![VERSION, CONNECT, 0];
    // RFC 1928 §5: an address is sent as such, and a name after its length.
    match host.parse() {
        Ok(IpAddr::V4(address)) => request.extend([&[IPV4], address.octets().as_slice()].concat()),
        Ok(IpAddr::V6(address)) => request.extend([&[IPV6], address.octets().as_slice()].concat()),
        Err(_name) => {
            let len = u8::try_from(host.len()).map_err(|_longer| ProxyError::HostLen)?;
            request.extend([&[NAME, len], host.as_bytes()].concat());
        }
    }
    request.extend(target.port().unwrap_or_default().to_be_bytes());
    Ok(request)
}

/// The user and the password.
fn login(credentials: &Credentials) -> Result<Vec<u8>, HandshakeMisuse> {
    let mut login = vec![LOGIN_VERSION];
    for text in [credentials.user(), credentials.password()] {
        // RFC 1929 §2: each has 1 to 255 bytes.
        match u8::try_from(text.len()) {
            Ok(len @ 1..) => login.push(len),
            Ok(0) | Err(_) => return Err(HandshakeMisuse::Credentials),
        }
        login.extend(text.as_bytes());
    }
    Ok(login)
}

/// Reads this many bytes, and none beyond them: the buffer holds one.
fn read<const LEN: usize>(stream: &mut HandshakeStream<impl Stream>) -> Result<[u8; LEN], Error> {
    let mut bytes = [0; LEN];
    for byte in &mut bytes {
        stream.fill()?;
        let [read] = stream.buffer.input().take(1) else { return Err(ProxyError::Ended.into()) };
        *byte = *read;
    }
    Ok(bytes)
}

const VERSION: u8 = 5;
const CONNECT: u8 = 1;

/// The methods of authentication (RFC 1928 §3).
const ANYBODY: u8 = 0;
const PASSWORD: u8 = 2;
const NONE_ACCEPTED: u8 = 0xff;

/// The types of addresses (RFC 1928 §5).
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// The version of the negotiation of user and password (RFC 1929 §2).
const LOGIN_VERSION: u8 = 1;
