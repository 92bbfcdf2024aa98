//! SARIF 2.1.0 (OASIS), which code hosts show as annotations.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::mask::Mask;
use super::{Place, documentation};
use crate::config::diagnostic::{Code, Diagnostic, Findings, Lines, Severity};
use crate::hex::hex;

/// What stays as it is in the path of a URI.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Name of the fingerprint below; its number changes when the way it is made does.
const FINGERPRINT: &str = "codeAndPointer/v1";

/// One run with all rules and all findings.
pub fn sarif(files: &[Findings]) -> String {
    let results: Vec<Value> = files.iter().flat_map(results).collect();
    let mut log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "app-connect",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": Code::ALL.iter().map(|code| rule(*code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "artifacts": files.iter().map(|file| json!({ "location": { "uri": uri(&file.file) } })).collect::<Vec<_>>(),
            "results": results,
        }],
    });
    let notifications: Vec<Value> = files.iter().filter_map(notification).collect();
    if !notifications.is_empty() {
        log["runs"][0]["invocations"] = json!([
            { "executionSuccessful": true, "toolExecutionNotifications": notifications }
        ]);
    }
    format!("{log:#}\n")
}

/// That a file has more findings than are told.
fn notification(file: &Findings) -> Option<Value> {
    let omitted = super::omitted(file, usize::MAX);
    (omitted > 0).then(|| {
        json!({
            "level": "error",
            "message": { "text": super::and_more(omitted) },
            "locations": [{ "physicalLocation": { "artifactLocation": { "uri": uri(&file.file) } } }],
        })
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error | Severity::Mistake => "error",
        Severity::Warning => "warning",
    }
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.as_str(),
        "name": format!("{code:?}"),
        "shortDescription": { "text": code.title() },
        "fullDescription": { "text": code.explanation() },
        "helpUri": documentation(code),
        "defaultConfiguration": { "level": level(code.severity()) },
        "properties": { "severity": code.severity().as_str() },
    })
}

fn results(file: &Findings) -> Vec<Value> {
    let (mask, lines) = (Mask::new(file), Lines::new(&file.source));
    let mut seen: HashMap<(Code, &str), usize> = HashMap::new();
    file.diagnostics
        .iter()
        .map(|found| {
            let nth = seen.entry((found.code, &found.pointer)).or_default();
            *nth += 1;
            let print = fingerprint(found, *nth);
            result(file, &lines, &mask.diagnostic(found), print)
        })
        .collect()
}

fn result(file: &Findings, lines: &Lines<'_>, found: &Diagnostic, fingerprint: String) -> Value {
    let text = match &found.help {
        Some(help) => format!("{}\n{help}", found.message),
        None => found.message.clone(),
    };
    let mut location = json!({ "physicalLocation": { "artifactLocation": { "uri": uri(&file.file) } } });
    // A file that could not be read has no lines.
    if !file.source.is_empty() {
        let Place { line, column, end_line, end_column } = Place::new(lines, &found.span);
        location["physicalLocation"]["region"] = json!({
            "startLine": line,
            "startColumn": column,
            "endLine": end_line,
            "endColumn": end_column,
            "byteOffset": found.span.start,
            "byteLength": found.span.len(),
        });
    }
    if !found.pointer.is_empty() {
        location["logicalLocations"] = json!([{ "fullyQualifiedName": found.pointer }]);
    }
    json!({
        "ruleId": found.code.as_str(),
        "ruleIndex": Code::ALL.iter().position(|code| *code == found.code),
        "level": level(found.severity()),
        "message": { "text": text },
        "locations": [location],
        "partialFingerprints": { FINGERPRINT: fingerprint },
    })
}

/// The same for a finding whose line moved: from its code, its pointer and, where several findings
/// share both, its number among them.
fn fingerprint(found: &Diagnostic, nth: usize) -> String {
    let hash = digest(&SHA256, format!("{}\n{}\n{nth}", found.code, found.pointer).as_bytes());
    hex(&hash.as_ref()[..16])
}

/// A path as a URI reference (RFC 3986): relative ones stay relative.
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let encoded = utf8_percent_encode(&path, PATH);
    let drive = path.as_bytes().get(1) == Some(&b':');
    match (path.starts_with('/'), drive) {
        (true, _) => format!("file://{encoded}"),
        (_, true) => format!("file:///{encoded}"),
        _ => encoded.to_string(),
    }
}
