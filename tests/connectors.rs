//! Connectors end to end: who serves a call, what a platform can do, what a hook and a panic do;
//! and the example of a code connector, with a CRM that misbehaves.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../examples/code_connector.rs"]
#[allow(dead_code, reason = "its main function is not run here")]
mod code_connector;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use app_connect::connector::prelude::*;
use app_connect::engine::egress::EgressPolicy;
use app_connect::engine::send::{Client, ClientOptions};
use app_connect::sandbox::{self, Effect, Fault, Faults, Sandbox, SandboxOptions};
use app_connect::server::{Server, ServerBuilder, Settings};

/// A code connector without a CRM: whatever it answers holds its name.
#[derive(Clone)]
struct Named(&'static str, &'static [Interface]);

#[async_trait]
impl Connector for Named {
    fn interfaces(&self) -> Vec<Interface> {
        self.1.to_vec()
    }

    async fn get_user_info(&self, _: &Call<'_>, _: &inputs::GetUserInfo) -> Result<Reply<UserInfo>, CallError> {
        Ok(Reply::new(UserInfo::new("7")))
    }

    async fn find_contact(&self, _: &Call<'_>, _: &inputs::FindContact) -> Result<Reply<Vec<Contact>>, CallError> {
        Ok(Reply::new(vec![Contact::new(1, self.0)]))
    }

    async fn find_contact_with_name(
        &self,
        _: &Call<'_>,
        _: &inputs::FindContactWithName,
    ) -> Result<Reply<Vec<Contact>>, CallError> {
        Ok(Reply::new(vec![Contact::new(1, self.0)]))
    }

    async fn create_contact(
        &self,
        _: &Call<'_>,
        _: &inputs::CreateContact,
    ) -> Result<Reply<Option<CreatedContact>>, CallError> {
        Ok(Reply::new(Some(created(self.0))))
    }
}

fn created(name: &str) -> CreatedContact {
    CreatedContact { id: Some(1.into()), name: Some(name.into()), contact_type: "Contact".into() }
}

/// Everything that [`Named`] can do.
const ALL_OF_NAMED: &[Interface] =
    &[Interface::GetUserInfo, Interface::FindContact, Interface::FindContactWithName, Interface::CreateContact];

/// A running server and its folder.
struct Running {
    server: Server,
    http: reqwest::Client,
    _folder: tempfile::TempDir,
}

impl Running {
    async fn start(build: impl FnOnce(&Path) -> ServerBuilder) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = build(folder.path()).start().await.unwrap();
        Self { server, http: reqwest::Client::builder().no_proxy().build().unwrap(), _folder: folder }
    }

    fn origin(&self) -> String {
        format!("http://{}", self.server.address())
    }

    async fn send(&self, method: &str, path: &str, token: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.origin()));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    async fn get(&self, path: &str, token: &str) -> Value {
        let (status, reply) = self.send("GET", path, token, None).await;
        assert_eq!(status, 200, "{path}: {reply}");
        reply
    }

    async fn log_in(&self, login: Value) -> String {
        let (status, reply) = self.send("POST", "/apiKeyLogin", "", Some(login)).await;
        assert_eq!(status, 200, "{reply}");
        reply["jwtToken"].as_str().unwrap().to_owned()
    }

    /// The name of the first contact that is found by number, found by name, and created.
    async fn names(&self, token: &str) -> [Value; 3] {
        let found = self.get("/contact?phoneNumber=%2B14155550104", token).await;
        let searched = self.get("/custom/contact/search?name=x", token).await;
        let (_, created) = self.send("POST", "/contact", token, Some(json!({"newContactName": "x"}))).await;
        [found["contact"][0]["name"].clone(), searched["contact"][0]["name"].clone(), created["contact"]["name"].clone()]
    }

    /// The names that `GET /implementedInterfaces` has as true, and all that it has.
    async fn interfaces(&self, query: &str) -> (BTreeSet<String>, BTreeSet<String>) {
        let listed = self.get(&format!("/implementedInterfaces?{query}"), "").await;
        let listed = listed.as_object().unwrap();
        let fulfilled = listed.iter().filter(|(_, has)| **has == Value::Bool(true)).map(|(name, _)| name.clone());
        (fulfilled.collect(), listed.keys().cloned().collect())
    }

    async fn stop(self) {
        self.server.stop().await.unwrap();
    }
}

