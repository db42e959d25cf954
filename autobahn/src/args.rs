//! The command line.

use std::ffi::OsString;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt as _};

use crate::adapter::Adapter;
use crate::agent::Agent;
use crate::cases::Pattern;
use crate::role::Role;

/// What `--help` prints, and a mistake in the options too.
pub(crate) const USAGE: &str = "\
usage: cargo run --release -p ws-autobahn -- [OPTION]...

Installs the Autobahn WebSocket Testsuite where it is missing, runs it against
the servers and clients of ws-std and ws-tokio, and judges what it reports.

  --agent std|tokio|both     whose programs to test: ws-std's (default),
                             ws-tokio's, or those of both, at the same time
  --role server|client|both  whom to test (default: both, at the same time)
  --cases PATTERN...         which cases (default: 1.* to 10.*): 6.4.* or 9.1.1,
                             all for every case, ci for classes 1 to 10 and the
                             shorter runs of 12 and 13 (permessage-deflate)
  --server-agent COMMAND     test this echo server instead of ours; {addr} and
                             {url} in it are replaced by where to listen
  --client-agent COMMAND     test this client instead of ours; {url} and {agent}
                             in it are replaced by whom to connect to, as whom
  --timeout SECONDS          end each role's run after this time (default: 3600)
  --help                     print this
  interop [OPTION]...        talk with other implementations instead; has a
                             --help of its own

In a COMMAND, {wstest} is replaced by the path of the suite's own program. The
exit code is 0 if every case passed, 1 if not, 2 if nothing could be tested.";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// Whom to test, in which role.
    pub(crate) subjects: Vec<(Role, Agent)>,
    pub(crate) patterns: Vec<Pattern>,
    pub(crate) timeout: Duration,
}

/// Either options, or a wish to be told about them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Run(Options),
    Help,
}

/// Reads the arguments that follow the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, lexopt::Error> {
    let mut parser = Parser::from_args(arguments);
    let (mut roles, mut adapters) = (vec![Role::Server, Role::Client], vec![Adapter::Std]);
    let (mut server, mut client) = (None, None);
    let mut options =
        Options { subjects: Vec::new(), patterns: Vec::new(), timeout: Duration::from_secs(3600) };
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("agent") => adapters = parser.value()?.parse_with(Adapter::parse)?,
            Arg::Long("role") => roles = parser.value()?.parse_with(parse_roles)?,
            Arg::Long("cases") => {
                for word in parser.values()? {
                    options.patterns.extend(word.parse_with(Pattern::parse)?);
                }
            }
            Arg::Long("server-agent") => server = Some(parser.value()?.string()?),
            Arg::Long("client-agent") => client = Some(parser.value()?.string()?),
            Arg::Long("timeout") => options.timeout = Duration::from_secs(parser.value()?.parse()?),
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
            Arg::Long(_) | Arg::Short(_) | Arg::Value(_) => return Err(argument.unexpected()),
        }
    }
    if options.patterns.is_empty() {
        options.patterns = Pattern::classes_1_to_10();
    }
    for (role, other) in [(Role::Server, server), (Role::Client, client)] {
        let is_tested = roles.contains(&role);
        match other {
            Some(_) if !is_tested => {
                return Err(format!("--{role}-agent is given, but --role leaves the {role} out").into());
            }
            Some(command) => options.subjects.push((role, Agent::Other(command))),
            None if is_tested => {
                options.subjects.extend(adapters.iter().map(|&adapter| (role, Agent::Ours(adapter))));
            }
            None => {}
        }
    }
    Ok(Command::Run(options))
}

fn parse_roles(word: &str) -> Result<Vec<Role>, &'static str> {
    match word {
        "server" => Ok(vec![Role::Server]),
        "client" => Ok(vec![Role::Client]),
        "both" => Ok(vec![Role::Server, Role::Client]),
        _ => Err("a role is server, client or both"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &[&str]) -> Result<Command, String> {
        parse(words.iter().map(OsString::from)).map_err(|error| error.to_string())
    }

    fn options(words: &[&str]) -> Options {
        match parse_words(words).unwrap() {
            Command::Run(options) => options,
            Command::Help => panic!("{words:?} asks for help"),
        }
    }

    #[test]
    fn without_options_both_roles_run_classes_1_to_10() {
        let options = options(&[]);
        let ours = Agent::Ours(Adapter::Std);
        assert_eq!(options.subjects, [(Role::Server, ours.clone()), (Role::Client, ours)]);
        assert_eq!(options.patterns, Pattern::classes_1_to_10());
    }

    #[test]
    fn both_agents_are_tested_in_each_role() {
        let [std, tokio] = [Adapter::Std, Adapter::Tokio].map(Agent::Ours);
        assert_eq!(
            options(&["--agent", "tokio", "--role", "server"]).subjects,
            [(Role::Server, tokio.clone())]
        );
        let other = Agent::Other("x".to_owned());
        assert_eq!(
            options(&["--client-agent", "x", "--agent", "both"]).subjects,
            [(Role::Server, std), (Role::Server, tokio), (Role::Client, other)]
        );
    }

    #[test]
    fn patterns_are_a_list_and_repeatable() {
        let options = options(&["--cases", "1.*", "9.1.1", "--role", "client", "--cases=ci"]);
        let expected: Vec<_> =
            ["1.*", "9.1.1", "ci"].iter().flat_map(|word| Pattern::parse(word).unwrap()).collect();
        assert_eq!(options.patterns, expected);
        assert_eq!(options.subjects, [(Role::Client, Agent::Ours(Adapter::Std))]);
    }

    #[test]
    fn another_agent_is_a_whole_command() {
        let options = options(&["--server-agent", "./serve --at {addr}", "--timeout", "60"]);
        assert_eq!(options.subjects[0], (Role::Server, Agent::Other("./serve --at {addr}".to_owned())));
        assert_eq!(options.timeout, Duration::from_secs(60));
    }

    #[test]
    fn help_is_found_among_other_options() {
        assert_eq!(parse_words(&["--role", "client", "-h"]), Ok(Command::Help));
    }

    #[test]
    fn mistakes_are_named() {
        for (words, part) in [
            (&["--role", "proxy"][..], "server, client or both"),
            (&["--agent", "smol"], "std, tokio or both"),
            (&["--roles"], "--roles"),
            (&["--cases"], "--cases"),
            (&["--cases", "--role", "client"], "--cases"),
            (&["--cases", "fast"], "fast"),
            (&["--timeout", "soon"], "soon"),
            (&["1.*"], "1.*"),
            (&["--role", "client", "--server-agent", "x"], "--server-agent"),
        ] {
            let error = parse_words(words).unwrap_err();
            assert!(error.contains(part), "{words:?}: {error}");
        }
    }
}
