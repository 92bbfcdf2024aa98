//! What the whole server does under load, next to a hard-coded handler that makes the same request
//! to the same CRM with the same web server and client and does nothing else:
//! `cargo bench --profile dist --bench load`.
//!
//! The server and the handler run in turns on one core; the load (32 connections) and the CRM run
//! on another, in one thread, so that neither takes time from what is measured. The table has ratios
//! from one run. A value over its budget is marked; where one is far over it, the exit code is 1.
//! With `-- contact` it measures one route only.
//! It needs Linux with `taskset`; elsewhere nothing is pinned and no memory or processor time is shown.

#[path = "load/budget.rs"]
mod budget;
#[path = "load/client.rs"]
mod client;
#[path = "load/crm.rs"]
mod crm;
#[path = "load/handler.rs"]
mod handler;
#[path = "load/hostile.rs"]
mod hostile;
#[path = "load/paired.rs"]
mod paired;
#[path = "load/peer.rs"]
mod peer;
#[path = "load/process.rs"]
mod process;
#[path = "load/requests.rs"]
mod requests;
#[path = "load/seed.rs"]
mod seed;

use std::cell::Cell;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use budget::Budgets;
use client::{CONNECTIONS, Load};
use paired::Side;
use process::Measured;
use requests::{CallLog, Contact, IsAlive};
use seed::{Seeded, Size};

