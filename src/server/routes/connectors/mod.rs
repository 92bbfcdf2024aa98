//! The life of connectors: `/console/api/v1/connectors`.

mod operating;
mod records;
mod revisions;

use actix_web::HttpResponse;
use actix_web::http::header::{ETAG, HeaderValue};
use serde::Serialize;

use crate::server::management::{ManagementError, ManagementErrorReply};
use crate::server::reply;
use crate::server::route::any_json;
use crate::server::route::{Route, delete, get, patch, post, put};
use crate::service::catalog::{Bundle, ConnectorView, Diff, Explained, Revision, Tested, Verdict};

const CONNECTORS: &str = "/console/api/v1/connectors";
const CONNECTOR: &str = "/console/api/v1/connectors/{proxyId}";

/// The routes.
pub(super) fn table() -> Vec<Route> {
    let mut routes = records();
    routes.extend(revisions());
    routes.extend(operating());
    routes
}

fn records() -> Vec<Route> {
    vec![
        managed(get(CONNECTORS, records::list, "Lists the connectors of the store"))
            .reply::<records::Connectors>(200, "The connectors, by proxy id"),
        checking(post(
            CONNECTORS,
            records::create,
            "Makes a connector, with a first revision if one comes along",
        ))
        .reply::<ConnectorView>(201, "The connector, a draft")
        .reply::<ManagementErrorReply>(409, "There is one of this id")
        .reply::<ManagementErrorReply>(422, "A secret would be readable"),
        checking(post(
            "/console/api/v1/connectors/import",
            records::import,
            "Makes a connector from an export",
        ))
        .reply::<ConnectorView>(201, "The connector, a draft without secrets")
        .reply::<ManagementErrorReply>(409, "There is one of this id")
        .reply::<ManagementErrorReply>(422, "A secret would be readable"),
        managed(get(CONNECTOR, records::read, "Reads a connector; secrets are never shown"))
            .reply::<ConnectorView>(200, "The connector; the ETag is in the header too")
            .reply::<ManagementErrorReply>(404, UNKNOWN),
        editing(patch(CONNECTOR, records::configure, "Changes owner, accounts, manifest or secrets"))
            .reply::<ConnectorView>(200, "The connector")
            .reply::<ManagementErrorReply>(422, "A secret would be readable"),
        managed(get(
            "/console/api/v1/connectors/{proxyId}/export",
            records::export,
            "Exports a connector with its revisions and no secret",
        ))
        .reply::<Bundle>(200, "What an import takes")
        .reply::<ManagementErrorReply>(404, UNKNOWN)
        .reply::<ManagementErrorReply>(409, "The revisions are more than an import takes"),
    ]
}

fn revisions() -> Vec<Route> {
    vec![
        checking(post(
            "/console/api/v1/validate",
            revisions::validate,
            "Checks a proxyConfig and stores nothing",
        ))
        .reply::<Verdict>(200, "What was found, also where it is not JSON"),
        managed(get(
            "/console/api/v1/connectors/{proxyId}/revisions",
            revisions::list,
            "Lists the revisions of a connector",
        ))
        .reply::<revisions::Revisions>(200, "The revisions, the newest first")
        .reply::<ManagementErrorReply>(404, UNKNOWN),
        editing(post(
            "/console/api/v1/connectors/{proxyId}/revisions",
            revisions::upload_envelope,
            "Uploads a revision with note and fixture cases",
        ))
        .reply::<revisions::Uploaded>(201, "The revision, stored with what was found in it")
        .reply::<ManagementErrorReply>(422, "A secret would be readable"),
        editing(put(
            "/console/api/v1/connectors/{proxyId}/draft",
            revisions::upload_text,
            "Uploads a revision: the body is the proxyConfig itself",
        ))
        .reply::<revisions::Uploaded>(201, "The revision, stored with what was found in it")
        .reply::<ManagementErrorReply>(422, "A secret would be readable"),
        managed(get(
            "/console/api/v1/connectors/{proxyId}/revisions/{number}",
            revisions::read,
            "Reads a revision and what was found in it",
        ))
        .reply::<Revision>(200, "The revision")
        .reply::<ManagementErrorReply>(404, UNKNOWN),
        managed(get(
            "/console/api/v1/connectors/{proxyId}/revisions/{number}/text",
            revisions::text,
            "Reads the proxyConfig of a revision as it was uploaded",
        ))
        .with(200, "application/json", "The text, byte for byte", any_json)
        .reply::<ManagementErrorReply>(404, UNKNOWN),
        managed(get(
            "/console/api/v1/connectors/{proxyId}/revisions/{number}/cases",
            revisions::cases,
            "Reads the fixture cases of a revision",
        ))
        .reply::<revisions::Cases>(200, "The cases")
        .reply::<ManagementErrorReply>(404, UNKNOWN),
        checking(post(
            "/console/api/v1/connectors/{proxyId}/revisions/{number}/check",
            revisions::check,
            "Checks a revision and runs its fixture cases",
        ))
        .reply::<Verdict>(200, "What was found, and what came of the cases")
        .reply::<ManagementErrorReply>(404, UNKNOWN),
        checking(post(
            "/console/api/v1/connectors/{proxyId}/revisions/{number}/explain",
            revisions::explain,
            "Shows what an operation would send, and sends nothing",
        ))
        .reply::<Explained>(200, "The request, and where its values come from; credentials are masked")
        .reply::<ManagementErrorReply>(404, UNKNOWN)
        .reply::<ManagementErrorReply>(422, "The revision cannot run"),
        checking(post(
            "/console/api/v1/connectors/{proxyId}/revisions/{number}/test",
            revisions::test,
            "Sends an operation's request to the CRM, with the connector's secrets",
        ))
        .reply::<Tested>(200, "What came of it; credentials are masked")
        .reply::<ManagementErrorReply>(404, UNKNOWN)
        .reply::<ManagementErrorReply>(422, "The revision cannot run"),
        checking(get(
            "/console/api/v1/connectors/{proxyId}/diff",
            revisions::diff,
            "Compares two revisions by operations and fields",
        ))
        .reply::<Diff>(200, "What is different")
        .reply::<ManagementErrorReply>(404, UNKNOWN),
    ]
}

