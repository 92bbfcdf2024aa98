//! Tests through the outside of the program: HTTP, the command line, the library. One binary, because each
//! one links the whole library. `cargo test --test it contacts` runs those whose path has the word.
//!
//! What takes long or needs many processes is in `heavy.rs`; what opens the embedded store in the test's own
//! process is in `store/`.

mod abuse;
mod account;
mod admin;
mod appointments;
mod architecture;
mod bad_input;
mod base;
mod cases;
mod ci_kit;
mod cli;
mod client;
mod connectors;
mod console_tokens;
mod contact_cache;
mod contact_offer;
mod edits;
mod error_mapping;
mod form_grants;
mod generated;
mod import_reference;
mod invalid;
mod lifecycle;
mod managed_sign_in;
mod messages;
mod not_in_service;
mod oauth;
mod observability;
mod openapi;
#[cfg(feature = "otel")]
mod otel;
mod rate_limit;
mod reference;
mod reload;
mod replay;
mod replies;
mod report;
mod retry;
mod sandbox;
mod sandbox_config;
mod schema;
mod selfcheck;
mod send;
mod sessions;
mod shutdown;
mod source;
mod support;
mod tenants;
#[path = "trials/main.rs"]
mod trials;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// A file that no binary declares would compile nowhere and run never.
#[test]
fn no_test_file_is_forgotten() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let roots = ["it.rs", "heavy.rs"];
    let mut declared = BTreeSet::from(["store".to_owned()]);
    for root in roots {
        let source = fs::read_to_string(folder.join(root)).unwrap();
        let modules = source.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
        declared.extend(modules.map(str::to_owned));
    }
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let holds_tests = if path.is_dir() {
            ["mod.rs", "main.rs"].iter().any(|root| path.join(root).exists())
        } else {
            name.ends_with(".rs") && !roots.contains(&name.as_str())
        };
        let module = name.trim_end_matches(".rs");
        assert!(!holds_tests || declared.contains(module), "tests/{name} is declared in none of {roots:?}");
    }
}
