//! Looking logs up by their sessions.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::{LookUpCallLogsQuery, refusal, stored};
use crate::connector::inputs::GetCallLog;
use crate::connector::invocation;
use crate::connector::{CallError, ErrorCode, Interface, ReturnMessage};
use crate::engine::results::CallLogInfo;
use crate::service::session::Session;
use crate::service::tenants::Tenants;
use crate::service::wording::{Refusal, message, store_failed};
use crate::service::{ResolvedPlatform, Services};
use crate::store::{CallLog, User};

/// How many sessions a lookup may name: more than clients show calls on a page. Each is a read of the store.
const MOST: usize = 5000;

/// How many records a lookup may read, each with a request to the CRM: clients ask for one, or a few.
const MOST_READ: usize = 100;

/// The answer to a lookup.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "LookedUpCallLogs")]
pub struct LookedUp {
    /// Whether the lookup worked.
    pub successful: bool,
    /// One entry for each session, in the order asked.
    #[schemars(with = "Vec<LookedUpCallLog>")]
    pub logs: Vec<Value>,
    /// What to show; null without details.
    pub return_message: Option<ReturnMessage>,
}

/// What is known about one session.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LookedUpCallLog {
    /// Id of the call's session.
    pub session_id: String,
    /// Whether it is logged.
    pub matched: bool,
    /// The CRM's id of the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_id: Option<String>,
    /// The record as the CRM has it; null if it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_data: Option<CallLogInfo>,
    /// Why this record could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_message: Option<ReturnMessage>,
}

/// Looks up the logs of sessions, with what the CRM holds now where details are asked for. Each
/// session has its own outcome (Q26).
///
/// # Errors
/// If the user is unknown, or no session is named, or more than are looked up at a time.
pub async fn look_up(
    services: &Services,
    session: &Session,
    asked: &LookUpCallLogsQuery,
) -> Result<LookedUp, Refusal> {
    let user = match services.connected_user(session).await {
        Ok(Some(user)) => user,
        Ok(None) => return Err(refusal("User not found", 5000).with_code(ErrorCode::SessionInvalid)),
        Err(error) => return Err(Refusal::new(store_failed(&error))),
    };
    let session_ids = asked.session_ids();
    let ids: Vec<&str> = session_ids.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    if ids.is_empty() {
        return Err(refusal("No session is named (sessionIds).", 5000));
    }
    let most = if asked.requires_details() { MOST_READ } else { MOST };
    if ids.len() > most {
        return Err(too_many(ids.len(), most));
    }
    let extension = asked.named_extension().resolve(services);
    let platform = services.platform_for(session, &user);
    platform.in_service()?;
    let scopes = Tenants::of(&platform, &user);
    let mut logs = Vec::with_capacity(ids.len());
    let mut return_message = None;
    for id in ids {
        let Some(log) = stored(&platform, &scopes, id, &extension).await? else {
            logs.push(json!({"sessionId": id, "matched": false}));
            continue;
        };
        let mut entry = serde_json::Map::new();
        entry.insert("sessionId".to_owned(), id.into());
        entry.insert("matched".to_owned(), true.into());
        if !log.third_party_log_id.is_empty() {
            entry.insert("logId".to_owned(), log.third_party_log_id.clone().into());
        }
        if asked.requires_details() {
            match read(&platform, &user, &log).await {
                Ok(info) => {
                    entry.insert("logData".to_owned(), serde_json::to_value(info).unwrap_or_default());
                    return_message.get_or_insert_with(|| ReturnMessage::success("Call log fetched.", 3000));
                }
                Err(error) => {
                    let failed = message(&error, Interface::GET_CALL_LOG, &platform.name);
                    entry.insert("logData".to_owned(), Value::Null);
                    if !matches!(error, CallError::NotSupported(_)) {
                        let failed = serde_json::to_value(&failed).unwrap_or_default();
                        entry.insert("returnMessage".to_owned(), failed);
                    }
                    return_message = Some(failed);
                }
            }
        }
        logs.push(Value::Object(entry));
    }
    Ok(LookedUp { successful: true, logs, return_message })
}

fn too_many(named: usize, most: usize) -> Refusal {
    let text = format!(
        "The lookup names {named} sessions (sessionIds), so nothing was looked up. Name at most {most} at a time, or {MOST} without details."
    );
    refusal(text, 5000)
}

async fn read(platform: &ResolvedPlatform<'_>, user: &User, log: &CallLog) -> Result<CallLogInfo, CallError> {
    platform.serving(Interface::GET_CALL_LOG)?;
    let log = super::reached(platform, user, log.clone(), Interface::GET_CALL_LOG);
    let log = log.await.map_err(|refusal| CallError::Message(Box::new(refusal.return_message)))?;
    let input = GetCallLog {
        log_id: log.third_party_log_id.clone(),
        session_id: log.session_id.clone(),
        contact_id: log.contact_id.clone(),
    };
    Ok(platform.invoke::<invocation::GetCallLog>(user, &input).await?.value)
}
