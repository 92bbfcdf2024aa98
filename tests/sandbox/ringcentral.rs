//! The RingCentral stand-in of the sandbox.

use app_connect::sandbox::SandboxOptions;
use serde_json::{Value, json};

use crate::sandbox::client::{Client, Reply, ids};

const ADMIN: &str = "sandbox-admin";
const USER: &str = "sandbox-user";
const ME: &str = "/restapi/v1.0/account/~/extension/~";
const CLIENT: &str = "client_id=sandbox-rc-client&client_secret=sandbox-rc-secret";

/// At noon of a Wednesday.
async fn platform() -> Client {
    let fixed_time = Some("2026-03-04T12:00:00Z".parse().unwrap());
    Client::start(SandboxOptions { fixed_time, ..SandboxOptions::default() }).await
}

async fn get(platform: &Client, token: &str, path: &str) -> Reply {
    platform.send("GET", path, &[("Authorization", &format!("Bearer {token}"))], "").await
}

async fn post(platform: &Client, token: &str, path: &str, body: &Value) -> Reply {
    platform.send("POST", path, &[("Authorization", &format!("Bearer {token}"))], &body.to_string()).await
}

async fn token(platform: &Client, body: &str) -> Reply {
    let headers = [("Authorization", ""), ("Content-Type", "application/x-www-form-urlencoded")];
    platform.send("POST", "/restapi/oauth/token", &headers, body).await
}

#[tokio::test]
async fn a_token_says_who_somebody_is() {
    let platform = platform().await;
    for (token, id, is_admin) in [(ADMIN, 400_100_201, true), (USER, 400_100_202, false)] {
        let me = get(&platform, token, ME).await;
        assert_eq!(me.status, 200, "{}", me.text);
        assert_eq!((&me.body["id"], &me.body["account"]["id"]), (&json!(id), &json!("400100200")));
        assert_eq!(me.body["permissions"]["admin"]["enabled"], is_admin);
        assert_eq!(me.body["regionalSettings"]["homeCountry"]["isoCode"], "US");
    }
    let of = |token: &'static str, account: &str, id: &str| {
        let path = format!("/restapi/v1.0/account/{account}/extension/{id}");
        let platform = &platform;
        async move { get(platform, token, &path).await.status }
    };
    assert_eq!(of(ADMIN, "400100200", "400100202").await, 200);
    assert_eq!(of(USER, "~", "400100202").await, 200, "one's own");
    assert_eq!(of(USER, "~", "400100201").await, 403);
    assert_eq!(of(ADMIN, "~", "1").await, 404);
    assert_eq!(of(ADMIN, "1", "~").await, 404);
    for token in ["sandbox-nobody", "", "sandbox-key"] {
        let refused = get(&platform, token, ME).await;
        assert_eq!(refused.status, 401, "{token}");
        assert_eq!(refused.body["errors"][0]["errorCode"], refused.body["errorCode"]);
    }
}

