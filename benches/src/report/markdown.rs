use super::{Place, text};
use crate::linear::Series;
use crate::{Group, HeldBack, Measured, Standing, Than};
use std::fmt::Write;

/// All that was measured.
#[must_use]
pub fn results(place: &Place, round_count: usize, groups: &[Group], all: &[Measured]) -> String {
    let mut page = format!(
        "# Results\n\nMedians of {round_count} rounds, in each of which all contestants of a row had their turn, in one \
         process.\n\n- {}\n- {}\n- {}\n\nOther machines give other figures; the ratios move less. `cargo run --release \
         --manifest-path benches/Cargo.toml --bin table -- --write`\nwrites this page. [README.md](README.md) tells what \
         is compared, and how.\n\n![how many times as fast as others](results.svg)\n",
        place.date, place.cpu, place.compiler
    );
    for group in groups {
        let rows: Vec<_> = all.iter().filter(|measured| measured.group == group.name).collect();
        let _ = write!(page, "\n## {}\n\n{}\n\n", group.name, group.about);
        page.push_str(&summary(&rows));
        page.push('\n');
        page.push_str(&everybody(&rows));
        if !group.absent.is_empty() {
            page.push_str("\n| not in | rows | because |\n|---|---|---|\n");
            for absent in group.absent {
                let _ = writeln!(page, "| {} | {} | {} |", absent.peer, absent.rows, absent.reason);
            }
        }
    }
    page.push_str(&missed(groups, all));
    page
}

/// The rows that stand for their kind, for the README of the project.
#[must_use]
pub fn short(place: &Place, all: &[Measured]) -> String {
    let mut table = format!(
        "What a message takes, medians, {place}:\n\n| | ws-core | fastest peer | tungstenite |\n|---|--:|--:|--:|\n"
    );
    for measured in all.iter().filter(|measured| measured.is_featured) {
        let ours = measured.fastest(Standing::Ours);
        let _ = writeln!(
            table,
            "| {} {} | {} | {} | {} |",
            measured.group,
            measured.row,
            ours.map_or_else(String::new, |time| text::nanos(time.nanos)),
            against(measured, Than::BestPeer),
            against(measured, Than::Tungstenite),
        );
    }
    table
}

/// Us beside those that we compare ourselves with.
fn summary(rows: &[&Measured]) -> String {
    let mut table =
        "| | ws-core | best peer | tungstenite | floor | at least | |\n|---|--:|--:|--:|--:|---|---|\n"
            .to_owned();
    for measured in rows {
        let ours = measured.fastest(Standing::Ours).map_or_else(String::new, |time| text::nanos(time.nanos));
        let targets: Vec<_> = measured.targets.iter().map(text::target).collect();
        let verdict = match (measured.targets.is_empty(), measured.reaches_targets()) {
            (true, _) => "",
            (false, true) => "reached",
            (false, false) => "**missed**",
        };
        let _ = writeln!(
            table,
            "| {} | {ours} | {} | {} | {} | {} | {verdict} |",
            measured.row,
            named(measured, Than::BestPeer),
            against(measured, Than::Tungstenite),
            against(measured, Than::Floor),
            targets.join(", "),
        );
    }
    table
}

/// A column for each contestant of the group.
fn everybody(rows: &[&Measured]) -> String {
    let mut names = Vec::new();
    for time in rows.iter().flat_map(|measured| &measured.times) {
        if !names.contains(&time.name) {
            names.push(time.name);
        }
    }
    let mut table = format!("| | {} |\n|---|{}\n", names.join(" | "), "--:|".repeat(names.len()));
    for measured in rows {
        let time = |name: &&str| {
            let time = measured.times.iter().find(|time| time.name == *name);
            time.map_or_else(String::new, |time| text::nanos(time.nanos))
        };
        let times: Vec<_> = names.iter().map(time).collect();
        let _ = writeln!(table, "| {} | {} |", measured.row, times.join(" | "));
    }
    table
}

/// Each row that is not as fast as it is wanted to be, and why.
fn missed(groups: &[Group], all: &[Measured]) -> String {
    let mut list = String::new();
    for measured in all.iter().filter(|measured| !measured.reaches_targets()) {
        for target in &measured.targets {
            let Some(ratio) = measured.ratio(target.than) else { continue };
            if ratio < target.at_least {
                let (group, row) = (measured.group, &measured.row);
                let _ = writeln!(
                    list,
                    "- {group}, {row}: {ratio:.2}× {}, not {}",
                    text::than(target.than),
                    target.at_least
                );
            }
        }
    }
    if list.is_empty() {
        return list;
    }
    let mut why = String::new();
    for group in groups {
        for held_back in group.held_back {
            let HeldBack { rows, reason, tried } = held_back;
            let _ = writeln!(why, "| {}, {rows} | {reason} | {tried} |", group.name);
        }
    }
    format!(
        "\n## What falls short\n\n{list}\n| rows | what stands in the way | what was tried |\n|---|---|---|\n{why}"
    )
}

/// How cost grows.
#[must_use]
pub fn linear(place: &Place, all: &[Series]) -> String {
    let mut page = format!(
        "# Linear cost\n\nWhat ws-core takes to receive more and more, as a server, by `ReceiveHalf::next_event` from reads of \
         16 KiB; fragments and what comes byte by byte are assembled too. Nanoseconds, the least of 15 rounds.\n`cargo run \
         --release --manifest-path benches/Cargo.toml --bin linear` writes this page, and fails where a unit of the \
         largest amount costs more than 1.5 times one of a smaller amount.\n\n- {}\n- {}\n- {}\n\n\
         ![total cost over the amount of work, both axes logarithmic](linear.svg)\n\n",
        place.date, place.cpu, place.compiler
    );
    page.push_str("| | amount → nanoseconds a unit | last / least |\n|---|---|--:|\n");
    for series in all {
        let _ = writeln!(page, "{}", self::series(series));
    }
    page
}

/// A series as a line of the table.
#[must_use]
pub fn series(series: &Series) -> String {
    let points: Vec<_> = series
        .points
        .iter()
        .map(|point| format!("{} → {:.3}", point.unit_count, point.unit_nanos()))
        .collect();
    format!("| {} | {} | {:.2} |", series.name, points.join(", "), series.growth())
}

fn against(measured: &Measured, than: Than) -> String {
    let Some((time, ratio)) = measured.than(than).zip(measured.ratio(than)) else { return String::new() };
    format!("{} ({ratio:.2}×)", text::nanos(time.nanos))
}

fn named(measured: &Measured, than: Than) -> String {
    measured.than(than).map_or_else(String::new, |time| format!("{}: {}", time.name, against(measured, than)))
}

/// Puts a table between two marks of a page, in the place of what is there.
///
/// # Errors
///
/// The mark that is missing.
pub fn replace_between_marks(page: &str, table: &str) -> Result<String, String> {
    let (before, rest) = page.split_once(START).ok_or_else(|| format!("there is no {START}"))?;
    let (_, after) = rest.split_once(END).ok_or_else(|| format!("there is no {END} behind {START}"))?;
    Ok(format!("{before}{START}\n{table}{END}{after}"))
}

const START: &str = "<!-- speed: written by benches -->";
const END: &str = "<!-- end of speed -->";
