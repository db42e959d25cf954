//! `cargo bench --manifest-path benches/Cargo.toml --bench deflate`

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use ws_benches::deflate;

fn bench(criterion: &mut Criterion) {
    for len in [1024, 64 * 1024] {
        let payload = deflate::json(len);
        let mut out = vec![0; 2 * len + 100];
        let mut ours = deflate::OurSender::new();
        let mut raw = deflate::new_raw_deflate();
        let written = ours.send(&payload, &mut out);
        let mut frame = out[..written].to_vec();
        let header_len = if written > 125 + 2 { 4 } else { 2 };
        let raw_len = deflate::raw_deflate(&mut raw, &payload, &mut out);
        assert_eq!(frame[header_len..], out[..raw_len], "the same compression");

        let mut group = criterion.benchmark_group("deflate/compress");
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("ws-core", len), |bencher| {
            bencher.iter(|| ours.send(black_box(&payload), &mut out));
        });
        group.bench_function(BenchmarkId::new("zlib-rs", len), |bencher| {
            bencher.iter(|| deflate::raw_deflate(&mut raw, black_box(&payload), &mut out));
        });
        group.finish();

        let mut compressed = frame[header_len..].to_vec();
        let (payload_len, mut inflater) = (compressed.len(), deflate::new_inflater());
        assert_eq!(deflate::inflater(&mut inflater, &compressed, &mut out), len);
        compressed.extend([0, 0, 0xFF, 0xFF]);
        let (mut ours, mut raw) = (deflate::OurReceiver::new(), deflate::new_raw_inflate());
        assert_eq!(ours.receive(&mut frame), len);
        assert_eq!(deflate::raw_inflate(&mut raw, &compressed, &mut out), len);
        let mut group = criterion.benchmark_group("deflate/inflate");
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("ws-core", len), |bencher| {
            bencher.iter(|| ours.receive(black_box(&mut frame)));
        });
        group.bench_function(BenchmarkId::new("ws-core, inflater alone", len), |bencher| {
            let compressed = &compressed[..payload_len];
            bencher.iter(|| deflate::inflater(&mut inflater, black_box(compressed), &mut out));
        });
        group.bench_function(BenchmarkId::new("zlib-rs", len), |bencher| {
            bencher.iter(|| deflate::raw_inflate(&mut raw, black_box(&compressed), &mut out));
        });
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
