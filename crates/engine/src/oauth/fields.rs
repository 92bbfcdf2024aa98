//! Named values that a document adds to a request, and the lists of values that they change.

use serde_json::Value;

use super::OAuthError;
use crate::encode::encode_component;
use crate::render::RenderError;
use crate::template::{Output, Scope, Template};
use crate::text::to_text;

/// Named templates, in the order of the document. Nothing in place of a template removes what is sent otherwise.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(String, Option<Template>)>);

impl Fields {
    /// These templates.
    pub(crate) fn new(fields: Vec<(String, Option<Template>)>) -> Self {
        Self(fields)
    }

    /// The templates with their names.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&str, &Template)> {
        self.0.iter().filter_map(|(name, template)| Some((name.as_str(), template.as_ref()?)))
    }

    /// Puts the values into a list: those of known names in their places, others at the end.
    pub(super) fn apply(&self, scope: &Scope<'_>, at: &str, list: &mut Values) -> Result<(), OAuthError> {
        for (name, template) in &self.0 {
            let value = match template {
                None => None,
                Some(template) => {
                    evaluate(template, scope).map_err(|error| error.at(&format!("{at}/{name}")))?
                }
            };
            list.set(name, value);
        }
        Ok(())
    }

    /// As [`apply`](Self::apply), without the values that are credentials.
    pub(super) fn apply_public(
        &self,
        scope: &Scope<'_>,
        at: &str,
        list: &mut Values,
    ) -> Result<(), OAuthError> {
        let public =
            self.0.iter().filter(|(_, template)| !template.as_ref().is_some_and(Template::is_secret));
        for (name, template) in public {
            let value = match template {
                None => None,
                Some(template) => {
                    evaluate(template, scope).map_err(|error| error.at(&format!("{at}/{name}")))?
                }
            };
            list.set(name, value);
        }
        Ok(())
    }
}

fn evaluate(template: &Template, scope: &Scope<'_>) -> Result<Option<Value>, RenderError> {
    Ok(match template.evaluate(scope)? {
        Output::Missing => None,
        Output::Text(text) => Some(Value::String(text.into_owned())),
        Output::Json(value) => Some(value.into_owned()).filter(|value| !value.is_null()),
    })
}

/// Named values in an order.
#[derive(Debug, Default)]
pub(super) struct Values(Vec<(String, Value)>);

impl Values {
    /// Appends a text.
    pub(super) fn text(&mut self, name: &str, text: &str) -> &mut Self {
        self.0.push((name.to_owned(), text.into()));
        self
    }

    /// Replaces a value, appends it, or removes it.
    fn set(&mut self, name: &str, value: Option<Value>) {
        let known = self.0.iter().position(|(known, _)| known == name);
        match (known, value) {
            (Some(at), Some(value)) => self.0[at].1 = value,
            (Some(at), None) => drop(self.0.remove(at)),
            (None, Some(value)) => self.0.push((name.to_owned(), value)),
            (None, None) => {}
        }
    }

    /// As a query or a form, encoded as `encodeURIComponent` does, spaces as `%20`: the reference writes token
    /// requests so.
    pub(super) fn to_form(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.0 {
            if !text.is_empty() {
                text.push('&');
            }
            encode_component(name, &mut text);
            text.push('=');
            encode_component(&to_text(value), &mut text);
        }
        text
    }

    /// As a JSON object.
    pub(super) fn into_json(self) -> Value {
        Value::Object(self.0.into_iter().collect())
    }
}
