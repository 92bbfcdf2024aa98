//! A user of one account, document or platform neither sees, blocks nor changes what is another's, on
//! any route.
//!
//! Every route has a [`Case`]: an owner plants something, a stranger does the same with the same ids,
//! and the owner finds everything as it was. What an owner writes, or the CRM says to one, bears
//! [`OWNER`]; strangers bear [`STRANGER`]. No answer to either may bear the other's mark, no request
//! to the CRM may carry the other's credential or mark, and the stranger leaves the owner's records at
//! the CRM alone; the CRM itself would give anything to anybody. Every case is played by owners with
//! and without an account, against every kind of stranger.
//!
//! Users of one RingCentral account, document and platform share logs and cached contacts on
//! purpose; the other tests show that.

mod accounts;
mod admins;
mod calendar;
mod logs;
mod managed;
mod people;
mod reports;
mod tokens;
mod vault;

use crate::support::client::Response;
use crate::support::crm::{Crm, Request};
use crate::support::test_server::{TestServer, document};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use vault::Vault;

const OWNER: &str = "of-the-owner";
const STRANGER: &str = "of-the-stranger";
const SECRET: &str = "the signing secret of these tests";

/// A route, or several that are used together.
struct Case {
    routes: &'static [&'static str],
    /// The owner's part; gives what the stranger knows of it.
    plant: fn(&Tenant) -> String,
    /// The same by the stranger, with what is told of it.
    act: fn(&Tenant, &str),
    /// The owner finds it as it was, and can still do it.
    still: fn(&Tenant, &str),
}

/// Routes that are played nowhere here, and why that is right.
const EXEMPT: &[(&str, &str)] = &[
    ("GET /readyz", "says nothing of anybody"),
    ("GET /isAlive", "says nothing of anybody"),
    ("GET /implementedInterfaces", "describes documents"),
    ("GET /serverVersionInfo", "says nothing of anybody"),
    ("GET /releaseNotes", "says nothing of anybody"),
    ("GET /userInfoHash", "hashes what the request brings"),
    ("GET /user/preloadSettings", "has no session: what admins set for whoever signs in"),
    ("GET /proxyConfigs", "for the operator alone: tests/admin.rs"),
    ("GET /metrics", "for the operator alone: tests/observability.rs"),
    ("GET /debug/reports", "for the operator alone: tests/error_reports.rs"),
    ("GET /debug/reports/{id}", "for the operator alone: tests/error_reports.rs"),
    ("GET /openapi.json", "describes the server"),
    ("GET /docs", "describes the server"),
    ("GET /crmManifest", "hands out one document, the same to everybody"),
    ("GET /plugin/licenseStatus", "tells that nothing is installed: no plugin is"),
];

/// What sets a stranger apart from the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Apart {
    /// Another account, and a CRM id that begins with the owner's.
    Account,
    /// No account, and a user id that is the name of the owner's account.
    NoAccount,
    /// An account that has the owner's user id as its name.
    AccountNamedLikeTheOwner,
    /// Another document; CRM id, account and platform are the same.
    Document,
    /// Another platform; CRM id, account and document are the same.
    Platform,
    /// Signed out; account, document and platform are the same.
    SignedOut,
    /// Signed in with OAuth, where a client names its account without proving it: names the owner's.
    Claim,
}

/// How people sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SignIn {
    /// With an API key.
    Key,
    /// With OAuth; the code is the key.
    OAuth,
}

const STRANGERS: [Apart; 6] = [
    Apart::Account,
    Apart::NoAccount,
    Apart::AccountNamedLikeTheOwner,
    Apart::Document,
    Apart::Platform,
    Apart::SignedOut,
];

/// One server with two documents, a RingCentral platform and one CRM for all.
struct World {
    sign_in: SignIn,
    server: TestServer,
    vault: Vault,
    _crms: [Crm; 2],
}

impl World {
    fn start() -> Self {
        Self::start_with(SignIn::Key)
    }

    fn start_with(sign_in: SignIn) -> Self {
        let vault = Vault::default();
        let crm = Crm::start({
            let vault = vault.clone();
            move |request: &Request| match request.path() {
                "/oauth/token" => vault::token(request),
                _ => vault.answer(request),
            }
        });
        let platform = Crm::start(vault::ringcentral);
        let mut document = document(&crm.origin());
        vault::add_operations(&mut document);
        if sign_in == SignIn::OAuth {
            document["auth"] = json!({
                "type": "oauth", "clientId": "cid", "clientSecret": "the secret of the app",
                "tokenUrl": format!("{}/oauth/token", crm.origin()),
                "authorizationUrl": format!("{}/oauth/authorize", crm.origin()),
                "redirectUri": "https://app.test/redirect", "scheme": "Basic",
                "credentialTemplate": "{{user.accessToken}}:"
            });
        }
        let server = TestServer::start_with(&[("one", &document), ("two", &document)], |options| {
            options
                .env("APP_SERVER_SECRET_KEY", SECRET)
                .env("RINGCENTRAL_SERVER", platform.origin())
                .env("RINGCENTRAL_CLIENT_ID", "the-client")
                .env("RINGCENTRAL_CLIENT_SECRET", "the-secret")
                .env("APP_SERVER", "http://app.example")
                .env("DEVELOPER_PORTAL_SERVER", platform.origin())
        });
        Self { sign_in, server, vault, _crms: [crm, platform] }
    }

