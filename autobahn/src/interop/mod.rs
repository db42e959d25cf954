//! `interop`: our server and our client in conversation with other implementations of both.

mod client;
mod counted;
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
use std::sync::Arc;

use lexopt::ValueExt as _;
use ws_std::ServerTls;
use ws_std::rustls::ServerConfig;

use feature::LEGEND;
use peer::Peer;
use proxy::Proxy;
use route::{Hosts, Route, TheirServer};
use server::OurServer;
use tally::Tally;
use tools::Tools;

const USAGE: &str = "\
usage: cargo run --release -p ws-autobahn -- interop [--only TEXT]

Installs other implementations of WebSocket where they are missing, and has them talk with ws-std's server and client:
directly, and through nginx; our client through proxies; tries the examples in browsers and with servers that they are for, and health checks by HAProxy
and through nginx. The exit code is 0 if all went well, 1 if not, 2 if it could not be tried.

  --only TEXT  only the rows of the table whose name holds this text";

/// Runs it with the arguments that follow `interop`.
pub(crate) fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let ran = match parse(arguments) {
        Ok(Some(only)) => run(&only),
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

/// The text of `--only`, or nothing where help is asked for.
fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Option<String>, lexopt::Error> {
    use lexopt::Arg;
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut only = String::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("only") => only = parser.value()?.string()?,
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            Arg::Long(_) | Arg::Short(_) | Arg::Value(_) => return Err(argument.unexpected()),
        }
    }
    Ok(Some(only))
}

/// Holds every conversation; says whether all went well.
fn run(only: &str) -> Result<bool, Box<dyn Error>> {
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
    let routes = routes(&tools, &proxy, &folder, &tls)?;

    let mut tally = Tally::default();
    table::write_head(&mut out)?;
    for route in routes.iter().filter(|route| route.name().contains(only)) {
        let row = route.run(&tools, &folder);
        table::write_row(&mut out, &row)?;
        tally.add(row.counts());
    }
    forward::run(&tools, &folder, &tls, only, &mut tally, &mut out)?;
    examples::run(&tools, &folder, only, &mut tally, &mut out)?;
    health::run(&tools, &proxy, &folder, only, &mut tally, &mut out)?;
    let Tally { passed, failed } = tally;
    if passed == 0 && failed == 0 {
        return Err(format!("no row has {only} in its name").into());
    }
    writeln!(out, "\nlogs: {}", folder.display())?;
    writeln!(out, "interop: {passed} passed, {failed} failed")?;
    Ok(failed == 0)
}

/// Who is to talk with whom, and how they get there. Starts our server.
fn routes(
    tools: &Tools,
    proxy: &Proxy,
    folder: &Path,
    tls: &Arc<ServerConfig>,
) -> Result<Vec<Route>, Box<dyn Error>> {
    let origins = [format!("http://{}", proxy.plain), format!("https://{}", proxy.tls)];
    let script = tools::folder().join("node/driver.mjs");
    let ours = OurServer::start(&script, &origins, None)?;
    let ours_by_tls = OurServer::start(&script, &[], Some(tls))?;
    let ways = [
        ("", Hosts::direct(ours.ports)),
        ("TLS <- ", Hosts::direct(ours_by_tls.ports).with_tls(&proxy.ca)),
        ("nginx <- ", Hosts::by_proxy(proxy.plain, ours.ports)),
        ("nginx TLS <- ", Hosts::by_proxy(proxy.tls, ours.ports).with_tls(&proxy.ca)),
    ];
    let mut routes = Vec::new();
    for (way, hosts) in ways {
        for peer in Peer::CLIENTS {
            let name = format!("our server <- {way}{}", peer.name());
            routes.push(Route::to_our_server(name, peer, hosts.clone()));
        }
    }
    for peer in Peer::SERVERS {
        let theirs = TheirServer::start(peer, tools, folder)?;
        if peer == Peer::Ws {
            let plain = Hosts::by_proxy(proxy.plain, theirs.ports());
            let tls = Hosts::by_proxy(proxy.tls, theirs.ports()).with_tls(&proxy.ca);
            for (way, hosts) in [("nginx", plain), ("nginx TLS", tls)] {
                let name = format!("our client -> {way} -> {}", peer.name());
                routes.push(Route::to_their_server(name, &theirs, &hosts));
            }
        }
        let hosts = Hosts::direct(theirs.ports());
        routes.push(Route::to_their_server(format!("our client -> {}", peer.name()), &theirs, &hosts));
    }
    Ok(routes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use feature::Feature;

    fn our_hosts() -> [u16; 3] {
        OurServer::start(&tools::folder().join("node/driver.mjs"), &[], None).unwrap().ports
    }

    /// What the peers' programs do, ours do with each other.
    #[test]
    fn our_client_finds_everything_in_our_server() {
        let urls = Hosts::direct(our_hosts()).urls();
        for feature in Feature::ALL {
            client::converse(&urls, feature).unwrap_or_else(|error| panic!("{feature}: {error}"));
        }
    }

    #[test]
    fn compression_that_is_missing_or_another_is_found_out() {
        let [plain, deflate, no_takeover] = our_hosts();
        let failure = |ports, feature| {
            let outcome = client::converse(&Hosts::direct(ports).urls(), feature);
            outcome.expect_err("it should have failed").to_string()
        };
        let missing = [plain, plain, plain];
        assert!(failure(missing, Feature::Deflate).contains("bytes came for 16384"));
        assert!(failure(missing, Feature::NoTakeover).contains("bytes came for 16384"));
        let swapped = [plain, no_takeover, deflate];
        assert!(failure(swapped, Feature::Deflate).contains("bytes came for 16384"));
    }
}
