//! `cargo bench --manifest-path benches/Cargo.toml --bench echo`

mod support;

fn main() {
    support::bench("echo");
}
