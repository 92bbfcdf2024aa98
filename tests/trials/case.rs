//! A case as its file has it.
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::path::Path;

/// A whole case. `${crm}` and `${crm.host}` in its texts stand for the origin of the scripted CRM, and
/// for its host and port.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What a user expects, in one sentence.
    #[serde(rename = "title")]
    pub _title: String,
    /// Public reports of it, as `owner/repository#number`.
    #[serde(default, rename = "from")]
    pub _from: Vec<String>,
    /// The proxyConfig, served under the id `acme`.
    pub document: Value,
    /// What the CRM answers: the first rule that matches and is not used up.
    #[serde(default)]
    pub crm: Vec<Rule>,
    #[serde(default)]
    pub serve: Serve,
    pub steps: Vec<Step>,
}

/// How the server is started.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Serve {
    pub env: IndexMap<String, String>,
    pub args: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// Method and path without the query; `*` stands for anything, at the end of the path as well.
    pub on: String,
    /// Query parameters, decoded; null: absent.
    #[serde(default)]
    pub query: IndexMap<String, Option<String>>,
    /// A text that the body contains.
    pub body_has: Option<String>,
    /// How often the rule answers; always where this is absent.
    pub times: Option<usize>,
    /// Texts that the CRM keeps: a name, and a JSON pointer into the request's body.
    #[serde(default)]
    pub keep: IndexMap<String, String>,
    /// What the CRM does to the texts that it keeps: regular expressions and what they become.
    #[serde(default)]
    pub rewrite: Vec<(String, String)>,
    pub reply: Reply,
}

/// A reply; `${name}` in its texts stands for a text that was kept.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Reply {
    pub status: Option<u16>,
    pub headers: IndexMap<String, String>,
    pub json: Option<Value>,
    pub text: Option<String>,
    /// Bytes, in base64.
    pub base64: Option<String>,
    /// The connection closes without an answer.
    pub drop: bool,
    pub delay_ms: u64,
}

/// One step: one of the actions, and what is expected of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// `app-connect validate`: exactly these findings, besides those about operations that are missing
    /// and about plain HTTP.
    pub validate: Option<Vec<Finding>>,
    /// `app-connect call` of this operation.
    pub call: Option<String>,
    /// Variables of `call`.
    pub input: Option<Value>,
    /// The user of `call`, instead of the usual one.
    pub user: Option<Value>,
    /// `POST /apiKeyLogin`, with these members besides the usual ones. Later steps use the session.
    pub login: Option<Map<String, Value>>,
    /// Method and target of a request with the session.
    pub request: Option<String>,
    /// The JSON body of `request`.
    pub body: Option<Value>,
    /// `POST /callLog` of an outbound call with this session id.
    pub log_call: Option<String>,
    /// Members of the body of `logCall` besides `logInfo`.
    pub with: Map<String, Value>,
    /// Requests that the CRM got: those whose line (method, target, body) has this text.
    pub sent: Option<String>,
    /// Forgets what the CRM got so far.
    pub forget: bool,
    /// Waits, in milliseconds: for a CRM whose limits are over then.
    pub wait_ms: Option<u64>,
    /// Writes another document in place and waits until it is served.
    pub document: Option<Value>,

    /// The status of a reply, or the exit code of a command.
    pub status: Option<i32>,
    /// Members that the reply has, at any depth.
    pub json: Option<Value>,
    pub has: Vec<String>,
    pub lacks: Vec<String>,
    /// How many requests `sent` names.
    pub count: Option<usize>,
}

/// A finding of `validate`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    pub code: String,
    pub pointer: Option<String>,
    /// A text in its message or help.
    pub has: Option<String>,
}

/// Reads a case's file.
///
/// # Errors
/// What is wrong with it.
pub fn read(path: &Path) -> Result<Case, Vec<String>> {
    let text = std::fs::read_to_string(path).map_err(|error| vec![error.to_string()])?;
    serde_json::from_str(&text).map_err(|error| vec![error.to_string()])
}
