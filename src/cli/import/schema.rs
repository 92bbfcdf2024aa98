//! JSON Schemas of an OpenAPI document: references followed, and a value that shows their shape.

use serde_json::{Map, Value};

/// Deeper than this nobody writes by hand: what is deeper refers to itself.
const DEPTH: usize = 8;

/// How many references may lead to one another.
const HOPS: usize = 32;

/// A whole OpenAPI document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Root<'a>(pub(super) &'a Value);

/// What stands for a property, by its name, its schema, and whether it is required.
pub(super) type Leaf<'l> = dyn Fn(&str, &Value, bool) -> Option<Value> + 'l;

impl<'a> Root<'a> {
    /// What a value is, its `$ref` followed.
    ///
    /// # Errors
    /// Why the reference leads nowhere, and how to mend it.
    pub(super) fn resolve<'v>(self, value: &'v Value) -> Result<&'v Value, String>
    where
        'a: 'v,
    {
        let mut value = value;
        for _ in 0..HOPS {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Ok(value) };
            let Some(inner) = reference.strip_prefix('#') else {
                return Err(format!(
                    "`$ref: {reference}` is in another document; bundle them into one first, for example with \
                     `npx @redocly/cli bundle`"
                ));
            };
            // A fragment is percent-encoded as any part of a URL.
            let inner = percent_encoding::percent_decode_str(inner).decode_utf8_lossy();
            value = self.0.pointer(&inner).ok_or_else(|| {
                format!("`$ref: {reference}` names nothing in the document; correct it, or add what it names")
            })?;
        }
        Err(format!(
            "`$ref: {}` leads back to itself; correct it",
            value["$ref"].as_str().unwrap_or_default()
        ))
    }

    /// A value of this shape, made of what `leaf` gives; what it gives nothing for is left out. Objects are
    /// shown with their members, those that are not required only where `leaf` gives something for them.
    ///
    /// # Errors
    /// A reference that leads nowhere.
    pub(super) fn sample(self, schema: &Value, name: &str, leaf: &Leaf<'_>) -> Result<Option<Value>, String> {
        self.below(schema, name, true, leaf, 0)
    }

    fn below(
        self,
        schema: &Value,
        name: &str,
        required: bool,
        leaf: &Leaf<'_>,
        depth: usize,
    ) -> Result<Option<Value>, String> {
        let schema = self.whole(schema, depth)?;
        if depth >= DEPTH {
            return Ok(None);
        }
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            // What need not be there, and means nothing to the operation, is not.
            if !required && leaf(name, &schema, false).is_none() {
                return Ok(None);
            }
            let needed = schema["required"].as_array();
            let needed: Vec<&str> = needed.into_iter().flatten().filter_map(Value::as_str).collect();
            let mut members = Map::new();
            for (key, property) in properties {
                let is_needed = needed.contains(&key.as_str());
                if let Some(value) = self.below(property, key, is_needed, leaf, depth + 1)? {
                    members.insert(key.clone(), value);
                }
            }
            return Ok((required || !members.is_empty()).then_some(Value::Object(members)));
        }
        if let Some(items) = schema.get("items") {
            let item = self.below(items, name, required, leaf, depth + 1)?;
            return Ok(item.map(|item| Value::Array(vec![item])));
        }
        Ok(leaf(name, &schema, required))
    }

    /// The schema with its reference followed and its parts (`allOf`) in one; of alternatives the first that
    /// is more than `null`.
    fn whole(self, schema: &Value, depth: usize) -> Result<Value, String> {
        let schema = self.resolve(schema)?;
        let alternatives = ["oneOf", "anyOf"].iter().find_map(|key| schema.get(*key)?.as_array());
        let chosen =
            alternatives.and_then(|all| all.iter().find(|one| one["type"] != "null").or_else(|| all.first()));
        let parts = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
        let mut whole = schema.clone();
        if depth >= DEPTH {
            return Ok(whole);
        }
        for part in parts.chain(chosen) {
            let Value::Object(part) = self.whole(part, depth + 1)? else { continue };
            for (key, value) in part {
                merge(&mut whole, &key, value);
            }
        }
        Ok(whole)
    }
}

/// Properties and names of required ones add up; of anything else the first counts.
fn merge(whole: &mut Value, key: &str, value: Value) {
    let Value::Object(members) = whole else { return };
    match (members.get_mut(key), value) {
        (None, value) => drop(members.insert(key.to_owned(), value)),
        (Some(Value::Object(known)), Value::Object(more)) if key == "properties" => {
            for (key, value) in more {
                known.entry(key).or_insert(value);
            }
        }
        (Some(Value::Array(known)), Value::Array(more)) if key == "required" => known.extend(more),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shape(root: &Value) -> Result<Option<Value>, String> {
        Root(root).sample(&root["s"], "", &|_, schema, _| Some(schema["type"].clone()))
    }

    #[test]
    fn parts_and_alternatives_become_one_shape() {
        let root = json!({
            "s": {"allOf": [{"$ref": "#/d/Base"}, {"properties": {"name": {"type": "string"}}}],
                  "properties": {"tags": {"type": "array", "items": {"type": "string"}},
                                 "owner": {"oneOf": [{"type": "null"}, {"$ref": "#/d/a~1b%20c"}]}}},
            "d": {"Base": {"type": "object", "properties": {"id": {"type": "integer"}}},
                  "a/b c": {"properties": {"mail": {"type": "string"}}}},
        });
        assert_eq!(
            shape(&root).unwrap().unwrap(),
            json!({"tags": ["string"], "owner": {"mail": "string"}, "id": "integer", "name": "string"})
        );
    }

    #[test]
    fn what_refers_to_itself_ends() {
        let tree = json!({"s": {"properties": {"id": {"type": "integer"}, "parent": {"$ref": "#/s"},
                                               "all": {"allOf": [{"$ref": "#/s"}]}}}});
        let found = shape(&tree).unwrap().unwrap();
        assert_eq!(found["parent"]["parent"]["id"], "integer");
        for (root, word) in [
            (json!({"s": {"$ref": "#/s"}}), "leads back to itself"),
            (json!({"s": {"$ref": "#/none"}}), "names nothing"),
            (json!({"s": {"$ref": "other.yaml#/s"}}), "another document"),
            (json!({"s": {"allOf": [{"$ref": "#/s"}]}}), ""),
        ] {
            match shape(&root) {
                Err(problem) => assert!(!word.is_empty() && problem.contains(word), "{problem}"),
                Ok(_) => assert_eq!(word, "", "{root}"),
            }
        }
    }
}
