//! A platform with what serves it at this moment: the document of its snapshot, or registered connectors.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Services;
use super::credentials::OfRequest;
use super::session::Session;
use super::wording::{self, Refusal};
use crate::config::operations::OperationName;
use crate::connector::documents::Audience;
use crate::connector::{Call, CallError, Connector, Interface, Missing, Provider, ProxyConnector};
use crate::engine::operation::{Operation, TextLimit};
use crate::engine::results::NewContact;
use crate::store::User;

impl Services {
    /// The platform of a session's user, as [`Self::platform_of`] finds it. If their session at the CRM turns out to be
    /// over, the client is told so, whatever the handler answers.
    pub(super) fn platform_for(&self, session: &Session, user: &User) -> ResolvedPlatform<'_> {
        ResolvedPlatform { revoked: Some(session.revoked()), ..self.platform_of(&session.platform, user) }
    }

    /// The platform of a user: the document they signed in through, of this moment's snapshot, in the
    /// revision that their account has.
    pub(super) fn platform_of(&self, platform: &str, user: &User) -> ResolvedPlatform<'_> {
        let account = Audience::Account(user.rc_account_id.as_deref());
        self.platform(platform, user.key.proxy_id.as_deref(), account)
    }

    /// A platform, and the document behind a proxy id as these callers have it.
    pub(super) fn platform(
        &self,
        platform: &str,
        proxy_id: Option<&str>,
        audience: Audience<'_>,
    ) -> ResolvedPlatform<'_> {
        let snapshot = self.documents.snapshot();
        let proxy = proxy_id.and_then(|id| snapshot.get(id, audience));
        let missing = match proxy_id {
            Some(id) if proxy.is_none() => Some(Missing::Document(id.to_owned())),
            None if !self.registry.knows(platform) => Some(Missing::Connector(platform.to_owned())),
            _ => None,
        };
        ResolvedPlatform {
            services: self,
            name: platform.to_owned(),
            proxy,
            missing,
            renewed: OfRequest::default(),
            revoked: None,
        }
    }
}

/// A platform as one request sees it: it keeps its revision to the end of the request.
pub(crate) struct ResolvedPlatform<'s> {
    pub(super) services: &'s Services,
    /// The platform's name.
    pub(crate) name: String,
    /// The document that serves it, if the user signed in through one.
    pub(crate) proxy: Option<Arc<ProxyConnector>>,
    /// What should serve it and does not, or not for this account. No registered connector stands in for
    /// a document.
    missing: Option<Missing>,
    /// What became of the user's credential.
    pub(super) renewed: OfRequest,
    /// Set if the user's session at the CRM is over.
    pub(super) revoked: Option<Arc<AtomicBool>>,
}

