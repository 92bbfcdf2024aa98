//! How admins see and change the values of their account.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Meant;
use super::fields::{Field, Reach, is_filled};
use super::form::{Form, NotKnown};
use super::values::{Change, NotStored, Person, Place, Whose, id_of};
use crate::service::Services;
use crate::service::accounts::{AccountError, administered};
use crate::service::mask::{Masked, is_mask};
use crate::service::session::Session;
use crate::service::stored_ids::check_id;
use crate::store::{StoreError, User};

/// The fields that admins manage, and for whom there are values. A value itself is never told (Q77).
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ManagedFields {
    /// Whether there are any.
    has_managed_auth: bool,
    /// The fields, as the manifest has them.
    fields: Vec<Value>,
    /// Those with one value for the account.
    org_fields: Vec<Value>,
    /// Those with a value for each extension.
    user_fields: Vec<Value>,
    /// The account's values, by field.
    org_values: Values,
    /// The values of extensions.
    user_values: Vec<PersonsValues>,
}

/// Values by field, each as a mask.
type Values = indexmap::IndexMap<String, Masked>;

/// The values of one extension.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonsValues {
    /// The extension's id, a text or a number, as it was submitted.
    rc_extension_id: Value,
    /// The name that was submitted with it; may be empty.
    rc_user_name: String,
    /// The values.
    fields: Values,
}

/// What an admin submits.
#[derive(Debug, Default)]
pub struct Submitted {
    /// Whether the values are one extension's, and not the account's.
    pub is_of_extension: bool,
    /// The extension.
    pub rc_extension_id: Option<Value>,
    /// Its name.
    pub rc_user_name: Option<String>,
    /// The values by field. Empty ones, and the mask, leave what is there.
    pub values: Map<String, Value>,
    /// The fields whose values are removed.
    pub fields_to_remove: Vec<String>,
}

/// Why values are not shown or stored.
#[derive(Debug, thiserror::Error)]
pub enum ManagedError {
    /// The request proves too little, or the store failed.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// There is no such user.
    #[error("User not found")]
    UnknownUser,
    /// What is submitted cannot be stored; in words.
    #[error("{0}")]
    Wrong(String),
}

impl From<StoreError> for ManagedError {
    fn from(error: StoreError) -> Self {
        Self::Account(error.into())
    }
}

impl From<NotStored> for ManagedError {
    fn from(error: NotStored) -> Self {
        Self::Account(match error {
            NotStored::TooMuch(error) => error.into(),
            NotStored::Store(error) => error.into(),
        })
    }
}

async fn user(services: &Services, session: &Session) -> Result<User, ManagedError> {
    session.user(&*services.store).await?.ok_or(ManagedError::UnknownUser)
}

/// The place that a session's user and an admin's token name together.
fn place(services: &Services, user: &User, account_id: &str) -> Place {
    Place::new(services, account_id, &user.key.platform, user.key.proxy_id.as_deref())
}

/// What admins manage of the session's platform and document.
///
/// # Errors
/// If the token is not an admin's of the user's account, or the page cannot be found out although there are values.
pub async fn read(
    services: &Services,
    session: &Session,
    token: Option<&str>,
    meant: &Meant,
) -> Result<ManagedFields, ManagedError> {
    let user = user(services, session).await?;
    let account = administered(services, token, Some(&user)).await?;
    let account_id = account.extension.account_id.as_str();
    let place = place(services, &user, account_id);
    let found = Form::find(services, &user.key.platform, meant.published.as_ref(), Some(account_id)).await;
    let form = match found {
        Ok(form) => form,
        Err(NotKnown::Store(error)) => return Err(error.into()),
        Err(unread) => {
            let has_values =
                place.has_values(services, None).await? || !place.persons(services).await?.is_empty();
            if has_values {
                return Err(ManagedError::Wrong(unread.to_string()));
            }
            Form::default()
        }
    };
    if form.is_managed() {
        form.is_seen(services, &place).await?;
    }
    shown(services, &place, &form).await.map_err(ManagedError::from)
}

