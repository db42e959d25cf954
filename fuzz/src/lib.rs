//! The functions that the fuzz targets call.

#[path = "../../ws-core/tests/support/mod.rs"]
mod support;

pub mod differential;
pub mod targets;
