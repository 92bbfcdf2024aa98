//! Connectors end to end: who serves a call, what a platform can do, what a hook and a panic do;
//! and the example of a code connector, with a CRM that misbehaves.

#[path = "../../examples/code_connector.rs"]
#[allow(dead_code, reason = "its main function is not run here")]
mod code_connector;
mod contract;
mod example;
mod oauth;
mod running;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use app_connect::connector::prelude::*;
use app_connect::engine::egress::EgressPolicy;
use app_connect::sandbox::{self, Sandbox, SandboxOptions};
use app_connect::server::{ServerBuilder, Settings};

use running::{Running, settings};

/// A code connector without a CRM: whatever it answers holds its name.
#[derive(Clone)]
struct Named(&'static str, &'static [Interface]);

#[async_trait]
impl Connector for Named {
    fn interfaces(&self) -> Vec<Interface> {
        self.1.to_vec()
    }

    async fn get_user_info(
        &self,
        _: &Call<'_>,
        _: &inputs::GetUserInfo,
    ) -> Result<Reply<UserInfo>, CallError> {
        Ok(Reply::new(UserInfo::new("7")))
    }

    async fn find_contact(
        &self,
        _: &Call<'_>,
        _: &inputs::FindContact,
    ) -> Result<Reply<Vec<Contact>>, CallError> {
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
const ALL_OF_NAMED: &[Interface] = &[
    Interface::GET_USER_INFO,
    Interface::FIND_CONTACT,
    Interface::FIND_CONTACT_WITH_NAME,
    Interface::CREATE_CONTACT,
];

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Says by name who created the contact.
fn create_contact_override() -> Named {
    Named("override", &[Interface::CREATE_CONTACT])
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
        with_document(folder, &sandbox)
            .connector("mixed", Named("code", ALL_OF_NAMED))
            .overriding("mixed", create_contact_override())
    })
    .await;
    let through_document =
        server.log_in(json!({"platform": "mixed", "proxyId": "doc", "apiKey": sandbox::API_KEY})).await;
    assert_eq!(server.names(&through_document).await, ["Make-Believe Motors", "code", "override"]);
    let without = server.log_in(json!({"platform": "mixed", "apiKey": "any"})).await;
    assert_eq!(server.names(&without).await, ["code", "code", "override"]);
    for token in [&through_document, &without] {
        let call = json!({"logInfo": {"sessionId": "s-1", "direction": "Inbound"}, "contactId": "1"});
        let (status, refused) = server.send("POST", "/callLog", token, Some(call)).await;
        assert_eq!((status, &refused["successful"]), (200, &json!(false)));
        assert_eq!(
            refused["returnMessage"],
            json!({"message": "Not supported", "messageType": "warning", "ttl": 2000})
        );
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
    let server = Running::start(|folder| {
        ServerBuilder::new(settings(folder)).connector("code", Named("code", ALL_OF_NAMED))
    })
    .await;
    let login = json!({"platform": "code", "proxyId": "none", "apiKey": "any"});
    let (status, refused) = server.send("POST", "/apiKeyLogin", "", Some(login)).await;
    assert_eq!(status, 400);
    let message = refused["returnMessage"]["message"].as_str().unwrap();
    assert!(message.contains("Unknown proxyId \"none\""), "{message}");
    let (status, refused) =
        server.send("GET", "/implementedInterfaces?platform=code&proxyId=none", "", None).await;
    assert_eq!((status, refused), (404, json!({"error": "Unknown proxyId \"none\"."})));
    server.stop().await;
}

#[tokio::test]
async fn a_registered_connector_does_not_stand_in_for_a_document_that_goes() {
    let sandbox = sandbox::start(SandboxOptions::default()).await.unwrap();
    let mut file = std::path::PathBuf::new();
    let server = Running::start(|folder| {
        file = folder.join("documents/doc.json");
        with_document(folder, &sandbox).connector("mixed", Named("code", ALL_OF_NAMED))
    })
    .await;
    let login = json!({"platform": "mixed", "proxyId": "doc", "apiKey": sandbox::API_KEY});
    let token = server.log_in(login).await;
    std::fs::remove_file(&file).unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let (_, reply) = server.send("GET", "/contact?phoneNumber=%2B1", &token, None).await;
        assert!(!reply.to_string().contains("\"code\""), "{reply}");
        if reply["returnMessage"]["message"] == "The connector \"doc\" is not in service" {
            break;
        }
        assert!(std::time::Instant::now() < until, "{reply}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    server.stop().await;
    sandbox.stop().await;
}

/// Adds the platform to the names that another connector finds.
struct WithPlatform(Named);

#[async_trait]
impl Connector for WithPlatform {
    fn interfaces(&self) -> Vec<Interface> {
        vec![Interface::FIND_CONTACT]
    }

    async fn find_contact(
        &self,
        call: &Call<'_>,
        input: &inputs::FindContact,
    ) -> Result<Reply<Vec<Contact>>, CallError> {
        let mut found = self.0.find_contact(call, input).await?;
        for contact in &mut found.value {
            contact.name =
                format!("{} on {}", contact.name.as_str().unwrap_or_default(), call.platform).into();
        }
        Ok(found)
    }
}

#[tokio::test]
async fn an_override_changes_neither_its_base_nor_another_platform() {
    let base = Named("base", ALL_OF_NAMED);
    let server = Running::start(|folder| {
        let composed = WithPlatform(base.clone());
        ServerBuilder::new(settings(folder))
            .connector("one", base.clone())
            .connector("two", base.clone())
            .overriding("one", composed)
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
    let server = Running::start(|folder| {
        with_document(folder, &sandbox).overriding("other", create_contact_override())
    })
    .await;
    let token =
        server.log_in(json!({"platform": "anything", "proxyId": "doc", "apiKey": sandbox::API_KEY})).await;
    let found = server.get("/contact?phoneNumber=%2B14155550104", &token).await;
    assert_eq!(found["contact"][0]["name"], "Make-Believe Motors");
    // The override of another platform is not this one's.
    let (_, refused) = server.send("POST", "/contact", &token, Some(json!({"newContactName": "x"}))).await;
    assert_eq!(refused["returnMessage"]["message"], "Not supported");
    // Without a document, what documents can have (Q28).
    let (fulfilled, _) = server.interfaces("platform=anything").await;
    assert!(fulfilled.contains("createCallLog") && !fulfilled.contains("listAppointments"), "{fulfilled:?}");
    // A platform of overrides alone has these and nothing more.
    assert_eq!(server.interfaces("platform=other").await.0, set(&["createContact"]));
    let (status, refused) =
        server.send("POST", "/apiKeyLogin", "", Some(json!({"platform": "anything", "apiKey": "k"}))).await;
    let message = refused["returnMessage"]["message"].as_str().unwrap();
    assert!(status == 400 && message.contains("no connector is registered"), "{status} {message}");
    server.stop().await;
    sandbox.stop().await;
}

/// Keeps for whom it was called, and fails.
struct Hook(Arc<Mutex<Vec<Heard>>>);

/// Id in App Connect, id in the CRM, credential.
type Heard = (Option<String>, Option<String>, String);

#[async_trait]
impl Connector for Hook {
    fn interfaces(&self) -> Vec<Interface> {
        vec![Interface::POST_SAVE_USER_INFO]
    }

    async fn post_save_user_info(
        &self,
        call: &Call<'_>,
        _: &UserInfo,
    ) -> Result<Reply<Option<UserInfo>>, CallError> {
        let id = call.user.map(|user| user.key.id.clone());
        let heard = (id, call.crm_user_id().map(str::to_owned), call.credential()?.to_owned());
        self.0.lock().unwrap().push(heard);
        Err(ReturnMessage::warning("the CRM is not ready", 1000).into())
    }
}

#[tokio::test]
async fn the_hook_runs_for_the_stored_user_and_cannot_spoil_the_sign_in() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let server = Running::start(|folder| {
        let hook = Hook(Arc::clone(&heard));
        ServerBuilder::new(settings(folder))
            .connector("code", Named("code", ALL_OF_NAMED))
            .overriding("code", hook)
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
        vec![
            Interface::GET_USER_INFO,
            Interface::FIND_CONTACT,
            Interface::FIND_CONTACT_WITH_NAME,
            Interface::CREATE_CONTACT,
        ]
    }

    async fn get_user_info(
        &self,
        _: &Call<'_>,
        input: &inputs::GetUserInfo,
    ) -> Result<Reply<UserInfo>, CallError> {
        let key = input.api_key.as_ref().map(Secret::expose).unwrap_or_default();
        Ok(Reply::new(UserInfo::new(if key == "nobody" { "" } else { key })))
    }

    async fn find_contact(
        &self,
        _: &Call<'_>,
        _: &inputs::FindContact,
    ) -> Result<Reply<Vec<Contact>>, CallError> {
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
    let server =
        Running::start(|folder| ServerBuilder::new(settings(folder)).connector("broken", Broken)).await;
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
    let server =
        Running::start(|folder| ServerBuilder::new(settings(folder)).connector("broken", Broken)).await;
    let (status, reply) = server
        .send("POST", "/apiKeyLogin", "", Some(json!({"platform": "broken", "apiKey": "nobody"})))
        .await;
    assert_eq!((status, reply.get("jwtToken")), (400, None));
    assert!(reply["returnMessage"]["message"].as_str().unwrap().contains("gave no user id"), "{reply}");
    server.stop().await;
}
