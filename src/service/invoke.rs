//! The one way from a connected user to the CRM: who serves the interface, with which credential, and the
//! call itself. Whatever is to happen at every call, before or after it, belongs here.

use super::{ResolvedPlatform, credentials};
use crate::connector::invocation::Invocation;
use crate::connector::{CallError, Reply};
use crate::store::User;

impl ResolvedPlatform<'_> {
    /// Calls an interface for a connected user.
    ///
    /// # Errors
    /// If nothing serves the interface, there is no credential, or the CRM fails.
    pub(crate) async fn invoke<I: Invocation>(
        &self,
        user: &User,
        input: &I::Input,
    ) -> Result<Reply<I::Output>, CallError> {
        let connector = self.serving(I::INTERFACE)?;
        let auth_header = credentials::authorization(self, &user.credential).await?;
        let call = self.call(Some(user), auth_header.as_deref());
        I::of(&*connector, &call, input).await
    }
}
