//! The server on Node, and its packages from npm, which go to the user's cache folder.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use super::Result;

/// Becomes the server.
pub(crate) fn exec() -> Result<()> {
    let folder = folder()?;
    Err(missing("node", &Command::new("node").arg(folder.join("echo.mjs")).exec()))
}

/// Puts everything in place that is missing.
pub(crate) fn install() -> Result<()> {
    let folder = folder()?;
    if folder.join("node_modules").exists() {
        return Ok(());
    }
    // Whole or not at all.
    let begun = folder.with_extension(std::process::id().to_string());
    fs::create_dir_all(&begun)?;
    for (name, text) in FILES {
        fs::write(begun.join(name), text)?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&begun);
    let status = npm.status().map_err(|error| missing("npm", &error))?;
    if !status.success() {
        return Err(format!("npm ci failed in {}", begun.display()).into());
    }
    fs::rename(&begun, &folder).or_else(|error| if folder.exists() { Ok(()) } else { Err(error.into()) })
}

/// The versions of Node and of its package.
pub(crate) fn versions() -> Result<String> {
    let node = Command::new("node").arg("--version").output().map_err(|error| missing("node", &error))?;
    let package = fs::read_to_string(folder()?.join("node_modules/ws/package.json"))?;
    let version = package.split("\"version\": \"").nth(1).and_then(|rest| rest.split('"').next());
    Ok(format!(
        "ws {} on Node {}",
        version.unwrap_or("of unknown version"),
        String::from_utf8(node.stdout)?.trim().trim_start_matches('v')
    ))
}

fn folder() -> Result<PathBuf> {
    let cache = match (env::var_os("XDG_CACHE_HOME"), env::var_os("HOME")) {
        (Some(cache), _) => PathBuf::from(cache),
        (None, Some(home)) => Path::new(&home).join(".cache"),
        (None, None) => return Err("neither XDG_CACHE_HOME nor HOME is set".into()),
    };
    // Other files are another folder.
    let sum = FILES
        .iter()
        .flat_map(|(_, text)| text.bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    Ok(cache.join("ws-benches").join(format!("node-{sum:016x}")))
}

fn missing(program: &str, error: &io::Error) -> Box<dyn std::error::Error + Send + Sync> {
    format!("{program} does not start ({error}): the server node-ws needs Node 18 or later, and npm").into()
}

const FILES: [(&str, &str); 3] = [
    ("package.json", include_str!("../../node/package.json")),
    ("package-lock.json", include_str!("../../node/package-lock.json")),
    ("echo.mjs", include_str!("../../node/echo.mjs")),
];
