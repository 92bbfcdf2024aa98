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
    InvalidJson = "AC001", Error, "invalid JSON", "The text is not JSON, so nothing in it can be read. Usual causes: a comma too many or too few, single quotes, comments, a bracket that is not closed. The finding names the place; mend the first one first.";
    DuplicateKey = "AC002", Mistake, "duplicate key", "An object has the same key twice. JSON readers keep the last one, so the first has no effect. Remove one of them.";
    UnreadableFile = "AC003", Error, "unreadable file", "The file cannot be opened, is not UTF-8, or is larger than 1 MiB. Check the path and its permissions, and save the file as UTF-8.";
    TooDeep = "AC004", Error, "nested too deeply", "More than 64 brackets are open at once, or the keys that lead to a place have more than 4096 bytes together. No connector needs so many. A bracket or a quote was probably not closed.";
    UnknownKey = "AC010", Mistake, "unknown key", "The key means nothing here and is ignored; usually it is misspelled or stands one level too high or too low. Keys that begin with `x-`, and `$schema`, are yours to use anywhere.";
    WrongType = "AC011", Error, "wrong type", "The value has another JSON type than the key takes, such as text where a number is needed: `30`, not `\"30\"`. A key that may be left out also takes null.";
    MissingKey = "AC012", Error, "missing key", "A key without which the document cannot run is missing. A document needs `operations`.";
    InvalidValue = "AC013", Error, "invalid value", "The value has the right type and still is not one that the key takes. The finding says which there are.";
    UnknownOperation = "AC014", Mistake, "unknown operation", "App Connect has no interface of this name, so the operation never runs. Compare the spelling with the table of operations in proxy-config.md.";
    TemplateSyntax = "AC020", Error, "template syntax", "A block or helper call cannot be parsed: a block that is not closed, too few or too many arguments, a quote that is missing, or more nesting than a template may have. Nothing can be sent with it.";
    LiteralBraces = "AC021", Mistake, "braces that are not a template", "Double braces that do not form an expression, such as `{{}}` or `{{name}`, are no template: the CRM receives the braces. Write `{{name}}`.";
    UnknownHelper = "AC022", Mistake, "unknown helper", "The expression calls a helper that does not exist and renders as nothing. There are no filters: `{{note | trim}}` is written `{{trim note}}`.";
    UnknownVariable = "AC023", Mistake, "unknown variable", "The operation has no variable of this name, so the expression renders as nothing and its key is left out. Each operation has its own variables; proxy-config.md lists them.";
    TemplateInKey = "AC024", Mistake, "template in a key", "Only values are templates. Braces in a key are sent as they stand. Where names are not known in advance, pass a whole object: `\"body\": \"{{additionalSubmission}}\"`.";
    CanBeMissing = "AC025", Warning, "value that can be missing", "A search or a record's address holds an expression that gives nothing for some inputs: `phone` for an extension or a hidden number, `lookup` where there is no such element. Without the value the CRM would be asked for other records too, so nothing is sent, and the user reads why. Say what to ask by instead with `default`, ask by every spelling with `phoneVariants`, or say that the value may be missing: `{{#if}}`, `{{default … omit}}`, `\"optional\": true` on a query parameter.";
    UnknownRegion = "AC026", Mistake, "unknown region", "`meta.region` is the country of phone numbers without a country code: two letters of ISO 3166, such as `US`. Anything else is not used.";
    LiteralTime = "AC029", Mistake, "text that is no time", "A text in quotes stands where a time or a length of time is needed, and is none, so the call gives null. The present time is the variable `now`, without quotes; `'now'` is read as it. `(now offset=\"+1d\")` is a day later.";
    DotPathSyntax = "AC030", Mistake, "dot path syntax", "A dot path is names and positions between dots, such as `body.items.0.id`. An empty segment, brackets or quotes can match nothing. For brackets begin the path with `$.`: it is then JSONPath.";
    JsonPathSyntax = "AC031", Error, "JSONPath syntax", "A path that begins with `$.` or `$[` is JSONPath (RFC 9535), and this one cannot be parsed. Without the `$` it would be a dot path.";
    PathRoot = "AC032", Mistake, "path outside the reply", "A mapping path starts at the reply: `body`, `status` or `headers` (`getUserInfo` also has `additionalInfo`, `apiKey`, `hostname` and `platform`). Anything else finds nothing: write `body.id`, not `id`. Inside `item`, paths start at the list's item instead.";
    PathNotAList = "AC033", Mistake, "path is not a list", "A list path that is `$` names the whole reply with status and headers, which is never a list. Where the CRM answers with the list itself, write `body`.";
    MissingIdPath = "AC034", Mistake, "missing id path", "Without an id path the record that was created, or the user who signed in, cannot be known again: updates find no record, and nobody can sign in. Name where the reply holds the id.";
    MissingMapping = "AC035", Mistake, "missing responseMapping", "Nothing is read from the reply without a responseMapping: a search never finds anybody. Add one that names where the list is.";
    NoId = "AC036", Mistake, "no id, and no way to find the record", "`noId` says that the CRM answers a creation without an id. Beside `idPath` it is a contradiction. Where the document updates what it created, it has to find it again: `getCallLog` asks by `sessionId` and names the id in `responseMapping.idPath`. A new contact is found again by `findContact`.";
    PathAndTemplate = "AC037", Mistake, "path and template", "A field of a mapping has a path and a template, such as `namePath` and `name`. Only the template is used. Remove one of them; where a value stands in one of several places, write a list of paths.";
    TemplateInPath = "AC038", Warning, "template in a path", "A path names one place and has no braces. One that holds `{{…}}` is read as a template; it belongs into the key without `Path`: `name` beside `namePath`.";
    ConstantField = "AC039", Mistake, "constant field", "The key takes a template, and a text without braces is no path: every record would have this very text. Constants are meant for kinds and the like: `\"type\": \"Lead\"`. Write `namePath` for a path, or put the path in double braces.";
    HeaderName = "AC040", Error, "invalid header name", "HTTP allows letters, digits and a few signs such as the hyphen in header names, but no spaces, colons or braces.";
    HeaderValue = "AC041", Error, "invalid header value", "A header is one line. Line breaks and other control characters in its value would end it or start another header, so they are refused.";
    DuplicateHeader = "AC042", Mistake, "duplicate header", "HTTP does not tell `Accept` from `accept`: both are the same header, and only the last one is sent. Keep one.";
    ManagedHeader = "AC043", Warning, "managed header", "The HTTP client sets this header itself, from the URL, the body or the connection. Leave it out: it is not sent, or, for `Host`, is sent instead of the URL's host.";
    PlainHttp = "AC050", Warning, "plain-text HTTP", "Credentials and call data travel readable for everyone on the way, and can be changed there. Use https; plain http is meant for tests on this machine.";
    SecretLiteral = "AC051", Warning, "secret in the document", "The document holds what looks like a key, token or password. Documents are copied, uploaded and committed. Put the secret into an environment variable that `secretKeyEnv` or `auth.clientSecretEnv` names, and write `{{secretKey}}` where it is needed.";
    OtherHost = "AC052", Mistake, "other host", "The URL names another host than `baseUrl`, and the user's credential goes along. If that is meant, name the host in `requestDefaults.allowedHosts`.";
    TemplatedHost = "AC053", Mistake, "templated host", "A template chooses the host, so what a user or a CRM sends decides where the credential goes. Requests are refused unless `requestDefaults.allowedHosts` names the hosts that may be chosen, such as `*.example.com`.";
    InvalidUrl = "AC054", Error, "invalid URL", "The URL cannot be requested: it has no http or https scheme and no `baseUrl` to complete it, holds a user name or password, or is not a URL. Relative URLs need `requestDefaults.baseUrl`.";
    TemplatedBaseUrl = "AC055", Mistake, "templated baseUrl", "`baseUrl` is a template only where `requestDefaults.allowedHosts` names the hosts that it may become. Without it the braces are part of the address and every request fails.";
    AllowedHost = "AC056", Error, "invalid allowed host", "An entry of `allowedHosts` is a host name, a host name and a port, or `*.` and a domain of at least two labels; no scheme, no path.";
    MissingBaseUrl = "AC057", Mistake, "missing baseUrl", "A URL that begins with a path needs `requestDefaults.baseUrl` before it. Without it the operation fails each time it runs.";
    BodyOnGet = "AC060", Warning, "body on GET", "Many servers ignore or refuse a body on GET or HEAD. Use `query`, or the method that the CRM's documentation names.";
    UnknownMethod = "AC061", Error, "unknown method", "The HTTP method is not one that can be sent. There are GET, POST, PUT, PATCH, DELETE, HEAD and OPTIONS.";
    JsonAsText = "AC062", Warning, "JSON written as a text", "The body is JSON written as one text. Values are escaped within its quotes and are JSON of their own outside, so that nothing a person types breaks it; the reference server puts them in as they are. An object says the same with less care: `{ \"note\": \"{{note}}\" }`.";
    QueryNotObject = "AC063", Mistake, "query is not an object", "`query` is an object of parameters, or one expression that yields an object. Text, even `a=1&b=2`, makes the operation fail; put such text behind a `?` in `url`.";
    TextAsForm = "AC064", Mistake, "text that is not sent as JSON", "The body begins like JSON, is written as a text, and does not reach the CRM as JSON: without `Content-Type` a text is sent as a form, and a text that is no JSON is not sent where `Content-Type` asks for it. Write the body as an object, or set `Content-Type`.";
    BracesAroundValue = "AC065", Warning, "braces around a value", "In a query parameter that has other text, three braces on either side of a value are a brace of the text and two of the template: `FIND {{{phoneNumber}}} IN` sends `FIND {4155550123} IN`. Where only the value is meant, write two. A brace alone is written `{{default \"{\"}}`.";
    NeedlessOmit = "AC066", Warning, "needless omit", "A GET or HEAD without `body` has none, so `\"body\": \"{{omit}}\"` does nothing there. Remove it. (POST, PUT, PATCH and DELETE send `{}` where `body` is missing; there it means something.)";
    UnknownLogFormat = "AC070", Mistake, "unknown logFormat", "Log text is composed as `text/plain`, `text/html` or `text/markdown`. Anything else counts as `custom`, which leaves composing to the document's templates.";
    TimeoutRange = "AC071", Mistake, "timeout out of range", "Timeouts are 1 to 300 seconds. Less than one second works, but hardly any CRM always answers in it; more than 300 counts as 300, and 0 or less as left out.";
    UnknownAuth = "AC072", Mistake, "unknown auth setting", "The setting is not one that exists, or does nothing beside the others. The finding says what is used instead.";
    OutOfRange = "AC073", Mistake, "number out of range", "The number is smaller or larger than what works; the nearest that does is used. The finding says which.";
    LengthWithoutText = "AC075", Mistake, "maxLength without a composed text", "`maxLength` shortens the text that this server composes. The operation sends none: `meta.logFormat` leaves composing to the document, or no template reads `composedLogDetails` or `sharedSMSLogContent`. Shorten other texts with `truncate`.";
    UnpairedOperation = "AC080", Warning, "unpaired operation", "The operation needs a counterpart that the document lacks: a record that is created but never updated, or updated without being read first. Add it if the CRM offers it.";
    IncompleteOAuth = "AC081", Mistake, "incomplete OAuth", "Signing in with OAuth needs `clientId`, `authorizationUrl`, `tokenUrl` and `redirectUri`. With `grant: clientCredentials` or `password` no page is needed, and `clientId` and `tokenUrl` are enough. They come from the app that is registered at the CRM.";
    MissingOperation = "AC082", Mistake, "missing operation", "Signing in runs `getUserInfo` to learn whose credential it is. Without it nobody can sign in, and no other operation ever runs.";
    OAuthParameter = "AC083", Mistake, "parameter that is not sent", "A parameter of `authorizationParameters` that is not sent: this server makes it for each sign-in, or it holds a credential, which would stand in the address of a page. Credentials belong into the token request.";
    StatusPattern = "AC090", Error, "invalid status", "A status is written as a number from 100 to 599, as a class such as `4xx`, or as a range such as `500-599`; `retry.on` also takes `connection`.";
    Pattern = "AC091", Error, "invalid pattern", "`matches`, and `search` and `match` in JSONPath, take a regular expression that is spelt out in the document. Look-around and back-references do not exist, so that no reply can make a search endless. A document has at most 200 patterns in `matches` and `match`, and all of its patterns together have a largest size. A pattern has at most 2000 bytes and 64 classes of characters.";
    RuleWithoutEffect = "AC092", Mistake, "rule without effect", "A rule of `errorMapping` that can never apply or changes nothing: without an outcome, without the name or path that it tests, behind a rule that takes every failure, or with `noMatch` where the operation does not search.";
    NothingRetried = "AC093", Mistake, "nothing is retried", "`retry` stands at an operation that is not safe to repeat, and its `on` leaves out 429, the one status that says that nothing was done. So nothing is sent twice. Name an `idempotencyHeader` if the CRM has one, say with `effect` that repeating does no harm, or leave `retry` out.";
    IncompleteLimit = "AC094", Mistake, "incomplete limit", "The setting lacks its other half and has no effect: `perSeconds` needs `requests`, and `idempotencyHeader` needs the header's `name`.";
    EffectContradicted = "AC097", Mistake, "effect that cannot be", "`effect: none` says that the operation only reads, but it writes by its nature: sent twice, it may write twice. What the method says counts instead. Write `idempotent` where the CRM makes one record of a repeated request.";
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

