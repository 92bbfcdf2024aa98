//! User mapping: which extension of an account is which user of the CRM, so that what server-side logging logs for an
//! extension belongs to its user there. Admins see and correct it; what they wrote always holds.

mod matching;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use self::matching::{Extensions, Matched, matched};
use super::accounts::{AccountError, administered_beside};
use super::admin_settings::{Crm, kept_mappings};
use super::session::Session;
use super::wording::{message, session_expired};
use super::{Services, off_worker, ringcentral};
use crate::connector::{CallError, ErrorCode, Interface, NotRenewed, ReturnMessage, invocation};
use crate::engine::results::CrmUser;
use crate::json_kind::kind;

/// How many extensions a request may have: the largest accounts of RingCentral.
pub const MOST_EXTENSIONS: usize = 50_000;

/// About how much work an extension or a CRM user is, in bytes of text.
const BYTES_OF_ITEM: usize = 128;

/// What becomes of the mappings that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// They hold, and only users without one are matched.
    Kept,
    /// They are discarded, those that admins wrote as well.
    Anew,
}

/// A user of the CRM, and the extensions of the account that are theirs.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MappedUser {
    /// The user of the CRM.
    pub crm_user: CrmUserEntry,
    /// The extensions; none where nobody was found.
    pub rc_user: Vec<ExtensionEntry>,
}

/// A user of the CRM as its list has it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CrmUserEntry {
    /// The CRM's id, a text or a number; absent if its list has none, and then the user cannot be mapped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// The name, or an empty text.
    pub name: Value,
    /// The e-mail address, or an empty text.
    pub email: Value,
}

/// An extension as the request has it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExtensionEntry {
    /// The id, a text or a number.
    pub extension_id: Value,
    /// The name, else first and last name.
    pub name: Value,
    /// The number, or an empty text.
    pub extension_number: Value,
    /// The e-mail address, or an empty text.
    pub email: Value,
}

/// The users of the CRM with their extensions.
#[derive(Debug, Default)]
pub struct Mapped {
    /// The users, in the order of the CRM.
    pub users: Vec<MappedUser>,
    /// What is missing in them, in sentences: nothing is left out in silence.
    pub notes: Vec<String>,
}

/// Why there is no mapping.
#[derive(Debug)]
pub enum MappingError {
    /// The session's user is unknown or has signed out (Q91).
    UnknownUser,
    /// The caller is no admin of the account, or the store failed.
    Account(AccountError),
    /// The session at the CRM is over.
    Revoked(Revoked),
    /// The request cannot be used, or the CRM failed; what it is, in words.
    Failed(String),
}

/// The session at the CRM is over, as these routes tell it (recordings 24, `oauth-revoked`): clients sign out.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "UserMappingSessionRevoked")]
pub struct Revoked {
    /// Always false.
    pub successful: bool,
    /// What to show.
    pub return_message: ReturnMessage,
    /// Always true.
    pub is_revoke_user_session: bool,
    /// What clients do.
    pub error_code: ErrorCode,
}

impl Default for Revoked {
    fn default() -> Self {
        Self {
            successful: false,
            return_message: session_expired(),
            is_revoke_user_session: true,
            error_code: ErrorCode::SessionRevoked,
        }
    }
}

impl<E: Into<AccountError>> From<E> for MappingError {
    fn from(error: E) -> Self {
        Self::Account(error.into())
    }
}

