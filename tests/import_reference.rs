//! Moving from the reference server: its database is brought over, its session tokens keep working, and
//! what it logged is updated and not logged again.

use crate::support::crm::{Answer, Crm, Request};
use crate::support::postgres::{Cluster, cluster};
use crate::support::test_server::{self, TestServer, document};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use std::process::{Command, Stdio};

const SECRET: &str = "the secret key of the reference server";
const API_KEY: &str = "one-averysecretapikey";

/// The tables as Sequelize makes them from the reference's models (packages/core/models).
const TABLES: &str = r#"
create table "users" ("id" varchar(255) primary key, "rcAccountId" varchar(255), "hostname" varchar(255),
  "timezoneName" varchar(255), "timezoneOffset" varchar(255), "platform" varchar(255), "accessToken" varchar(2500),
  "refreshToken" varchar(2500), "tokenExpiry" timestamp with time zone, "platformAdditionalInfo" json,
  "hashedRcExtensionId" varchar(255), "userSettings" json,
  "createdAt" timestamp with time zone not null, "updatedAt" timestamp with time zone not null);
create table "callLogs" ("id" varchar(255), "sessionId" varchar(255),
  "extensionNumber" varchar(255) not null default '', "hashedExtensionId" varchar(255) not null default '',
  "platform" varchar(255), "thirdPartyLogId" varchar(255), "userId" varchar(255), "contactId" varchar(255),
  "createdAt" timestamp with time zone not null, "updatedAt" timestamp with time zone not null,
  primary key ("id", "sessionId", "extensionNumber", "hashedExtensionId"));
create table "messageLogs" ("id" varchar(255) primary key, "platform" varchar(255), "conversationId" varchar(255),
  "conversationLogId" varchar(255), "thirdPartyLogId" varchar(255), "userId" varchar(255),
  "createdAt" timestamp with time zone not null, "updatedAt" timestamp with time zone not null);
create table "adminConfigs" ("id" varchar(255) primary key, "userSettings" json, "customAdapter" json,
  "adminAccessToken" varchar(512), "adminRefreshToken" varchar(512), "adminTokenExpiry" timestamp with time zone,
  "userMappings" json, "createdAt" timestamp with time zone not null, "updatedAt" timestamp with time zone not null);
create table "accountData" ("rcAccountId" varchar(255), "platformName" varchar(255), "dataKey" varchar(255), "data" json,
  "createdAt" timestamp with time zone not null, "updatedAt" timestamp with time zone not null,
  primary key ("rcAccountId", "platformName", "dataKey"));
create table "caches" ("id" varchar(255) primary key, "status" varchar(255), "userId" varchar(255),
  "cacheKey" varchar(255), "data" json, "expiry" timestamp with time zone,
  "createdAt" timestamp with time zone not null, "updatedAt" timestamp with time zone not null);
create table "callDownLists" ("id" varchar(255) primary key, "userId" varchar(255), "contactId" varchar(255),
  "contactType" varchar(255), "status" varchar(255), "scheduledAt" timestamp with time zone,
  "lastCallAt" timestamp with time zone, "createdAt" timestamp with time zone not null,
  "updatedAt" timestamp with time zone not null);
"#;

const T1: &str = "'2025-03-01T10:00:00.123Z'";
const T2: &str = "'2025-03-02T11:30:00Z'";

