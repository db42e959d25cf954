use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;

/// How many instructions each path may take for a message, as a table in a text file.
#[derive(Debug, Default, PartialEq)]
pub struct Budgets {
    /// The compiler that they were counted with.
    pub compiler: String,
    budgets: BTreeMap<String, f64>,
}

/// How a count stands to its budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    Within,
    /// The budget should be lowered, so that what was gained is not lost unseen.
    Below,
    Above,
    /// There is no budget for it.
    Missing,
}

/// What a count may differ from its budget: 3 %.
const TOLERANCE: f64 = 0.03;

impl Budgets {
    /// Reads the table: `path count` on a line, comments behind `#`, and the compiler.
    ///
    /// # Errors
    ///
    /// A line that is none of these.
    pub fn parse(text: &str) -> Result<Self, Box<dyn Error>> {
        let mut read = Self::default();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (name, value) = line.split_once(' ').ok_or_else(|| format!("not a budget: {line}"))?;
            if name == COMPILER {
                read.compiler = value.trim().to_owned();
            } else {
                read.set(name, value.trim().parse()?);
            }
        }
        Ok(read)
    }

    pub fn set(&mut self, path: &str, count: f64) {
        self.budgets.insert(path.to_owned(), count);
    }

    #[must_use]
    pub fn get(&self, path: &str) -> Option<f64> {
        self.budgets.get(path).copied()
    }

    #[must_use]
    pub fn judge(&self, path: &str, count: f64) -> Verdict {
        match self.get(path) {
            None => Verdict::Missing,
            Some(budget) if count > budget * (1.0 + TOLERANCE) => Verdict::Above,
            Some(budget) if count < budget * (1.0 - TOLERANCE) => Verdict::Below,
            Some(_) => Verdict::Within,
        }
    }

    /// The table as it is in the file.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::from(HEAD);
        let _infallible = writeln!(text, "{COMPILER} {}\n", self.compiler);
        for (path, count) in &self.budgets {
            let _infallible = writeln!(text, "{path:<24} {count:>8.1}");
        }
        text
    }
}

const COMPILER: &str = "compiler";

const HEAD: &str = "\
# Instructions per message, counted by callgrind: how many each path may take, with 3 % to spare.
# Written by `cargo run --release --manifest-path benches/Cargo.toml --bin instructions -- --update`.
";

#[cfg(test)]
mod tests {
    use super::{Budgets, Verdict};

    #[test]
    fn three_per_cent_either_way_are_within_a_budget() {
        let mut budgets = Budgets::default();
        budgets.set("a", 200.0);
        let judged = [193.9, 194.1, 205.9, 206.1].map(|count| budgets.judge("a", count));
        assert_eq!(judged, [Verdict::Below, Verdict::Within, Verdict::Within, Verdict::Above]);
        assert_eq!(budgets.judge("b", 1.0), Verdict::Missing);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut budgets = Budgets { compiler: "rustc 1.2.3 (abc)".to_owned(), ..Budgets::default() };
        budgets.set("decode/binary/16", 120.5);
        budgets.set("echo/125", 1000.0);
        assert_eq!(Budgets::parse(&budgets.to_text()).expect("just written"), budgets);
        assert!(Budgets::parse("echo/125").is_err(), "there is no count");
    }
}
