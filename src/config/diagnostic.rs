//! What is wrong with a document: a stable code, a severity, a place and a way to mend it.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

/// How bad a finding is, and so who refuses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Runs as written; worth knowing.
    Warning,
    /// Runs as it does on the reference server, but is surely not meant: `validate`, uploads and
    /// activations refuse it, `serve` loads it and says so.
    Mistake,
    /// Cannot run; refused everywhere.
    Error,
}

impl Severity {
    /// Lower-case name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Mistake => "mistake",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! codes {
    ($($variant:ident = $code:literal, $severity:ident, $title:literal, $explanation:literal;)*) => {
        /// Every code a document check can give. A code never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $explanation] $variant,)* }

        impl Code {
            /// All codes, in order.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The stable identifier, `AC` and three digits.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The severity of this code's findings.
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// A few words, for rule lists.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// What the rule means and why it exists.
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$variant => $explanation,)* }
            }
        }
    };
}

codes! {
    InvalidJson = "AC001", Error, "invalid JSON", "The file is not JSON.";
    DuplicateKey = "AC002", Mistake, "duplicate key", "An object has the same key twice; only the last one counts.";
    UnreadableFile = "AC003", Error, "unreadable file", "The file cannot be read, is not UTF-8, or is too large.";
    TooDeep = "AC004", Error, "nested too deeply", "The document is nested more deeply than any connector needs.";
    UnknownKey = "AC010", Mistake, "unknown key", "The key means nothing here and is ignored. Keys that begin with `x-` are yours to use.";
    WrongType = "AC011", Error, "wrong type", "The value has another JSON type than the key takes.";
    MissingKey = "AC012", Error, "missing key", "A key without which the document cannot run is missing.";
    InvalidValue = "AC013", Error, "invalid value", "The value is not one that the key takes.";
    UnknownOperation = "AC014", Mistake, "unknown operation", "App Connect has no interface of this name, so the operation never runs.";
    TemplateSyntax = "AC020", Error, "template syntax", "A block or helper call in a template cannot be parsed.";
    LiteralBraces = "AC021", Mistake, "braces that are not a template", "The braces do not form an expression and are sent as they stand.";
    UnknownHelper = "AC022", Mistake, "unknown helper", "The expression calls a helper that does not exist and renders as nothing.";
    UnknownVariable = "AC023", Mistake, "unknown variable", "The operation has no such variable; the expression renders as nothing.";
    TemplateInKey = "AC024", Mistake, "template in a key", "Keys are not templates; the braces are sent as they stand.";
    DotPathSyntax = "AC030", Mistake, "dot path syntax", "The dot path has an empty segment or brackets and can match nothing.";
    JsonPathSyntax = "AC031", Error, "JSONPath syntax", "The path begins with `$.` or `$[` and is not a JSONPath query (RFC 9535).";
    PathRoot = "AC032", Mistake, "path outside the reply", "A mapping path starts at the reply: `body`, `status` or `headers`.";
    PathNotAList = "AC033", Mistake, "path is not a list", "A list path that is `$` names the whole reply, which is never a list.";
    MissingIdPath = "AC034", Mistake, "missing id path", "Without an id path the record that was created, or the user who signed in, cannot be known again.";
    MissingMapping = "AC035", Mistake, "missing responseMapping", "Without a responseMapping nothing is read from the reply.";
    HeaderName = "AC040", Error, "invalid header name", "HTTP does not allow this header name.";
    HeaderValue = "AC041", Error, "invalid header value", "HTTP does not allow this header value.";
    DuplicateHeader = "AC042", Mistake, "duplicate header", "Two header names differ only in case; HTTP takes them for one.";
    ManagedHeader = "AC043", Warning, "managed header", "The HTTP client sets this header itself.";
    PlainHttp = "AC050", Warning, "plain-text HTTP", "Credentials and call data travel unencrypted to a host that is not local.";
    SecretLiteral = "AC051", Warning, "secret in the document", "The document holds what looks like a secret; documents are copied and committed.";
    OtherHost = "AC052", Mistake, "other host", "The operation sends the user's credential to another host than `baseUrl`; `requestDefaults.allowedHosts` must name it.";
    TemplatedHost = "AC053", Mistake, "templated host", "A template chooses the host; requests are refused unless `requestDefaults.allowedHosts` names the hosts it may choose.";
    InvalidUrl = "AC054", Error, "invalid URL", "The URL cannot be requested.";
    TemplatedBaseUrl = "AC055", Mistake, "templated baseUrl", "Without `requestDefaults.allowedHosts` the baseUrl is not a template; its braces are sent as they stand.";
    AllowedHost = "AC056", Error, "invalid allowed host", "The entry of `allowedHosts` is not a host name.";
    MissingBaseUrl = "AC057", Mistake, "missing baseUrl", "Operations with a relative URL fail without `requestDefaults.baseUrl`.";
    BodyOnGet = "AC060", Warning, "body on GET", "Many servers ignore or refuse a body on GET or HEAD.";
    UnknownMethod = "AC061", Error, "unknown method", "The HTTP method is not one that can be sent.";
    QueryNotObject = "AC063", Mistake, "query is not an object", "Query parameters are an object, or one expression that yields an object; the operation fails otherwise.";
    UnknownLogFormat = "AC070", Mistake, "unknown logFormat", "Log text is composed as `text/plain`, `text/html` or `text/markdown`; anything else leaves composing to the connector.";
    TimeoutRange = "AC071", Mistake, "timeout out of range", "Timeouts are 1 to 300 seconds; anything else is replaced by the nearest that works.";
    UnknownAuth = "AC072", Mistake, "unknown auth setting", "The auth setting is not one that exists; the default is used.";
    UnpairedOperation = "AC080", Warning, "unpaired operation", "The interface contract pairs this operation with another one that the document lacks.";
    IncompleteOAuth = "AC081", Mistake, "incomplete OAuth", "Signing in with OAuth needs client id, token URL, authorization URL and redirect URI.";
    MissingOperation = "AC082", Mistake, "missing operation", "Nobody can sign in through a document without `getUserInfo`.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One finding in one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which rule.
    pub code: Code,
    /// What is wrong, naming the thing.
    pub message: String,
    /// JSON pointer (RFC 6901) of the value or, for a key, of the member it names.
    pub pointer: String,
    /// Byte range in the source text that is underlined.
    pub span: Range<usize>,
    /// A few words beside the underline.
    pub label: Option<String>,
    /// How to mend it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// The severity, decided by the code.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

/// A source text and everything that was found in it, in source order.
#[derive(Debug, Clone)]
pub struct Findings {
    /// Name to print: usually the path as the user gave it.
    pub file: String,
    /// The text that spans refer to.
    pub source: Arc<str>,
    /// The findings.
    pub diagnostics: Vec<Diagnostic>,
}

impl Findings {
    /// The worst severity found.
    pub fn worst(&self) -> Option<Severity> {
        self.diagnostics.iter().map(Diagnostic::severity).max()
    }

    /// Number of findings of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|found| found.severity() == severity).count()
    }

    /// One-based line and column (in characters) of a byte offset.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let before = &self.source[..offset.min(self.source.len())];
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |text| text.chars().count()) + 1;
        (line, column)
    }
}
