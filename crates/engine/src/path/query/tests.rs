use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn compiled(text: &str) -> Query {
    Query::compile(&parse_json_path(text).unwrap_or_else(|error| panic!("{text}: {error}")))
        .unwrap_or_else(|refusal| panic!("{text}: {refusal}"))
}

/// What the library's own evaluator finds.
fn by_the_library<'v>(text: &str, root: &'v Value) -> Vec<&'v Value> {
    let found = js_path_process(&parse_json_path(text).unwrap(), root).unwrap_or_default();
    found.into_iter().map(|found| found.val()).collect()
}

#[track_caller]
fn agrees(text: &str, root: &Value) {
    let found = compiled(text).values(root).unwrap();
    assert_eq!(found, by_the_library(text, root), "{text} of {root}");
}

#[test]
fn queries_find_what_the_library_finds() {
    let root = json!({
        "list": [
            {"id": 1, "name": "Ada", "on": true, "tags": ["x", "y"], "n": 1.5},
            {"id": 2, "name": "bob\r", "on": false, "tags": [], "n": 2},
            {"id": "3", "name": null, "tags": ["y"], "more": {"id": 9, "list": [{"id": 7}]}},
            [1, 2, 3], "text", null,
        ],
        "want": ["x", "z"], "pat": "A.*", "empty": {}, "one": [5],
    });
    for query in [
        "$.list[*].id",
        "$.list[*]",
        "$.list[0:2]",
        "$.list[::-1]",
        "$.list[-2:]",
        "$.list[3:0:-2]",
        "$.list[::0]",
        "$.list[0,2,'x']",
        "$['list','want']",
        "$['want','list'][0]",
        "$..id",
        "$..list",
        "$..*",
        "$..list..id",
        "$..*..*",
        "$..[0]",
        "$..['id','n']",
        "$.empty[*]",
        "$.empty.*",
        "$.nope[*]",
        "$.*",
        "$.*.*",
        "$[*][*][*]",
        "$.list[?@.on]",
        "$.list[?!@.on]",
        "$.list[?@.on == true]",
        "$.list[?@.id == 1]",
        "$.list[?@.id != 1]",
        "$.list[?@.n < 2]",
        "$.list[?@.n <= 2]",
        "$.list[?@.n > 1.5]",
        "$.list[?@.n >= 1.5]",
        "$.list[?@.name > 'B']",
        "$.list[?@.name == null]",
        "$.list[?@.x == @.y]",
        "$.list[?@.id == '3' || @.on]",
        "$.list[?@.on && (@.n == 1.5 || @.n == 3)]",
        "$.list[?!(@.on || @.id)]",
        "$.list[?@.tags[*]]",
        "$.list[?@.tags[0] == 'x']",
        "$.list[?@.tags == $.one]",
        "$.list[?length(@.tags) == 2]",
        "$.list[?length(@.name) == 3]",
        "$.list[?length(@) > 3]",
        "$.list[?count(@.tags[*]) > 1]",
        "$.list[?count(@.*) == 0]",
        "$.list[?value(@..id) == 1]",
        "$.list[?value(@.tags[*]) == 'y']",
        "$.list[?search(@.name, 'a')]",
        "$.list[?match(@.name, 'A.a')]",
        "$.list[?match(@.name, 'A|Ada')]",
        "$.list[?search(@.name, 'b.')]",
        "$.list[?!search(@.name, '[.]')]",
        "$.list[?search(@.id, '1')]",
        "$.list[?any_of(@.tags, $.want)]",
        "$.list[?in(@.id, $.one)]",
        "$.list[?nin(@.id, $.one)]",
        "$.list[?none_of(@.tags, $.want)]",
        "$.list[?subset_of(@.tags, $.want)]",
        "$.list[?@ == 'text']",
        "$.list[?count($.list[?@.on]) > 0]",
        "$..[?@.id == 7]",
        "$..[?@.id]",
        "$[?@[0]]",
        "$[?length(@) == 2]",
        "$.list[?$.pat == 'A.*']",
        "$.list[?@.more.list[0].id == 7].id",
    ] {
        agrees(query, &root);
    }
}

#[test]
fn patterns_are_compiled_with_the_query() {
    let refusal = |text: &str| Query::compile(&parse_json_path(text).unwrap()).unwrap_err();
    for text in ["$.a[?search(@.b, @.c)]", "$.a[?match(@.b, $.c)]", "$.a[?match(@.b, 5)]"] {
        assert!(refusal(text).contains("is a text in quotes"), "{text}");
    }
    for text in
        ["$.a[?search(@.b, '(')]", "$.a[?match(@.b, '(a{1000}){1000}')]", "$[?count(@[?match(@, '(')]) > 1]"]
    {
        assert!(refusal(text).contains("cannot be used"), "{text}");
    }
}

