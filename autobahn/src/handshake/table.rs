//! A row for each case as it is played, and the sums.

use std::io::{self, Write};

use super::case::Case;
use super::judge::{Outcome, Verdict};

/// What came of a case.
#[derive(Debug)]
pub(super) struct Row {
    name: String,
    section: String,
    field: Vec<String>,
    outcome: String,
    kind: Kind,
    why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Right,
    Choice,
    Unanswered,
    Wrong,
    NotApplicable,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Right, Self::Choice, Self::Unanswered, Self::Wrong, Self::NotApplicable];

    const fn word(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Choice => "choice",
            Self::Unanswered => "UNANSWERED",
            Self::Wrong => "WRONG",
            Self::NotApplicable => "n/a",
        }
    }
}

impl Row {
    /// A case that was played.
    pub(super) fn new(case: &Case, outcome: &Outcome, verdict: Verdict) -> Self {
        let (kind, why) = match verdict {
            Verdict::Right => (Kind::Right, String::new()),
            Verdict::Choice(why) => (Kind::Choice, why),
            Verdict::Unanswered => (Kind::Unanswered, "an HTTP response should tell why".to_owned()),
            Verdict::Wrong(why) => (Kind::Wrong, why),
        };
        Self::of(case, outcome.to_string(), kind, why)
    }

    /// A case that says nothing about what is tried.
    pub(super) fn not_applicable(case: &Case, why: &str) -> Self {
        Self::of(case, "-".to_owned(), Kind::NotApplicable, why.to_owned())
    }

    fn of(case: &Case, outcome: String, kind: Kind, why: String) -> Self {
        let (name, section, field) = (case.name.clone(), case.section.clone(), case.field.clone());
        Self { name, section, field, outcome, kind, why }
    }
}

/// What came of all cases.
#[derive(Debug)]
pub(super) struct Table {
    title: String,
    rows: Vec<Row>,
}

impl Table {
    /// A table without rows.
    pub(super) fn new(title: &str) -> Self {
        Self { title: title.to_owned(), rows: Vec::new() }
    }

    /// Writes what stands above the rows.
    pub(super) fn write_head(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "\n{}", self.title)?;
        writeln!(out, "  {:10}  {:9}  {:18}  case", "verdict", "outcome", "section")
    }

    /// Writes a row, and keeps it.
    pub(super) fn add(&mut self, row: Row, out: &mut impl Write) -> io::Result<()> {
        let Row { name, section, outcome, why, kind, field } = &row;
        write!(out, "  {:10}  {outcome:9}  {section:18}  {name}", kind.word())?;
        if !why.is_empty() {
            write!(out, ": {why}")?;
        }
        writeln!(out)?;
        if matches!(kind, Kind::Wrong | Kind::Unanswered) {
            for known in field {
                writeln!(out, "  {:10}  {:9}  {:18}  known from {known}", "", "", "")?;
            }
        }
        self.rows.push(row);
        Ok(())
    }

    /// Writes how many there are of each kind, and those that failed once more.
    pub(super) fn write_sums(&self, out: &mut impl Write) -> io::Result<()> {
        let sums = Kind::ALL.map(|kind| format!("{} {}", self.count(kind), kind.word()));
        writeln!(out, "\n{}\n  {} cases: {}", self.title, self.rows.len(), sums.join(", "))?;
        for row in self.rows.iter().filter(|row| matches!(row.kind, Kind::Wrong | Kind::Unanswered)) {
            writeln!(out, "  {} {}: {} ({})", row.kind.word(), row.name, row.why, row.section)?;
        }
        Ok(())
    }

    pub(super) fn passed_count(&self) -> usize {
        self.count(Kind::Right).saturating_add(self.count(Kind::Choice))
    }

    pub(super) fn failed_count(&self) -> usize {
        self.count(Kind::Unanswered).saturating_add(self.count(Kind::Wrong))
    }

    fn count(&self, kind: Kind) -> usize {
        self.rows.iter().filter(|row| row.kind == kind).count()
    }
}
