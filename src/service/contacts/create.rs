//! Creating a contact: one, however often the button is pressed, and none blindly where the CRM may
//! have it already.

use serde_json::Value;
use tokio::time::Instant;

use super::recent::{self, Recent};
use super::{Answer, Contacts, CreationError, Found, cached};
use crate::config::operations::OperationName;
use crate::connector::inputs::{CreateContact, FindContact};
use crate::connector::invocation;
use crate::connector::{CallError, Interface, Reply, ReturnMessage};
use crate::engine::failure::{Failure, FailureKind};
use crate::engine::results::{Contact, CreatedContact};
use crate::engine::text::{id_text, to_text};
use crate::service::coordination::claims::{self, ClaimGuard, Claiming, Doubt, Ending, Wanted};
use crate::service::coordination::detached;
use crate::service::coordination::single_flight::Joined;
use crate::service::hashing::hashed;
use crate::service::session::Session;
use crate::service::tenants::Tenants;
use crate::service::wording::{Refusal, message, store_failed};
use crate::service::{ResolvedPlatform, Services};
use crate::store::{ClaimKey, ClaimSubject, Extension, StoreError, User};

/// A contact that is to be created.
struct Job {
    user: User,
    input: CreateContact,
}

/// Creates a contact. One without an id was not created as far as anybody can tell (Q25). What was
/// begun is finished even where the client hangs up.
///
/// # Errors
/// If the user is unknown, nothing creates contacts, or no contact was created.
pub async fn create(
    services: &Services,
    session: &Session,
    input: CreateContact,
) -> Result<Found, CreationError> {
    let (services, session) = (services.clone(), session.clone());
    let answer = detached::finish(async move { prepared(&services, &session, input).await }).await;
    answer.unwrap_or_else(|| Err(refusal("The server is stopping. Please try again in a moment.").into()))
}

async fn prepared(
    services: &Services,
    session: &Session,
    input: CreateContact,
) -> Result<Found, CreationError> {
    let user = match services.connected_user(session).await {
        Ok(Some(user)) => user,
        Ok(None) => return Err(refusal("User not found").into()),
        Err(error) => return Err(unstored(&error).into()),
    };
    let platform = services.platform_for(session, &user);
    platform.in_service()?;
    platform
        .serving(Interface::CREATE_CONTACT)
        .map_err(|error| CreationError::NotOffered(failed(&error, &platform)))?;
    let scope = Tenants::of(&platform, &user).now;
    let key = ClaimKey { scope, subject: ClaimSubject::Contact(subject(services, &input)) };
    let job = Job { user, input };
    loop {
        match services.contacts_in_flight.join(&key, claims::PATIENCE).await {
            Joined::Leader(leader) => {
                // On the heap: the future is large, and those around it are moved.
                let answer = Box::pin(claimed(services, &platform, &key, job)).await;
                leader.finish(answer.clone());
                return Ok(answer?);
            }
            Joined::Shared(answer) => return Ok(answer?),
            Joined::Ended => {}
            Joined::Waiting => return Err(being_created().into()),
        }
    }
}

/// Names a contact by what it is made from. Numbers and names stand in no key.
fn subject(services: &Services, input: &CreateContact) -> String {
    let parts = [&input.phone_number, &input.new_contact_name, &input.new_contact_type];
    hashed(services, &serde_json::json!(parts).to_string())
}

fn refusal(text: impl Into<String>) -> Refusal {
    Refusal::new(ReturnMessage::warning(text, 5000))
}

fn unstored(error: &StoreError) -> Refusal {
    Refusal::new(store_failed(error))
}

fn failed(error: &CallError, platform: &ResolvedPlatform<'_>) -> Refusal {
    Refusal::new(message(error, Interface::CREATE_CONTACT, &platform.name))
}

fn being_created() -> Refusal {
    refusal("This contact is being created already. Please look again in a moment.")
}

/// Claims the contact in the store, or waits for the server that did.
async fn claimed(
    services: &Services,
    platform: &ResolvedPlatform<'_>,
    key: &ClaimKey,
    mut job: Job,
) -> Answer {
    let unknown = Extension::default();
    let is_safe = platform.is_safe_to_repeat(OperationName::CREATE_CONTACT);
    let wanted = Wanted {
        store: &services.store,
        instance: &services.instance,
        key,
        extension: &unknown,
        message_id: None,
        conflict: |_, _| true,
        sends_key: platform.sends_key(OperationName::CREATE_CONTACT),
    };
    let patience = Instant::now() + claims::PATIENCE;
    let mut doubted: Option<Doubt> = None;
    loop {
        match wanted.claim(doubted.as_ref()).await.map_err(|error| unstored(&error))? {
            Claiming::Held(held) => return ask(platform, held, &mut job).await,
            Claiming::Busy if Instant::now() < patience => tokio::time::sleep(claims::POLL).await,
            Claiming::Busy => return Err(being_created()),
            Claiming::InDoubt(doubt) => {
                if let Some(contact) = look_for(platform, &job).await {
                    let claiming = wanted.claim(Some(&doubt)).await.map_err(|error| unstored(&error))?;
                    if let Claiming::Held(held) = claiming {
                        release(platform, held).await;
                    }
                    return Ok(created(platform, &job, contact, None).await);
                }
                // That the search does not find it says little: it may lag behind for minutes.
                if !is_safe && !doubt.is_over() {
                    return Err(may_exist(platform, &doubt.until(&services.clock)));
                }
                doubted = Some(doubt);
            }
        }
    }
}

