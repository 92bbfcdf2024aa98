//! Trying an operation of a revision: what it would send, and what comes of sending it. What is shown
//! holds no credential.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::audit::{Action, Change};
use super::check::source_of;
use super::{Catalog, ConnectorError};
use crate::config::operations::OperationName;
use crate::config::suggest::nearest;
use crate::connector::documents::load_uploaded;
use crate::connector::exchange;
use crate::engine::encode::as_in_urls;
use crate::engine::exchange::RequestSpec;
use crate::engine::explain::{curl, header_text, origins, policies};
use crate::engine::inputs::Inputs;
use crate::engine::operation::{CompiledDocument, Operation};
use crate::engine::render;
use crate::engine::send::Client;
use crate::engine::trial::{complete, mask};
use crate::members::members;
use crate::service::management::Caller;

/// Shorter texts stand in many words by chance.
const SHORTEST: usize = 6;

members! {
    /// An operation to be tried.
    #[derive(Debug, Clone, Default)]
    #[schemars(rename = "TrialRequest")]
    pub struct Trial {
        /// Such as `findContact`.
        operation as "operation": String,
        /// Template variables.
        input as "input": Option<Map<String, Value>>,
        /// The user: `accessToken`, `id`, `hostname`, `platformAdditionalInfo`, ….
        user as "user": Option<Map<String, Value>>,
    }
}

/// A request as it may be shown.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ShownRequest {
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// The headers; credentials are masked.
    pub headers: BTreeMap<String, String>,
    /// The body: JSON where it is JSON, else text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

/// Where a value of a request comes from.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ShownOrigin {
    /// Where the template stands: below the operation, or below the document where operations share it.
    pub place: String,
    /// The template.
    pub template: String,
    /// What it rendered to, before it is encoded for its place; absent if it yields nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The variables that it reads.
    pub variables: Vec<&'static str>,
}

/// What an operation would send.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explained {
    /// The request; absent if nothing would be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<ShownRequest>,
    /// Why nothing would be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Where its values come from.
    pub origins: Vec<ShownOrigin>,
    /// What is done about failures and limits, in words.
    pub policies: Vec<String>,
    /// The request as a command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curl: Option<String>,
}

/// What came of sending an operation's request.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tested {
    /// Whether the reply could be mapped and everything was found.
    pub passed: bool,
    /// The request; absent if nothing was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<ShownRequest>,
    /// The status of the reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The body of the reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// What it was mapped to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapped: Option<Value>,
    /// What the mapping did not find: key, path and what was there.
    pub problems: Vec<Value>,
    /// Why there is no result: `kind` and `message`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Value>,
}

/// A revision that can run, and the variables of a trial.
struct Subject {
    config: CompiledDocument,
    document: Value,
    name: OperationName,
    variables: Map<String, Value>,
}

impl Subject {
    fn operation(&self) -> Result<&Operation, ConnectorError> {
        let missing = || ConnectorError::invalid("operation", "The revision has no such operation.");
        self.config.operation(self.name).ok_or_else(missing)
    }
}

impl Catalog {
    async fn subject(
        &self,
        proxy_id: &str,
        number: u64,
        trial: Trial,
        with_examples: bool,
    ) -> Result<Subject, ConnectorError> {
        let found = self.found(proxy_id).await?;
        let revision = self.revision_of(&found.record, number).await?;
        let text: Arc<str> = self.text_of(proxy_id, &revision).await?;
        let (secrets, source) = (found.secrets.clone(), source_of(proxy_id, Arc::clone(&text)));
        let loaded = self.work.run(move |cancel| {
            let document: Value = serde_json::from_str(&text).unwrap_or_default();
            (document, load_uploaded(&source, &secrets, cancel).config)
        });
        let (document, Some(config)) = loaded.await? else {
            let verdict = Box::new(self.judge(proxy_id, &found.secrets, &revision).await?);
            return Err(ConnectorError::HasErrors { number, verdict });
        };
        let parsed = OperationName::parse(&trial.operation).filter(|name| config.operation(*name).is_some());
        let Some(name) = parsed else {
            let defined: Vec<&str> = config.operations().map(|operation| operation.name.as_str()).collect();
            let hint = match nearest(&trial.operation, defined.iter().copied()) {
                Some(name) => format!("did you mean {name}?"),
                None => format!("it has {}", defined.join(", ")),
            };
            let message = format!("The revision has no operation \"{}\"; {hint}", trial.operation);
            return Err(ConnectorError::invalid("operation", message));
        };
        let mut variables = trial.input.unwrap_or_default();
        if let Some(user) = trial.user {
            variables.insert("user".to_owned(), Value::Object(user));
        }
        complete(&config, name, &mut variables, with_examples);
        Ok(Subject { config, document, name, variables })
    }

