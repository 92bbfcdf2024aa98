//! What is left to fill in on a sign-in page, told before anybody signs in.

use schemars::JsonSchema;
use serde::Serialize;

use super::Meant;
use super::fields::Reach;
use super::form::{Form, NotKnown};
use super::values::Place;
use crate::service::Services;
use crate::service::accounts::AccountError;
use crate::service::ringcentral::{self, Whoever};
use crate::store::StoreError;

/// What the sign-in page has to show. It tells no values.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// Whether admins manage any field.
    has_managed_auth: bool,
    /// Whether nothing is left to fill in.
    all_required_fields_satisfied: bool,
    /// The fields to show; null for all of them.
    visible_field_consts: Option<Vec<String>>,
    /// The required fields that are left to fill in.
    missing_required_field_consts: Vec<String>,
    /// Whether the CRM refused what admins filled in, so that people fill in everything.
    fallback_to_manual_auth: bool,
}

/// What is left to fill in for the extension whose RingCentral token this is. If the page cannot be found out, all of
/// it is shown (recordings 29, `portal-fails`); the sign-in itself then skips no managed field.
///
/// # Errors
/// If RingCentral does not know the token or cannot be asked, or the store fails.
pub async fn state(services: &Services, meant: &Meant, token: &str) -> Result<State, AccountError> {
    let who = ringcentral::whoever(services, token).await?;
    let (platform, published) = (&meant.platform, meant.published.as_ref());
    let form = match Form::find(services, platform, published, who.account_id.as_deref()).await {
        Ok(form) => form,
        Err(NotKnown::Store(error)) => return Err(error.into()),
        Err(unread) => {
            tracing::warn!(%unread, "the whole sign-in page is shown");
            Form::default()
        }
    };
    let required = || form.fields.iter().filter(|field| field.is_required);
    let all = || required().map(|field| field.name.clone()).collect();
    if !form.is_managed() {
        return Ok(State { missing_required_field_consts: all(), ..State::default() });
    }
    let extension_id = who.extension_id.as_deref();
    let place = place(services, meant, &form, &who).await?;
    let managed = State { has_managed_auth: true, ..State::default() };
    let Some(place) = place else {
        return Ok(State {
            visible_field_consts: Some(all()),
            missing_required_field_consts: all(),
            ..managed
        });
    };
    if place.was_refused(services, extension_id).await? {
        return Ok(State { missing_required_field_consts: all(), fallback_to_manual_auth: true, ..managed });
    }
    let of_account = place.values(services, Reach::Account, None).await?;
    let of_extension = place.values(services, Reach::Extension, extension_id).await?;
    let left: Vec<String> = required()
        .filter(|field| match field.reach {
            Some(Reach::Account) => !of_account.contains_key(&field.name),
            Some(Reach::Extension) => !of_extension.contains_key(&field.name),
            None => true,
        })
        .map(|field| field.name.clone())
        .collect();
    Ok(State {
        all_required_fields_satisfied: left.is_empty(),
        visible_field_consts: Some(left.clone()),
        missing_required_field_consts: left,
        ..managed
    })
}

/// Where the values are. Clients name no document here: it is the manifest's, else the only one with values. `None`
/// for a user of no account (recordings 23, `state-rc-without-ids`).
pub(super) async fn place(
    services: &Services,
    meant: &Meant,
    form: &Form,
    who: &Whoever,
) -> Result<Option<Place>, StoreError> {
    let Some(account_id) = who.account_id.as_deref() else { return Ok(None) };
    let named = meant.proxy_id.as_deref().or(form.proxy_id.as_deref());
    let place = Place::new(services, account_id, &meant.platform, named);
    if named.is_some() {
        return Ok(Some(place));
    }
    let only = place.only_document(services, who.extension_id.as_deref()).await?;
    Ok(Some(only.unwrap_or(place)))
}
