//! Reports for an account's admins, and the RingCentral token that they are made with.

use actix_web::{HttpResponse, web};

use super::{NO_ADMIN, Successful};
use crate::members::{Given, members};
use crate::server::extract::{Headers, Query};
use crate::server::reply;
use crate::server::ringcentral::{RingCentralHeaders, RingCentralQuery, filled, refused, token};
use crate::server::route::{Route, get};
use crate::server::session::Identified;
use crate::service::Services;
use crate::service::admin_tokens::{self, NotKept};
use crate::service::adoption::{self, AdoptionStats};
use crate::service::reports::{
    self, AccountReport, AccountReportRequest, ExtensionReport, ExtensionReportRequest, FailedReport,
    NoReport,
};
use crate::store::User;

const NOT_ENTITLED: &str = "The user is no admin of the account by RingCentral's word, or of another account";

/// The routes.
pub(super) fn table() -> Vec<Route> {
    vec![
        get("/ringcentral/oauth/callback", callback, "Keeps an admin's RingCentral token for reports")
            .reply::<Successful>(200, "It is kept; or the server makes no reports, and nothing was done")
            .text(400, "The user is unknown")
            .error(400, "The code is missing or refused, or RingCentral cannot be asked")
            .text(403, NOT_ENTITLED)
            .error(500, "The store failed"),
        get("/ringcentral/admin/report", account, "Reports figures of an account's calls")
            .reply::<AccountReport>(200, "The figures")
            .reply::<FailedReport>(200, "The report could not be made, and why")
            .text(400, "The user is unknown")
            .error(400, "The range or the grouping cannot be used, or RingCentral could not be asked")
            .text(403, NOT_ENTITLED)
            .error(500, "The store failed"),
        get(
            "/ringcentral/admin/userReport",
            extension,
            "Reports figures of an extension's calls and messages",
        )
        .reply::<ExtensionReport>(200, "The figures")
        .reply::<FailedReport>(200, "The report could not be made, and why")
        .text(400, "The user is unknown")
        .error(400, "The range or the extension cannot be used, or RingCentral could not be asked")
        .text(403, NOT_ENTITLED)
        .error(500, "The store failed"),
        get("/admin/extensionAdoptionStats", adoption_stats, "Counts who of an account uses App Connect")
            .reply::<AdoptionStats>(200, "The counts")
            .error(400, NO_ADMIN)
            .text(403, "The RingCentral user is no admin")
            .error(500, "The store failed"),
    ]
}

members! {
    /// What RingCentral sends people back with.
    struct CallbackQuery {
        /// RingCentral's authorization code.
        #[schemars(required)]
        code as "code": Option<Given<String>>,
        /// Why RingCentral gave none.
        error as "error": Option<Given<String>>,
    }
}

members! {
    /// Which figures of the account.
    struct AccountReportQuery {
        /// The name of a time zone, such as `America/New_York`.
        time_zone as "timezone": Option<Given<String>>,
        /// From when, ISO 8601.
        time_from as "timeFrom": Option<Given<String>>,
        /// To when, ISO 8601.
        time_to as "timeTo": Option<Given<String>>,
        /// By what calls are grouped; without it, the whole company.
        group_by as "groupBy": Option<Given<String>>,
        /// A RingCentral access token. The header `X-RC-Access-Token` is better.
        #[schemars(skip)]
        rc_access_token as "rcAccessToken": Option<Given<String>>,
    }
}

members! {
    /// Which figures of an extension.
    struct ExtensionReportQuery {
        /// The extension's id; without it, that of the admin's token.
        extension_id as "rcExtensionId": Option<Given<String>>,
        /// Not used: RingCentral counts from time to time.
        _time_zone as "timezone": Option<Given<String>>,
        /// From when, ISO 8601.
        #[schemars(required)]
        time_from as "timeFrom": Option<Given<String>>,
        /// To when, ISO 8601.
        #[schemars(required)]
        time_to as "timeTo": Option<Given<String>>,
        /// A RingCentral access token. The header `X-RC-Access-Token` is better.
        #[schemars(skip)]
        rc_access_token as "rcAccessToken": Option<Given<String>>,
    }
}

/// `GET /ringcentral/oauth/callback?code=`
async fn callback(
    session: Identified,
    services: web::Data<Services>,
    query: Query<CallbackQuery>,
) -> HttpResponse {
    let user = match user(&services, &session).await {
        Ok(user) => user,
        Err(refusal) => return refusal,
    };
    let CallbackQuery { code, error } = query.0;
    if filled(error).is_some() {
        return reply::error(400, "RingCentral did not let you sign in, so nothing was kept. Sign in again.");
    }
    // Clients write `undefined` for what they do not have (Q102).
    let code = filled(code).filter(|code| code != "undefined");
    match admin_tokens::bring(&services, user, code).await {
        Ok(()) => reply::json(200, &Successful { successful: true }),
        Err(NotKept::Account(error)) => refused(&error),
        Err(error @ (NotKept::Invalid(_) | NotKept::Stopping)) => reply::error(400, &error.to_string()),
    }
}

/// `GET /ringcentral/admin/report`
async fn account(
    session: Identified,
    services: web::Data<Services>,
    headers: Headers<RingCentralHeaders>,
    query: Query<AccountReportQuery>,
) -> HttpResponse {
    let user = match user(&services, &session).await {
        Ok(user) => user,
        Err(refusal) => return refusal,
    };
    let AccountReportQuery { time_zone, time_from, time_to, group_by, rc_access_token } = query.0;
    let token = token(headers.0, [rc_access_token]);
    let report = AccountReportRequest { time_zone, time_from, time_to, group_by };
    answer(reports::account(&services, &user, token.as_deref(), report).await)
}

/// `GET /ringcentral/admin/userReport`
async fn extension(
    session: Identified,
    services: web::Data<Services>,
    headers: Headers<RingCentralHeaders>,
    query: Query<ExtensionReportQuery>,
) -> HttpResponse {
    let user = match user(&services, &session).await {
        Ok(user) => user,
        Err(refusal) => return refusal,
    };
    let ExtensionReportQuery { extension_id, time_from, time_to, rc_access_token, .. } = query.0;
    let token = token(headers.0, [rc_access_token]);
    let report = ExtensionReportRequest { extension_id, time_from, time_to };
    answer(reports::extension(&services, &user, token.as_deref(), report).await)
}

/// `GET /admin/extensionAdoptionStats`
async fn adoption_stats(
    _: crate::server::public::Public,
    services: web::Data<Services>,
    headers: Headers<RingCentralHeaders>,
    query: Query<RingCentralQuery>,
) -> HttpResponse {
    let token = token(headers.0, [query.0.rc_access_token]);
    match adoption::stats(&services, token.as_deref()).await {
        Ok(stats) => reply::json(200, &stats),
        Err(error) => refused(&error),
    }
}

/// The user of the session, who is connected to the CRM.
async fn user(services: &Services, session: &Identified) -> Result<User, HttpResponse> {
    match session.0.connected_user(&*services.store).await {
        Ok(Some(user)) => Ok(user),
        Ok(None) => Err(reply::text(400, "User not found")),
        Err(error) => Err(reply::store_failed(&error)),
    }
}

fn answer<T: serde::Serialize>(report: Result<T, NoReport>) -> HttpResponse {
    match report {
        Ok(report) => reply::json(200, &report),
        Err(NoReport::Account(error)) => refused(&error),
        Err(NoReport::Invalid(words)) => reply::error(400, &words),
        Err(NoReport::Failed(words)) => reply::json(200, &FailedReport::new(&words)),
    }
}