#[tokio::test]
async fn codes_become_tokens_that_rotate_expire_and_end() {
    let platform = platform().await;
    let asked = "client_id=sandbox-rc-client&redirect_uri=http://127.0.0.1/back&response_type=code&state=s";
    let path = format!("/restapi/oauth/authorize?{asked}&login_hint=billie@example.com");
    let back = platform.send("GET", &path, &[("Authorization", "")], "").await;
    let back = url::Url::parse(back.header("location").unwrap()).unwrap();
    let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let grant = format!("grant_type=authorization_code&code={code}&redirect_uri=http://127.0.0.1/back");
    let tokens = token(&platform, &format!("{grant}&{CLIENT}")).await;
    assert_eq!(tokens.status, 200, "{}", tokens.text);
    assert_eq!(tokens.body["owner_id"], "400100202");
    assert_eq!(tokens.body["refresh_token_expires_in"], 604_800);
    let access = tokens.body["access_token"].as_str().unwrap();
    assert_eq!(get(&platform, access, ME).await.body["id"], 400_100_202);
    let again = token(&platform, &format!("{grant}&{CLIENT}")).await;
    assert_eq!(again.body["error"], "invalid_grant", "a code works once");

    // The client's way: whoever is signed in there gets a code for the server.
    let interop = json!({"clientId": "sandbox-rc-client"});
    let code = post(&platform, ADMIN, "/restapi/v1.0/interop/generate-code", &interop).await.body["code"]
        .as_str()
        .unwrap()
        .to_owned();
    let grant = format!("grant_type=authorization_code&code={code}&redirect_uri=http://app/callback");
    let admin = token(&platform, &format!("{grant}&{CLIENT}")).await;
    assert_eq!(admin.body["owner_id"], "400100201", "{}", admin.text);
    let unknown = json!({"clientId": "other"});
    let refused = post(&platform, ADMIN, "/restapi/v1.0/interop/generate-code", &unknown).await;
    assert_eq!((refused.status, &refused.body["errorCode"]), (400, &json!("CMN-101")));

    let only_user = json!({"user_id": "400100202"});
    let expired = platform.post("/_sandbox/ringcentral/expire", &only_user).await;
    assert_eq!(expired.body, json!({"expired": 1}));
    assert_eq!(get(&platform, access, ME).await.body["errorCode"], "TokenExpired");
    let refresh = tokens.body["refresh_token"].as_str().unwrap();
    let grant = format!("grant_type=refresh_token&refresh_token={refresh}&{CLIENT}");
    let renewed = token(&platform, &grant).await;
    assert_eq!(renewed.status, 200, "{}", renewed.text);
    assert_ne!(renewed.body["refresh_token"], tokens.body["refresh_token"]);
    assert_eq!(token(&platform, &grant).await.body["error"], "invalid_grant", "it was used");

    let ended = platform.send("POST", "/_sandbox/ringcentral/revoke", &[], "").await;
    assert_eq!(ended.body, json!({"revoked": 2}));
    let access = renewed.body["access_token"].as_str().unwrap();
    assert_eq!(get(&platform, access, ME).await.body["errorCode"], "TokenInvalid");
    assert_eq!(get(&platform, ADMIN, ME).await.status, 200, "fixed tokens always work");
    let wrong = format!("{grant}x").replace("sandbox-rc-secret", "other");
    assert_eq!(token(&platform, &wrong).await.status, 401);
    assert_eq!(token(&platform, &format!("grant_type=password&{CLIENT}")).await.status, 400);
}

fn range(from: &str, to: &str) -> String {
    format!("?dateFrom={from}T00:00:00.000Z&dateTo={to}T23:59:59.999Z&view=Simple")
}

#[tokio::test]
async fn calls_and_messages_come_in_pages_of_a_range() {
    let platform = platform().await;
    // Monday to Sunday: five working days with five calls each.
    let week = range("2026-02-16", "2026-02-22");
    let all = get(&platform, USER, &format!("{ME}/call-log{week}&perPage=1000")).await;
    assert_eq!(all.status, 200, "{}", all.text);
    let records = all.body["records"].as_array().unwrap();
    assert_eq!((records.len(), all.body["navigation"].get("nextPage")), (25, None));
    let inbound = records.iter().filter(|call| call["direction"] == "Inbound").count();
    assert_eq!(inbound, 15);
    assert_eq!(records[0]["startTime"], "2026-02-20T17:20:00Z", "newest first");
    assert_eq!(records[24]["from"]["phoneNumber"], "+14155550101");
    assert_eq!(records[24]["to"]["name"], "Billie Sandbox");

    let mut seen = Vec::new();
    let mut next = Some(format!("{ME}/call-log{week}&perPage=10"));
    while let Some(path) = next {
        let page = get(&platform, USER, &path).await.body;
        seen.extend(ids(&page, "records").into_iter().map(str::to_owned));
        let uri = page["navigation"]["nextPage"]["uri"].as_str();
        next = uri.map(|uri| uri.strip_prefix(&platform.sandbox.base_url()).unwrap().to_owned());
        assert_eq!(page["paging"]["totalPages"], 3);
    }
    assert_eq!(seen, ids(&all.body, "records"));

    let path = format!("/restapi/v1.0/account/~/extension/400100202/message-store{week}");
    let messages = get(&platform, ADMIN, &path).await;
    let kinds = |kind: &str| {
        let records = messages.body["records"].as_array().unwrap();
        records.iter().filter(|message| message["type"] == kind).count()
    };
    assert_eq!((kinds("SMS"), kinds("Fax"), kinds("VoiceMail")), (10, 1, 1));
    assert_eq!(get(&platform, USER, &path.replace("202/", "201/")).await.status, 403);

    let today = get(&platform, USER, &format!("{ME}/call-log")).await;
    assert_eq!(ids(&today.body, "records").len(), 5, "the last 24 hours, and nothing of the future");
    let years = get(&platform, USER, &format!("{ME}/call-log{}", range("1990-01-01", "2090-01-01"))).await;
    assert!(years.body["paging"]["totalElements"].as_u64().unwrap() < 1400, "a year is kept");
    for query in
        ["?dateFrom=today", "?page=0", "?page=x", "?perPage=1001", &range("2026-02-02", "2026-02-01")]
    {
        let refused = get(&platform, USER, &format!("{ME}/call-log{query}")).await;
        assert_eq!((refused.status, &refused.body["errorCode"]), (400, &json!("CMN-101")), "{query}");
    }
    let beyond = get(&platform, USER, &format!("{ME}/call-log{week}&page=18446744073709551615")).await;
    assert_eq!((beyond.status, &beyond.body["records"]), (200, &json!([])));
}

