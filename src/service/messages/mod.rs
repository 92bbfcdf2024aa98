//! Messages: SMS, MMS, group SMS, faxes, voicemails and shared conversations. The messages of a
//! conversation's day share one CRM record: the oldest creates it, later ones are added to it, and
//! each is logged exactly once. They never leave the scope of call logs (Q5).

mod attachments;
mod correspondents;
mod input;
mod record;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use self::input::Entry;
pub use self::input::MessageLogRequest;
use super::Services;
use super::call_logs::{failed, refusal};
use super::coordination::detached::{self, Client};
use super::session::Session;
use super::tenants::Tenants;
use super::wording::{Refusal, store_failed};
use crate::connector::ReturnMessage;
use crate::store::User;

/// How many messages a request may have: clients send all of a conversation's day.
const MOST_MESSAGES: usize = 500;

/// How many more are logged once the client has gone: what it sent is most often no more than that, and then it
/// is done.
const MOST_FOR_NOBODY: usize = 10;

/// How many people a conversation may have: the messages of RingCentral have at most fifty.
const MOST_CORRESPONDENTS: usize = 100;

/// How many attachments a message may have: RingCentral allows ten.
const MOST_ATTACHMENTS: usize = 100;

/// How many messages, notes and hints a shared conversation may have.
const MOST_ENTITIES: usize = 5000;

/// The answer to messages of which some or none had to be logged: members in the reference's order.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "LoggedMessages")]
pub struct Logged {
    /// Whether every message is logged.
    pub successful: bool,
    /// What to show; null where all were logged before.
    pub return_message: Option<ReturnMessage>,
    /// The ids of the messages that were logged now, oldest first.
    pub log_ids: Vec<String>,
    /// The messages that were not logged, where others were (Q17).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<NotLogged>,
}

/// A message that was not logged.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NotLogged {
    /// The message's id.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// Who logs, and where it is remembered.
struct Job {
    user: User,
    scopes: Tenants,
    client: Client,
}

/// What came of the messages so far.
#[derive(Default)]
struct Done {
    log_ids: Vec<String>,
    message: Option<ReturnMessage>,
    failed: Vec<NotLogged>,
    failure: Option<ReturnMessage>,
    /// How many were begun since the client has gone.
    for_nobody: usize,
}

/// Logs the messages of a conversation. Where the client hangs up, only a few more are logged: clients send the
/// others again.
///
/// # Errors
/// If the user or the contact is unknown, or no message could be logged.
pub async fn log(
    services: &Services,
    session: &Session,
    request: MessageLogRequest,
) -> Result<Logged, Refusal> {
    let (services, session) = (services.clone(), session.clone());
    let work = |client| async move { prepared(&services, &session, request, client).await };
    let answer = detached::finish_for(work).await;
    answer.unwrap_or_else(|| {
        Err(refusal("The server is stopping. Please log the messages again in a moment.", 5000))
    })
}

async fn prepared(
    services: &Services,
    session: &Session,
    mut request: MessageLogRequest,
    client: Client,
) -> Result<Logged, Refusal> {
    let messages = match request.take_messages() {
        Some(Value::Array(messages)) if !messages.is_empty() => messages,
        _ => return Err(refusal("No message to log.", 3000)),
    };
    if let Some(too_many) = too_many(&request, &messages) {
        return Err(refusal(too_many, 5000));
    }
    let user = match services.connected_user(session).await {
        Ok(Some(user)) => user,
        Ok(None) => return Err(refusal("Contact not found", 5000)),
        Err(error) => return Err(Refusal::new(store_failed(&error))),
    };
    let platform = services.platform_for(session, &user);
    platform.in_service()?;
    let threads = input::threads(services, &platform, &user, request, messages).await?;
    let job = Job { scopes: Tenants::of(&platform, &user), user, client };
    let mut done = Done::default();
    for thread in threads {
        record::log_thread(services, &platform, &job, thread, &mut done).await;
    }
    done.answer()
}

/// What a request has too many of. Each of them would be work of its own.
fn too_many(request: &MessageLogRequest, messages: &[Value]) -> Option<String> {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).map_or(0, Vec::len);
    let in_conversation = |name: &str| list(request.log_info.as_deref().and_then(|info| info.get(name)));
    let attachments = messages.iter().map(|message| list(message.get("attachments"))).max();
    let found = [
        ("messages (logInfo.messages)", messages.len(), MOST_MESSAGES),
        ("correspondents (logInfo.correspondents)", in_conversation("correspondents"), MOST_CORRESPONDENTS),
        (
            "attachments in one message (logInfo.messages[].attachments)",
            attachments.unwrap_or_default(),
            MOST_ATTACHMENTS,
        ),
        ("entries (logInfo.entities)", in_conversation("entities"), MOST_ENTITIES),
    ];
    let (what, count, most) = found.into_iter().find(|(_, count, most)| count > most)?;
    Some(format!(
        "The request has {count} {what}, so nothing was logged. At most {most} are logged at a time."
    ))
}

impl Done {
    fn logged(&mut self, id: String, message: ReturnMessage) {
        self.log_ids.push(id);
        self.message = Some(message);
    }

    /// The first of these messages was not logged, and so the others were not tried.
    fn stop(&mut self, refusal: &Refusal, left: &[Entry]) {
        let reasons = std::iter::once(in_words(&refusal.return_message))
            .chain(std::iter::repeat("Not tried, because the message before it was not logged.".to_owned()));
        let failed =
            left.iter().zip(reasons).map(|(entry, reason)| NotLogged { id: entry.id.clone(), reason });
        self.failed.extend(failed);
        self.failure.get_or_insert_with(|| refusal.return_message.clone());
    }

    /// What the client is told: a success where nothing failed, a refusal where nothing was logged.
    fn answer(self) -> Result<Logged, Refusal> {
        let Some(failure) = self.failure else {
            let Self { log_ids, message: return_message, failed, .. } = self;
            return Ok(Logged { successful: true, return_message, log_ids, failed });
        };
        let (logged, all) = (self.log_ids.len(), self.log_ids.len() + self.failed.len());
        if logged == 0 {
            return Err(Refusal::new(failure));
        }
        let summary = format!("{logged} of {all} messages were logged. Logging again sends only the rest.");
        Ok(Logged {
            successful: false,
            return_message: Some(failure.detail(summary)),
            log_ids: self.log_ids,
            failed: self.failed,
        })
    }
}

/// A message and its details in one line.
fn in_words(message: &ReturnMessage) -> String {
    let mut words = message.message.clone();
    for detail in &message.details {
        let end = if words.ends_with(['.', ':', '!', '?']) { " " } else { ": " };
        words.push_str(end);
        words.push_str(&detail.text);
    }
    words
}
