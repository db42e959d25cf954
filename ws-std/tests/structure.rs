//! The floors of the code, checked: what is opened does not know how it was reached, and an error knows neither.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

/// Folders, and the modules of the crate that stand above them or beside them.
const NOT_BELOW: [(&str, &[&str]); 3] = [
    ("dial", &["hub"]),
    ("open", &["hub", "dial"]),
    ("error", &["hub", "dial", "open", "websocket", "wire", "tls"]),
];

fn rust_files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else {
            let text = fs::read_to_string(&path).unwrap();
            files.push((path, text));
        }
    }
    files
}

#[test]
fn floors_use_only_lower_ones_by_their_paths() {
    for (floor, not_below) in NOT_BELOW {
        let files = rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(floor));
        assert!(files.len() >= 3, "{floor} has {} files", files.len());
        for (path, text) in files {
            for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
                // Every path that begins at the crate's root, in a `use` or not.
                for used in line.split("crate::").skip(1) {
                    let module =
                        used.split(|char: char| !char.is_alphanumeric() && char != '_').next().unwrap();
                    let is_module = module.starts_with(|first: char| first.is_ascii_lowercase());
                    assert!(is_module, "{} uses the crate's root: {line}", path.display());
                    assert!(!not_below.contains(&module), "{} uses {module}", path.display());
                }
            }
        }
    }
}
