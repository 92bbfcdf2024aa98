//! How much a template may work, whatever it is given.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Context, RenderProblem, Rendered, compile, render};
use crate::budget;
use crate::encode::Slot;
use crate::missing::Demand;

/// Far more than any of it takes, and far less than it took when only writes were counted: the machine may be
/// busy, and the build is slow.
const MOST: Duration = Duration::from_secs(20);

fn rendered(source: &str, input: &Context) -> Result<Rendered, RenderProblem> {
    let template = compile(source).unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
    let started = Instant::now();
    let rendered = render(&template, input, Slot::Json, 1 << 20, Demand::Nothing);
    assert!(started.elapsed() < MOST, "{source} took {:?}", started.elapsed());
    rendered
}

fn input(tags: usize, note: usize) -> Context {
    let tags = vec!["a"; tags];
    Context::from(json!({
        "tags": tags, "note": "A,".repeat(note / 2), "one": {"tags": tags}, "text": json!({"tags": tags}).to_string(),
    }))
}

#[test]
fn what_only_looks_something_up_is_linear() {
    let input = input(20_000, 1000);
    for (source, expected) in [
        ("{{#each tags}}{{lookup ../tags @index}}{{/each}}", "a".repeat(20_000)),
        ("{{#each one.tags}}{{#if (eq (lookup @root.one.tags -1) 'zz')}}y{{/if}}{{/each}}x", "x".to_owned()),
        ("{{#each tags}}{{#if (gt ../tags.length 10)}}{{else}}n{{/if}}{{/each}}", String::new()),
        ("{{#each tags}}{{#if (and ../tags ../one)}}{{else}}n{{/if}}{{/each}}", String::new()),
        ("{{#each tags}}{{#if (first ../tags)}}{{else}}n{{/if}}{{/each}}", String::new()),
        ("{{#each (default none tags)}}{{#if (eq ../tags ../none)}}n{{/if}}{{/each}}", String::new()),
        (
            "{{#with (lookup one 'tags')}}{{#each this}}{{#if (last @root.one.tags)}}{{/if}}{{/each}}{{/with}}",
            String::new(),
        ),
    ] {
        assert_eq!(rendered(source, &input), Ok(Rendered::Text(expected)), "{source}");
    }
}

#[test]
fn what_goes_through_much_again_and_again_is_stopped() {
    let input = input(20_000, 1_000_000);
    let too_much = Err(RenderProblem::TooManySteps { limit: budget::RENDER_STEPS });
    let input_of_split = self::input(20_000, 100_000);
    for source in [
        "{{#each tags}}{{#each ../tags}}{{#each ../../tags}}{{/each}}{{/each}}{{/each}}",
        "{{#each tags}}{{#each ../tags}}{{#if this}}{{/if}}{{/each}}{{/each}}",
        "{{#each tags}}{{#if (eq (lowercase ../note) 'x')}}y{{/if}}{{/each}}",
        "{{#each tags}}{{#if (gt ../note.length 10)}}{{else}}n{{/if}}{{/each}}",
        "{{#each tags}}{{#if (eq (lookup (split ../note ',') @index) 'x')}}y{{/if}}{{/each}}",
        "{{#each tags}}{{#if (eq ../tags ../one.tags)}}{{/if}}{{/each}}",
        "{{#each tags}}{{#if (lookup ../note 900000)}}{{/if}}{{/each}}",
        "{{#each tags}}{{#if (date ../note 'YYYY')}}{{/if}}{{/each}}",
        "{{#each tags}}{{#if (phone '+14155550101' ../note)}}{{/if}}{{/each}}",
        "{{#each tags}}{{#if (phone ../note 'e164')}}{{/if}}{{/each}}",
        "{{#each tags}}{{#if (match ../note '(a?){200}(a{200}){5}b')}}{{/if}}{{/each}}",
        "{{#each tags}}{{#if (select ../one '$..tags[?@ == 1]')}}{{/if}}{{/each}}",
        "{{#each tags}}{{#if (number ../note)}}{{/if}}{{/each}}",
        "{{#each tags}}{{#if (words ../note ../note)}}{{/if}}{{/each}}",
        "{{#each tags}}{{#if (fromJson @root.text)}}{{/if}}{{/each}}",
        "{{#each tags}}{{#if (join ../tags ',')}}{{/if}}{{/each}}",
        "{{#with (fromJson text)}}{{#each tags}}{{#if ../this}}{{/if}}{{#if (lookup ../tags 0)}}{{/if}}{{/each}}{{/with}}",
        "{{#each (split note ',')}}{{#each ../tags}}{{#if ../this}}{{/if}}{{/each}}{{/each}}",
        "{{#each tags as |tag at|}}{{#with @root.one as |one|}}{{#each one.tags}}{{tag}}{{/each}}{{/with}}{{/each}}",
    ] {
        // A longer text is not split at all.
        let input = if source.contains("split") { &input_of_split } else { &input };
        assert_eq!(rendered(source, input), too_much, "{source}");
    }
    let many = "{{#if (eq (uppercase note) 'x')}}y{{/if}}".repeat(600);
    assert_eq!(rendered(&many, &input), too_much);
}

