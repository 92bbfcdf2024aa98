//! `retry`, `idempotencyHeader` and `rateLimit`.

use std::time::Duration;

use http::{HeaderName, Method};
use serde_json::Value;

use super::super::header_template::HeaderTemplate;
use super::super::operation::{RateBudget, RateLimit};
use super::super::retry::{Effect, LIMITED, RetryPolicy, WaitSource, WaitUnit, is_idempotent};
use super::super::status::StatusSet;
use super::super::template::{Place, compile_value};
use super::errors::{items, range, status_problem};
use super::field::Compiler;
use super::{header, number};
use crate::config::delivery::{IdempotencyHeader, Retry};
use crate::config::diagnostic::Code;
use crate::config::document::{Document, OperationRef};
use crate::config::operations::OperationName;
use crate::config::problem::{Part, Problem, Problems};
use crate::config::suggest::nearest;

/// What is retried where `on` says nothing.
const STATUSES: &[u16] = &[408, 429, 502, 503, 504];

/// The word in `on` for connections that fail.
const CONNECTION: &str = "connection";

/// Requests under way at the same time where nothing is said: more than a healthy CRM ever needs, and
/// few enough that one that hangs leaves sockets for the others.
const CONCURRENT: usize = 256;

/// The retry policy of an operation, where it has one.
pub(super) fn retry(
    operation: &OperationRef<'_>,
    method: &Method,
    may_repeat: bool,
    document: &Document,
    problems: &mut Problems,
) -> Option<RetryPolicy> {
    let own = format!("/operations/{}/retry", operation.name);
    let mut found = problems.part();
    let mut policy = match (operation.retry, &document.retry) {
        (Some(retry), _) => policy(retry, &own, &mut found),
        (None, Some(retry)) => policy(retry, "/retry", &mut found),
        (None, None) => return None,
    };
    problems.append_new(found);
    if policy.max_attempts <= 1 {
        return None;
    }
    if may_repeat {
        return Some(policy);
    }
    if policy.statuses.contains(LIMITED) {
        policy.only_limited();
        return Some(policy);
    }
    if operation.retry.is_some() {
        problems.push(
            Problem::new(
                Code::NothingRetried,
                own,
                format!("{method} is not retried on these: sent twice, it may create two records"),
            )
            .part(Part::Key)
            .help("add 429 to `on`, which says that nothing was done; if the CRM knows a repeated request by a header, add `\"idempotencyHeader\": { \"name\": \"Idempotency-Key\" }`"),
        );
    }
    None
}

/// What the operation does at the CRM.
pub(super) fn effect(operation: &OperationRef<'_>, method: &Method, problems: &mut Problems) -> Effect {
    let usual = match (operation.name.descriptor().only_reads, is_idempotent(method)) {
        (true, _) => Effect::None,
        (false, true) => Effect::Idempotent,
        (false, false) => Effect::Write,
    };
    match operation.effect {
        Some("none") if !operation.name.descriptor().only_reads => {
            problems.push(
                Problem::new(
                    Code::EffectContradicted,
                    format!("/operations/{}/effect", operation.name),
                    format!("`{}` writes, so its effect cannot be `none`", operation.name),
                )
                .help(
                    "write `idempotent` if the CRM makes one record of a repeated request, else leave it out",
                ),
            );
            usual
        }
        Some("none") => Effect::None,
        Some("idempotent") => Effect::Idempotent,
        Some("write") => Effect::Write,
        // The schema reports other words.
        _ => usual,
    }
}

fn wait_source(retry: &Retry, at: &str, problems: &mut Problems) -> WaitSource {
    let text = |value: &Option<String>| value.clone().filter(|text| !text.is_empty());
    let mut source = WaitSource::default();
    if let Some(text) = text(&retry.wait_header) {
        match HeaderName::from_bytes(text.as_bytes()) {
            Ok(name) => source.header = Some(name),
            Err(_) => problems.push(header::name_problem(&text, format!("{at}/waitHeader"))),
        }
    }
    if let Some(text) = text(&retry.wait_path) {
        let mut compiler = Compiler { operation: OperationName::DOCUMENT, root: "", problems };
        let path = compiler.reply_path(&text, &format!("{at}/waitPath"));
        source.path = Some((text.into(), path));
    }
    source.unit = match retry.wait_unit.as_deref() {
        Some("milliseconds") => WaitUnit::Milliseconds,
        Some("minutes") => WaitUnit::Minutes,
        _ => WaitUnit::Seconds,
    };
    if retry.wait_unit.is_some() && retry.wait_header.is_none() && retry.wait_path.is_none() {
        problems.push(
            Problem::new(
                Code::IncompleteLimit,
                format!("{at}/waitUnit"),
                "`waitUnit` has no effect without `waitHeader` or `waitPath`",
            )
            .part(Part::Key)
            .help("add `\"waitHeader\": \"X-Rate-Wait\"`, or the name that the CRM's documentation gives"),
        );
    }
    source
}

