//! `errorMapping`: what a document makes of replies that mean something else than their status says.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// A rule: for which replies, and what users are told then. The first rule that fits counts.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorRule {
    /// The replies that are meant. All that is named has to hold; where nothing is named, every reply
    /// with a status other than 200–299 is meant.
    #[schemars(title = "When", example = serde_json::json!({"status": 404}))]
    pub when: Option<When>,
    /// What the reply means, and what users read.
    #[schemars(title = "Outcome", example = serde_json::json!({"message": "{{platform}} does not know this number"}))]
    pub outcome: Option<Outcome>,
}

/// Which replies a rule is about.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct When {
    /// A status (`404`), a class (`"4xx"`), a range (`"500-599"`), or a list of these. Without it, a
    /// rule with `header` or `body` is also about replies with a status of 200–299.
    #[schemars(title = "Status", example = serde_json::json!([404, "5xx"]), schema_with = "statuses")]
    #[serde(default)]
    pub status: Option<Value>,
    /// A header that the reply has to have.
    #[schemars(title = "Header", example = serde_json::json!({"name": "X-Error-Code", "equals": "LOCKED"}))]
    pub header: Option<HeaderTest>,
    /// A value in the reply's body.
    #[schemars(title = "Body", example = serde_json::json!({"path": "body.error.code", "equals": "DUPLICATE"}))]
    pub body: Option<BodyTest>,
}

/// A test of a header. Without a condition it has to be there.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeaderTest {
    /// Name of the header, in any case.
    #[schemars(title = "Name", example = &"X-Error-Code")]
    pub name: Option<String>,
    /// Whether it is there (`true`) or missing (`false`).
    #[schemars(title = "Exists", example = true)]
    pub exists: Option<bool>,
    /// Its whole value.
    #[schemars(title = "Equals", example = &"LOCKED")]
    pub equals: Option<String>,
    /// A regular expression that matches somewhere in its value.
    #[schemars(title = "Matches", example = &"^(LOCKED|BUSY)$")]
    pub matches: Option<String>,
}

/// A test of a value in the body. Without a condition it has to be there and not null.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BodyTest {
    /// Where the value is: a path as in a `responseMapping`, JSONPath included. Of several values,
    /// one that fits is enough.
    #[schemars(title = "Path", example = &"$.body.errors[*].code")]
    pub path: Option<String>,
    /// Whether it is there and not null (`true`), or missing or null (`false`).
    #[schemars(title = "Exists", example = true)]
    pub exists: Option<bool>,
    /// The value itself: a text, number or boolean.
    #[schemars(title = "Equals", example = serde_json::json!("DUPLICATE"), schema_with = "scalar")]
    #[serde(default)]
    pub equals: Option<Value>,
    /// A regular expression that matches somewhere in the value's text.
    #[schemars(title = "Matches", example = &"(?i)not found")]
    pub matches: Option<String>,
}

/// What a reply means.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The search worked and found nothing: an empty list. For operations that search or list.
    #[schemars(title = "No match", example = true)]
    pub no_match: Option<bool>,
    /// The reply is what it should be, although it looks like a refusal. For replies with a status of
    /// 200–299.
    #[schemars(title = "Accept", example = true)]
    pub accept: Option<bool>,
    /// The reply counts as if it had this status: 401 asks to sign in again, 429 is a rate limit and
    /// may be retried, 404 is a record that is gone, 422 shows the CRM's own words.
    #[schemars(title = "Treat as status", example = 401, extend("minimum" = 400, "maximum" = 599))]
    pub treat_as: Option<f64>,
    /// What users read: a template that sees `status`, `platform`, `body` and `headers`. Without it,
    /// the usual words for the status.
    #[schemars(title = "Message", example = &"{{platform}} refused: {{body.error.message}}")]
    pub message: Option<String>,
    /// How the message is presented. Default `warning`, with `noMatch` `success`.
    #[schemars(title = "Message type", example = &"warning", extend("enum" = ["success", "warning", "error"]))]
    pub message_type: Option<String>,
    /// How long the message is shown, in milliseconds. Default 5000.
    #[schemars(title = "Time to live", example = 5000, extend("minimum" = 500, "maximum" = 60000))]
    pub ttl: Option<f64>,
    /// Sentences below the message: templates as `message`. One that renders to nothing is left out.
    #[schemars(title = "Details", example = serde_json::json!(["Ask an administrator for access to {{platform}}."]))]
    pub details: Option<Vec<String>>,
}

pub(super) fn statuses(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": ["integer", "string", "array", "null"],
        "items": {"type": ["integer", "string"]},
    })
}

fn scalar(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": ["string", "number", "boolean", "null"]})
}
