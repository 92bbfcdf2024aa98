//! The proxy connector: runs a document.

mod attempts;
mod interfaces;
mod limits;
#[cfg(test)]
mod tests;
mod variables;

use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use self::attempts::{Attempted, Sender};
pub use self::limits::{Limits, SharedLimits};
use self::variables::{of_this_run, set_user};
use super::contract::{Call, CallError, Interface, Reply};
use super::inputs;
use super::message::ReturnMessage;
use crate::config::operations::OperationName;
use crate::engine;
use crate::engine::app_connect::get_user_info::GetUserInfo;
use crate::engine::app_connect::{OperationSpec, Output, RunContext, TypedOperation};
use crate::engine::error_mapping::Judged;
use crate::engine::exchange::{RequestSpec, UpstreamResponse};
use crate::engine::failure::{Failure, FailureKind};
use crate::engine::host::host_name;
use crate::engine::inputs::Inputs;
use crate::engine::off_worker::off_worker;
use crate::engine::operation::{AuthType, CompiledDocument, Operation};
use crate::engine::results::{MapError, MappingProblem};
use crate::engine::send::Client;
use crate::engine::variables::Variable;
use crate::metrics::Handles;
use crate::user::User;

/// A document that runs, under the id by which users refer to it.
#[derive(Debug)]
pub struct ProxyConnector {
    /// The proxy id.
    pub proxy_id: String,
    /// Names the document's content.
    pub revision: String,
    /// The compiled document.
    pub config: Arc<CompiledDocument>,
    interfaces: Vec<Interface>,
    limits: Arc<Limits>,
    handles: Handles,
    /// Whether templates choose the host of an operation of [`OF_RECORDS`].
    chooses_host: bool,
}

/// The operations whose host has the records and contacts: where they differ, the first counts.
const OF_RECORDS: [OperationName; 4] = [
    OperationName::CREATE_CALL_LOG,
    OperationName::CREATE_MESSAGE_LOG,
    OperationName::FIND_CONTACT,
    OperationName::CREATE_CONTACT,
];

/// One exchange with a CRM, whole: for `call`, which shows all of it.
#[derive(Debug)]
pub struct Exchange {
    /// What was sent.
    pub request: RequestSpec,
    /// What came back.
    pub response: UpstreamResponse,
    /// What it was mapped to.
    pub mapped: Result<(Value, Vec<MappingProblem>), MapError>,
}

/// Runs one operation: render, send, map. Without a connector's limits: for one request by hand.
///
/// # Errors
/// If nothing could be sent, or nothing usable came back.
pub async fn exchange(
    client: &Client,
    operation: &Operation,
    inputs: &Inputs<'_>,
) -> Result<Exchange, Failure> {
    let inputs = of_this_run(operation, inputs);
    let request = engine::render(operation, &inputs)?;
    let platform = inputs.get(Variable::UserPlatform).map(|platform| platform.to_value());
    let platform = platform.as_ref().and_then(|platform| platform.as_str()).unwrap_or("The CRM");
    // Who calls by hand knows the credentials, and sees the whole answer.
    let sender = Sender { client, operation, document: None, platform, limits: None, credentials: &Vec::new };
    let (response, mapped) = match sender.send(&request).await.judged {
        Judged::Failed(failure) => return Err(failure),
        Judged::NoMatch(none) => {
            let mapped = match operation.nothing_found() {
                Some(nothing) => Ok((nothing, Vec::new())),
                None => operation.map(&none.reply, &inputs),
            };
            (none.reply, mapped)
        }
        Judged::Reply(response) => {
            let mapped = operation.map(&response, &inputs);
            (response, mapped)
        }
    };
    Ok(Exchange { request, response, mapped })
}

impl ProxyConnector {
    /// A connector that runs a compiled document.
    pub fn new(proxy_id: String, revision: String, config: Arc<CompiledDocument>) -> Self {
        let interfaces = interfaces(&config);
        let limits = Arc::new(Limits::new(config.rate_limit));
        let handles = Handles::new(config.operations().map(|operation| operation.name));
        let chooses_host =
            OF_RECORDS.iter().filter_map(|name| config.operation(*name)).any(Operation::may_choose_host);
        Self { proxy_id, revision, config, interfaces, limits, handles, chooses_host }
    }

    /// Shares the budget with other servers, if budgets are shared.
    #[must_use]
    pub fn sharing(mut self, all: &Arc<SharedLimits>) -> Self {
        self.limits = Limits::begin(self.config.rate_limit, &self.proxy_id, all);
        self
    }

    /// Takes over what is used of another revision's limits, where they are the same: editing a
    /// document does not refill its budget. Under other limits, requests in flight finish on theirs.
    #[must_use]
    pub fn succeeding(mut self, previous: Option<&Arc<Limits>>) -> Self {
        if let Some(previous) = previous.filter(|limits| limits.settings() == self.limits.settings()) {
            self.limits = Arc::clone(previous);
        }
        self
    }

