//! Rows of the reference's tables as records of this server.

use serde_json::Value;

use super::ImportOutcome;
use super::columns::{text, time};
use super::owners::Owners;
use super::user::read_user;
use crate::service::{admin_settings as admin, call_down as list};
use crate::store::{
    AccountData, CallLog, ContactKey, Conversation, Extension, Key, MessageLog, Saved, Store, StoreError,
    StoredDocument, User,
};

/// The reference's prefix of the keys under which it caches contacts.
const CONTACT: &str = "contact-";

/// The reference's prefix of the keys under which it keeps what admins signed in with, encrypted.
const MANAGED: &str = "managed-auth";

const NO_USER: &str = "its user is not in the table users";
const NO_RECORD: &str = "it has no id of a CRM record";
const NO_ID: &str = "it has no id";

type Outcome = Result<ImportOutcome, StoreError>;

pub(super) async fn user(to: &dyn Store, row: &Value) -> Outcome {
    let user = match read_user(row) {
        Ok(user) => user,
        Err(reason) => return Ok(ImportOutcome::Skipped(reason)),
    };
    loop {
        let before = to.get_user(&user.key).await?;
        let Some((user, fate)) = brought(before.as_ref(), &user) else {
            return Ok(ImportOutcome::Skipped("somebody of another host has its id here"));
        };
        if before.as_ref() == Some(&user) || to.change_user(before.as_ref(), &user).await? {
            return Ok(fate);
        }
    }
}

/// The user as it is to be stored; `None` if the one who is stored is somebody else.
fn brought(before: Option<&User>, row: &User) -> Option<(User, ImportOutcome)> {
    let Some(before) = before else { return Some((row.clone(), ImportOutcome::Imported)) };
    let hosts = before.hostname.as_ref().zip(row.hostname.as_ref());
    if before.tenant_host.is_some() && hosts.is_some_and(|(before, row)| !before.eq_ignore_ascii_case(row)) {
        return None;
    }
    // The logs of a row without an account are brought to the user alone.
    let was_alone = before.was_alone || (before.rc_account_id.is_none() != row.rc_account_id.is_none());
    if before.updated_at >= row.updated_at {
        return Some((User { was_alone, ..before.clone() }, ImportOutcome::AlreadyPresent));
    }
    // What the reference does not know stays.
    let user = User {
        name: before.name.clone(),
        rc_account_id: row.rc_account_id.clone().or_else(|| before.rc_account_id.clone()),
        tenant_host: before.tenant_host.clone(),
        region: before.region.clone(),
        session_epoch: before.session_epoch,
        was_alone,
        ..row.clone()
    };
    Some((user, ImportOutcome::Imported))
}

pub(super) async fn call_log(to: &dyn Store, owners: &Owners, row: &Value) -> Outcome {
    let Some(session_id) = text(row, "sessionId") else {
        return Ok(ImportOutcome::Skipped("it has no session id"));
    };
    let Some(third_party_log_id) = text(row, "thirdPartyLogId") else {
        return Ok(ImportOutcome::Skipped(NO_RECORD));
    };
    let Some((user, scope)) = text(row, "userId").and_then(|id| owners.user(&id)) else {
        return Ok(ImportOutcome::Skipped(NO_USER));
    };
    let created_at = time(row, "createdAt").unwrap_or_default();
    let log = CallLog {
        scope: scope.clone(),
        call_id: text(row, "id").unwrap_or_else(|| session_id.clone()),
        session_id,
        extension: Extension {
            number: text(row, "extensionNumber"),
            hashed_id: text(row, "hashedExtensionId"),
        },
        third_party_log_id,
        contact_id: text(row, "contactId"),
        user_id: user.id.clone(),
        platform: user.platform.clone(),
        created_at,
        updated_at: time(row, "updatedAt").unwrap_or(created_at),
    };
    Ok(match to.save_call_log(&log, None).await? {
        Saved::Inserted => ImportOutcome::Imported,
        Saved::Existing(_) => ImportOutcome::AlreadyPresent,
    })
}

/// The reference's id of the record that a message is in: of the conversation's day, else of the
/// conversation, else the message's own.
fn conversation_log_id(row: &Value) -> Option<String> {
    ["conversationLogId", "conversationId", "id"].into_iter().find_map(|column| text(row, column))
}

/// Messages by conversation, each in the order in which they came.
pub(super) fn conversations(page: Vec<Value>) -> Vec<Vec<Value>> {
    let mut groups: indexmap::IndexMap<Option<String>, Vec<Value>> = indexmap::IndexMap::new();
    for row in page {
        groups.entry(conversation_log_id(&row)).or_default().push(row);
    }
    groups.into_values().collect()
}

pub(super) async fn message_log(to: &dyn Store, owners: &Owners, row: &Value) -> Outcome {
    let (Some(message_id), Some(log_id)) = (text(row, "id"), conversation_log_id(row)) else {
        return Ok(ImportOutcome::Skipped(NO_ID));
    };
    let Some(third_party_log_id) = text(row, "thirdPartyLogId") else {
        return Ok(ImportOutcome::Skipped(NO_RECORD));
    };
    let Some((user, scope)) = text(row, "userId").and_then(|id| owners.user(&id)) else {
        return Ok(ImportOutcome::Skipped(NO_USER));
    };
    if to.message_log(scope, &message_id).await?.is_some() {
        return Ok(ImportOutcome::AlreadyPresent);
    }
    let created_at = time(row, "createdAt").unwrap_or_default();
    let conversation = match to.conversation(scope, &log_id).await? {
        Some(conversation) => conversation,
        None => Conversation {
            scope: scope.clone(),
            conversation_log_id: log_id.clone(),
            conversation_id: text(row, "conversationId"),
            first_message_id: message_id.clone(),
            third_party_log_id: third_party_log_id.clone(),
            user_id: user.id.clone(),
            created_at,
            updated_at: time(row, "updatedAt").unwrap_or(created_at),
        },
    };
    let log = MessageLog {
        scope: scope.clone(),
        message_id,
        conversation_log_id: log_id,
        third_party_log_id,
        user_id: user.id.clone(),
        created_at,
    };
    to.save_messages(&conversation, &[log], None).await?;
    Ok(ImportOutcome::Imported)
}

