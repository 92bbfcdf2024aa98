//! Two servers that make reports with one RingCentral token: it is renewed once, and both know of it.

use crate::support::client::Response;
use crate::support::crm::{Answer, Crm, Request};
use crate::support::postgres::cluster;
use crate::support::test_server::{TestServer, document, ordinary};
use serde_json::json;
use std::sync::{Arc, Mutex};

/// RingCentral of one admin. The token of a code has expired; a refresh token is good for one use.
fn ringcentral(request: &Request, used: &Mutex<Vec<String>>) -> Answer {
    match request.path() {
        "/restapi/oauth/token" => {
            let form = String::from_utf8_lossy(&request.body).into_owned();
            let mut used = used.lock().unwrap();
            if used.contains(&form) {
                return Answer::json(&json!({"error": "invalid_grant"})).status(400);
            }
            used.push(form);
            let n = used.len();
            let lifetime = if n == 1 { -120 } else { 3600 };
            Answer::json(&json!({
                "access_token": format!("at-{n}"), "refresh_token": format!("rt-{n}"), "expires_in": lifetime,
                "owner_id": 31
            }))
        }
        "/restapi/v1.0/account/~/extension/~" => Answer::json(&json!({
            "id": 31, "account": {"id": 1001}, "permissions": {"admin": {"enabled": true}}
        })),
        _ if request.header("authorization") == Some("Bearer at-2") => Answer::json(&json!({
            "data": {"groupedBy": "Company", "records": [{"info": {"name": "Acme"}}]}
        })),
        _ => Answer::json(&json!({})).status(401),
    }
}

#[test]
fn a_token_is_renewed_by_one_server_for_both() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let used = Arc::new(Mutex::new(Vec::new()));
    let platform = Crm::start({
        let used = Arc::clone(&used);
        move |request: &Request| ringcentral(request, &used)
    });
    let crm = Crm::start(ordinary);
    let document = document(&crm.origin());
    let start = || {
        TestServer::start_with(&[("crm", &document)], |options| {
            options
                .env("DATABASE_URL", &url)
                .env("APP_SERVER_SECRET_KEY", "a secret key that both servers have")
                .env("APP_SERVER", "https://app.example")
                .env("RINGCENTRAL_SERVER", platform.origin())
                .env("RINGCENTRAL_CLIENT_ID", "the-client")
                .env("RINGCENTRAL_CLIENT_SECRET", "the-secret")
        })
    };
    let servers = [start(), start()];
    let login = json!({"platform": "testCrm", "proxyId": "crm", "apiKey": "1-key", "rcAccessToken": "rc"});
    let reply = servers[0].send_login(&login);
    let session = reply.json()["jwtToken"].as_str().unwrap().to_owned();
    assert_eq!(servers[0].get("/ringcentral/oauth/callback?code=c", &session).status, 200);
    let replies: Vec<Response> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..60)
            .map(|n: usize| {
                let (server, session) = (&servers[n % 2], &session);
                scope.spawn(move || server.get("/ringcentral/admin/report", session))
            })
            .collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for reply in &replies {
        assert_eq!(reply.json()["itemKeys"], json!(["Acme"]), "{}", reply.text());
    }
    assert_eq!(used.lock().unwrap().len(), 2, "the code, and one renewal");
    let sealed = cluster
        .sql(&url, "select count(*) from app_connect.documents where encode(value, 'escape') like '%at-2%'");
    assert_eq!(sealed.trim(), "0", "tokens are sealed");
}
