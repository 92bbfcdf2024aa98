//! Notes that are typed during a call which server-side logging will log: kept until then.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{CreateCallLogRequest, KeepNoteRequest, connected, refusal};
use crate::engine::text::id_text;
use crate::service::Services;
use crate::service::composition::limit::LONGEST_VALUE;
use crate::service::session::Session;
use crate::service::tenants::Tenants;
use crate::service::wording::{Refusal, store_failed};
use crate::store::{DocumentKind, Key, Owner, StoredDocument, Tenant};

/// How long a note waits for its call (the reference's hour).
const LIFETIME_MS: i64 = 60 * 60 * 1000;

/// As it is stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Note {
    note: String,
    /// In milliseconds since 1970; the sweep removes what is older.
    expires_at: i64,
}

impl StoredDocument for Note {
    const KIND: DocumentKind = DocumentKind::Note;
}

/// The answer to a note; its message is a bare text (recordings 21, `note-cache-save`).
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NoteKept {
    /// Always true.
    pub successful: bool,
    /// What to show.
    pub return_message: &'static str,
}

/// Keeps the note of a call, within the user's scope (Q4).
///
/// # Errors
/// If the user is unknown, the note is too long, or the request names no session.
pub async fn keep_note(
    services: &Services,
    session: &Session,
    request: &KeepNoteRequest,
) -> Result<NoteKept, Refusal> {
    let user = connected(services, session).await?;
    let Some(session_id) = request.session_id.as_deref().and_then(id_text) else {
        return Err(refusal("The note has no sessionId.", 5000));
    };
    let note = request.note.as_deref().and_then(Value::as_str).unwrap_or_default();
    if note.len() > LONGEST_VALUE {
        let text = format!(
            "The note is longer than {} KiB, so it was not kept. Please shorten it.",
            LONGEST_VALUE >> 10
        );
        return Err(refusal(text, 5000));
    }
    let note = Note { note: note.to_owned(), expires_at: services.clock.now_ms() + LIFETIME_MS };
    let platform = services.platform_for(session, &user);
    platform.in_service()?;
    let scopes = Tenants::of(&platform, &user);
    let saved = services.store.save(&key(&scopes.now, &session_id), &note).await;
    saved.map_err(|error| Refusal::new(store_failed(&error)))?;
    Ok(NoteKept { successful: true, return_message: "Note cache saved" })
}

fn key(scope: &Tenant, session_id: &str) -> Key<Note> {
    let (kind, owner) = match &scope.owner {
        Owner::RcAccount(id) => ("account", id),
        Owner::User(id) => ("user", id),
    };
    let mut parts = vec![
        Some(scope.platform.clone()),
        scope.proxy_id.clone(),
        Some(kind.to_owned()),
        Some(owner.clone()),
        Some(session_id.to_owned()),
    ];
    parts.extend(scope.tenant_host.clone().map(Some));
    Key::new(parts)
}

/// The request with the note that was kept for its call, where server-side logging brings none of
/// its own (Q19).
pub(super) async fn with_kept_note(
    services: &Services,
    scopes: &Tenants,
    session_id: &str,
    is_from_sscl: bool,
    mut request: CreateCallLogRequest,
) -> CreateCallLogRequest {
    let has_note = request.note.as_deref().and_then(Value::as_str).is_some_and(|note| !note.is_empty());
    if !is_from_sscl || has_note {
        return request;
    }
    let key = key(&scopes.now, session_id);
    let kept = services.store.get(&key).await.unwrap_or_else(|error| {
        // A call without its note is better than no call.
        store_failed(&error);
        None
    });
    if let Some(kept) = kept
        && kept.expires_at > services.clock.now_ms()
    {
        request.note = Some(Value::from(kept.note).into());
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::assert_stored_as;

    #[test]
    fn a_note_is_stored_as_it_was() {
        let scope = |owner, tenant_host| Tenant {
            platform: "crm".to_owned(),
            proxy_id: Some("acme".to_owned()),
            owner,
            tenant_host,
        };
        let account = scope(Owner::RcAccount("37".to_owned()), None);
        let user = scope(Owner::User("7-crm".to_owned()), Some("a.example".to_owned()));
        for (scope, parts) in [(account, "account/37/s-1"), (user, "user/7-crm/s-1/a.example")] {
            let note = Note { note: "n".to_owned(), expires_at: 1 };
            let form = r#"{"note":"n","expiresAt":1}"#;
            assert_stored_as(&key(&scope, "s-1"), &note, &format!("note/crm/acme/{parts}"), form);
        }
    }
}
