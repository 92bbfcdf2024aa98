//! Credentials.

use http::HeaderName;
use http::header::AUTHORIZATION;

use super::super::operation::{AuthType, Credential, CredentialSource};
use super::super::template::{Place, compile_text};
use super::Shared;
use crate::config::diagnostic::Code;
use crate::config::document::{Auth, Document};
use crate::config::operations::OperationName;
use crate::config::problem::{Problem, Problems};

/// Checks the document's own `auth`.
pub(super) fn check(document: &Document, problems: &mut Problems) {
    let Some(auth) = &document.auth else { return };
    if AuthType::parse(auth.auth_type.as_deref()) != AuthType::OAuth
        && auth.credential_template.is_none()
        && auth.scheme.as_deref().is_some_and(|scheme| scheme != "Basic")
    {
        problems.push(
            Problem::new(
                Code::UnknownAuth,
                "/auth/scheme",
                "the scheme is not used: without `credentialTemplate` an API key is sent as `Basic`",
            )
            .help("add `\"credentialTemplate\": \"{{apiKey}}\"` and `\"encode\": \"none\"`"),
        );
    }
}

/// Compiles the credential of an operation: its own `auth`, else the document's.
pub(super) fn credential(
    operation: OperationName,
    own: Option<&Auth>,
    document: &Document,
    shared: &Shared,
    problems: &mut Problems,
) -> Credential {
    let default = Auth::default();
    let (auth, pointer) = match (own, &document.auth) {
        (Some(auth), _) => (auth, format!("/operations/{operation}/auth")),
        (None, Some(auth)) => (auth, "/auth".to_owned()),
        (None, None) => (&default, "/auth".to_owned()),
    };
    // Every operation compiles the document's auth; what is found there is reported once.
    let mut found = problems.part();
    let header = match auth.header_name.as_deref().filter(|name| !name.is_empty()) {
        None => AUTHORIZATION,
        Some(name) => HeaderName::from_bytes(name.as_bytes()).unwrap_or_else(|_| {
            found.push(super::header::name_problem(name, format!("{pointer}/headerName")));
            AUTHORIZATION
        }),
    };
    let scheme = auth.scheme.as_deref().filter(|scheme| !scheme.is_empty()).map(Box::from);
    let source = match auth.credential_template.as_deref().filter(|template| !template.is_empty()) {
        Some(source) => {
            let template_pointer = format!("{pointer}/credentialTemplate");
            let users = if own.is_some() { &[] } else { shared.credential() };
            let place = Place { shared: users, ..Place::own(operation, &template_pointer) };
            let template = compile_text(source, place, &mut found);
            CredentialSource::Template {
                template,
                source: source.into(),
                scheme,
                base64: auth.encode.as_deref() != Some("none"),
            }
        }
        None => {
            let oauth = document
                .auth
                .as_ref()
                .is_some_and(|auth| AuthType::parse(auth.auth_type.as_deref()) == AuthType::OAuth);
            CredentialSource::Prepared { scheme: scheme.filter(|_| oauth) }
        }
    };
    problems.append_new(found);
    Credential { header, source }
}
