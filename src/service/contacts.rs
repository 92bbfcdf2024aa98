//! Contacts: found by number or name, created, cached for the whole account.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::outcome::{Refusal, message, store_failed};
use super::session::Session;
use super::{Platform, Services};
use crate::connector::inputs::{CreateContact, FindContact, FindContactWithName};
use crate::connector::{CallError, Interface, ReturnMessage};
use crate::engine::failure::FailureKind;
use crate::engine::json;
use crate::engine::mapped::{Contact, CreatedContact};
use crate::store::{ContactKey, StoreError, User};

/// The answer to a search: fields in the reference's order.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "FoundContacts")]
pub struct Found {
    /// Whether the search worked.
    pub successful: bool,
    /// What to show; null for a cached answer.
    pub return_message: Option<ReturnMessage>,
    /// The contacts.
    pub contact: Contacts,
}

/// The contacts of an answer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Contacts {
    /// From the CRM.
    Found(Vec<Contact>),
    /// From the account's cache.
    Cached(#[schemars(with = "Vec<Contact>")] Value),
    /// The one that was created.
    Created(CreatedContact),
}

/// A refusal that still holds an empty list, or a refusal alone.
pub type Answer = Result<Found, Refusal>;

fn not_found() -> Refusal {
    Refusal::new(ReturnMessage::warning("Contact not found", 5000))
}

/// A phone number as clients send it in a query string: a leading space is the plus sign that was
/// not encoded (Q37).
pub fn phone_number(text: &str) -> String {
    match text.strip_prefix(' ') {
        Some(rest) => format!("+{rest}"),
        None => text.to_owned(),
    }
}

/// Finds the contacts with a phone number.
///
/// # Errors
/// Where the user is unknown or the search fails.
pub async fn find(services: &Services, session: &Session, input: FindContact, force_refresh: bool) -> Answer {
    let user = match services.connected_user(session).await {
        Ok(Some(user)) => user,
        Ok(None) => return Err(not_found()),
        Err(error) => return Err(Refusal::new(store_failed(&error))),
    };
    let platform = services.platform_of(&session.platform, &user);
    let key = cache_key(&platform, &user, &input.phone_number);
    // Whether an extension is looked for at all, the connector decides each time.
    let may_be_cached = !force_refresh && !input.asks_for_extension();
    if let Some(key) = key.as_ref().filter(|_| may_be_cached) {
        match services.store.cached_contacts(key).await {
            Ok(Some(contact)) => {
                return Ok(Found {
                    successful: true,
                    return_message: None,
                    contact: Contacts::Cached(contact),
                });
            }
            Ok(None) => {}
            // A cache that cannot be read costs a request to the CRM, nothing more.
            Err(error) => drop(store_failed(&error)),
        }
    }
    let fail = |error: &CallError| Refusal::new(message(error, Interface::FindContact, &session.platform));
    let connector = match platform.serving(Interface::FindContact) {
        Ok(connector) => connector,
        Err(_) => {
            let text = format!(
                "A contact with the phone number {} could not be found in your {} account.",
                input.phone_number, session.platform
            );
            let return_message = ReturnMessage::warning("Contact not found", 5000).detail_with_text_id(text);
            return Ok(Found {
                successful: true,
                return_message: Some(return_message),
                contact: Contacts::Found(Vec::new()),
            });
        }
    };
    let auth_header = platform.auth_header(&user.access_token).await.map_err(|error| fail(&error))?;
    let call = platform.call(Some(&user), auth_header.as_deref());
    let reply = match connector.find_contact(&call, &input).await {
        Ok(reply) => reply,
        Err(error) => return not_sent(&error, fail(&error)),
    };
    let count = reply.value.len();
    if let Some(key) = &key {
        let kept = match count {
            0 => services.store.forget_contacts(key).await.map(drop),
            _ => services.store.cache_contacts(key, &json::to_vec(&reply.value)).await,
        };
        // What is too long to be kept must not leave what was true before.
        let kept = match kept {
            Err(StoreError::TooLarge { .. }) => services.store.forget_contacts(key).await.map(drop),
            kept => kept,
        };
        if let Err(error) = kept {
            store_failed(&error);
        }
    }
    let return_message = reply.message.unwrap_or_else(|| found_message(count));
    Ok(Found {
        successful: true,
        return_message: Some(return_message),
        contact: Contacts::Found(reply.value),
    })
}

