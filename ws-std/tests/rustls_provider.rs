//! Which provider of cryptography TLS uses, in a program that uses rustls by itself, with `aws-lc-rs` as rustls has it by
//! default: `rustls_provider/`. The first build of that takes a minute.
#![cfg(feature = "rustls")]
#![expect(clippy::unwrap_used, reason = "what cannot be built or read fails the test")]

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ws_std::Error;

/// Builds the program with these features, and runs it with a certificate authority and these arguments.
fn run(features: &str, arguments: &[&str]) -> Output {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rustls_provider/Cargo.toml");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut command = Command::new(env::var_os("CARGO").unwrap());
    command.args(["run", "--quiet", "--locked", "--features", features, "--manifest-path"]).arg(manifest);
    // The folder of this test, where all features have been built once: the C code of a provider takes a minute.
    command
        .arg("--target-dir")
        .arg(folder.parent().unwrap())
        .arg("--")
        .arg(authority(folder))
        .args(arguments);
    // What this test itself is built with is not what is asked about.
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        command.env_remove(name);
    }
    command.output().unwrap()
}

/// A certificate authority, as a file.
fn authority(folder: &Path) -> PathBuf {
    let path = folder.join("ca.pem");
    let certificate = rcgen::generate_simple_self_signed(vec!["CA".to_owned()]).unwrap().cert;
    std::fs::write(&path, certificate.pem()).unwrap();
    path
}

fn text(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).unwrap()
}

#[test]
fn the_feature_rustls_leaves_the_choice_of_a_provider_to_the_program() {
    // Nothing is installed, and no feature brings a provider: an error that names the cure, then what the program says.
    let output = run("", &[]);
    let expected =
        format!("by default: {}\ngiven: AwsLcRs\nchosen by rustls: AwsLcRs\n", Error::NoCryptoProvider);
    assert_eq!(text(&output.stdout), expected, "{}", text(&output.stderr));
    assert!(output.status.success() && expected.contains("feature `rustls-ring`"));

    // The control: a second provider is used where the program says nothing, and makes its own call panic.
    let output = run("ring", &[]);
    assert_eq!(text(&output.stdout), "by default: Ring\ngiven: AwsLcRs\n");
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("Could not automatically determine"), "{}", text(&output.stderr));

    // What the program installs goes before the feature.
    let output = run("ring", &["install"]);
    let expected = "by default: Ring\ngiven: AwsLcRs\ninstalled: AwsLcRs\nchosen by rustls: AwsLcRs\n";
    assert_eq!(text(&output.stdout), expected, "{}", text(&output.stderr));
    assert!(output.status.success());
}
