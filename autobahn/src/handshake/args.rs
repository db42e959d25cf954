//! The command line behind the word `handshake`.

use std::ffi::OsString;

use lexopt::{Arg, Parser, ValueExt as _};

use crate::adapter::Adapter;

/// What `--help` prints, and a mistake in the options too.
pub(super) const USAGE: &str = "\
usage: cargo run --release -p ws-autobahn -- handshake [URL | OPTION]

Tries the opening handshake of a server or a client with the requests and
responses of ws-core/tests/handshake. Without URL and OPTION it tries ws-std's
server and client; ours are judged by the very statuses of the files.

  URL               a server, such as ws://127.0.0.1:9001, that opens a WebSocket
                    on every path
  --agent AGENT     ours: std, tokio, or both
  --client COMMAND  a client: a command of the shell that connects to {url} and
                    closes; it is run once for each case
  --listen ADDR     a client that is started by hand, once for each case
  --help            print this

The exit code is 0 if every case is right or a choice that the standards leave,
1 if not, 2 if nothing could be tested.";

/// Whom to try.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Ours { adapters: Vec<Adapter> },
    Server { addr: String },
    Client { command: String },
    Listen { addr: String },
}

/// Reads the arguments; `None` is a wish to be told about them.
pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Option<Subject>, lexopt::Error> {
    let mut parser = Parser::from_args(arguments);
    let mut subject = None;
    while let Some(argument) = parser.next()? {
        let next = match argument {
            Arg::Value(url) => Subject::Server { addr: addr(&url.string()?)? },
            Arg::Long("agent") => Subject::Ours { adapters: parser.value()?.parse_with(Adapter::parse)? },
            Arg::Long("client") => Subject::Client { command: parser.value()?.string()? },
            Arg::Long("listen") => Subject::Listen { addr: parser.value()?.string()? },
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            Arg::Long(_) | Arg::Short(_) => return Err(argument.unexpected()),
        };
        if subject.replace(next).is_some() {
            return Err("one server or one client at a time".into());
        }
    }
    Ok(Some(subject.unwrap_or(Subject::Ours { adapters: vec![Adapter::Std] })))
}

/// The address within `ws://ADDR:PORT`. The path does not matter, since the cases have their own.
fn addr(url: &str) -> Result<String, lexopt::Error> {
    let addr = url.strip_prefix("ws://").and_then(|rest| rest.split('/').next());
    match addr.filter(|addr| addr.contains(':')) {
        Some(addr) => Ok(addr.to_owned()),
        None => Err(format!("{url} is no URL such as ws://127.0.0.1:9001").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &[&str]) -> Result<Option<Subject>, String> {
        parse(words.iter().map(OsString::from)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_subject_is_a_url_a_command_an_address_or_ours() {
        let ours = |adapters: &[Adapter]| Ok(Some(Subject::Ours { adapters: adapters.to_vec() }));
        assert_eq!(parse_words(&[]), ours(&[Adapter::Std]));
        assert_eq!(parse_words(&["--agent", "both"]), ours(&[Adapter::Std, Adapter::Tokio]));
        let server = Subject::Server { addr: "127.0.0.1:9001".to_owned() };
        assert_eq!(parse_words(&["ws://127.0.0.1:9001/chat"]), Ok(Some(server)));
        let client = Subject::Client { command: "node client.js {url}".to_owned() };
        assert_eq!(parse_words(&["--client", "node client.js {url}"]), Ok(Some(client)));
        let listen = Subject::Listen { addr: "127.0.0.1:0".to_owned() };
        assert_eq!(parse_words(&["--listen", "127.0.0.1:0"]), Ok(Some(listen)));
        assert_eq!(parse_words(&["-h"]), Ok(None));
    }

    #[test]
    fn mistakes_are_named() {
        for (words, part) in [
            (&["wss://127.0.0.1:9001"][..], "wss:"),
            (&["ws://localhost"], "localhost"),
            (&["ws://a:1", "ws://b:2"], "at a time"),
            (&["--agent", "tokio", "ws://a:1"], "at a time"),
            (&["--agent", "smol"], "std, tokio or both"),
            (&["--client"], "--client"),
            (&["--server"], "--server"),
        ] {
            let error = parse_words(words).unwrap_err();
            assert!(error.contains(part), "{words:?}: {error}");
        }
    }
}
