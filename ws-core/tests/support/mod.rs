//! What several tests share: a naive decoder to compare with, and the vectors.
#![allow(dead_code, reason = "each test is a crate of its own and uses a part of this")]
#![allow(clippy::allow_attributes, reason = "so what is expected differs from crate to crate")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::struct_excessive_bools,
    clippy::wildcard_enum_match_arm,
    reason = "tests may panic, and match what they expect"
)]

#[cfg(feature = "alloc")]
pub(crate) mod conversation;
#[cfg(feature = "alloc")]
mod conversation_checks;
pub(crate) mod drive;
#[cfg(feature = "alloc")]
pub(crate) mod listener;
pub(crate) mod mixed;
pub(crate) mod reference;
#[cfg(feature = "alloc")]
pub(crate) mod session;
pub(crate) mod vector;
