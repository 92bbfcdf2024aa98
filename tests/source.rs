//! From document text to places and explanations.

use std::ops::Range;

use app_connect::config::diagnostic::{Code, Findings};
use app_connect::config::report::{Colour, human};
use app_connect::config::source::{MAX_DEPTH, parse};
use proptest::prelude::*;
use serde_json::Value;

/// What a person sees for a text that is not a document.
fn explained(text: &str) -> String {
    let diagnostics = parse(text).expect_err("the text should be refused");
    assert!(!diagnostics.is_empty());
    human(
        &[Findings { file: "crm.json".into(), source: text.into(), diagnostics, ..Findings::default() }],
        Colour::Off,
    )
}

/// Broken texts of one kind and what is said about each.
fn explain_all(texts: &[&str]) -> String {
    texts.iter().map(|text| explained(text)).collect::<Vec<_>>().join("\n")
}

macro_rules! explains {
    ($($name:ident: $($text:expr),+ $(,)?;)*) => {
        $(#[test]
        fn $name() {
            insta::assert_snapshot!(explain_all(&[$($text),+]));
        })*
    };
}

explains! {
    commas:
        "{\n  \"url\": \"/contacts\",\n  \"method\": \"GET\",\n}",
        "{\n  \"list\": [1, 2, ],\n  \"method\": \"GET\"\n  \"url\": \"/a\" \"x-a\": 1\n}",
        "[1,,2]",
        "{,\"a\": 1,, \"b\": [, 2]}",
        "{\"a\": 1; \"b\": 2}",
        "{\"operations\": {\"a\": [1 2]}}";
    quotes:
        "{'url': '/contacts'}",
        "{“url”: “/contacts”}",
        "{\"url\": \"/contacts”,\n \"method\": \"GET\"}",
        "{\"a\": `x`}",
        "{\"note\": \"<a href=\"{{url}}\">link</a>\",\n \"method\": \"GET\"}";
    unquoted:
        "{url: \"/contacts\", 1: 2}",
        "{\n  \"method\": GET,\n  \"url\": https://crm.example/api // v2\n}",
        "{\"a\": True, \"b\": None, \"c\": undefined, \"d\": yes}",
        "{\"count\": {{count}}, \"key\": ${KEY}}",
        "{\n  \"key\" = 1,\n  \"other\" => 2,\n  key=3\n}";
    numbers:
        "[NaN, -Infinity, +1, 007, .5, 5., 0x1F, 1_000, 1e999, 10s, -]";
    comments:
        "{\n  // where contacts are\n  \"url\": \"/contacts\", /* all of them */\n  # page size\n  \"x\": 1\n}",
        "{\n  \"url\": 1 /* never ends\n}";
    unclosed_strings:
        "{\n  \"url\": \"/contacts,\n  \"method\": \"GET\"\n}",
        "{\"url\": \"/contacts}",
        "{\n  \"text\": \"first line\n  second line\",\n  \"method\": \"GET\"\n}",
        "{\"path\": \"C:\\dir\\names\"}";
    string_content:
        "{\"a\": \"tab\there\", \"b\": \"\\x41\", \"c\": \"it\\'s\", \"d\": \"\\u12\", \"e\": \"\\ud83d\", \"f\": \"\u{1}\"}";
    unclosed_brackets:
        "{\n  \"operations\": {\n    \"findContact\": {\n      \"url\": \"/contacts\"\n  }\n}",
        "{\n  \"operations\": {\n    \"findContact\": {\n      \"url\": \"/con",
        "{\n  \"a\": {\n    \"list\": [1, 2\n  }\n}",
        "{\"a\": [1, 2}",
        "{\"operations\": {\n \"a\": 1",
        "[1, 2}",
        "{";
    colons:
        "{\"method\" \"GET\", \"url\"}",
        "{\"url\": , \"method\": }",
        "{\"url\":\n \"method\": \"GET\"}",
        "{: 1}",
        "[\"a\": 1, \"b\": 2]",
        "\"operations\": {}";
    keys:
        "{\"a\": 1, {\"b\": 2}}",
        "{\n  \"a\": 1,\n  ...defaults,\n  \"b\": 2,\n  null\n}";
    around_the_document:
        "",
        " \n\n",
        "\u{feff}{\"a\": 1,}",
        "{\"a\": 1}\n{\"b\": 2}",
        "{\n  \"a\": {}}\n}\n",
        "{\"a\": 1},",
        "}",
        "hello";
    other_languages:
        "# contacts\noperations:\n  findContact:\n    url: /contacts\n",
        "---\nmeta: {}\n",
        "<!DOCTYPE html>\n<html></html>",
        "module.exports = {\n  operations: {}\n};";
    invisible_characters:
        "{\n\u{a0}\u{a0}\"a\": 1\n}";
    many_errors:
        &format!("{{\n{}\n}}", (0..30).map(|n| format!("  key{n}: 'x',")).collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_document_that_is_nested_too_deeply_has_one_finding_and_harms_nobody() {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(&deep(MAX_DEPTH)).is_ok());
    for text in [deep(MAX_DEPTH + 1), deep(100_000), "[".repeat(100_000), "{\"a\":".repeat(100_000)] {
        let found = parse(&text).expect_err("too deep");
        assert_eq!(found.iter().map(|found| found.code).collect::<Vec<_>>(), [Code::TooDeep]);
        assert_eq!(found[0].pointer.matches('/').count(), MAX_DEPTH);
    }
    insta::assert_snapshot!(explained(&deep(MAX_DEPTH + 1)));
}

#[test]
fn doubled_keys_are_found_and_the_last_one_counts() {
    let text = r#"{
  "url": {"old": 1},
  "method": "GET",
  "url": {"new": 2},
  "headers": {"a": 1, "\u0061": 2, "A": 3}
}"#;
    let (value, map) = parse(text).expect("doubled keys do not fail");
    assert_eq!(value["url"]["new"], 2);
    assert_eq!(&text[map.value_span("/url")], r#"{"new": 2}"#);
    assert_eq!(&text[map.value_span("/url/old")], r#"{"new": 2}"#, "nothing of the lost value remains");
    assert_eq!(&text[map.value_span("/headers/a")], "2");
    let diagnostics = map.duplicate_keys().to_vec();
    insta::assert_snapshot!(human(
        &[Findings { file: "crm.json".into(), source: text.into(), diagnostics, ..Findings::default() }],
        Colour::Off
    ));
}

#[test]
fn doubled_keys_are_told_along_with_syntax_errors() {
    let found = parse(r#"{"a": 1, "a": 2, "b": }"#).expect_err("no value");
    let codes: Vec<_> = found.iter().map(|found| found.code).collect();
    assert_eq!(codes, [Code::DuplicateKey, Code::InvalidJson]);
}

#[test]
fn places_are_found_by_pointer() {
    let text = r#"{"op": {"url": "/a", "a/b~c": [10, {"x": null}]}, "": true}"#;
    let (_, map) = parse(text).expect("valid");
    for (pointer, key, value) in [
        ("/op/url", r#""url""#, r#""/a""#),
        ("/op/a~1b~0c", r#""a/b~c""#, r#"[10, {"x": null}]"#),
        ("/op/a~1b~0c/0", "10", "10"),
        ("/op/a~1b~0c/1", "{", r#"{"x": null}"#),
        ("/op/a~1b~0c/1/x", r#""x""#, "null"),
        ("/", r#""""#, "true"),
        ("", "{", text),
        // What does not exist gives the nearest thing that does.
        ("/op/method", r#""op""#, r#"{"url": "/a", "a/b~c": [10, {"x": null}]}"#),
        ("/op/url/deeper/still", r#""url""#, r#""/a""#),
        ("/op/a~1b~0c/7", r#""a/b~c""#, r#"[10, {"x": null}]"#),
        ("/nothing", "{", text),
    ] {
        assert_eq!(&text[map.key_span(pointer)], key, "key of {pointer}");
        assert_eq!(&text[map.value_span(pointer)], value, "value of {pointer}");
    }
}

#[test]
fn parts_of_strings_are_found_through_escapes() {
    let text = r#"{"t": "a\n\"{{x}}\" \u00e9\ud83d\ude00é😀 \/ {{y}}", "k{{\u0061}}": 1, "n": 5, "e": ""}"#;
    let (value, map) = parse(text).expect("valid");
    let decoded = value["t"].as_str().expect("string");
    let find = |part: &str| {
        let at = decoded.find(part).expect("part");
        &text[map.string_span("/t", at..at + part.len())]
    };
    assert_eq!(find("{{x}}"), "{{x}}");
    assert_eq!(find("\n\""), r#"\n\""#);
    assert_eq!(find("é😀"), r"\u00e9\ud83d\ude00");
    assert_eq!(find(" / "), r" \/ ");
    assert_eq!(find("{{y}}"), "{{y}}");
    let at = decoded.find('😀').expect("emoji");
    assert_eq!(
        &text[map.string_span("/t", at + 1..at + 2)],
        r"\ud83d\ude00",
        "half a character is a whole one"
    );
    let end = text.find("\", \"k").expect("end");
    assert_eq!(map.string_span("/t", 500..600), end..end);
    let start = text.find("a\\n").expect("start");
    assert_eq!(map.string_span("/t", 0..0), start..start);
    assert_eq!(&text[map.key_string_span("/k{{a}}", 1..6)], r"{{\u0061}}");
    assert_eq!(&text[map.string_span("/n", 0..1)], "5", "not a string");
    assert_eq!(&text[map.string_span("/missing", 0..1)], text);
    assert!(map.string_span("/e", 0..4).is_empty());
}

#[test]
fn the_reference_sample_is_a_document() {
    let text =
        r#"{"meta": {"name": "crm"}, "operations": {"createContact": {"body": {"n": 1.5e3, "ok": true}}}}"#;
    let (value, map) = parse(text).expect("valid");
    assert_eq!(value, serde_json::from_str::<Value>(text).expect("valid"));
    assert_eq!(&text[map.value_span("/operations/createContact/body/n")], "1.5e3");
    assert!(map.duplicate_keys().is_empty());
}

/// Texts that are nearly JSON: the interesting ones.
fn nearly_json() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "'",
        "\n",
        "\r\n",
        " ",
        "\t",
        "\"a\"",
        "\"b\":",
        "\"a\": 1,",
        "1",
        "-0.5e3",
        "01",
        "1e999",
        "true",
        "null",
        "NaN",
        "word",
        "//",
        "/*",
        "*/",
        "#",
        "\\",
        "\\u",
        "\\ud83d",
        "\\ude00",
        "{{",
        "}}",
        "“",
        "”",
        "\u{a0}",
        "\u{feff}",
        "😀",
        "é",
        "=",
        ";",
        "`",
        "-",
        ".",
        "<",
        "\0",
        "\"\\n\"",
        "\"\\ud83d\\ude00\"",
    ]);
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((".{0,6}", inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The same value with every character of every string escaped.
fn escaped(text: &str) -> String {
    let mut source = String::from("\"");
    for unit in text.encode_utf16() {
        source.push_str(&format!("\\u{unit:04x}"));
    }
    source.push('"');
    source
}

fn holds(text: &str, span: &Range<usize>) -> bool {
    span.start <= span.end && text.get(span.clone()).is_some()
}

/// Never panics, agrees with `serde_json`, and every place is a place.
fn check(text: &str) {
    match parse(text) {
        Ok((value, _)) => {
            assert_eq!(
                Some(value),
                serde_json::from_str(text).ok(),
                "accepted what serde_json refuses: {text:?}"
            );
        }
        Err(found) => {
            assert!(!found.is_empty(), "{text:?}");
            for found in &found {
                assert!(holds(text, &found.span), "{:?} of {text:?}", found.span);
                assert!(!found.message.starts_with("not valid JSON"), "not explained: {text:?}");
            }
            let depth = found.iter().any(|found| found.code == Code::TooDeep);
            // Nothing in a document is larger than a double, and some of it is read as one.
            let size = found.iter().any(|found| found.message == "the number is too large");
            assert!(
                depth || size || serde_json::from_str::<Value>(text).is_err(),
                "refused what serde_json accepts: {text:?}"
            );
            assert!(found.is_sorted_by_key(|found| found.span.start), "{text:?}");
            human(
                &[Findings {
                    file: "x".into(),
                    source: text.into(),
                    diagnostics: found,
                    ..Findings::default()
                }],
                Colour::Off,
            );
        }
    }
}

/// Every value of a document is where the map says.
fn check_places(source: &str, map: &app_connect::config::source::SourceMap, pointer: &str, value: &Value) {
    let span = map.value_span(pointer);
    assert!(holds(source, &span));
    assert_eq!(&serde_json::from_str::<Value>(&source[span]).expect("a value"), value, "{pointer}");
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let member = app_connect::config::pointer::join(pointer, key);
                let written: String = serde_json::from_str(&source[map.key_span(&member)]).expect("a key");
                assert_eq!(&written, key);
                check_places(source, map, &member, value);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                check_places(source, map, &format!("{pointer}/{index}"), value);
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_without_panic(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn nearly_json_is_judged_as_serde_json_judges(text in nearly_json()) {
        check(&text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_value_is_where_the_map_says(value in any_json(), pretty: bool) {
        let source = if pretty { format!("{value:#}") } else { value.to_string() };
        let (parsed, map) = parse(&source).expect("valid");
        prop_assert_eq!(&parsed, &serde_json::from_str::<Value>(&source).expect("valid"));
        check_places(&source, &map, "", &parsed);
    }

    #[test]
    fn a_document_with_a_piece_cut_out_is_explained(value in any_json(), at: prop::sample::Index, length in 1usize..4) {
        let source: Vec<char> = format!("{value:#}").chars().collect();
        let start = at.index(source.len());
        let end = (start + length).min(source.len());
        check(&source[..start].iter().chain(&source[end..]).collect::<String>());
    }

    #[test]
    fn a_part_of_a_string_is_found_again(text in "(\\PC|[\\n\\t\"\\\\😀é]){1,12}", all: bool, from: prop::sample::Index, to: prop::sample::Index) {
        let literal = if all { escaped(&text) } else { serde_json::to_string(&text).expect("string") };
        let source = format!("{{ \"key\": {literal} }}");
        let (_, map) = parse(&source).expect("valid");
        let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let (one, other) = (*from.get(&boundaries), *to.get(&boundaries));
        let decoded = one.min(other)..one.max(other);
        let span = map.string_span("/key", decoded.clone());
        let written: String = serde_json::from_str(&format!("\"{}\"", &source[span])).expect("a part of a string");
        prop_assert_eq!(&written, &text[decoded]);
    }
}
