use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::measure::{CONNECTION_COUNT, IDLE_COUNT, ROUND_COUNT, Row};
use super::peer::IN_FLIGHT;
use super::server::Server;
use super::{Result, node};

/// The page that benches/LOAD.md is.
pub(crate) fn page(rows: &[Row], time: Duration) -> Result<String> {
    let mut page = String::new();
    writeln!(page, "# Echoes over TCP\n")?;
    writeln!(page, "`cargo run --release --manifest-path benches/Cargo.toml --bin load -- --write`\n")?;
    writeln!(page, "{}\n", machine(rows)?)?;
    page.push_str(&table(rows, Columns::All)?);
    let (spread, spread_max) = spread(rows);
    writeln!(
        page,
        "\nEach server is a process on a core of its own, the client another on another core. It has {CONNECTION_COUNT} \
         connections, each with {IN_FLIGHT} binary message in flight, and compares what comes back; TCP alone echoes the same \
         bytes. Times are those of the server's process, in the kernel too (its CPU-time clock), for a million echoes, and beside \
         them as multiples of TCP alone in the same manner, round by round: medians of {ROUND_COUNT} rounds of {} s, in each of \
         which every server has its turn. Half of the rounds lie within {spread:.0} % of each other on average, within \
         {spread_max:.0} % at most: the noise of the machine. How many echoes there are in a second is as much the client's doing. \
         Memory is what {IDLE_COUNT} connections, idle after one echo, add to the resident memory of the process (`Rss` of \
         `smaps_rollup`), for each.",
        time.as_secs_f64(),
    )?;
    Ok(page)
}

/// Puts the table into the README, between its marks.
pub(crate) fn write_into(readme: &Path, rows: &[Row]) -> Result<()> {
    let text = fs::read_to_string(readme)?;
    let (before, rest) = text.split_once(START).ok_or("the README has no place for the table")?;
    let (_, after) = rest.split_once(END).ok_or("the README has no end of the table")?;
    let table = table(rows, Columns::Costs)?;
    Ok(fs::write(readme, format!("{before}{START}\n{table}\n{}\n{END}{after}", machine(rows)?))?)
}

const START: &str = "<!-- load: written by benches -->";
const END: &str = "<!-- end of load -->";

/// Which columns a table has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Columns {
    All,
    Costs,
}

fn table(rows: &[Row], columns: Columns) -> Result<String> {
    let rate = if columns == Columns::All { " echoes/s |" } else { "" };
    let mut table = format!(
        "| | 20 B: CPU s per million | × TCP |{rate} 16 KiB: CPU s per million | × TCP |{rate} KiB per idle connection |\n"
    );
    let count = table.matches('|').count() - 2;
    writeln!(table, "|---|{}", "---:|".repeat(count))?;
    for row in rows {
        write!(table, "| {} |", row.server.title())?;
        let floor = rows.iter().find(|other| other.server == row.server.floor());
        for (at, cost) in row.costs.iter().enumerate() {
            let ratio = floor.map_or_else(String::new, |floor| {
                // Round by round: what slows the machine for a while slows both.
                let ratios: Vec<f64> =
                    cost.cpu.iter().zip(&floor.costs[at].cpu).map(|(cpu, floor)| cpu / floor).collect();
                format!("{:.2}", median(&ratios))
            });
            write!(table, " {:.2} | {ratio} |", median(&cost.cpu))?;
            if columns == Columns::All {
                write!(table, " {:.0} |", median(&cost.rate))?;
            }
        }
        writeln!(table, " {:.1} |", row.idle_len as f64 / 1024.0)?;
    }
    Ok(table)
}

/// When, on what, and which versions.
fn machine(rows: &[Row]) -> Result<String> {
    let cpu = fs::read_to_string("/proc/cpuinfo")?;
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("of unknown kind");
    let compiler = Command::new("rustc").arg("--version").output()?;
    let mut text = format!(
        "{}, {} × {}, Linux {}, {}",
        jiff::Timestamp::now().strftime("%Y-%m-%d"),
        cpu.lines().filter(|line| line.starts_with("processor")).count(),
        model.trim_start_matches(['\t', ' ', ':']),
        fs::read_to_string("/proc/sys/kernel/osrelease")?.trim(),
        String::from_utf8(compiler.stdout)?.trim(),
    );
    let has = |server| rows.iter().any(|row| row.server == server);
    for (server, package) in [
        (Server::TcpMio, "mio"),
        (Server::Fastwebsockets, "fastwebsockets"),
        (Server::TokioWebsockets, "tokio-websockets"),
        (Server::TokioTungstenite, "tokio-tungstenite"),
        (Server::TungsteniteThreads, "tungstenite"),
    ] {
        if has(server) {
            write!(text, ", {package} {}", locked(package).ok_or("no such package in Cargo.lock")?)?;
        }
    }
    if has(Server::NodeWs) {
        write!(text, ", {}", node::versions()?)?;
    }
    text.push('.');
    Ok(text)
}

/// The version of a package that this is built with.
fn locked(package: &str) -> Option<&'static str> {
    let lock = include_str!("../../Cargo.lock");
    let (_, rest) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    rest.split('"').next()
}

fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

fn quantile(values: &[f64], part: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let at = (values.len().saturating_sub(1) as f64 * part).round();
    values.get(at as usize).copied().unwrap_or(f64::NAN)
}

/// How far apart the middle half of the rounds lies, in percent of the median: on average, and at most.
fn spread(rows: &[Row]) -> (f64, f64) {
    let spreads: Vec<f64> = rows
        .iter()
        .flat_map(|row| &row.costs)
        .map(|cost| (quantile(&cost.cpu, 0.75) - quantile(&cost.cpu, 0.25)) / median(&cost.cpu) * 100.0)
        .collect();
    let max = spreads.iter().copied().fold(0.0, f64::max);
    (spreads.iter().sum::<f64>() / spreads.len() as f64, max)
}
