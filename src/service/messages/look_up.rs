//! What is remembered of logged messages and conversations, in the scopes that a user's logs may be in.

use serde_json::{Value, json};

use super::Job;
use super::input::Entry;
use crate::engine::time::to_iso;
use crate::service::ResolvedPlatform;
use crate::service::tenants::Tenants;
use crate::store::{Conversation, MessageLog, StoreError};

/// Which of these entries are logged already.
pub(super) async fn logged(
    platform: &ResolvedPlatform<'_>,
    job: &Job,
    entries: &[Entry],
) -> Result<Vec<bool>, StoreError> {
    let mut logged = Vec::with_capacity(entries.len());
    for entry in entries {
        logged.push(is_logged(platform, job, &entry.key).await?);
    }
    Ok(logged)
}

/// Whether an entry, or any message of it, is logged.
pub(super) async fn has_logged(
    platform: &ResolvedPlatform<'_>,
    job: &Job,
    entry: &Entry,
) -> Result<bool, StoreError> {
    for key in &entry.selected {
        if is_logged(platform, job, key).await? {
            return Ok(true);
        }
    }
    is_logged(platform, job, &entry.key).await
}

/// Whether a message is logged.
async fn is_logged(platform: &ResolvedPlatform<'_>, job: &Job, key: &str) -> Result<bool, StoreError> {
    message_log(platform, &job.scopes, key).await.map(|log| log.is_some())
}

/// The log of a message.
pub(super) async fn message_log(
    platform: &ResolvedPlatform<'_>,
    scopes: &Tenants,
    key: &str,
) -> Result<Option<MessageLog>, StoreError> {
    for scope in scopes.all() {
        if let Some(log) = platform.services.store.message_log(scope, key).await?
            && scopes.reaches(platform, scope, &log.user_id).await?
        {
            return Ok(Some(log));
        }
    }
    Ok(None)
}

/// The record of a conversation's day.
pub(super) async fn conversation(
    platform: &ResolvedPlatform<'_>,
    job: &Job,
    id: &str,
) -> Result<Option<Conversation>, StoreError> {
    for scope in job.scopes.all() {
        if let Some(found) = platform.services.store.conversation(scope, id).await?
            && job.scopes.reaches(platform, scope, &found.user_id).await?
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// What templates and connectors see of a logged conversation, in the reference's members.
pub(super) fn existing_message_log(platform: &str, conversation: &Conversation) -> Value {
    let at = |ms: i64| jiff::Timestamp::from_millisecond(ms).map(to_iso).unwrap_or_default();
    json!({
        "id": conversation.first_message_id,
        "platform": platform,
        "conversationId": conversation.conversation_id,
        "conversationLogId": conversation.conversation_log_id,
        "thirdPartyLogId": conversation.third_party_log_id,
        "userId": conversation.user_id,
        "createdAt": at(conversation.created_at),
        "updatedAt": at(conversation.updated_at),
    })
}
