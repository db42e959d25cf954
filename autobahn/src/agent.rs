//! The programs under test: which they are and how they are started.

use std::env;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::thread;
use std::time::Duration;
use std::time::Instant;

use crate::adapter::Adapter;
use crate::firmware::{Board, wait_answering};
use crate::process::{Result, Running, TICK, output};
use crate::role::Role;
use crate::suite::Suite;

/// Whom a role tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Agent {
    /// The program of this package, over one of our crates.
    Ours(Adapter),
    /// A command line for the shell, with places to fill in.
    Other(String),
    /// The server on an emulated board.
    Firmware(Board),
    /// The program that has the server and the client for async firmware.
    FirmwareOnHost(PathBuf),
}

impl Agent {
    /// What the suite's report calls it. The suite makes names of files from it, and the client puts it in a URL.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Ours(adapter) => adapter.name(),
            Self::Other(_) => "other",
            Self::Firmware(_) => "firmware",
            Self::FirmwareOnHost(_) => "firmware-host",
        }
    }

    /// The name of the folder that its report is in.
    pub(crate) fn folder(&self, role: Role) -> String {
        match self {
            Self::Ours(Adapter::Std) | Self::Other(_) => role.to_string(),
            Self::Ours(Adapter::Tokio) => format!("tokio/{role}"),
            Self::Firmware(_) | Self::FirmwareOnHost(_) => format!("{}/{role}", self.name()),
        }
    }

    /// Makes sure that it can be started, as far as that is known beforehand.
    pub(crate) fn prepare(&self, role: Role) -> Result<()> {
        match self {
            Self::Ours(_) => build(program(role)).and_then(|()| sibling(program(role))).map(drop),
            Self::Other(_) | Self::Firmware(_) | Self::FirmwareOnHost(_) => Ok(()),
        }
    }

    /// Starts it: a server listens at the address, a client connects to it.
    pub(crate) fn start(&self, role: Role, suite: &Suite, addr: SocketAddr, log: &Path) -> Result<Running> {
        let mut command = match self {
            Self::Ours(adapter) => {
                let mut command = Command::new(sibling(program(role))?);
                command.args(arguments(*adapter, role, addr));
                command
            }
            Self::Other(line) => self.other(line, suite, addr),
            Self::Firmware(board) => board.command(Some(addr)),
            Self::FirmwareOnHost(program) => self.on_host(program, role, addr),
        };
        Running::start_logged(&format!("the {role}"), &mut command, log)
    }

    /// Waits until the server that was started can be tested.
    pub(crate) fn wait_ready(&self, server: &mut Running, addr: SocketAddr) -> Result<()> {
        match self {
            Self::Ours(_) | Self::Other(_) | Self::FirmwareOnHost(_) => wait_listening(server, addr),
            Self::Firmware(_) => wait_answering(server, addr),
        }
    }

    fn on_host(&self, program: &Path, role: Role, addr: SocketAddr) -> Command {
        let mut command = Command::new(program);
        command.arg(role.to_string());
        match role {
            Role::Server => command.arg(addr.to_string()),
            Role::Client => command.arg(url(addr)).arg("--agent").arg(self.name()),
        };
        command
    }

    fn other(&self, line: &str, suite: &Suite, addr: SocketAddr) -> Command {
        let line = line
            .replace("{addr}", &addr.to_string())
            .replace("{url}", &url(addr))
            .replace("{agent}", self.name())
            .replace("{wstest}", &quoted(suite.wstest()));
        let mut command = Command::new("sh");
        // The shell makes way for the program, so that it is the program that is watched and ended.
        command.arg("-c").arg(format!("exec {line}"));
        command
    }
}

/// The arguments of our own program.
fn arguments(adapter: Adapter, role: Role, addr: SocketAddr) -> Vec<String> {
    let peer = match role {
        Role::Server => addr.to_string(),
        Role::Client => url(addr),
    };
    // Classes 12 and 13 are about it, and the others have to pass with it as well.
    let mut arguments = vec![peer, "--deflate".to_owned()];
    if adapter == Adapter::Tokio {
        arguments.push("--tokio".to_owned());
    }
    arguments
}

/// The URL of an address.
pub(crate) fn url(addr: SocketAddr) -> String {
    format!("ws://{addr}")
}

/// As many addresses of this machine, each another, that nothing listens at.
///
/// The suite wants to know its port beforehand, and a second may pass until it takes it. So it is none of those that
/// the system gives to outgoing connections, of which the other role makes many meanwhile.
pub(crate) fn free_addrs(count: usize) -> Result<Vec<SocketAddr>> {
    // Runs that begin at the same time, and so have process IDs beside each other, look in places far apart.
    let scattered = usize::try_from(process::id()).unwrap_or_default().wrapping_mul(4001);
    let spread = scattered.checked_rem(PORTS.len()).unwrap_or_default();
    let candidates = PORTS.cycle().skip(spread).take(PORTS.len());
    let bound: Vec<TcpListener> = candidates
        .filter_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok())
        .take(count)
        .collect();
    let addrs: Vec<SocketAddr> = bound.iter().filter_map(|listener| listener.local_addr().ok()).collect();
    if addrs.len() == count { Ok(addrs) } else { Err("no port is free on 127.0.0.1".to_owned()) }
}

