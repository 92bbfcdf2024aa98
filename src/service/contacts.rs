//! Contacts: found by number or name, created, cached for the whole account.

pub(in crate::service) mod cached;
mod create;
mod recent;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

pub use self::create::create;
use self::recent::Sought;
use super::coordination::claims;
use super::coordination::single_flight::Joined;
use super::session::Session;
use super::wording::{Refusal, message, store_failed};
use super::{ResolvedPlatform, Services};
use crate::connector::inputs::{FindContact, FindContactWithName};
use crate::connector::invocation;
use crate::connector::{CallError, ErrorCode, Interface, Reply, ReturnMessage};
use crate::engine::failure::FailureKind;
use crate::engine::results::{Contact, CreatedContact, NewContact};
use crate::store::{User, UserKey};

/// The answer to a search: fields in the reference's order.
#[derive(Debug, Clone, Serialize, JsonSchema)]
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
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Contacts {
    /// From the CRM.
    Found(Vec<Listed>),
    /// From the account's cache: each contact has the members that it was stored with.
    Cached(#[schemars(with = "Vec<Map<String, Value>>")] Value),
    /// The one that was created.
    Created(CreatedContact),
}

/// An entry of a list of contacts.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
#[allow(clippy::large_enum_variant, reason = "all but one of a list are contacts")]
pub enum Listed {
    /// A contact.
    Contact(Contact),
    /// The offer to create one, at the end.
    New(NewContact),
}

impl Contacts {
    fn found(contacts: Vec<Contact>) -> Self {
        Self::Found(contacts.into_iter().map(Listed::Contact).collect())
    }

    /// Ends the list with an offer.
    fn offer(&mut self, new: NewContact) {
        match self {
            Self::Found(contacts) => contacts.push(Listed::New(new)),
            Self::Cached(Value::Array(contacts)) => {
                contacts.push(serde_json::to_value(new).unwrap_or_default());
            }
            Self::Cached(_) | Self::Created(_) => {}
        }
    }
}

/// What a search asks of a CRM, and by which revision of a document: equal ones that come while one is under way get
/// its answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Search {
    user: UserKey,
    phone_number: String,
    /// As JSON.
    overriding_format: Option<String>,
    /// As JSON.
    is_extension: String,
    revision: Option<String>,
}

/// The answer to a search, for those who wait for it too, and whether the user's session at the CRM is over.
pub type SharedAnswer = (Answer, bool);

/// A refusal that still holds an empty list, or a refusal alone.
pub type Answer = Result<Found, Refusal>;

/// Why no contact was created.
#[derive(Debug)]
pub enum CreationError {
    /// The reason, in words.
    Refused(Refusal),
    /// Nothing of the platform creates contacts. No client was offered it.
    NotOffered(Refusal),
}

impl From<Refusal> for CreationError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

fn not_found() -> Refusal {
    let message = ReturnMessage::warning("Contact not found", 5000);
    Refusal::new(message).with_code(ErrorCode::SessionInvalid)
}

/// A phone number as clients send it in a query string: a leading space is the plus sign that was
/// not encoded (Q37).
pub fn phone_number(text: &str) -> String {
    match text.strip_prefix(' ') {
        Some(rest) => format!("+{rest}"),
        None => text.to_owned(),
    }
}

/// How many formats a search may name: a number has some ten spellings.
const MOST_FORMATS: usize = 20;

/// Why a search is not made: it names more formats (`overridingFormat`) than are tried.
pub fn too_many_formats(given: &Value) -> Option<String> {
    let count = |text: &Value| text.as_str().map_or(1, |text| text.split(',').count());
    let named = match given {
        Value::Array(lists) => lists.iter().map(count).sum(),
        list => count(list),
    };
    (named > MOST_FORMATS)
        .then(|| format!("overridingFormat names {named} formats, and at most {MOST_FORMATS} are tried."))
}

