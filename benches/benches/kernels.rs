//! `cargo bench --manifest-path benches/Cargo.toml --bench kernels`

mod support;

fn main() {
    support::bench("kernels");
}
