//! Creating a log: exactly one for a session and extension, however many ask (Q12).

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Caller, CreateCallLogRequest, connected, extension, failed, input, is_of_another, log_format, note,
    refusal, served, stored, text,
};
use crate::config::operations::OperationName;
use crate::connector::inputs::{CreateCallLog, GetCallLog};
use crate::connector::invocation;
use crate::connector::{CallError, Interface, Reply, ReturnMessage};
use crate::engine::results::CreatedLog;
use crate::engine::text::id_text;
use crate::service::composition::Settings;
use crate::service::coordination::at_last::{at_last, may_be_taken_later};
use crate::service::coordination::claims::{self, ClaimGuard, Claiming, Doubt, Ending, Wanted};
use crate::service::coordination::detached;
use crate::service::coordination::single_flight::Joined;
use crate::service::fitting::Fitting;
use crate::service::session::Session;
use crate::service::stored_ids::check_id;
use crate::service::tenants::Tenants;
use crate::service::wording::{Refusal, store_failed};
use crate::service::{ResolvedPlatform, Services};
use crate::store::{CallLog, ClaimKey, ClaimSubject, Extension, Saved, Store, StoreError, User};

/// The answer to a new call log.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CreatedCallLog")]
pub struct Created {
    /// Whether the call is logged.
    pub successful: bool,
    /// The record's id; absent if the CRM's answer has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_id: Option<String>,
    /// What to show.
    pub return_message: ReturnMessage,
}

/// The answer that others get who asked for the same call meanwhile.
#[derive(Debug, Clone)]
pub struct SharedAnswer {
    extension: Extension,
    answer: Result<Created, Refusal>,
}

/// A call that is to be logged.
struct Job {
    user: User,
    scopes: Tenants,
    session_id: String,
    call_id: String,
    extension: Extension,
    input: CreateCallLog,
    text: Fitting,
}

/// Logs a call. What was begun is finished even where the client hangs up.
///
/// # Errors
/// If the user is unknown, the call is logged already or may be, or the CRM fails.
pub async fn create(
    services: &Services,
    session: &Session,
    request: CreateCallLogRequest,
    caller: Caller,
) -> Result<Created, Refusal> {
    let (services, session) = (services.clone(), session.clone());
    let answer = detached::finish(async move { prepared(&services, &session, request, caller).await }).await;
    answer.unwrap_or_else(|| {
        Err(refusal("The server is stopping. Please log the call again in a moment.", 5000))
    })
}

async fn prepared(
    services: &Services,
    session: &Session,
    request: CreateCallLogRequest,
    caller: Caller,
) -> Result<Created, Refusal> {
    let user = connected(services, session).await?;
    let of_call = |name: &str| request.log_info.as_deref()?.get(name).and_then(id_text);
    let Some(session_id) = of_call("sessionId") else {
        return Err(refusal("The call has no sessionId (logInfo.sessionId).", 5000));
    };
    check_id("sessionId (logInfo.sessionId)", &session_id)?;
    let extension = request.named_extension().resolve(services);
    check_id("extensionNumber", extension.number.as_deref().unwrap_or_default())?;
    let platform = services.platform_for(session, &user);
    platform.in_service()?;
    let scopes = Tenants::of(&platform, &user);
    if stored(&platform, &scopes, &session_id, &extension).await?.is_some() {
        return Err(existing(&session_id));
    }
    served(&platform, Interface::CREATE_CALL_LOG)?;
    let call_id = ["telephonySessionId", "id"].into_iter().find_map(of_call);
    let call_id = call_id.unwrap_or_else(|| session_id.clone());
    let fail = |error: &CallError| failed(error, Interface::CREATE_CALL_LOG, &platform);
    let format = log_format(&platform, &user).await.map_err(|error| fail(&error))?;
    let request = note::with_kept_note(services, &scopes, &session_id, caller.is_from_sscl, request).await;
    let said = request.text().said(&Settings::of(&user));
    let mut input = input::new_call_log(services, request, caller)?;
    let text =
        text::composed(said, String::new(), format, platform.text_limit(OperationName::CREATE_CALL_LOG))
            .await;
    input.composed_log_details = text.text().to_owned();
    let job = Job { user, scopes, session_id, call_id, extension, input, text };
    take_turn(services, &platform, job).await
}

fn existing(session_id: &str) -> Refusal {
    refusal(format!("Existing log for session {session_id}"), 3000)
}

fn being_logged() -> Refusal {
    refusal("This call is being logged already. Please look again in a moment.", 5000)
}

