//! The examples, as programs to run.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use ws_tokio::WebSocket;

/// How long a test waits for what has to happen.
const LONG: Duration = Duration::from_secs(60);

pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, future).await.unwrap()
}

/// The next message, which has to be a text.
pub(crate) async fn heard<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocket<S>) -> String {
    let message = in_time(socket.receive()).await.unwrap().unwrap();
    message.as_text().unwrap().to_owned()
}

/// A program that cargo has built beside this test.
fn example(name: &str, arguments: &[&str]) -> Child {
    let mut path: PathBuf = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("examples");
    path.push(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "`cargo build --examples` with the same features builds {}", path.display());
    let mut command = Command::new(path);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.kill_on_drop(true).spawn().unwrap()
}

pub(crate) struct Output {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
}

/// Runs a program to its end with this as its standard input.
pub(crate) async fn output(name: &str, arguments: &[&str], input: &str) -> Output {
    let mut child = example(name, arguments);
    let mut stdin = child.stdin.take().unwrap();
    // A program that has failed does not read it.
    let writing = async move { drop(stdin.write_all(input.as_bytes()).await) };
    let (output, ()) = in_time(async { tokio::join!(child.wait_with_output(), writing) }).await;
    let output = output.unwrap();
    Output {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code().unwrap(),
    }
}

/// A program that runs, and ends with the test.
pub(crate) struct Program {
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: Lines<BufReader<ChildStderr>>,
    /// That of a server, for WebSockets.
    pub(crate) url: String,
}

impl Program {
    pub(crate) fn start(name: &str, arguments: &[&str]) -> Self {
        let mut child = example(name, arguments);
        let stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, stdout, stderr, url: String::new() }
    }

    /// A server on a port of its own.
    pub(crate) async fn serve(name: &str) -> Self {
        Self::serve_with(name, &["127.0.0.1:0"]).await
    }

    pub(crate) async fn serve_with(name: &str, arguments: &[&str]) -> Self {
        let mut program = Self::start(name, arguments);
        let line = program.line().await;
        program.url = format!("ws://{}/", line.split('/').nth(2).unwrap());
        program
    }

    pub(crate) fn address(&self) -> &str {
        self.url.split('/').nth(2).unwrap()
    }

    pub(crate) async fn line(&mut self) -> String {
        in_time(self.stdout.next_line()).await.unwrap().unwrap()
    }

    pub(crate) async fn error_line(&mut self) -> String {
        in_time(self.stderr.next_line()).await.unwrap().unwrap()
    }

    /// Its exit code, once it has ended. It has reported nothing more.
    pub(crate) async fn code(&mut self) -> i32 {
        let code = in_time(self.child.wait()).await.unwrap().code().unwrap();
        assert_eq!(in_time(self.stderr.next_line()).await.unwrap(), None);
        code
    }

    /// As Ctrl-C.
    #[cfg(unix)]
    pub(crate) fn interrupt(&self) {
        let pid = self.child.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    }
}
