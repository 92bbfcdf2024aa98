//! Revisions: uploading, reading, checking, trying.

use actix_web::http::header::{ETAG, HeaderValue};
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{number, tagged};
use crate::config::document::Document;
use crate::members::{Given, Wrong, members};
use crate::server::extract::Query;
use crate::server::intake::SETTINGS_LIMIT;
use crate::server::management::{IfMatch, ManagementCaller, ManagementError, Sent, Submitted, Text, scope};
use crate::server::reply;
use crate::service::Services;
use crate::service::catalog::{ConnectorView, Edit, FixtureCase, Revision, Trial, Upload, UploadRequest};

members! {
    /// A note in the query.
    pub(super) struct NoteQuery {
        /// What the author says about the revision.
        note as "note": Option<Given<String>>,
    }
}

members! {
    /// Which revisions are compared.
    pub(super) struct DiffQuery {
        /// The revision before.
        #[schemars(required)]
        from as "from": Option<Given<u64>>,
        /// The revision after.
        #[schemars(required)]
        to as "to": Option<Given<u64>>,
    }
}

/// The revisions of a connector.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Revisions {
    /// The newest first.
    revisions: Vec<Revision>,
}

/// Fixture cases.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Cases {
    /// In their order.
    #[schemars(with = "Vec<FixtureCase>")]
    cases: Vec<Value>,
}

/// A stored revision.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Uploaded {
    /// The connector as it is now.
    connector: ConnectorView,
    /// The revision.
    revision: Revision,
}

type Answer = Result<HttpResponse, ManagementError>;

pub(super) async fn validate(
    _: ManagementCaller<scope::Read>,
    services: web::Data<Services>,
    text: Sent<Text<Document>>,
) -> Answer {
    Ok(reply::json(200, &services.connectors.validate(text?.text).await?))
}

pub(super) async fn list(
    _: ManagementCaller<scope::Read>,
    services: web::Data<Services>,
    proxy_id: web::Path<String>,
) -> Answer {
    Ok(reply::json(200, &Revisions { revisions: services.connectors.revisions(&proxy_id).await? }))
}

pub(super) async fn upload_envelope(
    caller: ManagementCaller<scope::Edit>,
    services: web::Data<Services>,
    proxy_id: web::Path<String>,
    version: Sent<IfMatch>,
    body: Sent<Submitted<UploadRequest, Option<Upload>, SETTINGS_LIMIT>>,
) -> Answer {
    let upload = body?.input.ok_or_else(UploadRequest::without_text)?;
    store(&caller, &services, &proxy_id, version?.0, upload).await
}

pub(super) async fn upload_text(
    caller: ManagementCaller<scope::Edit>,
    services: web::Data<Services>,
    proxy_id: web::Path<String>,
    version: Sent<IfMatch>,
    query: Query<NoteQuery>,
    text: Sent<Text<Document>>,
) -> Answer {
    let note = match query.0.note.map(Given::into_value) {
        None => None,
        Some(Value::String(note)) => Some(note),
        Some(_) => return Err(ManagementError::invalid("note", "There is more than one `note`.")),
    };
    let upload = Upload { text: text?.text, note, cases: None };
    store(&caller, &services, &proxy_id, version?.0, upload).await
}

async fn store(
    caller: &ManagementCaller<scope::Edit>,
    services: &Services,
    proxy_id: &str,
    version: u64,
    upload: Upload,
) -> Answer {
    let edit = Edit { who: caller, proxy_id, version };
    let (connector, revision) = services.connectors.upload(edit, upload).await?;
    let etag = connector.etag.clone();
    Ok(tagged(201, &etag, &Uploaded { connector, revision }))
}

pub(super) async fn read(
    _: ManagementCaller<scope::Read>,
    services: web::Data<Services>,
    path: web::Path<(String, String)>,
) -> Answer {
    Ok(reply::json(200, &services.connectors.revision(&path.0, number(&path.1)?).await?))
}

pub(super) async fn text(
    _: ManagementCaller<scope::Read>,
    services: web::Data<Services>,
    path: web::Path<(String, String)>,
) -> Answer {
    let (hash, text) = services.connectors.revision_text(&path.0, number(&path.1)?).await?;
    let mut response = HttpResponse::Ok().content_type("application/json; charset=utf-8").body(text);
    if let Ok(etag) = HeaderValue::try_from(format!("\"{hash}\"")) {
        response.headers_mut().insert(ETAG, etag);
    }
    Ok(response)
}

pub(super) async fn cases(
    _: ManagementCaller<scope::Read>,
    services: web::Data<Services>,
    path: web::Path<(String, String)>,
) -> Answer {
    let cases = services.connectors.revision_cases(&path.0, number(&path.1)?).await?;
    Ok(reply::json(200, &Cases { cases }))
}

pub(super) async fn check(
    caller: ManagementCaller<scope::Read>,
    services: web::Data<Services>,
    path: web::Path<(String, String)>,
) -> Answer {
    Ok(reply::json(200, &services.connectors.check(&caller, &path.0, number(&path.1)?).await?))
}

pub(super) async fn explain(
    caller: ManagementCaller<scope::Read>,
    services: web::Data<Services>,
    path: web::Path<(String, String)>,
    body: Sent<Submitted<Trial, Trial, SETTINGS_LIMIT>>,
) -> Answer {
    let trial = body?.input;
    let number = number(&path.1)?;
    Ok(reply::json(200, &services.connectors.explain(&caller, &path.0, number, trial).await?))
}

/// Needs the scope of activation: a document can send the connector's secrets wherever it names.
pub(super) async fn test(
    caller: ManagementCaller<scope::Activate>,
    services: web::Data<Services>,
    path: web::Path<(String, String)>,
    body: Sent<Submitted<Trial, Trial, SETTINGS_LIMIT>>,
) -> Answer {
    let trial = body?.input;
    let number = number(&path.1)?;
    let tested = services.connectors.test(&caller, &path.0, number, trial, services.client()).await?;
    Ok(reply::json(200, &tested))
}

pub(super) async fn diff(
    _: ManagementCaller<scope::Read>,
    services: web::Data<Services>,
    proxy_id: web::Path<String>,
    query: Query<DiffQuery>,
) -> Answer {
    let revision = |name: &'static str, given: Option<Given<u64>>| {
        let number = given.as_deref().and_then(Value::as_str).and_then(|text| text.parse().ok());
        number.ok_or(Wrong::Missing { name, expected: "the number of a revision" })
    };
    let (from, to) = (revision("from", query.0.from)?, revision("to", query.0.to)?);
    Ok(reply::json(200, &services.connectors.diff(&proxy_id, from, to).await?))
}
