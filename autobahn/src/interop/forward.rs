//! ws-std's client through proxies of other people's: tinyproxy, squid, microsocks, and stunnel before them.

use std::error::Error;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::Arc;
use std::time::Duration;

use ws_std::rustls::ServerConfig;
use ws_std::{Client, ClientTls, Proxy, Refusal};

use super::client::{self, Urls};
use super::feature::Feature;
use super::route::Hosts;
use super::server::OurServer;
use super::tally::Tally;
use super::tools::{self, Tools};
use crate::adapter::Adapter;
use crate::agent::{free_addrs, wait_listening};
use crate::process::{Result, Running, output};

type Outcome = std::result::Result<(), Box<dyn Error>>;

/// Tries those that hold the text in their names.
pub(crate) fn run(
    tools: &Tools,
    folder: &Path,
    tls: &Arc<ServerConfig>,
    only: &str,
    tally: &mut Tally,
    out: &mut impl Write,
) -> Outcome {
    let conversations: Vec<_> = CONVERSATIONS.iter().filter(|(name, _)| name.contains(only)).collect();
    if conversations.is_empty() {
        return Ok(());
    }
    let proxies = Proxies::start(tools, folder, tls)?;
    for (name, converse) in &conversations {
        tally.note(name, converse(&proxies).map(|()| String::new()), out)?;
    }
    Ok(())
}

