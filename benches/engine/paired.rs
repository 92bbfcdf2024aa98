//! Measures two sides in turns and prints their ratios.

use std::time::{Duration, Instant};

use crate::cases::{Pair, Work};

/// Turns of each pair.
const ROUNDS: usize = 400;

/// A ratio above its budget by more than this factor is no noise, however busy the machine.
const MARGIN: f64 = 1.5;

/// How long one side runs in one turn: long against the clock, short against the noise.
const TURN: Duration = Duration::from_micros(250);

/// One line of the table.
struct Row {
    engine: f64,
    hand: f64,
    ratio: Quartiles,
}

struct Quartiles {
    lower: f64,
    median: f64,
    upper: f64,
}

/// Measures all pairs and prints `engine / by hand` for each, marked where it is over its budget.
/// Returns the names of those that are over it by more than the margin.
pub fn print_table<'p>(pairs: &'p [Pair<'_>]) -> Vec<&'p str> {
    let mut far_over = Vec::new();
    println!("{:<58}{:>10}{:>10}{:>8}{:>16}{:>10}", "", "engine", "by hand", "ratio", "quartiles", "budget");
    for pair in pairs {
        let row = measure(&pair.engine, &pair.hand);
        let exceeds = |factor: f64| pair.budget.is_some_and(|budget| row.ratio.median > factor * budget);
        if exceeds(MARGIN) {
            far_over.push(pair.name);
        }
        let mark = if exceeds(1.0) { " over" } else { "" };
        let budget = pair.budget.map_or(String::new(), |budget| format!("{budget:.1}{mark}"));
        println!(
            "{:<58}{:>10}{:>10}{:>8.2}{:>16}{:>10}",
            pair.name,
            time(row.engine),
            time(row.hand),
            row.ratio.median,
            format!("{:.2}–{:.2}", row.ratio.lower, row.ratio.upper),
            budget,
        );
    }
    far_over
}

fn measure(engine: &Work<'_>, hand: &Work<'_>) -> Row {
    let (engine_runs, hand_runs) = (runs_per_turn(engine), runs_per_turn(hand));
    let mut rounds: Vec<(f64, f64)> = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS {
        // Whoever comes second finds a busier machine: take turns in that, too.
        rounds.push(if round % 2 == 0 {
            let engine = turn(engine, engine_runs);
            (engine, turn(hand, hand_runs))
        } else {
            let hand = turn(hand, hand_runs);
            (turn(engine, engine_runs), hand)
        });
    }
    Row {
        engine: quartiles(rounds.iter().map(|(engine, _)| *engine)).median,
        hand: quartiles(rounds.iter().map(|(_, hand)| *hand)).median,
        ratio: quartiles(rounds.iter().map(|(engine, hand)| engine / hand)),
    }
}

/// Nanoseconds of one run, over `runs` runs.
fn turn(work: &Work<'_>, runs: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..runs {
        work();
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(runs)
}

fn runs_per_turn(work: &Work<'_>) -> u32 {
    let mut runs = 1;
    loop {
        let start = Instant::now();
        turn(work, runs);
        if start.elapsed() >= TURN {
            return runs;
        }
        runs *= 2;
    }
}

fn quartiles(values: impl Iterator<Item = f64>) -> Quartiles {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let at = |quarter: usize| values[values.len() * quarter / 4];
    Quartiles { lower: at(1), median: at(2), upper: at(3) }
}

fn time(nanoseconds: f64) -> String {
    if nanoseconds < 1000.0 {
        format!("{nanoseconds:.0} ns")
    } else {
        format!("{:.2} µs", nanoseconds / 1000.0)
    }
}
