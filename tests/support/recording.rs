//! The recordings of `fixtures/recordings/`: one JSON file per group, played in order against
//! one server with an empty store. Their format is described in `fixtures/recordings/README.md`.
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// One group: the configurations in force and the steps played against them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recording {
    pub group: String,
    pub description: String,
    pub source: Value,
    pub environment: IndexMap<String, String>,
    pub configs: IndexMap<String, Value>,
    /// The manifest that the server hands out, where it matters.
    pub manifest: Option<Value>,
    #[serde(default)]
    pub tokens: IndexMap<String, Token>,
    pub steps: Vec<Step>,
}

/// A session token that was not obtained by logging in.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Token {
    /// The signing secret where it is not `APP_SERVER_SECRET_KEY`.
    pub signed_with: Option<String>,
    pub claims: serde_json::Map<String, Value>,
    /// Seconds from now to `exp`; absent: a token without `exp`.
    pub expires_in_seconds: Option<i64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    pub name: String,
    #[serde(default)]
    pub note: String,
    pub request: Option<ClientRequest>,
    #[serde(default)]
    pub concurrent_requests: Vec<ClientRequest>,
    pub crm_replies: Vec<CrmReply>,
    pub crm_received: Vec<Outbound>,
    pub response: Option<Reply>,
    #[serde(default)]
    pub responses: Vec<Reply>,
    /// Variable name to dotted path in the JSON body of the reply.
    #[serde(default)]
    pub capture: IndexMap<String, String>,
    pub elapsed_ms_at_least: Option<u64>,
}

impl Step {
    /// The client requests of the step: one, or those sent at the same time.
    pub fn requests(&self) -> Vec<&ClientRequest> {
        self.request.iter().chain(&self.concurrent_requests).collect()
    }

    /// The recorded replies, in the order of [`Step::requests`].
    pub fn replies(&self) -> Vec<&Reply> {
        self.response.iter().chain(&self.responses).collect()
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientRequest {
    pub method: String,
    pub path: String,
    pub headers: IndexMap<String, String>,
    /// Sent as JSON. A present `null` is a body too.
    #[serde(default, deserialize_with = "present")]
    pub body: Option<Value>,
    pub raw_body: Option<String>,
}

/// What the CRM answers to one request.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CrmReply {
    pub status: Option<u16>,
    #[serde(default)]
    pub headers: IndexMap<String, String>,
    #[serde(default, deserialize_with = "present")]
    pub json: Option<Value>,
    pub raw: Option<String>,
    #[serde(default)]
    pub gzip: bool,
    #[serde(default)]
    pub delay_ms: u64,
    /// Close the connection without answering.
    #[serde(default)]
    pub destroy: bool,
}

/// A request that the server sent.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outbound {
    pub target: String,
    pub method: String,
    pub path: String,
    pub headers: IndexMap<String, String>,
    pub body: Body,
}

/// What the client got.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reply {
    pub status: Option<u16>,
    #[serde(default)]
    pub headers: IndexMap<String, String>,
    pub body: Option<Body>,
    #[serde(default)]
    pub no_response: bool,
    pub waited_ms: Option<u64>,
}

/// A recorded body; `text` keeps key order and spacing.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    pub kind: String,
    #[serde(default)]
    pub text: String,
    pub json: Option<Value>,
}

/// `null` is a value here, not an absence.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// The folder of this package's fixtures.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The names of the recorded groups, sorted: the file names without `.json`.
pub fn groups() -> Vec<String> {
    let mut groups: Vec<String> = std::fs::read_dir(fixtures().join("recordings"))
        .expect("fixtures/recordings exists")
        .filter_map(|entry| {
            let name = entry.expect("a readable folder entry").file_name();
            Some(name.to_str()?.strip_suffix(".json")?.to_owned())
        })
        .collect();
    groups.sort();
    groups
}

/// Reads one group.
pub fn load(group: &str) -> Recording {
    let path = fixtures().join("recordings").join(format!("{group}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut recording: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    for (_, contact) in ONE_CONTACT.iter().filter(|(known, _)| *known == group) {
        give_each_step_its_own(contact, &mut recording);
    }
    serde_json::from_value(recording).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Groups whose steps all create one contact. Here a reply that leaves doubt holds up the next attempt to
/// create the same contact, so each step gets another one: a name of the same length.
const ONE_CONTACT: &[(&str, &str)] = &[("07-contact-create-search", "Nina New")];

fn give_each_step_its_own(contact: &str, recording: &mut Value) {
    let beginning = &contact[..contact.len() - 2];
    for (index, step) in recording["steps"].as_array_mut().into_iter().flatten().enumerate() {
        let text = step.to_string().replace(contact, &format!("{beginning}{index:02}"));
        *step = serde_json::from_str(&text).expect("JSON as before");
    }
}
