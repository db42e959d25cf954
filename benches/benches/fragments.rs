//! `cargo bench --manifest-path benches/Cargo.toml --bench fragments`

mod support;

fn main() {
    support::bench("fragments");
}