    /// How much may be asked of the CRM, and how much of it is used.
    pub fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    /// Whether an operation may be run a second time with the same idempotency key, where nobody
    /// knows whether the first run reached the CRM.
    pub fn is_safe_to_repeat(&self, operation: OperationName) -> bool {
        self.config.operation(operation).is_some_and(Operation::is_safe_to_repeat)
    }

    /// Whether the document serves an interface.
    pub fn serves(&self, interface: Interface) -> bool {
        self.interfaces.contains(&interface)
    }

    /// Runs an operation that the document may define.
    async fn run<O: OperationSpec>(
        &self,
        call: &Call<'_>,
        input: &O::Input,
    ) -> Result<Reply<Output<O>>, CallError> {
        match TypedOperation::of(&self.config) {
            Some(operation) => self.run_operation::<O>(operation, call, input).await,
            None => Err(CallError::NotSupported(Interface::Operation(O::NAME))),
        }
    }

    /// Runs an operation and writes its log line: never a path, query, body, number or token.
    async fn run_operation<O: OperationSpec>(
        &self,
        operation: TypedOperation<'_, O>,
        call: &Call<'_>,
        input: &O::Input,
    ) -> Result<Reply<Output<O>>, CallError> {
        let fields = (self.proxy_id.as_str(), O::NAME.as_str());
        let span =
            tracing::debug_span!("operation", proxy_id = fields.0, operation = fields.1, outcome = Empty);
        let inputs = self.inputs_of::<O>(call, input);
        self.carry_out(operation, call, &inputs).instrument(span).await
    }

    async fn carry_out<O: OperationSpec>(
        &self,
        typed: TypedOperation<'_, O>,
        call: &Call<'_>,
        inputs: &Inputs<'_>,
    ) -> Result<Reply<Output<O>>, CallError> {
        let (operation, name) = (typed.operation(), O::NAME);
        let started = Instant::now();
        let inputs = &*of_this_run(operation, inputs);
        let rendered = engine::render(operation, inputs).map_err(Failure::from);
        let host = rendered
            .as_ref()
            .ok()
            .and_then(|request| request.url.host_str().map(str::to_owned))
            .unwrap_or_default();
        let credentials = || inputs.credentials();
        let sender = self.sender(operation, call, &credentials);
        let (request, Attempted { judged, attempts }) = match rendered {
            Ok(request) => {
                let attempted = sender.send(&request).await;
                (Some(request), attempted)
            }
            Err(failure) => (None, Attempted { judged: Judged::Failed(failure), attempts: 0 }),
        };
        let mut message = None;
        let (status, outcome) = match judged {
            Judged::Reply(response) => {
                let status = response.status;
                let mapped = self.map(typed, response, inputs).await.map_err(|error| match error {
                    // Whether the record was made is in doubt, as where no answer came.
                    MapError::NoRecordId(mut failure) => {
                        if let Some(request) = &request {
                            sender.mask(request, &mut failure);
                        }
                        CallError::Failed(*failure)
                    }
                    error => CallError::from(error),
                });
                (Some(status), mapped)
            }
            Judged::NoMatch(none) => {
                message = none.message_override.as_ref().and_then(ReturnMessage::of_no_match);
                let mapped = match typed.nothing_found() {
                    Some(nothing) => Ok((nothing, Vec::new())),
                    None => typed.map(&none.reply, inputs).map_err(CallError::from),
                };
                (Some(none.reply.status), mapped)
            }
            Judged::Failed(failure) => (failure.status().or(failure.answered), Err(CallError::from(failure))),
        };
        let word = match &outcome {
            Ok((_, problems)) if !problems.iter().any(|problem| problem.is_essential) => "ok",
            Ok(_) => "incomplete",
            Err(CallError::Failed(failure)) => failure.kind.as_str(),
            Err(CallError::Unmapped(MapError::NotJson(failure))) => failure.kind.as_str(),
            Err(_) => "unmapped",
        };
        Span::current().record("outcome", word);
        let took = started.elapsed();
        tracing::info!(
            proxy_id = self.proxy_id,
            operation = name.as_str(),
            revision = self.revision,
            method = operation.method.as_str(),
            host,
            status,
            outcome = word,
            attempts = (attempts > 1).then_some(attempts),
            duration_ms = took.as_millis() as u64,
            "operation"
        );
        let counting = self.handles.of(call.metrics, &self.proxy_id, name);
        if let Some(counting) = &counting {
            counting.ended(word, took);
        }
        let (value, mapping_problems) = outcome?;
        for problem in &mapping_problems {
            if let Some(counting) = &counting {
                counting.problem(problem);
            }
            self.log(name, problem);
        }
        Ok(Reply { value, message, mapping_problems })
    }

    /// Maps a reply; a long one off the worker.
    async fn map<O: OperationSpec>(
        &self,
        typed: TypedOperation<'_, O>,
        response: UpstreamResponse,
        inputs: &Inputs<'_>,
    ) -> Result<(Output<O>, Vec<MappingProblem>), MapError> {
        if !attempts::takes_long(&response) {
            return typed.map(&response, inputs);
        }
        let (document, inputs) = (Arc::clone(&self.config), inputs.to_owned());
        let mapping = off_worker(move || {
            let typed = TypedOperation::<O>::of(&document)?;
            Some(typed.map(&response, &inputs))
        });
        let lost = || Failure::new(FailureKind::Unconfirmed, "The CRM's answer could not be mapped");
        mapping.await.flatten().unwrap_or_else(|| Err(MapError::NoRecordId(Box::new(lost()))))
    }

