//! The Autobahn WebSocket Testsuite: installing it, asking it for its cases, starting it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cases::CaseId;
use crate::process::{self, Result, Running};

/// The installed suite.
#[derive(Debug)]
pub(crate) struct Suite {
    wstest: PathBuf,
}

impl Suite {
    /// Installs the suite where it is missing, which takes about 20 seconds; else finds it.
    pub(crate) fn install() -> Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("suite/install");
        let printed = process::output("the suite's installer", &mut Command::new(script), INSTALL_LIMIT)?;
        let wstest = printed.lines().last().map(PathBuf::from);
        wstest
            .map(|wstest| Self { wstest })
            .ok_or_else(|| "the suite's installer names no program".to_owned())
    }

    /// The path of its program.
    pub(crate) fn wstest(&self) -> &Path {
        &self.wstest
    }

    /// Every case that it has.
    pub(crate) fn cases(&self) -> Result<BTreeSet<CaseId>> {
        let mut command = Command::new(&self.wstest);
        let printed = process::output("wstest --case-ids", command.arg("--case-ids"), CASE_IDS_LIMIT)?;
        printed.lines().map(str::parse).collect()
    }

    /// Starts the suite in the role of a client that tests the server at `url`. It ends by itself.
    pub(crate) fn start_client(
        &self,
        folder: &Path,
        url: &str,
        agent: &str,
        cases: &[String],
    ) -> Result<Wstest> {
        let servers = json!([{ "agent": agent, "url": url }]);
        self.start("fuzzingclient", folder, json!({ "servers": servers, "cases": cases }))
    }

    /// Starts the suite in the role of a server at `url` that tests each client that comes. It ends when told to.
    pub(crate) fn start_server(&self, folder: &Path, url: &str, cases: &[String]) -> Result<Wstest> {
        self.start("fuzzingserver", folder, json!({ "url": url, "cases": cases }))
    }

    fn start(&self, mode: &str, folder: &Path, mut spec: Value) -> Result<Wstest> {
        if let Some(fields) = spec.as_object_mut() {
            fields.insert("outdir".to_owned(), json!(folder.join(REPORT_FOLDER)));
            fields.insert("exclude-cases".to_owned(), json!([]));
            fields.insert("exclude-agent-cases".to_owned(), json!({}));
        }
        let spec_file = folder.join("spec.json");
        fs::write(&spec_file, spec.to_string())
            .map_err(|error| format!("{}: {error}", spec_file.display()))?;
        let log = folder.join("wstest.log");
        let mut command = Command::new(&self.wstest);
        command.arg("-m").arg(mode).arg("-s").arg(spec_file);
        let (running, lines) = Running::start_watched("wstest", &mut command, &log)?;
        Ok(Wstest { running, lines, log })
    }
}

/// The suite, running.
#[derive(Debug)]
pub(crate) struct Wstest {
    pub(crate) running: Running,
    /// What it prints.
    pub(crate) lines: Receiver<String>,
    /// Where that is kept, its complaints too.
    pub(crate) log: PathBuf,
}

/// The case that a line of wstest's output says to begin.
pub(crate) fn begun_case(line: &str) -> Option<CaseId> {
    line.strip_prefix("Running test case ID ")?.split(' ').next()?.parse().ok()
}

/// Where the suite puts its report, within a role's folder.
pub(crate) const REPORT_FOLDER: &str = "report";

const INSTALL_LIMIT: Duration = Duration::from_secs(1200);
const CASE_IDS_LIMIT: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wstest_says_which_case_it_begins() {
        let line = "Running test case ID 6.4.1 for agent my server from peer tcp4:127.0.0.1:9002";
        assert_eq!(begun_case(line), "6.4.1".parse().ok());
        assert_eq!(begun_case("Ok, will run 16 test cases against 1 servers"), None);
        assert_eq!(begun_case("Running test case ID "), None);
    }
}