/// Waits for whoever logs the same session in this process, and takes over their answer where it is
/// the same extension's.
async fn take_turn(
    services: &Services,
    platform: &ResolvedPlatform<'_>,
    job: Job,
) -> Result<Created, Refusal> {
    let key = job
        .scopes
        .claim_key(&*services.store, &services.clock, ClaimSubject::Call(job.session_id.clone()))
        .await;
    let key = key.map_err(|error| unstored(&error))?;
    loop {
        match services.calls_in_flight.join(&key, claims::PATIENCE).await {
            Joined::Leader(leader) => {
                let extension = job.extension.clone();
                // On the heap: the future is large, and those around it are moved.
                let answer = Box::pin(claimed(services, platform, &key, job)).await;
                leader.finish(SharedAnswer { extension, answer: answer.clone() });
                return answer;
            }
            Joined::Shared(landed) if extension::answers(&landed.extension, &job.extension) => {
                return landed.answer;
            }
            Joined::Shared(_) | Joined::Ended => {}
            Joined::Waiting => return Err(being_logged()),
        }
    }
}

/// Claims the session in the store, or waits for the server that did.
async fn claimed(
    services: &Services,
    platform: &ResolvedPlatform<'_>,
    key: &ClaimKey,
    mut job: Job,
) -> Result<Created, Refusal> {
    let store = &*services.store;
    let extension = job.extension.clone();
    let wanted = Wanted {
        store: &services.store,
        instance: &services.instance,
        key,
        extension: &extension,
        message_id: None,
        conflict: extension::answers,
        sends_key: platform.sends_key(OperationName::CREATE_CALL_LOG),
    };
    let patience = tokio::time::Instant::now() + claims::PATIENCE;
    let mut doubted: Option<Doubt> = None;
    let mut is_absent = false;
    loop {
        if stored(platform, &job.scopes, &job.session_id, &job.extension).await?.is_some() {
            return Err(existing(&job.session_id));
        }
        match wanted.claim(doubted.as_ref()).await.map_err(|error| unstored(&error))? {
            Claiming::Held(held) => {
                let held = if is_absent { held.undoubted() } else { held };
                // Another server may have logged between what was read above and the claim.
                if store.is_shared() {
                    match stored(platform, &job.scopes, &job.session_id, &job.extension).await {
                        Ok(None) => {}
                        Ok(Some(_)) => {
                            release(&services.store, held).await;
                            return Err(existing(&job.session_id));
                        }
                        Err(refusal) => {
                            if let Err(error) = held.settle(&services.store, Ending::Unused).await {
                                store_failed(&error);
                            }
                            return Err(refusal);
                        }
                    }
                }
                return create_record(services, platform, held, job).await;
            }
            Claiming::Busy if tokio::time::Instant::now() < patience => {
                tokio::time::sleep(claims::POLL).await
            }
            Claiming::Busy => return Err(being_logged()),
            Claiming::InDoubt(doubt) => {
                // A CRM that knows the request again by its key makes no second record.
                let is_safe = platform.is_safe_to_repeat(OperationName::CREATE_CALL_LOG);
                match look_for(platform, &job).await? {
                    Lookup::Found(log_id) => {
                        let claiming = wanted.claim(Some(&doubt)).await.map_err(|error| unstored(&error))?;
                        if let Claiming::Held(held) = claiming {
                            let reply = Reply::new(CreatedLog { log_id: Some(log_id) });
                            return record(services, held, &mut job, reply).await;
                        }
                    }
                    Lookup::Absent if doubt.is_settled() => {
                        is_absent = true;
                        doubted = Some(doubt);
                    }
                    Lookup::Absent | Lookup::Unknown if is_safe => doubted = Some(doubt),
                    Lookup::Absent => return Err(may_still_come(platform)),
                    Lookup::Unknown if doubt.is_over() => doubted = Some(doubt),
                    Lookup::Unknown => return Err(may_exist(platform, &doubt.until(&services.clock))),
                }
            }
        }
    }
}

/// Where this fails, the claim is in doubt, and the log that exists is found before it.
async fn release(store: &Arc<dyn Store>, held: ClaimGuard) {
    if let Err(error) = held.settle(store, Ending::Released).await {
        store_failed(&error);
    }
}

fn unstored(error: &StoreError) -> Refusal {
    Refusal::new(store_failed(error))
}

fn may_exist(platform: &ResolvedPlatform<'_>, until: &str) -> Refusal {
    let text = format!(
        "{} was asked to log this call before and did not say whether it did, so a record may exist there. Please check it: until {until} the call is not logged again. After that it can be.",
        platform.name
    );
    Refusal::new(may_be_logged().detail(text))
}

fn may_still_come(platform: &ResolvedPlatform<'_>) -> Refusal {
    let text = format!(
        "{} was asked to log this call a moment ago and did not say whether it did. It has no record of it yet. Please try again in a minute.",
        platform.name
    );
    Refusal::new(may_be_logged().detail(text))
}

/// The doubt stands, and what was to settle it failed.
fn not_looked_up(platform: &ResolvedPlatform<'_>, error: &CallError) -> Refusal {
    let text = format!(
        "{} was asked to log this call before and did not say whether it did. Whether it has the record could not be looked up, so nothing was logged. Please try again later.",
        platform.name
    );
    Refusal::new(failed(error, Interface::GET_CALL_LOG, platform).return_message.detail(text))
}

