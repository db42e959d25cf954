//! The results as text: a row for each peer and way to it, a column for each feature.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::feature::Feature;

/// What came of the conversations with one peer, in one role, by one way.
#[derive(Debug)]
pub(crate) struct Row {
    /// The pair that talks.
    pub(crate) name: String,
    /// What is not in the peer's API.
    pub(crate) lacks: &'static [Feature],
    /// What was tried, and what went wrong. What is missing here went wrong too.
    pub(crate) outcomes: BTreeMap<Feature, Outcome>,
    /// What else there is to say where something went wrong.
    pub(crate) trouble: Option<String>,
}

/// Nothing, or what went wrong.
pub(crate) type Outcome = Result<(), String>;

impl Row {
    /// The features that count, each with what went wrong.
    pub(crate) fn judged(&self) -> impl Iterator<Item = (Feature, Outcome)> {
        let tried = Feature::ALL.into_iter().filter(|feature| !self.lacks.contains(feature));
        tried.map(|feature| {
            let outcome = self.outcomes.get(&feature).cloned();
            (feature, outcome.unwrap_or_else(|| Err("nothing was reported".to_owned())))
        })
    }

    /// How many features passed, and how many did not.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let passed = self.judged().filter(|(_, outcome)| outcome.is_ok()).count();
        (passed, self.judged().count().saturating_sub(passed))
    }
}

/// Writes the head of the table.
pub(crate) fn write_head(out: &mut impl Write) -> io::Result<()> {
    write_line(out, "", &Feature::ALL.map(Feature::name))
}

/// Writes a row, and below it what went wrong.
pub(crate) fn write_row(out: &mut impl Write, row: &Row) -> io::Result<()> {
    let judged: BTreeMap<Feature, Outcome> = row.judged().collect();
    let cells = Feature::ALL.map(|feature| match judged.get(&feature) {
        Some(Ok(())) => "ok",
        Some(Err(_)) => "FAILED",
        None => "-",
    });
    write_line(out, &row.name, &cells)?;
    for (feature, outcome) in &judged {
        if let Err(why) = outcome {
            writeln!(out, "  FAILED {feature}: {why}")?;
        }
    }
    if let Some(trouble) = &row.trouble {
        writeln!(out, "  {trouble}")?;
    }
    out.flush()
}

fn write_line(out: &mut impl Write, name: &str, cells: &[&str]) -> io::Result<()> {
    write!(out, "{name:<NAME_LEN$}")?;
    for (cell, feature) in cells.iter().zip(Feature::ALL) {
        write!(out, " {cell:>width$}", width = feature.name().len().max(CELL_LEN))?;
    }
    writeln!(out)
}

const NAME_LEN: usize = 46;
const CELL_LEN: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_reported_has_failed_and_what_the_peer_lacks_does_not_count() {
        let row = Row {
            name: "us <- them".to_owned(),
            lacks: &[Feature::PingToServer],
            outcomes: BTreeMap::from([
                (Feature::Text, Ok(())),
                (Feature::Utf8, Err("é is not e".to_owned())),
            ]),
            trouble: Some("it crashed".to_owned()),
        };
        assert_eq!(row.counts(), (1, Feature::ALL.len() - 2));

        let mut out = Vec::new();
        write_head(&mut out).unwrap();
        write_row(&mut out, &row).unwrap();
        let text = String::from_utf8(out).unwrap();
        let words: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(words[1][..6], ["us", "<-", "them", "ok", "FAILED", "FAILED"], "{text}");
        assert_eq!(words[1].iter().filter(|word| **word == "-").count(), 1, "{text}");
        assert!(text.contains("FAILED utf8: é is not e"), "{text}");
        assert!(text.contains("FAILED 8mib: nothing was reported"), "{text}");
        assert!(text.contains("it crashed"), "{text}");
    }
}