fn may_exist(platform: &ResolvedPlatform<'_>, until: &str) -> Refusal {
    let text = format!(
        "{} was asked to create this contact before and did not say whether it did, so it may be there. Please check it: until {until} it is not created again. After that it can be.",
        platform.name
    );
    Refusal::new(ReturnMessage::warning("This contact may exist already", 5000).detail(text))
}

/// The contact of this number and name, where the CRM's search finds it.
async fn look_for(platform: &ResolvedPlatform<'_>, job: &Job) -> Option<CreatedContact> {
    let name = job.input.new_contact_name.as_ref().and_then(Value::as_str)?.trim();
    let phone_number = job.input.phone_number.as_ref().and_then(Value::as_str)?.to_owned();
    let input = FindContact { phone_number, overriding_format: None, is_extension: Value::Bool(false) };
    // What cannot be looked up is told as a doubt.
    let found = platform.invoke::<invocation::FindContact>(&job.user, &input).await.ok()?.value;
    let same = |contact: &Contact| to_text(&contact.name).trim().eq_ignore_ascii_case(name);
    let contact = found.into_iter().find(|contact| contact.id.is_some() && same(contact))?;
    Some(CreatedContact { id: contact.id, name: Some(contact.name), contact_type: contact.contact_type })
}

async fn release(platform: &ResolvedPlatform<'_>, held: ClaimGuard) {
    if let Err(error) = held.settle(&platform.services.store, Ending::Released).await {
        store_failed(&error);
    }
}

/// Asks the CRM. The claim is released where it says what it did, and stays in doubt where not.
async fn ask(platform: &ResolvedPlatform<'_>, held: ClaimGuard, job: &mut Job) -> Answer {
    job.input.idempotency_key = Some(held.idempotency_key().to_owned());
    let reply = match create_at(platform, job).await {
        Ok(reply) => reply,
        Err(error) => {
            if let Err(store_error) = held.failed(&platform.services.store, &error).await {
                store_failed(&store_error);
            }
            let mut refusal = failed(&error, platform);
            let in_doubt = error.is_in_doubt();
            if in_doubt && !platform.is_safe_to_repeat(OperationName::CREATE_CONTACT) {
                refusal.return_message = refusal.return_message.detail(format!(
                    "The contact may be there all the same: please look in {} before you create it again.",
                    platform.name
                ));
            }
            return Err(refusal);
        }
    };
    release(platform, held).await;
    let Reply { value: contact, message, .. } = reply;
    if contact.id.is_some() {
        return Ok(created(platform, job, contact, message).await);
    }
    // Whoever logs a call next needs an id.
    if let Some(contact) = look_for(platform, job).await {
        return Ok(created(platform, job, contact, message).await);
    }
    let mut found = created(platform, job, contact, message).await;
    found.return_message = found.return_message.map(|message| {
        message.detail(format!(
            "{} gives no id for a new contact. The next search for its number finds it, if {0} shows it by then.",
            platform.name
        ))
    });
    Ok(found)
}

async fn create_at(platform: &ResolvedPlatform<'_>, job: &Job) -> Result<Reply<CreatedContact>, CallError> {
    let reply = platform.invoke::<invocation::CreateContact>(&job.user, &job.input).await?;
    // Without a mapping, or from a connector in code, nothing says that there is a contact.
    let has_none = platform.gives_no_id(OperationName::CREATE_CONTACT);
    let value = reply.value.filter(|contact| contact.id.is_some() || has_none).ok_or_else(|| {
        let message = "The CRM answered, and nothing says where the new contact's id is";
        CallError::Failed(Failure::new(FailureKind::Unconfirmed, message))
    })?;
    Ok(Reply { value, message: reply.message, mapping_problems: reply.mapping_problems })
}

/// The answer with a contact that the CRM has. Searches find it from now on.
async fn created(
    platform: &ResolvedPlatform<'_>,
    job: &Job,
    contact: CreatedContact,
    said: Option<ReturnMessage>,
) -> Found {
    if let Some(id) = contact.id.clone().filter(|id| id_text(id).is_some()) {
        let name = contact.name.clone().or_else(|| job.input.new_contact_name.clone()).unwrap_or_default();
        let number = job.input.phone_number.clone().unwrap_or_default();
        let now = platform.services.clock.now_ms();
        let recent = Recent::new(id, name, contact.contact_type.clone(), number, now);
        recent::remember(platform, &job.user, &recent).await;
    }
    // What the account has of this number lacks somebody now.
    if let Some(number) = job.input.phone_number.as_ref().and_then(Value::as_str) {
        cached::keep(platform, &job.user, number, &[]).await;
    }
    Found {
        successful: true,
        return_message: Some(said.unwrap_or_else(|| ReturnMessage::success("Contact created", 2000))),
        contact: Contacts::Created(contact),
    }
}
