//! Which cases of the suite there are and which of them a run selects.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// The number of a case, such as 6.4.1. Ordered as the suite runs them: 9.8.6 before 10.1.1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CaseId(Vec<u32>);

impl CaseId {
    /// The first part of the number: what the case is about.
    pub(crate) fn class(&self) -> u32 {
        self.0.first().copied().unwrap_or_default()
    }
}

impl FromStr for CaseId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Result<Vec<u32>, _> = text.split('.').map(str::parse).collect();
        parts.map(Self).map_err(|_| format!("{text:?} is no number of a case"))
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.iter().enumerate() {
            let dot = if index == 0 { "" } else { "." };
            write!(f, "{dot}{part}")?;
        }
        Ok(())
    }
}

/// What `--cases` names: a preset, a case, or a pattern that whole numbers of cases are compared with, `*` standing
/// for any characters. (The suite itself compares only their beginning, so that its `1*` is also 10, 12 and 13.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern(String);

impl Pattern {
    /// The classes that RFC 6455 alone decides, which is the default.
    pub(crate) fn classes_1_to_10() -> Vec<Self> {
        // The suite has no class 8.
        (1..=7).chain(9..=10).map(|class| Self(format!("{class}.*"))).collect()
    }

    /// Those and, of each group of the permessage-deflate classes 12 and 13, the seven runs that do not take long.
    fn quick() -> Vec<Self> {
        let runs = [1, 2, 3, 4, 5, 6, 11];
        let deflate = [12, 13].into_iter().flat_map(|class| runs.map(|run| Self(format!("{class}.*.{run}"))));
        Self::classes_1_to_10().into_iter().chain(deflate).collect()
    }

    /// The patterns that a word of the command line stands for.
    pub(crate) fn parse(word: &str) -> Result<Vec<Self>, String> {
        match word {
            "all" => Ok(vec![Self("*".to_owned())]),
            "ci" => Ok(Self::quick()),
            _ if !word.is_empty() && word.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '*') => {
                Ok(vec![Self(word.to_owned())])
            }
            _ => Err(format!(
                "{word:?} is neither \"ci\" nor \"all\" nor a pattern such as \"6.*\" or \"1.1.1\""
            )),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The known cases that the patterns select, each once, in the order of the suite. A pattern that selects none is
/// an error: a slip of the pen would pass as a green run.
pub(crate) fn select(known: &BTreeSet<CaseId>, patterns: &[Pattern]) -> Result<BTreeSet<CaseId>, String> {
    let mut selected = BTreeSet::new();
    for pattern in patterns {
        let mut matching = known.iter().filter(|id| matches(&pattern.0, &id.to_string())).peekable();
        if matching.peek().is_none() {
            return Err(format!("the suite has no case {pattern}"));
        }
        selected.extend(matching.cloned());
    }
    Ok(selected)
}

fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => text.strip_prefix(head).is_some_and(|tail| {
            (0..=tail.len()).filter_map(|at| tail.get(at..)).any(|end| matches(rest, end))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The suite's cases of 25.10.1, by the counts that its documentation gives, as far as they matter here.
    fn known() -> BTreeSet<CaseId> {
        let some = ["1.1.1", "1.2.8", "2.1", "6.4.1", "9.1.1", "9.8.6", "10.1.1"];
        let deflate = (1..=5).map(|group| (12, group)).chain((1..=7).map(|group| (13, group)));
        let runs =
            deflate.flat_map(|(class, group)| (1..=18).map(move |run| format!("{class}.{group}.{run}")));
        some.into_iter().map(str::to_owned).chain(runs).map(|text| text.parse().unwrap()).collect()
    }

    fn selected(words: &[&str]) -> Vec<String> {
        let patterns: Vec<_> = words.iter().flat_map(|word| Pattern::parse(word).unwrap()).collect();
        select(&known(), &patterns).unwrap().iter().map(CaseId::to_string).collect()
    }

    #[test]
    fn cases_are_ordered_by_number_and_not_as_text() {
        let mut ids: Vec<CaseId> =
            ["10.1.1", "9.10.1", "9.2.1", "2.1"].map(|text| text.parse().unwrap()).into();
        ids.sort();
        assert_eq!(
            ids.iter().map(CaseId::to_string).collect::<Vec<_>>(),
            ["2.1", "9.2.1", "9.10.1", "10.1.1"]
        );
        assert_eq!(ids.last().map(CaseId::class), Some(10));
    }

    #[test]
    fn what_is_no_number_of_a_case_is_refused() {
        for text in ["", "1.", ".1", "1.x", "1.*", "-1.2"] {
            assert!(text.parse::<CaseId>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_pattern_is_compared_with_the_whole_number() {
        assert_eq!(selected(&["1.*"]), ["1.1.1", "1.2.8"]);
        assert_eq!(selected(&["12.*.1"]), ["12.1.1", "12.2.1", "12.3.1", "12.4.1", "12.5.1"]);
        assert_eq!(selected(&["9.1.1"]), ["9.1.1"]);
        assert_eq!(
            selected(&["*.8*"]),
            ["1.2.8", "9.8.6", "12.1.8", "12.2.8", "12.3.8", "12.4.8", "12.5.8"]
                .into_iter()
                .chain(["13.1.8", "13.2.8", "13.3.8", "13.4.8", "13.5.8", "13.6.8", "13.7.8"])
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn patterns_add_up_without_repeating() {
        assert_eq!(selected(&["9.8.6", "9.*", "2.*"]), ["2.1", "9.1.1", "9.8.6"]);
    }

    #[test]
    fn the_presets_select_what_they_promise() {
        let patterns: Vec<String> = Pattern::classes_1_to_10().iter().map(Pattern::to_string).collect();
        assert_eq!(patterns, ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*"]);
        assert_eq!(selected(&["all"]).len(), known().len());
        let quick = Pattern::parse("ci").unwrap();
        let deflate =
            quick.iter().filter(|pattern| pattern.0.starts_with("12") || pattern.0.starts_with("13"));
        let chosen = select(&known(), &deflate.cloned().collect::<Vec<_>>()).unwrap();
        assert_eq!(chosen.len(), 12 * 7, "seven runs of each of the twelve groups");
        assert!(chosen.contains(&"13.7.11".parse().unwrap()) && !chosen.contains(&"13.7.7".parse().unwrap()));
    }

    #[test]
    fn a_pattern_that_selects_nothing_is_an_error() {
        let error = select(&known(), &Pattern::parse("8.*").unwrap()).unwrap_err();
        assert_eq!(error, "the suite has no case 8.*");
        for word in ["", "fast", "1.1.1,2.1", "[1-9].*"] {
            assert!(Pattern::parse(word).is_err(), "{word:?}");
        }
    }
}
