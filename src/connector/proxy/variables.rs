//! The variables that come from the user and from the client's request.

use std::borrow::Cow;

use serde_json::Value;

use crate::engine::inputs::Inputs;
use crate::engine::operation::Operation;
use crate::engine::time::{parse_zone, to_iso};
use crate::engine::variables::Variable;
use crate::random_id::random_hex;
use crate::user::User;

/// The user's variables. What the user has not got is null, as in the reference's database
/// (recordings 01, `rich-stored-values`).
pub(super) fn set_user<'a>(inputs: &mut Inputs<'a>, user: &'a User) {
    let token = user.credential.secret.expose();
    if !token.is_empty() {
        inputs.text(Variable::ApiKey, token).text(Variable::UserAccessToken, token);
    }
    inputs.text(Variable::UserId, user.crm_id());
    inputs.text(Variable::UserPlatform, user.key.platform.as_str());
    // Kept before unknown names were left out at the sign-in, or imported.
    let zone = user.timezone_name.as_deref().filter(|name| parse_zone(&Value::from(*name)).is_some());
    let optional = [
        (Variable::UserHostname, user.hostname.as_deref()),
        (Variable::UserTimezoneName, zone),
        (Variable::UserRefreshToken, user.credential.refresh.as_ref().map(|token| token.expose())),
    ];
    for (variable, value) in optional {
        match value {
            Some(text) => inputs.text(variable, text),
            None => inputs.owned(variable, Value::Null),
        };
    }
    match &user.timezone_offset {
        Some(offset) => inputs.json(Variable::UserTimezoneOffset, offset),
        None => inputs.owned(Variable::UserTimezoneOffset, Value::Null),
    };
    let expiry = user.credential.expires_at.and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    match expiry {
        Some(at) => inputs.text(Variable::UserTokenExpiry, to_iso(at)),
        None => inputs.owned(Variable::UserTokenExpiry, Value::Null),
    };
    inputs.text_if(Variable::UserRegion, user.region.as_deref());
    let managed = &user.managed.values;
    inputs.object_beside(Variable::UserPlatformAdditionalInfo, &user.platform_additional_info, managed);
}

/// The inputs with what belongs to this run, where the operation reads it and nobody gave it: a new
/// `idempotencyKey`, and `now`. All attempts share them.
pub(super) fn of_this_run<'i, 'a>(operation: &Operation, inputs: &'i Inputs<'a>) -> Cow<'i, Inputs<'a>> {
    let is_missing = |variable| inputs.get(variable).is_none();
    let needs_key = operation.reads_idempotency_key() && is_missing(Variable::IdempotencyKey);
    let needs_now = operation.reads_now() && is_missing(Variable::Now);
    if !needs_key && !needs_now {
        return Cow::Borrowed(inputs);
    }
    let mut inputs = inputs.clone();
    // Without a name the header is left out, which is better than one that another run has too.
    if needs_key && let Ok(key) = random_hex::<16>() {
        inputs.text(Variable::IdempotencyKey, key);
    }
    if needs_now {
        inputs.text(Variable::Now, to_iso(jiff::Timestamp::now()));
    }
    Cow::Owned(inputs)
}
