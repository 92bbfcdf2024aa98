//! Helpers that take values apart: JSON inside a text, a part of a text, the first of several.

use std::borrow::Cow;

use serde_json::Value;

use super::functions::{Arguments, Outcome, Picked, charge};
use super::helper_doc::{HelperDoc, HelperKind};
use crate::text::to_text;
use crate::{budget, json};

/// The most arguments of a helper that takes any number of them.
const MANY: usize = 32;

/// What a value costs that is read from a text.
const PARSED: u64 = 4;

/// Every helper of this file.
pub(super) const FROM_JSON: HelperDoc = HelperDoc {
    name: "fromJson",
    signature: "fromJson text",
    doc: "The value that a text holds as JSON; null where it is no JSON. What is no text is given back as it is.",
    example: "{{lookup (fromJson payload) \"id\"}}",
    input: r#"{"payload": "{\"id\": 7}"}"#,
    result: "7",
    kind: HelperKind::Pick { arguments: (1, 1), run: from_json },
};
pub(super) const SELECT: HelperDoc = HelperDoc {
    name: "select",
    signature: "select value \"path\"",
    doc: "The value at a path, of several the first; the path is a dot path or JSONPath, and is spelt out.",
    example: "{{select contact \"$.emails[?@.main == true].address\"}}",
    input: r#"{"contact": {"emails": [{"address": "a@x.example"}, {"address": "b@x.example", "main": true}]}}"#,
    result: "b@x.example",
    kind: HelperKind::Prepared { arguments: (2, 2), options: &[] },
};
pub(super) const SELECT_ALL: HelperDoc = HelperDoc {
    name: "selectAll",
    signature: "selectAll value \"path\"",
    doc: "All values at a path, as an array; see `select`.",
    example: "{{join (selectAll contact \"$.phones[*].number\") \", \"}}",
    input: r#"{"contact": {"phones": [{"number": "101"}, {"number": "102"}]}}"#,
    result: "101, 102",
    kind: HelperKind::Prepared { arguments: (2, 2), options: &[] },
};
pub(super) const MATCH: HelperDoc = HelperDoc {
    name: "match",
    signature: "match text \"pattern\" [group=1]",
    doc: "The first part of the text that fits a regular expression (of Rust, without look-around), which is spelt out: its first group where it has one, else all of it; `group` names another group by number or name, 0 is all of it. Null where nothing fits.",
    example: "{{match location \"/calls/([0-9]+)\"}} {{match location \"[^/]+$\"}}",
    input: r#"{"location": "https://crm.example.com/calls/987"}"#,
    result: "987 987",
    kind: HelperKind::Prepared { arguments: (2, 2), options: &["group"] },
};
pub(super) const WORDS: HelperDoc = HelperDoc {
    name: "words",
    signature: "words a b…",
    doc: "The values that are not missing or blank, with one blank between them.",
    example: "{{words first middle last}}",
    input: r#"{"first": "Ada", "middle": null, "last": "Lovelace"}"#,
    result: "Ada Lovelace",
    kind: HelperKind::Value { arguments: (1, MANY), options: &[], run: words },
};
pub(super) const COALESCE: HelperDoc = HelperDoc {
    name: "coalesce",
    signature: "coalesce a b…",
    doc: "The first value that is not null or missing; unlike `default` it takes an empty text for a value.",
    example: "[{{coalesce nickname name}}]",
    input: r#"{"nickname": "", "name": "Ada"}"#,
    result: "[]",
    kind: HelperKind::Pick { arguments: (1, MANY), run: coalesce },
};
pub(super) const FIRST: HelperDoc = HelperDoc {
    name: "first",
    signature: "first array",
    doc: "The first element of an array; null of an empty one. What is no array is given back as it is.",
    example: "{{first phones}}",
    input: r#"{"phones": ["101", "102"]}"#,
    result: "101",
    kind: HelperKind::Pick { arguments: (1, 1), run: first },
};
pub(super) const LAST: HelperDoc = HelperDoc {
    name: "last",
    signature: "last array",
    doc: "The last element of an array, as `first`.",
    example: "{{last (split location \"/\")}}",
    input: r#"{"location": "https://crm.example.com/calls/987"}"#,
    result: "987",
    kind: HelperKind::Pick { arguments: (1, 1), run: last },
};

fn from_json(arguments: Arguments<'_, '_>) -> Picked {
    let Value::String(text) = arguments.value(0) else { return Picked::argument(0) };
    let cost = budget::text(text.len()) + PARSED * json::count_values(text.as_bytes()) as u64;
    match charge(cost) {
        Ok(()) => Picked::Made(serde_json::from_str(text.trim()).unwrap_or_default()),
        Err(_) => Picked::NOTHING,
    }
}

