//! What the firmware is built and run with: found, or installed from Debian's packages.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::process::{Result, output};

/// A file that has to be there, and the package that brings it.
const NEEDED: [(&str, &str); 6] = [
    ("/usr/bin/qemu-system-arm", "qemu-system-arm"),
    ("/usr/bin/arm-none-eabi-ld", "binutils-arm-none-eabi"),
    ("/usr/bin/arm-none-eabi-objdump", "binutils-arm-none-eabi"),
    ("/usr/bin/setpriv", "util-linux"),
    // No toolchain has a core for the microcontroller ready-made, so that it is compiled from Debian's copy of the
    // sources, by the compiler that they belong to.
    (RUSTC, "rustc-web"),
    ("/usr/lib/rustlib/src/rust/library/core/src/lib.rs", "rust-web-src"),
];

/// The compiler.
pub(super) const RUSTC: &str = "/usr/bin/rustc";

/// Installs what is missing, and makes sure that it is there then.
pub(super) fn install() -> Result<()> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    let mut update = Command::new("apt-get");
    update.args(["-o", LOCK, "-qq", "update"]);
    output("apt-get update", &mut update, INSTALL_LIMIT)?;
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive");
    install.args(["-o", LOCK, "-qq", "install", "-y", "--no-install-recommends"]).args(&missing);
    output("apt-get install", &mut install, INSTALL_LIMIT)?;
    let missing = self::missing();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("not there after installing: {}", missing.join(" ")))
    }
}

/// The packages whose files are not there, each once.
fn missing() -> Vec<&'static str> {
    let mut packages: Vec<&str> =
        NEEDED.iter().filter(|(file, _)| !Path::new(file).exists()).map(|(_, package)| *package).collect();
    packages.dedup();
    packages
}

/// Another installation may be going on.
const LOCK: &str = "DPkg::Lock::Timeout=300";
const INSTALL_LIMIT: Duration = Duration::from_secs(1200);
