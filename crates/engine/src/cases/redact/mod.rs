//! Takes credentials and personal data out of a recorded exchange. The same becomes the same everywhere, so
//! that a request and its reply still agree.
//!
//! What cannot be told from ordinary text stays: a person's habits in a note, a number in words. Whoever
//! records reads the files before they are shared.

mod keys;
mod names;
mod phones;

use std::sync::LazyLock;

use indexmap::IndexMap;
use regex::Regex;
use serde_json::{Map, Value};

use crate::encode::as_in_urls;
use keys::{Kind, kind};
use names::Names;
use phones::Phones;

static EMAIL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[A-Za-z0-9._+\-]+(?:@|%40)[A-Za-z0-9.\-]+\.[A-Za-z]{2,}").ok());

/// Shortest credential that is looked for in texts: a shorter one stands in many words by chance.
const SHORTEST_SECRET: usize = 6;

/// Whether a member of this name holds a credential.
pub fn is_secret_key(key: &str) -> bool {
    kind(key) == Kind::Secret
}

/// What is taken out, and what stands for it. First everything is collected, then replaced.
#[derive(Debug, Default)]
pub struct Redaction {
    /// Credentials, longest first, and their names.
    secrets: Vec<(String, String)>,
    /// Further texts that people named.
    texts: Vec<(String, String)>,
    emails: IndexMap<String, String>,
    phones: Phones,
    names: Names,
    /// The document's text: what stands in it as a literal is a word of programs, not of people.
    document: String,
    /// How many credentials and named texts were taken out.
    masked: usize,
}

impl Redaction {
    /// Leaves literals of a document as they are: a path may ask for `name == 'Mobile'`.
    #[must_use]
    pub fn keeping_literals_of(mut self, document: &Value) -> Self {
        self.document = document.to_string();
        self
    }

    fn is_literal(&self, text: &str) -> bool {
        ["'", "\"", "\\\""].iter().any(|quote| self.document.contains(&format!("{quote}{text}{quote}")))
    }

    /// Takes the credentials among the template variables, with `masked` in which each is replaced by its
    /// name already, and further texts that nobody else is to read.
    pub fn new(variables: &Map<String, Value>, masked: &Map<String, Value>, texts: &[String]) -> Self {
        let mut redaction = Self::default();
        for (name, value) in variables {
            redaction.differing(value, masked.get(name).unwrap_or(&Value::Null));
        }
        redaction.secrets.sort_by_key(|(secret, _)| std::cmp::Reverse(secret.len()));
        redaction.secrets.dedup();
        let texts = texts.iter().filter(|text| !text.is_empty()).enumerate();
        redaction.texts = texts.map(|(at, text)| (text.clone(), format!("redacted{}", at + 1))).collect();
        redaction
    }

    fn differing(&mut self, value: &Value, masked: &Value) {
        match (value, masked) {
            (Value::String(secret), Value::String(name)) if secret != name => {
                // The word before a credential, such as `Bearer`, is none.
                let last = |text: &str| text.rsplit(' ').next().unwrap_or_default().to_owned();
                self.masked += 1;
                if last(secret).len() >= SHORTEST_SECRET {
                    // A link may hold it in any form.
                    let forms = as_in_urls(&last(secret)).into_iter();
                    self.secrets.extend(forms.map(|form| (form, last(name))));
                }
            }
            (Value::Object(members), Value::Object(masked)) => {
                for (key, member) in members {
                    self.differing(member, masked.get(key).unwrap_or(&Value::Null));
                }
            }
            _ => {}
        }
    }

    /// Remembers what is to be replaced in a value.
    pub fn collect(&mut self, value: &Value) {
        self.visit(value, Kind::Other);
    }

    fn visit(&mut self, value: &Value, kind_of: Kind) {
        match value {
            Value::Object(members) => members.iter().for_each(|(key, member)| self.visit(member, kind(key))),
            Value::Array(items) => items.iter().for_each(|item| self.visit(item, kind_of)),
            Value::String(text) => {
                match kind_of {
                    Kind::Name | Kind::Company if self.is_literal(text) => {}
                    Kind::Name if !text.contains('@') => self.names.person(text),
                    Kind::Company => self.names.company(text),
                    _ => {}
                }
                self.phones.collect(text, kind_of == Kind::Phone);
                for email in EMAIL.iter().flat_map(|pattern| pattern.find_iter(text)) {
                    let next = format!("person{}@example.com", self.emails.len() + 1);
                    self.emails.entry(email.as_str().replace("%40", "@").to_lowercase()).or_insert(next);
                }
            }
            Value::Number(number) if kind_of == Kind::Phone => self.phones.collect(&number.to_string(), true),
            _ => {}
        }
    }

    /// The value without what was collected.
    pub fn apply(&mut self, value: &Value) -> Value {
        self.replaced(value, "", Kind::Other)
    }

    fn replaced(&mut self, value: &Value, key: &str, kind_of: Kind) -> Value {
        match value {
            Value::Object(members) => {
                let replaced =
                    members.iter().map(|(key, member)| (key.clone(), self.replaced(member, key, kind(key))));
                Value::Object(replaced.collect())
            }
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.replaced(item, key, kind_of)).collect())
            }
            Value::String(text) => match kind_of {
                // A mask stays; so does what is empty.
                Kind::Secret if !text.is_empty() && !is_mask(text) => {
                    self.masked += 1;
                    format!("<{key}>").into()
                }
                Kind::Personal(stand_in) if !text.is_empty() => stand_in.into(),
                _ => self.text(text, kind_of).into(),
            },
            Value::Number(number) if kind_of == Kind::Phone => {
                let replaced = self.phones.replace(&number.to_string());
                serde_json::from_str(&replaced).unwrap_or_else(|_| Value::from(replaced))
            }
            other => other.clone(),
        }
    }

    /// A text without what was collected.
    fn text(&mut self, text: &str, kind_of: Kind) -> String {
        let mut text = text.to_owned();
        for (secret, name) in self.secrets.iter().chain(&self.texts) {
            if text.contains(secret.as_str()) {
                self.masked += 1;
                text = text.replace(secret.as_str(), name);
            }
        }
        if let Some(pattern) = EMAIL.as_ref() {
            text = pattern
                .replace_all(&text, |found: &regex::Captures<'_>| {
                    let plain = found[0].replace("%40", "@").to_lowercase();
                    let stand_in = self.emails.get(&plain).cloned().unwrap_or(plain);
                    if found[0].contains('@') { stand_in } else { stand_in.replace('@', "%40") }
                })
                .into_owned();
        }
        let text = self.phones.replace(&text);
        match kind_of {
            Kind::Name | Kind::Company => self.names.in_name(&text),
            Kind::Word => text,
            _ => self.names.in_text(&text),
        }
    }

    /// What was taken out, in words.
    pub fn summary(&self) -> String {
        let counted = |count: usize, noun: &str| {
            (count > 0).then(|| format!("{count} {noun}{}", if count == 1 { "" } else { "s" }))
        };
        let parts: Vec<String> = [
            counted(self.masked, "secret"),
            counted(self.phones.len(), "phone number"),
            counted(self.emails.len(), "e-mail address").map(|text| text.replace("addresss", "addresses")),
            counted(self.names.len(), "name"),
        ]
        .into_iter()
        .flatten()
        .collect();
        if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
    }
}

fn is_mask(text: &str) -> bool {
    text.starts_with('<') && text.ends_with('>')
}

#[cfg(test)]
mod tests;
