//! The structure of the code, checked: layers point downwards, citations have one form and exist, files stay short.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests may panic")]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

use std::fs;
use std::path::{Path, PathBuf};

/// A module uses only modules of lower levels, and its own.
const LEVELS: [&[&str]; 9] = [
    &["backoff", "bytes"],
    &["frame", "utf8", "input", "uri"],
    &["error"],
    &["event", "extension"],
    &["deflate"],
    &["message"],
    &["connection", "handshake", "keepalive"],
    &["session"],
    &["lib"],
];

/// The standards that may be cited.
const STANDARDS: &[&str] = &[
    "1928", "1929", "2616", "3629", "3986", "4648", "6265", "6455", "7617", "7692", "8305", "8441", "9110",
    "9112", "9113",
];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(name)
}

fn rust_files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            files.push((path, text));
        }
    }
    files
}

fn level(module: &str) -> Option<usize> {
    LEVELS.iter().position(|modules| modules.contains(&module))
}

#[test]
fn modules_use_only_lower_levels_and_themselves() {
    let source = folder("ws-core/src");
    let mut found = 0;
    for (path, text) in rust_files(&source) {
        let relative = path.strip_prefix(&source).unwrap().with_extension("");
        let module = relative.components().next().unwrap().as_os_str().to_str().unwrap().to_owned();
        let own = level(&module).unwrap_or_else(|| panic!("{module} has no level"));
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            // Every path that begins at the crate's root, in a `use` or not.
            for used in line.split("crate::").skip(1) {
                let used: String =
                    used.chars().take_while(|char| char.is_alphanumeric() || *char == '_').collect();
                if used.is_empty() {
                    continue; // a list, whose items stand on lines of their own
                }
                let theirs =
                    level(&used).unwrap_or_else(|| panic!("{used} has no level, in {}", path.display()));
                found += 1;
                assert!(
                    used == module || theirs < own,
                    "{} uses {used}, which is not below it",
                    path.display()
                );
            }
        }
    }
    assert!(found > 20, "only {found} uses were found");
}

#[test]
fn the_core_names_no_clock_no_socket_no_randomness() {
    for (path, text) in rust_files(&folder("ws-core/src")) {
        let code = text.split("#[cfg(test)]").next().unwrap();
        for (number, line) in code.lines().enumerate() {
            let is_comment = line.trim_start().starts_with("//");
            for word in ["std::", "Instant", "SystemTime", "TcpStream", "getrandom", "unsafe "] {
                assert!(
                    is_comment || !line.contains(word),
                    "{}:{} names {word}: {line}",
                    path.display(),
                    number + 1
                );
            }
        }
    }
}

#[test]
fn citations_have_one_form() {
    let mut citations = 0;
    for name in ["ws-core/src", "ws-std/src", "ws-tokio/src"] {
        for (path, text) in rust_files(&folder(name)) {
            for (number, line) in text.lines().enumerate() {
                let comment = line.trim_start();
                let Some(citation) = comment
                    .strip_prefix("// RFC ")
                    .or_else(|| comment.strip_prefix("// Deviation from RFC "))
                else {
                    continue;
                };
                citations += 1;
                assert!(is_citation(citation), "{}:{}: {comment}", path.display(), number + 1);
            }
        }
    }
    assert!(citations > 40, "only {citations} citations were found");
}

/// `6455 §5.5.1: words`, with more sections where there are.
fn is_citation(text: &str) -> bool {
    let Some((standard, rest)) = text.split_once(" §") else { return false };
    let Some((sections, words)) = rest.split_once(": ") else { return false };
    let is_section = |section: &str| {
        !section.is_empty()
            && section.split('.').all(|number| number.parse::<u8>().is_ok_and(|number| number > 0))
    };
    STANDARDS.contains(&standard)
        && sections.split(", §").all(is_section)
        && words.chars().next().is_some_and(|first| !first.is_whitespace())
}

#[test]
fn files_are_at_most_500_lines() {
    for name in ["ws-core", "ws-std", "ws-tokio", "autobahn", "fuzz", "benches"] {
        for (path, text) in rust_files(&folder(name)) {
            if path.components().any(|component| component.as_os_str() == "target") {
                continue;
            }
            let count = text.lines().count();
            assert!(count <= 500, "{} has {count} lines", path.display());
        }
    }
}

#[test]
fn each_dependency_is_accounted_for() {
    let accounts = fs::read_to_string(folder("SECURITY.md")).unwrap();
    for manifest in ["ws-core/Cargo.toml", "ws-std/Cargo.toml", "ws-tokio/Cargo.toml"] {
        let text = fs::read_to_string(folder(manifest)).unwrap();
        let (_, dependencies) = text.split_once("\n[dependencies]\n").unwrap();
        let lines = dependencies.lines().take_while(|line| !line.starts_with('['));
        let names: Vec<_> = lines.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name).collect();
        assert!(names.len() >= 3, "{manifest}: {names:?}");
        for name in names {
            assert!(name == "ws-core" || accounts.contains(&format!("`{name}`")), "SECURITY.md: {name}");
        }
    }
}
