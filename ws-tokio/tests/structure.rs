//! The structure of the code, checked: each floor stands on lower ones, files use each other in no circle, and stay short.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../../ws-std/tests/common/floors.rs"]
mod floors;

/// A floor uses only lower ones, and itself. What stands on one line does not use each other.
const FLOORS: [&[&str]; 7] = [
    &["counters", "error", "telemetry", "timer"],
    &["keys"],
    &["session"],
    &["socket"],
    &["open"],
    &["dial"],
    &["lib"],
];