    /// A field that all records of one reply lack is nothing to wake anybody for: many CRMs leave out what
    /// is empty. The metrics count it, and `call` shows it.
    fn log(&self, name: OperationName, problem: &MappingProblem) {
        let (proxy_id, operation) = (self.proxy_id.as_str(), name.as_str());
        let MappingProblem { key, path, found, is_essential, .. } = problem;
        if *is_essential {
            tracing::warn!(proxy_id, operation, key, path, found, "mapping found nothing");
        } else {
            tracing::debug!(proxy_id, operation, key, path, found, "mapping found nothing");
        }
    }

    fn sender<'a>(
        &'a self,
        operation: &'a Operation,
        call: &'a Call<'_>,
        credentials: &'a (dyn Fn() -> Vec<&'a str> + Sync),
    ) -> Sender<'a> {
        Sender {
            client: call.client,
            operation,
            document: Some(&self.config),
            platform: call.platform,
            limits: Some(&self.limits),
            credentials,
        }
    }

    /// The host that is asked who signs in, where a template chooses it: each host has users of its own
    /// then.
    pub fn host_of_sign_in(&self, call: &Call<'_>, input: &inputs::GetUserInfo) -> Option<String> {
        let operation = self.config.operation(GetUserInfo::NAME)?;
        engine::chosen_host(operation, &self.inputs_of::<GetUserInfo>(call, input))
    }

    /// The variables of a sign-in, as the templates of `auth` see them.
    pub fn sign_in_inputs<'a>(&'a self, call: &'a Call<'_>, input: &'a inputs::GetUserInfo) -> Inputs<'a> {
        self.inputs_of::<GetUserInfo>(call, input)
    }

    /// The host name that is kept for a user who typed this: the host in an address, where the document
    /// puts it into the place of a host.
    pub fn typed_host(&self, typed: &str) -> String {
        let is_host = |variable: &Variable| matches!(variable, Variable::Hostname | Variable::UserHostname);
        let mut operations = OperationName::ALL.iter().filter_map(|name| self.config.operation(*name));
        let host = host_name(typed);
        if host.is_empty() || !operations.any(|operation| operation.host_sources().iter().any(is_host)) {
            return typed.to_owned();
        }
        host.into_owned()
    }

    /// The host that has the records and contacts of a user who is signed in, where a template chooses
    /// it.
    pub fn tenant_host(&self, call: &Call<'_>) -> Option<String> {
        if !self.chooses_host {
            return None;
        }
        let inputs = self.inputs(call);
        let host = |name: &OperationName| engine::chosen_host(self.config.operation(*name)?, &inputs);
        OF_RECORDS.iter().find_map(host)
    }

    /// The variables of one run.
    fn inputs_of<'a, O: OperationSpec>(&'a self, call: &'a Call<'_>, input: &'a O::Input) -> Inputs<'a> {
        let mut inputs = self.inputs(call);
        O::fill(input, RunContext { platform: call.platform, region: self.region(call) }, &mut inputs);
        inputs
    }

    /// The region of numbers without a country code.
    fn region<'a>(&'a self, call: &'a Call<'_>) -> Option<&'a str> {
        self.region_of(call.user)
    }

    /// The region of a user's numbers without a country code; of nobody's, the document's.
    pub(crate) fn region_of<'a>(&'a self, user: Option<&'a User>) -> Option<&'a str> {
        user.and_then(|user| user.region.as_deref()).or(self.config.region.as_deref())
    }

    fn inputs<'a>(&'a self, call: &'a Call<'_>) -> Inputs<'a> {
        let mut inputs = Inputs::new();
        inputs.text_if(Variable::SecretKey, self.config.secret_key.as_ref().map(|key| key.expose()));
        inputs.text_if(Variable::AuthHeader, call.auth_header);
        if let Some(user) = call.user {
            set_user(&mut inputs, user);
        }
        inputs
    }
}

/// What a document serves.
fn interfaces(config: &CompiledDocument) -> Vec<Interface> {
    let mut interfaces = vec![Interface::GET_AUTH_TYPE, Interface::GET_LOG_FORMAT_TYPE];
    interfaces.push(match config.auth_type {
        AuthType::ApiKey => Interface::GET_BASIC_AUTH,
        AuthType::OAuth => Interface::GET_OAUTH_INFO,
    });
    interfaces.extend(config.operations().map(|operation| Interface::Operation(operation.name)));
    // Where the document has no `authValidation`, asking who the user is answers it (Q29).
    if config.operation(OperationName::AUTH_VALIDATION).is_none()
        && config.operation(OperationName::GET_USER_INFO).is_some()
    {
        interfaces.push(Interface::AUTH_VALIDATION);
    }
    interfaces
}
