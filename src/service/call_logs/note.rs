//! Notes that are typed during a call which server-side logging will log: kept until then.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::{CreateCallLogRequest, KeepNoteRequest, connected, refusal};
use crate::engine::text::id_text;
use crate::service::Services;
use crate::service::session::Session;
use crate::service::tenants::Tenants;
use crate::service::wording::{Refusal, store_failed};
use crate::store::{DocumentKey, DocumentKind, Owner, Tenant};

/// How long a note waits for its call (the reference's hour).
const LIFETIME_MS: i64 = 60 * 60 * 1000;

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
/// If the user is unknown, or the request names no session.
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
    let document = json!({"note": note, "expiresAt": services.clock.now_ms() + LIFETIME_MS});
    let platform = services.platform_of(&session.platform, &user);
    platform.in_service()?;
    let scopes = Tenants::of(&platform, &user);
    let saved = services.store.save_document(&key(&scopes.now, &session_id), &document).await;
    saved.map_err(|error| Refusal::new(store_failed(&error)))?;
    Ok(NoteKept { successful: true, return_message: "Note cache saved" })
}

fn key(scope: &Tenant, session_id: &str) -> DocumentKey {
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
    DocumentKey { kind: DocumentKind::Note, parts }
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
    let kept = services.store.document(&key).await.unwrap_or_else(|error| {
        // A call without its note is better than no call.
        store_failed(&error);
        None
    });
    if let Some(kept) = kept
        && kept.get("expiresAt").and_then(Value::as_i64).is_some_and(|at| at > services.clock.now_ms())
        && let Some(note) = kept.get("note")
    {
        request.note = Some(note.clone().into());
    }
    request
}
