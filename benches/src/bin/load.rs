//! Echoes over TCP on loopback: what they cost the server, beside other servers and beside TCP alone. On Linux.
//!
//! `cargo run --release --manifest-path benches/Cargo.toml --bin load -- --help`

#[path = "../load/mod.rs"]
mod load;

use std::process::ExitCode;

fn main() -> ExitCode {
    match load::main() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}
