//! Messages that the user selected: one record of their own, the oldest first. They are claimed like the
//! conversation's other messages. So a message has one record, whether it was selected or came with its day.

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::input::{Basis, Common, Entry, MessageLogRequest, Named, named, ordered, sent_at};
use super::look_up::message_log;
use super::record::{Log, being_logged, unstored};
use super::{Job, Logged, attachments, failed, refusal};
use crate::connector::{Interface, ReturnMessage};
use crate::engine::operation::LogFormat;
use crate::engine::text::{id_text, to_text};
use crate::engine::time::to_iso;
use crate::service::call_logs::log_format;
use crate::service::composition::{Settings, shared_sms};
use crate::service::coordination::claims;
use crate::service::coordination::single_flight::Joined;
use crate::service::hashing::hashed;
use crate::service::wording::Refusal;
use crate::service::{ResolvedPlatform, Services, off_worker};
use crate::store::{ClaimSubject, StoreError, User};

/// What was selected of a conversation.
pub(super) struct Selection {
    common: Arc<Common>,
    /// The conversation without its messages.
    conversation: Value,
    conversation_id: Option<String>,
    /// Under what the conversation is claimed.
    log_id: String,
    /// Oldest first.
    messages: Vec<Named>,
}

/// What a request selects of its messages.
///
/// # Errors
/// If it selects none of them, or they cannot be logged.
pub(super) async fn of(
    platform: &ResolvedPlatform<'_>,
    user: &User,
    request: MessageLogRequest,
    messages: Vec<Value>,
    ids: &HashSet<String>,
) -> Result<Selection, Refusal> {
    let is_selected =
        |message: &Value| message.get("id").and_then(id_text).is_some_and(|id| ids.contains(&id));
    let messages: Vec<Value> = messages.into_iter().filter(is_selected).collect();
    let basis = Basis::of(platform, user, request).await?;
    let messages = named(ordered(messages), basis.suffix.as_deref())?;
    let Some(first) = messages.first() else {
        return Err(refusal("No selected message to log.", 3000));
    };
    Ok(Selection {
        // As for messages of their day that name none: each would be a conversation of its own (Q18).
        log_id: basis.log_id.unwrap_or_else(|| first.key.clone()),
        common: basis.common,
        conversation: basis.log_info,
        conversation_id: basis.conversation_id,
        messages,
    })
}

impl Selection {
    /// Logs what is not logged yet.
    pub(super) async fn log(
        &self,
        services: &Services,
        platform: &ResolvedPlatform<'_>,
        job: &Job,
    ) -> Result<Logged, Refusal> {
        let subject = ClaimSubject::Conversation(self.log_id.clone());
        let key = job.scopes.claim_key(&*services.store, &services.clock, subject).await;
        let key = key.map_err(|error| unstored(&error))?;
        let deadline = Instant::now() + claims::PATIENCE;
        let mut told = None;
        loop {
            let left = self.left(platform, job).await.map_err(|error| unstored(&error))?;
            if left.is_empty() {
                return self.answer(platform, job, told).await.map_err(|error| unstored(&error));
            }
            let patience = deadline.saturating_duration_since(Instant::now());
            match services.conversations_in_flight.join(&key, patience).await {
                Joined::Leader(leader) => {
                    let log = Log {
                        services,
                        platform,
                        job,
                        key: &key,
                        log_id: self.log_id.clone(),
                        conversation_id: self.conversation_id.clone(),
                        is_separate: true,
                    };
                    let entry = self.entry(services, platform, &job.user, &left).await;
                    let logged = match &entry {
                        Ok(entry) => log.entry(entry).await,
                        Err(refusal) => Err(refusal.clone()),
                    };
                    leader.finish(());
                    // Nothing, where others logged some of them meanwhile: then the rest is logged.
                    told = logged?.or(told);
                    if told.is_none() && Instant::now() >= deadline {
                        return Err(being_logged());
                    }
                }
                Joined::Shared(()) | Joined::Ended => {}
                Joined::Waiting => return Err(being_logged()),
            }
        }
    }

    /// What is not logged yet.
    async fn left(&self, platform: &ResolvedPlatform<'_>, job: &Job) -> Result<Vec<&Named>, StoreError> {
        let mut left = Vec::new();
        for message in &self.messages {
            if message_log(platform, &job.scopes, &message.key).await?.is_none() {
                left.push(message);
            }
        }
        Ok(left)
    }

