//! `interop`: our server and our client in conversation with other implementations of both.

mod client;
mod examples;
mod feature;
mod forward;
mod health;
mod peer;
mod proxy;
mod route;
mod server;
mod table;
mod tally;
mod tools;

use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use lexopt::ValueExt as _;
use ws_std::ServerTls;
use ws_std::rustls::ServerConfig;

use crate::adapter::Adapter;
use feature::LEGEND;
use peer::Peer;
use proxy::Proxy;
use route::{Hosts, Route, TheirServer};
use server::OurServer;
use table::Row;
use tally::Tally;
use tools::Tools;

const USAGE: &str = "\
usage: cargo run --release -p ws-autobahn -- interop [OPTION]...

Installs other implementations of WebSocket where they are missing, and has them talk with the servers and clients of
ws-std and ws-tokio, directly and through nginx. ws-std's client also connects through proxies, its server is checked by
HAProxy and through nginx, and its examples are tried in browsers and with servers that they are for. The exit code is 0
if all went well, 1 if not, 2 if it could not be tried.

  --agent std|tokio|both  whose server and client: ws-std's (default), ws-tokio's, or those of both
  --only TEXT             only the rows of the table whose name holds this text
  --help                  print this";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    adapters: Vec<Adapter>,
    only: String,
}

/// Runs it with the arguments that follow `interop`.
pub(crate) fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let ran = match parse(arguments) {
        Ok(Some(options)) => run(&options),
        Ok(None) => writeln!(io::stdout(), "{USAGE}").map(|()| true).map_err(Into::into),
        Err(error) => Err(format!("{error}\n\n{USAGE}").into()),
    };
    match ran {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("ws-autobahn: {error}");
            ExitCode::from(crate::CANNOT_TEST)
        }
    }
}

/// The options, or nothing where help is asked for.
fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Option<Options>, lexopt::Error> {
    use lexopt::Arg;
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut options = Options { adapters: vec![Adapter::Std], only: String::new() };
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("agent") => options.adapters = parser.value()?.parse_with(Adapter::parse)?,
            Arg::Long("only") => options.only = parser.value()?.string()?,
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            Arg::Long(_) | Arg::Short(_) | Arg::Value(_) => return Err(argument.unexpected()),
        }
    }
    Ok(Some(options))
}

/// Holds every conversation; says whether all went well.
fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let Options { adapters, only } = options;
    let mut out = io::stdout();
    writeln!(out, "installing the peers where they are missing")?;
    let tools = Tools::install()?;
    writeln!(out, "{}\n\n{LEGEND}\n", tools.versions.join(", "))?;
    let folder = crate::reports_folder()?.join("interop");
    fs::create_dir_all(&folder)?;
    proxy::certify(&folder).map_err(|error| format!("the certificates cannot be made: {error}"))?;
    let proxy = Proxy::start(&tools, &folder)?;
    let tls =
        ServerTls::new(&fs::read(folder.join("server.pem"))?, &fs::read(folder.join("server.key"))?)?.build();
    let routes = routes(adapters, &tools, &proxy, &folder, &tls)?;

    let mut tally = Tally::default();
    table::write_head(&mut out)?;
    let chosen = routes.iter().filter(|route| route.name().contains(only.as_str()));
    run_routes(chosen, &tools, &folder, |row| {
        tally.add(row.counts());
        table::write_row(&mut out, row)
    })?;
    examples::run(adapters, &tools, &folder, only, &mut tally, &mut out)?;
    if adapters.contains(&Adapter::Std) {
        forward::run(&tools, &folder, &tls, only, &mut tally, &mut out)?;
        health::run(&tools, &proxy, &folder, only, &mut tally, &mut out)?;
    }
    let Tally { passed, failed } = tally;
    if passed == 0 && failed == 0 {
        return Err(format!("no row has {only} in its name").into());
    }
    writeln!(out, "\nlogs: {}", folder.display())?;
    writeln!(out, "interop: {passed} passed, {failed} failed")?;
    Ok(failed == 0)
}

/// Holds the conversations of each route, of some at the same time, and passes on each row as it is done.
fn run_routes<'a>(
    routes: impl Iterator<Item = &'a Route> + Send,
    tools: &Tools,
    folder: &Path,
    mut note: impl FnMut(&Row) -> io::Result<()>,
) -> io::Result<()> {
    let routes = Mutex::new(routes);
    let next = &|| routes.lock().unwrap_or_else(PoisonError::into_inner).next();
    let (sender, rows) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..WORKER_COUNT {
            let sender = sender.clone();
            scope.spawn(move || {
                while let Some(route) = next() {
                    // Nobody listens any more only where the table cannot be written.
                    sender.send(route.run(tools, folder)).ok();
                }
            });
        }
        drop(sender);
        rows.iter().try_for_each(|row| note(&row))
    })
}

