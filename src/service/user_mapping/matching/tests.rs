use proptest::prelude::*;

use super::*;

fn user(id: Value, name: Value, email: Value) -> CrmUser {
    let given = |value: Value| Some(value).filter(|value| !value.is_null());
    CrmUser { id: given(id), name: given(name), email: given(email) }
}

fn of(users: &[CrmUser], extensions: Value, before: &[Mapping]) -> Matched {
    let Value::Array(extensions) = extensions else { panic!("{extensions}") };
    matched(users, &Extensions::new(extensions), before.to_vec())
}

/// The ids of the extensions that one user gets.
fn extensions_of(name: Value, email: Value, extensions: Value) -> Vec<Value> {
    let matched = of(&[user(json!("u"), name, email)], extensions, &[]);
    matched.users[0].rc_user.iter().map(|extension| extension.extension_id.clone()).collect()
}

#[test]
fn users_are_found_by_address_and_by_name() {
    let extensions = json!([
        {"id": "1", "name": "Grace H.", "firstName": "Grace", "lastName": "Hopper", "email": "grace@example.com"},
        {"id": 2, "name": "Ada Lovelace", "email": "Ada@Example.com"},
        {"id": "3", "firstName": "Linus", "lastName": " Torvalds"},
        {"id": "4", "email": "  "}, {"id": "5"}, {"id": "6", "name": "7"}
    ]);
    for (name, email, expected) in [
        (json!("x"), json!(" ADA@example.COM "), json!([2])),
        (json!(" ada  LOVELACE"), Value::Null, json!([2])),
        (json!("Grace Hopper"), json!("g@crm"), json!(["1"])),
        // The address goes before the name (Q85).
        (json!("Grace Hopper"), json!("ada@example.com"), json!([2])),
        (json!("linus torvalds"), json!(""), json!(["3"])),
        (json!(7), Value::Null, json!(["6"])),
        // Nothing is equal to nothing (Q82).
        (Value::Null, Value::Null, json!([])),
        (json!(""), json!("  "), json!([])),
        (json!("undefined undefined"), json!("undefined"), json!([])),
        (json!({"first": "Ada"}), json!(["ada@example.com"]), json!([])),
        (json!(true), json!(false), json!([])),
    ] {
        let found = extensions_of(name.clone(), email.clone(), extensions.clone());
        assert_eq!(json!(found), expected, "{name} {email}");
    }
}

#[test]
fn mappings_that_there_are_hold() {
    let users = [
        user(json!("u1"), json!("Ada"), json!("ada@example.com")),
        user(json!(2), json!("Ada"), json!("ada@example.com")),
        user(json!("u3"), json!("Ada"), json!("ada@example.com")),
        user(json!("u3"), json!("Ada"), json!("ada@example.com")),
    ];
    let before = [
        Mapping { crm_user_id: json!("u1"), rc_extension_id: Vec::new() },
        Mapping {
            crm_user_id: json!("2"),
            rc_extension_id: vec![json!("9"), json!("7"), json!("gone"), json!(7)],
        },
        Mapping { crm_user_id: json!("elsewhere"), rc_extension_id: vec![json!("8")] },
    ];
    let extensions = json!([
        {"id": 7, "name": "Seven"}, {"id": "8", "name": "ada"}, {"id": "9", "email": "nine@example.com"}
    ]);
    let matched = of(&users, extensions, &before);
    let shown: Vec<Vec<Value>> = matched
        .users
        .iter()
        .map(|user| user.rc_user.iter().map(|extension| extension.extension_id.clone()).collect())
        .collect();
    assert_eq!(json!(shown), json!([[], [7, "9"], ["8"], ["8"]]));
    // What was found is added once, and nothing else changes.
    let added = Mapping { crm_user_id: json!("u3"), rc_extension_id: vec![json!("8")] };
    assert_eq!(matched.mappings[..3], before);
    assert_eq!(matched.mappings[3..], [added]);
    assert!(matched.has_found);
}

#[test]
fn what_has_no_id_is_counted() {
    let long = "x".repeat(MAX_ID_BYTES + 1);
    let extensions =
        json!([null, "text", {"name": "Ada"}, {"id": "", "name": "Ada"}, {"id": long, "name": "Ada"}]);
    let users = [user(Value::Null, json!("Ada"), Value::Null), user(json!(long), json!("Ada"), Value::Null)];
    let found = Extensions::new(extensions.as_array().unwrap().clone());
    assert_eq!(found.skipped, 5);
    let matched = of(&users, json!([{"id": "1", "name": "Ada"}]), &[]);
    assert_eq!((matched.without_id, matched.has_found), (2, false));
    // They are shown all the same (recordings 24, `crm-user-without-id-unmatched`).
    assert_eq!(json!(matched.users[0]), json!({"crmUser": {"name": "Ada", "email": ""}, "rcUser": []}));
    // Zero is an id (recordings 24, `crm-id-zero`).
    let matched = of(&[user(json!(0), json!("Ada"), Value::Null)], json!([{"id": 0, "name": "Ada"}]), &[]);
    assert_eq!(json!(matched.mappings), json!([{"crmUserId": "0", "rcExtensionId": ["0"]}]));
}

