//! What a case expects, what came, and whether that is right.

use std::fmt;

use super::case::{Also, AlsoOutcome, Case};

/// What a server or a client made of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A WebSocket was opened, as the standard has it.
    Accepted,
    /// A WebSocket was opened, but not as the standard has it.
    AcceptedWrongly(String),
    /// Refused by an HTTP response; the connection was closed behind it, or left open.
    Refused { status: u16, closed: bool },
    /// The connection was ended, and nothing said. That is how a client refuses.
    Ended,
    /// Neither an answer nor an end.
    Waiting,
    /// Something that is no HTTP.
    Garbage(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted | Self::AcceptedWrongly(_) => f.write_str("opened"),
            Self::Refused { status, closed: true } => write!(f, "{status}"),
            Self::Refused { status, closed: false } => write!(f, "{status}, open"),
            Self::Ended => f.write_str("ended"),
            Self::Waiting => f.write_str("waits"),
            Self::Garbage(_) => f.write_str("garbage"),
        }
    }
}

/// Whether an outcome is right.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Right,
    /// Not what ws-core does, and allowed nevertheless: by what.
    Choice(String),
    /// The connection was ended where RFC 6455 §4.2.1 asks for an HTTP response that tells why.
    Unanswered,
    Wrong(String),
}

/// By what is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judge {
    /// By the very statuses of the files, and the connection is closed behind each refusal.
    Exact,
    /// By what the standards leave open.
    Standards,
}

/// What the files say of a case.
#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Accepted,
    Refused(Option<u16>),
    /// HTTP without a WebSocket: whatever a server has to say to that.
    Page,
    /// The head is not whole.
    More,
}

impl Judge {
    /// Judges what a server made of a request.
    pub(super) fn request(self, case: &Case, outcome: &Outcome) -> Verdict {
        let verdict = match (request_expected(&case.verdict), outcome) {
            (_, Outcome::AcceptedWrongly(why) | Outcome::Garbage(why)) => Verdict::Wrong(why.clone()),
            (_, Outcome::Refused { status: 500, .. }) => {
                Verdict::Wrong("500: the server took it for a fault of its own".to_owned())
            }
            (Expected::Accepted, Outcome::Accepted)
            | (Expected::Page, Outcome::Refused { .. })
            | (Expected::More, Outcome::Waiting) => Verdict::Right,
            (Expected::Refused(Some(status)), Outcome::Refused { status: theirs, closed }) => {
                match (status == *theirs, closed) {
                    (true, true) => Verdict::Right,
                    (false, _) => Verdict::Choice(format!("another status than {status}")),
                    (true, false) => Verdict::Choice("the connection stays open".to_owned()),
                }
            }
            (Expected::More, Outcome::Refused { .. } | Outcome::Ended) => {
                Verdict::Choice("refused before the head was whole".to_owned())
            }
            (Expected::Refused(_) | Expected::Page, Outcome::Ended) => unanswered(&case.section),
            (expected, _) => by_choice(case.also.as_ref(), &expected, outcome),
        };
        self.sharpen(verdict)
    }

    /// Judges what a client made of a response.
    pub(super) fn response(self, case: &Case, outcome: &Outcome) -> Verdict {
        let verdict = match (response_expected(&case.verdict), outcome) {
            (_, Outcome::AcceptedWrongly(why) | Outcome::Garbage(why)) => Verdict::Wrong(why.clone()),
            (Expected::Accepted, Outcome::Accepted)
            | (Expected::Refused(_) | Expected::Page, Outcome::Ended)
            | (Expected::More, Outcome::Waiting) => Verdict::Right,
            (Expected::More, Outcome::Ended) => {
                Verdict::Choice("refused before the head was whole".to_owned())
            }
            (expected, _) => by_choice(case.also.as_ref(), &expected, outcome),
        };
        self.sharpen(verdict)
    }

    fn sharpen(self, verdict: Verdict) -> Verdict {
        match (self, verdict) {
            (Self::Exact, Verdict::Choice(why)) => Verdict::Wrong(why),
            (_, verdict) => verdict,
        }
    }
}

/// RFC 6455 §4.2.1 asks for a response; RFC 9112 §2.2 recommends one, where a request is not even HTTP.
fn unanswered(section: &str) -> Verdict {
    if ["RFC 6455", "RFC 7692"].iter().any(|standard| section.starts_with(standard)) {
        return Verdict::Unanswered;
    }
    Verdict::Choice("ended without a response, which RFC 9112 §2.2 only recommends".to_owned())
}