/// The pairs that are to talk with each other, and the routes between them. Starts our servers.
fn routes(
    adapters: &[Adapter],
    tools: &Tools,
    proxy: &Proxy,
    folder: &Path,
    tls: &Arc<ServerConfig>,
) -> Result<Vec<Route>, Box<dyn Error>> {
    let origins = [format!("http://{}", proxy.plain), format!("https://{}", proxy.tls)];
    let script = tools::folder().join("node/driver.mjs");
    let mut routes = Vec::new();
    for &adapter in adapters {
        let ours = OurServer::start(adapter, &script, &origins, None)?;
        let ours_by_tls = OurServer::start(adapter, &script, &[], Some(tls))?;
        let ways = [
            ("", Hosts::direct(ours.ports)),
            ("TLS <- ", Hosts::direct(ours_by_tls.ports).with_tls(&proxy.ca)),
            ("nginx <- ", Hosts::by_proxy(proxy.plain, ours.ports)),
            ("nginx TLS <- ", Hosts::by_proxy(proxy.tls, ours.ports).with_tls(&proxy.ca)),
        ];
        for (way, hosts) in ways {
            for peer in Peer::CLIENTS {
                let name = format!("{adapter} server <- {way}{}", peer.name());
                routes.push(Route::to_our_server(name, peer, hosts.clone()));
            }
        }
    }
    for peer in Peer::SERVERS {
        for &adapter in adapters {
            // One of its own: libwebsockets' sometimes leaves a compressed message unanswered while it has two connections.
            let theirs = TheirServer::start(peer, adapter, tools, folder)?;
            let mut ways = vec![("", Hosts::direct(theirs.ports()))];
            if peer == Peer::Ws {
                ways.push(("nginx -> ", Hosts::by_proxy(proxy.plain, theirs.ports())));
                ways.push(("nginx TLS -> ", Hosts::by_proxy(proxy.tls, theirs.ports()).with_tls(&proxy.ca)));
            }
            for (way, hosts) in &ways {
                let name = format!("{adapter} client -> {way}{}", peer.name());
                routes.push(Route::to_their_server(name, &theirs, hosts));
            }
        }
    }
    Ok(routes)
}

/// The peers are single threads, and start slowly.
const WORKER_COUNT: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use feature::Feature;

    const ADAPTERS: [Adapter; 2] = [Adapter::Std, Adapter::Tokio];

    fn our_hosts(adapter: Adapter) -> [u16; 3] {
        OurServer::start(adapter, &tools::folder().join("node/driver.mjs"), &[], None).unwrap().ports
    }

    /// What the peers' programs do, ours do with each other.
    #[test]
    fn our_clients_find_everything_in_our_servers() {
        for server in ADAPTERS {
            let hosts = Hosts::direct(our_hosts(server));
            for adapter in ADAPTERS {
                let urls = hosts.urls(adapter);
                for feature in Feature::ALL {
                    client::converse(&urls, feature).unwrap_or_else(|error| {
                        panic!("{adapter} client, {server} server: {feature}: {error}")
                    });
                }
            }
        }
    }

    #[test]
    fn options_are_the_agents_and_a_text() {
        let parse =
            |words: &[&str]| parse(words.iter().map(OsString::from)).map_err(|error| error.to_string());
        let default = Options { adapters: vec![Adapter::Std], only: String::new() };
        assert_eq!(parse(&[]), Ok(Some(default)));
        let both = Options { adapters: ADAPTERS.into(), only: "nginx".to_owned() };
        assert_eq!(parse(&["--agent", "both", "--only", "nginx"]), Ok(Some(both)));
        assert_eq!(parse(&["--agent", "tokio", "-h"]), Ok(None));
        assert!(parse(&["--agent", "smol"]).unwrap_err().contains("std, tokio or both"));
    }

    #[test]
    fn compression_that_is_missing_or_another_is_found_out() {
        let [plain, deflate, no_takeover] = our_hosts(Adapter::Std);
        let failure = |ports, feature| {
            let outcome = client::converse(&Hosts::direct(ports).urls(Adapter::Std), feature);
            outcome.expect_err("it should have failed").to_string()
        };
        let missing = [plain, plain, plain];
        assert!(failure(missing, Feature::Deflate).contains("bytes came for 16384"));
        assert!(failure(missing, Feature::NoTakeover).contains("bytes came for 16384"));
        let swapped = [plain, no_takeover, deflate];
        assert!(failure(swapped, Feature::Deflate).contains("bytes came for 16384"));
    }
}
