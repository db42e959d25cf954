//! Whether cost grows as the work does and no faster. Writes `LINEAR.md` and `linear.svg`; fails where a unit of the
//! largest amount costs more than 1.5 times as much as one of a smaller amount.
//!
//! ```sh
//! cargo run --release --manifest-path benches/Cargo.toml --bin linear -- [--check]
//! ```
//!
//! With `--check` nothing is written.

use lexopt::prelude::*;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use ws_benches::linear::{self, Series};
use ws_benches::report::{Place, lines, markdown};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("linear: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let mut is_written = true;
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            Long("check") => is_written = false,
            _ => return Err(argument.unexpected().to_string()),
        }
    }
    let all = linear::all()?;
    for series in &all {
        println!("{}", markdown::series(series));
    }
    if is_written {
        let benches = Path::new(env!("CARGO_MANIFEST_DIR"));
        let place = Place::here()?;
        let title = format!("What more work costs in all ({})", place.date);
        let files =
            [("LINEAR.md", markdown::linear(&place, &all)), ("linear.svg", lines::costs(&title, &all)?)];
        for (name, text) in files {
            fs::write(benches.join(name), text).map_err(|error| format!("{name}: {error}"))?;
        }
    }
    let worse: Vec<_> = all.iter().filter(|series| series.growth() > GROWTH_MAX).map(grown).collect();
    if worse.is_empty() { Ok(()) } else { Err(worse.join("; ")) }
}

fn grown(series: &Series) -> String {
    format!("{}: {:.2} times as much at the end", series.name, series.growth())
}

const GROWTH_MAX: f64 = 1.5;
