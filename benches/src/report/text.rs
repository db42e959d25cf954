use crate::{Measured, Standing, Target, Than};
use std::fmt::Write;

/// A few lines about a row: each contestant, the fastest first, and the targets.
#[must_use]
pub fn row(measured: &Measured) -> String {
    let mut text = format!("{}: {}\n", measured.group, measured.row);
    let mut times: Vec<_> = measured.times.iter().collect();
    times.sort_by(|a, b| a.nanos.total_cmp(&b.nanos));
    let ours = measured.fastest(Standing::Ours).map_or(f64::NAN, |time| time.nanos);
    for time in times {
        let mark = match time.standing {
            Standing::Ours => ">",
            Standing::Peer => " ",
            Standing::Floor => "_",
        };
        let (nanos, ratio) = (nanos(time.nanos), time.nanos / ours);
        let _ = writeln!(text, "  {mark} {:<20} {nanos:>12} {ratio:>7.2}×", time.name);
    }
    for target in &measured.targets {
        let ratio = measured.ratio(target.than);
        let verdict = if ratio.is_some_and(|ratio| ratio >= target.at_least) { "reached" } else { "MISSED" };
        let ratio = ratio.map_or_else(|| "nobody to compare with".to_owned(), |ratio| format!("{ratio:.2}×"));
        let _ = writeln!(text, "  {verdict}: {ratio}; {}, towards {}×", self::target(target), target.towards);
    }
    text
}

/// `1.5× the best peer`
#[must_use]
pub fn target(target: &Target) -> String {
    format!("{}× {}", target.at_least, than(target.than))
}

/// Whom a target is about.
#[must_use]
pub fn than(than: Than) -> &'static str {
    match than {
        Than::BestPeer => "the best peer",
        Than::Tungstenite => "tungstenite",
        Than::Floor => "the floor",
    }
}

/// Nanoseconds with as many digits as mean something.
#[must_use]
pub fn nanos(nanos: f64) -> String {
    match nanos {
        _ if nanos < 100.0 => format!("{nanos:.1} ns"),
        _ if nanos < 10_000.0 => format!("{nanos:.0} ns"),
        _ if nanos < 10_000_000.0 => format!("{:.1} µs", nanos / 1e3),
        _ => format!("{:.1} ms", nanos / 1e6),
    }
}
