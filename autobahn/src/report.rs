//! The suite's report of a role: reading it and judging it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::cases::CaseId;
use crate::process::Result;

/// What the suite says about a case, in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// How the messages went.
    pub(crate) behavior: String,
    /// How the connection ended.
    pub(crate) close: String,
    pub(crate) duration_ms: u64,
    /// The file with the details, within the report's folder.
    details: String,
}

/// A verdict that passes: `OK`, and in the cases where the suite never says so, `INFORMATIONAL`.
fn passes(case: &CaseId, verdict: &str) -> bool {
    verdict == "OK"
        || (verdict == "INFORMATIONAL" && INFORMATIONAL_CASES.contains(&case.to_string().as_str()))
}

impl Verdict {
    pub(crate) fn behavior_passes(&self, case: &CaseId) -> bool {
        passes(case, &self.behavior)
    }

    pub(crate) fn close_passes(&self, case: &CaseId) -> bool {
        passes(case, &self.close)
    }

    fn passes(&self, case: &CaseId) -> bool {
        self.behavior_passes(case) && self.close_passes(case)
    }

    fn from_json(entry: &Value) -> Option<Self> {
        let text = |field| entry.get(field).and_then(Value::as_str).map(str::to_owned);
        let duration_ms = entry.get("duration").and_then(Value::as_u64).unwrap_or_default();
        Some(Self {
            behavior: text("behavior")?,
            close: text("behaviorClose")?,
            duration_ms: if is_duration(duration_ms) { duration_ms } else { 0 },
            details: text("reportfile").unwrap_or_default(),
        })
    }
}

/// Where no connection was opened, the suite subtracts nothing from the time of the day, in milliseconds since 1970.
fn is_duration(duration_ms: u64) -> bool {
    duration_ms < 86_400_000
}

/// Each case that the suite has a verdict on.
pub(crate) type Verdicts = BTreeMap<CaseId, Verdict>;

/// Reads the verdicts on an agent from a report's folder.
pub(crate) fn read(folder: &Path, agent: &str) -> Result<Verdicts> {
    let index = folder.join("index.json");
    let text =
        fs::read_to_string(&index).map_err(|error| format!("no report: {}: {error}", index.display()))?;
    parse(&text, agent).map_err(|error| format!("{}: {error}", index.display()))
}

fn parse(index: &str, agent: &str) -> Result<Verdicts> {
    let index: Value = serde_json::from_str(index).map_err(|error| error.to_string())?;
    let cases = index
        .get(agent)
        .and_then(Value::as_object)
        .ok_or_else(|| format!("nothing about {agent:?}: no case was run"))?;
    let verdict = |(case, entry): (&String, &Value)| {
        let verdict = Verdict::from_json(entry).ok_or_else(|| format!("case {case} lacks its verdicts"))?;
        Ok((case.parse()?, verdict))
    };
    cases.iter().map(verdict).collect()
}

/// What comes of a role's run.
#[derive(Debug)]
pub(crate) struct Judgement {
    pub(crate) verdicts: Verdicts,
    /// The cases that did not pass, why in the suite's words.
    pub(crate) failures: Vec<(CaseId, String)>,
    /// The cases that should have run and are not in the report.
    pub(crate) missing: Vec<CaseId>,
    /// What went wrong besides: a crash, say.
    pub(crate) troubles: Vec<String>,
}

impl Judgement {
    pub(crate) fn new(
        verdicts: Verdicts,
        cases: &BTreeSet<CaseId>,
        troubles: Vec<String>,
        folder: &Path,
    ) -> Self {
        let failed = verdicts.iter().filter(|(case, verdict)| !verdict.passes(case));
        let failures = failed.map(|(case, verdict)| (case.clone(), explain(case, verdict, folder))).collect();
        let missing = cases.iter().filter(|case| !verdicts.contains_key(case)).cloned().collect();
        Self { verdicts, failures, missing, troubles }
    }

    pub(crate) fn passed_count(&self) -> usize {
        self.verdicts.len().saturating_sub(self.failures.len())
    }

    /// A missing case has failed. So has a run where something went wrong and every case passes all the same.
    pub(crate) fn failed_count(&self) -> usize {
        let failed = self.failures.len().saturating_add(self.missing.len());
        if self.troubles.is_empty() { failed } else { failed.max(1) }
    }
}

/// Both verdicts, and what the suite's file on the case says about those that do not pass.
fn explain(case: &CaseId, verdict: &Verdict, folder: &Path) -> String {
    let details = fs::read_to_string(folder.join(&verdict.details)).unwrap_or_default();
    let details: Value = serde_json::from_str(&details).unwrap_or_default();
    let mut explanation = format!("{}, close {}", verdict.behavior, verdict.close);
    for (passes, field) in
        [(verdict.behavior_passes(case), "result"), (verdict.close_passes(case), "resultClose")]
    {
        if let (false, Some(words)) = (passes, details.get(field).and_then(Value::as_str)) {
            explanation = format!("{explanation}: {words}");
        }
    }
    explanation
}

