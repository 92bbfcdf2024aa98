//! What is done around every call of an interface: before the CRM is asked, and after it was.

use std::any::Any;

use async_trait::async_trait;

use crate::connector::{CallError, Interface, Reply, ReturnMessage};
use crate::user::User;

/// A call of an interface, as hooks see it. It cannot be changed.
pub struct HookedCall<'a> {
    /// The platform name.
    pub platform: &'a str,
    /// The proxy id of the document, if the user signed in through one.
    pub proxy_id: Option<&'a str>,
    /// Which interface.
    pub interface: Interface,
    /// For whom; absent while somebody signs in.
    pub user: Option<&'a User>,
    pub(super) input: &'a (dyn Any + Send + Sync),
}

impl HookedCall<'_> {
    /// What goes in, if the interface takes a `T`: see `connector::inputs`.
    pub fn input<T: Any>(&self) -> Option<&T> {
        self.input.downcast_ref()
    }
}

/// What came of a call, as hooks see it. It cannot be changed.
pub struct HookedAnswer<'a>(Result<&'a (dyn Any + Send + Sync), &'a CallError>);

impl<'a> HookedAnswer<'a> {
    pub(super) fn of<T: Any + Send + Sync>(result: &'a Result<Reply<T>, CallError>) -> Self {
        Self(result.as_ref().map(|reply| reply as &(dyn Any + Send + Sync)))
    }

    /// The reply, if the interface gave a `T`.
    pub fn reply<T: Any>(&self) -> Option<&Reply<T>> {
        self.0.ok()?.downcast_ref()
    }

    /// Why there is no reply.
    pub fn error(&self) -> Option<&CallError> {
        self.0.err()
    }
}

/// Something that is done around every call, in the order of registration. A hook is code of this server: it sees
/// what connectors see, credentials included.
#[async_trait]
pub trait Hook: Send + Sync {
    /// Before the CRM is asked. The first hook that refuses ends the call: no further hook and no CRM is asked.
    ///
    /// # Errors
    /// What to tell the user, if the CRM must not be asked.
    async fn before(&self, _call: &HookedCall<'_>) -> Result<(), ReturnMessage> {
        Ok(())
    }

    /// After the call, if this hook let it pass; the refusal of a later hook is an answer too. Not called if nobody
    /// waits for the answer any longer and the call was dropped.
    async fn after(&self, _call: &HookedCall<'_>, _answer: &HookedAnswer<'_>) {}
}
