//! The types of a proxyConfig. The JSON Schema, the language reference and the compiler are made
//! from them, so a field exists in one place only.
//!
//! Everything is optional here that the reference server does without; what must be there to run
//! is decided by the checks. Unknown keys are ignored by these types and reported by the schema.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub use super::auth::Auth;
use super::delivery::{IdempotencyHeader, RateLimit, Retry};
use super::error_mapping::ErrorRule;
pub use super::operation::{METHODS, Operation, QueryStyle, optional_parameter};
use super::operation::{headers, query_style};
pub use super::operations::{OperationName, OperationRef, Operations};
use crate::secret::Secret;

/// A connector as data: how App Connect's operations become HTTP requests to one CRM, and how the
/// CRM's replies are read.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "proxyConfig")]
pub struct Document {
    /// Names the connector and says how log text is composed for it.
    #[schemars(title = "Metadata", example = serde_json::json!({"name": "myCrm", "displayName": "My CRM", "logFormat": "text/plain"}))]
    pub meta: Option<Meta>,
    /// How requests are authorised. Operations can override it.
    #[schemars(title = "Authorisation", example = serde_json::json!({"type": "apiKey", "scheme": "Bearer", "credentialTemplate": "{{apiKey}}", "encode": "none"}))]
    pub auth: Option<Auth>,
    /// What all operations share: base URL, timeout, headers, allowed hosts.
    #[schemars(title = "Request defaults", example = serde_json::json!({"baseUrl": "https://api.example.com/v1", "timeoutSeconds": 30}))]
    pub request_defaults: Option<RequestDefaults>,
    /// One entry for each App Connect interface that the CRM serves.
    #[schemars(title = "Operations", example = serde_json::json!({"getUserInfo": {"url": "/me", "responseMapping": {"idPath": "body.id"}}}))]
    pub operations: Operations,
    /// What replies mean that say something else than their status, and what users read about failures.
    /// An operation's own rules come first.
    #[schemars(title = "Error mapping", example = serde_json::json!([{"when": {"status": 404}, "outcome": {"noMatch": true}}]))]
    pub error_mapping: Option<Vec<ErrorRule>>,
    /// When a request is sent again. Without it, never. Operations can replace it.
    #[schemars(title = "Retry", example = serde_json::json!({"maxAttempts": 3}))]
    pub retry: Option<Retry>,
    /// How many requests are sent at the same time and in a period of time.
    #[schemars(title = "Rate limit", example = serde_json::json!({"maxConcurrent": 10, "requests": 100, "perSeconds": 10}))]
    pub rate_limit: Option<RateLimit>,
    /// The connector's own secret, seen by templates as `secretKey`. A literal is convenient for
    /// trying things out; `secretKeyEnv` keeps it out of the document.
    #[schemars(title = "Connector secret", example = &"s3cr3t")]
    pub secret_key: Option<Secret>,
    /// Name of the environment variable that holds the connector's secret.
    #[schemars(title = "Environment variable of the connector secret", example = &"MY_CRM_SECRET")]
    pub secret_key_env: Option<String>,
}

/// Names the connector.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// Machine name of the connector, usually the platform name.
    #[schemars(title = "Name", example = &"myCrm")]
    pub name: Option<String>,
    /// Name shown to people.
    #[schemars(title = "Display name", example = &"My CRM")]
    pub display_name: Option<String>,
    /// Format of the composed log text (`composedLogDetails`). `custom`, or no value, leaves
    /// composing to the document's templates.
    #[schemars(title = "Log format", example = &"text/plain", extend("enum" = ["text/plain", "text/html", "text/markdown", "custom"]))]
    pub log_format: Option<String>,
    /// Country of phone numbers without a country code, two letters, where the RingCentral account of
    /// the user names none: `4155550123` is then `+14155550123`.
    #[schemars(title = "Region", example = &"US")]
    pub region: Option<String>,
}

/// What all operations share.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestDefaults {
    /// Where relative operation URLs begin. With `allowedHosts` it may hold templates.
    #[schemars(title = "Base URL", example = &"https://api.example.com/v1")]
    pub base_url: Option<String>,
    /// Seconds that one operation may take, redirects and body included. Default 30.
    #[schemars(title = "Timeout in seconds", example = 30, extend("minimum" = 1, "maximum" = 300))]
    pub timeout_seconds: Option<f64>,
    /// Headers of every request. Values are templates; a value that renders to nothing leaves the
    /// header out.
    #[schemars(title = "Default headers", example = serde_json::json!({"Accept": "application/json"}), schema_with = "headers")]
    #[serde(default)]
    pub default_headers: Option<IndexMap<String, Value>>,
    /// Hosts that operations may reach besides the one of `baseUrl`: names, or `*.` and a domain.
    /// Needed where a template chooses the host or an operation's URL names another one.
    #[schemars(title = "Allowed hosts", example = serde_json::json!(["*.example.com"]))]
    pub allowed_hosts: Option<Vec<String>>,
    /// How lists are written in queries and forms: `brackets` (`tag[]=a&tag[]=b`), `repeat`
    /// (`tag=a&tag=b`), `comma` (`tag=a,b`) or `indices` (`tag[0]=a&tag[1]=b`). Operations can replace it.
    /// Default `brackets`.
    #[schemars(title = "Style of lists", example = &"repeat", schema_with = "query_style")]
    #[serde(default)]
    pub query_style: Option<QueryStyle>,
    /// By what the CRM knows a repeated POST or PATCH again. Operations can replace it.
    #[schemars(title = "Idempotency header", example = serde_json::json!({"name": "Idempotency-Key"}))]
    pub idempotency_header: Option<IdempotencyHeader>,
}
