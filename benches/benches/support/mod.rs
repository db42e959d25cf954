use criterion::{BenchmarkId, Criterion, Throughput};
use std::time::Duration;
use ws_benches::groups;

/// Times each contestant of each row of a group, after all of the row were checked.
pub fn bench(group: &str) {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(400))
        .configure_from_args();
    for row in groups::named(group).rows {
        let mut contest = row.contest().expect("each contestant does the work right");
        let mut timed = criterion.benchmark_group(format!("{group}/{}", row.name));
        timed.throughput(Throughput::Elements(u64::try_from(contest.unit_count).expect("few")));
        for contestant in &mut contest.contestants {
            timed.bench_function(BenchmarkId::from_parameter(contestant.name), |bencher| {
                bencher.iter(|| contestant.run());
            });
        }
        timed.finish();
    }
    criterion.final_summary();
}