/// What is said, and what the table calls it.
type Conversation = (&'static str, fn(&Proxies) -> Outcome);

const CONVERSATIONS: [Conversation; 8] = [
    ("ws-std client -> the proxy tinyproxy", |proxies| {
        proxies.pass(&proxies.named("user:secret@{tinyproxy}")?)
    }),
    ("ws-std client -> the proxy tinyproxy, without the password", |proxies| {
        fail(proxies.named("{tinyproxy}")?, "the proxy answered 407")?;
        fail(proxies.named("http://user:wrong@{tinyproxy}")?, "the proxy answered 4")
    }),
    ("ws-std client -> the proxy tinyproxy, whose 407 is answered", |proxies| {
        proxies.pass(&proxies.named("http://{tinyproxy}")?.with_authenticator(|| answer_basic))
    }),
    ("ws-std client -> stunnel -> the proxy tinyproxy", |proxies| {
        let url = "https://user:secret@{tinyproxy_tls}";
        fail(proxies.named(url)?, "TLS with the proxy failed: invalid peer certificate")?;
        proxies.pass(&proxies.named(url)?.with_tls(proxies.tls()?))
    }),
    ("ws-std client -> the proxy microsocks", |proxies| {
        fail(proxies.named("socks5://{microsocks}")?, "does not accept the credentials")?;
        fail(proxies.named("socks5://user:wrong@{microsocks}")?, "does not accept the credentials")?;
        fail(proxies.named("socks5://user:secret@{microsocks}")?, "the proxy's connection was refused")?;
        proxies.pass(&proxies.named("socks5h://user:secret@{microsocks}")?)
    }),
    ("ws-std client -> the proxy squid, which asks for a User-Agent and NTLM", |proxies| {
        let anonymous = proxies.named("http://{squid}")?;
        fail(anonymous.clone(), "the proxy answered 403")?;
        fail(anonymous.with_header("User-Agent", "sensor/1.0"), "the proxy answered 407")
    }),
    ("ws-std client -> the proxy squid, by the three legs of NTLM", |proxies| {
        proxies.pass(&with_ntlm(proxies.named("http://{squid}")?))
    }),
    ("ws-std client -> stunnel -> the proxy squid, by the three legs of NTLM", |proxies| {
        proxies.pass(&with_ntlm(proxies.named("https://{squid_tls}")?).with_tls(proxies.tls()?))
    }),
];

/// Passes on by Basic what is needed to get in.
fn answer_basic(refusal: &Refusal) -> Option<Vec<u8>> {
    let challenge = refusal.header("Proxy-Authenticate")?;
    challenge.starts_with(b"Basic ").then(|| b"Basic dXNlcjpzZWNyZXQ=".to_vec())
}

/// Somebody who uses the browser that squid wants, and answers by NTLM. The first message is the same for everybody; the last one names
/// the user `sensor` of the domain `LAB`, with a proof that only a squid that believes anything believes.
fn with_ntlm(proxy: Proxy) -> Proxy {
    proxy.with_header("User-Agent", "sensor/1.0").with_authenticator(|| {
        |refusal: &Refusal| match refusal.header("Proxy-Authenticate")? {
            b"NTLM" => Some(b"NTLM TlRMTVNTUAABAAAABwIAAAAAAAAAAAAAAAAAAAAAAAA=".to_vec()),
            challenge if challenge.starts_with(b"NTLM TlRMTVNTUAAC") => Some(
                b"NTLM TlRMTVNTUAADAAAAGAAYAEAAAAAYABgAWAAAAAMAAwBwAAAABgAGAHMAAAABAAEAeQAAAAAAAAB6AAAAAgIAAAEBAQEBAQEBAQEBAQEB\
                AQEBAQEBAQEBAQICAgICAgICAgICAgICAgICAgICAgICAkxBQnNlbnNvckg="
                    .to_vec(),
            ),
            _ => None,
        }
    })
}

/// The proxies, and our servers, without TLS and with it.
struct Proxies {
    /// The name in the URLs above, and the address.
    addrs: [(&'static str, SocketAddr); 5],
    /// What our server's certificate, and stunnel's, are of.
    ca: PathBuf,
    servers: [Hosts; 2],
    _running: [Running; 4],
    _squid: Unpacked,
}

impl Proxies {
    fn start(tools: &Tools, folder: &Path, tls: &Arc<ServerConfig>) -> Result<Self> {
        let free = free_addrs(NAMES.len())?;
        let mut addrs = NAMES.map(|name| (name, SocketAddr::from(([127, 0, 0, 1], 0))));
        for ((_, addr), free) in addrs.iter_mut().zip(free) {
            *addr = free;
        }
        let [tinyproxy, squid, microsocks, tinyproxy_tls, squid_tls] = addrs.map(|(_, addr)| addr);
        let unpacked = tools.path("proxies");
        let configure = |name: &str, folder: &Path, addr: SocketAddr| {
            let mut config = fs::read_to_string(tools::folder().join(name))
                .map_err(|error| format!("{name}: {error}"))?
                .replace("{folder}", &folder.display().to_string())
                .replace("{port}", &addr.port().to_string());
            for (name, addr) in addrs {
                config = config.replace(&format!("{{{name}}}"), &addr.port().to_string());
            }
            let path = folder.join(name);
            fs::write(&path, config).map_err(|error| format!("{}: {error}", path.display()))?;
            Ok::<_, String>(path)
        };
        let start = |name: &str, command: &mut Command, addrs: &[SocketAddr]| {
            command.env("LD_LIBRARY_PATH", unpacked.join("usr/lib/x86_64-linux-gnu"));
            let mut running = Running::start_logged(name, command, &folder.join(name).with_extension("log"))?;
            addrs.iter().try_for_each(|addr| wait_listening(&mut running, *addr))?;
            Ok::<_, String>(running)
        };

        let config = configure("tinyproxy.conf", folder, tinyproxy)?;
        let mut command = Command::new(unpacked.join("usr/bin/tinyproxy"));
        let of_tinyproxy = start("tinyproxy", command.arg("-d").arg("-c").arg(config), &[tinyproxy])?;

        let of_squid = Unpacked::copy(unpacked)?;
        let config = configure("squid.conf", &of_squid.folder, squid)?;
        let mut command = Command::new(unpacked.join("usr/sbin/squid"));
        command.args(["-N", "-d1", "-n", &of_squid.name, "-f"]).arg(config);
        let running_squid = start("squid", &mut command, &[squid])?;

        let mut command = Command::new(unpacked.join("usr/bin/microsocks"));
        command.args(["-i", "127.0.0.1", "-p", &microsocks.port().to_string(), "-u", "user", "-P", "secret"]);
        let of_microsocks = start("microsocks", &mut command, &[microsocks])?;

        let config = configure("stunnel.conf", folder, tinyproxy_tls)?;
        let mut command = Command::new(unpacked.join("usr/bin/stunnel4"));
        let of_stunnel = start("stunnel", command.arg(config), &[tinyproxy_tls, squid_tls])?;

        let script = tools::folder().join("node/driver.mjs");
        let ca = folder.join("ca.pem");
        let plain = Hosts::direct(OurServer::start(Adapter::Std, &script, &[], None)?.ports);
        let by_tls =
            Hosts::direct(OurServer::start(Adapter::Std, &script, &[], Some(tls))?.ports).with_tls(&ca);
        Ok(Self {
            addrs,
            ca,
            servers: [plain, by_tls],
            _running: [of_stunnel, of_tinyproxy, running_squid, of_microsocks],
            _squid: of_squid,
        })
    }

    /// The proxy of a URL, in which the names in braces are filled in.
    fn named(&self, url: &str) -> std::result::Result<Proxy, Box<dyn Error>> {
        let mut url = url.to_owned();
        for (name, addr) in self.addrs {
            url = url.replace(&format!("{{{name}}}"), &addr.to_string());
        }
        Ok(Proxy::new(&url)?)
    }

    fn tls(&self) -> std::result::Result<ClientTls, Box<dyn Error>> {
        Ok(ClientTls::from_roots(&fs::read(&self.ca)?)?)
    }

    /// Talks with our servers through the proxy.
    fn pass(&self, proxy: &Proxy) -> Outcome {
        for hosts in &self.servers {
            let urls = Urls { proxy: Some(proxy.clone()), ..hosts.urls(Adapter::Std) };
            for feature in FEATURES {
                client::converse(&urls, feature)
                    .map_err(|error| format!("{}: {feature}: {error}", urls.plain))?;
            }
        }
        Ok(())
    }
}

/// Asks for a port that nothing listens at, which a proxy that is satisfied would find out.
fn fail(proxy: Proxy, expected: &str) -> Outcome {
    match Client::new().with_proxy(proxy).connect("ws://127.0.0.1:9/") {
        Ok(_) => Err("it should have failed".into()),
        Err(error) if error.to_string().contains(expected) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// squid where everybody may read it: it does not run as root, and what root has unpacked may be root's alone.
struct Unpacked {
    folder: PathBuf,
    /// By which one squid on this machine is told from another.
    name: String,
}

impl Unpacked {
    fn copy(unpacked: &Path) -> Result<Self> {
        let name = format!("wsautobahn{}", process::id());
        let copied = Self { folder: std::env::temp_dir().join(&name), name };
        let usr = copied.folder.join("usr");
        for part in ["lib/squid", "share/squid", "share/squid-langpack"] {
            let parent = usr.join(part);
            let parent = parent.parent().unwrap_or(&usr);
            fs::create_dir_all(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
            let mut command = Command::new("cp");
            command.arg("-R").arg(unpacked.join("usr").join(part)).arg(parent);
            output("cp", &mut command, Duration::from_secs(60))?;
        }
        Ok(copied)
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        // What squid shares with processes that it does not have here is left where it is killed.
        for part in ["metadata", "queues", "readers"] {
            fs::remove_file(format!("/dev/shm/{}-cf__{part}.shm", self.name)).ok();
        }
        fs::remove_dir_all(&self.folder).ok();
    }
}

const NAMES: [&str; 5] = ["tinyproxy", "squid", "microsocks", "tinyproxy_tls", "squid_tls"];

const FEATURES: [Feature; 6] = [
    Feature::Text,
    Feature::Binary,
    Feature::EightMib,
    Feature::Many,
    Feature::PingToClient,
    Feature::CloseToClient,
];
