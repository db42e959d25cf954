//! The structure of the code, checked: each floor stands on lower ones, files use each other in no circle, and stay short.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "common/floors.rs"]
mod floors;

/// A floor uses only lower ones, and itself. What stands on one line does not use each other.
const FLOORS: [&[&str]; 8] = [
    &["clock", "error"],
    &["counters", "deadline", "keys"],
    &["stream", "telemetry"],
    &["session"],
    &["socket"],
    &["open", "hub"],
    &["dial"],
    &["lib", "guide"],
];
