//! The pairs that talk with each other, and the routes between them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde_json::json;

use super::client::{self, Urls};
use super::feature::Feature;
use super::peer::Peer;
use super::table::{Outcome, Row};
use super::tools::Tools;
use crate::adapter::Adapter;
use crate::process::{Result, Running, tail};
use crate::role::Role;

/// How a client gets to a server's three ports.
#[derive(Clone, Debug)]
pub(crate) struct Hosts {
    /// What follows the scheme in a URL.
    bases: [String; 3],
    /// The certificate to trust, where it is by TLS.
    ca: Option<PathBuf>,
}

impl Hosts {
    /// With nothing in between.
    pub(crate) fn direct(ports: [u16; 3]) -> Self {
        Self { bases: ports.map(|port| format!("127.0.0.1:{port}/")), ca: None }
    }

    pub(crate) fn by_proxy(proxy: SocketAddr, ports: [u16; 3]) -> Self {
        Self { bases: ports.map(|port| format!("{proxy}/{port}/")), ca: None }
    }

    /// The same by TLS, trusting this certificate.
    pub(crate) fn with_tls(self, ca: &Path) -> Self {
        Self { ca: Some(ca.to_owned()), ..self }
    }

    /// Where to connect to, and whose client does.
    pub(crate) fn urls(&self, adapter: Adapter) -> Urls {
        let [plain, deflate, no_takeover] = self.with_scheme("ws");
        Urls { plain, deflate, no_takeover, ca: self.ca.clone(), proxy: None, adapter }
    }

    fn with_scheme(&self, scheme: &str) -> [String; 3] {
        let s = if self.ca.is_some() { "s" } else { "" };
        self.bases.each_ref().map(|base| format!("{scheme}{s}://{base}"))
    }

    /// What a peer's client is told.
    fn config(&self, peer: Peer, features: &[Feature]) -> String {
        let [plain, deflate, no_takeover] = self.with_scheme("ws");
        let [page, ..] = self.with_scheme("http");
        let names: Vec<&str> = features.iter().copied().map(Feature::name).collect();
        json!({
            "features": names,
            "urls": { "plain": plain, "deflate": deflate, "noTakeover": no_takeover },
            "page": page,
            "ca": self.ca,
            "compresses": peer.compresses(),
        })
        .to_string()
    }
}

/// A peer's server, for the clients of one of our crates. It is ended when its last route is dropped.
#[derive(Clone, Debug)]
pub(crate) struct TheirServer {
    peer: Peer,
    adapter: Adapter,
    ports: [u16; 3],
    _running: Arc<Running>,
}

impl TheirServer {
    /// Starts it, and waits until it says where it listens.
    pub(crate) fn start(peer: Peer, adapter: Adapter, tools: &Tools, folder: &Path) -> Result<Self> {
        let name = format!("the server of {}", peer.name());
        let log = folder.join(format!("{}.server-of-{adapter}.log", peer.name()));
        let (running, lines) = start(&name, peer, Role::Server, None, tools, &log)?;
        let line = lines.recv_timeout(LISTEN_LIMIT);
        let line = line.map_err(|_silent| format!("{name} does not listen{}", tail(&log)))?;
        let mut ports = line.strip_prefix("listening ").unwrap_or_default().split(' ').map(str::parse);
        match [ports.next(), ports.next(), ports.next()] {
            [Some(Ok(plain)), Some(Ok(deflate)), Some(Ok(no_takeover))] => {
                let ports = [plain, deflate, no_takeover];
                Ok(Self { peer, adapter, ports, _running: Arc::new(running) })
            }
            _ => Err(format!("{name} says: {line}{}", tail(&log))),
        }
    }

    /// Without compression, with it, and with it but without context takeover.
    pub(crate) const fn ports(&self) -> [u16; 3] {
        self.ports
    }
}

/// A row of the table, before it is run.
#[derive(Debug)]
pub(crate) struct Route {
    name: String,
    peer: Peer,
    hosts: Hosts,
    /// Where the peer is the server; otherwise it is the client of ours.
    their_server: Option<TheirServer>,
}

