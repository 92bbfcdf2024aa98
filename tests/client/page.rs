//! The table of `docs/client.md`: every journey, the routes that it needs, and whether it is played.
use super::journey::{self, Journey};
use std::path::Path;

const PAGE: &str = "docs/client.md";
const BEGIN: &str = "<!-- journeys: begin -->";
const END: &str = "<!-- journeys: end -->";
const MEND: &str = "UPDATE_GENERATED=1 cargo test --test it client";

fn row(journey: &Journey) -> String {
    let routes: Vec<String> = journey.routes().iter().map(|route| format!("`{route}`")).collect();
    let waits: Vec<String> = journey.waits_for().iter().map(|route| format!("`{route}`")).collect();
    let state = if waits.is_empty() { "works".to_owned() } else { format!("waits for {}", waits.join(", ")) };
    let (name, title) = (&journey.name, &journey.title);
    format!("| [{title}](../tests/client/{name}.json) | {} | {state} |\n", routes.join(", "))
}

fn table() -> String {
    let rows: String = journey::all().iter().map(row).collect();
    format!("{BEGIN}\n| Journey | Routes | State |\n| --- | --- | --- |\n{rows}{END}")
}

#[test]
fn the_table_of_journeys_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    let (begin, end) =
        (page.find(BEGIN).expect("the beginning of the table"), page.find(END).expect("its end"));
    let mended = format!("{}{}{}", &page[..begin], table(), &page[end + END.len()..]);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&path, &mended).unwrap();
        return;
    }
    assert!(mended == page, "{PAGE} says something else of the journeys; run `{MEND}`");
}
