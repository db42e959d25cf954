//! The same work, done by ws-core, by its peers and by the least code that could do it.
//!
//! A [`Group`] lists [`Row`]s, a row its [`Contestant`]s. Each contestant turns the same bytes into messages, or messages
//! into bytes, and is checked before it is timed: whole [`Transcript`]s are compared. Two programs use the rows: criterion,
//! one bench for each group, and `table`, which times all contestants of a row by turns. [`linear`] is about ws-core alone.

mod clock;
mod contestant;
pub mod contestants;
pub mod groups;
pub mod instructions;
mod kernel;
pub mod linear;
mod measure;
pub mod report;
mod row;
mod sample;
mod wire;
mod witness;

pub use contestant::{Contestant, Standing, Work};
pub use kernel::{Kernel, ready};
pub use measure::{Measured, Time, measure};
pub use row::{Absent, Contest, Group, HeldBack, Row, Target, Than};
pub use sample::{Content, Keys, Placed, Sample};
pub use wire::{Frame, frames};
pub use witness::{Tally, Transcript, Witness};
