//! What a code connector offers for a field of the sign-in page.

use std::sync::{Arc, Mutex};

use app_connect::connector::prelude::*;
use app_connect::engine::egress::EgressPolicy;
use app_connect::server::{ServerBuilder, Settings};
use app_connect::service::manifest::Manifest;

use super::running::{Running, settings};
use crate::support::crm::{Answer, Crm, Request};

/// Offers the desks of a tenant, and keeps what it was asked.
struct Desks(Arc<Mutex<Vec<Value>>>);

#[async_trait]
impl Connector for Desks {
    fn interfaces(&self) -> Vec<Interface> {
        vec![Interface::GET_USER_INFO, Interface::GET_MANAGED_AUTH_OPTIONS]
    }

    async fn get_user_info(
        &self,
        _: &Call<'_>,
        _: &inputs::GetUserInfo,
    ) -> Result<Reply<UserInfo>, CallError> {
        Ok(Reply::new(UserInfo::new("7")))
    }

    async fn get_managed_auth_options(
        &self,
        _: &Call<'_>,
        input: &inputs::ManagedAuthOptions,
    ) -> Result<Reply<Vec<AuthOption>>, CallError> {
        self.0.lock().unwrap().push(json!({"field": input.field_const, "values": input.account_values}));
        if input.account_values.get("tenant").is_none() {
            return Err(ReturnMessage::warning("Fill in the tenant first.", 3000).into());
        }
        Ok(Reply::new(vec![AuthOption::new("d-1", "By the window"), AuthOption::new("d-2", "By the door")]))
    }
}

/// The token is `account/extension`, of an admin.
fn ringcentral(request: &Request) -> Answer {
    let token = request.header("authorization").unwrap_or_default().trim_start_matches("Bearer ").to_owned();
    let (account, extension) = token.split_once('/').unwrap_or_default();
    let admin = json!({"admin": {"enabled": true}});
    Answer::json(&json!({"id": extension, "account": {"id": account}, "permissions": admin}))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_offers_options_by_the_values_of_the_account() {
    let manifest = json!({"author": {"name": "test"}, "platforms": {"code": {"auth": {"apiKey": {"page": {"content": [
        {"const": "tenant", "managed": true, "managedScope": "account"},
        {"const": "apiKey", "managed": true, "managedScope": "account"},
        {"const": "desk", "managed": true, "managedScope": "user", "managedFieldType": "dynamic"},
        {"const": "seat", "managed": true, "managedScope": "user"}
    ]}}}}}});
    let platform = Crm::start(ringcentral);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let server = Running::start(|folder| {
        let settings = Settings {
            ringcentral_server: platform.origin().parse().unwrap(),
            egress: EgressPolicy::AllowPrivate,
            manifest: Some(Manifest::parse(&manifest.to_string()).unwrap()),
            ..settings(folder)
        };
        ServerBuilder::new(settings).connector("code", Desks(Arc::clone(&asked)))
    })
    .await;
    let options = async |body: Value| {
        let target = "/admin/managedAuth/options?platform=code&rcAccessToken=1%2F10";
        server.send("POST", target, "", Some(body)).await
    };
    let (status, refused) = options(json!({"fieldConst": "desk"})).await;
    assert_eq!((status, refused), (400, json!({"error": "Fill in the tenant first."})));
    // The account's values, as they are stored, and as they are typed; of no field that differs between users.
    let login = json!({"platform": "code", "apiKey": "k", "rcAccessToken": "1/10", "additionalInfo": {"tenant": "stored", "seat": "s"}});
    server.log_in(login).await;
    let (status, offered) = options(json!({"fieldConst": "desk"})).await;
    let desks = json!([{"value": "d-1", "label": "By the window"}, {"value": "d-2", "label": "By the door"}]);
    assert_eq!((status, offered), (200, desks));
    let typed = json!({"tenant": "typed", "apiKey": "********", "seat": "x", "made": "up"});
    assert_eq!(options(json!({"fieldConst": "desk", "accountValues": typed})).await.0, 200);
    let stored = json!({"field": "desk", "values": {"tenant": "stored", "apiKey": "k"}});
    let over = json!({"field": "desk", "values": {"tenant": "typed", "apiKey": "k"}});
    assert_eq!(*asked.lock().unwrap(), [json!({"field": "desk", "values": {}}), stored, over]);
    let (status, refused) = options(json!({"fieldConst": "seat"})).await;
    assert_eq!(status, 400, "{refused}");
    assert!(server.interfaces("platform=code").await.0.contains("getManagedAuthOptions"));
    server.stop().await;
}