    /// The owner of a round: rounds have nothing in common but session ids, numbers and the like.
    fn owner(&self, round: &str, has_account: bool) -> Tenant<'_> {
        Tenant {
            world: self,
            mark: OWNER,
            other: STRANGER,
            key: format!("{round}-{OWNER}"),
            proxy_id: "one",
            platform: "testCrm",
            account: has_account.then(|| format!("{round}8-testCrm")),
            claimed: None,
            is_colleague: false,
            signed_out: false,
            token: String::new(),
        }
        .signed_in()
    }

    fn stranger(&self, owner: &Tenant<'_>, round: &str, apart: Apart) -> Tenant<'_> {
        let (id, proxy_id, platform, account) = match apart {
            Apart::Account => (format!("{round}7"), "one", "testCrm", Some(format!("{round}-else"))),
            Apart::NoAccount => (format!("{round}8"), "one", "testCrm", None),
            Apart::AccountNamedLikeTheOwner => {
                (format!("{round}9"), "one", "testCrm", Some(format!("{round}-testCrm")))
            }
            Apart::Document => (round.to_owned(), "two", "testCrm", owner.account.clone()),
            Apart::Platform => (round.to_owned(), "one", "otherCrm", owner.account.clone()),
            Apart::SignedOut => (format!("{round}6"), "one", "testCrm", owner.account.clone()),
            Apart::Claim => (format!("{round}5"), "one", "testCrm", None),
        };
        let stranger = Tenant {
            world: self,
            mark: STRANGER,
            other: OWNER,
            key: format!("{id}-{STRANGER}"),
            proxy_id,
            platform,
            is_colleague: account.is_some() && account == owner.account,
            account,
            claimed: owner.account.clone().filter(|_| apart == Apart::Claim),
            signed_out: apart == Apart::SignedOut,
            token: String::new(),
        }
        .signed_in();
        if stranger.signed_out {
            assert_eq!(stranger.post("/unAuthorize", &json!({})).status, 200);
        }
        stranger
    }
}

/// A user.
struct Tenant<'w> {
    world: &'w World,
    mark: &'static str,
    other: &'static str,
    /// The API key; what comes before the first dash is the user's id at the CRM.
    key: String,
    proxy_id: &'static str,
    platform: &'static str,
    /// As a RingCentral token proves it.
    account: Option<String>,
    /// As the client names it and nothing proves it.
    claimed: Option<String>,
    /// A stranger of the owner's account.
    is_colleague: bool,
    signed_out: bool,
    token: String,
}

impl Tenant<'_> {
    fn signed_in(mut self) -> Self {
        if self.world.sign_in == SignIn::OAuth {
            let reply = self.checked(self.come_back());
            assert_eq!(reply.status, 200, "{}", reply.text());
            self.token = reply.json()["jwtToken"].as_str().expect("a token").to_owned();
            return self;
        }
        let mut login = json!({
            "platform": self.platform, "proxyId": self.proxy_id, "apiKey": self.key,
            "hostname": format!("{}.example.com", self.key)
        });
        if let Some(account) = &self.account {
            login["rcAccessToken"] = format!("{account}~{}", self.key).into();
        }
        let reply = self.checked(self.world.server.send_login(&login));
        assert_eq!(reply.status, 200, "{}", reply.text());
        self.token = reply.json()["jwtToken"].as_str().expect("a token").to_owned();
        self
    }

    /// The callback of a sign-in with OAuth.
    fn come_back(&self) -> Response {
        let uri = format!("https://app.test/redirect?code={}&state=platform%3D{}", self.key, self.platform);
        let uri: String = url::form_urlencoded::byte_serialize(uri.as_bytes()).collect();
        let mut target = format!(
            "/oauth-callback?callbackUri={uri}&proxyId={}&hostname={}.example.com",
            self.proxy_id, self.key
        );
        let mut headers = Vec::new();
        if let Some(claimed) = &self.claimed {
            target.push_str(&format!("&rcAccountId={claimed}&rcExtensionId=1"));
            // The hash of whatever extension, as the client sends it.
            headers.push(("rc-extension-id", claimed.as_str()));
        }
        // As a sign-in with a key has it: no admin's.
        let token = self.account.as_ref().map(|account| format!("{account}~{}", self.key));
        if let Some(token) = &token {
            headers.push(("X-RC-Access-Token", token));
        }
        self.world.server.send("GET", &target, &headers, None)
    }

    fn say(&self, text: &str) -> String {
        format!("{text} {}", self.mark)
    }

    /// A token of the RingCentral platform: an admin's, but for colleagues of the owner.
    fn ringcentral_token(&self) -> String {
        // Without an account here, people still have one there.
        let account = self.account.clone().unwrap_or_else(|| format!("account of {}", self.key));
        let token = format!("{account}~{}", self.key);
        if self.is_colleague { token } else { format!("{token}/admin") }
    }

    fn get(&self, target: &str) -> Response {
        self.send("GET", target, &json!({}))
    }

    fn post(&self, target: &str, body: &Value) -> Response {
        self.send("POST", target, body)
    }

    fn send(&self, method: &str, target: &str, body: &Value) -> Response {
        self.send_with(method, target, &[], body)
    }

    fn send_with(&self, method: &str, target: &str, more: &[(&str, &str)], body: &Value) -> Response {
        let bearer = format!("Bearer {}", self.token);
        let mut headers = vec![("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        headers.extend(more);
        let body = (method != "GET").then(|| body.to_string().into_bytes());
        self.checked(self.world.server.send(method, target, &headers, body))
    }

    /// No answer tells of the other one.
    #[track_caller]
    fn checked(&self, reply: Response) -> Response {
        assert!(!reply.text().contains(self.other), "{} was told: {}", self.key, reply.text());
        reply
    }

    /// What this one asked the CRM since the last time; nobody else asked anything.
    #[track_caller]
    fn asked(&self) -> usize {
        let asked = self.world.vault.take_asked();
        for (key, request) in &asked {
            assert_eq!(key, &self.key, "whose credential went out: {request}");
            assert!(!request.contains(self.other), "{} asked for: {request}", self.key);
        }
        asked.len()
    }

    /// The reply of a route that works for whoever is signed in; false for one who is not, who is
    /// refused.
    #[track_caller]
    fn works(&self, reply: &Response) -> bool {
        assert_eq!(reply.json()["successful"], !self.signed_out, "{}: {}", self.key, reply.text());
        !self.signed_out
    }
}

#[track_caller]
fn assert_refused(reply: &Response) {
    assert_eq!(reply.json()["successful"], false, "{}", reply.text());
}

fn cases() -> impl Iterator<Item = &'static Case> {
    [
        logs::CASES,
        people::CASES,
        calendar::CASES,
        accounts::CASES,
        admins::CASES,
        managed::CASES,
        reports::CASES,
    ]
    .into_iter()
    .flatten()
}