/// Finds the contacts with a phone number. Where contacts can be created, the list ends with the offer to do so: a
/// client's form opens on its first entry, and throws on an empty list (Q58).
///
/// # Errors
/// If the user is unknown or the search fails.
pub async fn find(services: &Services, session: &Session, input: FindContact, force_refresh: bool) -> Answer {
    let user = match services.connected_user(session).await {
        Ok(Some(user)) => user,
        Ok(None) => return Err(not_found()),
        Err(error) => return Err(Refusal::new(store_failed(&error))),
    };
    let platform = services.platform_for(session, &user);
    platform.in_service()?;
    // Whether an extension is looked for at all, the connector decides each time.
    let is_shared = !input.asks_for_extension();
    if is_shared
        && !force_refresh
        && let Some(mut contact) = cached::read(&platform, &user, &input.phone_number).await
    {
        recent::add_to_cached(&platform, &user, Sought::Number(&input.phone_number), &mut contact).await;
        let found = Found { successful: true, return_message: None, contact: Contacts::Cached(contact) };
        return Ok(offering(found, &platform));
    }
    let search = Search {
        user: user.key.clone(),
        phone_number: input.phone_number.clone(),
        overriding_format: input.overriding_format.as_ref().map(Value::to_string),
        is_extension: input.is_extension.to_string(),
        revision: platform.proxy.as_ref().map(|proxy| proxy.revision.clone()),
    };
    // A client asks for a number several times within milliseconds: as a call rings, as its page opens.
    let found = loop {
        // Whoever forces a refresh wants what the CRM has from now on.
        if force_refresh {
            break ask(&platform, &user, &input, is_shared).await;
        }
        match services.searches_in_flight.join(&search, claims::PATIENCE).await {
            Joined::Leader(leader) => {
                let answer = ask(&platform, &user, &input, is_shared).await;
                leader.finish((answer.clone(), platform.is_revoked()));
                break answer;
            }
            Joined::Shared((answer, is_revoked)) => {
                if is_revoked {
                    platform.revoke();
                }
                break answer;
            }
            Joined::Ended => {}
            // Nothing is written, so asking twice does no harm.
            Joined::Waiting => break ask(&platform, &user, &input, is_shared).await,
        }
    };
    found.map(|found| offering(found, &platform))
}

/// The answer with the offer to create a contact, where there is one. What was not asked for is left alone.
fn offering(mut found: Found, platform: &ResolvedPlatform<'_>) -> Found {
    if found.successful
        && let Some(new) = platform.new_contact()
    {
        found.contact.offer(new);
    }
    found
}

/// Asks the CRM.
async fn ask(platform: &ResolvedPlatform<'_>, user: &User, input: &FindContact, is_shared: bool) -> Answer {
    let fail = |error: &CallError| Refusal::new(message(error, Interface::FIND_CONTACT, &platform.name));
    if !platform.serves(Interface::FIND_CONTACT) {
        let text = format!(
            "A contact with the phone number {} could not be found in your {} account.",
            input.phone_number, platform.name
        );
        let return_message = ReturnMessage::warning("Contact not found", 5000).detail_with_text_id(text);
        return Ok(Found {
            successful: true,
            return_message: Some(return_message),
            contact: Contacts::Found(Vec::new()),
        });
    }
    let mut reply = match platform.invoke::<invocation::FindContact>(user, input).await {
        Ok(reply) => reply,
        Err(error) => return not_sent(&error, fail(&error)),
    };
    let before = reply.value.len();
    recent::add(platform, user, Sought::Number(&input.phone_number), &mut reply.value).await;
    if is_shared {
        // A list that lacks somebody would be shown without an end: the next search asks again.
        let is_whole = reply.value.len() == before && reply.of_items().is_none();
        let found = if is_whole { &*reply.value } else { &[] };
        cached::keep(platform, user, &input.phone_number, found).await;
    }
    Ok(found(reply, before))
}

/// The answer to a search. What the connector says of it does not fit where it found nobody and the
/// account knows somebody new.
fn found(reply: Reply<Vec<Contact>>, before: usize) -> Found {
    let count = reply.value.len();
    let of_items = reply.of_items();
    let said = reply.message.filter(|_| before > 0 || count == 0);
    Found {
        successful: true,
        return_message: Some(said.unwrap_or_else(|| found_message(count, of_items))),
        contact: Contacts::found(reply.value),
    }
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

fn found_message(count: usize, of_items: Option<usize>) -> ReturnMessage {
    let message = ReturnMessage::success(format!("Found {count} contacts"), 3000).type_first();
    match of_items {
        None => message,
        Some(all) => message.detail(format!(
            "The CRM answered with {all} contacts, and only the first {count} are shown. Search for something that \
             fewer contacts have."
        )),
    }
}

/// Finds contacts by name.
///
/// # Errors
/// If the user is unknown or the search fails.
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
    let platform = services.platform_for(session, &user);
    platform.in_service()?;
    let fail = |error: &CallError| {
        Refusal::new(message(error, Interface::FIND_CONTACT_WITH_NAME, &session.platform))
    };
    if !platform.serves(Interface::FIND_CONTACT_WITH_NAME) {
        let return_message = ReturnMessage::warning(format!("No contact found with name {shown} "), 5000);
        return Ok(Found {
            successful: true,
            return_message: Some(return_message),
            contact: Contacts::Found(Vec::new()),
        });
    }
    let input = FindContactWithName { name };
    let mut reply = match platform.invoke::<invocation::FindContactWithName>(&user, &input).await {
        Ok(reply) => reply,
        Err(error) => return not_sent(&error, fail(&error)),
    };
    let before = reply.value.len();
    if let Some(name) = &input.name {
        recent::add(&platform, &user, Sought::Name(name), &mut reply.value).await;
    }
    Ok(found(reply, before))
}