impl ResolvedPlatform<'_> {
    /// Who serves an interface, and of which shape it is.
    pub(super) fn provider(&self, interface: Interface) -> Result<(Provider, Arc<dyn Connector>), CallError> {
        if let Some(missing) = &self.missing {
            return Err(CallError::NotInService(missing.clone()));
        }
        let served = self.services.registry.resolve(&self.name, self.proxy.as_ref(), interface);
        served.ok_or(CallError::NotSupported(interface))
    }

    /// Who serves an interface.
    pub(crate) fn serving(&self, interface: Interface) -> Result<Arc<dyn Connector>, CallError> {
        self.provider(interface).map(|(_, connector)| connector)
    }

    /// Whether anything serves an interface.
    pub(crate) fn serves(&self, interface: Interface) -> bool {
        self.serving(interface).is_ok()
    }

    /// As [`Self::serving`]; that nothing serves the platform is told as [`Self::in_service`] does.
    pub(crate) fn serving_or_tell(&self, interface: Interface) -> Result<Arc<dyn Connector>, CallError> {
        drop(self.in_service());
        self.serving(interface)
    }

    /// Whether anything serves this platform. Where nothing does, that is all there is to say: nobody was
    /// asked, so nothing is known to be there or not.
    ///
    /// # Errors
    /// What is missing, in words.
    pub(crate) fn in_service(&self) -> Result<(), Refusal> {
        let Some(missing) = &self.missing else { return Ok(()) };
        self.services.metrics.not_in_service();
        tracing::warn!(platform = self.name, missing = %missing, "not in service");
        Err(Refusal::new(wording::not_in_service(missing)))
    }

    /// The host that has the records and contacts of a user, where templates choose it.
    pub(crate) fn tenant_host(&self, user: &User) -> Option<String> {
        let proxy = self.proxy.as_ref()?;
        proxy.tenant_host(&self.call(Some(user), None)).or_else(|| user.tenant_host.clone())
    }

    /// Whether an operation may be run a second time with the same idempotency key.
    pub(crate) fn is_safe_to_repeat(&self, operation: OperationName) -> bool {
        self.proxy.as_ref().is_some_and(|proxy| proxy.is_safe_to_repeat(operation))
    }

    /// Whether whoever serves an operation may send the idempotency key to the CRM.
    pub(crate) fn sends_key(&self, operation: OperationName) -> bool {
        let operation = self.proxy.as_ref().and_then(|proxy| proxy.config.operation(operation));
        operation.is_some_and(Operation::reads_idempotency_key)
    }

    /// Whether `getCallLog` can be asked for a call by its session.
    pub(crate) fn finds_by_session(&self) -> bool {
        let operation =
            self.proxy.as_ref().and_then(|proxy| proxy.config.operation(OperationName::GET_CALL_LOG));
        operation.is_some_and(Operation::finds_by_session)
    }

    /// How long the text may be that an operation writes. An addition or update that does not say is as
    /// long as what made the record.
    pub(crate) fn text_limit(&self, operation: OperationName) -> Option<TextLimit> {
        let limit = |name| self.proxy.as_ref()?.config.operation(name)?.max_length;
        let of_record = [
            (OperationName::UPDATE_CALL_LOG, OperationName::CREATE_CALL_LOG),
            (OperationName::UPDATE_MESSAGE_LOG, OperationName::CREATE_MESSAGE_LOG),
        ];
        limit(operation).or_else(|| {
            let (_, creation) = of_record.into_iter().find(|(update, _)| *update == operation)?;
            limit(creation)
        })
    }

    /// Whether the document says that the CRM answers a creation without an id.
    pub(crate) fn gives_no_id(&self, operation: OperationName) -> bool {
        let operation = self.proxy.as_ref().and_then(|proxy| proxy.config.operation(operation));
        operation.is_some_and(Operation::gives_no_id)
    }

    /// Whether the user's session at the CRM has turned out to be over.
    pub(crate) fn is_revoked(&self) -> bool {
        self.revoked.as_ref().is_some_and(|revoked| revoked.load(Ordering::Relaxed))
    }

    /// Tells that it is over: another request of the user has found it out.
    pub(crate) fn revoke(&self) {
        if let Some(revoked) = &self.revoked {
            revoked.store(true, Ordering::Relaxed);
        }
    }

    /// The entry by which clients offer to create a contact, where the platform has a document and contacts are
    /// created. The lists of code connectors are their own.
    pub(crate) fn new_contact(&self) -> Option<NewContact> {
        let proxy = self.proxy.as_ref().filter(|_| self.serves(Interface::CREATE_CONTACT))?;
        Some(proxy.new_contact())
    }

    /// Whether the document writes the composed text into a new log: it is there since.
    pub(crate) fn writes_text(&self) -> bool {
        let operation =
            self.proxy.as_ref().and_then(|proxy| proxy.config.operation(OperationName::CREATE_CALL_LOG));
        operation.is_some_and(Operation::writes_text)
    }

    /// Whether a document or a registered connector is meant at all.
    pub(crate) fn is_known(&self) -> bool {
        self.proxy.is_some() || self.services.registry.knows(&self.name)
    }

    /// What a connector's interface comes with.
    pub(super) fn call<'a>(&'a self, user: Option<&'a User>, auth_header: Option<&'a str>) -> Call<'a> {
        Call {
            platform: &self.name,
            user,
            auth_header,
            client: self.services.client(),
            metrics: &self.services.metrics,
        }
    }
}
