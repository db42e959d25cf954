//! The client on the board against a server of ours on this machine.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use super::board::Board;
use crate::adapter::Adapter;
use crate::agent::Agent;
use crate::agent::{free_addrs, sibling, wait_listening};
use crate::process::Running;
use crate::role::Role;

/// Runs it, and says whether it found everything as it should be.
pub(super) fn run(image: &Path, folder: &Path, out: &mut impl Write) -> Result<bool, Box<dyn Error>> {
    Agent::Ours(Adapter::Std).prepare(Role::Server)?;
    let addr = *free_addrs(1)?.first().ok_or("no address is free")?;
    let mut command = Command::new(sibling("echo-server")?);
    command.arg(addr.to_string());
    let log = folder.join("client-server.log");
    let mut server = Running::start_logged("the server for the board's client", &mut command, &log)?;
    wait_listening(&mut server, addr)?;

    let board = Board::with_port(PathBuf::from(image), folder, addr.port())?;
    let log = folder.join("client.log");
    let (_running, lines) =
        Running::start_watched("the board with the client", &mut board.command(None), &log)?;
    let deadline = Instant::now().checked_add(LIMIT).ok_or("the clock is at its end")?;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match lines.recv_timeout(left) {
            Ok(line) => {
                if let Some(outcome) = line.strip_prefix("client: ") {
                    writeln!(out, "\nthe client on the board: {outcome}")?;
                    return Ok(outcome.starts_with("passed"));
                }
                if line.starts_with("panicked") {
                    return Err(format!("the client on the board {line}").into());
                }
            }
            Err(RecvTimeoutError::Timeout) => return Err("the client on the board does not end".into()),
            Err(RecvTimeoutError::Disconnected) => return Err("QEMU ended with the client in it".into()),
        }
    }
}

const LIMIT: Duration = Duration::from_secs(120);
