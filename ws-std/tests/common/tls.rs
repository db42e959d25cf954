//! Certificates of a private authority, made for the test, and a pipe in memory to run TLS on.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use ws_std::rustls::crypto::ring;
use ws_std::rustls::pki_types::pem::PemObject as _;
use ws_std::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use ws_std::rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion, version};
use ws_std::{Client, ClientTls, Server, ServerTls, Stream, TlsStream, WebSocket};

/// A certificate authority.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, in PEM.
pub(crate) struct Identity {
    pub(crate) chain: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn der(&self) -> &[u8] {
        self.0.der()
    }

    /// A certificate for this name or address, in force from and to these years.
    pub(crate) fn issue_between(&self, name: &str, years: (i32, i32)) -> Identity {
        let key = KeyPair::generate().unwrap();
        let chain = params(name, years).signed_by(&key, &self.0).unwrap().pem();
        Identity { chain, key: key.serialize_pem() }
    }

    pub(crate) fn issue(&self, name: &str) -> Identity {
        self.issue_between(name, (2020, 4000))
    }

    /// A client that trusts this authority and no other.
    pub(crate) fn client_tls(&self) -> ClientTls {
        ClientTls::from_roots(self.pem().as_bytes()).unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        Client::new().with_tls(self.client_tls())
    }
}

impl Identity {
    pub(crate) fn self_signed(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let chain = params(name, (2020, 4000)).self_signed(&key).unwrap().pem();
        Self { chain, key: key.serialize_pem() }
    }

    pub(crate) fn server_tls(&self) -> ServerTls {
        ServerTls::new(self.chain.as_bytes(), self.key.as_bytes()).unwrap()
    }
}

fn params(name: &str, years: (i32, i32)) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
    params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params
}

/// One direction of a pipe.
#[derive(Default)]
struct Channel {
    bytes: Mutex<(VecDeque<u8>, bool)>,
    changed: Condvar,
    /// How many bytes it holds before it is full.
    capacity: AtomicUsize,
    /// Everything that was ever written.
    log: Mutex<Vec<u8>>,
}

/// One end of a pipe in memory, which blocks until it is given faults.
pub(crate) struct Pipe {
    incoming: Arc<Channel>,
    outgoing: Arc<Channel>,
    /// How many bytes an operation moves; half of them would block. 0: no faults, and it waits.
    step: AtomicUsize,
    /// It does not wait.
    is_non_blocking: AtomicBool,
    /// How long a read takes, in milliseconds, and then gives a byte only; 0: as long as it needs.
    drip: AtomicU64,
    turn: u32,
}

pub(crate) fn pipe() -> (Pipe, Pipe) {
    let (one, two) = (Arc::new(Channel::default()), Arc::new(Channel::default()));
    one.capacity.store(usize::MAX, Ordering::Relaxed);
    two.capacity.store(usize::MAX, Ordering::Relaxed);
    let end = |incoming: &Arc<Channel>, outgoing: &Arc<Channel>| Pipe {
        incoming: Arc::clone(incoming),
        outgoing: Arc::clone(outgoing),
        step: AtomicUsize::new(0),
        is_non_blocking: AtomicBool::new(false),
        drip: AtomicU64::new(0),
        turn: 1,
    };
    (end(&one, &two), end(&two, &one))
}

impl Pipe {
    /// From now on nothing blocks, operations move at most this many bytes, and half of them would block.
    pub(crate) fn break_up(&self, step: usize) {
        self.step.store(step, Ordering::Relaxed);
    }

    /// From now on reads and writes that can move nothing would block.
    pub(crate) fn set_non_blocking(&self) {
        self.is_non_blocking.store(true, Ordering::Relaxed);
    }

