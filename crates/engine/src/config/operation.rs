//! One operation of a document, as it is written.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::auth::Auth;
use super::delivery::{IdempotencyHeader, Retry};
use super::error_mapping::ErrorRule;
use super::mapping::MappingDocument;

/// How lists are written in queries and forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum QueryStyle {
    /// `tag[]=a&tag[]=b`
    #[default]
    Brackets,
    /// `tag=a&tag=b`
    Repeat,
    /// `tag=a,b`
    Comma,
    /// `tag[0]=a&tag[1]=b`
    Indices,
}

/// One operation: the request to send and how to read the reply.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", bound = "M: Deserialize<'de>")]
#[schemars(rename = "OperationWith{M}", bound = "M: JsonSchema + MappingDocument")]
pub struct Operation<M = Value> {
    /// HTTP method. Default `GET`.
    #[schemars(title = "Method", example = &"POST", schema_with = "method")]
    #[serde(default)]
    pub method: Option<String>,
    /// Path below `baseUrl`, or an absolute URL. Expressions are percent-encoded for the place
    /// where they stand; `{{{three braces}}}` insert text as it is.
    #[schemars(title = "URL", example = &"/contacts/{{thirdPartyLogId}}")]
    pub url: Option<String>,
    /// Headers of this operation; they win over the default headers and lose to the credential.
    #[schemars(title = "Headers", example = serde_json::json!({"Content-Type": "application/json"}), schema_with = "headers")]
    #[serde(default)]
    pub headers: Option<IndexMap<String, Value>>,
    /// Query parameters: an object, or one expression that yields an object. Null and missing
    /// values leave the parameter out, but in an operation that searches nothing is sent then, unless
    /// the parameter says that it may be missing: `{"value": "{{…}}", "optional": true}`. Lists and
    /// objects are written with brackets.
    #[schemars(title = "Query", example = serde_json::json!({"phone": "{{phoneNumber}}"}), schema_with = "query")]
    #[serde(default)]
    pub query: Option<Value>,
    /// How lists are written in the query, and in the body where it is a form: `brackets`, `repeat`,
    /// `comma` or `indices`. Replaces the one of `requestDefaults`.
    #[schemars(title = "Style of lists", example = &"repeat", schema_with = "query_style")]
    #[serde(default)]
    pub query_style: Option<QueryStyle>,
    /// Request body: any JSON with templates in its texts. A member whose template yields nothing
    /// is left out. Default `{}`; for GET and HEAD none.
    #[schemars(title = "Body", example = serde_json::json!({"subject": "{{subject}}"}), schema_with = "anything")]
    #[serde(default)]
    pub body: Option<Value>,
    /// Replaces the document's `auth` for this operation.
    #[schemars(title = "Authorisation of this operation", example = serde_json::json!({"headerName": "X-Api-Key", "credentialTemplate": "{{apiKey}}", "encode": "none"}))]
    pub auth: Option<Auth>,
    /// Seconds that this operation may take, instead of the default.
    #[schemars(title = "Timeout in seconds", example = 10, extend("minimum" = 1, "maximum" = 300))]
    pub timeout_seconds: Option<f64>,
    /// Rules for this operation's replies; the document's follow.
    #[schemars(title = "Error mapping", example = serde_json::json!([{"when": {"status": 409}, "outcome": {"message": "This record exists already."}}]))]
    pub error_mapping: Option<Vec<ErrorRule>>,
    /// Replaces the document's `retry` for this operation.
    #[schemars(title = "Retry", example = serde_json::json!({"maxAttempts": 1}))]
    pub retry: Option<Retry>,
    /// Replaces the idempotency header of `requestDefaults` for this operation.
    #[schemars(title = "Idempotency header", example = serde_json::json!({"name": "Idempotency-Key"}))]
    pub idempotency_header: Option<IdempotencyHeader>,
    /// The longest composed text that the CRM takes in this record (`composedLogDetails`, or the body of
    /// `sharedSMSLogContent`). A longer one is shortened, its longest fields first, and says so. An
    /// update that does not say has the limit of the operation that creates the record.
    #[schemars(title = "Longest composed text", example = 4000, extend("minimum" = 100, "maximum" = 10_000_000))]
    pub max_length: Option<f64>,
    /// What `maxLength` counts: `characters` (UTF-16 units, as most CRMs count) or `bytes` of UTF-8.
    /// Default `characters`.
    #[schemars(title = "Unit of the longest text", example = &"characters", extend("enum" = ["characters", "bytes"]))]
    pub max_length_unit: Option<String>,
    /// What the request does at the CRM, and so whether it may be sent twice. `none`: it only reads, such as
    /// a search by POST. `idempotent`: sent twice, it leaves one record. `write`: sent twice, it may leave
    /// two. Default: `none` for operations that only read, else `idempotent` for GET, HEAD, PUT, DELETE and
    /// OPTIONS and `write` for POST and PATCH.
    #[schemars(title = "Effect", example = &"idempotent", extend("enum" = ["none", "idempotent", "write"]))]
    pub effect: Option<String>,
    /// Where in the reply the result is found.
    #[schemars(title = "Response mapping", example = M::example())]
    pub response_mapping: Option<M>,
}

pub(super) fn headers(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": ["object", "null"],
        "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
    })
}

fn method(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let names = METHODS.iter().flat_map(|name| [(*name).to_owned(), name.to_ascii_lowercase()]);
    schemars::json_schema!({"type": ["string", "null"], "enum": names.map(Value::from).chain([Value::Null]).collect::<Vec<_>>()})
}

pub(super) fn query_style(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": ["string", "null"], "enum": ["brackets", "repeat", "comma", "indices", null]})
}

fn query(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": ["object", "string", "null"]})
}

fn anything(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({})
}

/// The methods that can be sent, in any case.
pub const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// A query parameter that says whether it may be missing: `{"value": …, "optional": true}`.
pub fn optional_parameter(parameter: &Value) -> Option<(&Value, bool)> {
    let members = parameter.as_object().filter(|members| members.len() == 2)?;
    Some((members.get("value")?, members.get("optional")?.as_bool()?))
}
