//! What the run needs: installed where it is missing, and found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::process::{self, Result};

/// The programs that are there, and their versions.
#[derive(Debug)]
pub(crate) struct Tools {
    paths: BTreeMap<String, PathBuf>,
    /// Each peer with its version.
    pub(crate) versions: Vec<String>,
}

impl Tools {
    /// Installs what is missing, which takes about a minute where all is.
    pub(crate) fn install() -> Result<Self> {
        let printed =
            process::output("interop/install", &mut Command::new(folder().join("install")), INSTALL_LIMIT)?;
        let mut tools = Self { paths: BTreeMap::new(), versions: Vec::new() };
        for line in printed.lines() {
            match line.split_once(' ') {
                Some(("version", version)) => tools.versions.push(version.to_owned()),
                Some((name, path)) => {
                    tools.paths.insert(name.to_owned(), path.into());
                }
                None => return Err(format!("interop/install says: {line}")),
            }
        }
        match NAMES.iter().find(|name| !tools.paths.contains_key(**name)) {
            Some(name) => Err(format!("interop/install names no {name}")),
            None => Ok(tools),
        }
    }

    /// The path of a program or folder, by one of [`NAMES`].
    pub(crate) fn path(&self, name: &str) -> &Path {
        self.paths.get(name).map_or(Path::new(""), PathBuf::as_path)
    }
}

/// The folder of the peers' programs.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("interop")
}

const NAMES: [&str; 8] = ["node", "modules", "python", "chromium", "nginx", "haproxy", "lws", "proxies"];
const INSTALL_LIMIT: Duration = Duration::from_secs(1200);
