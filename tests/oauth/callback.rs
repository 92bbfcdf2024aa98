//! What a callback may look like, and what it is refused for.
use super::{World, refused, session};
use serde_json::json;

/// Spellings that sign in: query of the request, and the code that is exchanged.
const SPELLINGS: &[(&str, &str)] = &[
    // Encoded, as clients of today send it.
    (
        "callbackUri=https%3A%2F%2Fapp.test%2Fredirect%3Fcode%3Da1%26state%3Dplatform%253DtestCrm&proxyId=one",
        "a1",
    ),
    // The state is not encoded in it.
    (
        "callbackUri=https%3A%2F%2Fapp.test%2Fredirect%3Fcode%3Da2%26state%3Dplatform%3DtestCrm&proxyId=one",
        "a2",
    ),
    // Not encoded at all: what follows the first `&` arrives on its own.
    ("callbackUri=https://app.test/redirect?code=a3&state=platform%3DtestCrm&proxyId=one", "a3"),
    ("callbackUri=https://app.test/redirect?state=platform=testCrm&code=a4&proxyId=one", "a4"),
    ("callbackUri=https://app.test/redirect?state=fill,platform=testCrm&code=a5&proxyId=one", "a5"),
    // A state of a manifest.
    (
        "callbackUri=https%3A%2F%2Fapp.test%2Fredirect%3Fcode%3Da6%26state%3Dfill%252Cplatform%253DtestCrm&proxyId=one",
        "a6",
    ),
    // The document and the host in the state.
    (
        "callbackUri=https%3A%2F%2Fapp.test%2Fredirect%3Fcode%3Da7%26state%3Dplatform%253DtestCrm%2526proxyId%253Done",
        "a7",
    ),
    // Parameters that clients send without a value, and ones that nobody knows.
    (
        "callbackUri=https%3A%2F%2Fapp.test%2Fredirect%3Fcode%3Da8%26state%3Dplatform%253DtestCrm&proxyId=one&hostname=&tokenUrl=&apiUrl=&username=&rcAccountId=&x=1&x=2",
        "a8",
    ),
    // The path is what counts of an address, beside its host.
    (
        "callbackUri=https%3A%2F%2Fapp.test%3A443%2Fredirect%3Fcode%3Da9%26state%3Dplatform%253DtestCrm%23fragment&proxyId=one",
        "a9",
    ),
];

#[test]
fn every_spelling_of_a_callback_signs_in() {
    let world = World::start();
    for (query, code) in SPELLINGS {
        let reply = world.send(&format!("/oauth-callback?{query}"), &[]);
        let token = session(&reply);
        assert_eq!(reply.json()["name"], format!("User {code}"), "{query}");
        let form = world.authorization.forms().pop().unwrap();
        assert_eq!(form["code"], *code, "{query}");
        assert_eq!(form["redirect_uri"], "https://app.test/redirect");
        assert_eq!(world.contacts(&token).json()["contact"][0]["name"], format!("of {code}"));
    }
}

/// What is refused: query, status, and what the words have in them.
const REFUSED: &[(&str, &str)] = &[
    ("", "Missing callbackUri"),
    ("callbackUri=undefined&proxyId=one", "Missing callbackUri"),
    ("callbackUri=no%20address&proxyId=one", "Invalid URL"),
    ("callbackUri=https%3A%2F%2Fapp.test%2Fredirect%3Fcode%3Dc&proxyId=one", "no state"),
    (
        "callbackUri=https%3A%2F%2Fapp.test%2Fredirect%3Fcode%3Dc%26state%3Dnothing&proxyId=one",
        "Missing platform name",
    ),
    (
        "callbackUri=https%3A%2F%2Fapp.test%2Felse%3Fcode%3Dc%26state%3Dplatform%253DtestCrm&proxyId=one",
        "but got: /else",
    ),
    (
        "callbackUri=https%3A%2F%2Fevil.test%2Fredirect%3Fcode%3Dc%26state%3Dplatform%253DtestCrm&proxyId=one",
        "evil.test",
    ),
    (
        "callbackUri=https%3A%2F%2Fapp.test%3A8443%2Fredirect%3Fcode%3Dc%26state%3Dplatform%253DtestCrm&proxyId=one",
        "host",
    ),
    // No code anywhere: `undefined` is none.
    (
        "callbackUri=https%3A%2F%2Fapp.test%2Fredirect%3Fstate%3Dplatform%253DtestCrm&proxyId=one",
        "Missing code",
    ),
    (
        "callbackUri=https%3A%2F%2Fapp.test%2Fredirect%3Fstate%3Dplatform%253DtestCrm&code=undefined&proxyId=one",
        "Missing code",
    ),
    (
        "callbackUri=https%3A%2F%2Fapp.test%2Fredirect%3Ferror%3Daccess_denied%26state%3Dplatform%253DtestCrm&proxyId=one",
        "denied the request",
    ),
    (
        "callbackUri=https://app.test/redirect?state=platform=testCrm&error=invalid_scope&proxyId=one",
        "scope is invalid",
    ),
    ("callbackUri=https://app.test/redirect?state=platform=testCrm&error=odd%0Aone&proxyId=one", "odd"),
    (
        "callbackUri=https%3A%2F%2Fapp.test%2Fredirect%3Fcode%3Dc%26state%3Dplatform%253DtestCrm&proxyId=nope",
        "Unknown proxyId",
    ),
    (
        "callbackUri=https%3A%2F%2Fapp.test%2Fredirect%3Fcode%3Dc%26state%3Dplatform%253DtestCrm",
        "names no proxyId",
    ),
    // The browser itself, where this server is no redirect URI of the document.
    ("code=c&state=platform%3DtestCrm&proxyId=one", "but got: /oauth-callback"),
];