    /// From now on each read takes this long, and gives one byte.
    pub(crate) fn drip(&self, time: Duration) {
        self.drip.store(u64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    }

    /// How many bytes may wait for the other end from now on.
    pub(crate) fn set_capacity(&self, capacity: usize) {
        self.outgoing.capacity.store(capacity, Ordering::Relaxed);
    }

    /// What was written since this was called last.
    pub(crate) fn take_written(&self) -> Vec<u8> {
        std::mem::take(&mut *self.outgoing.log.lock().unwrap())
    }

    /// Changes a byte that is on its way to this end.
    pub(crate) fn tamper(&self) {
        *self.incoming.bytes.lock().unwrap().0.back_mut().unwrap() ^= 1;
    }

    /// Whether the other end has read all that was written.
    pub(crate) fn is_drained(&self) -> bool {
        self.outgoing.bytes.lock().unwrap().0.is_empty()
    }

    /// Ends the sending direction as an attacker does who cuts the line.
    pub(crate) fn cut(&self) {
        self.outgoing.bytes.lock().unwrap().1 = true;
        self.outgoing.changed.notify_all();
    }

    fn turn(&mut self, len: usize) -> io::Result<usize> {
        let step = self.step.load(Ordering::Relaxed);
        if step == 0 {
            return Ok(len);
        }
        // A generator of small numbers, so that no rhythm of the caller meets only the one or the other.
        self.turn = self.turn.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if self.turn >> 31 == 1 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(len.min(step)) }
    }
}

impl Read for Pipe {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut len = self.turn(out.len())?;
        let drip = self.drip.load(Ordering::Relaxed);
        if drip > 0 {
            thread::sleep(Duration::from_millis(drip));
            len = len.min(1);
        }
        let mut state = self.incoming.bytes.lock().unwrap();
        while state.0.is_empty() && !state.1 {
            if self.step.load(Ordering::Relaxed) > 0 || self.is_non_blocking.load(Ordering::Relaxed) {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            state = self.incoming.changed.wait_timeout(state, Duration::from_secs(20)).unwrap().0;
        }
        state.0.read(&mut out[..len])
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = self.turn(bytes.len())?;
        let mut state = self.outgoing.bytes.lock().unwrap();
        let room = self.outgoing.capacity.load(Ordering::Relaxed).saturating_sub(state.0.len());
        if state.1 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if room == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let len = len.min(room);
        state.0.extend(&bytes[..len]);
        self.outgoing.log.lock().unwrap().extend(&bytes[..len]);
        self.outgoing.changed.notify_all();
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.turn(0).map(drop)
    }
}

impl Stream for Pipe {
    fn shutdown_write(&mut self) -> io::Result<()> {
        self.cut();
        Ok(())
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.cut();
    }
}

/// Both ends of TLS over a pipe.
pub(crate) fn tls_pipe() -> (TlsStream<Pipe>, TlsStream<Pipe>) {
    let authority = Authority::new("CA");
    let config = authority.issue("example.com").server_tls().build();
    let (ours, theirs) = pipe();
    let server = thread::spawn(move || TlsStream::accept(theirs, config, None).unwrap());
    let name = ServerName::try_from("example.com").unwrap();
    let client = TlsStream::connect(ours, authority.client_tls().into(), name, None).unwrap();
    (client, server.join().unwrap())
}

/// Both ends of a WebSocket over TLS over a pipe.
pub(crate) fn wss_pipe(
    client: &Client,
    server: Server,
) -> (WebSocket<TlsStream<Pipe>>, WebSocket<TlsStream<Pipe>>) {
    let (ours, theirs) = tls_pipe();
    let server = thread::spawn(move || server.accept(theirs).unwrap());
    let client = client.handshake(ours, "wss://example.com/").unwrap();
    (client, server.join().unwrap())
}

pub(crate) const VERSIONS: [&SupportedProtocolVersion; 2] = [&version::TLS12, &version::TLS13];

/// A client's configuration for one version of TLS, perhaps with a certificate.
pub(crate) fn client_config(
    authority: &Authority,
    version: &'static SupportedProtocolVersion,
    identity: Option<&Identity>,
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority.der().to_vec())).unwrap();
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
    let builder = builder.with_root_certificates(roots);
    match identity {
        Some(Identity { chain, key }) => {
            let chain = vec![CertificateDer::from_pem_slice(chain.as_bytes()).unwrap()];
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
        None => builder.with_no_client_auth(),
    }
}

/// A server's configuration; it is for one that asks for a certificate where the argument says so.
pub(crate) fn server_config(authority: &Authority, asks: bool) -> Arc<ServerConfig> {
    let tls = authority.issue("example.com").server_tls();
    if asks { tls.with_client_roots(authority.pem().as_bytes()).unwrap() } else { tls }.build()
}

/// The header of a record with an alert.
pub(crate) const ALERT: [u8; 5] = [0x15, 3, 3, 0, 2];
