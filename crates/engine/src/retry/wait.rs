//! How long a CRM asks to wait: in its headers or its body, as numbers, lengths of time or instants.

use std::time::Duration;

use http::header::DATE;
use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use serde_json::Value;

use super::LIMITED;
use crate::exchange::{BodyKind, UpstreamResponse};
use crate::failure::{FailedResponse, FailureKind};
use crate::path::Path;
use crate::text::to_text;
use crate::time::{parse_instant, parse_seconds};

/// Where a document says that its CRM says how long to wait.
#[derive(Debug, Clone, Default)]
pub struct WaitSource {
    /// A header.
    pub header: Option<HeaderName>,
    /// A path into the reply: as written, and compiled.
    pub path: Option<(Box<str>, Path)>,
    /// What a bare number there counts.
    pub unit: WaitUnit,
}

/// What a bare number counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WaitUnit {
    /// Seconds.
    #[default]
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Minutes.
    Minutes,
}

impl WaitUnit {
    fn seconds(self) -> f64 {
        match self {
            Self::Seconds => 1.0,
            Self::Milliseconds => 1e-3,
            Self::Minutes => 60.0,
        }
    }
}

/// What a CRM says about waiting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskedWait {
    /// Nothing.
    Nothing,
    /// To wait so long.
    Wait(Duration),
    /// Something that cannot be read: the header's or the path's name.
    Unreadable(String),
}

impl AskedWait {
    /// The wait, where there is one that can be read.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::Wait(wait) => Some(*wait),
            Self::Nothing | Self::Unreadable(_) => None,
        }
    }
}

/// Headers that are a wait with every status, and what a number in them counts. The second is OpenAI's and
/// Azure's, the third Azure's.
const WAITS: &[(&str, WaitUnit)] = &[
    ("retry-after", WaitUnit::Seconds),
    ("retry-after-ms", WaitUnit::Milliseconds),
    ("x-ms-retry-after-ms", WaitUnit::Milliseconds),
];

/// Headers in which vendors say when their limit is lifted: they come with ordinary answers too and say
/// something only with 429.
const RESETS: &[&str] =
    &["ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset", "x-ratelimit-reset-after"];

/// How long the CRM asks to wait: what the document names counts before `Retry-After` and its relatives, and
/// these before the headers about limits. Of a header that stands there several times, the longest wait
/// counts.
pub fn asked_wait(
    response: &FailedResponse,
    kind: FailureKind,
    now: Timestamp,
    source: Option<&WaitSource>,
) -> AskedWait {
    let headers = &response.headers;
    // An instant is one of the CRM's clock, which its `Date` tells.
    let clock = texts(headers, DATE.as_str()).find_map(|date| parse_instant(&Value::from(date)));
    let now = clock.unwrap_or(now);
    let mut unreadable = None;
    let mut read = |name: &str, found: &mut dyn Iterator<Item = Value>, unit: WaitUnit| {
        let mut found = found.filter(|value| !is_blank(value)).peekable();
        found.peek()?;
        let longest = found.filter_map(|value| wait_of(&value, unit, now)).max();
        if longest.is_none() {
            unreadable.get_or_insert_with(|| name.to_owned());
        }
        longest
    };
    let mut of_header = |name: &str, unit| read(name, &mut texts(headers, name).map(Value::from), unit);
    let named = source.and_then(|source| of_header(source.header.as_ref()?.as_str(), source.unit));
    let named = named.or_else(|| {
        let source = source?;
        let (name, path) = source.path.as_ref()?;
        read(name, &mut at(path, response).into_iter(), source.unit)
    });
    let mut of_header = |name: &str, unit| read(name, &mut texts(headers, name).map(Value::from), unit);
    let wait = named.or_else(|| WAITS.iter().find_map(|(name, unit)| of_header(name, *unit))).or_else(|| {
        if kind != FailureKind::Status(LIMITED) {
            return None;
        }
        let reset = RESETS.iter().find_map(|name| of_header(name, WaitUnit::Seconds));
        reset.or_else(|| texts(headers, "ratelimit").find_map(|text| reset_of(text, now)))
    });
    match (wait, unreadable) {
        (Some(wait), _) => AskedWait::Wait(wait),
        (None, Some(name)) => AskedWait::Unreadable(name),
        (None, None) => AskedWait::Nothing,
    }
}

/// A value that is no text is one that cannot be read.
fn texts<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = &'h str> {
    headers.get_all(name).into_iter().map(|value| value.to_str().unwrap_or("?"))
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// The value that a path names in a failed reply.
fn at(path: &Path, response: &FailedResponse) -> Option<Value> {
    let (headers, body) = (response.headers.clone(), response.body.clone());
    let reply = UpstreamResponse::new(0, headers, body, BodyKind::Json);
    path.first(reply.document()).map(|value| value.into_owned())
}

