//! The word `firmware`: ws-core on an emulated microcontroller, or as async firmware on this machine, put through the suite;
//! and measured.

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
    if options.on_host {
        writeln!(out, "building the firmware for the host")?;
        let agent = Agent::FirmwareOnHost(build::host()?);
        return test(options, vec![Role::Server, Role::Client], &agent);
    }
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
    let is_server_fine = test(options, vec![Role::Server], &agent)?;
    Ok(is_server_fine && is_client_fine)
}

/// Runs the suite against an agent, in these roles.
fn test(options: &FirmwareOptions, roles: Vec<Role>, agent: &Agent) -> Result<bool, Box<dyn Error>> {
    crate::run(&Options {
        subjects: roles.into_iter().map(|role| (role, agent.clone())).collect(),
        patterns: options.patterns.clone(),
        timeout: options.timeout,
    })
}

/// Where logs and parameters of the firmware lie: in cargo's target directory.
fn folder() -> Result<PathBuf, Box<dyn Error>> {
    let this = env::current_exe()?;
    let target = this.ancestors().nth(2).ok_or("this program lies in no target directory")?;
    let folder = target.join("autobahn").join("firmware");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
