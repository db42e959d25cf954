//! What the firmware may take, and whether it does with it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};

use super::build;
use crate::process::Result;

/// Numbers of bytes by what they are of: `flash server`, `stack next_event`.
pub(super) type Figures = BTreeMap<String, u64>;

/// Reads the budget of the firmware.
pub(super) fn read() -> Result<Figures> {
    let file = build::workspace().join("budget.txt");
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    parse(&text).map_err(|error| format!("{}: {error}", file.display()))
}

/// A line for each, but for comments and empty ones: what it is of, a colon, and the number.
pub(super) fn parse(text: &str) -> Result<Figures> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, number) = line.split_once(':').ok_or_else(|| format!("no colon in {line:?}"))?;
            let number = number.trim().parse().map_err(|_| format!("no number in {line:?}"))?;
            Ok((name.trim().to_owned(), number))
        })
        .collect()
}

/// Prints both side by side, and says whether everything is within the budget, and everything in the budget was measured.
pub(super) fn compare(measured: &Figures, budget: &Figures, out: &mut impl Write) -> io::Result<bool> {
    let mut is_kept = true;
    writeln!(out, "\n  {:<32} {:>8} {:>8}", "bytes of", "measured", "budget")?;
    for (name, number) in measured {
        let (allowed, verdict) = match budget.get(name) {
            Some(allowed) if number <= allowed => (allowed.to_string(), ""),
            Some(allowed) => (allowed.to_string(), "  OVER"),
            None => ("none".to_owned(), "  WITHOUT BUDGET"),
        };
        is_kept &= verdict.is_empty();
        writeln!(out, "  {name:<32} {number:>8} {allowed:>8}{verdict}")?;
    }
    for name in budget.keys().filter(|name| !measured.contains_key(*name)) {
        is_kept = false;
        writeln!(out, "  {name:<32} {:>8}  NOT MEASURED", "-")?;
    }
    Ok(is_kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_kept(measured: &str, budget: &str) -> bool {
        compare(&parse(measured).unwrap(), &parse(budget).unwrap(), &mut Vec::new()).unwrap()
    }

    #[test]
    fn a_budget_is_kept_to_the_byte_and_names_what_is_measured() {
        assert!(is_kept("ram a: 5\nstack b c: 6", "# why\nram a: 5\n\nstack b c: 7"));
        assert!(!is_kept("ram a: 6", "ram a: 5"), "over");
        assert!(!is_kept("ram a: 5\nram b: 5", "ram a: 5"), "without budget");
        assert!(!is_kept("ram a: 5", "ram a: 5\nram b: 5"), "not measured");
    }

    #[test]
    fn what_is_no_figure_is_refused() {
        assert!(parse("flash server 5").is_err());
        assert!(parse("flash server: many").is_err());
    }
}
