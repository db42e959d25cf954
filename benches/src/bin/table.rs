//! Times all contestants of each row by turns, in one process, and says who is how fast.
//!
//! ```sh
//! cargo run --release --manifest-path benches/Cargo.toml --bin table -- [--group GROUP]... [--rounds N]
//! ```

use lexopt::prelude::*;
use std::process::ExitCode;
use ws_benches::{groups, measure, report};

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
    is_check_only: bool,
}

fn arguments() -> Result<Arguments, lexopt::Error> {
    let mut arguments = Arguments { groups: Vec::new(), round_count: 31, is_check_only: false };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("group") => arguments.groups.push(parser.value()?.string()?),
            Long("rounds") => arguments.round_count = parser.value()?.parse()?,
            Long("check") => arguments.is_check_only = true,
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
    let is_chosen =
        |name: &str| arguments.groups.is_empty() || arguments.groups.iter().any(|chosen| chosen == name);
    for group in all.iter().filter(|group| is_chosen(group.name)) {
        for row in &group.rows {
            if arguments.is_check_only {
                let contest = row.contest()?;
                println!("{}: {}: {} are right", group.name, row.name, contest.contestants.len());
            } else {
                println!("{}", report::text::row(&measure(group.name, row, arguments.round_count)?));
            }
        }
    }
    Ok(())
}
