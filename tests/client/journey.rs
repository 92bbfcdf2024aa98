//! A journey as its file has it.
use super::world::{Document, Variant};
use app_connect::server::openapi_document;
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A journey of a client.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Journey {
    /// The name of its file.
    #[serde(skip)]
    pub name: String,
    /// What the user does or sees, in a few words.
    pub title: String,
    /// The document that serves; one with every operation unless something else is said.
    #[serde(default)]
    pub document: Document,
    /// Who takes it; everybody if nothing is said.
    variants: Option<Vec<Variant>>,
    /// Whether the user has signed in before it.
    #[serde(default = "yes")]
    pub begins_signed_in: bool,
    pub steps: Vec<Step>,
}

/// A request of the client, why it is made, and what it needs of the reply. `${name}` in texts stands for what is known
/// of the user or was kept of an earlier reply.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// What happens at the client.
    #[serde(rename = "event")]
    pub _event: String,
    /// Method, path and query, as the client sends them.
    pub request: String,
    /// The JSON body.
    pub body: Option<Value>,
    /// Whose RingCentral token comes along.
    pub ringcentral: Option<RingCentral>,
    /// Whether the session comes along.
    #[serde(default = "yes")]
    pub signed_in: bool,
    pub reply: Reply,
    /// The requests that the CRM gets of it: their beginnings.
    pub crm: Option<Vec<String>>,
    /// What later steps use of the reply: a name, and a JSON pointer.
    #[serde(default)]
    pub keep: IndexMap<String, String>,
}

/// A RingCentral user of the account.
#[derive(Debug, Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum RingCentral {
    Admin,
    User,
}

/// What a reply has to be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    #[serde(default = "ok")]
    pub status: u16,
    /// The shape of its JSON: see `shape.rs`.
    pub body: Option<Value>,
    /// The whole text.
    pub text: Option<String>,
}

fn yes() -> bool {
    true
}

fn ok() -> u16 {
    200
}

impl Journey {
    /// Whether this kind of client takes it.
    pub fn takes(&self, variant: Variant) -> bool {
        self.variants.as_ref().is_none_or(|variants| variants.contains(&variant))
    }

    /// The routes that it needs, as the OpenAPI document names them, each once.
    pub fn routes(&self) -> Vec<String> {
        let mut routes = Vec::new();
        for step in &self.steps {
            let route = step.route().unwrap_or_else(|missing| missing);
            if !routes.contains(&route) {
                routes.push(route);
            }
        }
        routes
    }

    /// The routes that it waits for.
    pub fn waits_for(&self) -> Vec<String> {
        let mut missing: Vec<String> = self.steps.iter().filter_map(Step::waits_for).collect();
        missing.dedup();
        missing
    }
}

impl Step {
    /// The method.
    pub fn method(&self) -> &str {
        self.request.split(' ').next().unwrap_or_default()
    }

    /// The path and query.
    pub fn target(&self) -> &str {
        self.request.split_once(' ').map_or("", |(_, target)| target)
    }

    /// The route that serves it, or what is missing.
    fn route(&self) -> Result<String, String> {
        let path = self.target().split('?').next().unwrap_or_default();
        let fits = |pattern: &str| {
            let (theirs, ours): (Vec<&str>, Vec<&str>) =
                (path.split('/').collect(), pattern.split('/').collect());
            theirs.len() == ours.len()
                && theirs.iter().zip(&ours).all(|(part, pattern)| pattern.starts_with('{') || part == pattern)
        };
        let method = self.method().to_lowercase();
        let paths = openapi_document()["paths"].as_object().expect("paths");
        let mut fitting =
            paths.iter().filter(|(pattern, methods)| fits(pattern) && methods[&method].is_object());
        match fitting.next() {
            Some((pattern, _)) => Ok(format!("{} {pattern}", self.method())),
            None => Err(format!("{} {path}", self.method())),
        }
    }

    /// The route that the server lacks, unless the step says what it answers without one.
    pub fn waits_for(&self) -> Option<String> {
        self.route().err().filter(|_| self.reply.status != 404)
    }
}

/// Every journey, by the names of their files.
pub fn all() -> Vec<Journey> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/client");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Journey {
    let text = std::fs::read_to_string(path).unwrap();
    let mut journey: Journey =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    journey.name = path.file_stem().unwrap().to_string_lossy().into_owned();
    journey
}
