//! Beside the reference server, where `benches/peer/run.sh` has installed it: the same load, the same
//! CRM, the same document, one core for each side in turns.

use std::cell::Cell;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;

use crate::client::{self, CONNECTIONS, Load};
use crate::requests::{CallLog, Contact};
use crate::seed::Size;
use crate::{Outcome, Plan, paired, process, seeded, serve};

/// Prints throughput, latency and memory of both.
pub async fn beside_the_reference(plan: &Plan, crm: SocketAddr, numbers: &Rc<Cell<u64>>) -> Outcome<()> {
    // One document, and the users that `server.cjs` makes: one for each connection.
    let seeded = seeded("peer", Size { configs: 1, users: CONNECTIONS, logs: 0 }, crm).await?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peer/server.cjs");
    let reference = process::start(&["node", &script.to_string_lossy(), &crm.to_string()])?;
    let server = serve(&seeded)?;
    println!("\n{CONNECTIONS} connections; one core for each side in turns\n");
    println!("|               |  server/s | reference/s | ratio | p50 (reference) | p99 (reference) |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    let tokens = seeded.tokens(CONNECTIONS);
    let contact: Rc<dyn Load> = Rc::new(Contact { tokens: tokens.clone(), expected: "Found 2 contacts" });
    let call_log: Rc<dyn Load> = Rc::new(CallLog { tokens, expected: "Call logged" });
    // The first contacts of an account one after the other: the reference fails where two requests
    // make the same entry of its cache.
    for _ in 0..CONNECTIONS {
        client::once(reference.address, Rc::clone(&contact), Rc::clone(numbers)).await?;
    }
    for (name, load) in [("GET /contact", contact), ("POST /callLog", call_log)] {
        let sides = [(&server, Rc::clone(&load)), (&reference, load)];
        let measured = paired::measure(&sides, numbers, plan.rounds, plan.round).await?;
        let [server, reference] = measured.as_slice() else { continue };
        let [p50, p99] = [|side: &paired::Side| side.p50, |side: &paired::Side| side.p99].map(|of| {
            let [server, reference] = [server, reference].map(|side| of(side).as_secs_f64() * 1000.0);
            format!("{server:.1} ms ({reference:.1} ms)")
        });
        println!(
            "| {name:<13} | {:>9.0} | {:>11.0} | {:>5.1} | {p50:>15} | {p99:>15} |",
            server.throughput,
            reference.throughput,
            server.throughput / reference.throughput
        );
    }
    println!(
        "\nresident after the load: {:.0} MiB; the reference: {:.0} MiB",
        server.resident(),
        reference.resident()
    );
    Ok(())
}
