//! Call logs, their notes and contacts: shared within an account, out of reach elsewhere.
use super::*;
use support::site::call;

fn matched(world: &World, token: &str, session_id: &str) -> bool {
    let reply = world.site.get(&format!("/callLog?sessionIds={session_id}"), token);
    assert_eq!(reply.json()["successful"], true, "{}", reply.text());
    reply.json()["logs"][0]["matched"] == true
}

/// Q4.
#[test]
fn call_logs_stay_within_their_account_document_and_platform() {
    let world = world();
    let created = world.site.post("/callLog", &world.owner, &call("s", "owner"));
    assert_eq!(created.json()["logId"], "a-owner", "{}", created.text());
    assert!(matched(&world, &world.colleague, "s"));
    for (who, token) in &world.strangers {
        assert!(!matched(&world, token, "s"), "{who}");
        let before = world.crm.count("/v1/activities/a-owner");
        let update = json!({"sessionId": "s", "note": "of a stranger", "logInfo": {"sessionId": "s"}});
        let updated = world.send("PATCH", "/callLog", token, &update);
        assert_eq!(updated.json()["successful"], false, "{who}: {}", updated.text());
        let set = json!({"sessionId": "s", "dispositions": {"result": "of a stranger"}});
        let set = world.send("PUT", "/callDisposition", token, &set);
        assert_eq!(set.json()["successful"], false, "{who}: {}", set.text());
        assert_eq!(world.crm.count("/v1/activities/a-owner"), before, "{who} reached the record");
        // Nor is anybody kept from logging a session of the same id.
        let own = world.site.post("/callLog", token, &call("s", "stranger"));
        assert_eq!(own.json()["logId"], "a-stranger", "{who}: {}", own.text());
    }
    let again = world.site.post("/callLog", &world.colleague, &call("s", "colleague"));
    assert_eq!(again.json()["successful"], false, "{}", again.text());
}

/// A cached contact is served to the account that cached it.
#[test]
fn cached_contacts_stay_within_their_account_document_and_platform() {
    let world = world();
    let find = |token: &str| {
        let before = world.crm.count("/v1/contacts");
        let reply = world.site.get("/contact?phoneNumber=%2B14155550101", token);
        assert_eq!(reply.json()["contact"][0]["id"], "c1", "{}", reply.text());
        world.crm.count("/v1/contacts") - before
    };
    assert_eq!(find(&world.owner), 1);
    assert_eq!(find(&world.colleague), 0, "from the account's cache");
    for (who, token) in &world.strangers {
        assert_eq!(find(token), 1, "{who} is answered by the CRM");
    }
}
