//! OAuth without a page of the CRM, as a source of credentials.

use async_trait::async_trait;

use super::oauth::Tokens;
use super::renewal::Why;
use super::{CredentialSource, SignIn};
use crate::connector::CallError;
use crate::credential::Credential;
use crate::service::ResolvedPlatform;
use crate::store::User;

pub(super) struct FormTokens;

#[async_trait]
impl CredentialSource for FormTokens {
    fn sign_in(&self) -> SignIn {
        SignIn::Form
    }

    async fn authorization(
        &self,
        platform: &ResolvedPlatform<'_>,
        credential: &Credential,
    ) -> Result<String, CallError> {
        Tokens.authorization(platform, credential).await
    }

    async fn renewed(
        &self,
        platform: &ResolvedPlatform<'_>,
        user: User,
        why: Why,
    ) -> Result<User, CallError> {
        Tokens.renewed(platform, user, why).await
    }
}
