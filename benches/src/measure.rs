use crate::clock::Clock;
use crate::{Contest, Row, Standing, Target, Than};
use std::hint::black_box;
use std::time::Duration;

/// A row as it was measured.
pub struct Measured {
    pub group: &'static str,
    pub row: String,
    pub unit: &'static str,
    pub targets: Vec<Target>,
    pub is_featured: bool,
    pub times: Vec<Time>,
}

/// What one contestant took.
pub struct Time {
    pub name: &'static str,
    pub standing: Standing,
    /// The median of the rounds, in nanoseconds a unit.
    pub nanos: f64,
}

/// Times all contestants of a row by turns, `round_count` times, so that what slows the machine down for a while slows
/// down all of them.
///
/// # Errors
///
/// Who does the work wrong, and how.
pub fn measure(group: &'static str, row: &Row, round_count: usize) -> Result<Measured, String> {
    let mut contest = row.contest()?;
    let run_counts: Vec<u32> = (0..contest.contestants.len()).map(|at| run_count(&mut contest, at)).collect();
    let mut samples = vec![Vec::with_capacity(round_count); run_counts.len()];
    for round in 0..round_count {
        for turn in 0..run_counts.len() {
            // Each round begins with another one, so that nobody always comes behind the same neighbour.
            let at = (round + turn) % run_counts.len();
            // What the neighbour left in the caches is not the matter.
            black_box(contest.contestants[at].run());
            samples[at].push(time(&mut contest, at, run_counts[at]));
        }
    }
    let times = contest
        .contestants
        .iter()
        .zip(samples)
        .map(|(contestant, mut samples)| {
            samples.sort_by(f64::total_cmp);
            Time { name: contestant.name, standing: contestant.standing, nanos: samples[samples.len() / 2] }
        })
        .collect();
    Ok(Measured {
        group,
        row: row.name.clone(),
        unit: row.unit,
        targets: row.targets.clone(),
        is_featured: row.is_featured,
        times,
    })
}

/// How often a contestant runs to be timed once: for about a millisecond.
fn run_count(contest: &mut Contest, at: usize) -> u32 {
    let mut count = 1;
    loop {
        let start = Clock::start();
        for _ in 0..count {
            black_box(contest.contestants[at].run());
        }
        let taken = start.elapsed();
        if taken >= TURN / 2 {
            return count;
        }
        count *= 2;
    }
}

fn time(contest: &mut Contest, at: usize, run_count: u32) -> f64 {
    let start = Clock::start();
    for _ in 0..run_count {
        black_box(contest.contestants[at].run());
    }
    let unit_count = f64::from(run_count) * f64::from(u32::try_from(contest.unit_count).expect("few"));
    start.elapsed().as_secs_f64() * 1e9 / unit_count
}

const TURN: Duration = Duration::from_millis(1);

impl Measured {
    /// The fastest of those that stand so.
    #[must_use]
    pub fn fastest(&self, standing: Standing) -> Option<&Time> {
        let who = self.times.iter().filter(|time| time.standing == standing);
        who.min_by(|a, b| a.nanos.total_cmp(&b.nanos))
    }

    #[must_use]
    pub fn than(&self, than: Than) -> Option<&Time> {
        match than {
            Than::BestPeer => self.fastest(Standing::Peer),
            Than::Floor => self.fastest(Standing::Floor),
            Than::Tungstenite => self.times.iter().find(|time| time.name == "tungstenite"),
        }
    }

    /// How many times as fast as another we are.
    #[must_use]
    pub fn ratio(&self, than: Than) -> Option<f64> {
        Some(self.than(than)?.nanos / self.fastest(Standing::Ours)?.nanos)
    }

    /// Whether each target is reached; a target against who is not in the row is not.
    #[must_use]
    pub fn reaches_targets(&self) -> bool {
        self.targets
            .iter()
            .all(|target| self.ratio(target.than).is_some_and(|ratio| ratio >= target.at_least))
    }
}
