//! ws-std's examples with what they are made for: the chat's page in browsers, and the Socket.IO client with its server.

use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::tally::Tally;
use super::tools::{self, Tools};
use crate::agent;
use crate::process::{self, Result};

const NAMES: [&str; 2] = ["the chat's page in three Chromiums", "the Socket.IO client with socket.io"];

/// Tries those that hold the text in their names.
pub(crate) fn run(
    tools: &Tools,
    folder: &Path,
    only: &str,
    tally: &mut Tally,
    out: &mut impl Write,
) -> io::Result<()> {
    for name in NAMES.into_iter().filter(|name| name.contains(only)) {
        let indented = |seen: String| seen.lines().flat_map(|line| ["\n  ", line]).collect::<String>();
        tally.note(name, talk(name, tools, folder).map(indented), out)?;
    }
    Ok(())
}

/// What the script of one prints.
fn talk(name: &str, tools: &Tools, folder: &Path) -> Result<String> {
    let mut command = Command::new(tools.path("node"));
    command.env("NODE_PATH", tools.path("modules"));
    let scripts = tools::folder().join("node");
    if name == NAMES[0] {
        command.arg(scripts.join("chat.mjs")).arg(tools.path("chromium")).arg(agent::example("chat")?);
        command.arg(folder.join("chat.png"));
    } else {
        command.arg(scripts.join("socket-io.mjs")).arg(agent::example("socket_io")?);
    }
    process::output(name, &mut command, LIMIT)
}

const LIMIT: Duration = Duration::from_secs(180);
