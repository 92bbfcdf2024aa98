//! The OAuth settings of a document's `auth`.

mod checks;

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use serde_json::Value;

use super::super::exchange::{HostPattern, HostPolicy};
use super::super::header_template::HeaderTemplate;
use super::super::oauth::{
    Additions, ClientAuthentication, ClientTemplates, Endpoint, Extra, Fields, GrantType, OAuth, SIGN_IN,
    TokenFormat,
};
use super::super::operation::AuthType;
use super::super::template::{
    Place, Segments, Template, TextTemplate, compile_leading, compile_raw, compile_text, compile_value,
    is_one_expression, split_url,
};
use super::super::text::to_text;
use super::super::url::{Head, TemplatedHead, UrlTemplate, dot_segments};
use super::super::variables::Variable;
use super::{Environment, from_environment, header, url};
use crate::config::diagnostic::Code;
use crate::config::document::{Auth, Document};
use crate::config::pointer;
use crate::config::problem::{Part, Problem, Problems};
use crate::secret::Secret;

/// Parameters of the authorization URL that this server makes for each sign-in.
const OWN_PARAMETERS: &[&str] =
    &["client_id", "redirect_uri", "state", "code_challenge", "code_challenge_method"];

/// Compiles the OAuth settings, and reports what is wrong with them where the document signs in with OAuth.
pub(super) fn compile(
    document: &Document,
    allowed_hosts: &Arc<[HostPattern]>,
    environment: Environment<'_>,
    problems: &mut Problems,
) -> OAuth {
    let Some(auth) = &document.auth else { return OAuth::default() };
    let is_used = AuthType::parse(auth.auth_type.as_deref()) == AuthType::OAuth;
    let grant = GrantType::parse(auth.grant.as_deref());
    match is_used {
        true => {
            checks::complete(auth, grant, problems);
            checks::effect(auth, grant, problems);
        }
        false => checks::without_oauth(auth, problems),
    }
    for operation in document.operations.defined() {
        if let Some(own) = operation.auth {
            checks::of_operation(own, &format!("/operations/{}/auth", operation.name), problems);
        }
    }
    let mut wanted = Vec::new();
    let mut compiler = Compiler { allowed_hosts, wanted: &mut wanted, problems };
    let request = auth.token_request.clone().unwrap_or_default();
    let refresh = auth.refresh.clone().unwrap_or_default();
    let client = compiler.client(auth);
    let token_url = compiler.endpoint("tokenUrl", auth.token_url.as_deref(), "/auth/tokenUrl");
    let authorization_url =
        compiler.endpoint("authorizationUrl", auth.authorization_url.as_deref(), "/auth/authorizationUrl");
    let refresh_url = compiler.endpoint("tokenUrl", refresh.token_url.as_deref(), "/auth/refresh/tokenUrl");
    let authorization = compiler.authorization_parameters(auth.authorization_parameters.as_ref());
    let fields = compiler.fields(request.fields.as_ref(), "/auth/tokenRequest/fields");
    let query = compiler.fields(request.query.as_ref(), "/auth/tokenRequest/query");
    let headers = compiler.headers(request.headers.as_ref(), "/auth/tokenRequest/headers");
    wanted.sort_unstable();
    wanted.dedup();
    let literal = |text: &str| !text.contains("{{");
    let client_secret = from_environment(auth.client_secret_env.as_deref(), environment)
        .or_else(|| auth.client_secret.clone().filter(|secret| literal(secret.expose())));
    let client_id = from_environment(auth.client_id_env.as_deref(), environment)
        .map(|id| id.expose().to_owned())
        .or_else(|| auth.client_id.clone().filter(|id| literal(id)));
    OAuth {
        client_id,
        client_secret,
        token_url,
        refresh_url,
        authorization_url,
        redirect_uri: auth.redirect_uri.clone(),
        scopes: scopes(auth),
        grant,
        pkce: pkce(auth),
        client_authentication: request.client_authentication.as_deref().and_then(ClientAuthentication::parse),
        format: if request.format.as_deref() == Some("json") { TokenFormat::Json } else { TokenFormat::Form },
        keeps_refresh_token: refresh.rotates == Some(false),
        lifetime: refresh
            .lifetime_seconds
            .map(|seconds| Duration::from_secs_f64(super::number(seconds, 1.0, 31_536_000.0))),
        additions: Additions {
            client,
            extra: Arc::new(Extra { authorization, fields, headers, query, wanted }),
            is_elsewhere: false,
        },
    }
}

