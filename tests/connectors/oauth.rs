//! A code connector whose users sign in with OAuth: each of its hooks is called where it says, and what it gives counts.

use std::sync::{Arc, Mutex};

use app_connect::connector::prelude::*;
use app_connect::engine::egress::EgressPolicy;
use app_connect::server::{ServerBuilder, Settings};

use super::running::{Running, settings};
use crate::support::crm::{Answer, Crm, Request};

/// What the connector was asked, in order.
type Log = Arc<Mutex<Vec<String>>>;

struct Acme {
    origin: String,
    log: Log,
}

impl Acme {
    fn write(&self, line: impl Into<String>) {
        self.log.lock().unwrap().push(line.into());
    }
}

#[async_trait]
impl Connector for Acme {
    fn interfaces(&self) -> Vec<Interface> {
        vec![
            Interface::GET_AUTH_TYPE,
            Interface::GET_OAUTH_INFO,
            Interface::GET_OVERRIDING_OAUTH_OPTION,
            Interface::GET_USER_INFO,
            Interface::POST_SAVE_USER_INFO,
            Interface::CHECK_AND_REFRESH_ACCESS_TOKEN,
            Interface::AUTH_VALIDATION,
            Interface::FIND_CONTACT,
        ]
    }

    async fn get_auth_type(&self, _: &Call<'_>) -> Result<Reply<AuthType>, CallError> {
        Ok(Reply::new(AuthType::OAuth))
    }

    async fn get_oauth_info(
        &self,
        _: &Call<'_>,
        input: &inputs::OAuthInfoInput,
    ) -> Result<Reply<OAuthInfo>, CallError> {
        self.write(format!("getOauthInfo {:?} {:?}", input.hostname, input.user_email));
        if input.hostname.as_deref() == Some("closed.example.com") {
            let fail_message = Some("Acme is closed for your site".to_owned());
            return Ok(Reply::new(OAuthInfo { fail_message, ..OAuthInfo::default() }));
        }
        let oauth = OAuth {
            client_id: Some("cid".to_owned()),
            client_secret: Some(Secret::new("csec")),
            token_url: Some(format!("{}/token", self.origin).into()),
            authorization_url: Some(format!("{}/authorize", self.origin).into()),
            redirect_uri: Some("https://app.test/redirect".to_owned()),
            ..OAuth::default()
        };
        Ok(Reply::new(OAuthInfo { hostname: Some("acme.example.com".to_owned()), ..oauth.into() }))
    }

    async fn get_overriding_oauth_option(
        &self,
        _: &Call<'_>,
        input: &inputs::OverridingOAuthOption,
    ) -> Result<Reply<Map<String, Value>>, CallError> {
        self.write(format!("getOverridingOAuthOption {} {:?}", input.code, input.oauth.client_id));
        let options = json!({
            "body": {"tenant": "t 1", "redirect_uri": null},
            "query": {"v": "2"},
            "headers": {"Authorization": "", "X-App": "of-acme"}
        });
        Ok(Reply::new(options.as_object().unwrap().clone()))
    }

    async fn get_user_info(
        &self,
        call: &Call<'_>,
        input: &inputs::GetUserInfo,
    ) -> Result<Reply<UserInfo>, CallError> {
        let oauth = input.oauth.as_ref().expect("a sign-in with OAuth");
        self.write(format!(
            "getUserInfo {:?} {} {:?} {:?} {}",
            call.auth_header, oauth.reply["tenant_name"], oauth.username, input.hostname, oauth.query["x"]
        ));
        let mut info = UserInfo::new("9");
        info.name = Some("As the CRM says".into());
        info.overriding_hostname = Some("eu.acme.example.com".to_owned());
        Ok(Reply::new(info))
    }

    async fn post_save_user_info(
        &self,
        call: &Call<'_>,
        info: &UserInfo,
    ) -> Result<Reply<Option<UserInfo>>, CallError> {
        self.write(format!("postSaveUserInfo {:?} {:?}", call.crm_user_id(), info.name));
        let mut other = info.clone();
        other.name = Some("As people say".into());
        Ok(Reply::new(Some(other)))
    }

    async fn check_and_refresh_access_token(&self, call: &Call<'_>) -> Result<Reply<User>, CallError> {
        let mut user = call.user.expect("a user").clone();
        let token = user.credential.secret.expose().to_owned();
        self.write(format!("checkAndRefreshAccessToken {token}"));
        match token.as_str() {
            "at-1" => user.credential.secret = Secret::new("at-2"),
            "at-2" => user.credential.secret = Secret::new("at-3"),
            _ => return Err(NotRenewed::Revoked.into()),
        }
        Ok(Reply::new(user))
    }

