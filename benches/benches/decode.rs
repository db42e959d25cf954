//! `cargo bench --manifest-path benches/Cargo.toml --bench decode`

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use ws_benches::{Content, Sample, decode};

fn bench(criterion: &mut Criterion) {
    for (name, content) in [("binary", Content::Binary), ("ascii", Content::Ascii), ("mixed", Content::Mixed)]
    {
        let mut group = criterion.benchmark_group(format!("decode/{name}"));
        for len in [16, 1024, 64 * 1024] {
            let sample = Sample::new(content, len, 256 * 1024);
            let mut storage = vec![0; decode::BUFFER_LEN];
            let read_len = decode::BUFFER_LEN;
            let expected = sample.tally();
            assert_eq!(decode::ws_core(&sample.wire, read_len, &mut storage), expected, "ws-core");
            assert_eq!(decode::tungstenite(&sample.wire, read_len), expected, "tungstenite");
            assert_eq!(decode::floor(content, &sample.wire, read_len, &mut storage), expected, "floor");
            group.throughput(Throughput::Elements(u64::try_from(expected.message_count).expect("few")));
            group.bench_function(BenchmarkId::new("ws-core", len), |bencher| {
                bencher.iter(|| decode::ws_core(black_box(&sample.wire), read_len, &mut storage));
            });
            group.bench_function(BenchmarkId::new("tungstenite", len), |bencher| {
                bencher.iter(|| decode::tungstenite(black_box(&sample.wire), read_len));
            });
            group.bench_function(BenchmarkId::new("floor", len), |bencher| {
                bencher.iter(|| decode::floor(content, black_box(&sample.wire), read_len, &mut storage));
            });
            let mut copy = vec![0; sample.wire.len()];
            group.bench_function(BenchmarkId::new("memcpy", len), |bencher| {
                bencher.iter(|| copy.copy_from_slice(black_box(&sample.wire)));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
