//! Changes to a document's text that leave the rest of it as its author wrote it.

use serde_json::Value;

use super::pointer;
use super::source::{SourceMap, parse};

/// What a new line costs where nothing in the document says it: two spaces for each level.
const INDENT: &str = "  ";

/// Sets `key` of the object at `parent` (a JSON pointer), in place or as its last member. Absent where there
/// is no such object.
pub fn set_member(text: &str, map: &SourceMap, parent: &str, key: &str, value: &Value) -> Option<String> {
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let span = map.value_span(parent);
    let object = text.get(span.clone())?;
    if !object.starts_with('{') {
        return None;
    }
    let unit = indent_unit(text);
    let at = pointer::join(parent, key);
    let known = map.value_span(&at);
    // Where there is no such member, the span is the parent's.
    if known != span {
        let written = shown(value, line_indent(text, map.key_span(&at).start), &unit, line_end);
        return Some(format!("{}{written}{}", &text[..known.start], &text[known.end..]));
    }
    let close = span.end - 1;
    let last = text[..close].trim_end().len();
    let is_empty = last == span.start + 1;
    let one_line = !object.contains('\n') && !is_empty;
    let name = Value::from(key);
    if one_line {
        return Some(format!("{}, {name}: {value}{}", &text[..last], &text[last..]));
    }
    let outer = line_indent(text, span.start);
    let inner = match is_empty {
        true => format!("{outer}{unit}"),
        false => line_indent(text, first_member(text, span.start)?).to_owned(),
    };
    let written = shown(value, &inner, &unit, line_end);
    let comma = if is_empty { "" } else { "," };
    let after =
        if is_empty { format!("{line_end}{outer}}}{}", &text[span.end..]) } else { text[last..].to_owned() };
    Some(format!("{}{comma}{line_end}{inner}{name}: {written}{after}", &text[..last]))
}

/// Whether an edited text is JSON with exactly this content: what an edit is checked by before it is written.
pub fn holds(text: &str, expected: &Value) -> bool {
    parse(text).is_ok_and(|(value, _)| value == *expected)
}

/// Where the first member of the object at `start` begins.
fn first_member(text: &str, start: usize) -> Option<usize> {
    let inside = &text[start + 1..];
    Some(start + 1 + inside.find(|letter: char| !letter.is_whitespace())?)
}

/// What stands before the first character of a line.
fn line_indent(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |line| line + 1);
    let line = &text[start..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// How far a level is indented: as the first line that is.
fn indent_unit(text: &str) -> String {
    let indents = text.lines().map(|line| line.len() - line.trim_start_matches([' ', '\t']).len());
    let first = text.lines().zip(indents).find(|(line, indent)| *indent > 0 && !line.trim().is_empty());
    first.map_or(INDENT.to_owned(), |(line, indent)| line[..indent].to_owned())
}

/// A value on lines of its own, the first one without indent.
fn shown(value: &Value, indent: &str, unit: &str, line_end: &str) -> String {
    let plain = format!("{value:#}");
    let mut lines = plain.lines();
    let mut text = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        let inner = line.trim_start_matches(' ');
        let level = (line.len() - inner.len()) / INDENT.len();
        text.push_str(line_end);
        text.push_str(indent);
        (0..level).for_each(|_| text.push_str(unit));
        text.push_str(inner);
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(text: &str, parent: &str, key: &str, value: Value, expected: &str) {
        let (mut whole, map) = parse(text).unwrap();
        let edited = set_member(text, &map, parent, key, &value).unwrap();
        assert_eq!(edited, expected);
        whole.pointer_mut(parent).unwrap()[key] = value;
        assert!(holds(&edited, &whole), "{edited}");
    }

    #[test]
    fn the_rest_of_the_text_stays() {
        let text = "{\n    \"a\": [1,2,  3],\n    \"o\": {\n        \"x\": { \"y\":1 }\n    }\n}\n";
        check(
            text,
            "/o",
            "n",
            json!({"url": "/", "list": [1]}),
            "{\n    \"a\": [1,2,  3],\n    \"o\": {\n        \"x\": { \"y\":1 },\n        \"n\": {\n            \"url\": \"/\",\n            \"list\": [\n                1\n            ]\n        }\n    }\n}\n",
        );
        check(
            text,
            "/o",
            "x",
            json!({"z": 2}),
            "{\n    \"a\": [1,2,  3],\n    \"o\": {\n        \"x\": {\n            \"z\": 2\n        }\n    }\n}\n",
        );
    }

    #[test]
    fn every_way_of_writing_is_kept() {
        check("{\"o\":{\"a\":1}}", "/o", "b", json!({"c": 2}), "{\"o\":{\"a\":1, \"b\": {\"c\":2}}}");
        check("{\n\t\"o\": {}\n}", "/o", "b", json!(1), "{\n\t\"o\": {\n\t\t\"b\": 1\n\t}\n}");
        check(
            "{\r\n  \"o\": {\r\n    \"a\": 1\r\n  }\r\n}",
            "/o",
            "b",
            json!([1]),
            "{\r\n  \"o\": {\r\n    \"a\": 1,\r\n    \"b\": [\r\n      1\r\n    ]\r\n  }\r\n}",
        );
        check("{}", "", "o", json!({}), "{\n  \"o\": {}\n}");
        check("{ \"a\": 1 }", "", "k\"é", json!("v"), "{ \"a\": 1, \"k\\\"é\": \"v\" }");
        check(
            "{\n  \"o\": {\n    \"a\": \"}\"\n\n  }\n}",
            "/o",
            "b",
            json!(2),
            "{\n  \"o\": {\n    \"a\": \"}\",\n    \"b\": 2\n\n  }\n}",
        );
    }

    #[test]
    fn there_is_nothing_to_set_where_no_object_is() {
        let text = "{\"o\": [1]}";
        let (_, map) = parse(text).unwrap();
        assert_eq!(set_member(text, &map, "/o", "b", &json!(1)), None);
    }
    /// Small documents, with keys and texts that have to be escaped.
    fn documents() -> impl proptest::strategy::Strategy<Value = Value> {
        use proptest::prelude::*;
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            ".{0,6}".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((".{0,4}", inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

        #[test]
        fn an_edit_changes_what_it_says_and_nothing_else(
            inner in documents(), other in documents(), value in documents(), key in ".{0,5}", form in 0..4u8,
        ) {
            let mut document = json!({"first": other, "operations": {}});
            if inner.is_object() {
                document["operations"] = inner;
            }
            let text = match form {
                0 => document.to_string(),
                1 => format!("{document:#}"),
                2 => format!("{document:#}\n").replace('\n', "\r\n"),
                _ => format!("{document:#}").replace("\n  ", "\n\t\t"),
            };
            // Line ends inside of texts are escaped, so that replacing them changes the form only.
            let (_, map) = parse(&text).unwrap();
            let edited = set_member(&text, &map, "/operations", &key, &value).unwrap();
            document["operations"].as_object_mut().unwrap().insert(key, value);
            proptest::prop_assert!(holds(&edited, &document), "{}\n{}", text, edited);
        }
    }
}
