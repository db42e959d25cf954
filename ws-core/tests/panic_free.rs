//! No byte of a peer's can make ws-core panic: shown in the machine code, where all that could call a panic is looked for.
//!
//! `panic_free/` is a library of what ws-core does with what arrives and with what is sent: the frame codec, UTF-8, the read
//! buffer, receiver, sender and connection in both roles, messages in a caller's slice, URIs, extensions, keepalive, and
//! both opening handshakes. It is built optimised, and each function that can reach the panic handler has to be one that
//! is named below. What is not in it: `Debug` and `Display`, which write into a formatter of the caller's;
//! `MessageBuffer` and `EncodedMessage::new`, which allocate, and so end the process where memory does; `deflate`, whose
//! zlib-rs checks its tables at run time, and which is fuzzed with debug assertions instead.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
#![expect(clippy::unwrap_used, reason = "what cannot be built or read fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// What holds a check that the compiler cannot rule out, by parts of its mangled name, and why it does not fail.
const SAFE: &[(&[&str], &str)] = &[
    (&["4core3net6parser"], "core: the radix that it checks is 10 or 16"),
    (
        &["3uri", "is_ipv6_address"],
        "core: its parser of addresses is inlined there; a group is behind the one before",
    ),
    (&["httparse", "parse_headers_iter_uninit"], "it cuts the slots to as many as it has filled"),
];

/// What a panic runs through, by a part of its name.
const MACHINERY: &[&str] = &["panicking", "slice_index_fail", "rust_begin_unwind"];

/// Where all panics lead.
const PANIC: &str = "ws_core_can_panic";

/// The one that is meant to be found.
const CONTROL: &str = "panicking";

#[test]
fn nothing_that_arrives_can_reach_a_panic() {
    let assembly = build();
    let calls = calls(&assembly);
    // Optimised away is nothing of what is looked at.
    for probe in
        ["header_decode", "receiver_event", "client_transmit", "server_receive", "uri_parse", "slice_push"]
    {
        assert!(calls.contains_key(probe), "{probe} is missing");
    }

    let can_panic = reaching(&calls, PANIC);
    assert!(can_panic.contains(CONTROL), "a function that panics was not found");
    let found: Vec<_> = can_panic
        .iter()
        .filter(|name| **name != CONTROL && !MACHINERY.iter().any(|part| name.contains(part)))
        .collect();
    assert!(found.is_empty(), "these can panic: {found:#?}");
}

/// The machine code of the library, as text.
fn build() -> String {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/panic_free/Cargo.toml");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("panic_free");
    let mut command = Command::new(env::var_os("CARGO").unwrap());
    command.args(["rustc", "--quiet", "--release", "--locked", "--lib", "--manifest-path"]).arg(manifest);
    command.arg("--target-dir").arg(&target).args(["--", "--emit=asm"]);
    // What this test itself is built with, such as the counters of a coverage run, is not what is asked about.
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        command.env_remove(name);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read_to_string(target.join("release/deps/panic_free.s")).unwrap()
}

/// Each function, and the functions that it names.
fn calls(assembly: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut calls: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut function = "";
    for line in assembly.lines() {
        if !line.starts_with(['\t', '.', ' ', '#']) && line.contains(':') {
            function = line.split(':').next().unwrap().trim_matches('"');
            calls.entry(function).or_default();
        } else if line.starts_with('\t') && !line.starts_with("\t.") {
            let is_symbol = |char: char| char.is_ascii_alphanumeric() || "_.$".contains(char);
            let names = line.split(|char| !is_symbol(char)).filter(|name| !name.is_empty());
            calls.entry(function).or_default().extend(names);
        }
    }
    calls
}

/// All that lead to a function, but for those that are safe and what leads to them.
fn reaching<'a>(calls: &BTreeMap<&'a str, BTreeSet<&'a str>>, end: &'a str) -> BTreeSet<&'a str> {
    let is_safe = |name: &str| SAFE.iter().any(|(parts, _)| parts.iter().all(|part| name.contains(part)));
    let mut reaching = BTreeSet::from([end]);
    loop {
        let next: Vec<&str> = calls
            .iter()
            .filter(|(name, named)| {
                !reaching.contains(*name)
                    && !is_safe(name)
                    && named.iter().any(|named| reaching.contains(named))
            })
            .map(|(name, _)| *name)
            .collect();
        if next.is_empty() {
            reaching.remove(end);
            return reaching;
        }
        reaching.extend(next);
    }
}
