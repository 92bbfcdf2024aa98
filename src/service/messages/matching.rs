//! Which messages of a conversation are logged, and where.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::look_up::message_log;
use super::refusal;
use crate::connector::ReturnMessage;
use crate::engine::text::id_text;
use crate::members::{Given, members};
use crate::service::Services;
use crate::service::session::Session;
use crate::service::stored_ids::check_id;
use crate::service::tenants::Tenants;
use crate::service::wording::{Refusal, store_failed};

/// How many messages a request may ask for: clients ask for a hundred.
const MOST_MESSAGES: usize = 500;

members! {
    /// Messages that may be logged.
    pub struct MatchRequest {
        /// RingCentral's id of the conversation.
        #[schemars(required)]
        conversation_id as "conversationId": Option<Given<String>>,
        /// RingCentral's ids of the messages, 500 at most.
        #[schemars(required)]
        message_ids as "messageIds": Option<Given<Vec<String>>>,
        /// The CRM's id of the contact. Of a group's messages each of its people has a record.
        contact_id as "contactId": Option<Given<String>>,
    }
}

/// Which messages are logged, in the members of the newest clients.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "MatchedMessages")]
pub struct Matched {
    /// Always true.
    successful: bool,
    /// One for each message, in the order asked.
    logs: Vec<MatchedMessage>,
    /// The CRM's ids of the records, by the messages' ids.
    message_logs: IndexMap<String, String>,
}

/// Whether a message is logged.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct MatchedMessage {
    /// The message's id, as it was asked.
    message_id: Value,
    /// Whether it is logged.
    matched: bool,
    /// The CRM's id of its record, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    log_id: Option<String>,
}

/// A request that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidMatch;

impl InvalidMatch {
    /// The reply to it.
    pub fn refusal(self) -> Refusal {
        let message = ReturnMessage::warning("Invalid message log match request", 3000);
        Refusal::new(message.detail(format!(
            "It needs a conversationId and messageIds, a list of at most {MOST_MESSAGES} ids."
        )))
    }
}

/// What a request asks for.
struct Asked {
    /// The messages' ids, as they were given and as text.
    ids: Vec<(Value, String)>,
    contact_id: Option<String>,
}

/// What a request asks for; `None` if it cannot be used.
fn asked(request: MatchRequest) -> Option<Asked> {
    request.conversation_id.as_deref().and_then(id_text)?;
    let Some(Value::Array(ids)) = request.message_ids.map(Given::into_value) else { return None };
    if ids.len() > MOST_MESSAGES {
        return None;
    }
    let with_text = |id: Value| id_text(&id).filter(|text| is_short(text)).map(|text| (id, text));
    let ids = ids.into_iter().map(with_text).collect::<Option<Vec<_>>>()?;
    Some(Asked { ids, contact_id: request.contact_id.as_deref().and_then(id_text) })
}

fn is_short(id: &str) -> bool {
    check_id("message's id", id).is_ok()
}

/// Which of the messages are logged, in the scope of the user's logs.
///
/// # Errors
/// If the request cannot be used, or else with a refusal: the user is unknown, or the store fails.
pub async fn matched(
    services: &Services,
    session: &Session,
    request: MatchRequest,
) -> Result<Result<Matched, Refusal>, InvalidMatch> {
    let asked = asked(request).ok_or(InvalidMatch)?;
    Ok(found(services, session, asked).await)
}

async fn found(
    services: &Services,
    session: &Session,
    Asked { ids, contact_id }: Asked,
) -> Result<Matched, Refusal> {
    let unstored = |error| Refusal::new(store_failed(&error));
    let user = services.connected_user(session).await.map_err(unstored)?;
    let user = user.ok_or_else(|| refusal("User not found", 5000))?;
    let platform = services.platform_of(&session.platform, &user);
    platform.in_service()?;
    let scopes = Tenants::of(&platform, &user);
    let mut answer =
        Matched { successful: true, logs: Vec::with_capacity(ids.len()), message_logs: IndexMap::new() };
    for (message_id, text) in ids {
        let of_contact = contact_id.as_ref().map(|contact| format!("{text}-{contact}"));
        let mut log = None;
        for key in of_contact.iter().chain(std::iter::once(&text)) {
            log = message_log(&platform, &scopes, key).await.map_err(unstored)?;
            if log.is_some() {
                break;
            }
        }
        let matched = log.is_some();
        let log_id = log.map(|log| log.third_party_log_id).filter(|id| !id.is_empty());
        if let Some(id) = &log_id {
            answer.message_logs.insert(text, id.clone());
        }
        answer.logs.push(MatchedMessage { message_id, matched, log_id });
    }
    Ok(answer)
}