fn settings(folder: &Path) -> Settings {
    let store = format!("sled:{}", folder.join("store").display());
    Settings { workers: Some(1), ..Settings::new(Secret::new("a secret of this test, long enough"), store) }
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A function that says by name who created the contact.
fn create_contact_function() -> InterfaceFunction {
    InterfaceFunction::create_contact(|_, _| Box::pin(async { Ok(Reply::new(Some(created("function")))) }))
}

/// A server whose document `doc` has `getUserInfo` and `findContact`, both at the sandbox.
fn with_document(folder: &Path, sandbox: &Sandbox) -> ServerBuilder {
    let documents = folder.join("documents");
    std::fs::create_dir(&documents).unwrap();
    let document = json!({
        "meta": {"name": "mixed"},
        "auth": {"type": "apiKey", "scheme": "Basic", "credentialTemplate": "{{apiKey}}:", "encode": "base64"},
        "requestDefaults": {"baseUrl": format!("{}/api/v1", sandbox.base_url())},
        "operations": {
            "getUserInfo": {"method": "GET", "url": "/me", "responseMapping": {"idPath": "body.id"}},
            "findContact": {
                "method": "GET", "url": "/contacts", "query": {"phone": "{{phoneNumber}}"},
                "responseMapping": {"listPath": "body.contacts", "item": {"idPath": "id", "namePath": "name"}},
            },
        },
    });
    std::fs::write(documents.join("doc.json"), document.to_string()).unwrap();
    let trusted = HostPattern::parse(&sandbox.address().to_string()).unwrap();
    ServerBuilder::new(Settings {
        proxy_configs: Some(documents),
        egress: EgressPolicy::PublicOnly { allowed: Arc::from([trusted]) },
        ..settings(folder)
    })
}

#[tokio::test]
async fn the_document_serves_first_then_a_function_then_the_code_connector() {
    let sandbox = sandbox::start(SandboxOptions::default()).await.unwrap();
    let server = Running::start(|folder| {
        with_document(folder, &sandbox).connector("mixed", Named("code", ALL_OF_NAMED)).interface("mixed", create_contact_function())
    })
    .await;
    let through_document = server.log_in(json!({"platform": "mixed", "proxyId": "doc", "apiKey": sandbox::API_KEY})).await;
    assert_eq!(server.names(&through_document).await, ["Make-Believe Motors", "code", "function"]);
    let without = server.log_in(json!({"platform": "mixed", "apiKey": "any"})).await;
    assert_eq!(server.names(&without).await, ["code", "code", "function"]);
    for token in [&through_document, &without] {
        let call = json!({"logInfo": {"sessionId": "s-1", "direction": "Inbound"}, "contactId": "1"});
        let (status, refused) = server.send("POST", "/callLog", token, Some(call)).await;
        assert_eq!((status, &refused["successful"]), (200, &json!(false)));
        assert_eq!(refused["returnMessage"], json!({"message": "Not supported", "messageType": "warning", "ttl": 2000}));
    }

    let code = ["getUserInfo", "findContact", "findContactWithName", "createContact"];
    assert_eq!(server.interfaces("platform=mixed").await.0, set(&code));
    let documents = ["getAuthType", "getBasicAuth", "getLogFormatType", "authValidation", "unAuthorize"];
    let (fulfilled, listed) = server.interfaces("platform=mixed&proxyId=doc").await;
    assert_eq!(fulfilled, set(&[&code[..], &documents].concat()));
    for interface in Interface::ALL {
        assert!(listed.contains(interface.as_str()), "{interface}");
    }
    server.stop().await;
    sandbox.stop().await;
}

#[tokio::test]
async fn a_registered_connector_does_not_stand_in_for_an_unknown_document() {
    let server = Running::start(|folder| ServerBuilder::new(settings(folder)).connector("code", Named("code", ALL_OF_NAMED))).await;
    let login = json!({"platform": "code", "proxyId": "none", "apiKey": "any"});
    let (status, refused) = server.send("POST", "/apiKeyLogin", "", Some(login)).await;
    assert_eq!(status, 400);
    let message = refused["returnMessage"]["message"].as_str().unwrap();
    assert!(message.contains("Unknown proxyId \"none\""), "{message}");
    let (status, refused) = server.send("GET", "/implementedInterfaces?platform=code&proxyId=none", "", None).await;
    assert_eq!((status, refused), (404, json!({"error": "Unknown proxyId \"none\"."})));
    server.stop().await;
}

#[tokio::test]
async fn a_function_changes_neither_its_base_nor_another_platform() {
    let base = Named("base", ALL_OF_NAMED);
    let server = Running::start(|folder| {
        let below = base.clone();
        let composed = InterfaceFunction::find_contact(move |call, input| {
            let below = below.clone();
            Box::pin(async move {
                let mut found = below.find_contact(call, input).await?;
                for contact in &mut found.value {
                    contact.name = format!("{} on {}", contact.name.as_str().unwrap_or_default(), call.platform).into();
                }
                Ok(found)
            })
        });
        ServerBuilder::new(settings(folder)).connector("one", base.clone()).connector("two", base.clone()).interface("one", composed)
    })
    .await;
    let one = server.log_in(json!({"platform": "one", "apiKey": "any"})).await;
    let two = server.log_in(json!({"platform": "two", "apiKey": "any"})).await;
    assert_eq!(server.names(&one).await, ["base on one", "base", "base"]);
    assert_eq!(server.names(&two).await, ["base", "base", "base"]);
    server.stop().await;
}

#[tokio::test]
async fn a_platform_without_registration_is_a_proxy_platform() {
    let sandbox = sandbox::start(SandboxOptions::default()).await.unwrap();
    let server = Running::start(|folder| with_document(folder, &sandbox).interface("other", create_contact_function())).await;
    let token = server.log_in(json!({"platform": "anything", "proxyId": "doc", "apiKey": sandbox::API_KEY})).await;
    let found = server.get("/contact?phoneNumber=%2B14155550104", &token).await;
    assert_eq!(found["contact"][0]["name"], "Make-Believe Motors");
    // The function of another platform is not this one's.
    let (_, refused) = server.send("POST", "/contact", &token, Some(json!({"newContactName": "x"}))).await;
    assert_eq!(refused["returnMessage"]["message"], "Not supported");
    // Without a document, what documents can have (Q28).
    let (fulfilled, _) = server.interfaces("platform=anything").await;
    assert!(fulfilled.contains("createCallLog") && !fulfilled.contains("listAppointments"), "{fulfilled:?}");
    // A platform of functions alone has these and nothing more.
    assert_eq!(server.interfaces("platform=other").await.0, set(&["createContact"]));
    let (status, refused) = server.send("POST", "/apiKeyLogin", "", Some(json!({"platform": "anything", "apiKey": "k"}))).await;
    let message = refused["returnMessage"]["message"].as_str().unwrap();
    assert!(status == 400 && message.contains("no connector is registered"), "{status} {message}");
    server.stop().await;
    sandbox.stop().await;
}

/// The tables of the contract: authentication, call logging, SMS logging, server-side logging,
/// appointments, lifecycle hooks.
const CONTRACT: &[&str] = &[
    "getAuthType", "getOauthInfo", "getBasicAuth", "getUserInfo", "refreshUserInfo", "unAuthorize",
    "findContact", "findContactWithName", "createContact", "createCallLog", "updateCallLog", "getCallLog",
    "getLogFormatType", "upsertCallDisposition",
    "createMessageLog", "updateMessageLog",
    "getLicenseStatus", "getUserList",
    "listAppointments", "createAppointment", "updateAppointment", "refreshAppointment", "cancelAppointment",
    "confirmAppointment",
    "authValidation", "checkAndRefreshAccessToken", "getOverridingOAuthOption", "getServerLoggingSettings",
    "updateServerLoggingSettings", "postSaveUserInfo",
];

#[tokio::test]
async fn every_interface_of_the_contract_defaults_to_not_supported() {
    struct Bare;
    #[async_trait]
    impl Connector for Bare {
        fn interfaces(&self) -> Vec<Interface> {
            Vec::new()
        }
    }
    let client = Client::new(&ClientOptions::default()).unwrap();
    let call = Call { platform: "bare", user: None, auth_header: None, client: &client };
    let mut refused = BTreeSet::new();
    macro_rules! refuses {
        ($($method:ident($($input:expr)?),)*) => {$(
            match Bare.$method(&call $(, $input)?).await {
                Err(CallError::NotSupported(interface)) => assert!(refused.insert(interface.as_str().to_owned()), "{interface}"),
                other => panic!("{}: {other:?}", stringify!($method)),
            }
        )*};
    }
    let null = || Value::Null;
    let id = || "1".to_owned();
    let by_id = inputs::AppointmentById { appointment_id: id() };
    refuses! {
        get_auth_type(),
        get_oauth_info(),
        get_basic_auth("key"),
        get_user_info(&inputs::GetUserInfo::default()),
        refresh_user_info(),
        un_authorize(),
        find_contact(&inputs::FindContact { phone_number: id(), overriding_format: None, is_extension: null() }),
        find_contact_with_name(&inputs::FindContactWithName { name: None }),
        create_contact(&inputs::CreateContact::default()),
        create_call_log(&inputs::CreateCallLog::default()),
        update_call_log(&inputs::UpdateCallLog::default()),
        get_call_log(&inputs::GetCallLog { log_id: id(), contact_id: None }),
        get_log_format_type(),
        upsert_call_disposition(&inputs::UpsertCallDisposition { log_id: id(), existing_call_log: null(), dispositions: null() }),
        create_message_log(&inputs::MessageLog::default()),
        update_message_log(&inputs::MessageLog::default()),
        get_license_status(&inputs::GetLicenseStatus { user_id: id() }),
        get_user_list(),
        list_appointments(&inputs::ListAppointments::default()),
        create_appointment(&inputs::CreateAppointment { payload: null() }),
        update_appointment(&inputs::UpdateAppointment { appointment_id: id(), patch_body: null() }),
        refresh_appointment(&by_id),
        confirm_appointment(&by_id),
        cancel_appointment(&by_id),
        auth_validation(),
        check_and_refresh_access_token(),
        get_overriding_oauth_option(&inputs::OverridingOAuthOption { code: id() }),
        get_server_logging_settings(),
        update_server_logging_settings(&inputs::UpdateServerLoggingSettings { additional_field_values: null() }),
        post_save_user_info(),
    }
    assert_eq!(refused, set(CONTRACT));
    assert_eq!(Interface::ALL.iter().map(|interface| interface.as_str().to_owned()).collect::<BTreeSet<_>>(), set(CONTRACT));
    for name in CONTRACT {
        assert_eq!(Interface::parse(name).map(Interface::as_str), Some(*name));
    }

    let server = Running::start(|folder| ServerBuilder::new(settings(folder)).connector("bare", Bare)).await;
    assert_eq!(server.interfaces("platform=bare").await.0, set(&[]));
    server.stop().await;
}

#[tokio::test]
async fn the_hook_runs_for_the_stored_user_and_cannot_spoil_the_sign_in() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let server = Running::start(|folder| {
        let heard = Arc::clone(&heard);
        let hook = InterfaceFunction::post_save_user_info(move |call| {
            let heard = Arc::clone(&heard);
            Box::pin(async move {
                let id = call.user.map(|user| user.key.id.clone());
                heard.lock().unwrap().push((id, call.crm_user_id().map(str::to_owned), call.credential()?.to_owned()));
                Err(ReturnMessage::warning("the CRM is not ready", 1000).into())
            })
        });
        ServerBuilder::new(settings(folder)).connector("code", Named("code", ALL_OF_NAMED)).interface("code", hook)
    })
    .await;
    let token = server.log_in(json!({"platform": "code", "apiKey": "k"})).await;
    let expected = (Some("7-code".to_owned()), Some("7".to_owned()), "Basic azo=".to_owned());
    assert_eq!(*heard.lock().unwrap(), [expected]);
    assert_eq!(server.names(&token).await, ["code", "code", "code"]);
    server.stop().await;
}