/// A search that was not sent has found nobody, and says so with an empty list; any other failure
/// stays one.
fn not_sent(error: &CallError, refusal: Refusal) -> Answer {
    match error {
        CallError::Failed(failure) if failure.kind == FailureKind::Missing => Ok(Found {
            successful: false,
            return_message: Some(refusal.return_message),
            contact: Contacts::Found(Vec::new()),
        }),
        _ => Err(refusal),
    }
}

/// Only users of a RingCentral account share a cache (recordings 06, `two-matches`).
pub(super) fn cache_key(platform: &Platform<'_>, user: &User, phone_number: &str) -> Option<ContactKey> {
    Some(ContactKey {
        rc_account_id: user.rc_account_id.clone()?,
        platform: user.key.platform.clone(),
        proxy_id: user.key.proxy_id.clone(),
        site: platform.site(user),
        phone_number: phone_number.to_owned(),
    })
}

fn found_message(count: usize) -> ReturnMessage {
    ReturnMessage::success(format!("Found {count} contacts"), 3000).type_first()
}

/// Finds contacts by name.
///
/// # Errors
/// Where the user is unknown or the search fails.
pub async fn search(services: &Services, session: &Session, name: Option<String>) -> Answer {
    let shown = name.clone().unwrap_or_else(|| "undefined".to_owned());
    let user = match services.connected_user(session).await {
        Ok(Some(user)) => user,
        Ok(None) => {
            return Err(Refusal::new(ReturnMessage::warning(
                format!("No contact found with name {shown}"),
                5000,
            )));
        }
        Err(error) => return Err(Refusal::new(store_failed(&error))),
    };
    let platform = services.platform_of(&session.platform, &user);
    let fail =
        |error: &CallError| Refusal::new(message(error, Interface::FindContactWithName, &session.platform));
    let Ok(connector) = platform.serving(Interface::FindContactWithName) else {
        let return_message = ReturnMessage::warning(format!("No contact found with name {shown} "), 5000);
        return Ok(Found {
            successful: true,
            return_message: Some(return_message),
            contact: Contacts::Found(Vec::new()),
        });
    };
    let auth_header = platform.auth_header(&user.access_token).await.map_err(|error| fail(&error))?;
    let call = platform.call(Some(&user), auth_header.as_deref());
    let reply = match connector.find_contact_with_name(&call, &FindContactWithName { name }).await {
        Ok(reply) => reply,
        Err(error) => return not_sent(&error, fail(&error)),
    };
    let return_message = reply.message.unwrap_or_else(|| found_message(reply.value.len()));
    Ok(Found {
        successful: true,
        return_message: Some(return_message),
        contact: Contacts::Found(reply.value),
    })
}

/// Creates a contact. One without an id was not created as far as anybody can tell (Q25).
///
/// # Errors
/// Where the user is unknown, or no contact was created.
pub async fn create(services: &Services, session: &Session, input: CreateContact) -> Answer {
    let user = match services.connected_user(session).await {
        Ok(Some(user)) => user,
        Ok(None) => return Err(Refusal::new(ReturnMessage::warning("User not found", 5000))),
        Err(error) => return Err(Refusal::new(store_failed(&error))),
    };
    let platform = services.platform_of(&session.platform, &user);
    let fail = |error: &CallError| Refusal::new(message(error, Interface::CreateContact, &session.platform));
    let connector = platform.serving(Interface::CreateContact).map_err(|error| fail(&error))?;
    let auth_header = platform.auth_header(&user.access_token).await.map_err(|error| fail(&error))?;
    let call = platform.call(Some(&user), auth_header.as_deref());
    let reply = connector.create_contact(&call, &input).await.map_err(|error| fail(&error))?;
    let warning = |text: String| Refusal::new(ReturnMessage::warning(text, 5000));
    match reply.value {
        None => Err(warning(format!(
            "{} answered, but its proxyConfig does not say where the new contact's id is (createContact.responseMapping.idPath).",
            session.platform
        ))),
        Some(contact) if contact.id.is_none() => {
            let path =
                reply.mapping_problems.first().map_or("the mapped path", |problem| problem.path.as_str());
            Err(warning(format!(
                "{} answered without an id for the new contact at {path}. Check there whether it was created.",
                session.platform
            )))
        }
        Some(contact) => Ok(Found {
            successful: true,
            return_message: Some(
                reply.message.unwrap_or_else(|| ReturnMessage::success("Contact created", 2000)),
            ),
            contact: Contacts::Created(contact),
        }),
    }
}
