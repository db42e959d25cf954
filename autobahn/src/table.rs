//! A run's result as text: a row for each class of cases, and every case that did not pass.

use std::collections::BTreeSet;
use std::io::{self, Write};

use crate::cases::CaseId;
use crate::report::{Judgement, Verdict};

/// Writes the table and what follows it.
pub(crate) fn write(out: &mut impl Write, name: &str, judgement: &Judgement) -> io::Result<()> {
    writeln!(out, "\n{name}")?;
    writeln!(out, "  {}", line(&HEADS.map(str::to_owned)))?;
    let cases = judgement.verdicts.keys().chain(&judgement.missing);
    for class in cases.map(CaseId::class).collect::<BTreeSet<_>>() {
        writeln!(out, "  {}", line(&row(&format!("{class}.*"), judgement, |case| case.class() == class)))?;
    }
    writeln!(out, "  {}", line(&row("all", judgement, |_| true)))?;
    for (case, why) in &judgement.failures {
        writeln!(out, "  FAILED {case}: {why}")?;
    }
    if !judgement.missing.is_empty() {
        writeln!(out, "  MISSING {}", missing(judgement))?;
    }
    for trouble in &judgement.troubles {
        writeln!(out, "  TROUBLE {trouble}")?;
    }
    Ok(())
}

/// The missing cases, one word for those of a class that is missing entirely.
fn missing(judgement: &Judgement) -> String {
    let present: BTreeSet<u32> = judgement.verdicts.keys().map(CaseId::class).collect();
    let mut words: Vec<String> = Vec::new();
    for case in &judgement.missing {
        let is_partial = present.contains(&case.class());
        let word = if is_partial { case.to_string() } else { format!("{}.*", case.class()) };
        if words.last() != Some(&word) {
            words.push(word);
        }
    }
    words.join(" ")
}

const HEADS: [&str; 9] =
    ["class", "cases", "OK", "INFORMATIONAL", "NON-STRICT", "other", "bad close", "missing", "seconds"];

fn row(name: &str, judgement: &Judgement, is_chosen: impl Fn(&CaseId) -> bool) -> [String; 9] {
    let chosen: Vec<(&CaseId, &Verdict)> =
        judgement.verdicts.iter().filter(|(case, _)| is_chosen(case)).collect();
    let behaviors = |name: &str| chosen.iter().filter(|(_, verdict)| verdict.behavior == name).count();
    let named = ["OK", "INFORMATIONAL", "NON-STRICT"].map(behaviors);
    let other = chosen.len().saturating_sub(named.iter().sum());
    let bad_close = chosen.iter().filter(|(case, verdict)| !verdict.close_passes(case)).count();
    let missing = judgement.missing.iter().filter(|case| is_chosen(case)).count();
    let [ok, informational, non_strict] = named.map(|count| count.to_string());
    let duration_ms = chosen.iter().map(|(_, verdict)| verdict.duration_ms).fold(0, u64::saturating_add);
    let seconds = format!("{}.{}", duration_ms / 1000, duration_ms % 1000 / 100);
    let counts = [chosen.len(), other, bad_close, missing].map(|count| count.to_string());
    let [cases, other, bad_close, missing] = counts;
    [name.to_owned(), cases, ok, informational, non_strict, other, bad_close, missing, seconds]
}

fn line(cells: &[String; 9]) -> String {
    let pad = |(cell, head): (&String, &str)| format!("{cell:>width$}", width = head.len().max(6));
    cells.iter().zip(HEADS).map(pad).collect::<Vec<_>>().join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report;

    #[test]
    fn every_failure_is_named_and_whole_missing_classes_are_one_word() {
        let folder = std::env::temp_dir().join(format!("ws-autobahn-table-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let index = r#"{"ws-std": {
            "1.1.1": {"behavior": "OK", "behaviorClose": "OK", "duration": 2},
            "6.4.1": {"behavior": "NON-STRICT", "behaviorClose": "UNCLEAN", "duration": 1500}
        }}"#;
        std::fs::write(folder.join("index.json"), index).unwrap();
        let verdicts = report::read(&folder, "ws-std");
        std::fs::remove_dir_all(&folder).unwrap();
        let cases = ["1.1.1", "6.4.1", "6.4.2", "9.1.1", "9.1.2", "10.1.1"].map(|case| case.parse().unwrap());
        let troubles = vec!["the server ended in case 6.4.1".to_owned()];
        let judgement = Judgement::new(verdicts.unwrap(), &BTreeSet::from(cases), troubles, &folder);

        let mut out = Vec::new();
        write(&mut out, "server: ws-std", &judgement).unwrap();
        let text = String::from_utf8(out).unwrap();
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert!(rows.contains(&vec!["6.*", "1", "0", "0", "1", "0", "1", "1", "1.5"]), "{text}");
        assert!(rows.contains(&vec!["all", "2", "1", "0", "1", "0", "1", "4", "1.5"]), "{text}");
        assert!(text.contains("FAILED 6.4.1: NON-STRICT, close UNCLEAN"), "{text}");
        assert!(text.contains("MISSING 6.4.2 9.* 10.*"), "{text}");
        assert!(text.contains("TROUBLE the server ended"), "{text}");
    }
}
