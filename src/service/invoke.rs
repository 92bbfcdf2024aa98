//! The one way to the CRM: who serves the interface, with which credential, the hooks before it, the call itself,
//! and the hooks after it. It is one span, and counted once. Whatever is to happen at every call belongs here.
//!
//! Interfaces that only describe a connector do not pass through here: how users sign in, how a key becomes a
//! credential, the format of log texts.

mod hooks;

use std::sync::Arc;
use std::time::Instant;

use tracing::field::Empty;
use tracing::{Instrument as _, Span};

pub use hooks::{Hook, HookedAnswer, HookedCall};

use super::{ResolvedPlatform, credentials};
use crate::connector::invocation::Invocation;
use crate::connector::{CallError, Connector, Interface, Provider, Reply, ReturnMessage};
use crate::engine::failure::{Failure, FailureKind};
use crate::engine::results::MapError;
use crate::metrics::InvocationHandles;
use crate::store::User;

/// What every call passes through, and where it is counted.
pub struct Pipeline {
    hooks: Vec<Arc<dyn Hook>>,
    counted: InvocationHandles,
}

impl Pipeline {
    /// With these hooks, in this order.
    pub fn new(hooks: Vec<Arc<dyn Hook>>) -> Self {
        let interfaces = Interface::ALL.iter().map(|interface| interface.as_str());
        Self { hooks, counted: InvocationHandles::new(interfaces) }
    }
}

/// Somebody whose credential is not the one of a stored user: while signing in, or out.
#[derive(Clone, Copy)]
pub(crate) struct Unsaved<'a> {
    /// The user, as far as there is one.
    pub(crate) user: Option<&'a User>,
    /// The `Authorization` value of the credential ([`credentials::authorization`]).
    pub(crate) authorization: Option<&'a str>,
}

/// For whom the CRM is asked.
#[derive(Clone, Copy)]
enum Asker<'a> {
    /// A stored user, with the stored credential.
    Saved(&'a User),
    Unsaved(Unsaved<'a>),
}

/// A hook let nobody pass.
struct Stopped(ReturnMessage);

impl ResolvedPlatform<'_> {
    /// Calls an interface for a connected user.
    ///
    /// # Errors
    /// If nothing serves the interface, a hook refuses, there is no credential, or the CRM fails.
    pub(crate) async fn invoke<I: Invocation>(
        &self,
        user: &User,
        input: &I::Input,
    ) -> Result<Reply<I::Output>, CallError> {
        self.run::<I>(Asker::Saved(user), input).await
    }

    /// Calls an interface with a credential that is not stored.
    ///
    /// # Errors
    /// As [`Self::invoke`].
    pub(crate) async fn invoke_unsaved<I: Invocation>(
        &self,
        asker: Unsaved<'_>,
        input: &I::Input,
    ) -> Result<Reply<I::Output>, CallError> {
        self.run::<I>(Asker::Unsaved(asker), input).await
    }

    async fn run<I: Invocation>(
        &self,
        asker: Asker<'_>,
        input: &I::Input,
    ) -> Result<Reply<I::Output>, CallError> {
        let interface = I::INTERFACE.as_str();
        let span = tracing::debug_span!("invoke", platform = self.name, interface, outcome = Empty);
        let run = async {
            let started = Instant::now();
            let (served_by, answered) = match self.provider(I::INTERFACE) {
                Ok((provider, connector)) => {
                    (served_by(provider), self.ask::<I>(&*connector, asker, input).await)
                }
                Err(error) => ("none", Ok(Err(error))),
            };
            let (outcome, result) = match answered {
                Ok(result) => (outcome(&result), result),
                Err(Stopped(message)) => ("stopped", Err(CallError::from(message))),
            };
            Span::current().record("outcome", outcome);
            let services = self.services;
            services.pipeline.counted.ended(
                &services.metrics,
                (served_by, interface),
                outcome,
                started.elapsed(),
            );
            result
        };
        run.instrument(span).await
    }

    /// Makes the credential, and asks the hooks and the CRM. If the CRM refuses the credential, and therefore has not
    /// done what it was asked, it is asked once more with another one.
    async fn ask<I: Invocation>(
        &self,
        connector: &dyn Connector,
        asker: Asker<'_>,
        input: &I::Input,
    ) -> Result<Result<Reply<I::Output>, CallError>, Stopped> {
        let saved = match asker {
            Asker::Unsaved(asker) => return self.ask_once::<I>(connector, asker, input).await,
            Asker::Saved(user) => user,
        };
        let renewed = match self.ready(saved).await {
            Ok(renewed) => renewed,
            Err(error) => return Ok(Err(error)),
        };
        let user = renewed.as_deref().unwrap_or(saved);
        let answer = self.ask_as::<I>(connector, user, input).await?;
        if !answer.as_ref().is_err_and(refuses_credential) {
            return Ok(answer);
        }
        let other = match Box::pin(self.renewed_after_refusal(user)).await {
            Ok(Some(other)) => other,
            Ok(None) => return Ok(answer),
            Err(error) => return Ok(Err(error)),
        };
        tracing::info!(
            platform = self.name,
            interface = I::INTERFACE.as_str(),
            "asked once more with another token, because the CRM refused the first one"
        );
        let answer = Box::pin(self.ask_as::<I>(connector, &other, input)).await?;
        if answer.as_ref().is_err_and(refuses_credential) {
            self.services.renewals.was_futile(&other.key);
        }
        Ok(answer)
    }

    /// Asks with a user's own credential.
    async fn ask_as<I: Invocation>(
        &self,
        connector: &dyn Connector,
        user: &User,
        input: &I::Input,
    ) -> Result<Result<Reply<I::Output>, CallError>, Stopped> {
        let authorization = match credentials::authorization(self, &user.credential).await {
            Ok(authorization) => authorization,
            Err(error) => return Ok(Err(error)),
        };
        let asker = Unsaved { user: Some(user), authorization: authorization.as_deref() };
        self.ask_once::<I>(connector, asker, input).await
    }

    async fn ask_once<I: Invocation>(
        &self,
        connector: &dyn Connector,
        Unsaved { user, authorization }: Unsaved<'_>,
        input: &I::Input,
    ) -> Result<Result<Reply<I::Output>, CallError>, Stopped> {
        let call = self.call(user, authorization);
        let hooks = &self.services.pipeline.hooks;
        if hooks.is_empty() {
            return Ok(I::call(connector, &call, input).await);
        }
        let proxy_id = self.proxy.as_ref().map(|proxy| proxy.proxy_id.as_str());
        let hooked = HookedCall { platform: &self.name, proxy_id, interface: I::INTERFACE, user, input };
        let (passed, refusal) = before(hooks, &hooked).await;
        let result = match &refusal {
            None => I::call(connector, &call, input).await,
            Some(message) => Err(CallError::from(message.clone())),
        };
        let answer = HookedAnswer::of(&result);
        for hook in passed {
            hook.after(&hooked, &answer).await;
        }
        refusal.map_or(Ok(result), |message| Err(Stopped(message)))
    }
}

