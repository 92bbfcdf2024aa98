use std::sync::Mutex;

use async_trait::async_trait;
use serde_json::Map;

use super::*;
use crate::connector::documents::Audience;
use crate::connector::{Call, Registry, inputs, invocation};
use crate::credential::Credential;
use crate::engine::results::{Contact, UserInfo};
use crate::service::clock::Clock;
use crate::service::testing::services;
use crate::store::{Secret, UserKey};

/// What hooks and the connector did, in order.
type Log = Arc<Mutex<Vec<String>>>;

/// Writes down what it sees.
struct Watching {
    name: &'static str,
    log: Log,
    refuses: bool,
}

#[async_trait]
impl Hook for Watching {
    async fn before(&self, call: &HookedCall<'_>) -> Result<(), ReturnMessage> {
        let number = call.input::<inputs::FindContact>().map(|input| input.phone_number.clone());
        let user = call.user.map(|user| user.key.id.as_str());
        let line = format!("{} before {} {user:?} {number:?}", self.name, call.interface);
        self.log.lock().unwrap().push(line);
        if self.refuses { Err(ReturnMessage::warning("Not now", 1000)) } else { Ok(()) }
    }

    async fn after(&self, call: &HookedCall<'_>, answer: &HookedAnswer<'_>) {
        let found = answer.reply::<Vec<Contact>>().map(|reply| reply.value.len());
        let error = answer.error().map(ToString::to_string);
        let line = format!("{} after {} {found:?} {error:?}", self.name, call.platform);
        self.log.lock().unwrap().push(line);
    }
}

fn watching(name: &'static str, log: &Log) -> Watching {
    Watching { name, log: Arc::clone(log), refuses: false }
}

/// A platform that finds one contact, tells who signs in, and writes down with which credential it was asked.
struct Acme(Log);

impl Acme {
    fn write(&self, call: &Call<'_>) {
        self.0.lock().unwrap().push(format!("asked with {:?}", call.auth_header));
    }
}

#[async_trait]
impl Connector for Acme {
    fn interfaces(&self) -> Vec<Interface> {
        vec![Interface::FIND_CONTACT, Interface::GET_USER_INFO]
    }

    async fn find_contact(
        &self,
        call: &Call<'_>,
        _: &inputs::FindContact,
    ) -> Result<Reply<Vec<Contact>>, CallError> {
        self.write(call);
        Ok(Reply::new(vec![Contact::new("1", "Ada")]))
    }

    async fn get_user_info(
        &self,
        call: &Call<'_>,
        _: &inputs::GetUserInfo,
    ) -> Result<Reply<UserInfo>, CallError> {
        self.write(call);
        Ok(Reply::new(UserInfo::new("7")))
    }
}

fn registry(log: &Log) -> Registry {
    let mut registry = Registry::new();
    registry.register_override("acme", Arc::new(Acme(Arc::clone(log))));
    registry
}

fn user() -> User {
    User {
        key: UserKey { id: "7-acme".to_owned(), platform: "acme".to_owned(), proxy_id: None },
        name: None,
        hostname: None,
        timezone_name: None,
        timezone_offset: None,
        credential: Credential::new(Secret::new("key")),
        rc_account_id: None,
        rc_extension_hash: None,
        claimed_account_id: None,
        claimed_extension_hash: None,
        region: None,
        platform_additional_info: Map::new(),
        user_settings: None,
        tenant_host: None,
        session_epoch: 0,
        managed: Default::default(),
        was_alone: false,
        created_at: 1,
        updated_at: 1,
    }
}

fn number() -> inputs::FindContact {
    inputs::FindContact { phone_number: "+1".to_owned(), overriding_format: None, is_extension: false.into() }
}