/// Lists the CRM's users with the extensions of the admin's account that are theirs. Users without a mapping are
/// matched, and what is found is kept. A CRM whose users cannot be listed has none.
///
/// # Errors
/// If the user is unknown, the caller is no admin of the account, the CRM or the store fails, or the extensions are no
/// list or too many.
pub async fn map(
    services: &Services,
    session: &Session,
    token: Option<&str>,
    extensions: Option<Value>,
    start: Start,
) -> Result<Mapped, MappingError> {
    let user = session.connected_user(&*services.store).await?.ok_or(MappingError::UnknownUser)?;
    let account = administered_beside(services, token, &user).await?.hashed_id;
    // A session that is over at the CRM is told in the words of these routes.
    let platform = services.platform_of(&session.platform, &user);
    platform.in_service().map_err(|refusal| MappingError::Failed(in_words(&refusal.return_message)))?;
    if !platform.serves(Interface::GET_USER_LIST) {
        return Ok(Mapped::default());
    }
    let reply = platform.invoke::<invocation::GetUserList>(&user, &()).await;
    let reply = reply.map_err(|error| match error {
        CallError::NotRenewed(NotRenewed::Revoked) => MappingError::Revoked(Revoked::default()),
        error => MappingError::Failed(crm_failed(&error, &platform.name)),
    })?;
    let mut notes = Vec::new();
    if let Some(all) = reply.of_items() {
        notes.push(format!(
            "The CRM has {all} users, and only the first {} of its list were matched",
            reply.value.len()
        ));
    }
    if let Some(rest) = reply.cut_before() {
        notes.push(format!("The CRM has {rest}, and only {} users were matched", reply.value.len()));
    }
    let users = Arc::new(reply.value);
    let extensions = listed(extensions, users.is_empty())?;
    let work = (extensions.len() + users.len()) * BYTES_OF_ITEM;
    let extensions = Arc::new(off_worker::run(work, move || Extensions::new(extensions)).await);
    let crm = Crm::of(&platform, &user);
    let matched = kept(services, &account, &crm, (&users, &extensions, work), start).await?;
    let counted = [
        (matched.without_id, "users of the CRM without a usable id cannot be mapped"),
        (extensions.skipped, "entries of rcExtensionList without a usable id were skipped"),
    ];
    notes.extend(
        counted.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")),
    );
    for note in &notes {
        tracing::warn!(platform = platform.name, note, "the user mapping is not complete");
    }
    Ok(Mapped { users: matched.users, notes })
}

/// Matches against the mappings of this moment until what was found could be kept: admins who do this at once lose
/// nothing.
async fn kept(
    services: &Services,
    account: &str,
    crm: &Crm,
    (users, extensions, work): (&Arc<Vec<CrmUser>>, &Arc<Extensions>, usize),
    start: Start,
) -> Result<Matched, MappingError> {
    loop {
        let before = kept_mappings(services, account, crm).await?;
        let is_first = before.list.is_none();
        let known = match start {
            Start::Kept => before.list.clone().unwrap_or_default(),
            Start::Anew => Vec::new(),
        };
        let (users, extensions) = (Arc::clone(users), Arc::clone(extensions));
        let matched = off_worker::run(work, move || matched(&users, &extensions, known)).await;
        let is_new = is_first || start == Start::Anew || matched.has_found;
        if !is_new || before.replaced_by(services, &matched.mappings).await?? {
            return Ok(matched);
        }
    }
}

/// The extensions of a request. Without users there is nobody to match, and no list is needed (recordings 24,
/// `userMapping-no-extension-list-no-users`).
fn listed(sent: Option<Value>, are_no_users: bool) -> Result<Vec<Value>, MappingError> {
    const FORM: &str = "a list of the account's extensions: objects with id, name or firstName and lastName, extensionNumber, email";
    match sent {
        Some(Value::Array(extensions)) if extensions.len() > MOST_EXTENSIONS => {
            Err(MappingError::Failed(format!(
                "rcExtensionList has {} extensions, and at most {MOST_EXTENSIONS} are matched at a time. Nothing was changed. Send those of users only, or some of them after the others.",
                extensions.len()
            )))
        }
        Some(Value::Array(extensions)) => Ok(extensions),
        _ if are_no_users => Ok(Vec::new()),
        None | Some(Value::Null) => {
            Err(MappingError::Failed(format!("rcExtensionList is missing. Send {FORM}.")))
        }
        Some(other) => {
            Err(MappingError::Failed(format!("rcExtensionList is {}. Send {FORM}.", kind(&other))))
        }
    }
}

/// A failure of the CRM in one line: of a status as clients of the reference know it.
fn crm_failed(error: &CallError, platform: &str) -> String {
    match error {
        CallError::Failed(failure) if failure.message_override.is_none() => ringcentral::explain(failure),
        // As recorded (24, `oauth-refresh-fails`).
        CallError::NotRenewed(NotRenewed::Failed(why)) => why.clone(),
        error => in_words(&message(error, Interface::GET_USER_LIST, platform)),
    }
}

/// A message and its details in one line.
pub(super) fn in_words(message: &ReturnMessage) -> String {
    let details = message.details.iter().map(|detail| detail.text.as_str());
    std::iter::once(message.message.as_str()).chain(details).collect::<Vec<_>>().join(". ")
}
