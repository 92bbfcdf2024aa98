//! An operation that is being made, and what people have to know about it.

use serde_json::{Map, Value};

/// An operation and what was thought while it was made.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) method: String,
    /// Below the base URL.
    pub(super) path: String,
    /// Where the path begins: scheme and host, and what else the API's addresses share; empty where nobody
    /// says.
    pub(super) base_url: String,
    pub(super) query: Map<String, Value>,
    pub(super) headers: Map<String, Value>,
    pub(super) body: Option<Value>,
    pub(super) mapping: Option<Value>,
    /// How the credential is sent, as the document's `auth`.
    pub(super) auth: Option<Value>,
    /// Sentences for people. They never hold a value of the source.
    pub(super) notes: Vec<String>,
}

impl Draft {
    /// The operation as it stands in a document whose base URL is this one.
    pub(super) fn operation(&self, base_url: Option<&str>) -> Value {
        let mut operation = Map::new();
        if self.method != "GET" {
            operation.insert("method".to_owned(), self.method.as_str().into());
        }
        operation.insert("url".to_owned(), self.url(base_url).into());
        for (key, members) in [("query", &self.query), ("headers", &self.headers)] {
            if !members.is_empty() {
                operation.insert(key.to_owned(), Value::Object(members.clone()));
            }
        }
        if let Some(body) = &self.body {
            operation.insert("body".to_owned(), body.clone());
        }
        if let Some(mapping) = &self.mapping {
            operation.insert("responseMapping".to_owned(), mapping.clone());
        }
        Value::Object(operation)
    }

    /// Relative where the base URL says the rest, or nobody does.
    fn url(&self, base_url: Option<&str>) -> String {
        let whole = format!("{}{}", self.base_url, self.path);
        match base_url {
            _ if self.base_url.is_empty() => self.path.clone(),
            Some(base) => match whole.strip_prefix(base.trim_end_matches('/')) {
                Some(rest) if rest.starts_with('/') || rest.is_empty() => rest.to_owned(),
                _ => whole,
            },
            None => whole,
        }
    }
}

/// The places (JSON pointers) that wait for people: the placeholders of a value.
pub(super) fn open_places(value: &Value) -> Vec<(String, String)> {
    fn visit(value: &Value, at: &str, found: &mut Vec<(String, String)>) {
        match value {
            Value::String(text) if text.contains(super::placeholder::OPEN) => {
                found.push((at.to_owned(), text.clone()));
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    visit(item, &format!("{at}/{index}"), found);
                }
            }
            Value::Object(members) => {
                for (key, member) in members {
                    visit(member, &crate::config::pointer::join(at, key), found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    visit(value, "", &mut found);
    found
}
