//! The crates under test, which are adapters of ws-core.

use std::fmt;

/// An adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Adapter {
    Std,
    Tokio,
}

impl Adapter {
    /// The name of its crate.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Std => "ws-std",
            Self::Tokio => "ws-tokio",
        }
    }

    /// Those that `--agent` names by this word.
    pub(crate) fn parse(word: &str) -> Result<Vec<Self>, &'static str> {
        match word {
            "std" => Ok(vec![Self::Std]),
            "tokio" => Ok(vec![Self::Tokio]),
            "both" => Ok(vec![Self::Std, Self::Tokio]),
            _ => Err("an agent is std, tokio or both"),
        }
    }
}

impl fmt::Display for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