    /// What an operation of a revision would send. Sends nothing, and credentials stand in it by name. That it
    /// was asked for is recorded first.
    ///
    /// # Errors
    /// If there is no such revision or operation, it cannot run, or the store fails.
    pub async fn explain(
        &self,
        who: &Caller,
        proxy_id: &str,
        number: u64,
        trial: Trial,
    ) -> Result<Explained, ConnectorError> {
        let subject = self.subject(proxy_id, number, trial, true).await?;
        let details = json!({"operation": subject.name.as_str()});
        self.note(who, proxy_id, &Change::new(Action::Explain, Some(number), details)).await?;
        self.work.run(move |_| explained(subject)).await?
    }

    /// Sends an operation's request with the connector's secrets and says what came of it. That it was
    /// done is recorded first: a document can send its secrets wherever it names. Of each token a few run at
    /// a time.
    ///
    /// # Errors
    /// If there is no such revision or operation, it cannot run, too many are under way, or the store fails.
    pub async fn test(
        &self,
        who: &Caller,
        proxy_id: &str,
        number: u64,
        trial: Trial,
        client: &Client,
    ) -> Result<Tested, ConnectorError> {
        let _under_way = self.trials.begin(&who.token_id)?;
        let subject = self.subject(proxy_id, number, trial, false).await?;
        let shown = self.work.run(move |_| {
            let request = shown_masked(&subject)?;
            Ok::<_, ConnectorError>((subject, request))
        });
        let (subject, request) = shown.await??;
        let operation = subject.operation()?;
        let request = match request {
            Ok(request) => request,
            Err(message) => {
                let failure = json!({"kind": "render", "message": message});
                return Ok(Tested::failed(None, failure));
            }
        };
        let host = url::Url::parse(&request.url).ok().and_then(|url| url.host_str().map(str::to_owned));
        let details = json!({"operation": operation.name.as_str(), "host": host});
        self.note(who, proxy_id, &Change::new(Action::Test, Some(number), details)).await?;
        let scrub = Scrub::new(&subject);
        let inputs = Inputs::from_object(&subject.variables);
        Ok(match exchange(client, operation, &inputs).await {
            Err(failure) => {
                let message = scrub.text(&failure.to_string());
                let said = failure.message_override.as_ref().and_then(|said| said.message.as_deref());
                let told = said.map(|said| scrub.text(said));
                let shown = json!({"kind": failure.kind.as_str(), "message": message, "toldAs": told});
                Tested {
                    status: failure.status(),
                    body: failure.response.map(|response| scrub.value(response.body)),
                    ..Tested::failed(Some(request), shown)
                }
            }
            Ok(exchange) => {
                let body = Some(scrub.value(exchange.response.body().clone()));
                let status = Some(exchange.response.status);
                match exchange.mapped {
                    Err(error) => {
                        let message = scrub.text(&error.to_string());
                        let failure = json!({"kind": "unmapped", "message": message});
                        Tested { status, body, ..Tested::failed(Some(request), failure) }
                    }
                    Ok((mapped, problems)) => Tested {
                        passed: !problems.iter().any(|problem| problem.is_essential),
                        request: Some(request),
                        status,
                        body,
                        mapped: Some(scrub.value(json!(mapped))),
                        problems: problems.iter().map(|problem| scrub.value(json!(problem))).collect(),
                        failure: None,
                    },
                }
            }
        })
    }
}

/// The request as it may be shown, or why there is none.
fn shown_masked(subject: &Subject) -> Result<Result<ShownRequest, String>, ConnectorError> {
    let mut masked = subject.variables.clone();
    mask(&mut masked);
    let rendered = render(subject.operation()?, &Inputs::from_object(&masked));
    Ok(rendered.map(|request| shown(&request)).map_err(|error| error.to_string()))
}