/// Panics where it finds contacts, and knows nobody who signs in with an empty id.
struct Broken;

#[async_trait]
impl Connector for Broken {
    fn interfaces(&self) -> Vec<Interface> {
        vec![Interface::GetUserInfo, Interface::FindContact, Interface::FindContactWithName, Interface::CreateContact]
    }

    async fn get_user_info(&self, _: &Call<'_>, input: &inputs::GetUserInfo) -> Result<Reply<UserInfo>, CallError> {
        let key = input.api_key.as_ref().map(Secret::expose).unwrap_or_default();
        Ok(Reply::new(UserInfo::new(if key == "nobody" { "" } else { key })))
    }

    async fn find_contact(&self, _: &Call<'_>, _: &inputs::FindContact) -> Result<Reply<Vec<Contact>>, CallError> {
        panic!("a bug of this connector, on purpose");
    }

    async fn find_contact_with_name(
        &self,
        _: &Call<'_>,
        _: &inputs::FindContactWithName,
    ) -> Result<Reply<Vec<Contact>>, CallError> {
        Err(ReturnMessage::warning("In its own words", 4000).detail("And more.").into())
    }
}

#[tokio::test]
async fn a_connector_that_panics_costs_one_request() {
    let server = Running::start(|folder| ServerBuilder::new(settings(folder)).connector("broken", Broken)).await;
    let token = server.log_in(json!({"platform": "broken", "apiKey": "7"})).await;
    for _ in 0..3 {
        let (status, reply) = server.send("GET", "/contact?phoneNumber=%2B14155550104", &token, None).await;
        assert_eq!(status, 500);
        assert!(!reply["error"].as_str().unwrap().contains("on purpose"), "{reply}");
    }
    let own_words = server.get("/custom/contact/search?name=x", &token).await;
    let items = json!([{"id": 1, "type": "text", "text": "And more."}]);
    let message = json!({
        "message": "In its own words", "messageType": "warning", "ttl": 4000,
        "details": [{"title": "Details", "items": items}],
    });
    assert_eq!(own_words, json!({"successful": false, "returnMessage": message}));
    // It lists an interface and leaves the default in place.
    let (_, refused) = server.send("POST", "/contact", &token, Some(json!({"newContactName": "x"}))).await;
    assert_eq!(refused["returnMessage"]["message"], "Not supported");
    server.stop().await;
}

