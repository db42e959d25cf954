//! What several tests share: a naive decoder to compare with, and the vectors.
#![allow(dead_code, reason = "each test is a crate of its own and uses a part of this")]
#![allow(clippy::allow_attributes, reason = "so what is expected differs from crate to crate")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

pub(crate) mod drive;
pub(crate) mod reference;
pub(crate) mod vector;
