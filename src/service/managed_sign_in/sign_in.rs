//! One sign-in of a RingCentral user, as far as admins manage its fields.

use serde_json::{Map, Value};

use super::Meant;
use super::fields::{API_KEY, Field, Reach, is_filled};
use super::form::{Form, NotKnown};
use super::values::{Change, NotStored, Person, Place, Whose};
use crate::connector::inputs::GetUserInfo;
use crate::service::Services;
use crate::service::mask::is_mask;
use crate::service::ringcentral::Extension;
use crate::store::{Secret, StoreError};
use crate::user::ManagedFields;

/// Why a sign-in cannot go on.
#[derive(Debug)]
pub enum Unfilled {
    /// Required fields that nobody filled in.
    Missing(Vec<String>),
    /// Admins filled in fields, and which ones cannot be found out (Q74); in words.
    NotKnown(String),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for Unfilled {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// One sign-in of a RingCentral user.
pub struct ManagedSignIn<'s> {
    services: &'s Services,
    place: Place,
    extension_id: Option<String>,
    is_admin: bool,
    form: Form,
    /// Why the page is not known, in words.
    not_known: Option<String>,
    /// What this person filled in of the managed fields.
    submitted: Vec<(Reach, String, Value)>,
    /// The fields that were filled in for this person.
    filled: Vec<String>,
}

impl<'s> ManagedSignIn<'s> {
    /// Asks for the page of the connector, where the request names one, else takes the server's own.
    /// Without any there are no managed fields, and whoever signs in fills in everything.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn begin(
        services: &'s Services,
        extension: &Extension,
        meant: &Meant,
    ) -> Result<Self, StoreError> {
        let Meant { platform, proxy_id, published } = meant;
        let account_id = extension.account_id.as_str();
        let found = Form::find(services, platform, published.as_ref(), Some(account_id)).await;
        let (form, not_known) = match found {
            Ok(form) => (form, None),
            Err(NotKnown::Store(error)) => return Err(error),
            Err(unread) => (Form::default(), Some(unread.to_string())),
        };
        Ok(Self {
            services,
            place: Place::new(services, account_id, platform, proxy_id.as_deref()),
            extension_id: extension.extension_id.clone(),
            is_admin: extension.is_admin,
            form,
            not_known,
            submitted: Vec::new(),
            filled: Vec::new(),
        })
    }

    /// Why the page is not known, in words, for who signs in all the same (Q74).
    pub fn not_known(&self) -> Option<&str> {
        self.not_known.as_deref()
    }

    /// The fields whose values admins filled in, to be kept with the user. The key is kept as the credential.
    pub fn into_fields(self) -> ManagedFields {
        let mut names = self.filled;
        names.retain(|name| name != API_KEY);
        ManagedFields { extension_id: self.extension_id, names, values: Map::new() }
    }

    /// Fills in what admins manage. Their values go before submitted ones, until they were refused
    /// once: then people may correct them. What an admin submits now goes before what one did earlier.
    ///
    /// # Errors
    /// If a required field has no value, the page is not known although admins filled in fields, or the store fails.
    pub async fn fill(&mut self, input: &mut GetUserInfo) -> Result<(), Unfilled> {
        let extension_id = self.extension_id.clone();
        if let Some(words) = &self.not_known
            && self.place.has_values(self.services, extension_id.as_deref()).await?
        {
            return Err(Unfilled::NotKnown(words.clone()));
        }
        if self.form.fields.is_empty() {
            return Ok(());
        }
        let of_account = self.kept(Reach::Account).await?;
        let of_extension = self.kept(Reach::Extension).await?;
        let was_refused = self.place.was_refused(self.services, extension_id.as_deref()).await?;
        let prefers_submitted = self.form.is_managed() && (self.is_admin || was_refused);
        let mut missing = Vec::new();
        for Field { name, is_required, reach, .. } in &self.form.fields {
            let submitted = value_of(input, name).filter(is_filled);
            if let Some(reach) = *reach {
                let values = if reach == Reach::Account { &of_account } else { &of_extension };
                if let Some(value) = values.get(name)
                    && !(prefers_submitted && submitted.as_ref().is_some_and(|value| !is_mask(value)))
                {
                    set(input, name, value.clone());
                    self.filled.push(name.clone());
                    continue;
                }
                // Only what the CRM is asked with may be kept for the others.
                if let Some(value) = &submitted {
                    self.submitted.push((reach, name.clone(), value.clone()));
                }
            }
            if *is_required && submitted.is_none() {
                missing.push(name.clone());
            }
        }
        if missing.is_empty() { Ok(()) } else { Err(Unfilled::Missing(missing)) }
    }

    /// The CRM took the values. What an admin submitted is kept for the others.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn accepted(&self) -> Result<(), StoreError> {
        if !self.form.is_managed() {
            return Ok(());
        }
        if let Some(id) = &self.extension_id
            && self.place.was_refused(self.services, Some(id)).await?
        {
            self.place.mark(self.services, id, false).await?;
        }
        if !self.is_admin {
            return Ok(());
        }
        for reach in [Reach::Account, Reach::Extension] {
            let new = self.submitted.iter().filter(|(of, ..)| *of == reach);
            let set: Vec<_> = new.map(|(_, name, value)| (name.clone(), value.clone())).collect();
            let whose = match (reach, &self.extension_id) {
                _ if set.is_empty() => continue,
                (Reach::Account, _) => Whose::Account,
                (Reach::Extension, Some(id)) => Whose::Extension(Person {
                    rc_extension_id: id.as_str().into(),
                    rc_user_name: String::new(),
                }),
                (Reach::Extension, None) => continue,
            };
            let change = Change { set, ..Change::default() };
            match self.place.change(self.services, &whose, &change).await {
                Ok(()) => {}
                Err(NotStored::Store(error)) => return Err(error),
                // The admin is signed in with it all the same; only the others are not.
                Err(NotStored::TooMuch(error)) => tracing::warn!(%error, "a managed value is not kept"),
            }
        }
        Ok(())
    }

    /// The CRM refused the values: the next sign-in lets people type them (Q75).
    ///
    /// # Errors
    /// If the store fails.
    pub async fn refused(&self) -> Result<(), StoreError> {
        match &self.extension_id {
            Some(id) if self.form.is_managed() => self.place.mark(self.services, id, true).await,
            _ => Ok(()),
        }
    }

    async fn kept(&self, reach: Reach) -> Result<Map<String, Value>, StoreError> {
        self.place.values(self.services, reach, self.extension_id.as_deref()).await
    }
}

fn value_of(input: &GetUserInfo, name: &str) -> Option<Value> {
    let typed = input.additional_info.as_ref().and_then(|info| info.get(name)).cloned();
    let key = || input.api_key.as_ref().filter(|_| name == API_KEY).map(|key| Value::from(key.expose()));
    typed.filter(is_filled).or_else(key)
}

fn set(input: &mut GetUserInfo, name: &str, value: Value) {
    if name == API_KEY
        && let Value::String(key) = value
    {
        input.api_key = Some(Secret::from(key));
        // What was typed in its place is not what is signed in with.
        if let Some(typed) = &mut input.additional_info {
            typed.shift_remove(API_KEY);
        }
        return;
    }
    input.additional_info.get_or_insert_default().insert(name.to_owned(), value);
}