/// The allocator of the server, for the handler too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Its name, the server's load, the handler's, and the least ratio of their throughput.
type Route = (&'static str, Rc<dyn Load>, Rc<dyn Load>, Option<f64>);

/// The first argument of the process that is the handler; the CRM's address follows, and a folder where
/// it also writes.
const HANDLER: &str = "handler";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, crm, rest @ ..] = arguments.as_slice()
        && role == HANDLER
    {
        let folder = rest.first().map(String::as_str);
        return handler::serve(crm, folder).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    // Cargo passes `--bench` only where it measures; `cargo test --benches` just runs everything.
    let plan = if arguments.iter().any(|argument| argument == "--bench") { Plan::FULL } else { Plan::SHORT };
    let only: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|text| !text.starts_with('-')).collect();
    process::pin_the_load();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(run(&plan, &only))) {
        Ok(far_over) if far_over.is_empty() || !plan.judges => ExitCode::SUCCESS,
        Ok(far_over) => {
            eprintln!("far over budget: {}", far_over.join("; "));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("the benchmark could not run: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The row in which the handler, too, writes to a store before and after it asks the CRM.
const WRITING: &str = "both durable";

/// What is measured beside connections that mean harm.
const HOSTILE: &str = "hostile";

/// The argument that measures beside the reference server instead: `benches/peer/run.sh`.
const PEER: &str = "peer";

/// How long and how much.
struct Plan {
    rounds: usize,
    round: Duration,
    size: Size,
    growth: &'static [usize],
    /// More documents than this would take minutes to check in the background.
    most_configs: usize,
    judges: bool,
}

impl Plan {
    const FULL: Self = Self {
        rounds: 5,
        round: Duration::from_millis(1200),
        size: Size { configs: 1_000, users: 100_000, logs: 0 },
        growth: &[1, 1_000, 100_000],
        most_configs: 10_000,
        judges: true,
    };
    const SHORT: Self = Self {
        rounds: 1,
        round: Duration::from_millis(50),
        size: Size { configs: 2, users: 2, logs: 2 },
        growth: &[1, 2],
        most_configs: 2,
        judges: false,
    };
}

/// Prints all tables, or the rows of the routes that hold one of these words; returns what is far
/// over budget.
async fn run(plan: &Plan, only: &[&str]) -> Outcome<Vec<String>> {
    let budgets = Budgets::default();
    let crm = crm::start().await?;
    let numbers = Rc::new(Cell::new(0));
    if only == [PEER] {
        peer::beside_the_reference(plan, crm, &numbers).await?;
        return Ok(Vec::new());
    }
    beside_the_handler(plan, crm, &numbers, &budgets, only).await?;
    if !only.is_empty() {
        return Ok(Vec::new());
    }
    growth(plan, crm, &numbers, &budgets).await?;
    Ok(budgets.far_over())
}

async fn seeded(name: &str, size: Size, crm: SocketAddr) -> Outcome<Seeded> {
    Seeded::new(seed::scratch().join(format!("load-{}-{name}", std::process::id())), size, crm).await
}

fn serve(seeded: &Seeded) -> Result<Measured, String> {
    let (configs, data) = (seeded.configs(), seeded.data());
    process::start(&[
        env!("CARGO_BIN_EXE_app-connect"),
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--allow-private-network",
        "--proxy-configs",
        &configs.to_string_lossy(),
        "--data-dir",
        &data.to_string_lossy(),
    ])
}

/// Throughput and latency in ratios, memory and the time to start.
async fn beside_the_handler(
    plan: &Plan,
    crm: SocketAddr,
    numbers: &Rc<Cell<u64>>,
    budgets: &Budgets,
    only: &[&str],
) -> Outcome<()> {
    let Size { configs, users, .. } = plan.size;
    let seeded = seeded("ratios", plan.size, crm).await?;
    let this = std::env::current_exe()?;
    let handler = process::start(&[&this.to_string_lossy(), HANDLER, &crm.to_string()])?;
    // Started once before, so that no file is read from the disk for the first time.
    drop(serve(&seeded)?);
    let server = serve(&seeded)?;
    server.settle().await;
    let idle = server.resident();

    println!(
        "\n{CONNECTIONS} connections, {configs} configs, {users} users; one core for each side in turns\n"
    );
    println!(
        "| {:<15} | {:>9} | {:>9} | {:>5} | {:>14} | {:>15} | {:>15} | {:>9} | {:>17} |",
        "",
        "server/s",
        "handler/s",
        "ratio",
        "budget",
        "p50 (handler)",
        "p99 (handler)",
        "p99 ratio",
        "busy (handler)"
    );
    println!("| --- | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: |");
    let tokens = seeded.tokens(CONNECTIONS);
    let contact = |expected| Rc::new(Contact { tokens: tokens.clone(), expected });
    let call_log = |expected| Rc::new(CallLog { tokens: tokens.clone(), expected });
    let routes: [Route; 3] = [
        ("GET /isAlive", Rc::new(IsAlive), Rc::new(IsAlive), None),
        ("GET /contact", contact("Found 2 contacts"), contact("con-1"), Some(0.65)),
        ("POST /callLog", call_log("Call logged"), call_log("act-1"), Some(0.35)),
    ];
    for (name, ours, theirs, budget) in routes {
        if !only.is_empty() && !only.iter().any(|word| name.contains(word)) {
            continue;
        }
        let sides = [(&server, ours), (&handler, theirs)];
        let measured = paired::measure(&sides, numbers, plan.rounds, plan.round).await?;
        if let [server, handler] = measured.as_slice() {
            row(name, server, handler, budget, budgets);
        }
    }
    if only.is_empty() || only.contains(&WRITING) {
        let folder = seeded.handler_data();
        let arguments = [&this.to_string_lossy(), HANDLER, &crm.to_string(), &folder.to_string_lossy()];
        let writing = process::start(&arguments)?;
        let sides: [(&Measured, Rc<dyn Load>); 2] =
            [(&server, call_log("Call logged")), (&writing, call_log("act-1"))];
        let measured = paired::measure(&sides, numbers, plan.rounds, plan.round).await?;
        if let [server, handler] = measured.as_slice() {
            row(WRITING, server, handler, None, budgets);
            println!(
                "\n{WRITING}: POST /callLog, beside a handler that also makes two durable writes to a store like ours"
            );
        }
    }

    if only.is_empty() || only.contains(&HOSTILE) {
        beside_hostile(plan, &server, &contact("Found 2 contacts"), numbers).await?;
    }

    server.settle().await;
    let loaded = server.resident();
    // One request through every document and for many users, one round.
    let everything: Rc<dyn Load> =
        Rc::new(Contact { tokens: seeded.tokens(users.min(20 * configs)), expected: "Found 2 contacts" });
    paired::measure(&[(&server, everything)], numbers, 1, 4 * plan.round).await?;
    server.settle().await;
    let startup = server.startup.as_secs_f64() * 1000.0;
    let memory = budgets.at_most("resident memory", loaded, 60.0);
    println!(
        "\nresident with them: {idle:.0} MiB idle, {loaded:.0} MiB after the load ({memory}), {:.0} MiB after a\nround of contacts through all configs; the handler: {:.0} MiB",
        server.resident(),
        handler.resident()
    );
    println!("start-up with them: {startup:.0} ms ({})", budgets.at_most("start-up", startup, 200.0));
    Ok(())
}

/// `GET /contact` alone and beside hostile connections, in turns.
async fn beside_hostile(
    plan: &Plan,
    server: &Measured,
    contact: &Rc<Contact>,
    numbers: &Rc<Cell<u64>>,
) -> Outcome<()> {
    let (mut alone, mut beside, mut slowest) = (0.0, 0.0, Duration::ZERO);
    for _ in 0..plan.rounds {
        let sides: [(&Measured, Rc<dyn Load>); 1] = [(server, Rc::<Contact>::clone(contact))];
        alone += throughput(&paired::measure(&sides, numbers, 1, plan.round).await?);
        let attack = hostile::attack(server.address);
        let measured = paired::measure(&sides, numbers, 1, plan.round).await?;
        beside += throughput(&measured);
        slowest = slowest.max(measured.first().map_or(Duration::ZERO, |side| side.p99));
        drop(attack);
        server.settle().await;
    }
    println!(
        "\n{HOSTILE}: GET /contact beside {} hostile connections, {:.2} of its throughput without them, p99 {:.2} ms",
        hostile::CONNECTIONS,
        beside / alone,
        slowest.as_secs_f64() * 1000.0
    );
    Ok(())
}

fn throughput(sides: &[Side]) -> f64 {
    sides.first().map_or(0.0, |side| side.throughput)
}

fn row(name: &str, server: &Side, handler: &Side, budget: Option<f64>, budgets: &Budgets) {
    let ratio = server.throughput / handler.throughput;
    let slower = server.p99.as_secs_f64() / handler.p99.as_secs_f64();
    let judged = budget.map_or(String::new(), |budget| budgets.at_least(name, ratio, budget));
    if budget.is_some() {
        budgets.at_most(&format!("p99 of {name}"), slower, 3.0);
    }
    let pair = |of: fn(&Side) -> String| format!("{} ({})", of(server), of(handler));
    println!(
        "| {name:<15} | {:>9.0} | {:>9.0} | {ratio:>5.2} | {judged:>14} | {:>15} | {:>15} | {slower:>9.2} | {:>17} |",
        server.throughput,
        handler.throughput,
        pair(|side| format!("{:.2} ms", side.p50.as_secs_f64() * 1000.0)),
        pair(|side| format!("{:.2} ms", side.p99.as_secs_f64() * 1000.0)),
        pair(|side| format!("{:.2}", side.busy)),
    );
}

/// What one request costs with more and more of everything.
async fn growth(plan: &Plan, crm: SocketAddr, numbers: &Rc<Cell<u64>>, budgets: &Budgets) -> Outcome<()> {
    println!(
        "\nprocessor time for one request, with so many users and call logs, and as many configs up to {}\n",
        plan.most_configs
    );
    println!(
        "| {:>7} | {:>9} | {:>12} | {:>13} | {:>8} |",
        "of each", "start-up", "GET /contact", "POST /callLog", "resident"
    );
    println!("| ---: | ---: | ---: | ---: | ---: |");
    let mut first: Option<[f64; 2]> = None;
    for count in plan.growth.iter().copied() {
        let seeded =
            seeded("growth", Size { configs: count.min(plan.most_configs), users: count, logs: count }, crm)
                .await?;
        let server = serve(&seeded)?;
        server.settle().await;
        let tokens = seeded.tokens(CONNECTIONS);
        let contact: Rc<dyn Load> = Rc::new(Contact { tokens: tokens.clone(), expected: "Found 2 contacts" });
        let call_log: Rc<dyn Load> = Rc::new(CallLog { tokens, expected: "Call logged" });
        let mut costs = [0.0; 2];
        for (cost, load) in costs.iter_mut().zip([contact, call_log]) {
            let sides = [(&server, load)];
            let measured = paired::measure(&sides, numbers, plan.rounds.min(3), plan.round).await?;
            *cost = measured.first().map_or(0.0, |side| side.cpu.as_secs_f64() * 1e6);
        }
        println!(
            "| {count:>7} | {:>6.0} ms | {:>9.1} µs | {:>10.1} µs | {:>4.0} MiB |",
            server.startup.as_secs_f64() * 1000.0,
            costs[0],
            costs[1],
            server.resident()
        );
        let first = *first.get_or_insert(costs);
        for (name, (cost, before)) in ["GET /contact", "POST /callLog"].iter().zip(costs.iter().zip(first)) {
            budgets.at_most(&format!("growth of {name} to {count}"), cost / before, 1.25);
        }
    }
    Ok(())
}
