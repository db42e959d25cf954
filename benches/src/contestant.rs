use crate::{Tally, Transcript, Witness};

/// What is timed: work over a prepared sample, from the start to the end, seen by a [`Witness`].
pub trait Work {
    fn run<W: Witness>(&mut self) -> W;
}

/// What a contestant is in its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Ours,
    Peer,
    /// No library: what the least code costs that moves the data.
    Floor,
}

/// One of those that do the work of a row.
pub struct Contestant {
    pub name: &'static str,
    pub standing: Standing,
    work: Box<dyn ErasedWork>,
}

impl Contestant {
    #[must_use]
    pub fn ours(work: impl Work + 'static) -> Self {
        Self { name: "ws-core", standing: Standing::Ours, work: Box::new(work) }
    }

    #[must_use]
    pub fn peer(name: &'static str, work: impl Work + 'static) -> Self {
        Self { name, standing: Standing::Peer, work: Box::new(work) }
    }

    #[must_use]
    pub fn floor(name: &'static str, work: impl Work + 'static) -> Self {
        Self { name, standing: Standing::Floor, work: Box::new(work) }
    }

    /// The work as it is timed.
    #[inline]
    pub fn run(&mut self) -> Tally {
        self.work.tally()
    }

    /// The work with every byte kept.
    pub fn transcript(&mut self) -> Transcript {
        self.work.transcript()
    }
}

trait ErasedWork {
    fn tally(&mut self) -> Tally;
    fn transcript(&mut self) -> Transcript;
}

impl<T: Work> ErasedWork for T {
    fn tally(&mut self) -> Tally {
        self.run()
    }

    fn transcript(&mut self) -> Transcript {
        self.run()
    }
}
