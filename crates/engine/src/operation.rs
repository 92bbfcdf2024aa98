//! A compiled document: what runs. Made by [`compile`](super::compile), immutable, shared by all
//! requests that began with it.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, Method};
use serde_json::Value;

use super::body::BodyTemplate;
use super::error_rule::ErrorRule;
use super::exchange::{HostPattern, UpstreamResponse};
use super::header_template::HeaderTemplate;
use super::inputs::Inputs;
use super::mapping::Mapping;
use super::mapping::error::{MapError, MappingProblem};
use super::missing::{Demand, Demands};
use super::oauth::OAuth;
use super::retry::{Effect, RetryPolicy};
use super::template::{Template, TextTemplate};
use super::truncate::Unit;
use super::url::UrlTemplate;
use super::variables::Variable;
use crate::config::document::QueryStyle;
use crate::config::operations::{NeedsValues, OperationName};
use crate::secret::Secret;

/// The longest `timeoutSeconds`; more counts as this.
pub const LONGEST_TIMEOUT: Duration = Duration::from_secs(300);

/// A compiled proxyConfig.
#[derive(Debug)]
pub struct CompiledDocument {
    /// `meta.name`, for logs.
    pub name: Option<String>,
    /// How log text is composed.
    pub log_format: LogFormat,
    /// How users sign in.
    pub auth_type: AuthType,
    /// OAuth settings, where the document has them.
    pub oauth: OAuth,
    /// The connector's secret.
    pub secret_key: Option<Secret>,
    /// Hosts that templates may choose.
    pub allowed_hosts: Arc<[HostPattern]>,
    /// How many requests the connector sends.
    pub rate_limit: RateLimit,
    /// The country of numbers without a country code, where the user's account names none.
    pub region: Option<Box<str>>,
    operations: Vec<Operation>,
}

impl CompiledDocument {
    pub(super) fn new(
        name: Option<String>,
        log_format: LogFormat,
        auth_type: AuthType,
        oauth: OAuth,
        secret_key: Option<Secret>,
        allowed_hosts: Arc<[HostPattern]>,
        operations: Vec<Operation>,
    ) -> Self {
        Self {
            name,
            log_format,
            auth_type,
            oauth,
            secret_key,
            allowed_hosts,
            rate_limit: RateLimit::default(),
            region: None,
            operations,
        }
    }

    /// The compiled operation, where the document defines it.
    pub fn operation(&self, name: OperationName) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.name == name)
    }

    /// The operations that the document defines, in the order of the contract.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations.iter()
    }
}

/// `rateLimit`, with its defaults.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RateLimit {
    /// Requests under way at the same time.
    pub max_concurrent: usize,
    /// Requests in a period.
    pub budget: Option<RateBudget>,
}

/// How many requests may be sent in a period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateBudget {
    /// Requests; all of them may be sent at once.
    pub requests: u32,
    /// The period.
    pub per: Duration,
}

/// `meta.logFormat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// `text/plain`
    Plain,
    /// `text/html`
    Html,
    /// `text/markdown`
    Markdown,
    /// Anything else: the document composes its own text.
    #[default]
    Custom,
}

impl LogFormat {
    /// Reads the document's value; anything unknown is custom, as on the reference server.
    pub fn parse(text: Option<&str>) -> Self {
        match text {
            Some("text/plain") => Self::Plain,
            Some("text/html") => Self::Html,
            Some("text/markdown") => Self::Markdown,
            _ => Self::Custom,
        }
    }

    /// The contract's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "text/plain",
            Self::Html => "text/html",
            Self::Markdown => "text/markdown",
            Self::Custom => "custom",
        }
    }
}

/// How long a composed text may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextLimit {
    /// The most that the CRM takes.
    pub length: usize,
    /// What is counted.
    pub unit: Unit,
}

/// `auth.type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuthType {
    /// The user pastes a key.
    #[default]
    ApiKey,
    /// The user signs in at the CRM.
    OAuth,
}

impl AuthType {
    /// Reads the document's value; the default is `apiKey`.
    pub fn parse(text: Option<&str>) -> Self {
        if text == Some("oauth") { Self::OAuth } else { Self::ApiKey }
    }

    /// The contract's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "apiKey",
            Self::OAuth => "oauth",
        }
    }
}

/// One compiled operation.
#[derive(Debug)]
pub struct Operation {
    /// Which one.
    pub name: OperationName,
    /// HTTP method.
    pub method: Method,
    /// Upper bound of the whole exchange.
    pub timeout: Duration,
    pub(super) url: UrlTemplate,
    pub(super) query: QueryTemplate,
    pub(super) query_style: QueryStyle,
    pub(super) headers: Box<[(HeaderName, HeaderTemplate)]>,
    pub(super) credential: Credential,
    pub(super) body: BodyTemplate,
    pub(super) mapping: Box<dyn Mapping>,
    /// The variables that calls and blocks read.
    pub(super) wanted: Box<[Variable]>,
    /// The document's `meta.region`.
    pub(super) region: Option<Box<str>>,
    /// Whether it asks for extensions in a way of its own.
    pub(super) reads_is_extension: bool,
    /// What replies mean: the operation's own rules, then the document's.
    pub errors: Box<[Arc<ErrorRule>]>,
    /// How long the composed text may be.
    pub max_length: Option<TextLimit>,
    /// When a request is sent again; absent if it never is.
    pub retry: Option<RetryPolicy>,
    /// The header by which the CRM knows a repeated request again, where it is sent.
    pub idempotency_header: Option<HeaderName>,
    /// Whether that header's value is made from `idempotencyKey`, which is always there.
    pub(super) is_keyed: bool,
    pub(super) reads_idempotency_key: bool,
    pub(super) writes_text: bool,
    pub(super) reads_session_id: bool,
    pub(super) reads_now: bool,
    pub(super) reads_next_page: bool,
    /// What running it twice does.
    pub(super) effect: Effect,
}

