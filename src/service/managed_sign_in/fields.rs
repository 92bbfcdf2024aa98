//! The fields of a connector's sign-in page, as its manifest describes them.

use serde_json::Value;

/// The field whose value is the API key.
pub(super) const API_KEY: &str = "apiKey";

/// For whom a value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// For everybody of the account.
    Account,
    /// For one extension.
    Extension,
}

/// A field of the sign-in page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) is_required: bool,
    /// Whether admins fill it in.
    pub(super) is_managed: bool,
    /// For whom they do; absent if nobody does, or the manifest does not say for whom.
    pub(super) reach: Option<Reach>,
    /// Whether a connector offers the values to choose from.
    pub(super) is_dynamic: bool,
    /// As the manifest has it.
    pub(super) described: Value,
}

/// The items of a platform's sign-in page; `None` if the manifest says nothing of them.
pub(super) fn content<'m>(manifest: &'m Value, platform: &str) -> Option<&'m Vec<Value>> {
    manifest.get("platforms")?.get(platform)?.pointer("/auth/apiKey/page/content")?.as_array()
}

/// The document that serves a platform, as the manifest names it.
pub(super) fn document(manifest: &Value, platform: &str) -> Option<String> {
    let proxy_id = manifest.get("platforms")?.get(platform)?.get("proxyId")?.as_str()?;
    Some(proxy_id.to_owned()).filter(|proxy_id| !proxy_id.is_empty())
}

/// The items of a page that are fields.
pub(super) fn fields(content: &[Value]) -> Vec<Field> {
    let read = |described: &Value| {
        let is = |name: &str| described.get(name) == Some(&Value::Bool(true));
        let text = |name: &str| described.get(name).and_then(Value::as_str);
        let is_managed = is("managed");
        let reach = match text("managedScope") {
            Some("account") if is_managed => Some(Reach::Account),
            Some("user") if is_managed => Some(Reach::Extension),
            _ => None,
        };
        let name = text("const").filter(|name| !name.is_empty())?.to_owned();
        Some(Field {
            name,
            is_required: is("required"),
            is_managed,
            reach,
            is_dynamic: text("managedFieldType") == Some("dynamic"),
            described: described.clone(),
        })
    };
    content.iter().filter_map(read).collect()
}

/// Whether anything was filled in. Only an absent value, null and an empty text are nothing.
pub(super) fn is_filled(value: &Value) -> bool {
    !matches!(value, Value::Null) && value.as_str() != Some("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_read_from_the_platform_of_the_manifest() {
        let manifest = json!({"platforms": {"acme": {"proxyId": "acme-proxy", "auth": {"apiKey": {"page": {"content": [
            {"const": "apiKey", "required": true},
            {"const": "tenant", "required": true, "managed": true, "managedScope": "account"},
            {"const": "seat", "managed": true, "managedScope": "user", "managedFieldType": "dynamic"},
            {"const": "odd", "managed": true, "managedScope": "planet"},
            {"const": "free", "managedScope": "account"},
            {"title": "no name"}, "no object"
        ]}}}}}});
        let read = fields(content(&manifest, "acme").unwrap());
        let facts: Vec<_> = read
            .iter()
            .map(|f| (f.name.as_str(), f.is_required, f.is_managed, f.reach, f.is_dynamic))
            .collect();
        assert_eq!(
            facts,
            [
                ("apiKey", true, false, None, false),
                ("tenant", true, true, Some(Reach::Account), false),
                ("seat", false, true, Some(Reach::Extension), true),
                ("odd", false, true, None, false),
                ("free", false, false, None, false),
            ]
        );
        assert_eq!(read[1].described["managedScope"], "account");
        assert_eq!(document(&manifest, "acme").as_deref(), Some("acme-proxy"));
        assert_eq!((content(&manifest, "other"), document(&manifest, "other")), (None, None));
    }
}
