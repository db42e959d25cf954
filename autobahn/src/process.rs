//! Programs that are started, watched, and never left behind.

use std::fmt;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;
use std::time::Instant;

/// What stops a run, in words for the person who started it.
pub(crate) type Result<T> = std::result::Result<T, String>;

/// A child process that is killed when this is dropped.
pub(crate) struct Running {
    name: String,
    child: Child,
}

impl Running {
    /// Starts a program without standard input; `name` is what messages call it.
    pub(crate) fn start(name: &str, command: &mut Command) -> Result<Self> {
        let child = command.stdin(Stdio::null()).spawn().map_err(|error| {
            format!("{name} ({}) does not start: {error}", command.get_program().to_string_lossy())
        })?;
        Ok(Self { name: name.to_owned(), child })
    }

    /// The same, with all that it prints kept in a file.
    pub(crate) fn start_logged(name: &str, command: &mut Command, log: &Path) -> Result<Self> {
        let (output, errors) = create(log)?;
        Self::start(name, command.stdout(output).stderr(errors))
    }

    /// The same, with its lines given as it prints them. What it complains of is in the file only.
    pub(crate) fn start_watched(
        name: &str,
        command: &mut Command,
        log: &Path,
    ) -> Result<(Self, Receiver<String>)> {
        let (output, errors) = create(log)?;
        let mut running = Self::start(name, command.stdout(Stdio::piped()).stderr(errors))?;
        let (sender, lines) = mpsc::channel();
        if let Some(stdout) = running.child.stdout.take() {
            thread::spawn(move || copy_lines(stdout, output, &sender));
        }
        Ok((running, lines))
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().map_err(|error| format!("{}: {error}", self.name))
    }

    /// Waits for its end. One that is still running at the deadline is an error; it is killed when dropped.
    pub(crate) fn wait_until(&mut self, deadline: Instant) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                return Err(format!("{} does not end", self.name));
            }
            thread::sleep(TICK);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Either it runs and is killed, or it has ended already: both calls can fail only in the second case.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// What a program prints, all of it, once it has ended well within a time.
pub(crate) fn output(name: &str, command: &mut Command, limit: Duration) -> Result<String> {
    let mut running = Running::start(name, command.stdout(Stdio::piped()))?;
    let reader = running.child.stdout.take().map(|mut stdout| {
        thread::spawn(move || {
            let mut text = String::new();
            stdout.read_to_string(&mut text).map(|_| text)
        })
    });
    let deadline = Instant::now().checked_add(limit).ok_or("the time limit is too long")?;
    let status = running.wait_until(deadline)?;
    if !status.success() {
        return Err(format!("{name} failed: {status}"));
    }
    match reader.map(thread::JoinHandle::join) {
        Some(Ok(Ok(text))) => Ok(text),
        _ => Err(format!("{name}: its output cannot be read")),
    }
}

/// The last lines of a log, for a message; nothing where there is no log.
pub(crate) fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let skipped = lines.len().saturating_sub(TAIL_LINE_COUNT);
    lines.into_iter().skip(skipped).flat_map(|line| ["\n      ", line]).collect()
}

/// A pause between two looks at a process.
pub(crate) const TICK: Duration = Duration::from_millis(50);

const TAIL_LINE_COUNT: usize = 10;

/// Creates a file for two streams to write to one after the other, or says which one cannot be.
fn create(log: &Path) -> Result<(File, File)> {
    File::create(log)
        .and_then(|file| Ok((file.try_clone()?, file)))
        .map_err(|error| format!("{}: {error}", log.display()))
}

fn copy_lines(stdout: ChildStdout, mut log: File, sender: &mpsc::Sender<String>) {
    let mut stdout = BufReader::new(stdout);
    let mut line = Vec::new();
    // A log that cannot be written, or a runner that no longer listens, must not block the program.
    while matches!(stdout.read_until(b'\n', &mut line), Ok(1..)) {
        log.write_all(&line).ok();
        sender.send(String::from_utf8_lossy(&line).trim_end().to_owned()).ok();
        line.clear();
    }
}