/// So many of each severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    errors: usize,
    mistakes: usize,
    warnings: usize,
}

impl Counts {
    /// How many of a severity.
    pub fn of(&self, severity: Severity) -> usize {
        match severity {
            Severity::Error => self.errors,
            Severity::Mistake => self.mistakes,
            Severity::Warning => self.warnings,
        }
    }

    /// How many.
    pub fn total(&self) -> usize {
        self.errors + self.mistakes + self.warnings
    }

    /// The worst severity of which there are any.
    pub fn worst(&self) -> Option<Severity> {
        [Severity::Error, Severity::Mistake, Severity::Warning]
            .into_iter()
            .find(|severity| self.of(*severity) > 0)
    }

    /// Counts more of a severity.
    pub fn add(&mut self, severity: Severity, count: usize) {
        *match severity {
            Severity::Error => &mut self.errors,
            Severity::Mistake => &mut self.mistakes,
            Severity::Warning => &mut self.warnings,
        } += count;
    }

    /// Counts others too.
    pub fn add_all(&mut self, others: Self) {
        self.errors += others.errors;
        self.mistakes += others.mistakes;
        self.warnings += others.warnings;
    }
}

/// What was found and is not among the findings that are told.
#[derive(Debug, Clone, Default)]
pub struct Omitted {
    /// How many.
    pub counts: Counts,
    /// The places of the secrets among them, which no report shows.
    pub secrets: Vec<Range<usize>>,
}