#[tokio::test]
async fn a_user_without_an_id_is_not_stored() {
    let server = Running::start(|folder| ServerBuilder::new(settings(folder)).connector("broken", Broken)).await;
    let (status, reply) = server.send("POST", "/apiKeyLogin", "", Some(json!({"platform": "broken", "apiKey": "nobody"}))).await;
    assert_eq!((status, reply.get("jwtToken")), (400, None));
    assert!(reply["returnMessage"]["message"].as_str().unwrap().contains("gave no user id"), "{reply}");
    server.stop().await;
}

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
    assert_eq!(seen.logged["returnMessage"], json!({"message": "Call logged as Interested", "messageType": "success", "ttl": 2000}));
    let data = &seen.read["logs"][0]["logData"];
    assert_eq!(data["fullBody"], "Wants a quote by Friday.\nCompany: Imaginary Widgets\nDuring: Widget demonstration");
    assert_eq!(data["fullLogResponse"]["disposition"], "Interested");
    assert_eq!(data["fullLogResponse"]["owner_id"], "usr-1");
    let posted = received(&sandbox, "POST");
    assert_eq!(posted.iter().map(|request| request.header("idempotency-key")).collect::<Vec<_>>(), [Some("call-example-1")]);
    let interfaces = ["getAuthType", "getLogFormatType", "getUserInfo", "findContact", "findContactWithName", "createCallLog", "getCallLog"];
    assert_eq!(server.interfaces(&format!("platform={}", code_connector::PLATFORM)).await.0, set(&interfaces));
    server.stop().await;
    sandbox.stop().await;
}

