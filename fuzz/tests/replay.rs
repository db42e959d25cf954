//! Every target over its corpus and over what was once wrong with it.

use std::fs;
use std::path::{Path, PathBuf};

use ws_fuzz::targets::Target;
use ws_fuzz::{differential, targets};

/// The files in the folder, which need not be there.
fn files(folder: &str, name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(name);
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.expect("it can be read").path()).collect()
}

fn all() -> impl Iterator<Item = &'static Target> {
    targets::ALL.iter().chain(differential::ALL)
}

#[test]
fn corpora_and_regressions_pass() {
    for (name, target) in all() {
        let corpus = files("corpus", name);
        assert!(corpus.len() > 5, "{name} has only {} inputs", corpus.len());
        assert!(
            corpus.len() < 200,
            "{name} has {} inputs: see README.md on how to minimise them",
            corpus.len()
        );
        for path in corpus.iter().chain(&files("regressions", name)) {
            println!("{}", path.display());
            target(&fs::read(path).expect("it can be read"));
        }
        target(b"");
    }
}

#[test]
fn every_folder_and_every_binary_is_of_a_target() {
    let names: Vec<&str> = all().map(|(name, _)| *name).collect();
    for folder in ["corpus", "regressions"] {
        for path in files(folder, "") {
            let name = path.file_name().and_then(|name| name.to_str()).expect("it has a name").to_owned();
            assert!(names.contains(&name.as_str()), "{folder}/{name} is of no target");
        }
    }
    let mut binaries: Vec<String> = files("fuzz_targets", "")
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    binaries.sort();
    names.sort();
    assert_eq!(binaries, names);
}