#[test]
fn long_names_are_part_of_what_a_loop_looks_at() {
    let list: Value = (0..20).map(|at| (format!("{at}{}", "k".repeat(500_000)), json!({"a": 1}))).collect();
    let source = format!("{{{{#each list}}}}{}{{{{/each}}}}", "{{#if a}}{{/if}}".repeat(2000));
    let rendered = rendered(&source, &Context::from(json!({"list": list})));
    assert!(matches!(rendered, Err(RenderProblem::TooManySteps { .. })), "{rendered:?}");
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("note".to_owned()),
        Just("tags".to_owned()),
        Just("@root.one.tags".to_owned()),
        Just("@root.note.length".to_owned()),
        Just("@root.text".to_owned()),
        Just("this".to_owned()),
        Just("../this".to_owned()),
        Just("@index".to_owned()),
        Just("'a'".to_owned()),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            ("default|eq|ne|gt|and|or|words|coalesce|lookup", inner.clone(), inner.clone())
                .prop_map(|(name, a, b)| format!("({name} {a} {b})")),
            ("json|base64|urlencode|lowercase|trim|first|last|not|fromJson|number|boolean", inner.clone())
                .prop_map(|(name, a)| format!("({name} {a})")),
            ("split|join", inner.clone(), "'[,a]?'").prop_map(|(name, a, b)| format!("({name} {a} {b})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("(if {a} {b} {c})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(replace {a} 'a' {b})")),
            ("select|selectAll", inner.clone()).prop_map(|(name, a)| format!("({name} {a} '$..*')")),
            inner.clone().prop_map(|a| format!("(match {a} '[a-c]+,')")),
            inner.clone().prop_map(|a| format!("(date {a} 'iso')")),
            inner.prop_map(|a| format!("(phone {a} 'e164')")),
        ]
    })
}

fn templates() -> impl Strategy<Value = String> {
    let printed = value().prop_map(|value| format!("{{{{default {value} 'x'}}}}"));
    printed.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            ("each|with|if|unless", value(), inner.clone()).prop_map(|(name, value, content)| format!(
                "{{{{#{name} {value}}}}}{content}{{{{/{name}}}}}"
            )),
            (inner.clone(), inner).prop_map(|(a, b)| a + &b),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any template ends within its budget, however long what it is given.
    #[test]
    fn any_template_over_long_values_ends_within_its_budget(source in templates()) {
        match rendered(&source, &input(3000, 60_000)) {
            Ok(_) | Err(RenderProblem::TooManySteps { .. } | RenderProblem::TooLong { .. }) => {}
            Err(RenderProblem::Helper { message, .. }) => {
                prop_assert!(message.contains("longer than"), "{source}: {message}");
            }
            Err(problem) => prop_assert!(false, "{source}: {problem}"),
        }
    }
}
