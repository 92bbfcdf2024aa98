//! The shape of a reply: what a client needs of it.
//!
//! An object has at least these members. A list has exactly these items, or with `"<each>"` at its beginning at least
//! one, all of the shape that follows. A text in angle brackets stands for a kind of value. Any other value is meant as
//! it stands.
use serde_json::Value;

/// Whether a value has the shape.
///
/// # Errors
/// Where it has not, and why.
pub fn check(shape: &Value, value: &Value, at: &str) -> Result<(), String> {
    match shape {
        Value::Object(members) => {
            let Value::Object(object) = value else { return Err(format!("{at} is no object, but {value}")) };
            for (name, shape) in members {
                let at = format!("{at}/{name}");
                match object.get(name) {
                    Some(_) if *shape == "<absent>" => return Err(format!("{at} is there")),
                    None if *shape == "<absent>" => {}
                    Some(value) => check(shape, value, &at)?,
                    None => return Err(format!("{at} is not there")),
                }
            }
            Ok(())
        }
        Value::Array(shapes) => {
            let Value::Array(items) = value else { return Err(format!("{at} is no list, but {value}")) };
            match shapes.split_first() {
                Some((first, [each])) if *first == "<each>" => {
                    if items.is_empty() {
                        return Err(format!("{at} is empty"));
                    }
                    items
                        .iter()
                        .enumerate()
                        .try_for_each(|(number, item)| check(each, item, &format!("{at}/{number}")))
                }
                _ if shapes.len() != items.len() => {
                    Err(format!("{at} has {} items, not {}", items.len(), shapes.len()))
                }
                _ => shapes
                    .iter()
                    .zip(items)
                    .enumerate()
                    .try_for_each(|(number, (shape, item))| check(shape, item, &format!("{at}/{number}"))),
            }
        }
        Value::String(kind) if kind.starts_with('<') && kind.ends_with('>') => {
            let has = match kind.as_str() {
                "<text>" => value.as_str().is_some_and(|text| !text.is_empty()),
                "<number>" => value.is_number(),
                "<boolean>" => value.is_boolean(),
                "<list>" => value.is_array(),
                "<object>" => value.is_object(),
                "<id>" => value.is_number() || value.as_str().is_some_and(|text| !text.is_empty()),
                "<message>" => {
                    value["message"].is_string()
                        && value["messageType"].is_string()
                        && value["ttl"].is_number()
                }
                other => panic!("{other} is no kind of value"),
            };
            if has { Ok(()) } else { Err(format!("{at} is {value}, and not {kind}")) }
        }
        exact if exact == value => Ok(()),
        exact => Err(format!("{at} is {value}, and not {exact}")),
    }
}

#[test]
fn a_shape_says_what_is_needed_and_no_more() {
    use serde_json::json;
    let value = json!({"a": 1, "l": [{"id": "x"}, {"id": 2}], "t": "", "m": {"message": "m", "messageType": "warning", "ttl": 1}});
    for (shape, fits) in [
        (json!({"a": 1}), true),
        (json!({"a": 2}), false),
        (json!({"b": "<absent>", "a": "<number>"}), true),
        (json!({"a": "<absent>"}), false),
        (json!({"b": "<text>"}), false),
        (json!({"t": "<text>"}), false),
        (json!({"l": ["<each>", {"id": "<id>"}]}), true),
        (json!({"l": ["<each>", {"id": "<text>"}]}), false),
        (json!({"l": [{}, {}]}), true),
        (json!({"l": [{}]}), false),
        (json!({"l": []}), false),
        (json!({"m": "<message>"}), true),
        (json!({"a": "<message>"}), false),
    ] {
        assert_eq!(check(&shape, &value, "").is_ok(), fits, "{shape}");
    }
    assert!(check(&json!(["<each>", 1]), &json!([]), "").is_err(), "none is not each");
}
