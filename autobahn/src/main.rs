//! Runs the Autobahn WebSocket Testsuite against the servers and clients of ws-std and ws-tokio, and judges what it reports. With
//! the word `interop` first, it has them talk with other implementations instead; with `handshake`, it tries opening handshakes; with
//! `firmware`, it tests ws-core on an emulated microcontroller.

mod adapter;
mod agent;
mod args;
mod cases;
mod firmware;
mod handshake;
mod interop;
mod process;
mod progress;
mod report;
mod role;
mod suite;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;

use crate::args::{Command, Options, USAGE};
use crate::cases::CaseId;
use crate::progress::Progress;
use crate::report::Judgement;
use crate::role::Plan;
use crate::suite::Suite;

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1).peekable();
    let word = arguments.peek().and_then(|first| first.to_str()).unwrap_or_default().to_owned();
    match word.as_str() {
        "firmware" => return firmware::main(arguments.skip(1)),
        "handshake" => return handshake::main(arguments.skip(1)),
        "interop" => return interop::main(arguments.skip(1)),
        _ => {}
    }
    let options = match args::parse(arguments) {
        Ok(Command::Run(options)) => options,
        Ok(Command::Help) => return print_usage(),
        Err(error) => {
            eprintln!("ws-autobahn: {error}\n\n{USAGE}");
            return ExitCode::from(CANNOT_TEST);
        }
    };
    match run(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("ws-autobahn: {error}");
            ExitCode::from(CANNOT_TEST)
        }
    }
}

fn print_usage() -> ExitCode {
    let printed = writeln!(io::stdout(), "{USAGE}");
    if printed.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs and judges every agent in its roles; says whether all is well.
fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let mut out = io::stdout();
    writeln!(out, "installing the Autobahn WebSocket Testsuite where it is missing")?;
    let suite = Suite::install()?;
    writeln!(out, "building what is to be tested")?;
    for (role, agent) in &options.subjects {
        agent.prepare(*role)?;
    }
    let cases = cases::select(&suite.cases()?, &options.patterns)?;
    let case_numbers: Vec<String> = cases.iter().map(CaseId::to_string).collect();
    let addrs = agent::free_addrs(options.subjects.len())?;
    let reports = reports_folder()?;
    let plans: Vec<Plan<'_>> = options
        .subjects
        .iter()
        .zip(addrs)
        .map(|((role, agent), addr)| Plan {
            role: *role,
            agent,
            suite: &suite,
            cases: &case_numbers,
            addr,
            folder: reports.join(agent.folder(*role)),
            timeout: options.timeout,
        })
        .collect();
    let troubles = run_plans(&plans, &mut out)?;
    report(&plans, troubles, &cases, &mut out)
}

/// Runs the plans at the same time, and shows how far they are; returns each one's troubles.
fn run_plans(plans: &[Plan<'_>], out: &mut impl Write) -> io::Result<Vec<Vec<String>>> {
    let names: Vec<String> = plans.iter().map(Plan::name).collect();
    let case_count = plans.first().map_or(0, |plan| plan.cases.len());
    writeln!(out, "{case_count} cases for each of: {}", names.join(", "))?;
    let mut progress = Progress::new(names, case_count);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        let spawn = |plan| {
            let sender = sender.clone();
            scope.spawn(move || Plan::run(plan, &sender))
        };
        let runs: Vec<_> = plans.iter().map(spawn).collect();
        drop(sender);
        for news in receiver {
            progress.update(&news, out)?;
        }
        progress.finish(out)?;
        let crashed = |_| vec!["the runner itself crashed".to_owned()];
        Ok(runs.into_iter().map(|run| run.join().unwrap_or_else(crashed)).collect())
    })
}

/// Prints what came of it, the counts last.
fn report(
    plans: &[Plan<'_>],
    troubles: Vec<Vec<String>>,
    cases: &BTreeSet<CaseId>,
    out: &mut impl Write,
) -> Result<bool, Box<dyn Error>> {
    let (mut passed, mut failed) = (0_usize, 0_usize);
    for (plan, mut troubles) in plans.iter().zip(troubles) {
        let folder = plan.report_folder();
        let verdicts = report::read(&folder, plan.agent.name()).unwrap_or_else(|error| {
            // After a trouble it is no news that there is no report.
            if troubles.is_empty() {
                troubles.push(error);
            }
            BTreeMap::new()
        });
        let judgement = Judgement::new(verdicts, cases, troubles, &folder);
        table::write(out, &plan.name(), &judgement)?;
        let page = folder.join("index.html");
        let told = if page.exists() { page } else { plan.folder.clone() };
        writeln!(out, "  report: {}", told.display())?;
        passed = passed.saturating_add(judgement.passed_count());
        failed = failed.saturating_add(judgement.failed_count());
    }
    writeln!(out, "\nautobahn: {passed} passed, {failed} failed")?;
    Ok(failed == 0)
}

/// A folder in cargo's target directory, of which this program lies two levels below.
fn reports_folder() -> Result<PathBuf, Box<dyn Error>> {
    let this = env::current_exe()?;
    let target = this.ancestors().nth(2).ok_or("this program lies in no target directory")?;
    Ok(target.join("autobahn"))
}

const CANNOT_TEST: u8 = 2;
