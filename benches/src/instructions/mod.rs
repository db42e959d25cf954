//! Instructions per message on the paths that messages take, counted by callgrind.
//!
//! Unlike times they are the same on a busy machine and in every run, so that a budget can be set for them. They are those
//! of valgrind's CPU, which has no AVX-512 and has AVX2 where the machine has it: what detects the CPU, such as simdutf8
//! and the C library's `memcpy`, takes the way of such a CPU. Another compiler makes other counts.

mod budget;
mod callgrind;
mod path;

pub use budget::{Budgets, Verdict};
pub use callgrind::instructions_per_message;
pub use path::{PATHS, Path};