/// What the reference kept of a user behind the document `crm`, and of others.
fn fill(cluster: &Cluster, url: &str) {
    let at = format!("{T1}, {T1}");
    let users = format!(
        r#"insert into "users" values
        ('one-testCrm', '5', 'acme.crm.example', 'Europe/Lisbon', '+01:00', 'testCrm', '{API_KEY}', null, null,
         '{{"zeta": 1, "proxyId": "crm", "alpha": 9007199254740993}}', null, '{{"popUp": {{"value": true}}}}', {at}),
        ('two-testCrm', '5', null, null, null, 'testCrm', null, null, null, '{{"proxyId": "crm"}}', null, null, {at}),
        ('odd', null, null, null, null, null, 'key', null, null, null, null, null, {at});"#
    );
    let logs = format!(
        r#"insert into "callLogs" values
        ('tel-1', 's-old', '', '', 'testCrm', 'crm-1', 'one-testCrm', 'c1', {at}),
        ('tel-2', 's-ext', '101', 'hash-101', 'testCrm', 'crm-2', 'one-testCrm', null, {at}),
        ('tel-3', 's-ext', '102', 'hash-102', 'testCrm', 'crm-3', 'one-testCrm', null, {at}),
        ('tel-4', 's-gone', '', '', 'testCrm', 'crm-4', 'gone-testCrm', null, {at}),
        ('tel-5', 's-none', '', '', 'testCrm', null, 'one-testCrm', null, {at});
        insert into "messageLogs" values
        ('m-2', 'testCrm', 'conv', 'conv/1', 'crm-9', 'one-testCrm', {T2}, {T2}),
        ('m-1', 'testCrm', 'conv', 'conv/1', 'crm-9', 'one-testCrm', {at}),
        ('m-3', 'testCrm', null, null, 'crm-10', 'one-testCrm', {at});"#
    );
    let rest = format!(
        r#"insert into "adminConfigs" values
        ('hashed-account', '{{"popUp": {{"customizable": false, "value": false}}}}', null, 'admin-secret', 'refresh-secret',
         {T1}, '[{{"crmUserId": "1", "rcExtensionId": ["2"]}}]', {at});
        insert into "accountData" values
        ('5', 'testCrm', 'contact-+14155550101', '[{{"id": "c1", "name": "Ada", "phone": "+14155550101"}}]', {at}),
        ('5', 'testCrm', 'plugin-1', '{{"a": 1}}', {at}),
        ('5', 'testCrm', 'managed-auth-org', '{{"fields": {{}}}}', {at}),
        ('6', 'testCrm', 'contact-1', '[{{"id": "c9", "name": "what no jsonb holds: \u0000"}}]', {at});
        insert into "caches" values ('x', 'pending', 'one-testCrm', 'auth-session', '{{}}', {T1}, {at});
        insert into "callDownLists" values
        ('0123456789abcdef', 'one-testCrm', 'c1', 'Lead', 'scheduled', {T2}, null, {at}),
        ('fedcba9876543210', 'gone-testCrm', 'c1', 'Lead', 'scheduled', null, null, {at});"#
    );
    cluster.sql(url, TABLES);
    for sql in [users, logs, rest] {
        cluster.sql(url, &sql);
    }
}

/// A session token as the reference issues it: nothing in it says which document it is of.
fn old_token(id: &str) -> String {
    let claims = json!({"id": id, "platform": "testCrm", "iat": 1_700_000_000, "exp": 4_000_000_000_u64});
    encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

struct Scene {
    source: String,
    crm: Crm,
    app: TestServer,
    database_url: String,
}

impl Scene {
    /// A stopped server with an empty store, and a database of the reference beside it.
    fn new(cluster: &Cluster, is_shared: bool) -> Self {
        let source = cluster.database();
        fill(cluster, &source);
        let crm = Crm::start(|request: &Request| match (request.method.as_str(), request.path()) {
            ("POST", "/v1/messages") => Answer::json(&json!({"id": "new-record"})).status(201),
            ("PATCH", _) => Answer::json(&json!({})),
            _ => test_server::ordinary(request),
        });
        let mut document = document(&crm.origin());
        document["operations"]["createMessageLog"] = json!({
            "method": "POST", "url": "/messages", "body": {"m": "{{message.id}}"}, "responseMapping": {"idPath": "body.id"}
        });
        document["operations"]["updateMessageLog"] = json!({"method": "PATCH", "url": "/messages/{{thirdPartyLogId}}", "body": {"m": "{{message.id}}"}});
        let database_url = if is_shared { cluster.database() } else { String::new() };
        let mut app = TestServer::start_with(&[("crm", &document)], |options| {
            options.env("APP_SERVER_SECRET_KEY", SECRET).env("DATABASE_URL", &database_url)
        });
        app.server.kill();
        Self { source, crm, app, database_url }
    }

    /// Runs the import; what it prints.
    fn import(&self) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_app-connect"))
            .args(["import", "app-connect-core", "--from", &self.source, "--data-dir"])
            .arg(self.app.folder().join("data"))
            .env_clear()
            .envs([("APP_SERVER_SECRET_KEY", SECRET), ("DATABASE_URL", &self.database_url)])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let (out, err) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(0), "{out}{err}");
        for secret in [API_KEY, SECRET, "admin-secret", "+14155550101"] {
            assert!(!out.contains(secret) && !err.contains(secret), "{out}{err}");
        }
        assert!(err.contains("3 of 3 rows of users"), "{err}");
        out
    }

    fn patch(&self, token: &str, body: &Value) -> Value {
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        self.app.send("PATCH", "/callLog", &headers, Some(body.to_string().into_bytes())).json()
    }

    /// The requests for records that the CRM received, without the bodies.
    fn records(&self) -> Vec<String> {
        let requests = self.crm.received();
        let about = |request: &&Request| {
            ["/v1/activities", "/v1/messages"].iter().any(|at| request.path().starts_with(at))
        };
        requests
            .iter()
            .filter(about)
            .map(|request| format!("{} {}", request.method, request.path()))
            .collect()
    }
}

