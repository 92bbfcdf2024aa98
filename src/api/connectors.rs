//! Requests and replies of the management API that no service has a type for.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::service::catalog::{ConnectorView, Revision, Verdict};

/// A refusal.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ConsoleError")]
pub struct ManagementErrorReply {
    /// What is wrong.
    pub error: ConsoleErrorBody,
}

/// What is wrong.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConsoleErrorBody {
    /// Stable, for programs.
    #[schemars(extend("enum" = [
        "account_not_allowed", "account_not_pinned", "changed_meanwhile", "checks_failed", "connector_exists",
        "connector_retired", "console_closed", "export_too_large", "if_match_missing", "incomplete", "invalid_request", "not_json",
        "not_utf8", "nothing_to_roll_back", "revision_has_errors", "scope_missing", "secret_in_text",
        "server_failed", "store_failed", "token_expired", "too_deep", "too_large", "too_many_failures",
        "unauthorized", "unknown_connector", "unknown_revision", "unknown_token",
    ]))]
    pub code: String,
    /// What is wrong and how to mend it, for people.
    pub message: String,
    /// The member or parameter that does not fit.
    pub at: Option<String>,
    /// The ETag of the connector as it is now.
    pub etag: Option<String>,
    /// What was found in the text, as `app-connect validate --format json` writes it.
    pub diagnostics: Option<Vec<Value>>,
    /// Why the revision is refused.
    pub checks: Option<Verdict>,
}

/// The connectors.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Connectors {
    /// By proxy id.
    pub connectors: Vec<ConnectorView>,
}

/// The revisions of a connector.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Revisions {
    /// The newest first.
    pub revisions: Vec<Revision>,
}

/// Fixture cases.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Cases {
    /// In their order.
    pub cases: Vec<FixtureCase>,
}

/// A fixture case: what the files of a case's folder hold.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FixtureCase {
    /// Its name.
    pub name: String,
    /// The operation that runs.
    pub operation: String,
    /// What it is about.
    #[serde(default)]
    pub description: String,
    /// The template variables.
    pub input: Map<String, Value>,
    /// The CRM's reply: `status`, `headers`, and `body` or `text`.
    pub response: Map<String, Value>,
    /// The request that must be sent.
    pub request: Value,
    /// What must be made of the reply.
    pub result: Value,
}

/// A stored revision.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Uploaded {
    /// The connector as it is now.
    pub connector: ConnectorView,
    /// The revision.
    pub revision: Revision,
}

/// A revision to be stored. `text` or `proxyConfig` is needed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UploadRequest {
    /// The proxyConfig as text, which is kept byte for byte.
    pub text: Option<String>,
    /// The proxyConfig as an object, which is written as indented JSON.
    pub proxy_config: Option<Map<String, Value>>,
    /// What the author says about it.
    pub note: Option<String>,
    /// Fixture cases; those of the newest revision where they are left out.
    pub cases: Option<Vec<FixtureCase>>,
}

/// What is said of a connector. What is left out stays; null takes it away.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectorSettings {
    /// Who is responsible for it.
    pub owner: Option<String>,
    /// The RingCentral accounts that may use it; null opens it to all.
    pub allowed_accounts: Option<BTreeSet<String>>,
    /// What clients are told about it.
    pub manifest: Option<Map<String, Value>>,
    /// What templates see as `secretKey`. Sealed at rest and never shown.
    #[schemars(extend("format" = "password", "writeOnly" = true))]
    pub secret_key: Option<String>,
    /// The secret of the OAuth app. Sealed at rest and never shown.
    #[schemars(extend("format" = "password", "writeOnly" = true))]
    pub client_secret: Option<String>,
}

/// A new connector.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewConnector {
    /// Its id: 1 to 64 letters, digits, hyphens, underscores and full stops.
    pub proxy_id: String,
    /// Who is responsible for it.
    pub owner: Option<String>,
    /// The RingCentral accounts that may use it; all where it is left out.
    pub allowed_accounts: Option<BTreeSet<String>>,
    /// What clients are told about it.
    pub manifest: Option<Map<String, Value>>,
    /// What templates see as `secretKey`. Sealed at rest and never shown.
    #[schemars(extend("format" = "password", "writeOnly" = true))]
    pub secret_key: Option<String>,
    /// The secret of the OAuth app. Sealed at rest and never shown.
    #[schemars(extend("format" = "password", "writeOnly" = true))]
    pub client_secret: Option<String>,
    /// The proxyConfig of its first revision as text.
    pub text: Option<String>,
    /// The proxyConfig of its first revision as an object.
    pub proxy_config: Option<Map<String, Value>>,
    /// What the author says about the first revision.
    pub note: Option<String>,
    /// Fixture cases of the first revision.
    pub cases: Option<Vec<FixtureCase>>,
}

/// An operation to be tried.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TrialRequest {
    /// Such as `findContact`.
    pub operation: String,
    /// Template variables.
    pub input: Option<Map<String, Value>>,
    /// The user: `accessToken`, `id`, `hostname`, `platformAdditionalInfo`, ….
    pub user: Option<Map<String, Value>>,
}

/// A revision that is to serve.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ActivateRequest {
    /// Its number.
    pub revision: u64,
    /// Lets it serve although its checks or cases fail.
    pub force: Option<ForceRequest>,
}

/// A pinned revision that is to serve all.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PromoteRequest {
    /// The account that is pinned to it.
    pub account: String,
    /// Lets it serve although its checks or cases fail.
    pub force: Option<ForceRequest>,
}

/// Lets a revision serve although its checks or cases fail.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ForceRequest {
    /// Why; recorded in the audit log.
    pub reason: String,
}

/// A note in the query.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NoteQuery {
    /// What the author says about the revision.
    pub note: Option<String>,
}

/// Which revisions are exported.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ExportQuery {
    /// The first revision; without it, all are exported.
    pub from: Option<u64>,
}

/// Which revisions are compared.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DiffQuery {
    /// The revision before.
    pub from: u64,
    /// The revision after.
    pub to: u64,
}

/// In which version the connector was read.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct IfMatchHeader {
    /// The `etag` of the connector as it was read, quotes included.
    #[serde(rename = "If-Match")]
    pub if_match: String,
}
