use std::fmt::Display;
use std::io::{self, Write};

/// How many conversations passed, and how many did not.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, (passed, failed): (usize, usize)) {
        self.passed = self.passed.saturating_add(passed);
        self.failed = self.failed.saturating_add(failed);
    }

    /// Counts a conversation, and prints its name, and what was seen or why it failed.
    pub(crate) fn note(
        &mut self,
        name: &str,
        result: Result<String, impl Display>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        self.add(if result.is_ok() { (1, 0) } else { (0, 1) });
        match result {
            Ok(seen) => writeln!(out, "{name}: ok{seen}"),
            Err(why) => writeln!(out, "{name}: FAILED: {why}"),
        }
    }
}