/// Whether the CRM refused the credential and nothing else, and did nothing. A document whose `errorMapping` has words
/// for this refusal means something else by it.
fn refuses_credential(error: &CallError) -> bool {
    matches!(
        error,
        CallError::Failed(Failure {
            kind: FailureKind::Status(401),
            message_override: None,
            in_doubt: false,
            was_redirected: false,
            ..
        })
    )
}

/// Asks the hooks one by one, until one refuses: those that let the call pass, and the refusal.
async fn before<'h>(
    hooks: &'h [Arc<dyn Hook>],
    call: &HookedCall<'_>,
) -> (&'h [Arc<dyn Hook>], Option<ReturnMessage>) {
    for (at, hook) in hooks.iter().enumerate() {
        if let Err(message) = hook.before(call).await {
            return (&hooks[..at], Some(message));
        }
    }
    (hooks, None)
}

fn served_by(provider: Provider) -> &'static str {
    match provider {
        Provider::Proxy => "document",
        Provider::Override => "override",
        Provider::Code => "code",
    }
}

/// What came of a call, as spans and metrics name it.
fn outcome<T>(result: &Result<Reply<T>, CallError>) -> &'static str {
    match result {
        Ok(reply) if !reply.mapping_problems.iter().any(|problem| problem.is_essential) => "ok",
        Ok(_) => "incomplete",
        Err(CallError::Failed(failure)) => failure.kind.as_str(),
        Err(CallError::Unmapped(MapError::NotJson(failure))) => failure.kind.as_str(),
        Err(CallError::Unmapped(_)) => "unmapped",
        Err(CallError::Message(_)) => "message",
        Err(CallError::NotSupported(_)) => "not-supported",
        Err(CallError::NotInService(_)) => "not-in-service",
        Err(CallError::NotRenewed(_)) => "not-renewed",
    }
}

#[cfg(test)]
mod tests;
