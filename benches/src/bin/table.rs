//! Times all contestants of each row by turns, in one process, and says who is how fast.
//!
//! ```sh
//! cargo run --release --manifest-path benches/Cargo.toml --bin table -- [--group GROUP]... [--rounds N] [--write | --check]
//! ```
//!
//! `--write` writes the results of all groups: `RESULTS.md`, `results.svg` and the table in the project's README. `--check`
//! only has each contestant show that it does the work right.

use lexopt::prelude::*;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use ws_benches::report::{Place, markdown, picture, text};
use ws_benches::{Group, Measured, groups, measure};

fn main() -> ExitCode {
    match arguments().map_err(|error| error.to_string()).and_then(|arguments| run(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("table: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Arguments {
    /// The groups that were named; all where none was.
    groups: Vec<String>,
    round_count: usize,
    does: Does,
}

#[derive(PartialEq)]
enum Does {
    Print,
    Write,
    Check,
}

fn arguments() -> Result<Arguments, lexopt::Error> {
    let mut arguments = Arguments { groups: Vec::new(), round_count: 31, does: Does::Print };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("group") => arguments.groups.push(parser.value()?.string()?),
            Long("rounds") => arguments.round_count = parser.value()?.parse()?,
            Long("write") => arguments.does = Does::Write,
            Long("check") => arguments.does = Does::Check,
            _ => return Err(argument.unexpected()),
        }
    }
    Ok(arguments)
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let all = groups::all();
    let names: Vec<_> = all.iter().map(|group| group.name).collect();
    if let Some(unknown) = arguments.groups.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(format!("no group is named {unknown}; there are {}", names.join(", ")));
    }
    if arguments.does == Does::Write && !arguments.groups.is_empty() {
        return Err("--write is for the results of all groups".to_owned());
    }
    let is_chosen =
        |name: &str| arguments.groups.is_empty() || arguments.groups.iter().any(|chosen| chosen == name);
    let mut measured = Vec::new();
    for group in all.iter().filter(|group| is_chosen(group.name)) {
        for row in &group.rows {
            if arguments.does == Does::Check {
                let contest = row.contest()?;
                println!("{}: {}: {} are right", group.name, row.name, contest.contestants.len());
            } else {
                let row = measure(group.name, row, arguments.round_count)?;
                println!("{}", text::row(&row));
                measured.push(row);
            }
        }
    }
    if arguments.does == Does::Write { write(arguments, &all, &measured) } else { Ok(()) }
}

fn write(arguments: &Arguments, groups: &[Group], measured: &[Measured]) -> Result<(), String> {
    let benches = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = benches.with_file_name("README.md");
    let place = Place::here()?;
    let results = markdown::results(&place, arguments.round_count, groups, measured);
    let title = format!("How many times as fast as others ws-core is ({})", place.date);
    let picture = picture::ratios(&title, measured)?;
    let page = fs::read_to_string(&readme).map_err(|error| format!("{}: {error}", readme.display()))?;
    let page = markdown::replace_between_marks(&page, &markdown::short(&place, measured))
        .map_err(|missing| format!("{}: {missing}", readme.display()))?;
    for (path, text) in
        [(benches.join("RESULTS.md"), results), (benches.join("results.svg"), picture), (readme, page)]
    {
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}
