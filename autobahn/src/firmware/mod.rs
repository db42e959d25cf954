//! The word `firmware`: ws-core on an emulated microcontroller, put through the suite, and measured.

mod args;
mod board;
mod budget;
mod build;
mod client;
mod faults;
mod measure;
mod tools;

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::CANNOT_TEST;
use crate::agent::Agent;
use crate::args::Options;
use crate::role::Role;

use self::args::{Command, FirmwareOptions, USAGE};
pub(crate) use self::board::{Board, wait_answering};

/// Does what the arguments behind the word `firmware` say.
pub(crate) fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let done = match args::parse(arguments) {
        Ok(Command::Help) => writeln!(io::stdout(), "{USAGE}").map(|()| true).map_err(Into::into),
        Ok(Command::Run(options)) => run(&options),
        Err(error) => {
            eprintln!("ws-autobahn firmware: {error}\n\n{USAGE}");
            return ExitCode::from(CANNOT_TEST);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("ws-autobahn firmware: {error}");
            ExitCode::from(CANNOT_TEST)
        }
    }
}

fn run(options: &FirmwareOptions) -> Result<bool, Box<dyn Error>> {
    let mut out = io::stdout();
    writeln!(out, "installing what the firmware is built and run with, where it is missing")?;
    tools::install()?;
    if options.measures_only {
        return measure::run(options.with_peers, &mut out);
    }
    writeln!(out, "building the firmware")?;
    let images = build::programs()?;
    let folder = folder()?;
    let is_client_fine = client::run(&images.client, &folder, &mut out)?;
    let agent = Agent::Firmware(Board::new(images.server, &folder)?);
    let suite = Options {
        roles: vec![Role::Server],
        patterns: options.patterns.clone(),
        server: agent,
        client: Agent::Ours,
        timeout: options.timeout,
    };
    let is_server_fine = crate::run(&suite)?;
    Ok(is_server_fine && is_client_fine)
}

/// Where logs and parameters of the firmware lie: in cargo's target directory.
fn folder() -> Result<PathBuf, Box<dyn Error>> {
    let this = env::current_exe()?;
    let target = this.ancestors().nth(2).ok_or("this program lies in no target directory")?;
    let folder = target.join("autobahn").join("firmware");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
