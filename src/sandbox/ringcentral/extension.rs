//! `GET /restapi/v1.0/account/~/extension/{id}`: who somebody is.

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::caller::Caller;
use super::people::{ACCOUNT_ID, COMPANY};
use super::reply::RcError;
use crate::sandbox::origin::origin;

pub(super) async fn get(
    caller: Caller,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, RcError> {
    let (account, id) = path.into_inner();
    let person = caller.extension(&account, &id)?;
    let account = format!("{}/restapi/v1.0/account/{ACCOUNT_ID}", origin(&request));
    Ok(HttpResponse::Ok().json(json!({
        "uri": format!("{account}/extension/{}", person.id),
        "id": person.id,
        "extensionNumber": person.number,
        "name": person.name(),
        "type": "User",
        "status": "Enabled",
        "account": { "uri": account, "id": ACCOUNT_ID },
        "contact": {
            "firstName": person.first_name,
            "lastName": person.last_name,
            "company": COMPANY,
            "email": person.email,
            "businessPhone": person.phone,
        },
        "permissions": {
            "admin": { "enabled": person.is_admin },
            "internationalCalling": { "enabled": true },
        },
        "regionalSettings": {
            "homeCountry": { "id": "1", "name": "United States", "isoCode": "US", "callingCode": "1" },
            "timezone": { "id": "58", "name": "US/Pacific", "bias": "-480" },
            "language": { "id": "1033", "localeCode": "en-US", "name": "English (United States)" },
        },
    })))
}