async fn shown(services: &Services, place: &Place, form: &Form) -> Result<ManagedFields, StoreError> {
    let managed = || form.fields.iter().filter(|field| field.is_managed);
    let of = |reach| managed().filter(move |field| field.reach == Some(reach));
    let described = |field: &Field| field.described.clone();
    let masked = |reach, values: &Map<String, Value>| -> Values {
        of(reach).map(|field| (field.name.clone(), Masked::of(values.contains_key(&field.name)))).collect()
    };
    let org_values = place.values(services, Reach::Account, None).await?;
    let mut user_values = Vec::new();
    for person in place.persons(services).await? {
        let values = place.values(services, Reach::Extension, id_of(&person).as_deref()).await?;
        user_values.push(PersonsValues {
            fields: masked(Reach::Extension, &values),
            rc_extension_id: person.rc_extension_id,
            rc_user_name: person.rc_user_name,
        });
    }
    let has_managed_auth = form.is_managed();
    Ok(ManagedFields {
        has_managed_auth,
        fields: managed().map(described).collect(),
        org_fields: of(Reach::Account).map(described).collect(),
        user_fields: of(Reach::Extension).map(described).collect(),
        org_values: masked(Reach::Account, &org_values),
        // Without a page nobody knows what their fields mean (recordings 23, `admin-no-connector`).
        user_values: if has_managed_auth { user_values } else { Vec::new() },
    })
}

/// Stores and removes values of the session's platform and document.
///
/// # Errors
/// If the token is not an admin's of the user's account, a name is not one of the page's (Q78), or the store fails.
pub async fn save(
    services: &Services,
    session: &Session,
    token: Option<&str>,
    meant: &Meant,
    submitted: Submitted,
) -> Result<(), ManagedError> {
    let user = user(services, session).await?;
    let account = administered(services, token, Some(&user)).await?;
    let account_id = account.extension.account_id.as_str();
    let place = place(services, &user, account_id);
    let (reach, whose) = if submitted.is_of_extension {
        (Reach::Extension, Whose::Extension(person(&submitted)?))
    } else {
        (Reach::Account, Whose::Account)
    };
    let set: Vec<_> =
        submitted.values.into_iter().filter(|(_, value)| is_filled(value) && !is_mask(value)).collect();
    if !set.is_empty() {
        let form = match &meant.published {
            None => Form::seen(services, &place, &user.key.platform).await?,
            Some(published) => {
                let platform = user.key.platform.as_str();
                match Form::find(services, platform, Some(published), Some(account_id)).await {
                    Ok(form) => form,
                    Err(NotKnown::Store(error)) => return Err(error.into()),
                    Err(unread) => return Err(ManagedError::Wrong(unread.to_string())),
                }
            }
        };
        check_names(&form, reach, &set)?;
    }
    let remove: HashSet<String> = submitted.fields_to_remove.into_iter().collect();
    Ok(place.change(services, &whose, &Change { set, remove }).await?)
}

fn person(submitted: &Submitted) -> Result<Person, ManagedError> {
    let missing = || ManagedError::Wrong("rcExtensionId is required for user managed auth values".to_owned());
    let rc_extension_id = submitted.rc_extension_id.clone().ok_or_else(missing)?;
    let rc_user_name = submitted.rc_user_name.clone().unwrap_or_default();
    let person = Person { rc_extension_id, rc_user_name };
    let id = id_of(&person).filter(|id| !id.is_empty()).ok_or_else(missing)?;
    for (what, text) in [("extension id (rcExtensionId)", &id), ("name (rcUserName)", &person.rc_user_name)] {
        check_id(what, text).map_err(|refusal| ManagedError::Wrong(refusal.return_message.message))?;
    }
    Ok(person)
}

/// Refuses names that no sign-in would fill in, with those that are known (Q78).
fn check_names(form: &Form, reach: Reach, set: &[(String, Value)]) -> Result<(), ManagedError> {
    let known: Vec<&str> = form
        .fields
        .iter()
        .filter(|field| field.reach == Some(reach))
        .map(|field| field.name.as_str())
        .collect();
    let unknown: Vec<&str> =
        set.iter().map(|(name, _)| name.as_str()).filter(|name| !known.contains(name)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let whose = if reach == Reach::Account { "the account" } else { "a user" };
    let names = match known.as_slice() {
        [] => "none: the connector's manifest marks no such field as managed".to_owned(),
        known => known.join(", "),
    };
    // A name is the admin's own text: shown cut.
    let unknown = unknown.join(", ").chars().take(200).collect::<String>();
    Err(ManagedError::Wrong(format!(
        "Nothing was stored: {unknown} cannot be filled in for {whose}. The fields for {whose} are {names}."
    )))
}
