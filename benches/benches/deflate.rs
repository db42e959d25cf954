//! `cargo bench --manifest-path benches/Cargo.toml --bench deflate`

mod support;

fn main() {
    support::bench("deflate");
}
