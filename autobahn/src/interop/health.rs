//! Health checks of ws-std's server by `HAProxy`, and by way of nginx as it is configured by default.

use std::fs;
use std::io::{self, Read as _, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::proxy::Proxy;
use super::tally::Tally;
use super::tools::{self, Tools};
use crate::adapter::Adapter;
use crate::agent::{self, free_addrs, wait_listening};
use crate::process::{Result, Running, TICK};

const NAMES: [&str; 2] = ["health checks by HAProxy", "health checks through nginx"];

/// Tries those that hold the text in their names.
pub(crate) fn run(
    tools: &Tools,
    nginx: &Proxy,
    folder: &Path,
    only: &str,
    tally: &mut Tally,
    out: &mut impl Write,
) -> io::Result<()> {
    for name in NAMES.into_iter().filter(|name| name.contains(only)) {
        let result = Checked::start(folder).and_then(|server| {
            if name == NAMES[0] { by_haproxy(tools, &server, folder) } else { through_nginx(nginx, &server) }
        });
        tally.note(name, result.map(|seen| format!(": {seen}")), out)?;
    }
    Ok(())
}

/// The server of ten lines that is checked: ws-std's example.
struct Checked {
    addr: SocketAddr,
    _running: Running,
}

impl Checked {
    fn start(folder: &Path) -> Result<Self> {
        let [addr] = *free_addrs(1)? else { return Err("no port for the server".to_owned()) };
        let mut command = Command::new(agent::example(Adapter::Std, "health_check")?);
        command.arg(addr.to_string());
        let log = folder.join("health_check.log");
        let mut running = Running::start_logged("health_check", &mut command, &log)?;
        wait_listening(&mut running, addr)?;
        Ok(Self { addr, _running: running })
    }
}

/// Has `HAProxy` check the server in each way, and waits until it says what came of each.
fn by_haproxy(tools: &Tools, server: &Checked, folder: &Path) -> Result<String> {
    let [haproxy] = *free_addrs(1)? else { return Err("no port for HAProxy".to_owned()) };
    let config = fs::read_to_string(tools::folder().join("haproxy.cfg"))
        .map_err(|error| format!("haproxy.cfg: {error}"))?
        .replace("{server}", &server.addr.to_string())
        .replace("{haproxy}", &haproxy.port().to_string())
        .replace("{folder}", &folder.display().to_string());
    let path = folder.join("haproxy.cfg");
    fs::write(&path, config).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut command = Command::new(tools.path("haproxy"));
    command.arg("-db").arg("-f").arg(path);
    let mut running = Running::start_logged("haproxy", &mut command, &folder.join("haproxy.log"))?;
    wait_listening(&mut running, haproxy)?;
    let deadline = Instant::now().checked_add(LIMIT);
    loop {
        let states = states(&folder.join("haproxy.sock"))?;
        let is = |backend: &str, expected: &str| {
            states.iter().any(|state| *state == format!("{backend} {expected}"))
        };
        let are_up = UP.iter().all(|backend| is(backend, "UP L7OK 200"));
        if are_up && is("refused-check", "DOWN L7STS 405") {
            // What it lets through is answered by the server that it holds to be up.
            return answer(
                haproxy,
                "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                "healthy\n",
            )
            .map(|()| states.join(", "));
        }
        if deadline.is_none_or(|deadline| Instant::now() >= deadline) {
            return Err(states.join(", "));
        }
        thread::sleep(TICK);
    }
}

/// What `HAProxy` says of the server in each backend: its state, and the result and the status of the last check.
fn states(socket: &Path) -> Result<Vec<String>> {
    let ask = || -> io::Result<String> {
        let mut stream = UnixStream::connect(socket)?;
        stream.write_all(b"show stat -1 4 -1\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    };
    let text = ask().map_err(|error| format!("{}: {error}", socket.display()))?;
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().trim_start_matches("# ").split(',').collect();
    let states = lines.filter(|line| !line.is_empty()).map(|line| {
        let values: Vec<&str> = line.split(',').collect();
        let value = |name: &str| {
            let place = names.iter().position(|other| *other == name);
            place.and_then(|place| values.get(place)).copied().unwrap_or_default()
        };
        ["pxname", "status", "check_status", "check_code"].map(value).join(" ")
    });
    Ok(states.collect())
}

/// Sends requests of each kind through nginx, which makes HTTP/1.0 of them.
fn through_nginx(nginx: &Proxy, server: &Checked) -> Result<String> {
    for (method, body) in [("GET", "healthy\n"), ("HEAD", ""), ("OPTIONS", "healthy\n")] {
        let asked = format!(
            "{method} /plain/{}/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            server.addr.port()
        );
        answer(nginx.plain, &asked, body).map_err(|error| format!("{method}: {error}"))?;
    }
    Ok("GET, HEAD and OPTIONS answered 200".to_owned())
}

/// Asks, and sees whether the answer is 200 with this body.
fn answer(addr: SocketAddr, asked: &str, body: &str) -> Result<()> {
    let ask = || -> io::Result<String> {
        let mut stream = TcpStream::connect(addr)?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.write_all(asked.as_bytes())?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    };
    let text = ask().map_err(|error| error.to_string())?;
    let found = text.split_once("\r\n\r\n");
    match found {
        Some((head, found)) if head.starts_with("HTTP/1.1 200 ") && found == body => Ok(()),
        _ => Err(format!("answered {text:?}")),
    }
}

/// The backends of `haproxy.cfg` whose checks have to be answered 200.
const UP: [&str; 4] = ["default-check", "head-check", "get-check", "options-check"];
const LIMIT: Duration = Duration::from_secs(10);
