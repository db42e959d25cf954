use super::Path;
use std::env;
use std::error::Error;
use std::process::{Child, Command, Stdio};

/// How many instructions a path takes for one message: those of two passes less those of one, so that what a process does
/// beside them does not count. `run_argument` has this program run a path.
///
/// # Errors
///
/// Where valgrind is missing, or did not give a count.
pub fn instructions_per_message(path: &Path, run_argument: &str) -> Result<f64, Box<dyn Error>> {
    let runs = [spawn(path, run_argument, 1)?, spawn(path, run_argument, 2)?];
    let [one, two] = runs.map(finish);
    let (one, two) = (one?, two?);
    let difference =
        two.instruction_count.checked_sub(one.instruction_count).ok_or("two passes cost less than one")?;
    Ok(as_f64(difference) / as_f64(one.message_count))
}

struct Counted {
    message_count: u64,
    instruction_count: u64,
}

fn spawn(path: &Path, run_argument: &str, pass_count: usize) -> Result<Child, Box<dyn Error>> {
    Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args([run_argument, path.name, &pass_count.to_string()])
        // What is in the environment is counted by the dynamic linker.
        .env_clear()
        .envs(env::var_os("PATH").map(|path| ("PATH", path)))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("valgrind (the Debian package valgrind) does not start: {error}").into())
}

fn finish(child: Child) -> Result<Counted, Box<dyn Error>> {
    let output = child.wait_with_output()?;
    let (printed, report) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        return Err(format!("the run under valgrind failed:\n{report}").into());
    }
    // "==1234== Collected : 56789"
    let collected = report.lines().find_map(|line| line.split_once("Collected : "));
    let (_, instruction_count) = collected.ok_or("callgrind tells no count")?;
    Ok(Counted {
        message_count: printed.trim().parse()?,
        instruction_count: instruction_count.trim().parse()?,
    })
}

/// Counts of a run are far below 2^53.
fn as_f64(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
