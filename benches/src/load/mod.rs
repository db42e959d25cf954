//! Servers as processes of their own, and a client that keeps each of them busy.

mod args;
mod client;
mod measure;
mod node;
mod peer;
mod process;
mod sample;
mod server;
mod servers;
mod table;

use args::Task;
use server::Server;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

pub(crate) fn main() -> Result<()> {
    match args::parse()? {
        Task::Help => print!("{}", args::HELP),
        Task::Serve(server) => servers::serve(server)?,
        Task::Check(servers) => {
            for server in &servers {
                measure::check(*server).map_err(|error| format!("{}: {error}", server.name()))?;
                println!("{}: all came back", server.name());
            }
        }
        Task::Measure { servers, seconds, is_written } => {
            let rows = measure::measure(&servers, seconds)?;
            let report = table::report(&rows, seconds)?;
            print!("{report}");
            if is_written {
                std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/LOAD.md"), report)?;
            }
        }
    }
    Ok(())
}
