//! `--sizes`: how much flash, RAM and stack ws-core takes on the board, against the budget.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::board::Board;
use super::budget::{self, Figures};
use super::faults;
use super::{build, folder};
use crate::process::{Running, output};

/// Measures and compares; says whether all is within the budget, and free of what must not be in an image.
pub(super) fn run(with_peers: bool, out: &mut impl Write) -> Result<bool, Box<dyn Error>> {
    writeln!(out, "building what is measured")?;
    let images = build::measured()?;
    let mut figures = on_board(&images.join("stack"))?;
    let nothing = flash(&images.join("size-nothing"))?;
    let mut is_fine = true;
    for name in ["codec", "server", "both"] {
        let image = images.join(format!("size-{name}"));
        figures.insert(format!("flash {name}"), flash(&image)?.saturating_sub(nothing));
        for fault in faults::find(&image)? {
            is_fine = false;
            writeln!(out, "  FAULT in {name}: {fault}")?;
        }
    }
    // The compiler lets each future panic that is polled after its end, so that there is nothing to be found in this one.
    figures.insert("flash async".to_owned(), flash(&images.join("size-async"))?.saturating_sub(nothing));
    writeln!(
        out,
        "\nof the server's image, by where the instructions come from (the image without ws-core has {nothing})"
    )?;
    for (origin, len) in in_order(&faults::origins(&images.join("size-server"))?) {
        writeln!(out, "  {origin:<32} {len:>8}")?;
    }
    if with_peers {
        peers(nothing, out)?;
    }
    is_fine &= budget::compare(&figures, &budget::read()?, out)?;
    let verdict = if is_fine {
        "within the budget, no panic of ours, no float, no 64-bit division"
    } else {
        "NOT as it has to be"
    };
    writeln!(out, "\nfirmware: {verdict}")?;
    Ok(is_fine)
}

/// Flash that an image takes: code, constants, and what statics start with.
fn flash(image: &Path) -> Result<u64, Box<dyn Error>> {
    let mut command = Command::new("arm-none-eabi-size");
    let printed = output("arm-none-eabi-size", command.arg(image), LIMIT)?;
    let mut numbers = printed.lines().nth(1).unwrap_or_default().split_whitespace().map(str::parse::<u64>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(text)), Some(Ok(data))) => Ok(text.saturating_add(data)),
        _ => Err(format!("arm-none-eabi-size prints {printed:?}").into()),
    }
}

/// Runs the image that measures itself.
fn on_board(image: &Path) -> Result<Figures, Box<dyn Error>> {
    let folder = folder()?;
    let board = Board::new(image.to_owned(), &folder)?;
    let log = folder.join("stack.log");
    let (_running, lines) =
        Running::start_watched("the board that measures its stack", &mut board.command(None), &log)?;
    let deadline = Instant::now().checked_add(LIMIT).ok_or("the clock is at its end")?;
    let mut printed = String::new();
    loop {
        let line = lines
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            .map_err(|_| format!("the board does not come to its end; it said: {printed}"))?;
        match line.as_str() {
            "done" => return Ok(budget::parse(&printed)?),
            line if line.starts_with("FAILED") => return Err(line.to_owned().into()),
            line => {
                printed.push_str(line);
                printed.push('\n');
            }
        }
    }
}

/// What the same takes with other libraries; the README says what each of them does and does not.
fn peers(nothing: u64, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let images = build::peers()?;
    writeln!(out, "\nflash of an echo server with other libraries")?;
    for name in PEERS {
        let flash = flash(&images.join(name))?.saturating_sub(nothing);
        writeln!(out, "  {name:<32} {flash:>8}")?;
    }
    Ok(())
}

fn in_order(origins: &BTreeMap<String, u64>) -> Vec<(&str, u64)> {
    let mut origins: Vec<_> = origins.iter().map(|(origin, len)| (origin.as_str(), *len)).collect();
    origins.sort_by_key(|(_, len)| std::cmp::Reverse(*len));
    origins
}

/// The programs of the firmware's peers/.
const PEERS: [&str; 4] =
    ["peer-embedded-websocket", "peer-websocket-sans-io", "peer-ws-framer", "peer-edge-ws"];
const LIMIT: Duration = Duration::from_secs(60);
