//! The command line behind the word `firmware`.

use std::ffi::OsString;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt as _};

use crate::cases::Pattern;

/// What `firmware --help` prints, and a mistake in its options too.
pub(super) const USAGE: &str = "\
usage: cargo run --release -p ws-autobahn -- firmware [OPTION]...

Builds ws-core for a microcontroller without an allocator, boots it on a board
that QEMU emulates, runs the Autobahn WebSocket Testsuite against its server and
its client against a server of ours, and judges both. Installs what is missing.

  --cases PATTERN...  which cases (default: 1.* to 10.*), as without the word
  --timeout SECONDS   end the suite's run after this time (default: 3600)
  --host              test the server and the client for async firmware instead,
                      which run on this machine under an executor
  --sizes             measure flash, RAM and stack instead, and compare them with
                      autobahn/firmware/budget.txt
  --peers             with --sizes: measure other libraries, too
  --help              print this

The exit code is 0 if all passed, 1 if not, 2 if nothing could be tested.";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FirmwareOptions {
    pub(super) patterns: Vec<Pattern>,
    pub(super) timeout: Duration,
    pub(super) on_host: bool,
    pub(super) measures_only: bool,
    pub(super) with_peers: bool,
}

/// Either options, or a wish to be told about them.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Run(FirmwareOptions),
    Help,
}

/// Reads the arguments that follow the word.
pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, lexopt::Error> {
    let mut parser = Parser::from_args(arguments);
    let mut options = FirmwareOptions {
        patterns: Vec::new(),
        timeout: Duration::from_secs(3600),
        on_host: false,
        measures_only: false,
        with_peers: false,
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("cases") => {
                for word in parser.values()? {
                    options.patterns.extend(word.parse_with(Pattern::parse)?);
                }
            }
            Arg::Long("timeout") => options.timeout = Duration::from_secs(parser.value()?.parse()?),
            Arg::Long("host") => options.on_host = true,
            Arg::Long("sizes") => options.measures_only = true,
            Arg::Long("peers") => options.with_peers = true,
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
            Arg::Long(_) | Arg::Short(_) | Arg::Value(_) => return Err(argument.unexpected()),
        }
    }
    if options.with_peers && !options.measures_only {
        return Err("--peers is for --sizes".into());
    }
    if options.measures_only && (options.on_host || !options.patterns.is_empty()) {
        return Err("--sizes runs no cases".into());
    }
    if options.patterns.is_empty() {
        options.patterns = Pattern::classes_1_to_10();
    }
    Ok(Command::Run(options))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &[&str]) -> Result<Command, String> {
        parse(words.iter().map(OsString::from)).map_err(|error| error.to_string())
    }

    #[test]
    fn without_options_all_of_the_classes_run() {
        let Command::Run(options) = parse_words(&[]).unwrap() else { panic!("no help was asked for") };
        assert_eq!(options.patterns, Pattern::classes_1_to_10());
        assert!(!options.measures_only && !options.on_host);
    }

    #[test]
    fn on_the_host_the_cases_are_chosen_as_on_the_board() {
        let Command::Run(options) = parse_words(&["--host", "--cases", "1.*"]).unwrap() else {
            panic!("no help was asked for")
        };
        assert!(options.on_host);
        assert_eq!(options.patterns, Pattern::parse("1.*").unwrap());
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        assert!(parse_words(&["--sizes", "--peers"]).is_ok());
        for words in [
            &["--peers"][..],
            &["--sizes", "--cases", "1.*"],
            &["--sizes", "--host"],
            &["sizes"],
            &["--role", "client"],
        ] {
            assert!(parse_words(words).is_err(), "{words:?}");
        }
    }
}
