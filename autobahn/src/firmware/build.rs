//! Building the firmware: another target, in a workspace of its own.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::tools::RUSTC;
use crate::process::{Result, output};

/// The images of the two programs.
#[derive(Debug)]
pub(super) struct Programs {
    pub(super) server: PathBuf,
    pub(super) client: PathBuf,
}

/// Builds the server and the client.
pub(super) fn programs() -> Result<Programs> {
    let folder =
        build(&["--package", "ws-firmware", "--features", "network", "--bin", "server", "--bin", "client"])?;
    Ok(Programs { server: folder.join("server"), client: folder.join("client") })
}

/// Builds the program that runs the server and the client for async firmware on this machine.
pub(super) fn host() -> Result<PathBuf> {
    let target = target()?;
    let mut command = Command::new("cargo");
    // Not from the workspace's folder, whose settings are for the board.
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command.args(["build", "--quiet", "--locked", "--release", "--package", "ws-firmware-host"]);
    command.arg("--manifest-path").arg(workspace().join("Cargo.toml")).arg("--target-dir").arg(&target);
    output("building the firmware for the host", &mut command, BUILD_LIMIT)?;
    let name = format!("ws-firmware-host{}", env::consts::EXE_SUFFIX);
    Ok(target.join("release").join(name))
}

/// Builds what is measured, and gives the folder that it is in.
pub(super) fn measured() -> Result<PathBuf> {
    build(&["--package", "ws-firmware", "--bins"])
}

/// Builds the same with other libraries.
pub(super) fn peers() -> Result<PathBuf> {
    build(&["--package", "ws-firmware-peers", "--bins"])
}

fn build(what: &[&str]) -> Result<PathBuf> {
    let target = target()?;
    let mut command = Command::new("cargo");
    // The settings for the target are in the workspace's .cargo/config.toml. `-Zbuild-std` takes a nightly cargo, and a
    // compiler that lets itself be told so.
    command.current_dir(workspace()).env("RUSTC", RUSTC).env("RUSTC_BOOTSTRAP", "1").env_remove("RUSTFLAGS");
    command
        .args(["+nightly", "build", "--quiet", "--locked", "--release", "--target-dir"])
        .arg(&target)
        .args(what);
    output("building the firmware", &mut command, BUILD_LIMIT)?;
    Ok(target.join("thumbv7m-none-eabi").join("release"))
}

/// Where it is built: in a folder of the target directory that this program lies in.
fn target() -> Result<PathBuf> {
    let this =
        env::current_exe().map_err(|error| format!("where this program is cannot be told: {error}"))?;
    Ok(this.ancestors().nth(2).ok_or("this program lies in no target directory")?.join("firmware"))
}

/// The workspace of the firmware.
pub(super) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("firmware")
}

const BUILD_LIMIT: Duration = Duration::from_secs(1800);
