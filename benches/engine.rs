//! What one operation costs, the network excluded, next to the same work written by hand on
//! `serde_json::Value`: `cargo bench --profile dist --bench engine`.
//!
//! Criterion gives the times of each side; the table of ratios at the end comes from measuring the
//! two sides in turns, so that a machine that slows down for a while slows down both. A ratio over its
//! budget is marked; where one is far over it, the exit code is 1.

#[path = "engine/by_hand.rs"]
mod by_hand;
#[path = "engine/cases.rs"]
mod cases;
#[path = "engine/documents.rs"]
mod documents;
#[path = "engine/paired.rs"]
mod paired;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use app_connect::config::document::Document;
use app_connect::engine;
use app_connect::engine::cancel::Cancel;
use app_connect::engine::load;
use criterion::Criterion;
use serde::Deserialize as _;

use crate::cases::{Pair, World};

/// The allocator of the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let world = World::new();
    let pairs = world.pairs();
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1000))
        .sample_size(50)
        .configure_from_args();
    for pair in &pairs {
        compare(&mut criterion, pair);
    }
    loading(&mut criterion);
    criterion.final_summary();
    // Cargo passes `--bench` only where it measures; `cargo test --benches` just runs everything.
    let asked = |flag: &str| std::env::args().any(|argument| argument == flag);
    if asked("--bench") && !["--list", "--test", "--profile-time"].into_iter().any(asked) {
        let far_over = paired::print_table(&pairs);
        if !far_over.is_empty() {
            eprintln!("far over budget: {}", far_over.join("; "));
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn compare(criterion: &mut Criterion, pair: &Pair<'_>) {
    let mut group = criterion.benchmark_group(pair.name);
    group.bench_function("engine", |bencher| bencher.iter(|| (pair.engine)()));
    group.bench_function("by hand", |bencher| bencher.iter(|| (pair.hand)()));
    group.finish();
}

/// What happens once for each document, for information.
fn loading(criterion: &mut Criterion) {
    let text = serde_json::to_string_pretty(&documents::full()).unwrap();
    let document = Document::deserialize(documents::full()).unwrap();
    let mut group = criterion.benchmark_group("a document, once");
    group.bench_function("load (parse, check, compile)", |bencher| {
        bencher.iter(|| load::load("bench.json", black_box(&text), &|_| None));
    });
    group.bench_function("compile", |bencher| {
        bencher.iter(|| engine::compile(black_box(&document), &|_| None, &Cancel::default()));
    });
    group.finish();
}