fn words(arguments: Arguments<'_, '_>) -> Outcome {
    let texts: Vec<Cow<'_, str>> = arguments.values().map(to_text).collect();
    let words: Vec<&str> = texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
    Ok(words.join(" ").into())
}

fn coalesce(arguments: Arguments<'_, '_>) -> Picked {
    arguments.values().position(|value| !value.is_null()).map_or(Picked::NOTHING, Picked::argument)
}

fn first(arguments: Arguments<'_, '_>) -> Picked {
    match arguments.value(0) {
        Value::Array(items) if items.is_empty() => Picked::NOTHING,
        Value::Array(_) => Picked::Part(0, vec!["0".to_owned()]),
        _ => Picked::argument(0),
    }
}

fn last(arguments: Arguments<'_, '_>) -> Picked {
    match arguments.value(0) {
        Value::Array(items) => match items.len().checked_sub(1) {
            Some(at) => Picked::Part(0, vec![at.to_string()]),
            None => Picked::NOTHING,
        },
        _ => Picked::argument(0),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::blocks::{self, Context, Rendered, compile};
    use crate::encode::Slot;
    use crate::missing::Demand;

    #[test]
    fn values_are_taken_apart() {
        let input = json!({"json": "{\"a\": [{\"n\": 1}, {\"n\": 2}]}", "broken": "{", "list": [], "n": 5,
            "url": "https://crm.example.com/calls(3f-7)", "each": ["a-1", "b-2"]});
        for (template, expected) in [
            ("{{select (fromJson json) \"$.a[?@.n == 2].n\"}}", "2"),
            ("{{select (fromJson json) \"a.0.n\"}}", "1"),
            ("{{json (selectAll (fromJson json) \"$.a[*].n\")}}", "[1,2]"),
            ("{{json (fromJson broken)}}{{json (fromJson nothing)}}{{fromJson n}}", "nullnull5"),
            ("{{json (select nothing \"a\")}}{{json (selectAll nothing \"a\")}}", "null[]"),
            ("{{match url '\\(([^)]*)\\)'}}", "3f-7"),
            ("{{match url '(?<kind>[a-z]+)\\((.*)\\)' group='kind'}}", "calls"),
            ("{{match url '([a-z]+)\\((.*)\\)' group=0}}", "calls(3f-7)"),
            ("{{json (match url 'x{9}')}}{{json (match nothing 'x')}}", "nullnull"),
            (
                "{{match url '\\b(\\d)'}}{{match url \"\\\\d\"}}{{match url \"[\\/]{2}(\\w+)\"}} \\d",
                "33crm \\d",
            ),
            ("{{#each each}}{{match this '[0-9]'}}{{/each}}", "12"),
            ("{{json (first list)}}{{json (last list)}}{{first n}}{{last n}}", "nullnull55"),
            ("{{lookup each -1}}{{lookup each '-2'}}[{{lookup each -3}}]", "b-2a-1[]"),
            ("[{{words nothing list}}]", "[]"),
        ] {
            let compiled = compile(template).unwrap_or_else(|problems| panic!("{template}: {problems:?}"));
            let rendered =
                blocks::render(&compiled, &Context::from(input.clone()), Slot::Json, 1000, Demand::Nothing);
            assert_eq!(rendered, Ok(Rendered::Text(expected.to_owned())), "{template}");
        }
    }

    #[test]
    fn places_are_those_of_the_text_as_written() {
        let source = "{{match a '\\d\\w'}} {{! it's \\d }} {{b}}{{json c}}";
        let compiled = compile(source).unwrap();
        let found: Vec<&str> = compiled
            .variables()
            .iter()
            .map(|variable| &source[variable.offset..variable.offset + variable.length])
            .collect();
        assert_eq!(found, ["a", "b", "c"]);
        let source = "{{match a '\\d'}} {{uper b}}";
        assert_eq!(&source[compile(source).unwrap_err()[0].span.clone()], "uper");
    }

    #[test]
    fn what_is_spelt_out_is_checked_at_load() {
        for (template, expected) in [
            ("{{match url '\\d('}}", "is not a regular expression"),
            ("{{match url pattern}}", "is a text in quotes"),
            ("{{match url 'a{1000}{1000}'}}", "is not a regular expression"),
            ("{{match url '(a)' group=2}}", "has no such group; it has 1"),
            ("{{match url '(a)' group=n}}", "has no such group"),
            ("{{select url '$.['}}", "is not a JSONPath query"),
            ("{{#if (match url '(')}}x{{/if}}", "is not a regular expression"),
        ] {
            let problems = compile(template).expect_err(template);
            assert!(problems[0].message.contains(expected), "{template}: {problems:?}");
        }
    }
}
