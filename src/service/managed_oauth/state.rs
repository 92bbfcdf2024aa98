//! Which clients an account has, told before anybody signs in.

use schemars::JsonSchema;
use serde::Serialize;

use super::asked;
use super::change::settle;
use super::place::Place;
use super::stored::{client_at, pending_at};
use super::values::ClientValues;
use crate::service::Services;
use crate::service::accounts::AccountError;
use crate::service::hashing::hashed;
use crate::service::mask::MASK;
use crate::service::ringcentral;

/// The clients of an account, as the sign-in page is opened with them.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OAuthState {
    /// Whether the extension is an admin's.
    is_admin: bool,
    /// Whether the account has a client.
    #[serde(rename = "hasAccountOAuth")]
    has_account_oauth: bool,
    /// Whether an admin entered one that nobody has signed in with yet; told to admins.
    #[serde(rename = "hasPendingOAuth")]
    has_pending_oauth: bool,
    /// The account's client, without its secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    oauth_values: Option<ShownClient>,
    /// The client that is to take its place; told to admins. Its secret is a mask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_values: Option<ShownClient>,
}

/// A client as it is shown.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShownClient {
    /// The client's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// A mask, if there is a secret. Submitted again, it leaves the secret as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'static str>,
    /// Where its tokens are granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token_uri: Option<String>,
    /// Where people sign in.
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_uri: Option<String>,
    /// Where the sign-in page sends them back.
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_uri: Option<String>,
    /// What is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<String>,
    /// The CRM's host for everybody of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<String>,
}

impl ShownClient {
    fn of(values: ClientValues, tells_of_secret: bool) -> Self {
        Self {
            client_id: values.client_id,
            client_secret: values.client_secret.filter(|_| tells_of_secret).map(|_| MASK),
            access_token_uri: values.access_token_uri,
            authorization_uri: values.authorization_uri,
            redirect_uri: values.redirect_uri,
            scopes: values.scopes,
            hostname: values.hostname,
        }
    }
}

/// The clients of the account whose RingCentral token this is. It is remembered who asked: a sign-in follows.
///
/// # Errors
/// If RingCentral does not know the token, cannot be asked or names no account, or the store fails.
pub async fn state(services: &Services, token: &str, place: &Place) -> Result<OAuthState, AccountError> {
    // Asked twice, as recorded: who it is, and whether it is an admin (recordings 22, `state-rc-refuses-second`).
    let extension = ringcentral::extension(services, token).await?;
    let is_admin = ringcentral::extension(services, token).await?.is_admin;
    let account = hashed(services, &extension.account_id);
    if is_admin {
        settle(services, &account, place).await?;
    }
    let client = client_at(services, &account, place).await?;
    let pending = if is_admin { pending_at(services, &account, place).await? } else { None };
    // An admin may be about to enter a client, which then names no platform.
    if let Some(id) = &extension.extension_id
        && (is_admin || client.is_some())
    {
        asked::remember(services, &account, &hashed(services, id), place, is_admin).await?;
    }
    Ok(OAuthState {
        is_admin,
        has_account_oauth: client.is_some(),
        has_pending_oauth: pending.is_some(),
        oauth_values: client.map(|client| ShownClient::of(client.values, false)),
        pending_values: pending.map(|pending| ShownClient::of(pending.values, true)),
    })
}