#[test]
fn very_long_lists_are_matched_in_one_pass() {
    let extensions: Vec<Value> =
        (0..50_000).map(|n| json!({"id": n, "name": format!("N {n}"), "email": format!("{n}@a")})).collect();
    let users: Vec<CrmUser> = (0..10_000)
        .map(|n| user(json!(format!("u{n}")), Value::Null, json!(format!("{}@A", 49_999 - n))))
        .collect();
    let before: Vec<Mapping> = (5_000..10_000)
        .map(|n| Mapping { crm_user_id: json!(format!("u{n}")), rc_extension_id: vec![json!(n)] })
        .collect();
    // One comparison of all with all would take minutes in a build like that of the tests.
    let matched = matched(&users, &Extensions::new(extensions), before);
    assert_eq!(matched.mappings.len(), 10_000);
    assert!(matched.users.iter().all(|user| user.rc_user.len() == 1));
}

/// A value of any kind that clients and CRMs put where a name or an id belongs.
fn odd_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..4_i64).prop_map(Value::from),
        prop::sample::select(vec!["", " ", "a", "A ", "b", "a  b", "undefined", "0"]).prop_map(Value::from),
        Just(json!([])),
        Just(json!({"a": 1})),
    ]
}

fn odd_user() -> impl Strategy<Value = CrmUser> {
    (odd_value(), odd_value(), odd_value()).prop_map(|(id, name, email)| user(id, name, email))
}

fn odd_extension() -> impl Strategy<Value = Value> {
    let members = (odd_value(), odd_value(), odd_value(), odd_value(), odd_value());
    prop_oneof![
        1 => odd_value(),
        6 => members.prop_map(|(id, name, first, last, email)| {
            json!({"id": id, "name": name, "firstName": first, "lastName": last, "email": email})
        }),
    ]
}

/// As the matching compares, said another way.
fn are_equal(one: &Value, other: &Value) -> bool {
    let text = |value: &Value| match value {
        Value::String(text) => text.to_lowercase().split_whitespace().map(str::to_owned).collect(),
        Value::Number(number) => vec![number.to_string()],
        _ => Vec::new(),
    };
    let (one, other): (Vec<String>, Vec<String>) = (text(one), text(other));
    !one.is_empty() && one == other
}

proptest! {
    #[test]
    fn nobody_gets_an_extension_that_has_nothing_of_theirs(
        users in prop::collection::vec(odd_user(), 0..8),
        sent in prop::collection::vec(odd_extension(), 0..8),
    ) {
        let extensions = Extensions::new(sent.clone());
        let result = matched(&users, &extensions, Vec::new());
        prop_assert_eq!(result.users.len(), users.len());
        for (user, row) in users.iter().zip(&result.users) {
            prop_assert!(row.rc_user.len() <= 1);
            let null = Value::Null;
            let (name, email) = (user.name.as_ref().unwrap_or(&null), user.email.as_ref().unwrap_or(&null));
            let by_email = |extension: &&Value| are_equal(email, &extension["email"]);
            let by_name = |extension: &&Value| {
                are_equal(name, &extension["name"]) || are_equal(name, &joined_name(extension).into())
            };
            // Of extensions with one id the first counts.
            let id_of = |extension: &Value| extension.get("id").and_then(id_text);
            let is_first = |at: usize| sent[..at].iter().all(|before| id_of(before) != id_of(&sent[at]));
            let candidates = || {
                let known = sent.iter().enumerate().filter(|(at, extension)| id_of(extension).is_some() && is_first(*at));
                known.map(|(_, extension)| extension)
            };
            let best = candidates().find(by_email).or_else(|| candidates().find(by_name));
            let has_id = user.id.as_ref().is_some_and(is_id);
            let expected = best.filter(|_| has_id).map(|extension| extension["id"].clone());
            let shown = row.rc_user.first().map(|extension| extension.extension_id.clone());
            // Entries of one user show the same, whichever of them has what is found.
            let id = user.id.as_ref().and_then(id_text);
            let others = users.iter().zip(&result.users).filter(|(other, _)| {
                !std::ptr::eq(*other, user) && other.id.as_ref().and_then(id_text) == id
            });
            let others: Vec<_> = others.map(|(_, row)| json!(row.rc_user)).collect();
            if has_id && !others.is_empty() {
                let own = json!(row.rc_user);
                prop_assert!(others.iter().all(|other| *other == own));
                continue;
            }
            prop_assert_eq!(shown.as_ref().and_then(id_text), expected.as_ref().and_then(id_text));
        }
    }

    #[test]
    fn matching_again_finds_the_same_and_adds_nothing(
        users in prop::collection::vec(odd_user(), 0..8),
        sent in prop::collection::vec(odd_extension(), 0..8),
    ) {
        let extensions = Extensions::new(sent);
        let first = matched(&users, &extensions, Vec::new());
        let again = matched(&users, &extensions, first.mappings.clone());
        prop_assert!(!again.has_found);
        prop_assert_eq!(&again.mappings, &first.mappings);
        prop_assert_eq!(json!(again.users), json!(first.users));
        let ids: std::collections::HashSet<_> =
            first.mappings.iter().map(|mapping| mapping.crm_user_id.to_string()).collect();
        prop_assert_eq!(ids.len(), first.mappings.len(), "one mapping for a CRM user");
    }
}
