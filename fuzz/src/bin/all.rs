//! Runs the fuzz targets, two at a time, and says what came of it.
//!
//! ```text
//! cargo run --manifest-path fuzz/Cargo.toml --bin all -- [--seconds N] [--minimise] [TARGET]...
//! ```
//!
//! What is found goes to `fuzz/target/found/`, so that the corpora in the repository stay as they are. `--minimise` then
//! makes new ones from both, as small as they cover the same.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::thread;

/// How many targets run at a time.
const AT_A_TIME: usize = 2;

const USAGE: &str = "usage: all [--seconds N] [--minimise] [TARGET]...";

struct Arguments {
    seconds: u64,
    minimise: bool,
    targets: Vec<String>,
}

/// What came of a target.
struct Outcome {
    target: String,
    executions: String,
    coverage: String,
    input_count: usize,
    /// The end of the log, where it crashed.
    crash: Option<String>,
}

fn main() -> ExitCode {
    let Some(arguments) = parse_arguments() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run_all(&arguments) {
        Ok(outcomes) => report(&outcomes),
        Err(error) => {
            eprintln!("{error}; it takes a nightly toolchain and cargo-fuzz");
            ExitCode::from(2)
        }
    }
}

fn parse_arguments() -> Option<Arguments> {
    let mut parsed = Arguments { seconds: 60, minimise: false, targets: Vec::new() };
    let mut arguments = std::env::args().skip(1);
    let known = targets();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--seconds" => parsed.seconds = arguments.next()?.parse().ok()?,
            "--minimise" => parsed.minimise = true,
            _ if known.contains(&argument) => parsed.targets.push(argument),
            _ => return None,
        }
    }
    if parsed.targets.is_empty() {
        parsed.targets = known;
    }
    Some(parsed)
}

/// The names of all targets: each has a file.
fn targets() -> Vec<String> {
    let entries = fs::read_dir(folder().join("fuzz_targets")).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.filter_map(|entry| Some(entry.path().file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    names
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run_all(arguments: &Arguments) -> io::Result<Vec<Outcome>> {
    let status = fuzz(["build"]).status()?;
    if !status.success() {
        return Err(io::Error::other("the targets do not build"));
    }
    let waiting = Mutex::new(VecDeque::from(arguments.targets.clone()));
    let outcomes = Mutex::new(Vec::new());
    thread::scope(|scope| {
        let worker = || -> io::Result<()> {
            loop {
                let Some(target) = lock(&waiting).pop_front() else { return Ok(()) };
                let outcome = run(&target, arguments)?;
                lock(&outcomes).push(outcome);
            }
        };
        let workers: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("a worker does not panic"))
    })?;
    let mut outcomes = outcomes.into_inner().expect("a worker does not panic");
    outcomes.sort_by(|one, other| one.target.cmp(&other.target));
    Ok(outcomes)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("a worker does not panic")
}

fn fuzz<const COUNT: usize>(arguments: [&str; COUNT]) -> Command {
    let mut command = Command::new("cargo");
    // The toolchain that runs this program is not the one that fuzzes.
    command.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
    command.args(["+nightly", "fuzz"]).args(arguments).current_dir(folder());
    command
}

fn run(target: &str, arguments: &Arguments) -> io::Result<Outcome> {
    let corpus = folder().join("corpus").join(target);
    let found = folder().join("target/found").join(target);
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&found)?;
    let log = folder().join("target/found").join(format!("{target}.log"));
    let mut command = fuzz(["run", target]);
    command.arg(&found).arg(&corpus).arg("--");
    command.args([format!("-max_total_time={}", arguments.seconds), "-print_final_stats=1".to_owned()]);
    if let Some(dictionary) = dictionary(target) {
        command.arg(format!("-dict={}", folder().join("dictionaries").join(dictionary).display()));
    }
    if is_shaped(target) {
        // What shapes the input makes frames of any length from few bytes.
        command.args(["-len_control=0", "-max_len=1024"]);
    }
    println!("{target} ...");
    let output = File::create(&log)?;
    let status = command.stdout(output.try_clone()?).stderr(output).status()?;
    let text = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    let crash = (!status.success()).then(|| text.lines().rev().take(40).collect::<Vec<_>>());
    if crash.is_none() && arguments.minimise {
        minimise(target, &corpus, &found)?;
    }
    Ok(Outcome {
        target: target.to_owned(),
        executions: last_value(&text, "stat::number_of_executed_units:"),
        coverage: last_value(&text, "cov:"),
        input_count: fs::read_dir(&corpus)?.count(),
        crash: crash.map(|lines| lines.into_iter().rev().collect::<Vec<_>>().join("\n")),
    })
}

/// The word behind the last of these.
fn last_value(log: &str, name: &str) -> String {
    let value = log.rsplit_once(name).and_then(|(_, rest)| rest.split_whitespace().next());
    value.unwrap_or("?").to_owned()
}

fn dictionary(target: &str) -> Option<&'static str> {
    match target {
        "deflate_negotiation" => Some("extensions.dict"),
        "uri" => Some("handshake.dict"),
        "mask" | "deflate_round_trip" => None,
        _ if target.contains("handshake") => Some("handshake.dict"),
        _ if is_shaped(target) => None,
        _ => Some("frames.dict"),
    }
}

/// Whether `arbitrary` makes something of the bytes, so that words of a dictionary mean nothing.
fn is_shaped(target: &str) -> bool {
    matches!(target, "messages" | "round_trip" | "session" | "differential_frames")
}

/// Replaces the corpus by a small one that reaches the same code.
fn minimise(target: &str, corpus: &Path, found: &Path) -> io::Result<()> {
    let small: PathBuf = folder().join("target/found").join(format!("{target}.small"));
    if small.exists() {
        fs::remove_dir_all(&small)?;
    }
    fs::create_dir_all(&small)?;
    let mut command = fuzz(["run", target]);
    command.args([&small, corpus, found]).args(["--", "-set_cover_merge=1", "-use_counters=0"]);
    let output = command.output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    fs::remove_dir_all(corpus)?;
    fs::create_dir_all(corpus)?;
    for entry in fs::read_dir(&small)? {
        let entry = entry?;
        fs::copy(entry.path(), corpus.join(entry.file_name()))?;
    }
    Ok(())
}

fn report(outcomes: &[Outcome]) -> ExitCode {
    println!("\n{:<32} {:>12} {:>10} {:>8}  result", "target", "executions", "coverage", "corpus");
    for outcome in outcomes {
        let result = if outcome.crash.is_some() { "CRASHED" } else { "ok" };
        let Outcome { target, executions, coverage, input_count, .. } = outcome;
        println!("{target:<32} {executions:>12} {coverage:>10} {input_count:>8}  {result}");
    }
    let crashes: Vec<_> =
        outcomes.iter().filter_map(|outcome| Some((outcome, outcome.crash.as_ref()?))).collect();
    for (outcome, log) in &crashes {
        println!("\n{} crashed:\n{log}", outcome.target);
    }
    println!("\n{} targets, {} crashed", outcomes.len(), crashes.len());
    if crashes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