fn scopes(auth: &Auth) -> Option<String> {
    auth.scopes.as_ref().and_then(|scopes| match scopes {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => Some(items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")),
        _ => None,
    })
}

fn pkce(auth: &Auth) -> Option<bool> {
    match auth.pkce.as_ref()? {
        Value::Bool(wanted) => Some(*wanted),
        Value::String(method) if method == "S256" => Some(true),
        _ => None,
    }
}

struct Compiler<'a> {
    allowed_hosts: &'a Arc<[HostPattern]>,
    /// The variables that calls and blocks read.
    wanted: &'a mut Vec<Variable>,
    problems: &'a mut Problems,
}

impl Compiler<'_> {
    /// A client that is made from what the user typed.
    fn client(&mut self, auth: &Auth) -> Option<Arc<ClientTemplates>> {
        let secret = auth.client_secret.as_ref().map(Secret::expose);
        let id = self.text(auth.client_id.as_deref(), "/auth/clientId");
        let secret = self.text(secret, "/auth/clientSecret");
        (id.is_some() || secret.is_some()).then(|| Arc::new(ClientTemplates { id, secret }))
    }

    fn text(&mut self, text: Option<&str>, at: &str) -> Option<TextTemplate> {
        let text = text.filter(|text| text.contains("{{"))?;
        let template = compile_text(text, Place::own(SIGN_IN, at), self.problems);
        self.wanted.extend(template.wanted());
        Some(template)
    }

    /// An absolute URL, with expressions or without.
    fn endpoint(&mut self, name: &str, text: Option<&str>, at: &str) -> Option<Endpoint> {
        let text = text.filter(|text| !text.is_empty())?;
        if !text.contains("{{") {
            match ::url::Url::parse(text) {
                Ok(parsed) if matches!(parsed.scheme(), "http" | "https") => {
                    url::check_plain_http(&parsed, at, self.problems);
                    url::check_credentials(text, &parsed, at, self.problems);
                }
                parsed => self.problems.push(url::not_absolute(name, text, parsed.err(), at)),
            }
            return Some(text.into());
        }
        let template = self.template(name, text, at)?;
        if name == "authorizationUrl" && template.sources().into_iter().any(Variable::is_secret) {
            self.problems.push(
                Problem::new(
                    Code::OAuthParameter,
                    at,
                    "a credential would stand in the address of the sign-in page; nobody is sent there",
                )
                .help("send it with the token request: `tokenRequest.fields` or `tokenRequest.headers`"),
            );
            return None;
        }
        self.wanted.extend(template.wanted());
        Some(Endpoint::templated(text, template))
    }

    fn template(&mut self, name: &str, text: &str, at: &str) -> Option<UrlTemplate> {
        let text = text.split('#').next().unwrap_or_default();
        let parts = split_url(text);
        let place = Place::own(SIGN_IN, at);
        let (head, path) = match parts.head {
            Segments::Relative => {
                self.problems.push(url::not_absolute(name, text, None, at));
                return None;
            }
            Segments::Literal => {
                let start = &text[..parts.authority.end];
                if let Ok(parsed) = ::url::Url::parse(start) {
                    url::check_plain_http(&parsed, at, self.problems);
                    url::check_credentials(start, &parsed, at, self.problems);
                }
                (Head::None, parts.path.clone())
            }
            Segments::TemplatedAuthority => {
                self.check_hosts(at, parts.authority.clone());
                let start = compile_raw(&text[..parts.authority.end], place, self.problems);
                let is_whole = is_one_expression(&text[..parts.authority.end]);
                (Head::Templated(TemplatedHead::host(start, is_whole)), parts.authority.end..parts.path.end)
            }
            Segments::Leading => {
                self.check_hosts(at, parts.authority.clone());
                let leading = &text[parts.authority.clone()];
                let reference = compile_leading(leading, place.from(parts.authority.start), self.problems);
                (Head::Leading { reference, base: None }, parts.authority.end..parts.path.end)
            }
        };
        let path_text = &text[path.clone()];
        let mut template =
            UrlTemplate::new(head, compile_text(path_text, place.from(path.start), self.problems));
        template.dot_segments = dot_segments(path_text.split("://").last().unwrap_or(path_text));
        template.raw = path_text.contains("{{{");
        template.query = parts
            .query
            .map(|range| compile_text(&text[range.clone()], place.from(range.start), self.problems));
        template.templated = HostPolicy::Only(Arc::clone(self.allowed_hosts));
        Some(template)
    }

    fn check_hosts(&mut self, at: &str, authority: std::ops::Range<usize>) {
        if self.allowed_hosts.is_empty() {
            self.problems.push(
                Problem::new(Code::TemplatedHost, at, "a template chooses the host, and no host is allowed: nobody can sign in")
                    .part(Part::Text(authority))
                    .help("name the hosts that may be chosen in `requestDefaults.allowedHosts`, such as `[\"*.example.com\"]`"),
            );
        }
    }

    fn authorization_parameters(&mut self, values: Option<&IndexMap<String, Value>>) -> Fields {
        let at = "/auth/authorizationParameters";
        let mut kept: IndexMap<String, Value> = IndexMap::new();
        for (name, value) in values.into_iter().flatten() {
            if OWN_PARAMETERS.contains(&name.as_str()) {
                self.problems.push(
                    Problem::new(
                        Code::OAuthParameter,
                        pointer::join(at, name),
                        format!("`{name}` is made for each sign-in; this value is not sent"),
                    )
                    .part(Part::Key)
                    .help("leave it out"),
                );
                continue;
            }
            kept.insert(name.clone(), value.clone());
        }
        let fields = self.fields(Some(&kept), at);
        for (name, _) in fields.named().filter(|(_, template)| template.is_secret()) {
            self.problems.push(
                Problem::new(
                    Code::OAuthParameter,
                    pointer::join(at, name),
                    "a credential would stand in the address of the sign-in page; this parameter is not sent",
                )
                .help("send it with the token request: `tokenRequest.fields` or `tokenRequest.headers`"),
            );
        }
        fields
    }

    fn fields(&mut self, values: Option<&IndexMap<String, Value>>, at: &str) -> Fields {
        let mut fields = Vec::new();
        for (name, value) in values.into_iter().flatten() {
            let at = pointer::join(at, name);
            if name.contains("{{") {
                self.problems.push(
                    Problem::new(
                        Code::TemplateInKey,
                        &at,
                        "names are not templates; the braces are sent as they stand",
                    )
                    .part(Part::Key)
                    .help("write the name out; its value can be a template"),
                );
            }
            let template = match value {
                Value::Null => None,
                Value::String(text) => Some(compile_value(text, Place::own(SIGN_IN, &at), self.problems)),
                other => Some(Template::Literal(to_text(other).into())),
            };
            self.wanted.extend(template.iter().flat_map(Template::wanted));
            fields.push((name.clone(), template));
        }
        Fields::new(fields)
    }

    fn headers(
        &mut self,
        values: Option<&IndexMap<String, Value>>,
        at: &str,
    ) -> Vec<(http::HeaderName, HeaderTemplate)> {
        let mut headers: IndexMap<http::HeaderName, HeaderTemplate> = IndexMap::new();
        for (name, value) in values.into_iter().flatten() {
            let at = pointer::join(at, name);
            let Some(header) = header::header_name(name, &at, self.problems) else { continue };
            if header == http::header::CONTENT_TYPE {
                continue;
            }
            let Some(template) = header::template(value, Place::own(SIGN_IN, &at), self.problems) else {
                continue;
            };
            if let HeaderTemplate::Value(template) = &template {
                self.wanted.extend(template.wanted());
            }
            headers.insert(header, template);
        }
        headers.into_iter().collect()
    }
}