fn policy(retry: &Retry, at: &str, problems: &mut Problems) -> RetryPolicy {
    let seconds = |value: Option<f64>, default: f64, most: f64| {
        Duration::from_secs_f64(value.map_or(default, |seconds| number(seconds, 0.01, most)))
    };
    let (connection, statuses) = causes(retry.on.as_ref(), &format!("{at}/on"), problems);
    RetryPolicy {
        max_attempts: retry.max_attempts.map_or(3, |attempts| number(attempts, 1.0, 5.0) as u32),
        base_delay: seconds(retry.base_delay_seconds, 0.5, 60.0),
        max_delay: seconds(retry.max_delay_seconds, 10.0, 300.0),
        connection,
        statuses,
        wait: wait_source(retry, at, problems),
    }
}

fn causes(on: Option<&Value>, at: &str, problems: &mut Problems) -> (bool, StatusSet) {
    let mut statuses = StatusSet::default();
    let Some(on) = on.filter(|on| !on.is_null()) else {
        STATUSES.iter().for_each(|status| statuses.add((*status, *status)));
        return (true, statuses);
    };
    let mut connection = false;
    for (pointer, item) in items(on, at) {
        match (item.as_str(), range(item)) {
            (Some(CONNECTION), _) => connection = true,
            (_, Some(range)) => statuses.add(range),
            _ if (item.is_number() || item.is_string()) && problems.takes(Code::StatusPattern) => {
                let problem = status_problem(pointer, item, "; `\"connection\"` is a lost connection");
                let meant = item.as_str().and_then(|text| nearest(text, [CONNECTION]));
                problems.push(match meant {
                    Some(word) => problem.help(format!("did you mean \"{word}\"?")),
                    None => problem,
                });
            }
            // The schema reports other types.
            _ => {}
        }
    }
    (connection, statuses)
}

/// Whether requests of this method need a key to be known again.
fn needs_key(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PATCH)
}

/// The idempotency header of an operation, where it sends one.
pub(super) fn idempotency_header(
    operation: &OperationRef<'_>,
    method: &Method,
    document: &Document,
    problems: &mut Problems,
) -> Option<(HeaderName, HeaderTemplate)> {
    let own = format!("/operations/{}/idempotencyHeader", operation.name);
    let shared = document.request_defaults.as_ref().and_then(|defaults| defaults.idempotency_header.as_ref());
    let (written, at, readers) = match (operation.idempotency_header, shared) {
        (Some(own_header), _) => (own_header, own.as_str(), Vec::new()),
        (None, Some(shared)) => (shared, "/requestDefaults/idempotencyHeader", keyed(document)),
        (None, None) => return None,
    };
    // What is shared is judged by one and the same operation, and so reported once.
    let judge = match operation.idempotency_header {
        Some(_) => Some(operation.name),
        None => readers.first().copied().or_else(|| document.operations.defined().next().map(|one| one.name)),
    };
    let mut found = problems.part();
    let header = compile(written, at, judge.unwrap_or(operation.name), &readers, &mut found);
    problems.append_new(found);
    header.filter(|_| needs_key(method))
}

/// The operations that use the shared header.
fn keyed(document: &Document) -> Vec<OperationName> {
    let sends = |operation: &OperationRef<'_>| {
        let method = operation.method.unwrap_or_default().to_ascii_uppercase();
        operation.idempotency_header.is_none() && matches!(method.as_str(), "POST" | "PATCH")
    };
    document.operations.defined().filter(sends).map(|operation| operation.name).collect()
}

fn compile(
    written: &IdempotencyHeader,
    at: &str,
    operation: OperationName,
    readers: &[OperationName],
    problems: &mut Problems,
) -> Option<(HeaderName, HeaderTemplate)> {
    let Some(text) = written.name.as_deref().filter(|name| !name.is_empty()) else {
        problems.push(
            Problem::new(Code::IncompleteLimit, at, "the header has no `name`, so it is not sent")
                .part(Part::Key)
                .help("add `\"name\": \"Idempotency-Key\"`, or the name that the CRM's documentation gives"),
        );
        return None;
    };
    let Ok(name) = HeaderName::from_bytes(text.as_bytes()) else {
        problems.push(header::name_problem(text, format!("{at}/name")));
        return None;
    };
    let pointer = format!("{at}/value");
    let value = written.value.as_deref().unwrap_or("{{idempotencyKey}}");
    let place = Place { shared: readers, ..Place::own(operation, &pointer) };
    Some((name, HeaderTemplate::Value(compile_value(value, place, problems))))
}

/// The limits of a connector, with their defaults.
pub(super) fn rate_limit(document: &Document, problems: &mut Problems) -> RateLimit {
    let Some(written) = &document.rate_limit else {
        return RateLimit { max_concurrent: CONCURRENT, budget: None };
    };
    if written.requests.is_none() && written.per_seconds.is_some() {
        problems.push(
            Problem::new(
                Code::IncompleteLimit,
                "/rateLimit/perSeconds",
                "`perSeconds` has no effect without `requests`",
            )
            .part(Part::Key)
            .help("add `\"requests\": 100` for 100 requests in each period"),
        );
    }
    RateLimit {
        max_concurrent: written.max_concurrent.map_or(CONCURRENT, |most| number(most, 1.0, 4096.0) as usize),
        budget: written.requests.map(|requests| RateBudget {
            requests: number(requests, 1.0, 1e6) as u32,
            per: Duration::from_secs_f64(number(written.per_seconds.unwrap_or(1.0), 0.1, 86_400.0)),
        }),
    }
}
