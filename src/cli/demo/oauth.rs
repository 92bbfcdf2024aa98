//! OAuth: signed in on a page of the CRM, renewed, and ended by the CRM.

use super::api_key::ended_call;
use super::tour::{Tour, text};
use crate::cli::{CliError, print};
use crate::sandbox::OAuthRules;

/// Where a token is exchanged at the sandbox.
const TOKEN_PATH: &str = "/oauth/token";

/// So long does the first access token work, in seconds: less than the two minutes before the end at which a server
/// renews.
const SHORT: u64 = 60;

pub(super) async fn walk(tour: &Tour<'_>) -> Result<(), CliError> {
    tour.title("1. Sign in on a page of the CRM");
    print::line(
        "The sandbox asks nothing and sends the browser back at once. The access token works for a minute.",
    );
    tour.sandbox
        .set_oauth_rules(OAuthRules { access_token_lifetime_seconds: SHORT, ..OAuthRules::default() });
    let signed_in = tour.browse("/oauth/start?platform=sandbox&proxyId=sandbox-oauth").await?;
    let token = text(&signed_in, "/jwtToken")?;

    tour.title("2. A call comes in: the access token is about to expire");
    tour.sandbox.set_oauth_rules(OAuthRules::default());
    let exchanged = exchanges(tour);
    let found = tour.exchange("GET", "/contact?phoneNumber=%2B14155550101", Some(&token), None).await?;
    let contact = found.pointer("/contact/0").cloned().ok_or("no contact has the number")?;
    if exchanges(tour) != exchanged + 1 {
        return Err(CliError("the access token was not renewed".to_owned()));
    }

    tour.title("3. The call is over: log it with the new token");
    let exchanged = exchanges(tour);
    let logged = tour.exchange("POST", "/callLog", Some(&token), Some(&ended_call(&contact))).await?;
    let log_id = text(&logged, "/logId")?;
    if exchanges(tour) != exchanged {
        return Err(CliError("a token that is good was renewed".to_owned()));
    }

    tour.title("4. An admin of the CRM ends the sign-in");
    tour.sandbox.revoke_sign_ins();
    let path = "/callLog?sessionIds=demo-session&requireDetails=true";
    let (status, refused) = tour.send("GET", path, Some(&token), None).await?;
    let code = text(&refused, "/errorCode")?;
    if (status, code.as_str()) != (401, "CRM_SESSION_REVOKED") {
        return Err(CliError(format!("{status} {code} does not tell the client that the session is over")));
    }
    print::line(&format!(
        "\nThe call is record {log_id} in the CRM. The client learns that its session is over, and asks the user to \
         sign in again."
    ));
    Ok(())
}

/// How often tokens were asked for.
fn exchanges(tour: &Tour<'_>) -> usize {
    tour.sandbox.requests().iter().filter(|request| request.path == TOKEN_PATH).count()
}
