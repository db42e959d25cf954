//! Counts the instructions that messages take, and judges them by the budgets in `benches/instructions.txt`.

use lexopt::Parser;
use lexopt::prelude::*;
use std::error::Error;
use std::fs;
use std::process::{Command, ExitCode};
use ws_benches::instructions::{Budgets, PATHS, Path, Verdict, instructions_per_message};

const USAGE: &str = "\
usage: instructions [--update | --print] [PATH]...

Counts the instructions per message of each path, or of those whose names begin with a PATH, by valgrind's callgrind, and
judges them by the budgets in benches/instructions.txt: more than 3 % above is a failure.

  --update  write the counts into that file, as the budgets from now on
  --print   print the counts, and do not judge them";

const BUDGETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.txt");
/// Has this program take a path itself: what it runs under valgrind.
const RUN: &str = "--run";

enum Task {
    Judge,
    Update,
    Print,
    Run { path: String, pass_count: usize },
    Help,
}

fn main() -> ExitCode {
    let done = arguments().map_err(Into::into).and_then(|(task, prefixes)| match task {
        Task::Help => {
            println!("{USAGE}");
            Ok(true)
        }
        Task::Run { path, pass_count } => run(&path, pass_count),
        Task::Judge | Task::Update | Task::Print => count(&task, &prefixes),
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("instructions: {error}");
            ExitCode::from(2)
        }
    }
}

fn arguments() -> Result<(Task, Vec<String>), lexopt::Error> {
    let (mut task, mut prefixes) = (Task::Judge, Vec::new());
    let mut parser = Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("update") => task = Task::Update,
            Long("print") => task = Task::Print,
            Long("run") => {
                task = Task::Run { path: parser.value()?.string()?, pass_count: parser.value()?.parse()? }
            }
            Long("help") | Short('h') => task = Task::Help,
            Value(prefix) => prefixes.push(prefix.string()?),
            _ => return Err(argument.unexpected()),
        }
    }
    Ok((task, prefixes))
}

/// Takes a path, and says for how many messages a pass stands.
fn run(name: &str, pass_count: usize) -> Result<bool, Box<dyn Error>> {
    let path = PATHS.iter().find(|path| path.name == name).ok_or("there is no such path")?;
    println!("{}", path.run(pass_count));
    Ok(true)
}

fn count(task: &Task, prefixes: &[String]) -> Result<bool, Box<dyn Error>> {
    let compiler = compiler()?;
    let mut budgets = match fs::read_to_string(BUDGETS) {
        Ok(text) => Budgets::parse(&text)?,
        Err(error) if matches!(task, Task::Judge) => return Err(format!("{BUDGETS}: {error}").into()),
        Err(_) => Budgets::default(),
    };
    let (mut passed, mut failed) = (0, 0);
    let is_chosen =
        |path: &Path| prefixes.is_empty() || prefixes.iter().any(|prefix| path.name.starts_with(prefix));
    for path in PATHS.iter().filter(|path| is_chosen(path)) {
        let count = instructions_per_message(path, RUN)?;
        let is_judged = path.has_budget && matches!(task, Task::Judge);
        let verdict = is_judged.then(|| budgets.judge(path.name, count));
        print(path, count, budgets.get(path.name), verdict);
        match verdict {
            None => {}
            Some(Verdict::Within | Verdict::Below) => passed += 1,
            Some(Verdict::Above | Verdict::Missing) => failed += 1,
        }
        if path.has_budget && matches!(task, Task::Update) {
            budgets.set(path.name, count);
        }
    }
    match task {
        Task::Update => {
            budgets.compiler = compiler;
            fs::write(BUDGETS, budgets.to_text())?;
            Ok(true)
        }
        Task::Judge => {
            if compiler != budgets.compiler {
                println!(
                    "the budgets are for {}, and this is {compiler}: --update makes others",
                    budgets.compiler
                );
            }
            println!("instructions: {passed} passed, {failed} failed");
            Ok(failed == 0 && passed > 0)
        }
        Task::Print | Task::Run { .. } | Task::Help => Ok(true),
    }
}

fn print(path: &Path, count: f64, budget: Option<f64>, verdict: Option<Verdict>) {
    let budget = budget.map_or(String::new(), |budget| format!("{budget:.1}"));
    let remark = match verdict {
        None | Some(Verdict::Within) => "",
        Some(Verdict::Below) => "the budget should be lowered: --update",
        Some(Verdict::Above) => "MORE THAN THE BUDGET",
        Some(Verdict::Missing) => "HAS NO BUDGET",
    };
    println!("{}", format!("{:<38} {count:>8.1} {budget:>8} {remark}", path.name).trim_end());
}

/// The compiler that made this program, as far as it is the one in the path.
fn compiler() -> Result<String, Box<dyn Error>> {
    let output = Command::new("rustc").arg("--version").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