/// A source text and everything that was found in it, in source order.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// Name to print: usually the path as the user gave it.
    pub file: String,
    /// The text that spans refer to.
    pub source: Arc<str>,
    /// The findings; of very many the worst.
    pub diagnostics: Vec<Diagnostic>,
    /// What else was found.
    pub omitted: Omitted,
}

impl Findings {
    /// The worst severity found.
    pub fn worst(&self) -> Option<Severity> {
        self.diagnostics.iter().map(Diagnostic::severity).max().max(self.omitted.counts.worst())
    }

    /// Number of findings of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        let told = self.diagnostics.iter().filter(|found| found.severity() == severity).count();
        told + self.omitted.counts.of(severity)
    }
}

/// The lines and columns of a text, found in a time that does not depend on its length.
pub struct Lines<'t> {
    text: &'t str,
    /// Offset, line and column at about every [`MARK_BYTES`].
    marks: Vec<(usize, usize, usize)>,
}

const MARK_BYTES: usize = 1024;

impl<'t> Lines<'t> {
    /// Reads the text once.
    pub fn new(text: &'t str) -> Self {
        let (mut line, mut column) = (1, 1);
        let mut marks = vec![(0, line, column)];
        for (at, character) in text.char_indices() {
            if at >= marks.len() * MARK_BYTES {
                marks.push((at, line, column));
            }
            (line, column) = after(character, line, column);
        }
        Self { text, marks }
    }

    /// One-based line and column (in characters) of a byte offset.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let offset = offset.min(self.text.len());
        let behind = self.marks.partition_point(|(at, ..)| *at <= offset);
        let (at, line, column) = self.marks[behind.saturating_sub(1)];
        self.text[at..offset]
            .chars()
            .fold((line, column), |(line, column), character| after(character, line, column))
    }
}

fn after(character: char, line: usize, column: usize) -> (usize, usize) {
    if character == '\n' { (line + 1, 1) } else { (line, column + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_as_by_counting() {
        for text in ["", "a", "\n", "é\nb", &"ab\nö".repeat(2000), &"x".repeat(5000), &"é".repeat(3000)] {
            let lines = Lines::new(text);
            for offset in (0..=text.len()).filter(|offset| text.is_char_boundary(*offset)) {
                let before: Vec<&str> = text[..offset].split('\n').collect();
                let counted = (before.len(), before.last().unwrap().chars().count() + 1);
                assert_eq!(lines.line_column(offset), counted, "{offset}");
            }
            assert_eq!(lines.line_column(text.len() + 9), lines.line_column(text.len()));
        }
    }
}
