//! `echo-client URL`: connects to a fuzzing server of the Autobahn suite once for each of its cases, and sends every
//! message back.

use std::error;
use std::io::{self, Write};
use std::process::ExitCode;

use ws_std::{Client, Config, Deflate, Error, Limits, Message};

const USAGE: &str = "usage: echo-client URL [--agent NAME] [--case N]... [--deflate]

URL        the suite's fuzzing server, such as ws://127.0.0.1:9001
--agent    what its report is to call this client (default: ws-std)
--case     run the case with this number only; may be repeated (default: all)
--deflate  offer permessage-deflate, and compress every message";

/// The suite sends messages of 16 MiB; there is room for more.
const MESSAGE_LEN_MAX: u64 = 64 << 20;

fn main() -> ExitCode {
    let options = match parse() {
        Ok(Some(options)) => options,
        Ok(None) => {
            let printed = writeln!(io::stdout(), "{USAGE}");
            return if printed.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
        Err(error) => {
            eprintln!("echo-client: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("echo-client: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Options {
    url: String,
    agent: String,
    cases: Vec<u32>,
    deflate: bool,
}

fn parse() -> Result<Option<Options>, lexopt::Error> {
    use lexopt::prelude::{Long, Short, Value, ValueExt};
    let mut options =
        Options { url: String::new(), agent: "ws-std".to_owned(), cases: Vec::new(), deflate: false };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("agent") => options.agent = arguments.value()?.string()?,
            Long("case") => options.cases.push(arguments.value()?.parse()?),
            Long("deflate") => options.deflate = true,
            Long("help") | Short('h') => return Ok(None),
            Value(url) if options.url.is_empty() => {
                options.url = String::from(url.string()?.trim_end_matches('/'));
            }
            Long(_) | Short(_) | Value(_) => return Err(argument.unexpected()),
        }
    }
    if options.url.is_empty() { Err("no URL".into()) } else { Ok(Some(options)) }
}

fn run(options: &Options) -> Result<(), Box<dyn error::Error>> {
    let limits = Limits::new().with_frame_len_max(MESSAGE_LEN_MAX).with_message_len_max(MESSAGE_LEN_MAX);
    let client = Client::new().with_config(Config::new().with_limits(limits));
    let client = if options.deflate { client.with_deflate(Deflate::new().with_threshold(0)) } else { client };
    let cases = if options.cases.is_empty() {
        (1..=case_count(&client, options)?).collect()
    } else {
        options.cases.clone()
    };
    for case in cases {
        let url = format!("{}/runCase?case={case}&agent={}", options.url, options.agent);
        // Many of the cases end in an error, as they should; the suite judges how.
        if let Err(error) = echo(&client, &url) {
            let _logged = writeln!(io::stdout(), "case {case}: {error}");
        }
    }
    let mut socket = client.connect(&format!("{}/updateReports?agent={}", options.url, options.agent))?;
    while socket.read()?.is_some() {}
    Ok(())
}

fn case_count(client: &Client, options: &Options) -> Result<u32, Box<dyn error::Error>> {
    let mut socket = client.connect(&format!("{}/getCaseCount", options.url))?;
    let mut count = None;
    while let Some((message, _)) = socket.read()? {
        if let Message::Text(text) = message {
            count = Some(text.parse()?);
        }
    }
    Ok(count.ok_or("the server did not say how many cases there are")?)
}

fn echo(client: &Client, url: &str) -> Result<(), Error> {
    let mut socket = client.connect(url)?;
    while let Some((message, mut writer)) = socket.read()? {
        writer.send(message)?;
    }
    Ok(())
}
