//! `cargo bench --manifest-path benches/Cargo.toml --bench encode`

mod support;

fn main() {
    support::bench("encode");
}
