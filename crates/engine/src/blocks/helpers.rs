//! The helpers of the template language: one list with names, documentation and examples.

use super::functions::{self as functions, Arguments, Outcome, Picked};
use super::helper_doc::{HelperDoc, HelperKind};
use super::reading;

/// The helper of that name.
pub fn find(name: &str) -> Option<&'static HelperDoc> {
    HELPERS.iter().find(|helper| helper.name == name)
}

/// Names of the helpers that give a value; blocks are not among them.
pub fn value_names() -> impl Iterator<Item = &'static str> {
    HELPERS.iter().filter(|helper| !matches!(helper.kind, HelperKind::Block { .. })).map(|helper| helper.name)
}

/// A variadic helper takes up to this many arguments.
const MANY: usize = 32;

const fn value(
    arguments: (usize, usize),
    options: &'static [&'static str],
    run: fn(Arguments<'_, '_>) -> Outcome,
) -> HelperKind {
    HelperKind::Value { arguments, options, run }
}

const fn pick(arguments: (usize, usize), run: fn(Arguments<'_, '_>) -> Picked) -> HelperKind {
    HelperKind::Pick { arguments, run }
}

/// Every helper. Null in (a missing variable), null out, unless the sentence says otherwise.
pub const HELPERS: &[HelperDoc] = &[
    HelperDoc {
        name: "default",
        signature: "default a b…",
        doc: "The first value that is not null, missing, empty text or an empty list.",
        example: "{{default contact.name phoneNumber \"unknown\"}}",
        input: r#"{"contact": {"name": ""}, "phoneNumber": "+14155550123"}"#,
        result: "+14155550123",
        kind: pick((1, MANY), functions::default),
    },
    HelperDoc {
        name: "json",
        signature: "json value",
        doc: "The value as JSON text; null gives `null`.",
        example: "{{json tags}}",
        input: r#"{"tags": ["a", 1.5, null]}"#,
        result: r#"["a",1.5,null]"#,
        kind: value((1, 1), &[], functions::json),
    },
    HelperDoc {
        name: "base64",
        signature: "base64 text",
        doc: "The text's UTF-8 bytes in Base64 (standard alphabet, padded).",
        example: "Basic {{base64 (join (split \"KEY X\" \" \") \":\")}}",
        input: "{}",
        result: "Basic S0VZOlg=",
        kind: value((1, 1), &[], functions::base64),
    },
    HelperDoc {
        name: "urlencode",
        signature: "urlencode text",
        doc: "The text percent-encoded as JavaScript's encodeURIComponent does.",
        example: "{{urlencode name}}",
        input: r#"{"name": "Zoë & Co/1"}"#,
        result: "Zo%C3%AB%20%26%20Co%2F1",
        kind: value((1, 1), &[], functions::urlencode),
    },
    HelperDoc {
        name: "lowercase",
        signature: "lowercase text",
        doc: "The text in lower case.",
        example: "{{lowercase direction}}",
        input: r#"{"direction": "Inbound"}"#,
        result: "inbound",
        kind: value((1, 1), &[], functions::lowercase),
    },
    HelperDoc {
        name: "uppercase",
        signature: "uppercase text",
        doc: "The text in upper case.",
        example: "{{uppercase direction}}",
        input: r#"{"direction": "Inbound"}"#,
        result: "INBOUND",
        kind: value((1, 1), &[], functions::uppercase),
    },
    HelperDoc {
        name: "trim",
        signature: "trim text",
        doc: "The text without white space at both ends.",
        example: "[{{trim note}}]",
        input: r#"{"note": "  call back \n"}"#,
        result: "[call back]",
        kind: value((1, 1), &[], functions::trim),
    },
    HelperDoc {
        name: "truncate",
        signature: "truncate text length [end=\"…\"] [unit=\"characters\"]",
        doc: "The text in at most that many `characters` (UTF-16 units, as most CRMs count, also written `utf16`), `codepoints` or UTF-8 `bytes` (`unit`), with `end` where something is cut off; `end` counts too, and no character or emoji is cut in two.",
        example: "{{truncate subject 16}} {{truncate subject 8 end=\"\"}}",
        input: r#"{"subject": "Outbound Call to Carol"}"#,
        result: "Outbound Call t… Outbound",
        kind: value((2, 2), &["end", "unit"], functions::truncate),
    },
    HelperDoc {
        name: "replace",
        signature: "replace text from to",
        doc: "The text with every `from` replaced by `to`, both taken literally.",
        example: "{{replace phoneNumber \"+\" \"00\"}}",
        input: r#"{"phoneNumber": "+14155550123"}"#,
        result: "0014155550123",
        kind: value((3, 3), &[], functions::replace),
    },
    HelperDoc {
        name: "split",
        signature: "split text separator",
        doc: "The parts of the text between separators, as an array; an empty separator gives the characters.",
        example: "{{json (split name \" \")}} {{lookup (split name \" \") 0}}",
        input: r#"{"name": "Ada Lovelace"}"#,
        result: r#"["Ada","Lovelace"] Ada"#,
        kind: value((2, 2), &[], functions::split),
    },
    HelperDoc {
        name: "join",
        signature: "join array separator",
        doc: "The elements of the array as one text, with the separator between them.",
        example: "{{join tags \"; \"}}",
        input: r#"{"tags": ["call", "sales"]}"#,
        result: "call; sales",
        kind: value((2, 2), &[], functions::join),
    },
    HelperDoc {
        name: "phone",
        signature: "phone number format [region=\"US\"]",
        doc: "The number as `e164`, `national`, `international`, `digits` (national, without the country code) or in a mask in which each `#` or `*` is one such digit; of several formats with commas between them, in the first that it fits. A number without a country code belongs to `region`, else to the country of the user's RingCentral account, else to `meta.region`. Null where it is no possible number (an extension, a hidden number), its country is not known, it has more or fewer digits than the mask, or it is from outside of the region and the format has no country code.",
        example: "{{phone n \"e164\" region=\"US\"}} {{phone n \"digits\" region=\"US\"}} {{phone \"+14155550123\" \"(###) ###-####\"}}",
        input: r#"{"n": "415-555-0123"}"#,
        result: "+14155550123 4155550123 (415) 555-0123",
        kind: value((2, 2), &["region"], functions::phone),
    },
    HelperDoc {
        name: "phoneVariants",
        signature: "phoneVariants number [formats] [region=\"US\"]",
        doc: "The spellings under which a CRM may have the number, as an array, the likeliest first: in the formats (as `phone` takes them, with commas between them, or an array), in E.164 with and without `+`, international, national, as digits, as it was sent. Without the country code only where the number belongs to the region. Empty for extensions and hidden numbers.",
        example: "{{json (phoneVariants phoneNumber \"***-***-****\" region=\"US\")}}",
        input: r#"{"phoneNumber": "+14155550123"}"#,
        result: r#"["415-555-0123","+14155550123","14155550123","+1 415-555-0123","4155550123","(415) 555-0123"]"#,
        kind: value((1, 2), &["region"], functions::phone_variants),
    },
    HelperDoc {
        name: "date",
        signature: "date time format [zone=\"America/New_York\"]",
        doc: "The time (ISO 8601, RFC 2822, seconds or milliseconds since 1970) as `iso`, `unix`, `unixms` (both numbers), `date`, `rfc2822` or in a pattern of moment.js such as `YYYY-MM-DD hh:mm:ss A`, in UTC or the given zone (see below; an unknown zone counts as UTC); null where it is no time.",
        example: "{{date startTime \"YYYY-MM-DD hh:mm A\" zone=\"America/New_York\"}}",
        input: r#"{"startTime": "2023-11-14T22:13:20.000Z"}"#,
        result: "2023-11-14 05:13 PM",
        kind: value((2, 2), &["zone"], functions::date),
    },
    HelperDoc {
        name: "add",
        signature: "add time length",
        doc: "The time moved by a number of seconds or a length such as `15m`, `-2h`, `1d`, `1h 30m` (weeks to seconds; a day is 24 hours), as `2023-11-14T22:13:20.000Z`; it does not add plain numbers; null where one of both is missing.",
        example: "{{add startTime duration}}",
        input: r#"{"startTime": "2023-11-14T22:13:20.000Z", "duration": 90}"#,
        result: "2023-11-14T22:14:50.000Z",
        kind: value((2, 2), &[], functions::add),
    },
    HelperDoc {
        name: "now",
        signature: "now [offset=\"+1d\"]",
        doc: "The variable `now`, moved by an offset as `add` does.",
        example: "{{date (now offset=\"+1d\") \"date\"}}",
        input: r#"{"now": "2026-01-15T09:30:00.000Z"}"#,
        result: "2026-01-16",
        kind: value((0, 0), &["offset"], functions::now),
    },
    HelperDoc {
        name: "multiply",
        signature: "multiply a b",
        doc: "The product of two numbers (also written as text): minutes as seconds, seconds as milliseconds; null where one of both is none.",
        example: "{{add startTime (multiply durationMinutes 60)}}",
        input: r#"{"startTime": "2026-07-20T19:00:00.000Z", "durationMinutes": 30}"#,
        result: "2026-07-20T19:30:00.000Z",
        kind: value((2, 2), &[], functions::multiply),
    },
    HelperDoc {
        name: "number",
        signature: "number text",
        doc: "The number that the text spells, for CRMs that refuse digits in quotes; null where it spells none.",
        example: "{{json (number contactId)}}",
        input: r#"{"contactId": "9007199254740993"}"#,
        result: "9007199254740993",
        kind: value((1, 1), &[], functions::to_number),
    },
    HelperDoc {
        name: "boolean",
        signature: "boolean value",
        doc: "The boolean that the value says: a boolean itself, a number other than 0, and the texts `true`, `yes`, `on`, `1` and `false`, `no`, `off`, `0`, in any case; null where it says none.",
        example: "{{json (boolean answered)}}",
        input: r#"{"answered": "Yes"}"#,
        result: "true",
        kind: value((1, 1), &[], functions::to_boolean),
    },
    HelperDoc {
        name: "eq",
        signature: "eq a b",
        doc: "Whether both are equal; a number or boolean equals its text, and a missing value equals null.",
        example: "{{#if (eq direction \"Inbound\")}}in{{else}}out{{/if}}",
        input: r#"{"direction": "Inbound"}"#,
        result: "in",
        kind: pick((2, 2), functions::eq),
    },
    HelperDoc {
        name: "ne",
        signature: "ne a b",
        doc: "Whether both are not equal.",
        example: "{{ne result \"Missed\"}}",
        input: r#"{"result": "Missed"}"#,
        result: "false",
        kind: pick((2, 2), functions::ne),
    },
    HelperDoc {
        name: "gt",
        signature: "gt a b",
        doc: "Whether a is greater than b: numbers (also written as text) by size, other texts by their characters, else false.",
        example: "{{gt duration 60}}",
        input: r#"{"duration": "90"}"#,
        result: "true",
        kind: value((2, 2), &[], functions::gt),
    },
    HelperDoc {
        name: "lt",
        signature: "lt a b",
        doc: "Whether a is less than b, compared as `gt` does.",
        example: "{{lt duration 60}}",
        input: r#"{"duration": 90}"#,
        result: "false",
        kind: value((2, 2), &[], functions::lt),
    },
    HelperDoc {
        name: "and",
        signature: "and a b…",
        doc: "Whether all are true; null, false, 0, and empty text, arrays and objects are not.",
        example: "{{and note (gt duration 60)}}",
        input: r#"{"note": "n", "duration": 90}"#,
        result: "true",
        kind: pick((1, MANY), functions::and),
    },
    HelperDoc {
        name: "or",
        signature: "or a b…",
        doc: "Whether at least one is true, in the sense of `and`; for the value itself use `default`.",
        example: "{{or note transcript}}",
        input: r#"{"note": ""}"#,
        result: "false",
        kind: pick((1, MANY), functions::or),
    },
    HelperDoc {
        name: "not",
        signature: "not a",
        doc: "Whether the value is not true, in the sense of `and`.",
        example: "{{not note}}",
        input: "{}",
        result: "true",
        kind: pick((1, 1), functions::not),
    },
    HelperDoc {
        name: "lookup",
        signature: "lookup value key",
        doc: "The element of an array, or the field of an object, with a computed index or name; -1 is the last element.",
        example: "{{lookup labels result}}",
        input: r#"{"labels": {"Missed": "No answer"}, "result": "Missed"}"#,
        result: "No answer",
        kind: pick((2, 2), functions::lookup),
    },
    reading::FROM_JSON,
    reading::SELECT,
    reading::SELECT_ALL,
    reading::MATCH,
    reading::WORDS,
    reading::COALESCE,
    reading::FIRST,
    reading::LAST,
    HelperDoc {
        name: "omit",
        signature: "omit",
        doc: "Leaves the key out whose value it is; also as an argument: `default note omit`.",
        example: "{{#if note}}{{note}}{{else}}{{omit}}{{/if}}",
        input: r#"{"note": "call back"}"#,
        result: "call back",
        kind: value((0, 0), &[], functions::omit),
    },
    HelperDoc {
        name: "if",
        signature: "#if a […else…]",
        doc: "Its content where the value is true in the sense of `and`, else what follows `{{else}}`. Where a value stands, `{{if a b c}}` is `b` or `c`, with its type; without `c`, null.",
        example: "{{#if duration}}answered{{else}}missed{{/if}}",
        input: r#"{"duration": 0}"#,
        result: "missed",
        kind: HelperKind::Block { options: &["includeZero"] },
    },
    HelperDoc {
        name: "unless",
        signature: "#unless a […else…]",
        doc: "Its content where the value is not true.",
        example: "{{#unless duration}}missed{{/unless}}",
        input: r#"{"duration": 0}"#,
        result: "missed",
        kind: HelperKind::Block { options: &["includeZero"] },
    },
    HelperDoc {
        name: "each",
        signature: "#each list [as |item index|] […else…]",
        doc: "Its content for every element (`this`, `@index`, `@first`, `@last`, `@key` of an object), or what follows `{{else}}` where there is none.",
        example: "{{#each contacts}}{{@index}}. {{name}}\n{{/each}}",
        input: r#"{"contacts": [{"name": "Ada"}, {"name": "Bob"}]}"#,
        result: "0. Ada\n1. Bob\n",
        kind: HelperKind::Block { options: &[] },
    },
    HelperDoc {
        name: "with",
        signature: "#with value [as |name|] […else…]",
        doc: "Its content with the fields of the value as variables; `../` reads from outside.",
        example: "{{#with contactInfo}}{{name}} ({{../phoneNumber}}){{/with}}",
        input: r#"{"contactInfo": {"name": "Ada"}, "phoneNumber": "101"}"#,
        result: "Ada (101)",
        kind: HelperKind::Block { options: &[] },
    },
];

