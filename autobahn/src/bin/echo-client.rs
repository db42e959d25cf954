//! `echo-client URL`: connects to a fuzzing server of the Autobahn suite once for each of its cases, and sends every
//! message back.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use tokio::runtime::{self, Runtime};
use ws_std::{Config, Deflate, Limits, Message, Timeouts};

const USAGE: &str = "usage: echo-client URL [--agent NAME] [--case N]... [--deflate]
                       [--tokio]

URL        the suite's fuzzing server, such as ws://127.0.0.1:9001
--agent    what its report is to call this client (default: ws-std or ws-tokio)
--case     run the case with this number only; may be repeated (default: all)
--deflate  offer permessage-deflate, and compress every message
--tokio    connect by ws-tokio instead of ws-std";

/// The suite sends messages of 16 MiB; there is room for more.
const MESSAGE_LEN_MAX: u64 = 64 << 20;

/// What the suite itself gives a case. Where it is slow, the response of its handshake comes with 65,536 frames that follow it.
const PATIENCE: Option<Duration> = Some(Duration::from_secs(100));

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
    agent: Option<String>,
    cases: Vec<u32>,
    deflate: bool,
    tokio: bool,
}

fn parse() -> Result<Option<Options>, lexopt::Error> {
    use lexopt::prelude::{Long, Short, Value, ValueExt};
    let mut options =
        Options { url: String::new(), agent: None, cases: Vec::new(), deflate: false, tokio: false };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("agent") => options.agent = Some(arguments.value()?.string()?),
            Long("case") => options.cases.push(arguments.value()?.parse()?),
            Long("deflate") => options.deflate = true,
            Long("tokio") => options.tokio = true,
            Long("help") | Short('h') => return Ok(None),
            Value(url) if options.url.is_empty() => {
                options.url = String::from(url.string()?.trim_end_matches('/'));
            }
            Long(_) | Short(_) | Value(_) => return Err(argument.unexpected()),
        }
    }
    if options.url.is_empty() { Err("no URL".into()) } else { Ok(Some(options)) }
}

/// A client of either crate, whose settings have the same names.
macro_rules! client {
    ($client:expr, $options:expr) => {{
        let timeouts = Timeouts::new().with_handshake(PATIENCE).with_close(PATIENCE);
        let limits = Limits::new().with_frame_len_max(MESSAGE_LEN_MAX).with_message_len_max(MESSAGE_LEN_MAX);
        let client = $client.with_timeouts(timeouts).with_config(Config::new().with_limits(limits));
        if $options.deflate { client.with_deflate(Deflate::new().with_threshold(0)) } else { client }
    }};
}

/// What this program does with a client.
trait Agent {
    /// Connects, and sends every message back until the connection ends.
    fn echo(&self, url: &str) -> Result<(), Box<dyn Error>>;

    /// Connects, and returns the last text that comes before the connection ends.
    fn hear(&self, url: &str) -> Result<Option<String>, Box<dyn Error>>;
}

impl Agent for ws_std::Client {
    fn echo(&self, url: &str) -> Result<(), Box<dyn Error>> {
        let mut socket = self.connect(url)?;
        while let Some((message, mut writer)) = socket.read()? {
            writer.send(message)?;
        }
        Ok(())
    }

    fn hear(&self, url: &str) -> Result<Option<String>, Box<dyn Error>> {
        let mut socket = self.connect(url)?;
        let mut heard = None;
        while let Some((message, _)) = socket.read()? {
            heard = text(message);
        }
        Ok(heard)
    }
}

/// ws-tokio's client, and the runtime that it is on.
struct OnTokio {
    client: ws_tokio::Client,
    runtime: Runtime,
}

impl Agent for OnTokio {
    fn echo(&self, url: &str) -> Result<(), Box<dyn Error>> {
        self.runtime.block_on(async {
            let mut socket = self.client.connect(url).await?;
            while let Some((message, mut writer)) = socket.read().await? {
                writer.send(message).await?;
            }
            Ok(())
        })
    }

    fn hear(&self, url: &str) -> Result<Option<String>, Box<dyn Error>> {
        self.runtime.block_on(async {
            let mut socket = self.client.connect(url).await?;
            let mut heard = None;
            while let Some((message, _)) = socket.read().await? {
                heard = text(message);
            }
            Ok(heard)
        })
    }
}

fn text(message: Message<'_>) -> Option<String> {
    if let Message::Text(text) = message { Some(text.to_owned()) } else { None }
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let agent: Box<dyn Agent> = if options.tokio {
        let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
        Box::new(OnTokio { client: client!(ws_tokio::Client::new(), options), runtime })
    } else {
        Box::new(client!(ws_std::Client::new(), options))
    };
    let cases = if options.cases.is_empty() {
        let count = agent.hear(&format!("{}/getCaseCount", options.url))?;
        (1..=count.ok_or("the server did not say how many cases there are")?.parse()?).collect()
    } else {
        options.cases.clone()
    };
    let name = options.agent.as_deref().unwrap_or(if options.tokio { "ws-tokio" } else { "ws-std" });
    for case in cases {
        // Many of the cases end in an error, as they should; the suite judges how.
        if let Err(error) = agent.echo(&format!("{}/runCase?case={case}&agent={name}", options.url)) {
            let _logged = writeln!(io::stdout(), "case {case}: {error}");
        }
    }
    agent.hear(&format!("{}/updateReports?agent={name}", options.url)).map(drop)
}
