//! `retry`, `idempotencyHeader` and `rateLimit`: how often and how fast requests are sent.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::error_mapping::statuses;

/// When and how often a request is sent again. All attempts together take no longer than
/// `timeoutSeconds`. Retried are operations that only read, methods that change nothing twice (GET, HEAD,
/// PUT, DELETE, OPTIONS), and what `effect` says may be repeated. Others are sent again after 429, which
/// says that nothing was done, and after anything else only where an `idempotencyHeader` is sent.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Retry {
    /// Attempts in all, the first one included; 1 retries nothing. Default 3.
    #[schemars(title = "Attempts", example = 3, extend("minimum" = 1, "maximum" = 5))]
    pub max_attempts: Option<f64>,
    /// Seconds before the second attempt, half of it chosen by chance; doubled before each further
    /// one. Default 0.5.
    #[schemars(title = "Base delay in seconds", example = 0.5, extend("minimum" = 0.01, "maximum" = 60))]
    pub base_delay_seconds: Option<f64>,
    /// Longest wait between two attempts, where the CRM does not ask for another one. Default 10.
    #[schemars(title = "Longest delay in seconds", example = 10, extend("minimum" = 0.01, "maximum" = 300))]
    pub max_delay_seconds: Option<f64>,
    /// What is retried: `"connection"` (the CRM cannot be reached or the connection broke), a status, a
    /// class (`"5xx"`) or a range. Default `["connection", 408, 429, 502, 503, 504]`.
    #[schemars(title = "What is retried", example = serde_json::json!(["connection", 429, "5xx"]), schema_with = "statuses")]
    #[serde(default)]
    pub on: Option<Value>,
    /// Name of the header that says how long to wait, where the CRM has one of its own. It comes before
    /// `Retry-After`.
    #[schemars(title = "Header of the wait", example = &"X-Rate-Wait")]
    pub wait_header: Option<String>,
    /// Where the reply's body says how long to wait: a path as in a `responseMapping`.
    #[schemars(title = "Path of the wait", example = &"body.error.retry_after")]
    pub wait_path: Option<String>,
    /// What a bare number in `waitHeader` and at `waitPath` counts: `seconds`, `milliseconds` or
    /// `minutes`. Default `seconds`. Dates, and texts with units such as `30s`, are read as what they are.
    #[schemars(title = "Unit of the wait", example = &"milliseconds", extend("enum" = ["seconds", "milliseconds", "minutes"]))]
    pub wait_unit: Option<String>,
}

/// A header by which the CRM knows a request again, so that sending it twice creates one record. It is
/// sent with POST and PATCH. An operation that sets this header in `headers` keeps its own value.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdempotencyHeader {
    /// Name of the header.
    #[schemars(title = "Name", example = &"Idempotency-Key")]
    pub name: Option<String>,
    /// Template of its value, the same for all attempts. Default `{{idempotencyKey}}`.
    #[schemars(title = "Value", example = &"{{idempotencyKey}}")]
    pub value: Option<String>,
}

/// How many requests this connector sends, to all its users' accounts together. Requests wait for
/// their turn within `timeoutSeconds`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RateLimit {
    /// Requests that may be under way at the same time, for each server. Default 256.
    #[schemars(title = "Concurrent requests", example = 10, extend("minimum" = 1, "maximum" = 4096))]
    pub max_concurrent: Option<f64>,
    /// Requests in each period of `perSeconds`. They may all be sent at its beginning. Servers that share a store
    /// keep to it together. Without it the operator's default holds in each server: 1000 in a second, unless
    /// `DEFAULT_RATE_LIMIT` says something else.
    #[schemars(title = "Requests", example = 100, extend("minimum" = 1, "maximum" = 1000000))]
    pub requests: Option<f64>,
    /// Length of the period of `requests`, in seconds. Default 1.
    #[schemars(title = "Period in seconds", example = 10, extend("minimum" = 0.1, "maximum" = 86400))]
    pub per_seconds: Option<f64>,
}