fn explained(mut subject: Subject) -> Result<Explained, ConnectorError> {
    mask(&mut subject.variables);
    let operation = subject.operation()?;
    let inputs = Inputs::from_object(&subject.variables);
    let limit = subject.document.get("rateLimit").is_some_and(Value::is_object);
    let origin = |origin: crate::engine::explain::Origin| ShownOrigin {
        place: origin.place,
        template: origin.template,
        value: origin.value,
        variables: origin.variables,
    };
    let origins = origins(operation, &subject.document, &inputs).into_iter().map(origin).collect();
    let policies = policies(operation, limit.then_some(subject.config.rate_limit));
    Ok(match render(operation, &inputs) {
        Ok(request) => Explained {
            curl: Some(curl(&request)),
            request: Some(shown(&request)),
            refused: None,
            origins,
            policies,
        },
        Err(error) => {
            Explained { request: None, refused: Some(error.to_string()), origins, policies, curl: None }
        }
    })
}

impl Tested {
    fn failed(request: Option<ShownRequest>, failure: Value) -> Self {
        Self {
            passed: false,
            request,
            status: None,
            body: None,
            mapped: None,
            problems: Vec::new(),
            failure: Some(failure),
        }
    }
}

fn shown(request: &RequestSpec) -> ShownRequest {
    let body = request.body.as_ref().map(|bytes| {
        serde_json::from_slice(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned().into())
    });
    let headers = request.headers.iter().map(|(name, value)| (name.to_string(), header_text(value)));
    ShownRequest {
        method: request.method.to_string(),
        url: request.url.to_string(),
        headers: headers.collect(),
        body,
    }
}

/// Takes credentials out of what a CRM answers, however it encodes them when it echoes a request.
struct Scrub(Vec<String>);

impl Scrub {
    fn new(subject: &Subject) -> Self {
        let inputs = Inputs::from_object(&subject.variables);
        let mut credentials: Vec<String> = inputs.credentials().into_iter().map(str::to_owned).collect();
        let secrets = [&subject.config.secret_key, &subject.config.oauth.client_secret];
        credentials.extend(secrets.into_iter().flatten().map(|secret| secret.expose().to_owned()));
        credentials.retain(|credential| credential.len() >= SHORTEST);
        let mut forms: Vec<String> = credentials.iter().flat_map(|credential| forms(credential)).collect();
        // The longest first: what is left of a longer one would show that it was there.
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms.dedup();
        Self(forms)
    }

    fn text(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, form| text.replace(form, "***"))
    }

    fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.value(item)).collect()),
            Value::Object(members) => Value::Object(
                members.into_iter().map(|(key, member)| (self.text(&key), self.value(member))).collect(),
            ),
            other => other,
        }
    }
}

/// A credential as it is, in URLs, and within base64 at each of the three places where it can begin.
fn forms(credential: &str) -> Vec<String> {
    let mut forms = as_in_urls(credential);
    for offset in 0..3 {
        let shifted = [&b"\0\0\0"[..offset], credential.as_bytes()].concat();
        let encoded = STANDARD.encode(shifted);
        let encoded = encoded.trim_end_matches('=');
        // The characters at both ends depend on what stands beside the credential.
        let inner = encoded.get(if offset == 0 { 0 } else { 4 }..encoded.len().saturating_sub(2));
        forms.extend(inner.filter(|inner| inner.len() >= SHORTEST).map(str::to_owned));
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_found_however_they_are_echoed() {
        let secret = "s3cr3t/of+the connector";
        let scrub = Scrub(forms(secret));
        for before in ["", "a", "ab", "abc", "user:"] {
            for after in ["", ":", "xy"] {
                let basic = STANDARD.encode(format!("{before}{secret}{after}"));
                let shown = scrub.text(&format!("Basic {basic} {secret}"));
                let core = &STANDARD.encode(secret)[4..20];
                assert!(shown.contains("***") && !shown.contains(core) && !shown.contains(secret), "{shown}");
                assert!(shown.len() < basic.len(), "{shown}");
            }
        }
        // As paths, queries and forms have it.
        let secret = "sk-abc/def+1 (x)";
        let scrub = Scrub(forms(secret));
        for encoded in [
            "sk-abc%2Fdef%2B1%20%28x%29",
            "sk-abc%2Fdef%2B1+(x)",
            "sk-abc%2Fdef%2B1+%28x%29",
            "sk-abc%2Fdef%2B1%20(x)",
            "sk-abc%2fdef%2b1+(x)",
        ] {
            assert_eq!(scrub.text(&format!("?key={encoded}&x")), "?key=***&x", "{encoded}");
        }
    }
}
