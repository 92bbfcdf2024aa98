//! How a user proves to the CRM who asks. Each kind of credential is one source, in a file of its own. [`of`]
//! chooses the source of a platform; nothing else asks how its users sign in.
//!
//! A further kind is a further file here, and an arm of [`of`].

mod api_key;
pub(super) mod form_grant;
mod form_tokens;
mod granted;
mod journal;
mod oauth;
mod renewal;

use async_trait::async_trait;

pub(in crate::service) use granted::granted;
pub use journal::TokenJournal;
pub(crate) use renewal::OfRequest;
pub use renewal::Renewals;
use renewal::Why;

use super::session::Session;
use super::{ResolvedPlatform, Services};
use crate::connector::{CallError, Interface};
use crate::credential::Credential;
use crate::engine::operation::AuthType;
use crate::store::{StoreError, User};

/// Where a user's credential comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignIn {
    /// The user pastes a key.
    Key,
    /// The user signs in on a page of the CRM.
    Page,
    /// The user fills in a form, whose fields are exchanged for a token.
    Form,
}

/// One kind of credential: how users come by it, how it signs a request, how it is renewed.
#[async_trait]
pub(crate) trait CredentialSource: Send + Sync {
    /// How users come by it.
    fn sign_in(&self) -> SignIn;

    /// The `Authorization` value that the connectors of a platform receive. The credential is connected.
    ///
    /// # Errors
    /// If a connector makes the value and fails.
    async fn authorization(
        &self,
        platform: &ResolvedPlatform<'_>,
        credential: &Credential,
    ) -> Result<String, CallError>;

    /// The user with a renewed credential; the user as it is, if nothing renews it.
    ///
    /// # Errors
    /// If it could not be renewed, or the session at the CRM is over.
    async fn renewed(
        &self,
        _platform: &ResolvedPlatform<'_>,
        user: User,
        _why: Why,
    ) -> Result<User, CallError> {
        Ok(user)
    }
}

/// The source of a platform's credentials. Without anything that says otherwise, users have API keys.
///
/// # Errors
/// If a connector is asked how users sign in, and fails.
pub(crate) async fn of(platform: &ResolvedPlatform<'_>) -> Result<&'static dyn CredentialSource, CallError> {
    let Ok(connector) = platform.serving(Interface::GET_AUTH_TYPE) else { return Ok(&api_key::ApiKey) };
    Ok(match connector.get_auth_type(&platform.call(None, None)).await?.value {
        AuthType::ApiKey => &api_key::ApiKey,
        AuthType::OAuth
            if platform.proxy.as_ref().is_some_and(|proxy| proxy.config.oauth.grant.takes_form()) =>
        {
            &form_tokens::FormTokens
        }
        AuthType::OAuth => &oauth::Tokens,
    })
}

/// The `Authorization` value of a credential; `None` for one that is not connected.
///
/// # Errors
/// If a connector has a part in making it, and fails.
pub(crate) async fn authorization(
    platform: &ResolvedPlatform<'_>,
    credential: &Credential,
) -> Result<Option<String>, CallError> {
    if !credential.is_connected() {
        return Ok(None);
    }
    authorization_by(of(platform).await?, platform, credential).await
}

/// As [`authorization`], if the source is known already.
///
/// # Errors
/// If a connector has a part in making it, and fails.
pub(crate) async fn authorization_by(
    source: &dyn CredentialSource,
    platform: &ResolvedPlatform<'_>,
    credential: &Credential,
) -> Result<Option<String>, CallError> {
    if !credential.is_connected() {
        return Ok(None);
    }
    source.authorization(platform, credential).await.map(Some)
}

impl Services {
    /// The session's user who is signed in at the CRM. A credential that expires is renewed when the CRM is asked
    /// (`service::invoke`).
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn connected_user(&self, session: &Session) -> Result<Option<User>, StoreError> {
        session.connected_user(&*self.store).await
    }
}

#[cfg(test)]
mod tests;
