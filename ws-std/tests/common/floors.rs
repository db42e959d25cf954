//! What holds for the floors of an adapter: each stands on lower ones, files use each other in no circle, and stay short. A test of each
//! adapter lists its floors, and has this as a module.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// All files, by their paths as modules: `socket::split::turn`.
fn modules() -> BTreeMap<String, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![source.clone()];
    let mut modules = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let relative = path.strip_prefix(&source).unwrap().with_extension("");
            let name = relative.to_str().unwrap().replace('/', "::");
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap().to_owned();
            modules.insert(name.strip_suffix("::mod").unwrap_or(&name).to_owned(), code);
        }
    }
    modules
}

/// The paths from the crate's root that a file names, in a `use` or not; documentation may name anything.
fn used(code: &str) -> impl Iterator<Item = String> {
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code: Vec<_> = lines.collect();
    let code = code.join("\n").replace("#[cfg(doc)]\nuse crate::", "use documented::");
    let paths: Vec<_> = code
        .split("crate::")
        .skip(1)
        .map(|path| {
            path.chars().take_while(|char| char.is_alphanumeric() || "_:".contains(*char)).collect::<String>()
        })
        .collect();
    paths.into_iter()
}

fn floor(module: &str) -> Option<usize> {
    crate::FLOORS.iter().position(|floor| floor.contains(&module))
}

#[test]
fn floors_use_only_lower_ones_and_nothing_through_the_root() {
    let mut found = 0;
    for (name, code) in modules() {
        let own = name.split("::").next().unwrap();
        let own_floor = floor(own).unwrap_or_else(|| panic!("{own} has no floor"));
        for path in used(&code).filter(|_| own != "lib") {
            let theirs = path.split("::").next().unwrap();
            let their_floor =
                floor(theirs).unwrap_or_else(|| panic!("{name} uses {path} through the crate's root"));
            found += 1;
            assert!(theirs == own || their_floor < own_floor, "{name} uses {path}, which is not below it");
        }
    }
    assert!(found > 50, "only {found} uses were found");
}

/// The file that a path leads to: the longest beginning of it that is a module.
fn target<'m>(modules: &'m BTreeMap<String, String>, path: &str) -> Option<&'m str> {
    let mut beginning = path;
    loop {
        if let Some((name, _)) = modules.get_key_value(beginning) {
            return Some(name);
        }
        beginning = beginning.rsplit_once("::")?.0;
    }
}

#[test]
fn floors_use_each_other_in_no_circle() {
    let modules = modules();
    // Between floors the levels forbid it; here it is that no two floors of one level, and no file and a lower floor, do.
    let mut uses = BTreeMap::<&str, BTreeSet<&str>>::new();
    for (name, code) in &modules {
        let own = name.split("::").next().unwrap();
        for path in used(code).filter(|_| own != "lib") {
            let theirs = target(&modules, &path).unwrap_or_else(|| panic!("{name} uses {path}"));
            uses.entry(own).or_default().insert(theirs.split("::").next().unwrap());
        }
    }
    for start in uses.keys() {
        let (mut seen, mut next) = (BTreeSet::new(), vec![*start]);
        while let Some(module) = next.pop() {
            for used in uses.get(module).into_iter().flatten().filter(|used| **used != module) {
                assert!(used != start, "{start} uses itself by {module}");
                if seen.insert(*used) {
                    next.push(used);
                }
            }
        }
    }
}

#[test]
fn files_are_at_most_500_lines() {
    for (name, code) in modules() {
        assert!(code.lines().count() <= 500, "{name} has {} lines", code.lines().count());
    }
}
