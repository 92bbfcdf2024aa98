//! Revisions: uploading, reading, checking, trying.

use actix_web::http::header::{ETAG, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::{number, tagged};
use crate::server::body::query;
use crate::server::management::{IfMatch, ManagementCaller, ManagementError, Members, Sent, Text, scope};
use crate::server::reply;
use crate::service::Services;
use crate::service::catalog::{Edit, Trial, Upload};

type Answer = Result<HttpResponse, ManagementError>;

pub(super) async fn validate(
    _: ManagementCaller<scope::Read>,
    services: web::Data<Services>,
    text: Sent<Text>,
) -> Answer {
    Ok(reply::json(200, &services.connectors.validate(text?.0).await?))
}

pub(super) async fn list(
    _: ManagementCaller<scope::Read>,
    services: web::Data<Services>,
    proxy_id: web::Path<String>,
) -> Answer {
    Ok(reply::json(200, &json!({"revisions": services.connectors.revisions(&proxy_id).await?})))
}

/// The revision of a body, where there is one.
pub(super) fn upload(body: &mut Members) -> Result<Option<Upload>, ManagementError> {
    let text = body.text("text")?;
    let object = body.object("proxyConfig")?;
    let (note, cases) = (body.text("note")?, body.list("cases")?);
    let text = match (text, object) {
        (Some(_), Some(_)) => {
            return Err(ManagementError::invalid(
                "text",
                "There are both `text` and `proxyConfig`; send one.",
            ));
        }
        (Some(text), None) => text,
        (None, Some(object)) => format!("{:#}\n", Value::Object(object)),
        (None, None) if note.is_none() && cases.is_none() => return Ok(None),
        (None, None) => {
            return Err(ManagementError::invalid("text", "`text` is missing: the proxyConfig as text."));
        }
    };
    Ok(Some(Upload { text, note, cases }))
}

pub(super) async fn upload_envelope(
    caller: ManagementCaller<scope::Edit>,
    services: web::Data<Services>,
    proxy_id: web::Path<String>,
    version: Sent<IfMatch>,
    body: Sent<Members>,
) -> Answer {
    let mut body = body?;
    let upload = upload(&mut body)?;
    body.finish()?;
    let upload = upload
        .ok_or_else(|| ManagementError::invalid("text", "`text` is missing: the proxyConfig as text."))?;
    store(&caller, &services, &proxy_id, version?.0, upload).await
}

pub(super) async fn upload_text(
    caller: ManagementCaller<scope::Edit>,
    services: web::Data<Services>,
    proxy_id: web::Path<String>,
    version: Sent<IfMatch>,
    request: HttpRequest,
    text: Sent<Text>,
) -> Answer {
    let note = match query(request.query_string()).remove("note") {
        None => None,
        Some(Value::String(note)) => Some(note),
        Some(_) => return Err(ManagementError::invalid("note", "There is more than one `note`.")),
    };
    let upload = Upload { text: text?.0, note, cases: None };
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
    let (view, revision) = services.connectors.upload(edit, upload).await?;
    Ok(tagged(201, &view.etag, &json!({"connector": view, "revision": revision})))
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
    Ok(reply::json(200, &json!({"cases": cases})))
}

pub(super) async fn check(
    _: ManagementCaller<scope::Read>,
    services: web::Data<Services>,
    path: web::Path<(String, String)>,
) -> Answer {
    Ok(reply::json(200, &services.connectors.check(&path.0, number(&path.1)?).await?))
}

pub(super) async fn explain(
    _: ManagementCaller<scope::Read>,
    services: web::Data<Services>,
    path: web::Path<(String, String)>,
    body: Sent<Members>,
) -> Answer {
    let trial = trial(body?)?;
    Ok(reply::json(200, &services.connectors.explain(&path.0, number(&path.1)?, trial).await?))
}

/// Needs the scope of activation: a document can send the connector's secrets wherever it names.
pub(super) async fn test(
    caller: ManagementCaller<scope::Activate>,
    services: web::Data<Services>,
    path: web::Path<(String, String)>,
    body: Sent<Members>,
) -> Answer {
    let trial = trial(body?)?;
    let number = number(&path.1)?;
    let tested = services.connectors.test(&caller, &path.0, number, trial, services.client()).await?;
    Ok(reply::json(200, &tested))
}

fn trial(mut body: Members) -> Result<Trial, ManagementError> {
    let trial = Trial {
        operation: body.needed_text("operation")?,
        input: body.object("input")?.unwrap_or_default(),
        user: body.object("user")?,
    };
    body.finish()?;
    Ok(trial)
}

pub(super) async fn diff(
    _: ManagementCaller<scope::Read>,
    services: web::Data<Services>,
    proxy_id: web::Path<String>,
    request: HttpRequest,
) -> Answer {
    let parameters = query(request.query_string());
    let parameter = |name: &'static str| {
        let number = parameters.get(name).and_then(Value::as_str).and_then(|text| text.parse().ok());
        number.ok_or_else(|| {
            ManagementError::invalid(name, format!("`{name}` is missing: the number of a revision."))
        })
    };
    let (from, to) = (parameter("from")?, parameter("to")?);
    Ok(reply::json(200, &services.connectors.diff(&proxy_id, from, to).await?))
}
