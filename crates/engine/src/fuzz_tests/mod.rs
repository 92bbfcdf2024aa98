//! What outsiders write, read under fuzz: documents, templates, paths, replies, bodies. Nothing panics, and nothing
//! takes longer than its budget. `harness` says how to run it for longer, and where inputs are kept.

mod documents;
mod harness;
mod multipart;
mod mutate;
mod paths;
mod replies;
mod templates;
mod text_bodies;
mod token_replies;

use std::hash::{DefaultHasher, Hash, Hasher as _};

use serde_json::{Map, Value, json};

use crate::config::diagnostic::Findings;
use crate::inputs::Inputs;
use crate::load::{Loaded, load};

/// Stands between the parts of an input, in a line of its own.
const BETWEEN: &str = "\n---\n";

/// The parts of an input; what is not there is empty.
fn parts<const N: usize>(input: &[u8]) -> [String; N] {
    let text = String::from_utf8_lossy(input);
    let mut parts = text.splitn(N, BETWEEN);
    std::array::from_fn(|_| parts.next().unwrap_or_default().to_owned())
}

/// JSON, or the text itself.
fn json_or_text(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

/// What tells an outcome apart from others.
fn outcome(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// The codes of what was found, each once.
fn codes(findings: &Findings) -> Vec<&'static str> {
    let mut codes: Vec<_> = findings.diagnostics.iter().map(|found| found.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// A document that uses texts wherever `operations` has them.
fn loaded(operations: &Value) -> Loaded {
    let document =
        json!({"requestDefaults": {"baseUrl": "https://crm.example.com/v1"}, "operations": operations});
    load("fuzz", &document.to_string(), &|_| None)
}

/// Variables of a request: an object, else all of them with the same value.
fn variables(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => {
            let names = ["note", "subject", "contactInfo", "additionalSubmission", "callLog", "user"];
            names.map(|name| (name.to_owned(), other.clone())).into_iter().collect()
        }
    }
}

/// The rendered request as text, or why there is none.
fn rendered(loaded: &Loaded, values: &Map<String, Value>) -> Vec<Result<usize, String>> {
    let operations = loaded.config.iter().flat_map(|config| config.operations());
    operations
        .map(|operation| {
            let request = crate::render(operation, &Inputs::from_object(values));
            request
                .map(|request| request.body.map_or(0, |body| body.len()))
                .map_err(|error| error.to_string())
        })
        .collect()
}
