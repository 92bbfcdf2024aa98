//! Values are encoded for the slot wherever in a template they are printed.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn rendered(source: &str, input: &Value, slot: Slot) -> Rendered {
    let template = compile(source).unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
    render(&template, &Context::from(input.clone()), slot, 10_000, crate::missing::Demand::Nothing).unwrap()
}

#[test]
fn values_are_encoded_in_calls_and_blocks() {
    let input = json!({"v": "A/../B?c#d&e=f G", "list": ["a/b", "c d"], "n": 1.5, "z": null});
    for (source, path, query) in [
        ("{{lowercase v}}", "a%2F..%2Fb%3Fc%23d%26e%3Df%20g", "a%2F..%2Fb%3Fc%23d%26e%3Df+g"),
        ("{{#if v}}{{v}}{{/if}}", "A%2F..%2FB%3Fc%23d%26e%3Df%20G", "A%2F..%2FB%3Fc%23d%26e%3Df+G"),
        ("{{#each list}}/{{this}}{{/each}}", "/a%2Fb/c%20d", "/a%2Fb/c+d"),
        ("{{#with v}}{{../v.0}}={{length}}{{/with}}{{n}}{{z}}", "A=161.5", "A=161.5"),
        ("{{join list \"/\"}}", "a%2Fb%2Fc%20d", "a%2Fb%2Fc+d"),
        ("{{default z \"a/b\"}}", "a%2Fb", "a%2Fb"),
        ("{{trim list}}&{{{join list \"/\"}}}", "a%2Fb%2Cc%20d&a/b/c d", "a%2Fb,c+d&a/b/c d"),
        ("{{#if v}}{{& v}}{{/if}}", "A/../B?c#d&e=f G", "A/../B?c#d&e=f G"),
        ("{{urlencode list.0}}{{#if v}}{{urlencode list.1}}{{/if}}", "a%2Fbc%20d", "a%2Fbc%20d"),
        ("a{{default z omit}}{{omit}}b", "ab", "ab"),
    ] {
        let text = |text: &str| Rendered::Text(text.to_owned());
        assert_eq!(rendered(source, &input, Slot::PathSegment), text(path), "{source}");
        assert_eq!(rendered(source, &input, Slot::QueryValue), text(query), "{source}");
    }
    assert_eq!(rendered("{{default z omit}}", &input, Slot::QueryValue), Rendered::Omitted);
    let as_it_is = Rendered::Text("a/../b?c#d&e=f g".to_owned());
    assert_eq!(rendered("{{lowercase v}}", &input, Slot::Json), as_it_is);
}

proptest! {
    #[test]
    fn no_value_leaves_its_place(value in "(\\PC|[/?#&=%. \\\\]){0,12}") {
        let input = json!({"v": value, "list": [value, value]});
        for source in [
            "{{lowercase v}}",
            "{{default v \"x\"}}",
            "{{#if v}}{{v}}{{/if}}",
            "{{#each list}}{{this}}{{/each}}",
            "{{#with v}}{{this}}{{/with}}",
            "{{join list \"/\"}}",
            "{{urlencode v}}",
        ] {
            for slot in [Slot::PathSegment, Slot::QueryValue] {
                let Rendered::Text(text) = rendered(source, &input, slot) else { continue };
                prop_assert!(!text.contains(['/', '?', '#', '&', '=', '\\', ' ']), "{}: {}", source, text);
                prop_assert!(text.is_ascii(), "{}: {}", source, text);
            }
        }
    }
}