fn operating() -> Vec<Route> {
    vec![
        deciding(post(
            "/console/api/v1/connectors/{proxyId}/activate",
            operating::activate,
            "Makes a revision active, where its checks and cases pass or a reason is given",
        ))
        .reply::<ConnectorView>(200, "It serves from now on; requests under way finish on theirs"),
        deciding(post(
            "/console/api/v1/connectors/{proxyId}/rollback",
            operating::roll_back,
            "Makes the revision active that was active before",
        ))
        .reply::<ConnectorView>(200, "It serves from now on"),
        deciding(post(
            "/console/api/v1/connectors/{proxyId}/retire",
            operating::retire,
            "Takes a connector out of service",
        ))
        .reply::<ConnectorView>(200, "It is retired; activating a revision brings it back"),
        deciding(put(
            "/console/api/v1/connectors/{proxyId}/pins/{account}",
            operating::pin,
            "Lets a RingCentral account have a revision of its own",
        ))
        .reply::<ConnectorView>(200, "The account has it from now on"),
        deciding(delete(
            "/console/api/v1/connectors/{proxyId}/pins/{account}",
            operating::unpin,
            "Lets a RingCentral account follow the active revision again",
        ))
        .reply::<ConnectorView>(200, "It does from now on"),
        deciding(post(
            "/console/api/v1/connectors/{proxyId}/promote",
            operating::promote,
            "Makes the revision of a pinned account active for all",
        ))
        .reply::<ConnectorView>(200, "It serves from now on"),
    ]
}

const UNKNOWN: &str = "There is no such connector or revision";

/// What any request may be answered with.
fn managed(route: Route) -> Route {
    route
        .reply::<ManagementErrorReply>(400, "The request cannot be used, and why")
        .reply::<ManagementErrorReply>(413, "The body, or what is to be stored, is too large")
}

/// What is checked, which the server does a few at a time.
fn checking(route: Route) -> Route {
    managed(route).reply::<ManagementErrorReply>(
        503,
        "The server is busy with other checks; `Retry-After` says when to come again",
    )
}

/// A change of a connector as it was read.
fn editing(route: Route) -> Route {
    checking(route)
        .reply::<ManagementErrorReply>(404, UNKNOWN)
        .reply::<ManagementErrorReply>(412, "It was changed meanwhile; `etag` is the one now")
        .reply::<ManagementErrorReply>(428, "The header If-Match is missing")
}

/// A change of what serves.
fn deciding(route: Route) -> Route {
    editing(route)
        .reply::<ManagementErrorReply>(409, "It makes no sense in this state")
        .reply::<ManagementErrorReply>(422, "The revision is refused; `checks` says why")
}

/// A connector, with its ETag as header.
fn connector(status: u16, view: &ConnectorView) -> HttpResponse {
    tagged(status, &view.etag, view)
}

fn tagged(status: u16, etag: &str, value: &impl Serialize) -> HttpResponse {
    let mut response = reply::json(status, value);
    if let Ok(etag) = HeaderValue::try_from(etag) {
        response.headers_mut().insert(ETAG, etag);
    }
    response
}

fn number(text: &str) -> Result<u64, ManagementError> {
    text.parse()
        .map_err(|_| ManagementError::invalid("number", "The number of a revision is a whole number."))
}