/// The tokens of admins stay behind: this server keeps none.
pub(super) async fn admin_settings(to: &dyn Store, row: &Value) -> Outcome {
    let Some(id) = text(row, "id") else { return Ok(ImportOutcome::Skipped(NO_ID)) };
    let (created_at, updated_at) = times(row);
    let (key, settings) = admin::imported(&id, row, created_at, updated_at);
    save_newer(to, key, settings, |settings| settings.updated_at).await
}

pub(super) async fn call_down(to: &dyn Store, owners: &Owners, row: &Value) -> Outcome {
    let Some(id) = text(row, "id") else { return Ok(ImportOutcome::Skipped(NO_ID)) };
    let Some((user, _)) = text(row, "userId").and_then(|id| owners.user(&id)) else {
        return Ok(ImportOutcome::Skipped(NO_USER));
    };
    let (created_at, updated_at) = times(row);
    let (key, item) = list::imported(user, id, row, created_at, updated_at);
    save_newer(to, key, item, |item| item.updated_at).await
}

fn times(row: &Value) -> (i64, i64) {
    let created_at = time(row, "createdAt").unwrap_or_default();
    (created_at, time(row, "updatedAt").unwrap_or(created_at))
}

/// Saves a document, unless the one that is here changed as late. One that cannot be read is replaced.
async fn save_newer<D: StoredDocument>(
    to: &dyn Store,
    key: Key<D>,
    document: D,
    updated_at: impl Fn(&D) -> i64,
) -> Outcome {
    loop {
        let before = to.versioned_lossy(&key).await?;
        if before.content.as_ref().is_some_and(|here| updated_at(here) >= updated_at(&document)) {
            return Ok(ImportOutcome::AlreadyPresent);
        }
        if to.change_documents(&[before.changed_to(&document)?]).await? {
            return Ok(ImportOutcome::Imported);
        }
    }
}

pub(super) async fn account_data(to: &dyn Store, owners: &Owners, row: &Value) -> Outcome {
    let columns = (text(row, "rcAccountId"), text(row, "platformName"), text(row, "dataKey"));
    let (Some(account), Some(platform), Some(data_key)) = columns else {
        return Ok(ImportOutcome::Skipped("it names no account, platform or key"));
    };
    if data_key.starts_with(MANAGED) {
        return Ok(ImportOutcome::Skipped(
            "it holds what an admin signed in with, encrypted: an admin signs in again",
        ));
    }
    let data = row.get("data").cloned().unwrap_or_default();
    let Some(proxy_id) = owners.document(&account, &platform) else {
        return Ok(ImportOutcome::Skipped(
            "no user or several documents say where it belongs; it is read from the CRM again",
        ));
    };
    let Some(phone_number) = data_key.strip_prefix(CONTACT) else {
        let key = AccountData::key(account, platform, proxy_id, data_key);
        if to.get(&key).await?.is_some() {
            return Ok(ImportOutcome::AlreadyPresent);
        }
        return to.save(&key, &AccountData(data)).await.map(|()| ImportOutcome::Imported);
    };
    let key = ContactKey {
        rc_account_id: account,
        platform,
        proxy_id,
        tenant_host: None,
        phone_number: phone_number.to_owned(),
    };
    if to.cached_contacts(&key).await?.is_some() {
        return Ok(ImportOutcome::AlreadyPresent);
    }
    to.cache_contacts(&key, data.to_string().as_bytes()).await.map(|()| ImportOutcome::Imported)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(hostname: &str, account: Option<&str>, updated_at: &str) -> User {
        let row = json!({
            "id": "7-acme", "platform": "acme", "hostname": hostname, "rcAccountId": account,
            "accessToken": "key", "createdAt": "2025-03-01T10:00:00Z", "updatedAt": updated_at,
        });
        read_user(&row).unwrap()
    }

    /// The import can be run again and again while people use both servers.
    #[test]
    fn what_only_this_server_knows_stays() {
        let (older, newer) = ("2025-03-02T10:00:00Z", "2025-03-03T10:00:00Z");
        let here = User {
            name: Some("Ada".to_owned()),
            tenant_host: Some("a.acme.example".to_owned()),
            region: Some("GB".to_owned()),
            ..row("a.acme.example", Some("5"), older)
        };
        let (user, fate) = brought(Some(&here), &row("a.acme.example", None, newer)).unwrap();
        assert!(matches!(fate, ImportOutcome::Imported));
        assert_eq!(
            (&user.name, &user.tenant_host, &user.rc_account_id, &user.region),
            (&here.name, &here.tenant_host, &here.rc_account_id, &here.region)
        );
        assert!(user.was_alone, "the row's logs are the user's alone");
        let same = brought(Some(&here), &row("a.acme.example", Some("5"), older)).unwrap();
        assert!(matches!(same, (user, ImportOutcome::AlreadyPresent) if user == here));
        assert!(brought(Some(&here), &row("b.acme.example", Some("5"), newer)).is_none());
        let first = row("b.acme.example", None, newer);
        assert!(matches!(brought(None, &first), Some((user, ImportOutcome::Imported)) if user == first));
    }
}