/// The reset in a `RateLimit` header, in the forms of the IETF's drafts: `limit=10, reset=30` and
/// `"default";r=0;t=30`.
fn reset_of(text: &str, now: Timestamp) -> Option<Duration> {
    let mut members = text.split([',', ';']).filter_map(|member| member.split_once('='));
    let (_, value) = members.find(|(name, _)| matches!(name.trim(), "reset" | "t"))?;
    wait_of(&Value::from(value), WaitUnit::Seconds, now)
}

/// From this on a number is an instant (since 1970), and no wait: 1e9 seconds are 31 years.
const EPOCH_FROM: f64 = 1e9;

/// The longest wait that is one: a year.
const LONGEST: f64 = 366.0 * 86_400.0;

/// Reads a number, a length of time (`30s`, `2 minutes`), an instant since 1970, or a date. What is past is
/// no wait.
fn wait_of(value: &Value, unit: WaitUnit, now: Timestamp) -> Option<Duration> {
    let text = to_text(value);
    let text = text.trim().trim_matches('"').trim();
    if let Ok(number) = text.parse::<f64>() {
        let seconds = number * unit.seconds();
        return match number {
            number if !number.is_finite() || number < 0.0 => None,
            // In milliseconds, 1e9 are still twelve days.
            number if number >= EPOCH_FROM && seconds >= EPOCH_FROM / 1e3 => until(instant(text)?, now),
            _ => length(seconds),
        };
    }
    match parse_seconds(&Value::from(text)) {
        Some(seconds) if seconds >= 0.0 => length(seconds),
        Some(_) => None,
        None => until(instant(text)?, now),
    }
}

/// An instant: as elsewhere, or in the forms of HTTP that are obsolete and still have to be read (RFC 9110,
/// 5.6.7).
fn instant(text: &str) -> Option<Timestamp> {
    let obsolete = || Timestamp::try_from(httpdate::parse_http_date(text).ok()?).ok();
    parse_instant(&Value::from(text)).or_else(obsolete)
}

fn length(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok().filter(|wait| wait.as_secs_f64() <= LONGEST)
}

