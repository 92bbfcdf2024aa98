//! The disposition of a logged call.

use schemars::JsonSchema;
use serde::Serialize;

use super::{DispositionRequest, connected, existing_call_log, failed, reached, refusal, served, stored};
use crate::connector::inputs::UpsertCallDisposition;
use crate::connector::invocation;
use crate::connector::{CallError, Interface, ReturnMessage};
use crate::engine::text::id_text;
use crate::members::Given;
use crate::service::Services;
use crate::service::session::Session;
use crate::service::tenants::Tenants;
use crate::service::wording::Refusal;

/// The answer to a disposition.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SetDisposition")]
pub struct Disposed {
    /// Always true.
    pub successful: bool,
    /// What to show.
    pub return_message: ReturnMessage,
}

/// Sets the disposition of a logged call.
///
/// # Errors
/// If the user or the log is unknown, or the CRM fails.
pub async fn set_disposition(
    services: &Services,
    session: &Session,
    request: DispositionRequest,
) -> Result<Disposed, Refusal> {
    let user = connected(services, session).await?;
    let Some(session_id) = request.session_id.as_deref().and_then(id_text) else {
        return Err(refusal("The call has no sessionId.", 5000));
    };
    let asked = request.named_extension().resolve(services);
    let platform = services.platform_for(session, &user);
    platform.in_service()?;
    let Some(log) = stored(&platform, &Tenants::of(&platform, &user), &session_id, &asked).await? else {
        return Err(refusal("Cannot find log", 3000));
    };
    served(&platform, Interface::UPSERT_CALL_DISPOSITION)?;
    let fail = |error: &CallError| failed(error, Interface::UPSERT_CALL_DISPOSITION, &platform);
    let log = reached(&platform, &user, log, Interface::UPSERT_CALL_DISPOSITION).await?;
    let input = UpsertCallDisposition {
        log_id: log.third_party_log_id.clone(),
        existing_call_log: existing_call_log(&log),
        dispositions: request.dispositions.map(Given::into_value),
    };
    let reply = platform
        .invoke::<invocation::UpsertCallDisposition>(&user, &input)
        .await
        .map_err(|error| fail(&error))?;
    Ok(Disposed {
        successful: true,
        return_message: reply.message.unwrap_or_else(|| ReturnMessage::success("Disposition updated", 2000)),
    })
}
