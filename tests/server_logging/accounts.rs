//! The account of a call, as templates see it.
use super::*;

/// Q93.
#[test]
fn an_account_that_nobody_names_has_no_hash() {
    let with_account = |document: &mut Value| {
        for operation in ["createCallLog", "updateCallLog"] {
            document["operations"][operation]["body"]["account"] = "{{hashedAccountId}}".into();
        }
    };
    let answer = |request: &Request| match request.method.as_str() {
        "PATCH" => Answer::json(&json!({})),
        _ => test_server::ordinary(request),
    };
    let (server, crm, _ringcentral) = start(with_account, answer);
    let session = server.sign_in("one", "testCrm", "1-key");
    let hash = server.get("/userInfoHash?accountId=1001", "").json()["accountId"].clone();
    let header = ("rc-account-id", "hash-of-account");
    for (n, (account, more, expected)) in [
        (None, vec![], Value::Null),
        (Some(Value::Null), vec![], Value::Null),
        (Some(json!("")), vec![], Value::Null),
        (Some(json!({})), vec![], Value::Null),
        (Some(json!("1001")), vec![], hash.clone()),
        (Some(json!(1001)), vec![], hash.clone()),
        (Some(json!(1001)), vec![header], json!("hash-of-account")),
        (None, vec![header], json!("hash-of-account")),
        (None, vec![("rc-account-id", "")], Value::Null),
    ]
    .into_iter()
    .enumerate()
    {
        let session_id = format!("s-{n}");
        let mut call = call(&session_id, "c1");
        let mut update = json!({"sessionId": session_id, "note": "n"});
        if let Some(account) = account {
            call["logInfo"]["accountId"] = account.clone();
            update["accountId"] = account;
        }
        for (request, body) in [(("POST", "/callLog"), call), (("PATCH", "/callLog"), update)] {
            let reply = send(&server, request, &session, &more, &body);
            assert_eq!(reply.json()["successful"], true, "{}", reply.text());
            let sent: Value = serde_json::from_slice(&crm.received().pop().unwrap().body).unwrap();
            assert_eq!(sent["account"], expected, "case {n} of {request:?}");
        }
    }
}