/// Waits until a server that was started accepts connections.
pub(crate) fn wait_listening(server: &mut Running, addr: SocketAddr) -> Result<()> {
    let deadline = Instant::now().checked_add(LISTEN_LIMIT);
    loop {
        if let Some(status) = server.ended()? {
            return Err(format!("{server:?} ended before it listened: {status}"));
        }
        if TcpStream::connect_timeout(&addr, LISTEN_LIMIT).is_ok() {
            return Ok(());
        }
        if deadline.is_none_or(|deadline| Instant::now() >= deadline) {
            return Err(format!("{server:?} does not listen at {addr}"));
        }
        thread::sleep(TICK);
    }
}

/// The name of our own program for a role.
fn program(role: Role) -> &'static str {
    match role {
        Role::Server => "echo-server",
        Role::Client => "echo-client",
    }
}

/// An example of a crate of ours, built as this program was.
pub(crate) fn example(adapter: Adapter, name: &str) -> Result<PathBuf> {
    build_target(["--package", adapter.name(), "--example", name])?;
    let path =
        this_program()?.with_file_name("examples").join(name).with_extension(env::consts::EXE_EXTENSION);
    if path.is_file() { Ok(path) } else { Err(format!("{} is missing", path.display())) }
}

/// Builds a program of this package.
fn build(name: &str) -> Result<()> {
    build_target(["--package", "ws-autobahn", "--bin", name])
}

/// Builds something as this program was built: `cargo run` builds only the program that it runs. Where this one was not
/// started by cargo, what is there has to do.
fn build_target(what: [&str; 4]) -> Result<()> {
    let Some(cargo) = env::var_os("CARGO") else { return Ok(()) };
    let this = this_program()?;
    let folder = this.parent().ok_or("this program lies in no folder")?;
    let target = folder.parent().ok_or("this program lies in no target directory")?;
    let profile = folder.file_name().filter(|&folder| folder != "debug").unwrap_or("dev".as_ref());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet"]).args(what).arg("--profile").arg(profile);
    command.arg("--target-dir").arg(target).current_dir(env!("CARGO_MANIFEST_DIR"));
    output(&format!("building {}", what[3]), &mut command, BUILD_LIMIT).map(drop)
}

fn this_program() -> Result<PathBuf> {
    env::current_exe().map_err(|error| format!("where this program is cannot be told: {error}"))
}

/// The path of a program of this package, which lies beside this one.
pub(crate) fn sibling(name: &str) -> Result<PathBuf> {
    let this =
        env::current_exe().map_err(|error| format!("where this program is cannot be told: {error}"))?;
    let path = this.with_file_name(name).with_extension(env::consts::EXE_EXTENSION);
    if path.is_file() {
        return Ok(path);
    }
    Err(format!("{} is missing; build it: cargo build --release -p ws-autobahn --bins", path.display()))
}

/// A path as one word of a shell's command line.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// Below the ports of outgoing connections, which begin at 32768 on Linux and at 49152 elsewhere.
const PORTS: Range<u16> = 20_000..30_000;
const BUILD_LIMIT: Duration = Duration::from_secs(1800);
const LISTEN_LIMIT: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    /// Listens at a free address. Another test may be starting a program: until that runs, it holds whatever sockets
    /// this process had open.
    fn listen_soon(addr: SocketAddr) -> TcpListener {
        for _ in 0..200 {
            if let Ok(listener) = TcpListener::bind(addr) {
                return listener;
            }
            thread::sleep(Duration::from_millis(10));
        }
        TcpListener::bind(addr).unwrap()
    }

    #[test]
    fn free_addresses_differ_and_can_be_listened_at() {
        let addrs = free_addrs(3).unwrap();
        let listeners: Vec<_> = addrs.iter().map(|addr| listen_soon(*addr)).collect();
        assert_eq!(listeners.len(), 3);
        let others = free_addrs(3).unwrap();
        assert!(others.iter().all(|addr| !addrs.contains(addr)), "{others:?} are taken: {addrs:?}");
    }

    #[test]
    fn our_programs_are_told_which_crate_to_use() {
        let addr = SocketAddr::from(([127, 0, 0, 1], 9001));
        assert_eq!(arguments(Adapter::Std, Role::Server, addr), ["127.0.0.1:9001", "--deflate"]);
        assert_eq!(
            arguments(Adapter::Tokio, Role::Client, addr),
            ["ws://127.0.0.1:9001", "--deflate", "--tokio"]
        );
    }

    #[test]
    fn a_path_stays_one_word_for_the_shell() {
        let path = Path::new("/home/it's me/wstest");
        let echoed =
            Command::new("sh").arg("-c").arg(format!("printf %s {}", quoted(path))).output().unwrap();
        assert_eq!(String::from_utf8(echoed.stdout).unwrap(), "/home/it's me/wstest");
    }
}
