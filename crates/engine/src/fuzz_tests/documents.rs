//! Whole documents: loaded whatever they are, told in every format, and run if they can.

use std::time::Duration;

use serde_json::Map;

use super::harness::{Target, fuzz};
use super::{codes, outcome};
use crate::config::report::{Colour, Format, render};
use crate::inputs::Inputs;
use crate::load::load;
use crate::trial::complete;

const BUDGET: Duration = Duration::from_secs(5);

#[test]
fn documents() {
    fuzz(Target { name: "documents", budget: BUDGET, words: WORDS, run });
}

const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "//",
    "/*",
    "*/",
    "\"meta\"",
    "\"auth\"",
    "\"requestDefaults\"",
    "\"baseUrl\"",
    "\"operations\"",
    "\"findContact\"",
    "\"createCallLog\"",
    "\"url\"",
    "\"query\"",
    "\"headers\"",
    "\"body\"",
    "\"responseMapping\"",
    "\"listPath\"",
    "\"item\"",
    "\"idPath\"",
    "\"errorMapping\"",
    "\"when\"",
    "\"matches\"",
    "\"retry\"",
    "\"rateLimit\"",
    "\"allowedHosts\"",
    "\"secretKey\"",
    "\"${ENV}\"",
    "\"https://\"",
    "\"{{apiKey}}\"",
    "\"{{unknown}}\"",
    "{{",
    "{{#each a}}",
    "\"$..a\"",
    "\"(a*)*b\"",
    "<<<<<<< HEAD\n",
    "\\u0000",
    "\\ud800",
    "{\"a\":{\"a\":",
    "[[[[",
    "\"a\":1,",
];

fn run(input: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(input);
    let loaded = load("fuzz.json", &text, &|name| Ok::<_, ()>(format!("value of {name}")).ok());
    for format in Format::ALL {
        let told = render(format, std::slice::from_ref(&loaded.findings), Colour::Off);
        assert!(told.is_empty() || told.ends_with('\n'), "{format:?}");
    }
    for found in &loaded.findings.diagnostics {
        assert!(text.get(found.span.clone()).is_some(), "{found:?}");
    }
    let mut made = Vec::new();
    for config in loaded.config.iter() {
        for operation in config.operations() {
            let mut variables = Map::new();
            complete(config, operation.name, &mut variables, true);
            made.push(crate::render(operation, &Inputs::from_object(&variables)).is_ok());
        }
    }
    outcome((codes(&loaded.findings), made))
}
