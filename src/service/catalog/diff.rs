//! What one revision says otherwise than another: operations and fields, not lines.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Catalog, ConnectorError};
use crate::engine::cancel::Cancel;
use crate::engine::cases::{Difference, differences};

/// What is different between two revisions.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Diff {
    /// The revision before.
    pub from: u64,
    /// The revision after.
    pub to: u64,
    /// Whether both say the same, however it is written.
    pub same: bool,
    /// The operations that differ, in the order of the documents.
    pub operations: Vec<OperationDiff>,
    /// What differs outside of operations.
    pub document: Vec<Changed>,
    /// How many places differ besides; absent where all are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more: Option<usize>,
}

/// What is different in an operation.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperationDiff {
    /// Its name.
    pub operation: String,
    /// Whether it came, went or changed.
    pub kind: Kind,
    /// Its fields that changed; empty if it came or went.
    pub changes: Vec<Changed>,
}

/// A place that differs.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Changed {
    /// JSON pointer in the document.
    pub pointer: String,
    /// How.
    pub kind: Kind,
    /// The value before; absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The value after; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// How something differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
    /// It is another.
    Changed,
    /// The same members in another order, which is the order in which a CRM receives them.
    Reordered,
}

impl Catalog {
    /// Compares two revisions of a connector.
    ///
    /// # Errors
    /// If one of them does not exist, or the store cannot be read.
    pub async fn diff(&self, proxy_id: &str, from: u64, to: u64) -> Result<Diff, ConnectorError> {
        let found = self.found(proxy_id).await?;
        let mut values = Vec::with_capacity(2);
        for number in [from, to] {
            let revision = self.revision_of(&found.record, number).await?;
            let text = self.text_of(proxy_id, &revision).await?;
            // Only JSON is stored.
            values.push(serde_json::from_str::<Value>(&text).unwrap_or_default());
        }
        Ok(self.work.run(move |cancel| compare(from, to, &values[0], &values[1], cancel)).await?)
    }
}

fn compare(from: u64, to: u64, before: &Value, after: &Value, cancel: &Cancel) -> Diff {
    let (mut operations, mut document) = (Vec::<OperationDiff>::new(), Vec::new());
    let mut places: HashMap<String, usize> = HashMap::new();
    let (found, omitted) = differences("", before, after, cancel);
    for difference in found {
        let change = changed(difference);
        let pointer = change.pointer.clone();
        let mut segments = crate::config::pointer::segments(&pointer);
        let (first, second) = (segments.next(), segments.next());
        match (first.as_deref(), second) {
            (Some("operations"), Some(name)) => {
                let is_whole = segments.next().is_none();
                match places.get(&*name) {
                    Some(place) => operations[*place].changes.push(change),
                    None => {
                        places.insert(name.clone().into_owned(), operations.len());
                        let came_or_went = is_whole && matches!(change.kind, Kind::Added | Kind::Removed);
                        operations.push(OperationDiff {
                            operation: name.into_owned(),
                            kind: if came_or_went { change.kind } else { Kind::Changed },
                            changes: if came_or_went { Vec::new() } else { vec![change] },
                        });
                    }
                }
            }
            _ => document.push(change),
        }
    }
    let same = operations.is_empty() && document.is_empty();
    Diff { from, to, same, operations, document, more: (omitted > 0).then_some(omitted) }
}

fn changed(difference: Difference) -> Changed {
    let Difference { pointer, expected: before, got: after, .. } = difference;
    let has_same_members = |a: &Map<String, Value>, b: &Map<String, Value>| a == b;
    let kind = match (&before, &after) {
        (None, _) => Kind::Added,
        (_, None) => Kind::Removed,
        (Some(Value::Object(a)), Some(Value::Object(b))) if has_same_members(a, b) => Kind::Reordered,
        _ => Kind::Changed,
    };
    Changed { pointer, kind, before, after }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn operations_and_fields_are_compared_not_lines() {
        let before = json!({
            "meta": {"name": "a"},
            "operations": {
                "findContact": {"url": "/a", "query": {"x": 1, "y": 2}},
                "getUserInfo": {"url": "/me"},
                "createContact": {"url": "/c"},
            },
        });
        let mut after = before.clone();
        assert!(compare(1, 2, &before, &after, &Cancel::default()).same);
        after["meta"]["name"] = json!("b");
        after["operations"]["findContact"] =
            json!({"url": "/b", "query": {"y": 2, "x": 1}, "headers": {"A": "b"}});
        after["operations"].as_object_mut().unwrap().shift_remove("createContact");
        after["operations"]["getCallLog"] = json!({"url": "/l"});
        let found = compare(1, 2, &before, &after, &Cancel::default());
        assert_eq!(
            json!(found),
            json!({
                "from": 1, "to": 2, "same": false,
                "operations": [
                    {"operation": "findContact", "kind": "changed", "changes": [
                        {"pointer": "/operations/findContact/url", "kind": "changed", "before": "/a", "after": "/b"},
                        {"pointer": "/operations/findContact/query", "kind": "reordered",
                            "before": {"x": 1, "y": 2}, "after": {"y": 2, "x": 1}},
                        {"pointer": "/operations/findContact/headers", "kind": "added", "after": {"A": "b"}},
                    ]},
                    {"operation": "createContact", "kind": "removed", "changes": []},
                    {"operation": "getCallLog", "kind": "added", "changes": []},
                ],
                "document": [{"pointer": "/meta/name", "kind": "changed", "before": "a", "after": "b"}],
            })
        );
    }
}
