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

/// Builds what is measured, and gives the folder that it is in.
pub(super) fn measured() -> Result<PathBuf> {
    build(&["--package", "ws-firmware", "--bins"])
}

/// Builds the same with other libraries.
pub(super) fn peers() -> Result<PathBuf> {
    build(&["--package", "ws-firmware-peers", "--bins"])
}

fn build(what: &[&str]) -> Result<PathBuf> {
    let this =
        env::current_exe().map_err(|error| format!("where this program is cannot be told: {error}"))?;
    let target = this.ancestors().nth(2).ok_or("this program lies in no target directory")?.join("firmware");
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

/// The workspace of the firmware.
pub(super) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("firmware")
}

const BUILD_LIMIT: Duration = Duration::from_secs(1800);
