//! What the client sends about a conversation, as what is to be logged of it: entries, oldest
//! first, in threads that share a record.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{attachments, correspondents, failed, refusal};
use crate::connector::Interface;
use crate::connector::inputs::MessageLog;
use crate::engine::operation::{LogFormat, TextLimit};
use crate::engine::text::{id_text, to_text};
use crate::engine::time::{parse_client_time, to_iso};
use crate::members::{Given, members};
use crate::service::call_logs::log_format;
use crate::service::composition::{Settings, shared_sms};
use crate::service::fitting::{Fitting, Text};
use crate::service::hashing::hashed;
use crate::service::stored_ids::check_id;
use crate::service::wording::Refusal;
use crate::service::{ResolvedPlatform, Services, off_worker};
use crate::store::User;

members! {
    /// Messages to log.
    #[derive(Debug)]
    pub struct MessageLogRequest {
        /// The conversation as RingCentral reports it: `conversationId`, `conversationLogId`, `messages`,
        /// `correspondents`.
        #[schemars(required)]
        log_info as "logInfo": Option<Given<Map<String, Value>>>,
        /// The CRM's id of the contact.
        #[schemars(required)]
        contact_id as "contactId": Option<Given<String>>,
        /// The kind of contact.
        contact_type as "contactType": Option<Given<String>>,
        /// The contact's name.
        contact_name as "contactName": Option<Given<String>>,
        /// The extra fields of the client's form.
        additional_submission as "additionalSubmission": Option<Given<Map<String, Value>>>,
        /// The ids of the messages that the user selected: they become one record of their own. Without it, all
        /// messages are logged.
        selected_message_ids as "selectedMessageIds": Option<Given<Vec<String>>>,
    }
}

impl MessageLogRequest {
    /// Takes the messages out of the conversation.
    pub(super) fn take_messages(&mut self) -> Option<Value> {
        self.log_info.as_deref_mut()?.get_mut("messages").map(Value::take)
    }

    /// The ids of the messages that the user selected, if any are: of the request, or of its conversation.
    pub(super) fn take_selected(&mut self) -> Option<HashSet<String>> {
        let of_conversation =
            self.log_info.as_deref_mut().and_then(|info| info.get_mut("selectedMessageIds"));
        let of_conversation = of_conversation.map(Value::take);
        let given = self.selected_message_ids.take().map(Given::into_value);
        let listed = |value: Value| match value {
            Value::Array(ids) if !ids.is_empty() => Some(ids),
            _ => None,
        };
        let ids = given.and_then(listed).or_else(|| of_conversation.and_then(listed))?;
        Some(ids.iter().filter_map(id_text).collect())
    }
}

/// Messages that share a record.
pub(super) struct Thread {
    /// The client's id of the conversation's day.
    pub(super) log_id: String,
    /// The client's id of the conversation.
    pub(super) conversation_id: Option<String>,
    /// Oldest first.
    pub(super) entries: Vec<Entry>,
}

/// A message, or the state of a shared conversation, that is to be logged once.
pub(super) struct Entry {
    /// What is remembered once it is logged.
    pub(super) key: String,
    /// The id that the client reads.
    pub(super) id: String,
    /// Of a record of selected messages: what is remembered of each. Empty for a message by itself.
    pub(super) selected: Vec<String>,
    /// What is remembered as well, so that clients find it, and does not say that something is logged.
    pub(super) aliases: Vec<String>,
    pub(super) message: Value,
    /// A shared conversation as a whole, or what was selected of one, composed.
    pub(super) shared: Option<Value>,
    /// In which format it is composed.
    pub(super) format: LogFormat,
    pub(super) common: Arc<Common>,
}

impl Entry {
    /// The composed text of a shared conversation, within the limit of the document; empty for a message.
    pub(super) async fn text(&self, limit: Option<TextLimit>) -> Fitting {
        let body = self.shared.as_ref().and_then(|shared| shared.get("body")?.as_str()).unwrap_or_default();
        let body = body.to_owned();
        Fitting::composed(Text::Conversation(self.format), body.len(), move || body, limit).await
    }

    /// What the connector is given, with the text of a shared conversation. Made when it is this message's
    /// turn: what all messages of a request have in common may be large.
    pub(super) fn input(&self, text: &Fitting) -> MessageLog {
        let mut request = self.common.members.clone();
        request.extend(attachments::links(&self.message, self.common.token.as_deref()));
        if let Some(shared) = &self.shared {
            let mut shared = shared.clone();
            shared["body"] = text.text().into();
            request.insert("sharedSMSLogContent".to_owned(), shared);
        }
        MessageLog {
            contact_info: self.common.contact_info.clone(),
            creation_time: sent_at(&self.message).map(to_iso),
            request: Value::Object(request),
            message: self.message.clone(),
            ..MessageLog::default()
        }
    }
}