/// What these show depends on the implementation, and no behaviour is better than another.
const INFORMATIONAL_CASES: [&str; 3] = ["7.1.6", "7.13.1", "7.13.2"];

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = r#"{
        "ws-std": {
            "1.1.1": {"behavior": "OK", "behaviorClose": "OK", "duration": 2, "remoteCloseCode": 1000, "reportfile": "a.json"},
            "6.4.1": {"behavior": "NON-STRICT", "behaviorClose": "OK", "duration": 5, "remoteCloseCode": null, "reportfile": "b.json"},
            "7.1.6": {"behavior": "INFORMATIONAL", "behaviorClose": "INFORMATIONAL", "duration": 1, "reportfile": "c.json"},
            "7.3.1": {"behavior": "OK", "behaviorClose": "WRONG CODE", "duration": 1, "reportfile": "d.json"},
            "7.3.2": {"behavior": "INFORMATIONAL", "behaviorClose": "OK", "duration": 1, "reportfile": "e.json"},
            "12.1.1": {"behavior": "UNIMPLEMENTED", "behaviorClose": "UNIMPLEMENTED", "duration": 0, "reportfile": "f.json"},
            "13.1.1": {"behavior": "SPLENDID", "behaviorClose": "OK", "duration": 0}
        },
        "another": {}
    }"#;

    fn ids(cases: &[&str]) -> BTreeSet<CaseId> {
        cases.iter().map(|case| case.parse().unwrap()).collect()
    }

    fn judge(index: &str, cases: &[&str], troubles: &[&str]) -> Judgement {
        let troubles = troubles.iter().map(|&trouble| trouble.to_owned()).collect();
        Judgement::new(parse(index, "ws-std").unwrap(), &ids(cases), troubles, Path::new("/nowhere"))
    }

    fn failed(judgement: &Judgement) -> Vec<String> {
        judgement.failures.iter().map(|(case, why)| format!("{case} {why}")).collect()
    }

    #[test]
    fn whatever_is_not_ok_fails_and_informational_passes_only_where_the_suite_knows_no_other() {
        let judgement = judge(INDEX, &["1.1.1"], &[]);
        let expected = [
            "6.4.1 NON-STRICT, close OK",
            "7.3.1 OK, close WRONG CODE",
            "7.3.2 INFORMATIONAL, close OK",
            "12.1.1 UNIMPLEMENTED, close UNIMPLEMENTED",
            "13.1.1 SPLENDID, close OK",
        ];
        assert_eq!(failed(&judgement), expected);
        assert_eq!((judgement.passed_count(), judgement.failed_count()), (2, 5));
    }

    #[test]
    fn a_missing_case_fails() {
        let judgement = judge(INDEX, &["1.1.1", "9.1.1", "10.1.1"], &[]);
        assert_eq!(judgement.missing, ids(&["9.1.1", "10.1.1"]).into_iter().collect::<Vec<_>>());
        assert_eq!((judgement.passed_count(), judgement.failed_count()), (2, 7));
    }

    #[test]
    fn a_crash_fails_though_every_case_passed() {
        let index = r#"{"ws-std": {"1.1.1": {"behavior": "OK", "behaviorClose": "OK"}}}"#;
        assert_eq!(judge(index, &["1.1.1"], &[]).failed_count(), 0);
        let judgement = judge(index, &["1.1.1"], &["the client ended in case 1.1.1: signal: 6 (SIGABRT)"]);
        assert_eq!((judgement.passed_count(), judgement.failed_count()), (1, 1));
    }

    #[test]
    fn the_suite_s_own_words_are_given() {
        let folder = std::env::temp_dir().join(format!("ws-autobahn-report-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("b.json"), r#"{"result": "too late", "resultClose": "properly closed"}"#)
            .unwrap();
        fs::write(folder.join("d.json"), r#"{"result": "as expected", "resultClose": "not 1000"}"#).unwrap();
        let verdicts = parse(INDEX, "ws-std").unwrap();
        let judgement = Judgement::new(verdicts, &BTreeSet::new(), Vec::new(), &folder);
        fs::remove_dir_all(&folder).unwrap();
        let failed = failed(&judgement);
        assert!(failed.contains(&"6.4.1 NON-STRICT, close OK: too late".to_owned()), "{failed:?}");
        assert!(failed.contains(&"7.3.1 OK, close WRONG CODE: not 1000".to_owned()), "{failed:?}");
    }

    #[test]
    fn what_is_no_report_is_an_error() {
        for index in
            ["", "[]", "{}", r#"{"ws-std": 1}"#, r#"{"ws-std": {"1.1.1": {}}}"#, r#"{"ws-std": {"x": null}}"#]
        {
            assert!(parse(index, "ws-std").is_err(), "{index:?}");
        }
        assert!(read(Path::new("/nowhere"), "ws-std").unwrap_err().contains("/nowhere/index.json"));
    }
}
