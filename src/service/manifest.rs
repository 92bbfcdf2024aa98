//! The manifests that clients ask this server for: the operator's, for the platforms of the server, and those of
//! uploaded connectors. A manifest of a document names the base of that document as `serverUrl`.

use serde_json::{Map, Value};
use url::Url;

use super::Services;
use crate::engine::encode::Slot;
use crate::store::StoreError;

/// What the base of a document begins with: below `/p/{proxyId}` every route of clients answers for that document.
pub const BASE: &str = "/p";

/// The member that says where clients reach the server.
const SERVER_URL: &str = "serverUrl";

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

/// Which manifest a client asks for.
#[derive(Debug, Default)]
pub struct Wanted<'a> {
    /// The platform; any where none is named.
    pub platform: Option<&'a str>,
    /// The document.
    pub proxy_id: Option<&'a str>,
    /// Where the request reached this server, as far as it says; without a slash at the end.
    pub reached_at: Option<String>,
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

/// The manifest that a client asks for; `None` if there is none.
///
/// # Errors
/// If the store cannot be read.
pub async fn handed_out(
    services: &Services,
    wanted: &Wanted<'_>,
) -> Result<Option<Map<String, Value>>, StoreError> {
    if let Some(proxy_id) = wanted.proxy_id
        && let Some(manifest) = services.connectors.manifest(proxy_id).await?
    {
        return Ok(Some(addressed(manifest, Some(proxy_id), services, wanted)));
    }
    let own = services.manifest.as_ref().and_then(|manifest| manifest.for_platform(wanted.platform));
    Ok(own.and_then(Value::as_object).cloned().map(|manifest| {
        let named = wanted.proxy_id.filter(|proxy_id| services.documents.snapshot().knows(proxy_id));
        let document = named.map(str::to_owned).or_else(|| document_of(&manifest, wanted.platform, services));
        addressed(manifest, document.as_deref(), services, wanted)
    }))
}

/// The document of the platform that is asked for, or of all platforms if they have the same one.
fn document_of(manifest: &Map<String, Value>, platform: Option<&str>, services: &Services) -> Option<String> {
    let platforms = manifest.get("platforms")?.as_object()?;
    let asked = platform.and_then(|platform| platforms.get(platform));
    let mut documents = match asked {
        Some(asked) => vec![asked],
        None => platforms.values().collect(),
    }
    .into_iter()
    .map(|platform| platform.get("proxyId").and_then(Value::as_str));
    let first = documents.next()??;
    (documents.all(|other| other == Some(first)) && services.documents.snapshot().knows(first))
        .then(|| first.to_owned())
}

/// A manifest that says where this server is, for a document below its base. A manifest without either stays as it was
/// written.
fn addressed(
    mut manifest: Map<String, Value>,
    proxy_id: Option<&str>,
    services: &Services,
    wanted: &Wanted<'_>,
) -> Map<String, Value> {
    let replaced = services.override_app_server.as_ref().map(root);
    let address = match proxy_id {
        None => replaced,
        Some(proxy_id) => {
            let written =
                manifest.get(SERVER_URL).and_then(Value::as_str).filter(|url| !url.trim().is_empty());
            let server = replaced
                .or_else(|| written.map(|url| url.trim().trim_end_matches('/').to_owned()))
                .or_else(|| services.app_server.as_ref().map(root))
                .or_else(|| wanted.reached_at.clone());
            server.map(|server| below(&server, proxy_id))
        }
    };
    if let Some(address) = address {
        manifest.insert(SERVER_URL.to_owned(), address.into());
    }
    manifest
}

fn root(server: &Url) -> String {
    server.as_str().trim_end_matches('/').to_owned()
}

/// The base of a document on a server. An address that has it already stays as it is.
fn below(server: &str, proxy_id: &str) -> String {
    let mut base = format!("{BASE}/");
    Slot::PathSegment.encode(proxy_id, &mut base);
    if server.ends_with(&base) { server.to_owned() } else { format!("{server}{base}") }
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

    #[test]
    fn a_base_is_one_part_of_the_path() {
        for (server, proxy_id, expected) in [
            ("https://crm.example", "acme", "https://crm.example/p/acme"),
            ("https://crm.example/app", "acme", "https://crm.example/app/p/acme"),
            ("https://crm.example", "a/b c%é", "https://crm.example/p/a%2Fb%20c%25%C3%A9"),
            ("https://crm.example/p/acme", "acme", "https://crm.example/p/acme"),
            ("https://crm.example/p/acme", "me", "https://crm.example/p/acme/p/me"),
        ] {
            assert_eq!(below(server, proxy_id), expected);
        }
    }
}