#[tokio::test]
async fn a_report_counts_the_calls_of_the_call_log() {
    let platform = platform().await;
    let path = "/analytics/calls/v1/accounts/~/aggregation/fetch";
    let asked = |group: &str| {
        json!({
            "grouping": {"groupBy": group},
            "timeSettings": {"timeZone": "America/New_York", "timeRange": {
                "timeFrom": "2026-02-16T00:00:00.000Z", "timeTo": "2026-02-22T23:59:59.999Z",
            }},
            "responseOptions": {
                "counters": {
                    "callsByDirection": {"aggregationType": "Sum"},
                    "callsByResponse": {"aggregationType": "Sum"},
                },
                "timers": {"allCallsDuration": {"aggregationType": "Sum"}},
            },
        })
    };
    let users = post(&platform, ADMIN, path, &asked("Users")).await;
    assert_eq!(users.status, 200, "{}", users.text);
    assert_eq!(users.body["data"]["groupedBy"], "Users");
    let billie = &users.body["data"]["records"][1];
    assert_eq!(billie["info"]["name"], "Billie Sandbox");
    let values = |record: &Value, counter: &str| record["counters"][counter]["values"].clone();
    assert_eq!(values(billie, "callsByDirection"), json!({"inbound": 15, "outbound": 10}));
    assert_eq!(
        values(billie, "callsByResponse"),
        json!({"answered": 10, "notAnswered": 5, "connected": 5, "notConnected": 5})
    );
    assert_eq!(billie["timers"]["allCallsDuration"]["values"], 5 * (185 + 420 + 65));
    assert_eq!(billie["timers"].get("allCalls"), None, "only what was asked for");

    let company = post(&platform, ADMIN, path, &asked("Company")).await;
    let records = company.body["data"]["records"].as_array().unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(values(&records[0], "callsByDirection"), json!({"inbound": 25, "outbound": 15}));
    assert_eq!(post(&platform, ADMIN, path, &asked("Queues")).await.body["data"]["records"], json!([]));

    assert_eq!(post(&platform, USER, path, &asked("Users")).await.status, 403);
    let mut backwards = asked("Users");
    backwards["timeSettings"]["timeRange"]["timeTo"] = "2026-02-15T00:00:00.000Z".into();
    let mut placeless = asked("Users");
    placeless["timeSettings"]["timeZone"] = "Mars/Olympus".into();
    let mut timeless = asked("Users");
    timeless["timeSettings"].as_object_mut().unwrap().shift_remove("timeRange");
    for body in [asked("Planets"), backwards, placeless, timeless, json!({}), json!([])] {
        let refused = post(&platform, ADMIN, path, &body).await;
        assert_eq!((refused.status, &refused.body["errorCode"]), (400, &json!("CMN-101")), "{body}");
    }
    let broken = [("Authorization", "Bearer sandbox-admin")];
    assert_eq!(platform.send("POST", path, &broken, "{").await.status, 400);
}