impl Operation {
    /// Maps a reply: the result as JSON, and what its paths did not find. For the result as its own type
    /// see [`TypedOperation`](crate::app_connect::TypedOperation).
    ///
    /// # Errors
    /// If the reply is not what the mapping needs: no JSON, no list, no id of a new record.
    pub fn map(
        &self,
        reply: &UpstreamResponse,
        inputs: &Inputs<'_>,
    ) -> Result<(Value, Vec<MappingProblem>), MapError> {
        self.mapping.json(reply, inputs)
    }

    /// Whether the operation searches.
    pub fn searches(&self) -> bool {
        self.mapping.searches()
    }

    /// The result of a search that found nothing; absent if the operation does not search.
    pub fn nothing_found(&self) -> Option<Value> {
        self.mapping.nothing_found()
    }

    /// Whether the operation may be run a second time, with the same `idempotencyKey`, where it is
    /// not known whether the first run reached the CRM. A header that is made from other variables
    /// does not count: they may be missing, and then it is not sent.
    pub fn is_safe_to_repeat(&self) -> bool {
        self.is_keyed || self.is_repeatable()
    }

    /// Whether sending the request twice does what sending it once does, without any key.
    pub fn is_repeatable(&self) -> bool {
        self.effect.is_repeatable()
    }

    /// Whether a template may choose the host that is asked.
    pub fn may_choose_host(&self) -> bool {
        self.url.may_choose_host()
    }

    /// Whether a template of the request reads `composedLogDetails`: the text of a log.
    pub fn writes_text(&self) -> bool {
        self.writes_text
    }

    /// The variables that are put into the host's place of the URL.
    pub fn host_sources(&self) -> Vec<Variable> {
        self.url.host_sources()
    }

    /// Whether a template of the request reads `idempotencyKey`.
    pub fn reads_idempotency_key(&self) -> bool {
        self.reads_idempotency_key
    }

    /// Whether a template of the request reads `now`.
    pub fn reads_now(&self) -> bool {
        self.reads_now
    }
}

impl Operation {
    /// Whether a template of the request reads `nextPage`.
    pub fn reads_next_page(&self) -> bool {
        self.reads_next_page
    }

    /// Whether a reply tells what asks for the next page.
    pub fn tells_next_page(&self) -> bool {
        self.mapping.tells_next_page()
    }
}

impl Operation {
    /// Whether `getCallLog` can be asked for a call by its session: it sends the session, and tells the
    /// id of the record that it finds.
    pub fn finds_by_session(&self) -> bool {
        self.reads_session_id && self.mapping.tells_id()
    }
}

impl Operation {
    /// Whether the document says that the CRM answers this creation without an id.
    pub fn gives_no_id(&self) -> bool {
        self.mapping.gives_no_id()
    }
}

impl Operation {
    /// Whether the document looks for extensions in a way of its own: it reads `isExtension`. Else an
    /// extension is looked for as a part of a phone number, and matches strangers.
    pub fn asks_for_extensions(&self) -> bool {
        self.reads_is_extension
    }
}

impl Operation {
    /// A path names one thing, whatever is done with it. What searches is asked by all of its query
    /// and body; what changes a record may leave out what does not change, but never which record.
    /// The query of a change chooses records, so all else in it counts as a filter.
    pub(super) fn demands(&self) -> Demands {
        let (query, body) = match self.name.descriptor().needs_values {
            NeedsValues::ToSearch if self.finds_by_session() => (Demand::LookUp, Demand::LookUp),
            NeedsValues::ToSearch => (Demand::Search, Demand::Search),
            NeedsValues::ToChooseRecord => (Demand::Change, Demand::Record),
            NeedsValues::Nowhere => (Demand::Nothing, Demand::Nothing),
        };
        Demands { path: Demand::Everything, query, body }
    }
}

/// Query parameters.
#[derive(Debug)]
pub(super) enum QueryTemplate {
    /// By name.
    Parameters(Box<[(Box<str>, Parameter)]>),
    /// One expression that yields an object.
    Whole(Template),
}

/// One query parameter.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) value: BodyTemplate,
    /// Whether it may be missing where values are demanded.
    pub(super) optional: bool,
}

/// How the credential header is made.
#[derive(Debug)]
pub(super) struct Credential {
    pub(super) header: HeaderName,
    pub(super) source: CredentialSource,
}

/// Where the credential comes from.
#[derive(Debug)]
pub(super) enum CredentialSource {
    /// `credentialTemplate`.
    Template { template: TextTemplate, source: Box<str>, scheme: Option<Box<str>>, base64: bool },
    /// What the server prepared; `scheme` replaces its first word for OAuth.
    Prepared { scheme: Option<Box<str>> },
}

impl Credential {
    /// The variables that calls and blocks read.
    pub(super) fn wanted(&self) -> Vec<Variable> {
        match &self.source {
            CredentialSource::Template { template, .. } => template.wanted(),
            CredentialSource::Prepared { .. } => Vec::new(),
        }
    }

    /// The variables that it is made from.
    pub(super) fn sources(&self) -> Vec<Variable> {
        match &self.source {
            CredentialSource::Template { template, .. } => template.sources(),
            CredentialSource::Prepared { .. } => vec![Variable::AuthHeader],
        }
    }
}
