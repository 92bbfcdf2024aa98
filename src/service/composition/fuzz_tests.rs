//! Texts of logs under fuzz: composed, put into any text of a CRM, read back and shortened.

use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{Settings, call_log, fields, limit, shared_sms};
use crate::engine::operation::{LogFormat, TextLimit};
use crate::engine::truncate::Unit;
use crate::fuzz_tests::harness::{Target, fuzz};
use crate::fuzz_tests::outcome;
use crate::members::Members as _;
use crate::service::call_logs::UpdateCallLogRequest;

/// A text is composed four times in a debug build.
const BUDGET: Duration = Duration::from_secs(5);

#[test]
fn plain_texts() {
    fuzz(Target {
        name: "plain_texts",
        budget: BUDGET,
        words: PLAIN,
        run: |input| run(input, LogFormat::Plain),
    });
}

#[test]
fn html_texts() {
    fuzz(Target {
        name: "html_texts",
        budget: BUDGET,
        words: HTML,
        run: |input| run(input, LogFormat::Html),
    });
}

#[test]
fn markdown_texts() {
    let run = |input: &[u8]| run(input, LogFormat::Markdown);
    fuzz(Target { name: "markdown_texts", budget: BUDGET, words: MARKDOWN, run });
}

const PLAIN: &[&str] = &[
    "- Note: x\n",
    "- Agent notes: x\n",
    "- AI Note:\n",
    "--- END\n",
    "- Transcript:\n",
    "- Call journey:\n",
    "--- JOURNEY END\n",
    "- Result: x\n",
    "- Summary: x\n",
    "- Duration: 5 minutes\n",
    "- Date/Time: 2026-05-03\n",
    "- Call recording link: https://r.example\n",
    "- Session Id: 1\n",
    "Result: x",
    " - ",
    "- ",
    ": ",
    "\n\n",
    "\r\n",
    "\n---\n",
    "[Ada 10:00] ",
    "{\"note\":\"",
    "\",\"aiNote\":\"",
    "\",\"transcript\":\"",
    "\",\"result\":\"",
    "\"}",
    "\\n",
];

const HTML: &[&str] = &[
    "<b>Agent notes</b>",
    "<br>",
    "<br/>",
    "<b>Call details</b>",
    "<ul>",
    "</ul>",
    "<li><b>Result</b>: x</li>",
    "<li>",
    "</li>",
    "<div><b>AI Note</b><br>",
    "</div>",
    "<div>",
    "<p>",
    "</p>",
    "<b>",
    "</b>",
    "<strong>",
    "</strong>",
    "<span style=\"",
    "\">",
    "<a href=\"https://r.example\">open</a>",
    "&nbsp;",
    "&amp;",
    "&lt;",
    "&#x27;",
    "<!--",
    "-->",
    "<script>",
    "<",
    ">",
    "\n---\n",
    "{\"note\":\"",
    "\",\"aiNote\":\"",
    "\",\"transcript\":\"",
    "\"}",
    "Result: x",
];

const MARKDOWN: &[&str] = &[
    "## Agent notes\n",
    "## Contact Info\n",
    "## Call details\n",
    "### Transcript\n",
    "### AI Note\n",
    "### Mine\n",
    "**Result**: x\n",
    "- **Result**: x\n",
    "**",
    "*",
    "__",
    "\\*",
    "# ",
    "## ",
    "### ",
    "> ",
    "- ",
    "* ",
    "```\n",
    "\n\n",
    "\r\n",
    "[open](https://r.example)",
    "\n---\n",
    "{\"note\":\"",
    "\",\"aiNote\":\"",
    "\",\"transcript\":\"",
    "\"}",
    "\\n",
];

/// The present text, a line of dashes, and the request as JSON; what is no JSON is said in several fields.
fn run(input: &[u8], format: LogFormat) -> u64 {
    let text = String::from_utf8_lossy(input);
    let (existing, request) = text.split_once("\n---\n").unwrap_or((&text, "{}"));
    let mut request = match serde_json::from_str(request) {
        Ok(Value::Object(members)) => Value::Object(members),
        _ => json!({"note": request, "aiNote": request, "transcript": existing, "result": request}),
    };
    let shared = shared_sms_of(&request, format);
    let Some(Ok(request)) = request.as_object_mut().map(UpdateCallLogRequest::take) else {
        return outcome("refused");
    };
    let all_on: Value = fields::Field::ALL
        .into_iter()
        .map(|field| (field.setting().0.to_owned(), json!({"value": true})))
        .collect();
    let settings = Settings::new(Some(&all_on), TimeZone::UTC);
    let new = call_log::compose(&request.text(), &settings, format);
    let updated = call_log::upsert(existing, &request.text(), &settings, format);
    let again = call_log::upsert(&updated, &request.text(), &settings, format);
    let most = TextLimit { length: updated.len() / 2 + 1, unit: Unit::Utf16 };
    let short = limit::call_log(&updated, format, most);
    if let Some(short) = &short {
        assert!(most.unit.length(short) <= most.length);
    }
    let lines = |text: &str| text.lines().count().min(12);
    outcome((lines(&new), lines(&updated), updated == again, short.is_some(), shared))
}

/// The text of a conversation has the same readers.
fn shared_sms_of(conversation: &Value, format: LogFormat) -> bool {
    let settings = Settings::new(None, TimeZone::UTC);
    let composed = shared_sms::compose(conversation, "Ada", &settings, format);
    let most = TextLimit { length: composed.body.len() / 2 + 1, unit: Unit::Utf16 };
    shared_sms::shortened(&composed.body, format, most).is_some()
}