fn until(instant: Timestamp, now: Timestamp) -> Option<Duration> {
    Some(Duration::try_from(instant.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;
    use serde_json::json;

    const NOW: i64 = 1_700_000_000;

    fn asked(status: u16, headers: &[(&str, &str)], body: Value, source: &WaitSource) -> AskedWait {
        let headers = headers.iter().map(|(name, value)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
        });
        let response = FailedResponse { headers: headers.collect(), body };
        let now = Timestamp::from_second(NOW).unwrap();
        asked_wait(&response, FailureKind::Status(status), now, Some(source))
    }

    fn seconds(asked: &AskedWait) -> Option<f64> {
        asked.wait().map(|wait| wait.as_secs_f64())
    }

    fn named(header: &str, path: &str, unit: WaitUnit) -> WaitSource {
        WaitSource {
            header: (!header.is_empty()).then(|| HeaderName::from_bytes(header.as_bytes()).unwrap()),
            path: (!path.is_empty()).then(|| (path.into(), Path::parse_dot_path(path))),
            unit,
        }
    }

    #[test]
    fn usual_headers_in_their_forms() {
        let epoch = |ahead: i64| (NOW + ahead).to_string();
        let milliseconds = ((NOW + 9) * 1000).to_string();
        let table: &[(u16, &str, &str, Option<f64>)] = &[
            (503, "retry-after", "7", Some(7.0)),
            (503, "retry-after", " 0.5 ", Some(0.5)),
            (503, "retry-after", "1.2", Some(1.2)),
            (503, "retry-after", "\"30\"", Some(30.0)),
            (503, "retry-after", "30s", Some(30.0)),
            (503, "retry-after", "30 seconds", Some(30.0)),
            (503, "retry-after", "1500ms", Some(1.5)),
            (503, "retry-after", "1m30s", Some(90.0)),
            (503, "retry-after", "2 minutes", Some(120.0)),
            (503, "retry-after", "Tue, 14 Nov 2023 22:13:30 GMT", Some(10.0)),
            (503, "retry-after", "2023-11-14T22:13:30Z", Some(10.0)),
            (503, "retry-after", &epoch(20), Some(20.0)),
            (503, "retry-after", "Tue, 14 Nov 2023 22:13:10 GMT", Some(0.0)),
            (503, "retry-after", "Tuesday, 14-Nov-23 22:13:30 GMT", Some(10.0)),
            (503, "retry-after", "Tue Nov 14 22:13:30 2023", Some(10.0)),
            (503, "retry-after", "Tuesday, 14-Nov-23 22:13:10 GMT", Some(0.0)),
            (503, "retry-after", "  Tue, 14 Nov 2023 22:13:30 GMT ", Some(10.0)),
            (503, "retry-after", "1.999", Some(1.999)),
            (503, "retry-after", "-0.5", None),
            (503, "retry-after", "99999999999999999999", None),
            (503, "retry-after", "NaN", None),
            (503, "retry-after", "inf", None),
            (503, "retry-after", "soon", None),
            (503, "retry-after", "-5", None),
            (503, "retry-after", "1e300", None),
            (503, "retry-after", "", None),
            (503, "retry-after-ms", "1500", Some(1.5)),
            (503, "x-ms-retry-after-ms", "250", Some(0.25)),
            (429, "ratelimit-reset", "12", Some(12.0)),
            (429, "x-ratelimit-reset", &epoch(20), Some(20.0)),
            (429, "x-ratelimit-reset", &epoch(-20), Some(0.0)),
            (429, "x-rate-limit-reset", &milliseconds, Some(9.0)),
            (429, "x-rate-limit-reset", "2023-11-14T22:13:50Z", Some(30.0)),
            (429, "x-ratelimit-reset-after", "1.5", Some(1.5)),
            (429, "ratelimit", "limit=10, remaining=0, reset=30", Some(30.0)),
            (429, "ratelimit", "\"default\";r=0;t=30", Some(30.0)),
            (503, "x-ratelimit-reset", "20", None),
        ];
        for (status, name, value, expected) in table {
            let asked = asked(*status, &[(*name, *value)], Value::Null, &WaitSource::default());
            assert_eq!(seconds(&asked), *expected, "{name}: {value}");
            let says = matches!(asked, AskedWait::Unreadable(ref at) if at == "retry-after");
            assert_eq!(
                says,
                *name == "retry-after" && expected.is_none() && !value.is_empty(),
                "{name}: {value}"
            );
        }
    }

    #[test]
    fn a_date_is_one_of_the_crm_s_clock() {
        let date = ("date", "Tue, 14 Nov 2023 21:00:00 GMT");
        let after = ("retry-after", "Tue, 14 Nov 2023 21:00:05 GMT");
        assert_eq!(seconds(&asked(503, &[date, after], Value::Null, &WaitSource::default())), Some(5.0));
    }

    #[test]
    fn the_longest_of_several_counts() {
        let twice = [("retry-after", "5"), ("retry-after", "9"), ("retry-after", "x")];
        assert_eq!(seconds(&asked(429, &twice, Value::Null, &WaitSource::default())), Some(9.0));
    }

    #[test]
    fn a_document_names_the_place_and_the_unit() {
        use WaitUnit::*;
        let body =
            json!({"error": {"retry_after": 2500, "text": "4", "date": "2023-11-14T22:13:30Z", "no": {}}});
        let of = |source: &WaitSource| {
            asked(429, &[("x-rate-wait", "3"), ("retry-after", "60")], body.clone(), source)
        };
        for (source, expected) in [
            (named("x-rate-wait", "", Seconds), 3.0),
            (named("x-rate-wait", "", Minutes), 180.0),
            (named("x-rate-wait", "body.error.text", Seconds), 3.0),
            (named("x-other", "body.error.text", Seconds), 4.0),
            (named("", "body.error.retry_after", Milliseconds), 2.5),
            (named("", "body.error.date", Milliseconds), 10.0),
            (named("", "headers.x-rate-wait", Milliseconds), 0.003),
            // What is not there leaves the usual header.
            (named("x-other", "body.none", Seconds), 60.0),
            (named("", "body.error.no", Seconds), 60.0),
        ] {
            assert_eq!(seconds(&of(&source)), Some(expected), "{source:?}");
        }
        let unread = asked(429, &[], body.clone(), &named("", "body.error.no", Seconds));
        assert_eq!(unread, AskedWait::Unreadable("body.error.no".to_owned()));
        let epoch = json!({"at": (NOW + 5) * 1000});
        assert_eq!(seconds(&asked(429, &[], epoch, &named("", "body.at", Milliseconds))), Some(5.0));
    }

    proptest! {
        #[test]
        fn any_text_is_handled(text in "[-0-9.a-zA-Z:,= ]{0,20}") {
            for unit in [WaitUnit::Seconds, WaitUnit::Milliseconds, WaitUnit::Minutes] {
                let source = named("x-wait", "", unit);
                asked(429, &[("x-wait", &text), ("ratelimit", &text)], Value::Null, &source);
            }
        }
    }
}
