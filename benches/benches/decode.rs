//! `cargo bench --manifest-path benches/Cargo.toml --bench decode`

mod support;

fn main() {
    support::bench("decode");
}