fn by_choice(also: Option<&Also>, expected: &Expected, outcome: &Outcome) -> Verdict {
    let is_accepted = *outcome == Outcome::Accepted;
    let is_refused = matches!(outcome, Outcome::Refused { .. } | Outcome::Ended);
    match also {
        Some(also) if also.outcome == AlsoOutcome::Accepted && is_accepted => {
            Verdict::Choice(also.rule.clone())
        }
        Some(also) if also.outcome == AlsoOutcome::Waiting && *outcome == Outcome::Waiting => {
            Verdict::Choice(also.rule.clone())
        }
        Some(also) if also.outcome == AlsoOutcome::Refused && is_refused => {
            Verdict::Choice(also.rule.clone())
        }
        _ => Verdict::Wrong(match (expected, is_accepted) {
            (_, true) => "opened a WebSocket".to_owned(),
            (Expected::Accepted, false) => "opened no WebSocket".to_owned(),
            (_, false) => "neither answered nor ended the connection".to_owned(),
        }),
    }
}

fn request_expected(verdict: &str) -> Expected {
    match verdict {
        "request" => Expected::Accepted,
        "page" => Expected::Page,
        "more" => Expected::More,
        fault => Expected::Refused(fault.split(' ').next().and_then(|status| status.parse().ok())),
    }
}

fn response_expected(verdict: &str) -> Expected {
    match verdict {
        "accepted" => Expected::Accepted,
        "more" => Expected::More,
        _ => Expected::Refused(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::case::requests;

    fn case(name: &str) -> Case {
        requests().unwrap().into_iter().find(|case| case.name == name).unwrap()
    }

    const REFUSED: Outcome = Outcome::Refused { status: 400, closed: true };

    #[test]
    fn what_must_be_opened_is() {
        let least = case("the least there is");
        assert_eq!(Judge::Standards.request(&least, &Outcome::Accepted), Verdict::Right);
        for outcome in [REFUSED, Outcome::Ended, Outcome::Waiting, Outcome::AcceptedWrongly("x".to_owned())] {
            assert!(matches!(Judge::Standards.request(&least, &outcome), Verdict::Wrong(_)), "{outcome:?}");
        }
    }

    #[test]
    fn what_must_be_refused_is_by_any_status_and_not_in_silence() {
        let no_key = case("no key");
        assert_eq!(Judge::Standards.request(&no_key, &REFUSED), Verdict::Right);
        let other = Outcome::Refused { status: 426, closed: true };
        assert!(matches!(Judge::Standards.request(&no_key, &other), Verdict::Choice(_)));
        assert!(matches!(Judge::Exact.request(&no_key, &other), Verdict::Wrong(_)));
        let open = Outcome::Refused { status: 400, closed: false };
        assert!(matches!(Judge::Standards.request(&no_key, &open), Verdict::Choice(_)));
        let crashed = Outcome::Refused { status: 500, closed: true };
        assert!(matches!(Judge::Standards.request(&no_key, &crashed), Verdict::Wrong(_)));
        assert_eq!(Judge::Standards.request(&no_key, &Outcome::Ended), Verdict::Unanswered);
        let two_spaces = case("two spaces");
        assert!(matches!(Judge::Standards.request(&two_spaces, &Outcome::Ended), Verdict::Choice(_)));
        assert!(matches!(Judge::Standards.request(&no_key, &Outcome::Accepted), Verdict::Wrong(_)));
    }

    #[test]
    fn what_a_standard_leaves_open_is_a_choice() {
        let folded = case("a folded header");
        assert!(matches!(Judge::Standards.request(&folded, &Outcome::Accepted), Verdict::Choice(_)));
        assert!(matches!(Judge::Exact.request(&folded, &Outcome::Accepted), Verdict::Wrong(_)));
        assert!(matches!(Judge::Standards.request(&folded, &Outcome::Waiting), Verdict::Wrong(_)));
        let tls = case("the beginning of TLS");
        assert!(matches!(Judge::Standards.request(&tls, &Outcome::Waiting), Verdict::Choice(_)));
        assert!(matches!(Judge::Exact.request(&tls, &Outcome::Waiting), Verdict::Wrong(_)));
    }
}