    /// The record of these messages.
    async fn entry(
        &self,
        services: &Services,
        platform: &ResolvedPlatform<'_>,
        user: &User,
        messages: &[&Named],
    ) -> Result<Entry, Refusal> {
        let format = log_format(platform, user)
            .await
            .map_err(|error| failed(&error, Interface::CREATE_MESSAGE_LOG, platform))?;
        let mut conversation = self.conversation.clone();
        let token = self.common.token.as_deref();
        let sender =
            conversation.pointer("/self/name").cloned().or_else(|| user.name.clone().map(Value::from));
        let entities = messages.iter().map(|one| entity(&one.message, sender.as_ref(), token)).collect();
        conversation["entities"] = Value::Array(entities);
        conversation["messages"] = messages.iter().map(|one| one.message.clone()).collect();
        // When the conversation began says nothing of what was selected.
        let began = messages.first().and_then(|one| sent_at(&one.message)).map(to_iso);
        conversation["creationTime"] = began.clone().into();
        let name = self.common.contact_info.get("name").map(to_text).unwrap_or_default().into_owned();
        let of = user.clone();
        let contents = off_worker::run(usize::MAX, move || {
            let settings = Settings::of(&of);
            let compose = |format| {
                let order = shared_sms::Order::OldestFirst;
                shared_sms::compose_in(order, &conversation, &name, &settings, format)
            };
            (compose(format), compose(LogFormat::Custom))
        });
        let (content, plain) = contents.await;
        let mut message = messages.first().map(|one| one.message.clone()).unwrap_or_default();
        if messages.len() > 1 {
            // A document that knows messages one by one shows all of them too, and escapes a text itself.
            message["subject"] = plain.body.into();
        }
        let ids: Vec<&str> = messages.iter().map(|one| one.key.as_str()).collect();
        let key = format!("selected {}", hashed(services, &format!("{} {}", self.log_id, ids.join(" "))));
        let mut shared = json!(content);
        shared["conversationCreatedDate"] = began.into();
        let selected = messages.iter().map(|one| one.key.clone()).collect();
        // Those of a group by RingCentral's own ids: by these clients ask for them.
        let aliases = messages.iter().filter(|one| one.id != one.key).map(|one| one.id.clone()).collect();
        let common = Arc::clone(&self.common);
        Ok(Entry { id: key.clone(), key, selected, aliases, message, shared: Some(shared), format, common })
    }

    async fn answer(
        &self,
        platform: &ResolvedPlatform<'_>,
        job: &Job,
        told: Option<ReturnMessage>,
    ) -> Result<Logged, StoreError> {
        let mut message_logs = IndexMap::new();
        let mut log_ids: Vec<String> = Vec::new();
        for message in &self.messages {
            let log = message_log(platform, &job.scopes, &message.key).await?;
            let Some(id) = log.map(|log| log.third_party_log_id).filter(|id| !id.is_empty()) else {
                continue;
            };
            if !log_ids.contains(&id) {
                log_ids.push(id.clone());
            }
            message_logs.insert(message.id.clone(), id);
        }
        let logged_before = || ReturnMessage::success("Selected messages already logged.", 2000);
        Ok(Logged {
            successful: true,
            return_message: Some(told.unwrap_or_else(logged_before)),
            log_ids,
            message_logs: Some(message_logs),
            failed: Vec::new(),
        })
    }
}

/// A message as an entry of a shared conversation.
fn entity(message: &Value, sender: Option<&Value>, token: Option<&str>) -> Value {
    let links = attachments::links(message, token);
    let text = |value: Option<&Value>| {
        value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let listed = |name: &str| links.get(name).and_then(Value::as_array).into_iter().flatten();
    let said = [text(message.get("subject")), text(message.get("transcript"))];
    let single = ["recordingLink", "faxDocLink"].map(|name| text(links.get(name)));
    let media = listed("imageLinks").chain(listed("videoLinks")).filter_map(|link| text(Some(link)));
    let lines: Vec<String> = said.into_iter().chain(single).flatten().chain(media).collect();
    let member = |pointer: &str| message.pointer(pointer).filter(|value| !value.is_null()).cloned();
    let name = member("/from/name").or_else(|| sender.cloned()).or_else(|| member("/from/phoneNumber"));
    let mut entity = Map::new();
    entity.insert("recordType".to_owned(), "AliveMessage".into());
    entity.insert("direction".to_owned(), message.get("direction").cloned().unwrap_or_default());
    entity.insert("text".to_owned(), lines.join("\n").into());
    entity.insert("creationTime".to_owned(), message.get("creationTime").cloned().unwrap_or_default());
    if message.get("direction").and_then(Value::as_str) != Some("Inbound") {
        entity.insert("author".to_owned(), json!({"name": name}));
    }
    Value::Object(entity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_becomes_an_entry_with_all_that_it_says() {
        let own = json!("Ada");
        let message = json!({
            "id": 1, "direction": "Outbound", "subject": "Hi", "creationTime": "2024-01-01T10:00:00Z",
            "from": {"phoneNumber": "+14155550100"}, "attachments": [{"type": "AudioRecording", "link": "https://m/1"}]
        });
        let entry = entity(&message, Some(&own), None);
        assert_eq!(
            (&entry["text"], &entry["author"]["name"], &entry["recordType"]),
            (&json!("Hi\nhttps://m/1"), &json!("Ada"), &json!("AliveMessage"))
        );
        let nameless = entity(&message, None, None);
        assert_eq!(nameless["author"]["name"], "+14155550100");
        let inbound = entity(&json!({"direction": "Inbound", "transcript": "Call me"}), Some(&own), None);
        assert_eq!((&inbound["text"], inbound.get("author")), (&json!("Call me"), None));
    }
}
