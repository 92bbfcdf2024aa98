//! The manifest that clients without a developer portal ask for: one JSON document, which the operator
//! writes and this server hands on.

use serde_json::Value;

/// A manifest of App Connect: who made it, and its platforms.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest(Value);

/// Why a text is no manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not JSON.
    #[error("it is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    /// JSON that clients could not use.
    #[error("`{0}` has to be {1}")]
    Member(&'static str, &'static str),
}

impl Manifest {
    /// Reads a manifest. Only what clients cannot do without is checked.
    ///
    /// # Errors
    /// If it is not JSON, or names no author.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let manifest: Value = serde_json::from_str(text)?;
        let author = manifest.pointer("/author/name").and_then(Value::as_str);
        if author.is_none_or(|name| name.trim().is_empty()) {
            return Err(ManifestError::Member("author.name", "the name of its author"));
        }
        if manifest.get("platforms").is_some_and(|platforms| !platforms.is_object()) {
            return Err(ManifestError::Member("platforms", "an object, with a member for each platform"));
        }
        Ok(Self(manifest))
    }

    /// The manifest, where the platform is one of its own or none is named.
    pub fn for_platform(&self, platform: Option<&str>) -> Option<&Value> {
        match platform {
            None | Some("" | "default") => Some(&self.0),
            Some(platform) => self.0.get("platforms")?.get(platform).map(|_| &self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_names_its_author_and_serves_its_platforms() {
        let manifest = Manifest::parse(r#"{"author": {"name": "a"}, "platforms": {"acme": {}}}"#).unwrap();
        for (platform, is_served) in [
            (None, true),
            (Some(""), true),
            (Some("default"), true),
            (Some("acme"), true),
            (Some("b"), false),
        ] {
            assert_eq!(manifest.for_platform(platform).is_some(), is_served, "{platform:?}");
        }
        for (text, problem) in [
            ("{", "it is not JSON"),
            ("[]", "`author.name`"),
            (r#"{"author": {"name": " "}}"#, "`author.name`"),
            (r#"{"author": {"name": "a"}, "platforms": []}"#, "`platforms`"),
        ] {
            let error = Manifest::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(problem), "{error}");
        }
    }
}