fn may_be_logged() -> ReturnMessage {
    ReturnMessage::warning("This call may be logged already", 5000)
}

/// What the CRM knows of a call whose claim is in doubt.
enum Lookup {
    Found(String),
    Absent,
    Unknown,
}

/// Looks for the record by session, where the document's `getCallLog` can.
async fn look_for(platform: &ResolvedPlatform<'_>, job: &Job) -> Result<Lookup, Refusal> {
    if !platform.serves(Interface::GET_CALL_LOG) || !platform.finds_by_session() {
        return Ok(Lookup::Unknown);
    }
    let input = GetCallLog {
        log_id: String::new(),
        session_id: job.session_id.clone(),
        contact_id: job.input.contact_info.get("id").and_then(id_text),
    };
    match platform.invoke::<invocation::GetCallLog>(&job.user, &input).await {
        Ok(reply) => match reply.value.id {
            // What the CRM shows is the record of another extension: of this one it says nothing.
            Some(id) if is_of_another(platform, &job.scopes, &job.session_id, &id).await? => {
                Ok(Lookup::Unknown)
            }
            Some(id) => Ok(Lookup::Found(id)),
            None => Ok(Lookup::Absent),
        },
        Err(CallError::Failed(failure)) if matches!(failure.status(), Some(404 | 410)) => Ok(Lookup::Absent),
        Err(error) => Err(not_looked_up(platform, &error)),
    }
}

/// Asks the CRM for the record. The claim ends with the log where there is one, is released where
/// there is none, and stays in doubt where nobody knows.
async fn create_record(
    services: &Services,
    platform: &ResolvedPlatform<'_>,
    held: ClaimGuard,
    mut job: Job,
) -> Result<Created, Refusal> {
    match ask(platform, &held, &mut job).await {
        Ok(reply) => {
            let mut created = record(services, held, &mut job, reply).await?;
            created.return_message = job.text.told(created.return_message, &platform.name);
            Ok(created)
        }
        Err(error) => {
            if let Err(store_error) = held.failed(&services.store, &error).await {
                store_failed(&store_error);
            }
            let mut refusal = failed(&error, Interface::CREATE_CALL_LOG, platform);
            let can_settle =
                platform.is_safe_to_repeat(OperationName::CREATE_CALL_LOG) || platform.finds_by_session();
            if !can_settle && error.is_in_doubt() {
                refusal.return_message = refusal.return_message.detail(format!(
                    "The call may be logged all the same: please look in {}. Until {} it is not logged again.",
                    platform.name,
                    claims::until(&services.clock, claims::QUIET)
                ));
            }
            Err(refusal)
        }
    }
}

async fn ask(
    platform: &ResolvedPlatform<'_>,
    held: &ClaimGuard,
    job: &mut Job,
) -> Result<Reply<CreatedLog>, CallError> {
    job.text.begin();
    loop {
        job.input.idempotency_key = Some(job.text.key(held.idempotency_key()));
        let answer = platform.invoke::<invocation::CreateCallLog>(&job.user, &job.input).await;
        // The refusal made nothing: under the same claim a shorter text may be sent.
        match answer {
            Err(error) if job.text.shorten(&error).await => {
                job.input.composed_log_details = job.text.text().to_owned();
            }
            answer => return answer,
        }
    }
}

/// Stores the log of a record that the CRM has. One without an id is kept as well: nobody creates it
/// again.
async fn record(
    services: &Services,
    held: ClaimGuard,
    job: &mut Job,
    reply: Reply<CreatedLog>,
) -> Result<Created, Refusal> {
    let now = services.clock.now_ms();
    let log_id = reply.value.log_id;
    let log = CallLog {
        scope: job.scopes.now.clone(),
        session_id: job.session_id.clone(),
        call_id: job.call_id.clone(),
        extension: job.extension.clone(),
        third_party_log_id: log_id.clone().unwrap_or_default(),
        contact_id: job.input.contact_info.get("id").and_then(id_text),
        user_id: job.user.key.id.clone(),
        platform: job.user.key.platform.clone(),
        created_at: now,
        updated_at: now,
    };
    let released = held.released();
    match services.store.save_call_log(&log, Some(&released)).await {
        Ok(Saved::Inserted) => {}
        Ok(Saved::Existing(_)) => {
            release(&services.store, held).await;
            return Err(existing(&job.session_id));
        }
        Err(error) => {
            store_failed(&error);
            if may_be_taken_later(&error) {
                at_last(&services.store, "the log of a call", move |store| {
                    let (log, released) = (log.clone(), released.clone());
                    async move { store.save_call_log(&log, Some(&released)).await.map(drop) }
                });
            }
            return Err(Refusal::new(ReturnMessage::warning("Database operation failed", 5000).detail(
                "The CRM has the record of this call, but this server could not keep its id. Do not log the call again.",
            )));
        }
    }
    Ok(Created {
        successful: true,
        log_id,
        return_message: reply.message.unwrap_or_else(|| ReturnMessage::success("Call logged", 2000)),
    })
}
