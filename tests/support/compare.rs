//! What a step should have caused against what it caused: every difference, never only the
//! first, each with its place.
use super::client::Response;
use super::expected::{Expected, ExpectedBody, ExpectedHeader, ExpectedOutbound, ExpectedReply};
use super::placeholders::{self, Bindings, Matcher};
use super::scripted_crm::Received;
use serde_json::Value;

/// Response headers that the recordings select; others are not compared.
const SELECTED: [&str; 4] =
    ["content-type", "x-refreshed-jwt-token", "access-control-allow-origin", "access-control-expose-headers"];

/// What a step caused.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    pub received: Vec<Received>,
    /// `Ok(None)`: nothing arrived in time.
    pub replies: Vec<Result<Option<Response>, String>>,
    pub elapsed_ms: u64,
}

/// One difference, in words that stand alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub field: String,
    pub expected: String,
    pub got: String,
}

/// All differences of a step. Requests and replies of a step with several client requests may
/// come in any order: the one with the fewest differences counts.
pub fn differences(expected: &Expected, observed: &Observed, bindings: &Bindings) -> Vec<Difference> {
    let concurrent = expected.replies.len() > 1;
    let comparison = Comparison { bindings, found: Vec::new() };
    let mut found = comparison.received_in_best_order(expected, observed, concurrent);
    found.extend(comparison.replies_in_best_order(expected, observed));
    if let Some(at_least) = expected.elapsed_ms_at_least
        && observed.elapsed_ms < at_least
    {
        found.push(Difference {
            field: "elapsed".to_owned(),
            expected: format!("at least {at_least} ms"),
            got: format!("{} ms", observed.elapsed_ms),
        });
    }
    found
}

#[derive(Clone)]
struct Comparison<'a> {
    bindings: &'a Bindings,
    found: Vec<Difference>,
}

