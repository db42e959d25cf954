//! One role's run: the program under test and the suite, side by side, until both are done.

use std::fmt;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::mpsc::{RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;
use std::time::Instant;

use crate::agent::{Agent, url, wait_listening};
use crate::cases::CaseId;
use crate::process::{Result, Running, TICK, tail};
use crate::progress::News;
use crate::suite::{REPORT_FOLDER, Suite, Wstest, begun_case};

/// Which side of a connection is tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    Server,
    Client,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "server",
            Self::Client => "client",
        })
    }
}

/// What a role's run needs to know.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) role: Role,
    pub(crate) agent: &'a Agent,
    pub(crate) suite: &'a Suite,
    pub(crate) cases: &'a [String],
    /// Where the server of the two listens.
    pub(crate) addr: SocketAddr,
    /// Whose content is replaced: the report and the logs.
    pub(crate) folder: PathBuf,
    pub(crate) timeout: Duration,
}

impl Plan<'_> {
    /// Whom it tests.
    pub(crate) fn name(&self) -> String {
        format!("{}: {}", self.role, self.agent.name())
    }

    /// Where the suite puts its report.
    pub(crate) fn report_folder(&self) -> PathBuf {
        self.folder.join(REPORT_FOLDER)
    }

    /// Runs the cases. What went wrong beside them is returned, and the report tells the rest.
    pub(crate) fn run(&self, news: &Sender<News>) -> Vec<String> {
        let mut troubles = Vec::new();
        let outcome = self.clear_folder().and_then(|()| match self.role {
            Role::Server => self.test_server(news, &mut troubles),
            Role::Client => self.test_client(news, &mut troubles),
        });
        troubles.extend(outcome.err());
        troubles
    }

    fn clear_folder(&self) -> Result<()> {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)
                .map_err(|error| format!("{}: {error}", self.folder.display()))?;
        }
        fs::create_dir_all(&self.folder).map_err(|error| format!("{}: {error}", self.folder.display()))
    }

    fn test_server(&self, news: &Sender<News>, troubles: &mut Vec<String>) -> Result<()> {
        let mut server = self.start_agent()?;
        self.agent.wait_ready(&mut server, self.addr).map_err(|error| self.with_agent_log(error))?;
        let url = url(self.addr);
        let mut wstest = self.suite.start_client(&self.folder, &url, self.agent.name(), self.cases)?;
        let mut watch = Watch::new(self, news);
        let mut crashed = false;
        loop {
            watch.follow(&wstest)?;
            // One that has crashed is noted once; the suite gets to its end quickly then, and writes its report.
            if !crashed {
                if let Some(status) = server.ended()? {
                    crashed = true;
                    troubles.push(self.with_agent_log(watch.crash(status)));
                }
            }
            if let Some(status) = wstest.running.ended()? {
                return watch.judge_end(status, &wstest);
            }
        }
    }

    fn test_client(&self, news: &Sender<News>, troubles: &mut Vec<String>) -> Result<()> {
        let mut wstest = self.suite.start_server(&self.folder, &url(self.addr), self.cases)?;
        wait_listening(&mut wstest.running, self.addr).map_err(|error| error + &tail(&wstest.log))?;
        let mut watch = Watch::new(self, news);
        let mut client = self.start_agent()?;
        let trouble = loop {
            if let Err(trouble) = watch.follow(&wstest) {
                break Some(trouble);
            }
            if let Some(status) = wstest.running.ended()? {
                // A client may tell the suite to end.
                return watch.judge_end(status, &wstest);
            }
            if let Some(status) = client.ended()? {
                break (!status.success()).then(|| self.with_agent_log(watch.crash(status)));
            }
        };
        drop(client);
        troubles.extend(trouble);
        request_report(self.addr, self.agent.name())?;
        let deadline = Instant::now().checked_add(REPORT_LIMIT).ok_or("the clock is at its end")?;
        wstest.running.wait_until(deadline).map(drop)
    }

    fn start_agent(&self) -> Result<Running> {
        self.agent.start(self.role, self.suite, self.addr, &self.agent_log())
    }

    fn agent_log(&self) -> PathBuf {
        self.folder.join("agent.log")
    }

    fn with_agent_log(&self, trouble: String) -> String {
        trouble + &tail(&self.agent_log())
    }
}

