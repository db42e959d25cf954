//! `cargo bench --manifest-path benches/Cargo.toml --bench encode`

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use tungstenite::Bytes;
use tungstenite::protocol::Role;
use ws_benches::{Content, Sample, encode};

fn bench(criterion: &mut Criterion) {
    for role in ["server", "client"] {
        let mut group = criterion.benchmark_group(format!("encode/{role}"));
        for len in [16, 1024, 64 * 1024] {
            let sample = Sample::new(Content::Binary, len, 256 * 1024);
            let messages = &sample.messages;
            let is_client = role == "client";
            let ours = if is_client { encode::ws_core_client } else { encode::ws_core_server };
            let mut out = vec![0; sample.wire.len()];
            let shared: Vec<Bytes> = messages.iter().map(|message| message.clone().into()).collect();
            let peer_role = if is_client { Role::Client } else { Role::Server };
            assert_eq!(ours(messages, &mut out), encode::tungstenite(&shared, peer_role), "the same frames");
            group.throughput(Throughput::Elements(u64::try_from(messages.len()).expect("few")));
            group.bench_function(BenchmarkId::new("ws-core", len), |bencher| {
                bencher.iter(|| ours(black_box(messages), &mut out));
            });
            group.bench_function(BenchmarkId::new("tungstenite", len), |bencher| {
                bencher.iter(|| encode::tungstenite(black_box(&shared), peer_role));
            });
            group.bench_function(BenchmarkId::new("memcpy", len), |bencher| {
                bencher.iter(|| encode::memcpy(black_box(messages), &mut out));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
