//! The examples, as programs to run.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A program that cargo has built beside this test.
pub(crate) fn example(name: &str) -> Command {
    let mut path: PathBuf = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("examples");
    path.push(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "cargo test builds {}", path.display());
    Command::new(path)
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A server as a program, which ends with the test.
pub(crate) struct Served {
    pub(crate) child: Child,
    pub(crate) url: String,
}

impl Served {
    pub(crate) fn echo() -> Self {
        Self::start("echo", &[])
    }

    pub(crate) fn start(name: &str, arguments: &[&str]) -> Self {
        Self::run(example(name).arg("127.0.0.1:0").stderr(Stdio::null()), arguments)
    }

    pub(crate) fn run(program: &mut Command, arguments: &[&str]) -> Self {
        let mut child = program.args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split('/').nth(2).unwrap().to_owned();
        Self { child, url: format!("ws://{address}/") }
    }

    /// As Ctrl-C.
    #[cfg(unix)]
    pub(crate) fn interrupt(&self) {
        let interrupt = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(interrupt.success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
