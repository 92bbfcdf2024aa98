//! Reports of errors: where clients put them, and how the operator gets them.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;

use crate::members::{Given, members};
use crate::server::admin::Admin;
use crate::server::extract::Headers;
use crate::server::public::Public;
use crate::server::reply;
use crate::server::ringcentral::filled;
use crate::server::route::{Route, any_json, get, put};
use crate::server::session::Identified;
use crate::server::upload::Upload;
use crate::service::Services;
use crate::service::error_reports::{ErrorReports, LARGEST, Listed, NoLink, NotUploaded};

/// What a request to a server without a place for reports is told.
const NOWHERE: &str = "This server keeps no reports of errors.";

/// What a request for reports that are elsewhere is told.
const ELSEWHERE: &str = "The reports of errors are in the bucket that ERROR_REPORT_S3_BUCKET names.";

/// The routes.
pub(super) fn table() -> Vec<Route> {
    vec![
        get("/debug/report/url", link, "Makes a URL to which a client uploads a report of errors")
            .reply::<Presigned>(200, "The URL: good for one `PUT` of JSON within five minutes")
            .text(400, "The user is unknown")
            .error(400, "The server keeps no reports, or cannot make a URL")
            .error(429, "There are as many reports as are kept")
            .error(500, "The store failed"),
        put("/debug/report/{signed}", upload, "Takes a report of errors under a signed URL")
            .empty(200, "It is kept")
            .error(400, "It is no JSON")
            .error(403, "The URL was not made by this server, or has expired")
            .error(404, "The server keeps no reports")
            .error(409, "A report was uploaded with the URL already")
            .error(429, "There are as many reports as are kept")
            .error(500, "The report could not be stored"),
        get("/debug/reports", list, "Lists the reports of errors")
            .reply::<Reports>(200, "The reports of the last thirty days, newest first")
            .error(404, "The server keeps no reports, or a bucket has them"),
        get("/debug/reports/{id}", read, "Reads a report of errors")
            .with(200, "application/json", "The report as it was uploaded", any_json)
            .error(404, "There is no such report"),
    ]
}

members! {
    /// Where the client found this server.
    struct HostHeader {
        /// Used where the operator did not set `APP_SERVER`.
        #[schemars(skip)]
        host as "Host": Option<Given<String>>,
    }
}

/// Where to upload.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Presigned {
    /// The URL.
    presigned_url: String,
}

/// The reports.
#[derive(Debug, Serialize, JsonSchema)]
struct Reports {
    /// Newest first.
    reports: Vec<Listed>,
}

/// `GET /debug/report/url`
async fn link(
    session: Identified,
    services: web::Data<Services>,
    headers: Headers<HostHeader>,
) -> HttpResponse {
    let user = match session.0.connected_user(&*services.store).await {
        Ok(Some(user)) => user,
        Ok(None) => return reply::text(400, "User not found"),
        Err(error) => return reply::store_failed(&error),
    };
    let Some(reports) = &services.error_reports else { return reply::error(400, NOWHERE) };
    let found_at = || format!("http://{}", filled(headers.0.host).unwrap_or_else(|| "localhost".to_owned()));
    let own = services.app_server.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned());
    let server = own.unwrap_or_else(found_at);
    match reports.link(&user, &server, &services.clock).await {
        Ok(presigned_url) => {
            let mut response = reply::json(200, &Presigned { presigned_url });
            response
                .headers_mut()
                .insert(CACHE_CONTROL, actix_web::http::header::HeaderValue::from_static("no-store"));
            response
        }
        Err(error @ NoLink::Full(_)) => reply::error(429, &error.to_string()),
        Err(error @ NoLink::Failed) => reply::error(400, &error.to_string()),
    }
}

/// `PUT /debug/report/{signed}`
async fn upload(
    _: Public,
    services: web::Data<Services>,
    signed: web::Path<String>,
    report: Upload<LARGEST>,
) -> HttpResponse {
    let Some(folder) = services.error_reports.as_ref().and_then(ErrorReports::folder) else {
        return reply::error(404, NOWHERE);
    };
    match folder.upload(&signed, report.0).await {
        Ok(()) => HttpResponse::Ok().finish(),
        Err(error) => reply::error(status(&error), &error.to_string()),
    }
}

fn status(error: &NotUploaded) -> u16 {
    match error {
        NotUploaded::Unsigned | NotUploaded::Expired => 403,
        NotUploaded::Used => 409,
        NotUploaded::NotJson => 400,
        NotUploaded::Full(_) => 429,
        NotUploaded::Failed => 500,
    }
}

/// `GET /debug/reports`
async fn list(_: Admin, services: web::Data<Services>) -> HttpResponse {
    match services.error_reports.as_ref() {
        None => reply::error(404, NOWHERE),
        Some(reports) => match reports.folder() {
            None => reply::error(404, ELSEWHERE),
            Some(folder) => reply::json(200, &Reports { reports: folder.list().await }),
        },
    }
}

/// `GET /debug/reports/{id}`
async fn read(_: Admin, services: web::Data<Services>, id: web::Path<String>) -> HttpResponse {
    let Some(folder) = services.error_reports.as_ref().and_then(ErrorReports::folder) else {
        return reply::error(404, ELSEWHERE);
    };
    match folder.read(&id).await {
        Some(report) => HttpResponse::Ok().content_type("application/json").body(report),
        None => reply::error(404, "There is no report of this id. It may be older than thirty days."),
    }
}