#[test]
fn a_callback_that_cannot_be_used_is_refused_in_words_and_nothing_is_sent() {
    let world = World::start();
    for (query, words) in REFUSED {
        let reply = world.send(&format!("/oauth-callback?{query}"), &[]);
        assert_eq!(reply.status, 400, "{query}: {}", reply.text());
        assert!(reply.text().contains(words), "{query}: {}", reply.text());
    }
    assert_eq!(world.crm.received().len(), 0);
}

/// A document whose redirect URI is this server.
#[test]
fn a_browser_that_comes_here_itself_signs_in_as_well() {
    let world = World::start_with(|document| {
        document["auth"]["redirectUri"] = "https://server.test/oauth-callback".into();
    });
    let reply = world.send("/oauth-callback?code=b1&state=platform%3DtestCrm&proxyId=one", &[]);
    session(&reply);
    assert_eq!(world.authorization.forms()[0]["redirect_uri"], "https://server.test/oauth-callback");
    let denied = world.send("/oauth-callback?error=access_denied&state=platform%3DtestCrm&proxyId=one", &[]);
    assert!(refused(&denied).contains("denied the request"));
}

/// Q7.
#[test]
fn a_token_url_of_the_request_is_used_only_at_a_host_of_the_document() {
    let world = World::start();
    let other = world.crm.origin().replace("127.0.0.1", "localhost");
    for (url, path) in [
        (format!("{}/other/token", world.crm.origin()), "/other/token"),
        (format!("{other}/other/token"), "/oauth/token"),
        ("not a URL".to_owned(), "/oauth/token"),
    ] {
        let before = world.crm.count(path);
        let url: String = url::form_urlencoded::byte_serialize(url.as_bytes()).collect();
        session(&world.callback("t1", &format!("&tokenUrl={url}")));
        assert_eq!(world.crm.count(path), before + 1, "{url}");
    }
}

#[test]
fn who_signs_in_again_keeps_host_and_settings() {
    let world = World::start();
    let token = session(&world.callback("k1", "&hostname=k.example.com&userEmail=k%40example.com"));
    let settings = json!({"userSettings": {"theme": {"value": "dark"}}});
    assert_eq!(world.app.post("/user/settings", &token, &settings).json(), settings);
    let again = world.sign_in("k1");
    // Q71.
    assert_eq!(world.app.get("/hostname", &again).text(), "k.example.com");
    assert_eq!(world.app.get("/user/settings", &again).json(), settings["userSettings"]);
    assert_eq!(world.contacts(&again).json()["successful"], true);
}

#[test]
fn simultaneous_callbacks_with_one_code_share_one_exchange() {
    let world = World::start();
    let replies: Vec<_> = std::thread::scope(|scope| {
        let send = || scope.spawn(|| world.callback("s1", ""));
        let sent: Vec<_> = (0..8).map(|_| send()).collect();
        sent.into_iter().map(|reply| reply.join().unwrap()).collect()
    });
    for reply in &replies {
        let token = session(reply);
        assert_eq!(world.contacts(&token).json()["successful"], true, "every session works");
    }
    // Those that came after the first was answered asked again; the CRM here takes a code twice.
    assert!(world.token_requests() <= replies.len(), "{}", world.token_requests());
}

#[test]
fn an_id_that_is_too_long_is_refused_before_the_crm_is_asked() {
    let world = World::start();
    let long = "x".repeat(5000);
    for more in [format!("&hostname={long}"), format!("&rcAccountId={long}")] {
        let reply = world.callback("l1", &more);
        assert!(refused(&reply).contains("long"), "{}", reply.text());
    }
    assert_eq!(world.crm.received().len(), 0);
}

#[test]
fn no_log_line_has_a_code_a_token_or_a_secret() {
    let world = World::start();
    let token = world.sign_in("logged~60");
    assert_eq!(world.contacts(&token).json()["successful"], true);
    world.authorization.revoke("logged");
    assert_eq!(world.contacts(&token).status, 401);
    let log = world.app.server.log();
    for secret in ["logged~60", "at-logged", "rt-logged", "client-secret-of-the-app", &token] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
