//! `app-connect import openapi`

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::draft::Draft;
use super::schema::Root;
use super::{mapping, placeholder, target};
use crate::cli::CliError;
use crate::config::operations::OperationName;
use crate::config::pointer;
use crate::config::suggest::nearest;

/// The largest document that is read, in bytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Makes an operation from an operation of an OpenAPI document: its address, required parameters, body and,
/// from the schema of its reply, its mapping.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The OpenAPI document, JSON or YAML.
    document: PathBuf,
    /// The operation's `operationId`, or its method and path: 'GET /contacts'.
    operation_id: String,
    #[command(flatten)]
    target: target::Arguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, CliError> {
    let shown = arguments.document.display();
    let document = read(&arguments.document)?;
    let draft = Api::new(&document)
        .and_then(|api| api.draft(&arguments.operation_id, arguments.target.operation))
        .map_err(|problem| format!("{shown}: {problem}"))?;
    arguments.target.deliver(&draft)
}

fn read(path: &Path) -> Result<Value, CliError> {
    let shown = path.display();
    let cannot = |error: std::io::Error| CliError(format!("{shown}: {error}"));
    let length = std::fs::metadata(path).map_err(cannot)?.len();
    if length > MAX_BYTES {
        return Err(CliError(format!("{shown}: it has {length} bytes; at most {MAX_BYTES} are read")));
    }
    let text = std::fs::read_to_string(path).map_err(cannot)?;
    let is_json = text.trim_start().starts_with('{');
    let read = if is_json {
        serde_json::from_str(&text).map_err(|error| format!("it is not JSON: {error}"))
    } else {
        of_yaml(&text)
    };
    read.map_err(|problem| CliError(format!("{shown}: {problem}")))
}

#[cfg(feature = "import-yaml")]
fn of_yaml(text: &str) -> Result<Value, String> {
    serde_saphyr::from_str(text).map_err(|error| format!("it is not YAML: {error}"))
}

#[cfg(not(feature = "import-yaml"))]
fn of_yaml(_: &str) -> Result<Value, String> {
    Err("it is not JSON, and this program was built without the feature `import-yaml`: convert it to JSON first".to_owned())
}

/// An OpenAPI document that can be read.
struct Api<'a> {
    root: Root<'a>,
    document: &'a Value,
}

/// One operation in it.
struct Found<'a> {
    method: &'a str,
    path: &'a str,
    /// JSON pointer, for messages.
    at: String,
    item: &'a Value,
    operation: &'a Value,
}

impl<'a> Api<'a> {
    fn new(document: &'a Value) -> Result<Self, String> {
        if let Some(version) = document.get("swagger") {
            return Err(format!(
                "this is Swagger {}, and OpenAPI 3.0 or 3.1 is read; convert it first, for example with `npx \
                 swagger2openapi`",
                version.as_str().unwrap_or("2.0")
            ));
        }
        let version = document.get("openapi").and_then(Value::as_str).unwrap_or_default();
        if !version.starts_with("3.") {
            return Err("`openapi` is not 3.0 or 3.1: this is no OpenAPI document that is read".to_owned());
        }
        Ok(Self { root: Root(document), document })
    }

