//! Faults that the sandbox shows on request, so that a connector's answers to them can be seen.
//!
//! A fault is an [`Effect`] with its conditions. The same faults can be given when a sandbox
//! starts, at `PUT /_sandbox/faults`, and for one request in the header `X-Sandbox-Fault`.
//!
//! The text form (header, command line) is the effect's name, its value after `=`, and further
//! settings after `;`. A comma separates several faults:
//!
//! ```
//! use app_connect::sandbox::{Effect, Fault};
//!
//! let fault: Fault = "status=429;retry_after_seconds=7;times=2".parse().unwrap();
//! assert_eq!(fault.effect, Effect::Status { code: 429, retry_after_seconds: Some(7) });
//! assert_eq!(fault.times, Some(2));
//! ```

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Size of an oversized body where none is given: 32 MiB.
const OVERSIZED_BYTES: u64 = 32 * 1024 * 1024;

/// What the sandbox does wrong, in order of precedence: the first fault that fits a request
/// decides the answer; delays add up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Faults {
    /// The faults, first one first.
    pub faults: Vec<Fault>,
}

/// One fault and when it shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What happens.
    pub effect: Effect,
    /// How many requests it happens to; all of them if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// Only requests whose path starts with this, such as `/api/v1/contacts`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_prefix: Option<String>,
    /// Only requests with this method, such as `POST`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Carry the request out first and only then spoil the answer: the record exists, but the
    /// client cannot know.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub after: bool,
}

impl From<Effect> for Fault {
    fn from(effect: Effect) -> Self {
        Self { effect, times: None, path_prefix: None, method: None, after: false }
    }
}

/// What happens to a request instead of a proper answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// The answer comes this many milliseconds late. Text form: `latency_ms=200`.
    LatencyMs(u64),
    /// An error status, 400 to 599, with the CRM's error document. Text form: `status=503`.
    Status {
        /// The status code.
        code: u16,
        /// Value of `Retry-After`. A 429 has one in any case, 1 if absent here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_seconds: Option<u64>,
    },
    /// Status 200 and JSON that breaks off. Text form: `broken_json`.
    BrokenJson,
    /// Status 200 and a web page, as a proxy or a sign-in wall sends. Text form: `html_page`.
    HtmlPage,
    /// The connection is closed without a byte of an answer. Text form: `reset`.
    Reset,
    /// Status 200 and a JSON body of this many bytes, sent without a `Content-Length`. Text form:
    /// `oversized_body` (32 MiB) or `oversized_body=BYTES`.
    OversizedBody(u64),
}

impl Fault {
    fn fits(&self, method: &str, path: &str) -> bool {
        let prefix = self.path_prefix.as_deref();
        let wanted = self.method.as_deref();
        self.times != Some(0)
            && prefix.is_none_or(|prefix| path.starts_with(prefix))
            && wanted.is_none_or(|wanted| method.eq_ignore_ascii_case(wanted))
    }

    /// What is wrong with the values, if anything.
    pub(super) fn problem(&self) -> Option<String> {
        match self.effect {
            Effect::Status { code, .. } if !(400..=599).contains(&code) => {
                Some(format!("status {code} is not an error status (400 to 599)"))
            }
            _ => None,
        }
    }
}

impl FromStr for Fault {
    type Err = String;

    /// Reads the text form; the error says what is wrong and which forms there are.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(';').map(str::trim);
        let (name, value) = split(parts.next().unwrap_or_default());
        let mut fault = Self::from(effect(name, value)?);
        for part in parts {
            let (name, value) = split(part);
            match (name, &mut fault.effect) {
                ("retry_after_seconds", Effect::Status { retry_after_seconds, .. }) => {
                    *retry_after_seconds = Some(number(name, value)?)
                }
                ("times", _) => fault.times = Some(number(name, value)?),
                ("path_prefix", _) => fault.path_prefix = value.map(str::to_owned),
                ("method", _) => fault.method = value.map(str::to_owned),
                ("after", _) if value.is_none() => fault.after = true,
                _ => return Err(format!("\"{part}\" is not a setting of this fault")),
            }
        }
        fault.problem().map_or(Ok(fault), Err)
    }
}