#[test]
fn work_ends_with_the_budget() {
    let list: Vec<Value> =
        (0..3000).map(|id| json!({"id": id, "a": {"b": {"c": [id]}}, "t": "aaaa".repeat(50)})).collect();
    let root = json!({"list": list});
    for text in [
        "$..*..*..*",
        "$.list[?count($.list[?@.id == 'x']) > 0]",
        "$.list[?any_of($.list, $.list)]",
        "$.list[?search(@.t, '(a?){200}(a{200}){5}b')]",
        "$.list[?$.list == $.list]",
        "$.list[?length($..*) == 1]",
    ] {
        let query = compiled(text);
        budget::within(200_000, || {
            assert_eq!(query.values(&root), Err(Spent), "{text}");
            assert!(budget::is_spent());
        });
    }
    budget::within(200_000, || {
        assert_eq!(compiled("$.list[?search(@.t, '^a+$')].id").values(&root).unwrap().len(), 3000)
    });
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..4).prop_map(Value::from),
        (-3i8..4).prop_map(|half| Value::from(f64::from(half) / 2.0)),
        "[ab]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[abc]", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn queries() -> impl Strategy<Value = String> {
    let step = prop_oneof![
        "\\.[abc]",
        Just(".*".to_owned()),
        Just("[*]".to_owned()),
        "\\[-?[0-2]\\]",
        "\\.\\.[abc]",
        Just("..*".to_owned()),
        "\\['[abc]','[abc]'\\]",
        "\\[-?[0-2]?:-?[0-3]?\\]",
        "\\[[0-3]?:[0-3]?:-?[1-2]\\]",
    ];
    let path = prop::collection::vec(step.clone(), 0..3).prop_map(|steps| steps.concat());
    // Below a value without members the library finds nothing to count, where the RFC counts none.
    let counted = path.clone().prop_filter("the library counts otherwise", |path| !path.contains(".."));
    let singular =
        prop::collection::vec("\\.[abc]|\\[[0-2]\\]", 0..3).prop_map(|steps| format!("@{}", steps.concat()));
    let literal = prop_oneof![Just("null".to_owned()), "true|false|-?[0-3]|'[ab]{0,2}'"];
    let atom = prop_oneof![
        (singular.clone(), "==|!=|<|<=|>|>=", literal)
            .prop_map(|(path, sign, value)| format!("{path} {sign} {value}")),
        (singular.clone(), "==|!=|<|<=", singular.clone()).prop_map(|(a, sign, b)| format!("{a} {sign} {b}")),
        // A filter right on the item is what the library reads otherwise than the RFC.
        ("!?", path.clone()).prop_map(|(not, path)| format!("{not}@.a{path}")),
        ("!?", "search|match", singular.clone(), "[ab.|]{0,3}")
            .prop_map(|(not, name, text, pattern)| format!("{not}{name}({text}, '{pattern}')")),
        ("count|length", counted, "==|<|>", 0..4)
            .prop_map(|(name, path, sign, n)| format!("{name}(@.b{path}) {sign} {n}")),
    ];
    let filter =
        (atom.clone(), "&&|\\|\\|", atom.clone()).prop_map(|(a, sign, b)| format!("[?{a} {sign} {b}]"));
    let filter = prop_oneof![atom.prop_map(|atom| format!("[?{atom}]")), filter];
    prop::collection::vec(prop_oneof![3 => step, 1 => filter], 1..5)
        .prop_map(|steps| format!("${}", steps.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any query over any value gives what the library's own evaluator gives.
    #[test]
    fn any_query_finds_what_the_library_finds(query in queries(), root in values()) {
        if parse_json_path(&query).is_ok() {
            agrees(&query, &root);
        }
    }

    /// Any query ends within its budget, whatever the value.
    #[test]
    fn any_query_ends_within_its_budget(query in queries(), root in values(), copies in 1usize..40) {
        if let Ok(parsed) = parse_json_path(&query) {
            let root = json!(vec![json!({"a": root, "b": vec![root.clone(); 3]}); copies]);
            let steps = 2000;
            budget::within(steps, || {
                if let Ok(found) = Query::compile(&parsed).unwrap().values(&root) {
                    prop_assert!(found.len() as u64 <= steps);
                }
                Ok(())
            })?;
        }
    }
}
