use std::time::Duration;

use lexopt::prelude::*;

use super::{Result, Server};

pub(crate) const HELP: &str = "\
usage: cargo run --release --manifest-path benches/Cargo.toml --bin load -- [OPTION]...

Keeps echo servers busy over TCP on loopback, each in turn, and prints a table of
what a message costs the server's process, and an idle connection.

  --seconds N    measure so long in each round, of which there are 20 with messages
                 of 20 B and 20 with 16 KiB (default: 0.25)
  --server NAME  measure this server only, and those of further --server: tcp-mio,
                 ws-core-mio, ws-core-mio-session, ws-tokio, fastwebsockets, tokio-websockets,
                 tokio-tungstenite, node-ws, tcp-threads, ws-std-threads,
                 tungstenite-threads
  --write        write the table to benches/LOAD.md and the README too
  --check        measure nothing: try that each server echoes right
  --serve NAME   be this server, on a free port of 127.0.0.1, until killed
  --help         print this
";

/// What to do.
pub(crate) enum Task {
    Help,
    Serve(Server),
    Check(Vec<Server>),
    Measure { servers: Vec<Server>, seconds: Duration, is_written: bool },
}

pub(crate) fn parse() -> Result<Task> {
    let (mut servers, mut seconds) = (Vec::new(), Duration::from_millis(250));
    let (mut is_check, mut is_written) = (false, false);
    let mut args = lexopt::Parser::from_env();
    while let Some(arg) = args.next()? {
        match arg {
            Long("help") => return Ok(Task::Help),
            Long("serve") => return Ok(Task::Serve(server(&args.value()?.string()?)?)),
            Long("server") => servers.push(server(&args.value()?.string()?)?),
            Long("seconds") => seconds = Duration::try_from_secs_f64(args.value()?.parse()?)?,
            Long("check") => is_check = true,
            Long("write") => is_written = true,
            _ => return Err(arg.unexpected().into()),
        }
    }
    if servers.is_empty() {
        servers.extend(Server::ALL);
    }
    Ok(if is_check { Task::Check(servers) } else { Task::Measure { servers, seconds, is_written } })
}

fn server(name: &str) -> Result<Server> {
    let found = Server::ALL.into_iter().find(|server| server.name() == name);
    Ok(found.ok_or_else(|| format!("{name} is no server; --help names them"))?)
}
