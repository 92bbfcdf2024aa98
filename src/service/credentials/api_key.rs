//! API keys: the user pastes one, and it lasts until the CRM revokes it.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{CredentialSource, SignIn};
use crate::connector::{CallError, Interface};
use crate::credential::Credential;
use crate::service::ResolvedPlatform;

pub(super) struct ApiKey;

#[async_trait]
impl CredentialSource for ApiKey {
    fn sign_in(&self) -> SignIn {
        SignIn::Key
    }

    /// `Basic`, of the connector's own making if it has one.
    async fn authorization(
        &self,
        platform: &ResolvedPlatform<'_>,
        credential: &Credential,
    ) -> Result<String, CallError> {
        let key = credential.secret.expose();
        let basic = match platform.serving(Interface::GET_BASIC_AUTH) {
            Ok(connector) => connector.get_basic_auth(&platform.call(None, None), key).await?.value,
            Err(_) => STANDARD.encode(format!("{key}:")),
        };
        Ok(format!("Basic {basic}"))
    }
}
