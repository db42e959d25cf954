//! How far the runs are: a line that is rewritten on a terminal, a line now and then elsewhere.

use std::io::{self, IsTerminal as _, Write};
use std::time::Duration;
use std::time::Instant;

use crate::cases::CaseId;

/// A run begins a case.
#[derive(Debug)]
pub(crate) struct News {
    /// The name of the run.
    pub(crate) name: String,
    pub(crate) case: CaseId,
}

/// Shows how far each run is.
#[derive(Debug)]
pub(crate) struct Progress {
    rows: Vec<Row>,
    case_count: usize,
    is_live: bool,
    shown: Instant,
}

#[derive(Debug)]
struct Row {
    name: String,
    begun_count: usize,
    case: Option<CaseId>,
}

impl Progress {
    pub(crate) fn new(names: Vec<String>, case_count: usize) -> Self {
        let rows = names.into_iter().map(|name| Row { name, begun_count: 0, case: None }).collect();
        Self { rows, case_count, is_live: io::stdout().is_terminal(), shown: Instant::now() }
    }

    /// Takes note of a case and shows it, or not yet, where no terminal is watched.
    pub(crate) fn update(&mut self, news: &News, out: &mut impl Write) -> io::Result<()> {
        for row in self.rows.iter_mut().filter(|row| row.name == news.name) {
            row.begun_count = row.begun_count.saturating_add(1);
            row.case = Some(news.case.clone());
        }
        if self.is_live {
            write!(out, "\r{}{ERASE_LINE_END}", self.line())?;
            out.flush()
        } else if self.shown.elapsed() >= PLAIN_INTERVAL {
            self.shown = Instant::now();
            writeln!(out, "{}", self.line())
        } else {
            Ok(())
        }
    }

    /// Leaves the terminal's line empty for what comes next.
    pub(crate) fn finish(&self, out: &mut impl Write) -> io::Result<()> {
        if self.is_live {
            write!(out, "\r{ERASE_LINE_END}")?;
        }
        out.flush()
    }

    fn line(&self) -> String {
        let parts = self.rows.iter().map(|row| {
            let case = row.case.as_ref().map(|case| format!(" ({case})")).unwrap_or_default();
            format!("{} {}/{}{case:<10}", row.name, row.begun_count, self.case_count)
        });
        parts.collect::<Vec<_>>().join("   ")
    }
}

const ERASE_LINE_END: &str = "\x1b[K";
const PLAIN_INTERVAL: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_how_far_each_run_is() {
        let mut progress = Progress::new(["server", "client"].map(str::to_owned).into(), 301);
        progress.is_live = true;
        let mut out = Vec::new();
        progress
            .update(&News { name: "client".to_owned(), case: "6.4.1".parse().unwrap() }, &mut out)
            .unwrap();
        let line = String::from_utf8(out).unwrap();
        assert!(line.contains("server 0/301") && line.contains("client 1/301 (6.4.1)"), "{line:?}");
        assert!(line.starts_with('\r'), "the line before is overwritten");
    }

    #[test]
    fn without_a_terminal_lines_come_now_and_then() {
        let mut progress = Progress::new(vec!["server".to_owned()], 2);
        progress.is_live = false;
        let mut out = Vec::new();
        progress
            .update(&News { name: "server".to_owned(), case: "1.1.1".parse().unwrap() }, &mut out)
            .unwrap();
        assert!(out.is_empty());
        progress.shown = Instant::now().checked_sub(PLAIN_INTERVAL).unwrap();
        progress
            .update(&News { name: "server".to_owned(), case: "1.1.2".parse().unwrap() }, &mut out)
            .unwrap();
        assert_eq!(String::from_utf8(out).unwrap().trim_end(), "server 2/2 (1.1.2)");
    }
}