    async fn auth_validation(&self, call: &Call<'_>) -> Result<Reply<AuthValidation>, CallError> {
        self.write(format!("authValidation {:?}", call.auth_header));
        Ok(Reply::new(AuthValidation { successful: true, message: None, status: 200 }))
    }

    async fn find_contact(
        &self,
        call: &Call<'_>,
        _: &inputs::FindContact,
    ) -> Result<Reply<Vec<Contact>>, CallError> {
        Ok(Reply::new(vec![Contact::new("1", call.auth_header.unwrap_or_default())]))
    }
}

async fn start(log: &Log, crm: &Crm) -> Running {
    let origin = crm.origin();
    let trusted = HostPattern::parse(origin.trim_start_matches("http://")).unwrap();
    let acme = Acme { origin, log: Arc::clone(log) };
    Running::start(|folder| {
        ServerBuilder::new(Settings {
            egress: EgressPolicy::PublicOnly { allowed: Arc::from([trusted]) },
            ..settings(folder)
        })
        .connector("acme", acme)
    })
    .await
}

const CALLBACK: &str =
    "/oauth-callback?callbackUri=https%3A%2F%2Fapp.test%2Fredirect%3Fcode%3Dc1%26state%3Dplatform%253Dacme";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_hook_is_called_where_it_says_and_what_it_gives_counts() {
    let log = Log::default();
    let crm = Crm::start(|_: &Request| {
        Answer::json(&json!({"access_token": "at-1", "refresh_token": "rt-1", "tenant_name": "Acme Inc."}))
    });
    let server = start(&log, &crm).await;
    let target = format!("{CALLBACK}&hostname=typed.example.com&userEmail=o%40x&username=olga&x=1");
    let reply = server.get(&target, "").await;
    assert_eq!(reply["name"], "As people say", "{reply}");
    let token = reply["jwtToken"].as_str().unwrap().to_owned();
    let request = &crm.received()[0];
    assert_eq!(request.target, "/token?v=2");
    assert_eq!(request.body, b"code=c1&grant_type=authorization_code&tenant=t+1");
    assert_eq!((request.header("authorization"), request.header("x-app")), (None, Some("of-acme")));
    assert_eq!(server.get("/hostname", &token).await, json!("eu.acme.example.com"));

    let contact = async |token: &str| {
        server.send("GET", "/contact?phoneNumber=1&isForceRefreshAccountData=true", token, None).await
    };
    // What the hook gives is used and stored: the next request begins with it.
    assert_eq!(contact(&token).await.1["contact"][0]["name"], "Bearer at-2");
    assert_eq!(server.get("/authValidation", &token).await["successful"], true);
    let (status, over) = contact(&token).await;
    assert_eq!((status, &over["errorCode"]), (401, &json!("CRM_SESSION_REVOKED")), "{over}");
    let expected = [
        r#"getOauthInfo Some("typed.example.com") Some("o@x")"#,
        r#"getOverridingOAuthOption c1 Some("cid")"#,
        r#"getUserInfo Some("Bearer at-1") "Acme Inc." Some("olga") Some("acme.example.com") "1""#,
        r#"postSaveUserInfo Some("9") Some(String("As the CRM says"))"#,
        "checkAndRefreshAccessToken at-1",
        "checkAndRefreshAccessToken at-2",
        r#"authValidation Some("Bearer at-3")"#,
        "checkAndRefreshAccessToken at-3",
    ];
    assert_eq!(*log.lock().unwrap(), expected);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connector_that_refuses_a_sign_in_is_heard_and_nothing_is_asked() {
    let log = Log::default();
    let crm = Crm::start(|_: &Request| Answer::json(&json!({})));
    let server = start(&log, &crm).await;
    let reply = server.get(&format!("{CALLBACK}&hostname=closed.example.com"), "").await;
    assert_eq!(
        (&reply["returnMessage"]["messageType"], &reply["returnMessage"]["message"]),
        (&json!("danger"), &json!("Acme is closed for your site"))
    );
    let (status, refused) =
        server.send("GET", "/oauth/start?platform=acme&hostname=closed.example.com", "", None).await;
    assert_eq!((status, &refused["returnMessage"]), (400, &reply["returnMessage"]));
    assert_eq!(crm.received().len(), 0);
    server.stop().await;
}
