//! CRMs that give their users in pages.
use super::*;

fn world() -> World {
    World::start_with(|document| {
        let list = &mut document["operations"]["getUserList"];
        list["query"] = json!({"size": 2, "cursor": "{{default nextPage omit}}"});
        list["responseMapping"]["nextPagePath"] = "body.next".into();
    })
}

/// Pages with one user each.
fn pages(count: usize) -> Vec<Value> {
    (0..count).map(|n| json!([{"id": n, "name": format!("User {n}")}])).collect()
}

/// The cursors that were asked for since `from`.
fn cursors(world: &World, from: usize) -> Vec<Option<String>> {
    let lists = world.crm.received().into_iter().filter(|request| request.path() == "/v1/users");
    lists.skip(from).map(|request| request.query("cursor")).collect()
}

#[test]
fn all_pages_are_matched() {
    let world = world();
    let session = world.admin();
    world.set_users(json!({"pages": pages(4)}));
    let extensions = json!([{"id": "e3", "name": "user 3"}, {"id": "e0", "name": "USER 0"}]);
    let reply = world.map(&session, ADMIN, &extensions);
    assert_eq!(shown(&reply), json!([[0, ["e0"]], [1, []], [2, []], [3, ["e3"]]]));
    assert_eq!(reply.header("x-user-mapping-notes"), None);
    assert_eq!(cursors(&world, 0), [None, Some("1".to_owned()), Some("2".to_owned()), Some("3".to_owned())]);
    // An empty page is none of the ends.
    world.set_users(json!({"pages": [[], [], [{"id": 9, "name": "User 9"}]]}));
    assert_eq!(shown(&world.map(&session, ADMIN, &extensions)), json!([[9, []]]));
}

/// A part of a list would pass for the whole of it.
#[test]
fn a_page_that_fails_fails_the_list() {
    let world = world();
    let session = world.admin();
    let mut failing = pages(3);
    failing[1] = json!(500);
    world.set_users(json!({"pages": failing}));
    let reply = world.map(&session, ADMIN, &json!([{"id": "e0", "name": "User 0"}]));
    assert_eq!(
        (reply.status, reply.text().as_str()),
        (400, r#"{"error":"Request failed with status code 500"}"#)
    );
    assert_eq!(world.kept(&session, ADMIN), Value::Null);
}

#[test]
fn pages_without_an_end_are_cut_and_told() {
    let world = world();
    let session = world.admin();
    world.set_users(json!({"pages": pages(130)}));
    let reply = world.map(&session, ADMIN, &json!([{"id": "e99", "name": "User 99"}]));
    let rows = reply.json();
    assert_eq!((rows.as_array().unwrap().len(), &rows[99]["rcUser"][0]["extensionId"]), (100, &json!("e99")));
    let notes = reply.header("x-user-mapping-notes").unwrap_or_default();
    assert_eq!(notes, "The CRM has a page behind the first 100, and only 100 users were matched");
    // As many users as of one page.
    let large = |from: usize| (from..from + 6_000).map(|n| json!({"id": n})).collect::<Vec<_>>();
    world.set_users(json!({"pages": [large(0), large(6_000), large(12_000)]}));
    let from = cursors(&world, 0).len();
    let reply = world.map(&session, ADMIN, &json!([]));
    assert_eq!(reply.json().as_array().unwrap().len(), 10_000);
    assert!(reply.header("x-user-mapping-notes").is_some_and(|notes| notes.contains("first 10000 users")));
    assert_eq!(cursors(&world, from).len(), 2);
}

/// A CRM that does not heed the cursor gives the first page for ever.
#[test]
fn the_same_page_again_ends_the_list() {
    let world = World::start_with(|document| {
        let list = &mut document["operations"]["getUserList"];
        list["query"] = json!({"page": "{{default nextPage omit}}"});
        list["responseMapping"]["nextPagePath"] = "body.next".into();
    });
    let session = world.admin();
    world.set_users(json!({"pages": pages(3)}));
    let reply = world.map(&session, ADMIN, &json!([{"id": "e0", "name": "User 0"}]));
    assert_eq!(cursors(&world, 0).len(), 2);
    assert!(reply.header("x-user-mapping-notes").is_some_and(|notes| notes.contains("the same page again")));
    assert_eq!(world.kept(&session, ADMIN), json!([{"crmUserId": "0", "rcExtensionId": ["e0"]}]), "once");
}
