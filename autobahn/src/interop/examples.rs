//! The examples with what they are made for: the chat's page in browsers, and the Socket.IO client with its server.

use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::tally::Tally;
use super::tools::{self, Tools};
use crate::adapter::Adapter;
use crate::agent;
use crate::process::{self, Result};

/// What each is called, and the example: whose it is, and its name there.
const EXAMPLES: [(&str, Adapter, &str); 2] = [
    ("the chat's page in three Chromiums", Adapter::Std, "chat"),
    ("the Socket.IO client with socket.io", Adapter::Std, "socket_io"),
];

/// Tries those of these adapters that hold the text in their names.
pub(crate) fn run(
    adapters: &[Adapter],
    tools: &Tools,
    folder: &Path,
    only: &str,
    tally: &mut Tally,
    out: &mut impl Write,
) -> io::Result<()> {
    let chosen = |(name, adapter, _): &&(&str, Adapter, _)| name.contains(only) && adapters.contains(adapter);
    for &(name, adapter, example) in EXAMPLES.iter().filter(chosen) {
        let indented = |seen: String| seen.lines().flat_map(|line| ["\n  ", line]).collect::<String>();
        tally.note(name, talk(name, adapter, example, tools, folder).map(indented), out)?;
    }
    Ok(())
}

/// What the script of one prints.
fn talk(name: &str, adapter: Adapter, example: &str, tools: &Tools, folder: &Path) -> Result<String> {
    let mut command = Command::new(tools.path("node"));
    command.env("NODE_PATH", tools.path("modules"));
    let scripts = tools::folder().join("node");
    let program = agent::example(adapter, example)?;
    if example == "chat" {
        let picture = folder.join(format!("{adapter}-chat.png"));
        command.arg(scripts.join("chat.mjs")).arg(tools.path("chromium")).arg(program).arg(picture);
    } else {
        command.arg(scripts.join("socket-io.mjs")).arg(program);
    }
    process::output(name, &mut command, LIMIT)
}

const LIMIT: Duration = Duration::from_secs(180);
