//! Sign-ins that this server begins: the authorization URL, and a state that is good once, for ten minutes, and only if
//! this server signed it.
use super::{World, refused, session};
use crate::support::client::Response;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};
use std::collections::HashMap;

fn own(document: &mut Value) {
    document["auth"]["redirectUri"] = "https://server.test/oauth-callback".into();
}

/// The parameters of the URL that a browser is sent to.
fn sent_to(reply: &Response) -> (String, HashMap<String, String>) {
    assert_eq!(reply.status, 302, "{}", reply.text());
    let url = url::Url::parse(reply.header("location").expect("a location")).unwrap();
    let parameters = url.query_pairs().into_owned().collect();
    (url.path().to_owned(), parameters)
}

/// Name and value of the cookie.
fn cookie(reply: &Response) -> String {
    let cookie = reply.header("set-cookie").expect("a cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn come_back(world: &World, code: &str, state: &str, headers: &[(&str, &str)]) -> Response {
    world.send(&format!("/oauth-callback?code={code}&state={}", encoded(state)), headers)
}

#[test]
fn a_browser_goes_to_the_crm_and_comes_back_with_a_code_that_only_this_server_can_use() {
    let world = World::start_with(own);
    let begun = world.send("/oauth/start?platform=testCrm&proxyId=one&hostname=h.example.com", &[]);
    let (path, parameters) = sent_to(&begun);
    assert_eq!(path, "/oauth/authorize");
    let expected = [
        ("response_type", "code"),
        ("client_id", "cid"),
        ("redirect_uri", "https://server.test/oauth-callback"),
        ("scope", "contacts log"),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in expected {
        assert_eq!(parameters[name], value, "{parameters:?}");
    }
    let html = [("Accept", "text/html,application/xhtml+xml")];
    let page = come_back(&world, "p1", &parameters["state"], &html);
    assert_eq!((page.status, page.text().contains("signed in")), (200, true), "{}", page.text());
    assert!(!page.text().contains("ey"), "a page shows no session: {}", page.text());
    let form = &world.authorization.forms()[0];
    let verifier = app_connect::secret::Secret::new(form["code_verifier"].as_str());
    assert_eq!(app_connect::engine::oauth::pkce::challenge(&verifier), parameters["code_challenge"]);
    // A client gets the session.
    let (_, parameters) = sent_to(&world.send("/oauth/start?platform=testCrm&proxyId=one", &[]));
    let token = session(&come_back(&world, "p1", &parameters["state"], &[]));
    assert_eq!(world.app.get("/hostname", &token).text(), "h.example.com");
    assert_eq!(world.contacts(&token).json()["successful"], true);
}

#[test]
fn a_state_is_good_once() {
    let world = World::start_with(own);
    let (_, parameters) = sent_to(&world.send("/oauth/start?platform=testCrm&proxyId=one", &[]));
    session(&come_back(&world, "o1", &parameters["state"], &[]));
    let asked = world.token_requests();
    let again = come_back(&world, "o2", &parameters["state"], &[]);
    assert!(refused(&again).contains("sign-in is over"), "{}", again.text());
    // Also one whose user refused at the CRM.
    let (_, parameters) = sent_to(&world.send("/oauth/start?platform=testCrm&proxyId=one", &[]));
    let state = encoded(&parameters["state"]);
    let denied = world.send(&format!("/oauth-callback?error=access_denied&state={state}"), &[]);
    assert!(refused(&denied).contains("denied"), "{}", denied.text());
    assert!(refused(&come_back(&world, "o3", &parameters["state"], &[])).contains("is over"));
    assert_eq!(world.token_requests(), asked, "nothing was exchanged");
}

#[test]
fn a_state_that_this_server_did_not_sign_or_that_is_over_is_refused() {
    let world = World::start_with(own);
    let (_, parameters) = sent_to(&world.send("/oauth/start?platform=testCrm&proxyId=one", &[]));
    let state = &parameters["state"];
    let signed = url::form_urlencoded::parse(state.as_bytes())
        .find(|(name, _)| name == "signed")
        .unwrap()
        .1
        .into_owned();
    let mut validation = Validation::default();
    validation.validate_aud = false;
    let key = DecodingKey::from_secret(super::SECRET.as_bytes());
    let claims = jsonwebtoken::decode::<Value>(&signed, &key, &validation).unwrap().claims;
    let now = claims["exp"].as_i64().unwrap() - 600;
    let with = |secret: &str, change: &dyn Fn(&mut Value)| {
        let mut claims = claims.clone();
        change(&mut claims);
        let key = EncodingKey::from_secret(secret.as_bytes());
        let token = jsonwebtoken::encode(&Header::default(), &claims, &key).unwrap();
        format!("platform=testCrm&signed={token}")
    };
    let own_session = {
        let reply = world.send("/oauth-callback?code=f1&state=platform%3DtestCrm&proxyId=one", &[]);
        session(&reply)
    };
    for (what, state) in [
        ("of another secret", with("another secret", &|_| {})),
        ("expired", with(super::SECRET, &|claims| claims["exp"] = (now - 1).into())),
        ("of no sign-in", with(super::SECRET, &|claims| claims["jti"] = "0".into())),
        ("for something else", with(super::SECRET, &|claims| claims["aud"] = "x".into())),
        ("no token", "platform=testCrm&signed=x".to_owned()),
        ("a session", format!("platform=testCrm&signed={own_session}")),
    ] {
        let asked = world.token_requests();
        let reply = come_back(&world, "f2", &state, &[]);
        let words = refused(&reply);
        assert!(words.contains("begin"), "{what}: {words}");
        assert_eq!((reply.status, world.token_requests()), (400, asked), "{what}");
    }
    // Nor is a state a session.
    let stranger = world.app.get("/contact?phoneNumber=1", &signed);
    assert_eq!(stranger.status, 400, "{}", stranger.text());
    // All of that used nothing up.
    session(&come_back(&world, "f3", state, &[]));
}

/// What was proved when the sign-in began counts for the browser that began it.
#[test]
fn the_account_that_began_it_is_proved_for_its_own_browser_alone() {
    let world = World::start_with(own);
    let account_of = |token: &str| {
        // Only users of the account may read what it keeps.
        let reply = world.app.send(
            "GET",
            "/user/settings?rcAccountId=x",
            &[("Authorization", &format!("Bearer {token}")), ("X-RC-Access-Token", "other/1")],
            None,
        );
        reply.status
    };
    let begin =
        || world.send("/oauth/start?platform=testCrm&proxyId=one", &[("X-RC-Access-Token", "5150/7")]);
    let begun = begin();
    let (_, parameters) = sent_to(&begun);
    let with_cookie = [("Cookie", cookie(&begun))];
    let with_cookie = [(with_cookie[0].0, with_cookie[0].1.as_str())];
    let proved = session(&come_back(&world, "q1", &parameters["state"], &with_cookie));
    assert_eq!(account_of(&proved), 403, "the user belongs to account 5150");
    let (_, parameters) = sent_to(&begin());
    let sent = session(&come_back(&world, "q2", &parameters["state"], &[("Cookie", "sign-in-x=1")]));
    assert_eq!(account_of(&sent), 200, "another browser proves nothing, so the user may be of any account");
}

#[test]
fn what_cannot_be_begun_says_why() {
    let world = World::start_with(|document| {
        document["auth"].as_object_mut().unwrap().remove("authorizationUrl");
    });
    for (target, words) in [
        ("/oauth/start", "Missing platform name"),
        ("/oauth/start?platform=testCrm", "names no proxyId"),
        ("/oauth/start?platform=testCrm&proxyId=nope", "Unknown proxyId"),
        ("/oauth/start?platform=testCrm&proxyId=one", "authorizationUrl"),
    ] {
        let reply = world.send(target, &[]);
        assert_eq!(reply.status, 400, "{target}");
        assert!(reply.text().contains(words), "{target}: {}", reply.text());
    }
    let bad = world.send("/oauth/start?platform=testCrm&proxyId=one", &[("X-RC-Access-Token", "bad")]);
    assert_eq!(bad.json(), json!({"error": "Request failed with status code 401"}));
    assert_eq!(world.crm.received().len(), 0);
}
