//! The example of a code connector, with a CRM that misbehaves.

use app_connect::connector::prelude::*;
use app_connect::sandbox::{self, Effect, Fault, Faults, Sandbox, SandboxOptions};

use super::running::Running;
use super::{code_connector, set};

/// The example: its server, its CRM, and its walk through a call.
async fn example() -> (Sandbox, Running) {
    let sandbox = sandbox::start(SandboxOptions::default()).await.unwrap();
    let server = Running::start(|folder| code_connector::server(folder, &sandbox).unwrap()).await;
    (sandbox, server)
}

async fn tour(sandbox: &Sandbox, server: &Running) -> code_connector::Seen {
    let mut lines = Vec::new();
    let seen = code_connector::tour(&server.origin(), sandbox, &mut |line| lines.push(line)).await;
    assert!(!lines.is_empty());
    seen.unwrap_or_else(|error| panic!("{error}\n{}", lines.join("\n")))
}

fn received(sandbox: &Sandbox, method: &str) -> Vec<sandbox::ReceivedRequest> {
    sandbox.requests().into_iter().filter(|request| request.method == method).collect()
}

#[tokio::test]
async fn the_example_logs_a_call_in_dependent_steps() {
    let (sandbox, server) = example().await;
    let seen = tour(&sandbox, &server).await;
    assert_eq!(seen.found["contact"][0]["name"], "Wanda Widget");
    assert_eq!(
        seen.logged["returnMessage"],
        json!({"message": "Call logged as Interested", "messageType": "success", "ttl": 2000})
    );
    let data = &seen.read["logs"][0]["logData"];
    assert_eq!(
        data["fullBody"],
        "- Note: Wants a quote by Friday.\n- Date/Time: 2026-03-02 01:10:00 AM\n- Duration: 1 minute, 5 seconds\n\
         Company: Imaginary Widgets\nDuring: Widget demonstration"
    );
    assert_eq!(data["fullLogResponse"]["disposition"], "Interested");
    assert_eq!(data["fullLogResponse"]["owner_id"], "usr-1");
    let posted = received(&sandbox, "POST");
    assert_eq!(
        posted.iter().map(|request| request.header("idempotency-key")).collect::<Vec<_>>(),
        [Some("call-example-1")]
    );
    let interfaces = [
        "getAuthType",
        "getLogFormatType",
        "getUserInfo",
        "findContact",
        "findContactWithName",
        "createCallLog",
        "getCallLog",
    ];
    assert_eq!(
        server.interfaces(&format!("platform={}", code_connector::PLATFORM)).await.0,
        set(&interfaces)
    );
    server.stop().await;
    sandbox.stop().await;
}

#[tokio::test]
async fn the_example_creates_one_activity_where_the_answer_is_lost() {
    let (sandbox, server) = example().await;
    let lost =
        Fault { times: Some(1), method: Some("POST".to_owned()), after: true, ..Fault::from(Effect::Reset) };
    sandbox.set_faults(Faults { faults: vec![lost] }).unwrap();
    let seen = tour(&sandbox, &server).await;
    let posted = received(&sandbox, "POST");
    assert_eq!(posted.len(), 2);
    assert_eq!(posted[0].body, posted[1].body);
    assert_eq!(posted[0].header("idempotency-key"), posted[1].header("idempotency-key"));
    assert_eq!(seen.logged["logId"], "act-1");
    let activities =
        server.http.get(format!("{}/api/v1/activities", sandbox.base_url())).bearer_auth(sandbox::API_KEY);
    let activities: Value =
        serde_json::from_slice(&activities.send().await.unwrap().bytes().await.unwrap()).unwrap();
    assert_eq!(activities["activities"].as_array().map(Vec::len), Some(1));
    server.stop().await;
    sandbox.stop().await;
}

#[tokio::test]
async fn the_example_keeps_the_log_where_a_later_step_fails() {
    let (sandbox, server) = example().await;
    let effect = Effect::Status { code: 503, retry_after_seconds: None };
    let fails = Fault { method: Some("PUT".to_owned()), ..Fault::from(effect) };
    sandbox.set_faults(Faults { faults: vec![fails] }).unwrap();
    let seen = tour(&sandbox, &server).await;
    assert_eq!(seen.logged["successful"], true);
    assert_eq!(seen.logged["logId"], "act-1");
    assert_eq!(seen.logged["returnMessage"]["message"], "Call logged, but its outcome could not be set");
    assert_eq!(seen.logged["returnMessage"]["messageType"], "warning");
    server.stop().await;
    sandbox.stop().await;
}

#[tokio::test]
async fn the_example_words_its_failures() {
    let (sandbox, server) = example().await;
    let platform = code_connector::PLATFORM;
    let (status, refused) =
        server.send("POST", "/apiKeyLogin", "", Some(json!({"platform": platform, "apiKey": "wrong"}))).await;
    assert_eq!(
        (status, &refused["returnMessage"]["message"]),
        (400, &json!("The CRM does not know this API key."))
    );

    let token = server.log_in(json!({"platform": platform, "apiKey": sandbox::API_KEY})).await;
    let call = |contact: &str| json!({"logInfo": {"sessionId": "s-1", "direction": "Inbound"}, "contactId": contact});
    let log = async |contact: &str| server.send("POST", "/callLog", &token, Some(call(contact))).await.1;
    assert_eq!(log("con-99").await["returnMessage"]["message"], "The contact is no longer in the CRM");
    // A value that would lead to another resource is not sent.
    let sent = sandbox.requests().len();
    let refused = log("..").await;
    assert_eq!((refused["successful"].clone(), sandbox.requests().len()), (json!(false), sent));
    // What the connector does not word itself, the server does.
    let busy =
        Fault { times: Some(1), ..Fault::from(Effect::Status { code: 429, retry_after_seconds: Some(7) }) };
    sandbox.set_faults(Faults { faults: vec![busy] }).unwrap();
    assert_eq!(log("con-1").await["returnMessage"]["message"], "Rate limit exceeded");
    // Nothing of this was logged, so it can be now.
    assert_eq!(log("con-1").await["successful"], true);
    assert_eq!(received(&sandbox, "POST").len(), 1);

    let by_number = server.get("/custom/contact/search?name=%2B14155550101", &token).await;
    assert_eq!(by_number["contact"].as_array().map(Vec::len), Some(2), "{by_number}");
    server.stop().await;
    sandbox.stop().await;
}