/// The threads of a request, its messages taken out of it before.
///
/// # Errors
/// If the conversation lacks its contact or correspondents, or a message its id.
pub(super) async fn threads(
    services: &Services,
    platform: &ResolvedPlatform<'_>,
    user: &User,
    request: MessageLogRequest,
    messages: Vec<Value>,
) -> Result<Vec<Thread>, Refusal> {
    let Basis { common, log_info, suffix, conversation_id, log_id, is_shared } =
        Basis::of(platform, user, request).await?;
    let messages = ordered(messages);
    if is_shared {
        let state = shared_state(services, platform, user, common, log_info, messages, log_id).await?;
        return Ok(vec![Thread { log_id: state.id.clone(), conversation_id, entries: vec![state] }]);
    }
    let mut entries = Vec::with_capacity(messages.len());
    for Named { key, message, .. } in named(messages, suffix.as_deref())? {
        let (id, common) = (key.clone(), Arc::clone(&common));
        let format = LogFormat::Custom;
        let (selected, aliases) = (Vec::new(), Vec::new());
        entries.push(Entry { key, id, selected, aliases, message, shared: None, format, common });
    }
    Ok(match log_id {
        Some(log_id) => vec![Thread { log_id, conversation_id, entries }],
        // Nothing says what belongs together: each message is a conversation of its own (Q18).
        None => entries
            .into_iter()
            .map(|entry| Thread { log_id: entry.id.clone(), conversation_id: None, entries: vec![entry] })
            .collect(),
    })
}

/// What is known of a conversation before its messages are looked at.
pub(super) struct Basis {
    pub(super) common: Arc<Common>,
    pub(super) log_info: Value,
    /// What the ids of a group's messages end with: each of its people has a record.
    pub(super) suffix: Option<String>,
    pub(super) conversation_id: Option<String>,
    pub(super) log_id: Option<String>,
    is_shared: bool,
}

impl Basis {
    /// The conversation of a request.
    ///
    /// # Errors
    /// If it lacks its contact or correspondents.
    pub(super) async fn of(
        platform: &ResolvedPlatform<'_>,
        user: &User,
        mut request: MessageLogRequest,
    ) -> Result<Self, Refusal> {
        let log_info = request.log_info.take().map(Given::into_value).unwrap_or_default();
        let others = log_info.get("correspondents").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let Some(number) = others.first().map(|first| first.get("phoneNumber").cloned().unwrap_or_default())
        else {
            return Err(refusal("The conversation has no correspondents (logInfo.correspondents).", 5000));
        };
        let Some(contact_id) = request.contact_id.as_deref().and_then(id_text) else {
            return Err(refusal(format!("Contact not found for number {}", to_text(&number)), 5000));
        };
        let contact_info = contact_info(&request, number);
        let is_shared = shared_sms::is_shared_sms(&log_info);
        let suffix = (others.len() > 1 && !is_shared).then(|| format!("-{contact_id}"));
        let named = |member: &str| {
            let id = log_info.get(member).and_then(id_text)?;
            Some(format!("{id}{}", suffix.as_deref().unwrap_or_default()))
        };
        let (conversation_id, log_id) = (named("conversationId"), named("conversationLogId"));
        let log_id = log_id.or_else(|| conversation_id.clone());
        check_id("conversation's id (logInfo.conversationLogId)", log_id.as_deref().unwrap_or_default())?;
        let mut members = Map::new();
        if let Some(submission) = request.additional_submission {
            members.insert("additionalSubmission".to_owned(), submission.into_value());
        }
        if others.len() > 1 {
            let known = correspondents::known(platform, user, others, &contact_info).await;
            if !known.is_empty() {
                members.insert("correspondents".to_owned(), known.into());
            }
        }
        let token = log_info.get("rcAccessToken").and_then(Value::as_str).map(str::to_owned);
        let common = Arc::new(Common { contact_info, members, token });
        Ok(Self { common, log_info, suffix, conversation_id, log_id, is_shared })
    }
}

/// A message with its ids.
pub(super) struct Named {
    /// What is remembered once it is logged.
    pub(super) key: String,
    /// RingCentral's id.
    pub(super) id: String,
    pub(super) message: Value,
}

/// The messages by their ids, each once.
///
/// # Errors
/// If one has no id.
pub(super) fn named(messages: Vec<Value>, suffix: Option<&str>) -> Result<Vec<Named>, Refusal> {
    let mut all = Vec::with_capacity(messages.len());
    let mut seen = HashSet::new();
    for mut message in messages {
        let Some(id) = message.get("id").and_then(id_text) else { return Err(without_id()) };
        let mut key = id.clone();
        if let Some(suffix) = suffix {
            key.push_str(suffix);
            message["id"] = key.clone().into();
        }
        check_id("message's id (logInfo.messages[].id)", &key)?;
        if seen.insert(key.clone()) {
            all.push(Named { key, id, message });
        }
    }
    Ok(all)
}