const FIRST: &str = "\
users: 2 brought over
  1 skipped: it has no platform
callLogs: 3 brought over
  1 skipped: it has no id of a CRM record
  1 skipped: its user is not in the table users
messageLogs: 3 brought over
adminConfigs: 1 brought over
accountData: 2 brought over
  1 skipped: it holds what an admin signed in with, encrypted: an admin signs in again
  1 skipped: no user or several documents say where it belongs; it is read from the CRM again
callDownLists: 1 brought over
  1 skipped: its user is not in the table users
caches: 0 brought over
  1 skipped: it holds the state of sign-ins and plugin tasks, which end with the server
";

#[test]
fn a_database_of_the_reference_is_brought_over_and_its_tokens_work() {
    let Some(cluster) = cluster() else { return };
    for is_shared in [false, true] {
        let mut scene = Scene::new(cluster, is_shared);
        assert_eq!(scene.import(), FIRST);
        scene.app.kill_and_restart();
        let (app, token) = (&scene.app, old_token("one-testCrm"));

        // What was logged is found, and not logged again.
        let found = app.get("/callLog?sessionIds=s-old,s-gone", &token).json();
        let matched = |at: usize| (found["logs"][at]["matched"].clone(), found["logs"][at]["logId"].clone());
        assert_eq!((matched(0), matched(1).0), ((json!(true), json!("crm-1")), json!(false)), "{found}");
        let found = app
            .get("/callLog?sessionIds=s-ext&extensionNumber=102&hashedExtensionId=hash-102", &token)
            .json();
        assert_eq!(found["logs"][0]["logId"], "crm-3", "{found}");
        let again = app.post("/callLog", &token, &test_server::call("s-old", "c1")).json();
        assert_eq!(again["returnMessage"]["message"], "Existing log for session s-old", "{again}");
        assert_eq!(scene.records(), [""; 0]);

        // It is updated where it is, with the key that the user signed in with once.
        let updated = scene.patch(&token, &json!({"sessionId": "s-old", "subject": "New", "note": "More"}));
        assert_eq!(updated["successful"], true, "{updated}");
        assert_eq!(scene.records().last().unwrap(), "PATCH /v1/activities/crm-1");
        assert!(scene.records().iter().all(|record| !record.starts_with("POST")), "{:?}", scene.records());
        assert!(scene.crm.received().iter().all(|request| test_server::api_key(request) == API_KEY));

        // A conversation goes on in its record.
        let message = |id: &str| json!({"id": id, "direction": "Inbound", "creationTime": "2025-03-02T12:00:00Z", "type": "SMS", "subject": "Hello"});
        let conversation = json!({
            "logInfo": {"conversationId": "conv", "conversationLogId": "conv/1", "messages": [message("m-1"), message("m-9"), message("m-2")],
                        "correspondents": [{"phoneNumber": "+14155550101"}]},
            "contactId": "c1", "contactType": "Contact", "contactName": "Ada", "contactPhoneNumber": "+14155550101"
        });
        let before = scene.records().len();
        let logged = app.post("/messageLog", &token, &conversation).json();
        assert_eq!(logged["successful"], true, "{logged}");
        assert_eq!(scene.records()[before..], ["PATCH /v1/messages/crm-9"]);

        // Settings, the list of calls to make, contacts: as they were.
        let settings = app.get("/user/settings", &token).json();
        assert_eq!(settings["popUp"]["value"], true, "{settings}");
        let list = app.get("/calldown", &token).json();
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
        assert_eq!(list["items"][0]["id"], "0123456789abcdef");
        assert_eq!(list["items"][0]["scheduledAt"], "2025-03-02T11:30:00.000Z");
        let contact = app.get("/contact?phoneNumber=%2B14155550101", &token).json();
        assert_eq!(contact["contact"][0]["name"], "Ada", "{contact}");
        assert_eq!(scene.crm.count("/v1/contacts"), 0, "the cache was brought over");
        assert_eq!(app.get("/hostname", &token).text(), "acme.crm.example");

        // Who signed out there is signed out here; a forged token is nobody's.
        let signed_out = app.get("/contact?phoneNumber=1", &old_token("two-testCrm")).json();
        assert_eq!(signed_out["successful"], false, "{signed_out}");
        let strange = encode(
            &Header::new(Algorithm::HS256),
            &json!({"id": "one-testCrm", "platform": "testCrm", "exp": 4_000_000_000_u64}),
            &EncodingKey::from_secret(b"another"),
        );
        assert_eq!(app.get("/calldown", &strange.unwrap()).status, 400);
    }
}

