//! The types of a proxyConfig. The JSON Schema, the language reference and the compiler are made
//! from them, so a field exists in one place only.
//!
//! Everything is optional here that the reference server does without; what must be there to run
//! is decided by the checks. Unknown keys are ignored by these types and reported by the schema.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::delivery::{IdempotencyHeader, RateLimit, Retry};
use super::error_mapping::ErrorRule;
use super::mapping::{Mapping, MappingRef};
pub use super::operations::{OperationName, Operations};
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

/// How a request is authorised.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Auth {
    /// `apiKey`: the user pastes a key. `oauth`: the user signs in at the CRM. Default `apiKey`.
    #[schemars(title = "Type", example = &"apiKey", extend("enum" = ["apiKey", "oauth"]))]
    #[serde(rename = "type")]
    pub auth_type: Option<String>,
    /// Word before the credential, such as `Basic` or `Bearer`. Without it the credential stands
    /// alone.
    #[schemars(title = "Scheme", example = &"Bearer")]
    pub scheme: Option<String>,
    /// Header that carries the credential. Default `Authorization`.
    #[schemars(title = "Header name", example = &"Authorization")]
    pub header_name: Option<String>,
    /// Template of the credential. Without it, `apiKey` sends `Basic` and the base64 of the key
    /// and a colon, `oauth` sends the scheme (default `Bearer`) and the access token.
    #[schemars(title = "Credential", example = &"{{apiKey}}:")]
    pub credential_template: Option<String>,
    /// Whether the rendered credential is encoded: `base64` or `none`. Default `base64`.
    #[schemars(title = "Encoding", example = &"base64", extend("enum" = ["base64", "none"]))]
    pub encode: Option<String>,
    /// OAuth client id.
    #[schemars(title = "Client id", example = &"3MVG9lKcPoNINVBIPJjdw1J9LLM82Hn")]
    pub client_id: Option<String>,
    /// OAuth client secret. `clientSecretEnv` keeps it out of the document.
    #[schemars(title = "Client secret", example = &"client-secret")]
    pub client_secret: Option<Secret>,
    /// Name of the environment variable that holds the OAuth client secret.
    #[schemars(title = "Environment variable of the client secret", example = &"MY_CRM_CLIENT_SECRET")]
    pub client_secret_env: Option<String>,
    /// OAuth token endpoint: the only place the client secret is sent to.
    #[schemars(title = "Token URL", example = &"https://login.example.com/oauth/token")]
    pub token_url: Option<String>,
    /// OAuth authorization endpoint, opened in the user's browser.
    #[schemars(title = "Authorization URL", example = &"https://login.example.com/oauth/authorize")]
    pub authorization_url: Option<String>,
    /// Redirect URI registered at the CRM.
    #[schemars(title = "Redirect URI", example = &"https://ringcentral.github.io/ringcentral-embeddable/redirect.html")]
    pub redirect_uri: Option<String>,
    /// Scopes to ask for: a text with spaces, or a list.
    #[schemars(title = "Scopes", example = &"contacts.read activities.write", schema_with = "text_or_list")]
    #[serde(default)]
    pub scopes: Option<Value>,
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
#[schemars(rename = "OperationWith{M}", bound = "M: JsonSchema + Mapping")]
pub struct Operation<M> {
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

/// What every operation has, whatever its mapping.
#[derive(Debug, Clone, Copy)]
pub struct OperationRef<'a> {
    /// Which operation.
    pub name: OperationName,
    /// See [`Operation::method`].
    pub method: Option<&'a str>,
    /// See [`Operation::url`].
    pub url: Option<&'a str>,
    /// See [`Operation::headers`].
    pub headers: Option<&'a IndexMap<String, Value>>,
    /// See [`Operation::query`].
    pub query: Option<&'a Value>,
    /// See [`Operation::query_style`].
    pub query_style: Option<QueryStyle>,
    /// See [`Operation::body`].
    pub body: Option<&'a Value>,
    /// See [`Operation::auth`].
    pub auth: Option<&'a Auth>,
    /// See [`Operation::timeout_seconds`].
    pub timeout_seconds: Option<f64>,
    /// See [`Operation::error_mapping`].
    pub error_mapping: Option<&'a [ErrorRule]>,
    /// See [`Operation::retry`].
    pub retry: Option<&'a Retry>,
    /// See [`Operation::idempotency_header`].
    pub idempotency_header: Option<&'a IdempotencyHeader>,
    /// See [`Operation::max_length`].
    pub max_length: Option<f64>,
    /// See [`Operation::max_length_unit`].
    pub max_length_unit: Option<&'a str>,
    /// See [`Operation::effect`].
    pub effect: Option<&'a str>,
    /// Whether there is a `responseMapping` at all.
    pub has_mapping: bool,
    /// The typed mapping.
    pub mapping: MappingRef<'a>,
}

fn text_or_list(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": ["string", "array", "null"], "items": {"type": "string"}})
}

fn headers(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": ["object", "null"],
        "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
    })
}

fn method(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let names = METHODS.iter().flat_map(|name| [(*name).to_owned(), name.to_ascii_lowercase()]);
    schemars::json_schema!({"type": ["string", "null"], "enum": names.map(Value::from).chain([Value::Null]).collect::<Vec<_>>()})
}

fn query_style(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
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