fn counted(metrics: &crate::metrics::Metrics, served_by: &str, interface: &str, outcome: &str) -> bool {
    let labels = format!(r#"{{served_by="{served_by}",interface="{interface}",outcome="{outcome}"}}"#);
    metrics.render().contains(&format!("app_connect_invocations_total{labels} 1\n"))
}

#[tokio::test]
async fn hooks_see_a_call_and_its_answer_in_the_order_of_registration() {
    let log = Log::default();
    let hooks: Vec<Arc<dyn Hook>> =
        vec![Arc::new(watching("first", &log)), Arc::new(watching("second", &log))];
    let services = services(Clock::system(), registry(&log), hooks).await;
    let user = user();
    let platform = services.platform_of("acme", &user);
    platform.invoke::<invocation::FindContact>(&user, &number()).await.unwrap();
    assert_eq!(
        *log.lock().unwrap(),
        [
            r#"first before findContact Some("7-acme") Some("+1")"#,
            r#"second before findContact Some("7-acme") Some("+1")"#,
            r#"asked with Some("Basic a2V5Og==")"#,
            "first after acme Some(1) None",
            "second after acme Some(1) None",
        ]
    );
    assert!(counted(&services.metrics, "override", "findContact", "ok"));
}

#[tokio::test]
async fn a_hook_that_refuses_ends_the_call_before_the_crm_is_asked() {
    let log = Log::default();
    let hooks: Vec<Arc<dyn Hook>> = vec![
        Arc::new(watching("first", &log)),
        Arc::new(Watching { refuses: true, ..watching("second", &log) }),
        Arc::new(watching("third", &log)),
    ];
    let services = services(Clock::system(), registry(&log), hooks).await;
    let user = user();
    let platform = services.platform_of("acme", &user);
    let refused = platform.invoke::<invocation::FindContact>(&user, &number()).await.unwrap_err();
    assert!(!refused.is_in_doubt());
    let CallError::Message(message) = refused else { panic!("{refused:?}") };
    assert_eq!(message.message, "Not now");
    assert_eq!(
        *log.lock().unwrap(),
        [
            r#"first before findContact Some("7-acme") Some("+1")"#,
            r#"second before findContact Some("7-acme") Some("+1")"#,
            r#"first after acme None Some("Not now")"#,
        ]
    );
    assert!(counted(&services.metrics, "override", "findContact", "stopped"));
}

#[tokio::test]
async fn signing_in_takes_the_same_way_with_a_credential_that_is_not_stored() {
    let log = Log::default();
    let services = services(Clock::system(), registry(&log), vec![Arc::new(watching("hook", &log))]).await;
    let platform = services.platform("acme", None, Audience::Anybody);
    let nobody = Unsaved { user: None, authorization: Some("Basic eA==") };
    let input = inputs::GetUserInfo::default();
    platform.invoke_unsaved::<invocation::GetUserInfo>(nobody, &input).await.unwrap();
    let expected = [
        "hook before getUserInfo None None",
        r#"asked with Some("Basic eA==")"#,
        "hook after acme None None",
    ];
    assert_eq!(*log.lock().unwrap(), expected);
    assert!(counted(&services.metrics, "override", "getUserInfo", "ok"));
}

#[tokio::test]
async fn a_call_that_nobody_serves_is_counted_and_no_hook_is_asked() {
    let log = Log::default();
    let services = services(Clock::system(), registry(&log), vec![Arc::new(watching("hook", &log))]).await;
    let user = user();
    let missing = services.platform_of("acme", &user).invoke::<invocation::GetUserList>(&user, &()).await;
    assert_eq!(missing.unwrap_err(), CallError::NotSupported(Interface::GET_USER_LIST));
    assert!(
        services.platform_of("other", &user).invoke::<invocation::UnAuthorize>(&user, &()).await.is_err()
    );
    assert_eq!(*log.lock().unwrap(), Vec::<String>::new());
    assert!(counted(&services.metrics, "none", "getUserList", "not-supported"));
    assert!(counted(&services.metrics, "none", "unAuthorize", "not-in-service"));
}
