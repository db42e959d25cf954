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

use std::fs;
use std::path::Path;

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
            let page = table::page(&rows, seconds)?;
            print!("{page}");
            if is_written {
                let benches = Path::new(env!("CARGO_MANIFEST_DIR"));
                fs::write(benches.join("LOAD.md"), page)?;
                table::write_into(&benches.join("../README.md"), &rows)?;
            }
        }
    }
    Ok(())
}
