use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Map;

use super::*;
use crate::connector::{Call, Connector, Interface, Registry, Reply};
use crate::service::clock::Clock;
use crate::service::testing::services;
use crate::store::{Secret, UserKey};

const NOW: i64 = 1_760_000_000_000;

/// A user of a platform whose connectors are registered.
fn user(platform: &str, credential: Credential) -> User {
    User {
        key: UserKey { id: format!("7-{platform}"), platform: platform.to_owned(), proxy_id: None },
        name: None,
        hostname: None,
        timezone_name: None,
        timezone_offset: None,
        credential,
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

/// `keys` has API keys, `own` makes their value itself, `page` has OAuth.
struct SigningIn(&'static str);

#[async_trait]
impl Connector for SigningIn {
    fn interfaces(&self) -> Vec<Interface> {
        let of_platform = match self.0 {
            "own" => Some(Interface::GET_BASIC_AUTH),
            "page" => Some(Interface::GET_AUTH_TYPE),
            _ => None,
        };
        of_platform.into_iter().chain([Interface::UN_AUTHORIZE]).collect()
    }

    async fn un_authorize(&self, _: &Call<'_>) -> Result<Reply<()>, CallError> {
        Ok(Reply::new(()))
    }

    async fn get_basic_auth(&self, _: &Call<'_>, key: &str) -> Result<Reply<String>, CallError> {
        Ok(Reply::new(format!("own-{key}")))
    }

    async fn get_auth_type(&self, _: &Call<'_>) -> Result<Reply<AuthType>, CallError> {
        Ok(Reply::new(AuthType::OAuth))
    }
}

fn registry() -> Registry {
    let mut registry = Registry::new();
    for platform in ["keys", "own", "page"] {
        registry.register_connector(platform, Arc::new(SigningIn(platform)));
    }
    registry
}

#[tokio::test]
async fn each_kind_of_credential_signs_in_its_own_way() {
    let services = services(Clock::system(), registry(), Vec::new()).await;
    for (platform, sign_in, expected) in [
        ("keys", SignIn::Key, "Basic a2V5Og=="),
        ("own", SignIn::Key, "Basic own-key"),
        ("page", SignIn::Page, "Bearer key"),
        // Nobody says anything of this one.
        ("unknown", SignIn::Key, "Basic a2V5Og=="),
    ] {
        let credential = Credential::new(Secret::new("key"));
        let user = user(platform, credential.clone());
        let resolved = services.platform_of(platform, &user);
        assert_eq!(of(&resolved).await.unwrap().sign_in(), sign_in, "{platform}");
        assert_eq!(authorization(&resolved, &credential).await.unwrap().as_deref(), Some(expected));
        assert_eq!(authorization(&resolved, &Credential::default()).await.unwrap(), None, "{platform}");
    }
}

/// What cannot be renewed is used as it is: the CRM says what it thinks of it.
#[tokio::test]
async fn a_credential_that_nothing_renews_stays() {
    let (clock, hand) = Clock::by_hand(NOW);
    let services = services(clock, registry(), Vec::new()).await;
    let credential = Credential {
        refresh: Some(Secret::new("rt")),
        expires_at: Some(NOW + 1),
        ..Credential::new(Secret::new("at"))
    };
    for platform in ["keys", "page"] {
        let user = user(platform, credential.clone());
        services.store.save_user(&user).await.unwrap();
        let resolved = services.platform_of(platform, &user);
        assert!(user.credential.is_due(services.clock.now_ms()));
        assert_eq!(resolved.ready(&user).await.unwrap().as_deref(), Some(&user));
        assert_eq!(resolved.renewed_after_refusal(&user).await.unwrap(), None);
        hand.advance(Duration::from_secs(3600));
        assert_eq!(services.platform_of(platform, &user).ready(&user).await.unwrap().as_deref(), Some(&user));
    }
    let good = user("page", Credential { expires_at: None, ..credential });
    assert_eq!(
        services.platform_of("page", &good).ready(&good).await.unwrap(),
        None,
        "nothing is to be done"
    );
}