/// Follows what the suite prints, and tells when it gets nowhere.
struct Watch<'a> {
    name: String,
    news: &'a Sender<News>,
    /// The case in progress, and since when.
    case: Option<CaseId>,
    since: Instant,
    start: Instant,
    timeout: Duration,
}

impl<'a> Watch<'a> {
    fn new(plan: &Plan<'_>, news: &'a Sender<News>) -> Self {
        let now = Instant::now();
        Self { name: plan.name(), news, case: None, since: now, start: now, timeout: plan.timeout }
    }

    /// Passes on what the suite prints next, or waits a little.
    fn follow(&mut self, wstest: &Wstest) -> Result<()> {
        match wstest.lines.recv_timeout(TICK) {
            Ok(line) => self.note(&line),
            Err(RecvTimeoutError::Timeout) => {}
            // Its output has ended, and so has wstest, or it soon will.
            Err(RecvTimeoutError::Disconnected) => thread::sleep(TICK),
        }
        let case_time = self.since.elapsed();
        if case_time > self.stall_limit() {
            return Err(format!(
                "given up {}, after {} s without a next one",
                self.place(),
                case_time.as_secs()
            ));
        }
        if self.start.elapsed() > self.timeout {
            return Err(format!(
                "given up {}, at the time limit of {} s",
                self.place(),
                self.timeout.as_secs()
            ));
        }
        Ok(())
    }

    fn note(&mut self, line: &str) {
        if let Some(case) = begun_case(line) {
            // Nobody listens any more only where the whole run is being given up.
            self.news.send(News { name: self.name.clone(), case: case.clone() }).ok();
            self.case = Some(case);
            self.since = Instant::now();
        }
    }

    /// Longer than the suite itself gives a case: 100 seconds, and 480 for one of permessage-deflate.
    fn stall_limit(&self) -> Duration {
        let class = self.case.as_ref().map_or(0, CaseId::class);
        Duration::from_secs(if class >= 12 { 600 } else { 150 })
    }

    fn place(&self) -> String {
        self.case
            .as_ref()
            .map_or_else(|| "before the first case".to_owned(), |case| format!("in case {case}"))
    }

    fn crash(&self, status: ExitStatus) -> String {
        format!("the {} ended {}: {status}", self.name, self.place())
    }

    fn judge_end(&mut self, status: ExitStatus, wstest: &Wstest) -> Result<()> {
        while let Ok(line) = wstest.lines.recv_timeout(TICK) {
            self.note(&line);
        }
        if status.success() { Ok(()) } else { Err(format!("wstest failed: {status}{}", tail(&wstest.log))) }
    }
}

/// Has the suite write its report and end. It does so on this request, before any frame; whether the client under
/// test has asked for it, or crashed before it could, makes no difference then.
fn request_report(addr: SocketAddr, agent: &str) -> Result<()> {
    let request = format!(
        "GET /updateReports?agent={agent}&shutdownOnComplete=true HTTP/1.1\r\nHost: {addr}\r\n\
         Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    );
    let ask = || {
        let mut stream = TcpStream::connect_timeout(&addr, REPORT_LIMIT)?;
        stream.set_read_timeout(Some(REPORT_LIMIT))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        // It ends as soon as the report is written, and so the connection may end in any manner.
        stream.read_to_end(&mut answer).map(drop).or(Ok(()))
    };
    ask().map_err(|error: std::io::Error| format!("the suite takes no request for its report: {error}"))
}

const REPORT_LIMIT: Duration = Duration::from_secs(120);