/// What all messages of a request have in common.
pub(super) struct Common {
    pub(super) contact_info: Value,
    pub(super) members: Map<String, Value>,
    pub(super) token: Option<String>,
}

/// A shared conversation as it is now, with its newest message (Q39): it goes out as a whole,
/// whenever it has changed, and only then.
async fn shared_state(
    services: &Services,
    platform: &ResolvedPlatform<'_>,
    user: &User,
    common: Arc<Common>,
    mut log_info: Value,
    messages: Vec<Value>,
    log_id: Option<String>,
) -> Result<Entry, Refusal> {
    let ids: Option<Vec<String>> =
        messages.iter().map(|message| message.get("id").and_then(id_text)).collect();
    let ids = ids.ok_or_else(without_id)?;
    let id = log_id.or_else(|| ids.first().cloned()).ok_or_else(without_id)?;
    check_id("message's id (logInfo.messages[].id)", &id)?;
    let message = messages.last().cloned().unwrap_or_default();
    log_info["messages"] = messages.into();
    let format = log_format(platform, user)
        .await
        .map_err(|error| failed(&error, Interface::CREATE_MESSAGE_LOG, platform))?;
    let name = common.contact_info.get("name").map(to_text).unwrap_or_default();
    let (name, user) = (name.into_owned(), user.clone());
    // How long it is nobody has counted, and it is seldom short.
    let content = off_worker::run(usize::MAX, move || {
        shared_sms::compose(&log_info, &name, &Settings::of(&user), format)
    });
    let content = content.await;
    let key = hashed(services, &format!("{} {} {}", ids.join(" "), content.subject, content.body));
    let (key, shared) = (format!("{id} {key}"), Some(json!(content)));
    let (selected, aliases) = (Vec::new(), Vec::new());
    Ok(Entry { key, id, selected, aliases, message, shared, format, common })
}

fn without_id() -> Refusal {
    refusal("A message has no id (logInfo.messages[].id), so nothing was logged.", 5000)
}

fn contact_info(request: &MessageLogRequest, number: Value) -> Value {
    let said = |given: &Option<Given<String>>| given.as_deref().filter(|value| !value.is_null()).cloned();
    let members = [
        ("id", said(&request.contact_id).unwrap_or_default()),
        ("phoneNumber", number),
        ("type", said(&request.contact_type).unwrap_or_else(|| "".into())),
        ("name", said(&request.contact_name).unwrap_or_else(|| "".into())),
    ];
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// When a message was sent. One that does not say was sent just now; `None` if it cannot be
/// read (recordings 13, `creation-time-*`).
pub(super) fn sent_at(message: &Value) -> Option<Timestamp> {
    match message.get("creationTime") {
        None | Some(Value::Null) => Some(Timestamp::now()),
        Some(time) => parse_client_time(time),
    }
}

/// Oldest first: clients send the newest first. Where all say when they were sent, that decides.
pub(super) fn ordered(mut messages: Vec<Value>) -> Vec<Value> {
    messages.reverse();
    let says = |message: &Value| message.get("creationTime").is_some_and(|time| !time.is_null());
    if messages.iter().all(|message| says(message) && sent_at(message).is_some()) {
        messages.sort_by_cached_key(sent_at);
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(messages: Value) -> Vec<i64> {
        let Value::Array(messages) = messages else { panic!("{messages}") };
        ordered(messages).iter().map(|message| message["id"].as_i64().unwrap()).collect()
    }

    #[test]
    fn the_oldest_message_comes_first() {
        let same = "2024-01-01T10:00:00.000Z";
        assert_eq!(
            ids(
                json!([{"id": 3, "creationTime": same}, {"id": 2, "creationTime": same}, {"id": 1, "creationTime": same}])
            ),
            [1, 2, 3]
        );
        let (early, late) = (1_704_103_200_000_i64, "2024-01-02T10:00:00.000Z");
        assert_eq!(
            ids(json!([{"id": 1, "creationTime": early}, {"id": 2, "creationTime": late}])),
            [1, 2],
            "in whatever order they come"
        );
        assert_eq!(ids(json!([{"id": 2, "creationTime": "?"}, {"id": 1, "creationTime": late}])), [1, 2]);
        assert_eq!(ids(json!([{"id": 2}, {"id": 1, "creationTime": late}])), [1, 2]);
    }

    #[test]
    fn a_time_is_read_as_the_clients_write_it() {
        let at = |time: Value| sent_at(&json!({"creationTime": time})).map(to_iso);
        let ten = Some("2024-01-01T10:00:00.000Z".to_owned());
        assert_eq!(at(json!("2024-01-01T10:00:00.000Z")), ten);
        assert_eq!(at(json!("2024-01-01T11:00:00+01:00")), ten);
        assert_eq!(at(json!(1_704_103_200_000_i64)), ten);
        assert_eq!(at(json!("nope")), None);
        assert_eq!(at(json!(1e300)), None);
        assert!(sent_at(&json!({})).is_some());
    }
}
