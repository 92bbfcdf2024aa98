//! Which extensions belong to which user of a CRM, as admins and the matching write it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::engine::text::id_text;
use crate::json_kind::kind;
use crate::service::stored_ids::MAX_ID_BYTES;

/// How many extensions a CRM user may have: some people have several, and nobody has a hundred.
const MOST_EXTENSIONS: usize = 100;

/// The extensions of a user of the CRM. One without any was left out on purpose, and is not matched again
/// (recordings 24, `match-saved`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::service) struct Mapping {
    /// The CRM's id, a text or a number as it came.
    pub(in crate::service) crm_user_id: Value,
    /// Ids of extensions, texts or numbers as they came.
    pub(in crate::service) rc_extension_id: Vec<Value>,
}

impl Mapping {
    /// The ids of the extensions as text, by which they are compared (Q83).
    pub(in crate::service) fn extensions(&self) -> impl Iterator<Item = String> {
        self.rc_extension_id.iter().filter_map(id_text)
    }
}

/// Mappings that an admin submits (Q87, Q88).
///
/// # Errors
/// Words that name the item that cannot be used.
pub(super) fn submitted(value: &Value) -> Result<Vec<Mapping>, String> {
    let Value::Array(items) = value else {
        return Err(format!(
            "userMappings has to be a list of objects with crmUserId and rcExtensionId, and it is {}. Nothing was changed.",
            kind(value)
        ));
    };
    let read = |(at, item)| {
        mapping(item).map_err(|wrong| format!("userMappings[{at}] {wrong}. Nothing was changed."))
    };
    items.iter().enumerate().map(read).collect()
}

/// Mappings that were stored before they were checked: what cannot be used is left out.
pub(super) fn stored(value: &Value) -> Vec<Mapping> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(|item| mapping(item).ok()).collect()
}

fn mapping(item: &Value) -> Result<Mapping, String> {
    let Value::Object(members) = item else {
        return Err(format!("has to be an object, and it is {}", kind(item)));
    };
    let crm_user_id = members.get("crmUserId").filter(|id| is_id(id)).cloned();
    let crm_user_id = crm_user_id.ok_or_else(|| no_id("crmUserId", members))?;
    let extensions = match members.get("rcExtensionId") {
        // One extension as text is an older form.
        Some(Value::Array(ids)) => ids.iter().filter(|id| !is_nothing(id)).collect(),
        Some(id) if !is_nothing(id) => vec![id],
        _ => Vec::new(),
    };
    if !extensions.iter().all(|id| is_id(id)) {
        return Err("has an rcExtensionId that is neither a text nor a number, or a very long one".to_owned());
    }
    if extensions.len() > MOST_EXTENSIONS {
        let count = extensions.len();
        return Err(format!(
            "has {count} extensions (rcExtensionId), and at most {MOST_EXTENSIONS} are kept"
        ));
    }
    Ok(Mapping { crm_user_id, rc_extension_id: extensions.into_iter().cloned().collect() })
}

fn no_id(name: &str, members: &Map<String, Value>) -> String {
    match members.get(name) {
        Some(value) if !is_nothing(value) => {
            format!("has a {name} that is neither a text nor a number, or a very long one")
        }
        _ => format!("has no {name}"),
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

fn is_id(value: &Value) -> bool {
    id_text(value).is_some_and(|id| id.len() <= MAX_ID_BYTES)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_form_of_an_extension_becomes_a_list() {
        let forms = json!([
            {"crmUserId": "u1", "rcExtensionId": "201"},
            {"crmUserId": "u2", "rcExtensionId": ["202", 204, null, ""]},
            {"crmUserId": 3, "rcExtensionId": 203, "other": true},
            {"crmUserId": "u4", "rcExtensionId": null},
            {"crmUserId": "u5"}
        ]);
        let lists = json!([
            {"crmUserId": "u1", "rcExtensionId": ["201"]},
            {"crmUserId": "u2", "rcExtensionId": ["202", 204]},
            {"crmUserId": 3, "rcExtensionId": [203]},
            {"crmUserId": "u4", "rcExtensionId": []},
            {"crmUserId": "u5", "rcExtensionId": []}
        ]);
        assert_eq!(json!(submitted(&forms).unwrap()), lists);
        assert_eq!(json!(submitted(&lists).unwrap()), lists);
    }

    #[test]
    fn what_is_no_mapping_is_named() {
        let good = json!({"crmUserId": "u1", "rcExtensionId": ["201"]});
        let long = "x".repeat(MAX_ID_BYTES + 1);
        for (item, words) in [
            (json!(1), "userMappings[1] has to be an object, and it is a number"),
            (json!({"rcExtensionId": ["201"]}), "userMappings[1] has no crmUserId"),
            (json!({"crmUserId": ""}), "userMappings[1] has no crmUserId"),
            (json!({"crmUserId": {}}), "userMappings[1] has a crmUserId that is neither"),
            (json!({"crmUserId": long}), "or a very long one"),
            (json!({"crmUserId": "u", "rcExtensionId": {"a": 1}}), "has an rcExtensionId that is neither"),
            (json!({"crmUserId": "u", "rcExtensionId": [true]}), "has an rcExtensionId that is neither"),
            (json!({"crmUserId": "u", "rcExtensionId": vec![1; 101]}), "has 101 extensions"),
        ] {
            let error = submitted(&json!([good, item])).unwrap_err();
            assert!(error.contains(words) && error.ends_with("Nothing was changed."), "{error}");
            assert_eq!(json!(stored(&json!([item, good]))), json!([good]));
        }
        for value in [json!({"u1": "201"}), json!("u1"), json!(5)] {
            assert!(submitted(&value).unwrap_err().contains("has to be a list"), "{value}");
            assert_eq!(stored(&value), []);
        }
    }
}
