//! `cargo bench --manifest-path benches/Cargo.toml --bench handshake`

mod support;

fn main() {
    support::bench("handshake");
}
