//! A compiled document: what runs. Made by [`compile`](super::compile), immutable, shared by all
//! requests that began with it.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};

use super::body::BodyTemplate;
use super::error_mapping::ErrorRule;
use super::exchange::HostPattern;
use super::mapping::CompiledMapping;
use super::retry::{RetryPolicy, is_idempotent};
use super::template::{Template, TextTemplate};
use super::url::UrlTemplate;
use super::variables::Variable;
use crate::config::document::QueryStyle;
use crate::config::operations::OperationName;
use crate::secret::Secret;

/// A compiled proxyConfig.
#[derive(Debug)]
pub struct CompiledConfig {
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
    operations: Vec<Operation>,
}

impl CompiledConfig {
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

/// OAuth settings of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OAuth {
    /// OAuth client id.
    pub client_id: Option<String>,
    /// OAuth client secret.
    pub client_secret: Option<Secret>,
    /// Where codes and refresh tokens are exchanged.
    pub token_url: Option<String>,
    /// Where the user signs in.
    pub authorization_url: Option<String>,
    /// Where the CRM sends the user back to.
    pub redirect_uri: Option<String>,
    /// Scopes, separated by spaces.
    pub scopes: Option<String>,
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
    pub(super) mapping: CompiledMapping,
    /// The variables that calls and blocks read.
    pub(super) wanted: Box<[Variable]>,
    /// What replies mean: the operation's own rules, then the document's.
    pub errors: Box<[Arc<ErrorRule>]>,
    /// When a request is sent again; absent where it never is.
    pub retry: Option<RetryPolicy>,
    /// The header by which the CRM knows a repeated request again, where it is sent.
    pub idempotency_header: Option<HeaderName>,
    /// Whether that header's value is made from `idempotencyKey`, which is always there.
    pub(super) is_keyed: bool,
    pub(super) reads_idempotency_key: bool,
}

impl Operation {
    /// Whether the operation may be run a second time, with the same `idempotencyKey`, where it is
    /// not known whether the first run reached the CRM. A header that is made from other variables
    /// does not count: they may be missing, and then it is not sent.
    pub fn is_safe_to_repeat(&self) -> bool {
        self.is_keyed || is_idempotent(&self.method)
    }

    /// Whether a template may choose the host that is asked.
    pub fn may_choose_host(&self) -> bool {
        self.url.may_choose_host()
    }

    /// The variables that are put into the host's place of the URL.
    pub fn host_sources(&self) -> Vec<Variable> {
        self.url.host_sources()
    }

    /// Whether a template of the request reads `idempotencyKey`.
    pub fn reads_idempotency_key(&self) -> bool {
        self.reads_idempotency_key
    }
}

impl Operation {
    /// Whether `getCallLog` tells the id of the record that it finds, and can so be asked for a call
    /// by its session.
    pub fn finds_by_session(&self) -> bool {
        matches!(&self.mapping, CompiledMapping::CallLog(paths) if paths.id.is_some())
    }
}

/// Query parameters.
#[derive(Debug)]
pub(super) enum QueryTemplate {
    /// By name.
    Parameters(Box<[(Box<str>, BodyTemplate)]>),
    /// One expression that yields an object.
    Whole(Template),
}

/// A header value.
#[derive(Debug)]
pub(super) enum HeaderTemplate {
    /// Known at load.
    Literal(HeaderValue),
    /// One expression: left out where it yields nothing.
    Value(Template),
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
