use crate::{Contestant, Standing, Transcript};

/// Rows about one kind of work.
pub struct Group {
    /// As `--group` and `cargo bench --bench` name it.
    pub name: &'static str,
    pub about: &'static str,
    /// Which peers are missing from which rows, and why.
    pub absent: &'static [Absent],
    /// Why rows are not as fast as they are wanted to be.
    pub held_back: &'static [HeldBack],
    pub rows: Vec<Row>,
}

/// What stands between rows and what is wanted of them.
pub struct HeldBack {
    pub rows: &'static str,
    pub reason: &'static str,
    pub tried: &'static str,
}

/// A peer that does not do all of a group's work.
pub struct Absent {
    pub peer: &'static str,
    pub rows: &'static str,
    pub reason: &'static str,
}

/// One line of the table: the same work for all contestants.
pub struct Row {
    pub name: String,
    /// What the time is given for: a message, a handshake.
    pub unit: &'static str,
    pub targets: Vec<Target>,
    /// Whether it stands for its kind in the README of the project.
    pub is_featured: bool,
    prepare: Box<dyn Fn() -> Contest>,
}

impl Row {
    /// A row that is prepared when its turn comes, since samples are large.
    #[must_use]
    pub fn new(
        name: String,
        unit: &'static str,
        targets: Vec<Target>,
        prepare: impl Fn() -> Contest + 'static,
    ) -> Self {
        Self { name, unit, targets, is_featured: false, prepare: Box::new(prepare) }
    }

    /// The same, standing for its kind in the README of the project.
    #[must_use]
    pub fn featured(self) -> Self {
        Self { is_featured: true, ..self }
    }

    /// The contestants, each of which has shown that it does the work right.
    ///
    /// # Errors
    ///
    /// Who does it wrong, and how.
    pub fn contest(&self) -> Result<Contest, String> {
        let mut contest = (self.prepare)();
        for contestant in &mut contest.contestants {
            let transcript = contestant.transcript();
            (contest.check)(&transcript, contestant.standing)
                .and_then(|()| match (contestant.run(), transcript.tally()) {
                    (tally, expected) if tally == expected => Ok(()),
                    (tally, expected) => Err(format!("{tally:?} where it is timed, not {expected:?}")),
                })
                .map_err(|wrong| format!("{}: {}: {wrong}", self.name, contestant.name))?;
        }
        for contestant in &mut contest.refusers {
            let message_count = contestant.transcript().messages.len();
            if message_count >= contest.unit_count {
                return Err(format!("{}: {}: takes text that is not UTF-8", self.name, contestant.name));
            }
        }
        contest.refusers.clear();
        Ok(contest)
    }
}

/// A row's contestants over a sample.
pub struct Contest {
    /// How many units a run of any contestant is.
    pub unit_count: usize,
    pub contestants: Vec<Contestant>,
    refusers: Vec<Contestant>,
    check: Check,
}

type Check = Box<dyn Fn(&Transcript, Standing) -> Result<(), String>>;

impl Contest {
    #[must_use]
    pub fn new(
        unit_count: usize,
        contestants: Vec<Contestant>,
        check: impl Fn(&Transcript, Standing) -> Result<(), String> + 'static,
    ) -> Self {
        Self { unit_count, contestants, refusers: Vec::new(), check: Box::new(check) }
    }

    /// The same; these have to find a fault in what they are given, before the last message.
    #[must_use]
    pub fn with_refusers(self, refusers: Vec<Contestant>) -> Self {
        Self { refusers, ..self }
    }
}

/// How fast we want to be: how many times as fast as another.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub than: Than,
    pub at_least: f64,
    pub towards: f64,
}

/// Whom we compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Than {
    /// The fastest peer of the row.
    BestPeer,
    Tungstenite,
    Floor,
}

impl Target {
    #[must_use]
    pub fn best_peer(at_least: f64, towards: f64) -> Self {
        Self { than: Than::BestPeer, at_least, towards }
    }

    #[must_use]
    pub fn floor(at_least: f64, towards: f64) -> Self {
        Self { than: Than::Floor, at_least, towards }
    }
}