fn effect(name: &str, value: Option<&str>) -> Result<Effect, String> {
    match (name, value) {
        ("latency_ms", value) => Ok(Effect::LatencyMs(number(name, value)?)),
        ("status", value) => Ok(Effect::Status { code: number(name, value)?, retry_after_seconds: None }),
        ("broken_json", None) => Ok(Effect::BrokenJson),
        ("html_page", None) => Ok(Effect::HtmlPage),
        ("reset", None) => Ok(Effect::Reset),
        ("oversized_body", None) => Ok(Effect::OversizedBody(OVERSIZED_BYTES)),
        ("oversized_body", value) => Ok(Effect::OversizedBody(number(name, value)?)),
        _ => Err(format!(
            "\"{name}\" is not a fault; there are latency_ms=N, status=CODE, broken_json, \
             html_page, reset and oversized_body"
        )),
    }
}

fn split(part: &str) -> (&str, Option<&str>) {
    match part.split_once('=') {
        Some((name, value)) => (name.trim(), Some(value.trim())),
        None => (part, None),
    }
}

fn number<T: FromStr>(name: &str, value: Option<&str>) -> Result<T, String> {
    let value = value.and_then(|value| value.parse().ok());
    value.ok_or_else(|| format!("{name} needs a whole number, as in {name}=200"))
}

/// What is to happen to one request.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub latency_ms: u64,
    /// The effect that replaces the answer, and whether the request is carried out before.
    pub instead: Option<(Effect, bool)>,
}

impl Faults {
    /// Reads the text form of several faults, separated by commas.
    pub(super) fn from_header(text: &str) -> Result<Self, String> {
        let faults = text.split(',').map(|fault| fault.trim().parse());
        Ok(Self { faults: faults.collect::<Result<_, _>>()? })
    }

    /// What is wrong with the values, if anything.
    pub(super) fn problem(&self) -> Option<String> {
        self.faults.iter().find_map(Fault::problem)
    }

    /// Adds what these faults do to a request, and counts those that have a number of `times`.
    pub(super) fn plan(&mut self, method: &str, path: &str, plan: &mut Plan) {
        for fault in &mut self.faults {
            let is_latency = matches!(fault.effect, Effect::LatencyMs(_));
            if !fault.fits(method, path) || (!is_latency && plan.instead.is_some()) {
                continue;
            }
            fault.times = fault.times.map(|times| times - 1);
            match &fault.effect {
                Effect::LatencyMs(ms) => plan.latency_ms = plan.latency_ms.saturating_add(*ms),
                effect => plan.instead = Some((effect.clone(), fault.after)),
            }
        }
        self.faults.retain(|fault| fault.times != Some(0));
    }
}

#[cfg(test)]
mod tests {
    use super::{Effect, Fault, Faults, Plan};

    #[test]
    fn text_and_json_forms_agree() {
        let cases = [
            ("latency_ms=200", r#"{"effect":{"latency_ms":200}}"#),
            ("status=503", r#"{"effect":{"status":{"code":503}}}"#),
            (
                "status=429; retry_after_seconds=7 ;times=2",
                r#"{"effect":{"status":{"code":429,"retry_after_seconds":7}},"times":2}"#,
            ),
            ("broken_json", r#"{"effect":"broken_json"}"#),
            ("html_page", r#"{"effect":"html_page"}"#),
            (
                "reset;after;method=POST;path_prefix=/api",
                r#"{"effect":"reset","path_prefix":"/api","method":"POST","after":true}"#,
            ),
            ("oversized_body=9", r#"{"effect":{"oversized_body":9}}"#),
        ];
        for (text, json) in cases {
            let fault: Fault = text.parse().unwrap();
            assert_eq!(serde_json::to_string(&fault).unwrap(), json);
            assert_eq!(serde_json::from_str::<Fault>(json).unwrap(), fault);
        }
    }

    #[test]
    fn wrong_text_is_refused() {
        let cases = [
            "",
            "flood",
            "reset=1",
            "latency_ms",
            "latency_ms=soon",
            "status=200",
            "status=600",
            "reset;times=-1",
            "reset;retry_after_seconds=1",
            "reset;after=never",
        ];
        for text in cases {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_first_answer_wins_delays_add_up_and_times_run_out() {
        let text = "latency_ms=5,latency_ms=7;path_prefix=/a,reset;times=1;method=GET,html_page";
        let mut faults = Faults::from_header(text).unwrap();
        let mut plan = |method, path| {
            let mut plan = Plan::default();
            faults.plan(method, path, &mut plan);
            (plan.latency_ms, plan.instead)
        };
        assert_eq!(plan("POST", "/b"), (5, Some((Effect::HtmlPage, false))));
        assert_eq!(plan("GET", "/a"), (12, Some((Effect::Reset, false))));
        assert_eq!(plan("GET", "/a"), (12, Some((Effect::HtmlPage, false))));
    }
}