    /// All operations, in the order of the document.
    fn operations(&self) -> Result<Vec<Found<'a>>, String> {
        let mut found = Vec::new();
        for (path, item) in self.document["paths"].as_object().into_iter().flatten() {
            let at = pointer::join("/paths", path);
            let item = self.root.resolve(item).map_err(|problem| format!("at {at}: {problem}"))?;
            for method in METHODS {
                if let Some(operation) = item.get(*method) {
                    let at = pointer::join(&at, method);
                    found.push(Found { method, path, at, item, operation });
                }
            }
        }
        Ok(found)
    }

    fn find(&self, id: &str) -> Result<Found<'a>, String> {
        let operations = self.operations()?;
        let ids: Vec<&str> =
            operations.iter().filter_map(|found| found.operation["operationId"].as_str()).collect();
        let hint = match nearest(id, ids.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if ids.is_empty() => {
                "it names none; write method and path, such as 'GET /contacts'".to_owned()
            }
            None if ids.len() <= 20 => format!("it has {}", ids.join(", ")),
            None => {
                format!("it has {} others; method and path, such as 'GET /contacts', do as well", ids.len())
            }
        };
        let spelt = id.split_once(' ').map(|(method, path)| (method.to_ascii_lowercase(), path.trim()));
        let fits = |found: &Found<'_>| {
            found.operation["operationId"] == id
                || spelt.as_ref().is_some_and(|(method, path)| found.method == method && found.path == *path)
        };
        operations.into_iter().find(fits).ok_or_else(|| format!("it has no operation `{id}`; {hint}"))
    }

    fn draft(&self, id: &str, operation: Option<OperationName>) -> Result<Draft, String> {
        let found = self.find(id)?;
        let located = |problem: String| format!("at {}: {problem}", found.at);
        let mut draft = Draft { method: found.method.to_ascii_uppercase(), ..Draft::default() };
        draft.base_url = self.server(&found, &mut draft.notes);
        found.path.clone_into(&mut draft.path);
        self.parameters(&found, operation, &mut draft).map_err(located)?;
        self.body(&found, operation, &mut draft).map_err(located)?;
        draft.auth = self.auth(&found, &mut draft.notes).map_err(located)?;
        if let Some(name) = operation {
            let reply = self.reply(&found).map_err(located)?;
            draft.mapping = mapping::mapping(name, reply.as_ref());
        } else {
            draft.notes.push("with --as OPERATION its variables and its mapping are proposed".to_owned());
        }
        Ok(draft)
    }

    /// The first server, its variables replaced by their defaults.
    fn server(&self, found: &Found<'a>, notes: &mut Vec<String>) -> String {
        let servers = [found.operation, found.item, self.document].into_iter();
        let Some(server) = servers.filter_map(|place| place["servers"].get(0)).next() else {
            notes.push(
                "the document names no server: `requestDefaults.baseUrl` says where the API is".to_owned(),
            );
            return String::new();
        };
        let mut url = server["url"].as_str().unwrap_or_default().trim_end_matches('/').to_owned();
        for (name, variable) in server["variables"].as_object().into_iter().flatten() {
            let default = variable["default"].as_str().unwrap_or_default();
            url = url.replace(&format!("{{{name}}}"), default);
        }
        if !url.contains("://") {
            notes.push(format!(
                "the server is given without a host (`{url}`): `requestDefaults.baseUrl` says it"
            ));
            return String::new();
        }
        url
    }

    /// Path parameters, required ones, and those that the operation has a variable for.
    fn parameters(
        &self,
        found: &Found<'a>,
        operation: Option<OperationName>,
        draft: &mut Draft,
    ) -> Result<(), String> {
        let mut parameters: Vec<&Value> = Vec::new();
        for place in [found.operation, found.item] {
            for parameter in place["parameters"].as_array().into_iter().flatten() {
                let parameter = self.root.resolve(parameter)?;
                // The operation's own come first, and replace those of its path.
                let is_same =
                    |known: &&Value| known["name"] == parameter["name"] && known["in"] == parameter["in"];
                if !parameters.iter().any(is_same) {
                    parameters.push(parameter);
                }
            }
        }
        let mut left_out = Vec::new();
        for parameter in parameters {
            let name = parameter["name"].as_str().ok_or("a parameter has no name")?;
            let variable = placeholder::variable(operation, name);
            let value = || -> Result<Value, String> {
                Ok(match (variable, parameter.get("schema")) {
                    (Some(template), _) => template.into(),
                    (None, Some(schema)) => {
                        fixed(self.root.resolve(schema)?).unwrap_or_else(|| placeholder::open(name).into())
                    }
                    (None, None) => placeholder::open(name).into(),
                })
            };
            let is_needed = parameter["required"] == true || variable.is_some();
            match parameter["in"].as_str().unwrap_or_default() {
                "path" => {
                    let is_last = draft.path.trim_end_matches('/').ends_with(&format!("{{{name}}}"))
                        || placeholder::plain(name).ends_with("id");
                    let record = placeholder::record(operation).filter(|_| is_last);
                    let template = record.map_or_else(|| placeholder::open(name), str::to_owned);
                    draft.path = draft.path.replace(&format!("{{{name}}}"), &template);
                }
                "query" if is_needed => drop(draft.query.insert(name.to_owned(), value()?)),
                // Content negotiation and the credential have places of their own.
                "header"
                    if matches!(
                        name.to_ascii_lowercase().as_str(),
                        "accept" | "content-type" | "authorization"
                    ) => {}
                "header" if is_needed => drop(draft.headers.insert(name.to_owned(), value()?)),
                "query" | "header" => left_out.push(name),
                _ => {}
            }
        }
        if !left_out.is_empty() {
            draft.notes.push(format!("optional parameters are left out: {}", left_out.join(", ")));
        }
        Ok(())
    }

    fn body(
        &self,
        found: &Found<'a>,
        operation: Option<OperationName>,
        draft: &mut Draft,
    ) -> Result<(), String> {
        let Some(body) = found.operation.get("requestBody") else { return Ok(()) };
        let body = self.root.resolve(body)?;
        let Some(content) = body["content"].as_object() else { return Ok(()) };
        let Some((media_type, media)) = json_media(content).or_else(|| content.iter().next()) else {
            return Ok(());
        };
        let leaf = |name: &str, schema: &Value, required: bool| {
            if schema["readOnly"] == true {
                return None;
            }
            if let Some(template) = placeholder::variable(operation, name) {
                return Some(template.into());
            }
            required.then(|| fixed(schema).unwrap_or_else(|| placeholder::open(name).into()))
        };
        let sample = match media.get("schema") {
            Some(schema) => self.root.sample(schema, "body", &leaf)?,
            None => None,
        };
        draft.body = Some(sample.unwrap_or_else(|| json!({})));
        if !media_type.starts_with("application/json") {
            draft.headers.insert("Content-Type".to_owned(), media_type.as_str().into());
        }
        Ok(())
    }

    /// A sample of the body of the first successful reply.
    fn reply(&self, found: &Found<'a>) -> Result<Option<Value>, String> {
        let responses = found.operation["responses"].as_object();
        let good = |code: &str| code.starts_with('2');
        let mut all = responses.into_iter().flatten();
        let Some((_, response)) =
            all.clone().find(|(code, _)| good(code)).or_else(|| all.find(|(code, _)| *code == "default"))
        else {
            return Ok(None);
        };
        let response = self.root.resolve(response)?;
        let Some((_, media)) = response["content"].as_object().and_then(json_media) else { return Ok(None) };
        match media.get("schema") {
            Some(schema) => self.root.sample(schema, "", &|_, schema, _| {
                Some(schema.get("type").cloned().unwrap_or_else(|| "string".into()))
            }),
            None => Ok(None),
        }
    }

    /// The document's `auth` for the first security scheme of the operation.
    fn auth(&self, found: &Found<'a>, notes: &mut Vec<String>) -> Result<Option<Value>, String> {
        let security = found.operation.get("security").or_else(|| self.document.get("security"));
        let first =
            security.and_then(|all| all.as_array()?.iter().find_map(|one| one.as_object()?.iter().next()));
        let Some((name, scopes)) = first else { return Ok(None) };
        let Some(scheme) = self.document.pointer(&pointer::join("/components/securitySchemes", name)) else {
            return Err(format!("its security scheme `{name}` is not in components.securitySchemes; add it"));
        };
        let scheme = self.root.resolve(scheme)?;
        let text = |key: &str| scheme[key].as_str().unwrap_or_default();
        Ok(match (text("type"), text("scheme").to_ascii_lowercase().as_str(), text("in")) {
            ("http", "basic", _) => Some(
                json!({"type": "apiKey", "scheme": "Basic", "credentialTemplate": "{{apiKey}}:", "encode": "base64"}),
            ),
            ("http", "bearer", _) => Some(bearer()),
            ("apiKey", _, "header") => Some(json!({
                "type": "apiKey", "headerName": text("name"), "credentialTemplate": "{{apiKey}}", "encode": "none",
            })),
            ("apiKey", _, place) => {
                let name = text("name");
                notes.push(format!(
                    "the key goes into the {place} as `{name}`: add `\"{name}\": \"{{{{apiKey}}}}\"`"
                ));
                None
            }
            ("oauth2", _, _) => {
                let flow = &scheme["flows"]["authorizationCode"];
                let address = |key: &str| flow[key].as_str().unwrap_or(placeholder::OPEN).to_owned();
                Some(json!({
                    "type": "oauth", "scheme": "Bearer", "clientId": placeholder::OPEN,
                    "clientSecretEnv": "CLIENT_SECRET", "authorizationUrl": address("authorizationUrl"),
                    "tokenUrl": address("tokenUrl"), "scopes": scopes,
                }))
            }
            _ => None,
        })
    }
}

fn bearer() -> Value {
    json!({"type": "apiKey", "scheme": "Bearer", "credentialTemplate": "{{apiKey}}", "encode": "none"})
}

/// What a schema allows only, or takes where nothing is said.
fn fixed(schema: &Value) -> Option<Value> {
    let first = schema["enum"].as_array().and_then(|values| values.first());
    schema.get("const").or_else(|| schema.get("default")).or(first).cloned()
}

/// The JSON among the media types of a body.
fn json_media(content: &Map<String, Value>) -> Option<(&String, &Value)> {
    let is_json = |name: &str| {
        let name = name.split(';').next().unwrap_or_default().trim();
        name == "application/json" || name.ends_with("+json") || name == "*/*"
    };
    content.iter().find(|(name, _)| is_json(name))
}