#[tokio::test]
async fn the_example_creates_one_activity_where_the_answer_is_lost() {
    let (sandbox, server) = example().await;
    let lost = Fault { times: Some(1), method: Some("POST".to_owned()), after: true, ..Fault::from(Effect::Reset) };
    sandbox.set_faults(Faults { faults: vec![lost] }).unwrap();
    let seen = tour(&sandbox, &server).await;
    let posted = received(&sandbox, "POST");
    assert_eq!(posted.len(), 2);
    assert_eq!(posted[0].body, posted[1].body);
    assert_eq!(posted[0].header("idempotency-key"), posted[1].header("idempotency-key"));
    assert_eq!(seen.logged["logId"], "act-1");
    let activities = server.http.get(format!("{}/api/v1/activities", sandbox.base_url())).bearer_auth(sandbox::API_KEY);
    let activities: Value = serde_json::from_slice(&activities.send().await.unwrap().bytes().await.unwrap()).unwrap();
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
    let (status, refused) = server.send("POST", "/apiKeyLogin", "", Some(json!({"platform": platform, "apiKey": "wrong"}))).await;
    assert_eq!((status, &refused["returnMessage"]["message"]), (400, &json!("The CRM does not know this API key.")));

    let token = server.log_in(json!({"platform": platform, "apiKey": sandbox::API_KEY})).await;
    let call = |contact: &str| json!({"logInfo": {"sessionId": "s-1", "direction": "Inbound"}, "contactId": contact});
    let log = async |contact: &str| server.send("POST", "/callLog", &token, Some(call(contact))).await.1;
    assert_eq!(log("con-99").await["returnMessage"]["message"], "The contact is no longer in the CRM");
    // A value that would lead to another resource is not sent.
    let sent = sandbox.requests().len();
    let refused = log("..").await;
    assert_eq!((refused["successful"].clone(), sandbox.requests().len()), (json!(false), sent));
    // What the connector does not word itself, the server does.
    let busy = Fault { times: Some(1), ..Fault::from(Effect::Status { code: 429, retry_after_seconds: Some(7) }) };
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
