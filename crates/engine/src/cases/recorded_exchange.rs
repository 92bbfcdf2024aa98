//! The two ends of an exchange as JSON.

use std::collections::BTreeMap;

use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

use crate::decode::decode;
use crate::exchange::{BodyKind, RequestSpec, UpstreamResponse};
use crate::failure::{FailedResponse, Failure, FailureKind};
use crate::number::canonicalise;
use crate::render::VERSION_HEADER;

/// Stands for this server's version, so that a release changes no case.
const VERSION: &str = "<version>";

/// A request: method, url, headers by name, and the body, as JSON where it is JSON.
pub(super) fn request(spec: &RequestSpec) -> Value {
    let mut value = json!({
        "method": spec.method.as_str(),
        "url": spec.url.as_str(),
        "headers": headers(&spec.headers),
    });
    if let Some(bytes) = &spec.body {
        let is_json = spec
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().windows(4).any(|word| word == b"json"));
        let parsed = if is_json { serde_json::from_slice(bytes).ok() } else { None };
        value["body"] = parsed.unwrap_or_else(|| String::from_utf8_lossy(bytes).into());
    }
    value
}

fn headers(headers: &HeaderMap) -> BTreeMap<&str, String> {
    let own = env!("CARGO_PKG_VERSION");
    headers
        .iter()
        .map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes());
            let versioned = *name == USER_AGENT || *name == VERSION_HEADER;
            (name.as_str(), if versioned { text.replace(own, VERSION) } else { text.into_owned() })
        })
        .collect()
}

/// Reads a reply; one with a failing status is a failure, as from the network. The outer error says
/// what is wrong with the file.
pub(super) fn response(object: &Map<String, Value>) -> Result<Result<UpstreamResponse, Failure>, String> {
    for key in object.keys() {
        if !matches!(key.as_str(), "status" | "headers" | "body" | "text") {
            return Err(format!("`{key}` is none of status, headers, body and text"));
        }
    }
    let status = object.get("status").and_then(Value::as_u64).filter(|status| (200..600).contains(status));
    let status = status.and_then(|status| u16::try_from(status).ok());
    let status = status.ok_or("`status` must be a number from 200 to 599")?;
    let mut headers = HeaderMap::new();
    for (name, value) in object.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().and_then(|value| HeaderValue::from_str(value).ok());
        let (Ok(name), Some(value)) = (HeaderName::from_bytes(name.as_bytes()), value) else {
            return Err(format!(
                "the header `{name}` cannot be read: a name with a text as value is expected"
            ));
        };
        headers.append(name, value);
    }
    let (body, kind) = match (object.get("body"), object.get("text")) {
        (Some(_), Some(_)) => return Err("there are both `body` and `text`; keep one".to_owned()),
        (Some(body), None) => {
            let mut body = body.clone();
            canonicalise(&mut body);
            (body, BodyKind::Json)
        }
        (None, Some(Value::String(text))) => text_body(text),
        (None, Some(_)) => return Err("`text` must be a text; write JSON into `body`".to_owned()),
        (None, None) => text_body(""),
    };
    if (200..300).contains(&status) {
        return Ok(Ok(UpstreamResponse::new(status, headers, body, kind)));
    }
    let mut failure = Failure::new(FailureKind::Status(status), format!("the CRM answered {status}"));
    failure.response = Some(Box::new(FailedResponse { headers, body }));
    Ok(Err(failure))
}

fn text_body(text: &str) -> (Value, BodyKind) {
    let decoded = decode(text.as_bytes(), None);
    (decoded.body, decoded.kind)
}

/// A reply as the file of a case: what [`response`] reads. `keeps` says which headers are worth keeping.
pub(super) fn response_file(
    answered: &Result<UpstreamResponse, Failure>,
    keeps: &dyn Fn(&HeaderName) -> bool,
) -> Option<Value> {
    let (status, all, body, kind) = match answered {
        Ok(reply) => (reply.status, &reply.headers, reply.body(), reply.kind),
        Err(failure) => {
            let response = failure.response.as_deref()?;
            let kind = if response.body.is_string() { BodyKind::Text } else { BodyKind::Json };
            (failure.status()?, &response.headers, &response.body, kind)
        }
    };
    let kept: BTreeMap<&str, String> = all
        .iter()
        .filter(|(name, _)| keeps(name))
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let mut file = json!({"status": status, "headers": kept});
    match (kind, body) {
        (BodyKind::Empty, _) => {}
        (BodyKind::Text, Value::String(text)) if text.is_empty() => {}
        (BodyKind::Text, text) => file["text"] = text.clone(),
        (BodyKind::Json, body) => file["body"] = body.clone(),
    }
    Some(file)
}
