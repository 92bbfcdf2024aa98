//! What admins may choose for a field that each extension has its own value of, as a code connector knows it.

use serde_json::{Map, Value};

use super::Meant;
use super::fields::{Reach, is_filled};
use super::form::{Form, NotKnown};
use super::state::place;
use crate::connector::documents::Audience;
use crate::connector::inputs::ManagedAuthOptions;
use crate::connector::invocation::GetManagedAuthOptions;
use crate::connector::{AuthOption, CallError, Interface};
use crate::service::Services;
use crate::service::accounts::{AccountError, administered};
use crate::service::invoke::Unsaved;
use crate::service::mask::is_mask;
use crate::service::ringcentral::{Whoever, explain};
use crate::store::StoreError;

/// For which field options are asked.
#[derive(Debug, Default)]
pub struct AskedOptions {
    /// The field (`const`).
    pub field: String,
    /// The account's values as the admin has typed them; others are those that are stored.
    pub account_values: Map<String, Value>,
}

/// Why there are no options.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// The request proves too little, or the store failed.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The field has none, or the connector failed; in words.
    #[error("{0}")]
    Wrong(String),
}

impl From<StoreError> for OptionsError {
    fn from(error: StoreError) -> Self {
        Self::Account(error.into())
    }
}

/// The options of a field. A document offers none, and neither does a connector that lacks the interface.
///
/// # Errors
/// If the token is not an admin's, the field is no dynamic field of extensions, or the connector fails.
pub async fn options(
    services: &Services,
    token: Option<&str>,
    meant: &Meant,
    asked: AskedOptions,
) -> Result<Vec<AuthOption>, OptionsError> {
    let extension = administered(services, token, None).await?.extension;
    let account_id = extension.account_id.clone();
    let published = meant.published.as_ref();
    let form = match Form::find(services, &meant.platform, published, Some(&account_id)).await {
        Ok(form) => form,
        Err(NotKnown::Store(error)) => return Err(error.into()),
        Err(unread) => return Err(OptionsError::Wrong(unread.to_string())),
    };
    let is_meant = form
        .fields
        .iter()
        .any(|field| field.name == asked.field && field.is_dynamic && field.reach == Some(Reach::Extension));
    if !is_meant {
        let name: String = asked.field.chars().take(100).collect();
        return Err(OptionsError::Wrong(format!(
            "Managed auth field \"{name}\" is not a dynamic user field"
        )));
    }
    let named = meant.proxy_id.as_deref().or(form.proxy_id.as_deref());
    let platform = services.platform(&meant.platform, named, Audience::Account(Some(&account_id)));
    if !platform.serves(Interface::GET_MANAGED_AUTH_OPTIONS) {
        return Ok(Vec::new());
    }
    let who =
        Whoever { account_id: Some(account_id), extension_id: extension.extension_id, ..Whoever::default() };
    let stored = match place(services, meant, &form, &who).await? {
        Some(place) => place.values(services, Reach::Account, None).await?,
        None => Map::new(),
    };
    let fixed = form.fields.iter().filter(|field| field.reach == Some(Reach::Account) && !field.is_dynamic);
    let mut account_values = Map::new();
    for field in fixed {
        let typed = asked.account_values.get(&field.name);
        let typed = typed.filter(|value| is_filled(value) && !is_mask(value));
        if let Some(value) = typed.or_else(|| stored.get(&field.name)) {
            account_values.insert(field.name.clone(), value.clone());
        }
    }
    let input = ManagedAuthOptions { field_const: asked.field, account_values };
    let nobody = Unsaved { user: None, authorization: None };
    match platform.invoke_unsaved::<GetManagedAuthOptions>(nobody, &input).await {
        Ok(reply) => Ok(reply.value),
        Err(CallError::Failed(failure)) => Err(OptionsError::Wrong(explain(&failure))),
        Err(error) => Err(OptionsError::Wrong(error.to_string())),
    }
}