fn play(has_account: bool) {
    play_in(&World::start(), has_account, &STRANGERS);
}

fn play_in(world: &World, has_account: bool, strangers: &[Apart]) {
    for (number, case) in cases().enumerate() {
        for (at, apart) in strangers.iter().copied().enumerate() {
            let round = format!("u{number}x{at}x");
            // The name of the round, where one of its assertions fails.
            eprintln!("{:?}: owner with account: {has_account}; stranger: {apart:?}", case.routes);
            let owner = world.owner(&round, has_account);
            let known = (case.plant)(&owner);
            owner.asked();
            let records = world.vault.records_of(&owner.key);
            let stranger = world.stranger(&owner, &round, apart);
            stranger.asked();
            (case.act)(&stranger, &known);
            let asked = stranger.asked();
            assert!(asked == 0 || !stranger.signed_out, "{asked} requests for one who signed out");
            assert_eq!(world.vault.records_of(&owner.key), records, "the owner's records at the CRM");
            (case.still)(&owner, &known);
            owner.asked();
        }
    }
}

#[test]
fn nothing_of_an_owner_with_an_account_is_a_strangers() {
    play(true);
}

#[test]
fn nothing_of_an_owner_without_an_account_is_a_strangers() {
    play(false);
}

/// The account that a client names at an OAuth callback opens nothing of that account, on any route.
#[test]
fn nothing_of_an_owner_is_a_strangers_who_claims_the_account_at_the_callback() {
    play_in(&World::start_with(SignIn::OAuth), true, &[Apart::Claim, Apart::Account]);
}

/// Below these paths there are no sessions, but API tokens (tests/lifecycle, tests/console_tokens.rs).
const WITHOUT_SESSIONS: &str = " /console/";

/// The routes that the server documents, which are those it has, as `METHOD /path`.
fn routes() -> BTreeSet<String> {
    let paths = app_connect::server::openapi_document()["paths"].as_object().expect("paths");
    let routes = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().expect("methods");
        methods.keys().map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    routes.filter(|route| !route.contains(WITHOUT_SESSIONS)).collect()
}

#[test]
fn no_route_is_forgotten() {
    let routes = routes();
    assert!(routes.len() >= 32, "the table was not read: {routes:?}");
    let played: BTreeSet<String> =
        cases().flat_map(|case| case.routes).map(|route| (*route).to_owned()).collect();
    let exempt: BTreeSet<String> = EXEMPT.iter().map(|(route, _)| (*route).to_owned()).collect();
    assert_eq!(played.intersection(&exempt).count(), 0, "a route is played or exempt");
    let known: BTreeSet<String> = played.union(&exempt).cloned().collect();
    let forgotten: Vec<_> = routes.difference(&known).collect();
    assert!(forgotten.is_empty(), "give each a case, or a reason why it needs none: {forgotten:?}");
    let gone: Vec<_> = played.difference(&routes).collect();
    assert!(gone.is_empty(), "no such routes: {gone:?}");
}