#[cfg(test)]
mod tests {
    use handlebars::{Context, Handlebars};
    use serde_json::Value;

    use super::*;
    use crate::blocks::compile;
    use crate::blocks::output::{Rendered, render};
    use crate::blocks::run::register;
    use crate::encode::Slot;

    fn rendered(source: &str, input: &str) -> Rendered {
        let mut handlebars = Handlebars::new();
        register(&mut handlebars, Slot::Json);
        let template = compile(source).unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
        let input: Value = serde_json::from_str(input).unwrap();
        render(&handlebars, &template, &Context::from(input), 10_000)
            .unwrap_or_else(|problem| panic!("{source}: {problem}"))
    }

    #[test]
    fn every_example_gives_its_result() {
        for helper in HELPERS {
            let expected = Rendered::Text(helper.result.to_owned());
            assert_eq!(rendered(helper.example, helper.input), expected, "{}", helper.name);
            assert!(helper.example.contains(helper.name), "{}", helper.name);
        }
    }

    #[test]
    fn values_stay_typed_through_nesting() {
        let input = r#"{"now": "2026-01-15T09:30:00.000Z", "a": [], "n": 7, "t": "x", "f": false, "big": 9007199254740993,
            "s": "2023-11-14T22:13:20Z", "list": ["p", {"q": [1]}]}"#;
        for (source, expected) in [
            ("{{json (default (lookup a 0) 5)}}", "5"),
            ("{{json (default nothing f)}}", "false"),
            ("{{json (default n t)}}", "7"),
            ("{{json (default nothing)}}", "null"),
            ("{{json (lookup list 1)}}", "{\"q\":[1]}"),
            ("{{json (lookup list \"1\")}}{{json (lookup t 0)}}", "{\"q\":[1]}\"x\""),
            ("{{json (date s \"unix\")}}", "1700000000"),
            (
                "{{json (number \"-7\")}} {{json (number \" 1.5 \")}} {{json (number t)}} {{json (number \"99999999999999999999\")}} {{json (number list)}}",
                "-7 1.5 null 99999999999999999999 null",
            ),
            (
                "{{json (multiply n \"1000\")}} {{json (multiply 1.5 60)}} {{json (multiply n 0.1)}} {{json (multiply n t)}}",
                "7000 90 0.7000000000000001 null",
            ),
            (
                "{{json (eq n \"7\")}}{{json (eq n 7.0)}}{{json (eq nothing null)}}{{json (eq t nothing)}}",
                "truetruetruefalse",
            ),
            (
                "{{json (gt \"b\" \"a\")}}{{json (gt \"10\" 9)}}{{json (gt n t)}}{{json (lt f n)}}",
                "truetruefalsefalse",
            ),
            ("{{eq big 9007199254740993}} {{big}}", "true 9007199254740993"),
            (
                "{{json (base64 nothing)}}{{json (split nothing \",\")}}{{json (join nothing \",\")}}{{json (add nothing 5)}}{{json (add s nothing)}}{{json (phone nothing \"e164\")}}{{json (date t \"iso\")}}",
                "nullnullnullnullnullnullnull",
            ),
            ("{{json (replace \"a.b$&c\" \".\" \"$&\")}}{{replace \"aaa\" \"\" \"x\"}}", "\"a$&b$&c\"aaa"),
            (
                "{{json (split \"abc\" \"\")}}{{join t \"-\"}}{{uppercase list}}",
                "[\"a\",\"b\",\"c\"]xP,[OBJECT OBJECT]",
            ),
            ("{{add s \"-20.5\"}} {{add 1700000000 1}}", "2023-11-14T22:12:59.500Z 2023-11-14T22:13:21.000Z"),
            ("{{date s \"HH\" zone=t}}{{date s \"HH\" zone=nothing}}{{date s \"HH\" zone=-300}}", "222217"),
            (
                "{{json (and n t)}}{{json (and n a)}}{{json (or a f)}}{{json (or a n)}}{{json (not a)}}",
                "truefalsefalsetruetrue",
            ),
            (
                "{{json (now offset=\"-1h\")}}{{json (now offset=nothing)}}{{now}} {{#each list}}{{date (now offset=60) \"HH:mm\"}}{{/each}}",
                "\"2026-01-15T08:30:00.000Z\"null2026-01-15T09:30:00.000Z 09:3109:31",
            ),
            (
                "{{date \"now\" \"iso\"}} {{add 'Now' \"1d\"}}",
                "2026-01-15T09:30:00.000Z 2026-01-16T09:30:00.000Z",
            ),
            ("{{json (date \"tomorrow\" \"iso\")}}{{json (add s \"a while\")}}", "nullnull"),
            (
                "{{truncate t 1}}{{json (truncate nothing 5)}}{{truncate n 9}}{{truncate big \"4\" unit=\"bytes\"}}",
                "xnull79…",
            ),
            ("{{phone \"+14155550123\" \"+1 ***.***.****\"}}{{phone \"415\" t}}", "+1 415.555.0123"),
        ] {
            assert_eq!(rendered(source, input), Rendered::Text(expected.to_owned()), "{source}");
        }
    }
}