/// While people still work on the reference the import can be run again and again.
#[test]
fn a_second_run_brings_what_is_new_and_leaves_what_changed_here() {
    let Some(cluster) = cluster() else { return };
    let mut scene = Scene::new(cluster, true);
    scene.import();
    let again = scene.import();
    for (table, there) in
        [("users", 2), ("callLogs", 3), ("messageLogs", 3), ("adminConfigs", 1), ("accountData", 2)]
    {
        assert!(again.contains(&format!("{table}: 0 brought over, {there} here already")), "{again}");
    }
    // Here somebody changes a setting; there calls are logged, and another user changes something.
    scene.app.kill_and_restart();
    let token = old_token("one-testCrm");
    let change = json!({"userSettings": {"popUp": {"value": "changed here"}}});
    assert_eq!(scene.app.post("/user/settings", &token, &change).status, 200);
    let now = "now(), now()";
    let sql = format!(
        r#"insert into "callLogs" values ('tel-9', 's-new', '', '', 'testCrm', 'crm-99', 'one-testCrm', null, {now});
        update "users" set "userSettings" = '{{"popUp": {{"value": "stale"}}}}', "updatedAt" = {T2} where "id" = 'one-testCrm';
        update "users" set "accessToken" = 'signed-in-there', "updatedAt" = now() where "id" = 'two-testCrm';"#
    );
    cluster.sql(&scene.source, &sql);
    let third = scene.import();
    assert!(third.contains("users: 1 brought over, 1 here already"), "{third}");
    assert!(third.contains("callLogs: 1 brought over, 3 here already"), "{third}");
    let settings = scene.app.get("/user/settings", &token).json();
    assert_eq!(settings["popUp"]["value"], "changed here", "{settings}");
    let found = scene.app.get("/callLog?sessionIds=s-new", &token).json();
    assert_eq!(found["logs"][0]["logId"], "crm-99", "{found}");
    let signed_in = scene.app.get("/contact?phoneNumber=1", &old_token("two-testCrm")).json();
    assert_eq!(signed_in["successful"], true, "{signed_in}");
}

#[test]
fn older_tables_do_and_other_databases_are_refused() {
    let Some(cluster) = cluster() else { return };
    let run = |url: &str| {
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_app-connect"))
            .args(["import", "app-connect-core", "--from", url])
            .current_dir(folder.path())
            .env_clear()
            .env("APP_SERVER_SECRET_KEY", SECRET)
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let empty = cluster.database();
    let (code, _, err) = run(&empty);
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("none of the reference's tables"), "{err}");
    let (code, _, err) = run(&cluster.url("missing").replace("postgres@", "postgres:hunter2@"));
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("does not exist") && !err.contains("hunter2"), "{err}");

    // Before extensions were told apart, and without the tables that came later.
    cluster.sql(
        &empty,
        &format!(
            r#"create table "users" ("id" varchar(255) primary key, "platform" varchar(255), "accessToken" varchar(255),
              "createdAt" timestamp not null, "updatedAt" timestamp not null);
            create table "callLogs" ("id" varchar(255) primary key, "sessionId" varchar(255), "platform" varchar(255),
              "thirdPartyLogId" varchar(255), "userId" varchar(255), "createdAt" timestamp not null, "updatedAt" timestamp not null);
            insert into "users" values ('1-acme', 'acme', 'key', {T1}, {T1});
            insert into "callLogs" values ('tel-1', 's-1', 'acme', 'crm-1', '1-acme', {T1}, {T1});"#
        ),
    );
    let (code, out, err) = run(&empty);
    assert_eq!(code, Some(0), "{err}");
    assert!(
        out.starts_with(
            "users: 1 brought over\ncallLogs: 1 brought over\nmessageLogs: there is no such table\n"
        ),
        "{out}"
    );
}