impl Comparison<'_> {
    fn received_in_best_order(
        &self,
        expected: &Expected,
        observed: &Observed,
        any_order: bool,
    ) -> Vec<Difference> {
        best_order(observed.received.len(), any_order, |order| {
            let mut comparison = self.clone();
            let got: Vec<_> = order.iter().map(|&index| &observed.received[index]).collect();
            comparison.count("crmReceived", expected.received.len(), got.len());
            for index in 0..expected.received.len().max(got.len()) {
                let place = format!("crmReceived[{index}]");
                match (expected.received.get(index), got.get(index)) {
                    (Some(expected), Some(got)) => comparison.outbound(&place, expected, got),
                    (Some(expected), None) => {
                        let line = format!("{} {} {}", expected.target, expected.method, expected.path);
                        comparison.differ(&place, &line, "no request");
                    }
                    (None, Some(got)) => {
                        let line = format!("{} {} {}", got.target, got.method, got.path);
                        comparison.differ(&place, "no request", &line);
                    }
                    (None, None) => {}
                }
            }
            comparison.found
        })
    }

    fn replies_in_best_order(&self, expected: &Expected, observed: &Observed) -> Vec<Difference> {
        let several = expected.replies.len() > 1;
        best_order(observed.replies.len(), several, |order| {
            let mut comparison = self.clone();
            comparison.count("response", expected.replies.len(), order.len());
            for (index, (expected, &got)) in expected.replies.iter().zip(order).enumerate() {
                let place = if several { format!("responses[{index}]") } else { "response".to_owned() };
                comparison.reply(&place, expected, &observed.replies[got]);
            }
            comparison.found
        })
    }

    fn outbound(&mut self, place: &str, expected: &ExpectedOutbound, got: &Received) {
        let matcher = self.bindings.matcher();
        self.equal(&format!("{place}.target"), &expected.target, got.target);
        self.equal(&format!("{place}.method"), &expected.method, &got.method);
        let path = self.bindings.fill(&expected.path);
        self.text(&format!("{place}.path"), &path, &got.path, &matcher);
        for header in &expected.headers {
            let values: Vec<_> = got
                .headers
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case(&header.name))
                .map(|(_, value)| value.as_str())
                .collect();
            let value = self.header_value(header, expected, got);
            let field = format!("{place}.headers.{}", header.name);
            match values[..] {
                [single] => self.text(&field, &value, single, &matcher),
                [] if header.optional => {}
                [] => self.differ(&field, &value, "no such header"),
                _ => self.differ(&field, &value, &format!("{values:?}")),
            }
        }
        for (name, value) in &got.headers {
            if !expected.headers.iter().any(|header| header.name.eq_ignore_ascii_case(name)) {
                self.differ(&format!("{place}.headers.{name}"), "no such header", value);
            }
        }
        self.body(&format!("{place}.body"), &expected.body, &got.body, &matcher);
    }

    /// The recorded value, with the host of the listener that the request was meant for. The
    /// length is that of the expected body: placeholders change it.
    fn header_value(&self, header: &ExpectedHeader, expected: &ExpectedOutbound, got: &Received) -> String {
        if header.name.eq_ignore_ascii_case("content-length") {
            return match &expected.body {
                ExpectedBody::Exact(text) if !placeholders::is_open(text) => {
                    self.bindings.fill(text).len().to_string()
                }
                _ => got.body.len().to_string(),
            };
        }
        let value = self.bindings.fill_addresses(&header.value, &expected.target);
        self.bindings.fill(&value)
    }

    fn reply(&mut self, place: &str, expected: &ExpectedReply, got: &Result<Option<Response>, String>) {
        let matcher = self.bindings.matcher();
        let got = match (expected.status, got) {
            (None, Ok(None)) => return,
            (None, Ok(Some(got))) => {
                let got = format!("status {}, {}", got.status, got.text());
                return self.differ(place, "no response", &got);
            }
            (Some(status), Ok(None)) => {
                return self.differ(place, &format!("status {status}"), "no response");
            }
            (status, Err(error)) => {
                let expected = status.map_or("no response".to_owned(), |s| format!("status {s}"));
                return self.differ(place, &expected, error);
            }
            (Some(_), Ok(Some(got))) => got,
        };
        let status = expected.status.unwrap_or_default();
        self.equal(&format!("{place}.status"), &status.to_string(), &got.status.to_string());
        for name in SELECTED {
            let field = format!("{place}.headers.{name}");
            match (expected.headers.get(name), got.header(name)) {
                (Some(expected), Some(got)) => self.text(&field, expected, got, &matcher),
                (Some(expected), None) => self.differ(&field, expected, "no such header"),
                (None, Some(got)) => self.differ(&field, "no such header", got),
                (None, None) => {}
            }
        }
        self.body(&format!("{place}.body"), &expected.body, &got.body, &matcher);
    }

    fn body(&mut self, place: &str, expected: &ExpectedBody, got: &[u8], matcher: &Matcher<'_>) {
        let got_text = String::from_utf8_lossy(got);
        let json = |text: &str| serde_json::from_str::<Value>(text).ok();
        match expected {
            ExpectedBody::Exact(text) => {
                let text = self.bindings.fill(text);
                if matcher.matches(&text, &got_text).is_ok() {
                    return;
                }
                let before = self.found.len();
                if let (Some(expected), Some(got)) = (json(&text), json(&got_text)) {
                    self.json(place, &expected, &got, matcher, Shape::Same);
                }
                if self.found.len() == before {
                    // No JSON on one side, or the same JSON in another spelling.
                    self.text(place, &text, &got_text, matcher);
                }
            }
            ExpectedBody::AtLeast { subset, contains, lacks } => {
                match (subset, json(&got_text)) {
                    (Some(subset), Some(got)) => {
                        let subset = self.bindings.fill_json(subset);
                        self.json(place, &subset, &got, matcher, Shape::AtLeast);
                    }
                    (Some(subset), None) => self.differ(place, &subset.to_string(), &got_text),
                    (None, _) => {}
                }
                for part in contains {
                    if !got_text.contains(part.as_str()) {
                        self.differ(place, &format!("text with {part:?}"), &got_text);
                    }
                }
                for part in lacks {
                    if got_text.contains(part.as_str()) {
                        self.differ(place, &format!("text without {part:?}"), &got_text);
                    }
                }
            }
        }
    }

    fn json(&mut self, place: &str, expected: &Value, got: &Value, matcher: &Matcher<'_>, shape: Shape) {
        match (expected, got) {
            (Value::Object(expected), Value::Object(got)) => {
                for (key, value) in expected {
                    let place = format!("{place}.{key}");
                    match got.get(key) {
                        got if value == "<absent>" && shape == Shape::AtLeast => {
                            if let Some(got) = got {
                                self.differ(&place, "no such field", &got.to_string());
                            }
                        }
                        Some(got) => self.json(&place, value, got, matcher, shape),
                        None => self.differ(&place, &value.to_string(), "no such field"),
                    }
                }
                if shape == Shape::AtLeast {
                    return;
                }
                for (key, value) in got.iter().filter(|(key, _)| !expected.contains_key(*key)) {
                    self.differ(&format!("{place}.{key}"), "no such field", &value.to_string());
                }
                let order = |one: &serde_json::Map<_, _>, other: &serde_json::Map<_, _>| {
                    let common = one.keys().filter(|key| other.contains_key(*key));
                    common.map(String::as_str).collect::<Vec<_>>().join(", ")
                };
                self.equal(&format!("{place} key order"), &order(expected, got), &order(got, expected));
            }
            (Value::Array(expected), Value::Array(got)) => {
                self.count(place, expected.len(), got.len());
                for (index, (expected, got)) in expected.iter().zip(got).enumerate() {
                    self.json(&format!("{place}[{index}]"), expected, got, matcher, shape);
                }
            }
            (Value::String(expected), Value::String(got)) => {
                self.text(place, expected, got, matcher);
            }
            (Value::String(any), _) if any == "<any>" => {}
            _ => self.equal(place, &expected.to_string(), &got.to_string()),
        }
    }

    fn text(&mut self, field: &str, expected: &str, got: &str, matcher: &Matcher<'_>) {
        if let Err(why) = matcher.matches(expected, got) {
            let got = if placeholders::is_open(expected) { format!("{got} ({why})") } else { got.to_owned() };
            self.differ(field, expected, &got);
        }
    }

    fn count(&mut self, field: &str, expected: usize, got: usize) {
        self.equal(&format!("{field} count"), &expected.to_string(), &got.to_string());
    }

    fn equal(&mut self, field: &str, expected: &str, got: &str) {
        if expected != got {
            self.differ(field, expected, got);
        }
    }

    fn differ(&mut self, field: &str, expected: &str, got: &str) {
        self.found.push(Difference {
            field: field.to_owned(),
            expected: expected.to_owned(),
            got: got.to_owned(),
        });
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Same,
    AtLeast,
}

/// Tries the order of arrival, and where `any` every other one, and returns the differences of
/// the best. Steps have few messages; beyond four only the order of arrival is tried.
fn best_order(count: usize, any: bool, compare: impl Fn(&[usize]) -> Vec<Difference>) -> Vec<Difference> {
    let arrival: Vec<usize> = (0..count).collect();
    let mut best = compare(&arrival);
    if any && count <= 4 {
        for order in permutations(&arrival) {
            let found = compare(&order);
            if found.len() < best.len() {
                best = found;
            }
        }
    }
    best
}

fn permutations(items: &[usize]) -> Vec<Vec<usize>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (index, &first) in items.iter().enumerate() {
        let mut others = items.to_vec();
        others.remove(index);
        for mut rest in permutations(&others) {
            rest.insert(0, first);
            all.push(rest);
        }
    }
    all
}