impl Route {
    pub(crate) const fn to_our_server(name: String, peer: Peer, hosts: Hosts) -> Self {
        Self { name, peer, hosts, their_server: None }
    }

    pub(crate) fn to_their_server(name: String, server: &TheirServer, hosts: &Hosts) -> Self {
        Self { name, peer: server.peer, hosts: hosts.clone(), their_server: Some(server.clone()) }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Holds its conversations.
    pub(crate) fn run(&self, tools: &Tools, folder: &Path) -> Row {
        let role = if self.their_server.is_some() { Role::Server } else { Role::Client };
        let lacks = self.peer.lacks(role);
        let features: Vec<Feature> =
            Feature::ALL.into_iter().filter(|feature| !lacks.contains(feature)).collect();
        let mut row = Row { name: self.name.clone(), lacks, outcomes: BTreeMap::new(), trouble: None };
        match &self.their_server {
            Some(server) => {
                let urls = self.hosts.urls(server.adapter);
                row.outcomes.extend(features.into_iter().map(|feature| {
                    (feature, client::converse(&urls, feature).map_err(|error| error.to_string()))
                }));
            }
            None => {
                if let Err(trouble) = self.run_client(&features, tools, folder, &mut row.outcomes) {
                    row.trouble = Some(trouble);
                }
            }
        }
        row
    }

    /// Runs the peer's client, and takes down what it reports.
    fn run_client(
        &self,
        features: &[Feature],
        tools: &Tools,
        folder: &Path,
        outcomes: &mut BTreeMap<Feature, Outcome>,
    ) -> Result<()> {
        let config = self.hosts.config(self.peer, features);
        let log = folder.join(format!("{}.log", self.name.replace(" <- ", "-")));
        let (mut running, lines) =
            start(self.peer.name(), self.peer, Role::Client, Some(&config), tools, &log)?;
        let deadline = Instant::now().checked_add(CLIENT_LIMIT).ok_or("the time limit is too long")?;
        loop {
            match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => outcomes.extend(report(&line)),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => return Err(format!("it takes too long{}", tail(&log))),
            }
        }
        let status = running.wait_until(deadline)?;
        if status.success() { Ok(()) } else { Err(format!("it ended with {status}{}", tail(&log))) }
    }
}

/// Starts a peer's program, with what it prints in a log too.
fn start(
    name: &str,
    peer: Peer,
    role: Role,
    config: Option<&str>,
    tools: &Tools,
    log: &Path,
) -> Result<(Running, Receiver<String>)> {
    Running::start_watched(name, peer.command(role, tools).args(config), log)
}

/// What a line of a client's says: `ok FEATURE`, or `failed FEATURE: WHY`.
fn report(line: &str) -> Option<(Feature, Outcome)> {
    if let Some(name) = line.strip_prefix("ok ") {
        return Some((Feature::from_name(name)?, Ok(())));
    }
    let (name, why) = line.strip_prefix("failed ")?.split_once(": ")?;
    Some((Feature::from_name(name)?, Err(why.to_owned())))
}

const LISTEN_LIMIT: Duration = Duration::from_secs(30);
const CLIENT_LIMIT: Duration = Duration::from_secs(180);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_client_is_an_outcome() {
        assert_eq!(report("ok frag>"), Some((Feature::FragmentsToServer, Ok(()))));
        assert_eq!(report("failed 8mib: a: b"), Some((Feature::EightMib, Err("a: b".to_owned()))));
        assert_eq!(report("ok sooner or later"), None);
        assert_eq!(report("a warning"), None);
    }

    #[test]
    fn a_page_is_where_its_websocket_is() {
        let proxy = SocketAddr::from(([127, 0, 0, 1], 443));
        let hosts = Hosts::by_proxy(proxy, [1, 2, 3]).with_tls(Path::new("ca.pem"));
        assert_eq!(hosts.urls(Adapter::Std).deflate, "wss://127.0.0.1:443/2/");
        assert!(hosts.config(Peer::Chromium, &[]).contains("\"page\":\"https://127.0.0.1:443/1/\""));
    }
}
