//! A user's settings, and what the admins of the account have to say about them.

use std::collections::HashSet;
use std::sync::OnceLock;

use serde_json::{Map, Value, json};

use super::accounts::{self, AccountError};
use super::admin_settings;
use super::hashing::hashed;
use super::session::Session;
use super::stored_limits::{self, TooMuch};
use super::{Services, user_record};
use crate::store::{StoreError, User};

/// Why settings are not changed.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// They would be too many or too long.
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How a request names the RingCentral account.
#[derive(Debug, Default)]
pub struct Account {
    /// A RingCentral token; it goes before the id.
    pub token: Option<String>,
    /// The hashed account id, as older clients send it.
    pub hashed_id: Option<String>,
}

/// The settings of the session's user: the own ones, or, where the request names the user's account and its
/// admins set some, both merged. A token that the RingCentral platform refuses proves nothing and takes nothing away
/// (recordings 17, `bob-settings-rc-fails`). `None` if there is no such user.
///
/// # Errors
/// If the token is of another account than the user, or the store fails.
pub async fn read(
    services: &Services,
    session: &Session,
    account: Account,
) -> Result<Option<Map<String, Value>>, AccountError> {
    let Some(user) = session.user(&*services.store).await? else {
        return Ok(None);
    };
    let proven = match &account.token {
        Some(token) => match accounts::account(services, token, Some(&user)).await {
            Err(AccountError::Upstream(_)) => None,
            account => Some(account?.hashed_id),
        },
        None => None,
    };
    let own_id = user.rc_account_id.as_deref().map(|id| hashed(services, id));
    // Anybody can make the hash of any account (Q4): it only says that the own one is meant.
    let meant = proven.or_else(|| own_id.filter(|own| account.hashed_id.as_ref() == Some(own)));
    let own = object(user.user_settings);
    let managed = match meant {
        Some(hashed_id) => admin_settings::for_users(services, &hashed_id).await?,
        None => None,
    };
    Ok(Some(match managed {
        Some(managed) => merged(managed, own),
        None => own,
    }))
}

/// What admins set for the users of the account that the request names, before anybody signs in. Who only has the
/// account's hash, which anybody can make, is told which settings admins manage, and no value.
/// Outer `None` if it names none.
///
/// # Errors
/// If the account cannot be found out, a session comes along whose user is of another one, or the store fails.
pub async fn preload(
    services: &Services,
    session: Option<&Session>,
    account: Account,
) -> Result<Option<Option<Map<String, Value>>>, AccountError> {
    let user = match session {
        Some(session) => session.user(&*services.store).await?,
        None => None,
    };
    let (hashed_id, is_proven) = match (account.token, account.hashed_id) {
        (Some(token), _) => (accounts::account(services, &token, user.as_ref()).await?.hashed_id, true),
        (None, Some(hashed_id)) => {
            let own = user.and_then(|user| user.rc_account_id).map(|id| hashed(services, &id));
            let is_own = own.as_ref() == Some(&hashed_id);
            (hashed_id, is_own)
        }
        (None, None) => return Ok(None),
    };
    let managed = admin_settings::for_users(services, &hashed_id).await?;
    Ok(Some(if is_proven { managed } else { managed.map(without_values) }))
}

/// Which settings admins manage, and whether users may change them: what a page shows before anybody signs in.
fn without_values(managed: Map<String, Value>) -> Map<String, Value> {
    let shown = |setting: Value| {
        let mut shown = Map::new();
        for member in ["customizable", "isRemoved"] {
            if let Some(said @ Value::Bool(_)) = setting.get(member) {
                shown.insert(member.to_owned(), said.clone());
            }
        }
        Value::Object(shown)
    };
    managed.into_iter().map(|(key, setting)| (key, shown(setting))).collect()
}

/// Changes the own settings of the session's user: sets some keys, removes others. Gives them all;
/// `None` if there is no such user.
///
/// # Errors
/// If they would be too many or too long, or the store fails.
pub async fn change(
    services: &Services,
    session: &Session,
    set: Map<String, Value>,
    remove: &[String],
) -> Result<Option<Map<String, Value>>, SettingsError> {
    let Some(user) = session.user(&*services.store).await? else {
        return Ok(None);
    };
    let remove: HashSet<&str> = remove.iter().map(String::as_str).collect();
    let too_much = OnceLock::new();
    let change = |user: &mut User| {
        let before = user.user_settings.as_ref();
        let mut settings = object(before.cloned());
        // Clients in JavaScript read the object back: this key would be no key of theirs.
        settings.extend(set.clone().into_iter().filter(|(key, _)| key != "__proto__"));
        // One by one each removal would move everything behind it.
        settings.retain(|key, _| !remove.contains(key.as_str()));
        match stored_limits::check_settings(&settings, before.and_then(Value::as_object)) {
            Ok(()) => user.user_settings = Some(Value::Object(settings)),
            Err(error) => drop(too_much.set(error)),
        }
    };
    let user = user_record::change(services, &user.key, change).await?;
    match too_much.into_inner() {
        Some(error) => Err(error.into()),
        None => Ok(user.map(|user| object(user.user_settings))),
    }
}

fn object(settings: Option<Value>) -> Map<String, Value> {
    match settings {
        Some(Value::Object(settings)) => settings,
        _ => Map::new(),
    }
}

/// Admins win where they did not leave a setting to the users; what they removed is gone; what
/// they say nothing about is the user's (recordings 17, `bob-settings-merged`).
fn merged(managed: Map<String, Value>, mut own: Map<String, Value>) -> Map<String, Value> {
    let mut result = Map::with_capacity(managed.len() + own.len());
    // Taken out by one pass: one by one each removal would move everything behind it.
    let mut both: Map<String, Value> = Map::new();
    own.retain(|key, own| match managed.get(key) {
        Some(_) => {
            both.insert(key.clone(), own.take());
            false
        }
        None => true,
    });
    for (key, setting) in managed {
        let own = both.get_mut(&key).map(Value::take);
        if is_true(&setting, "isRemoved") {
            continue;
        }
        let chosen = match own {
            Some(own) if is_true(&setting, "customizable") => customized(own),
            _ => setting,
        };
        result.insert(key, chosen);
    }
    result.extend(own.into_iter().map(|(key, own)| (key, customized(own))));
    result
}

fn is_true(setting: &Value, member: &str) -> bool {
    setting.get(member) == Some(&Value::Bool(true))
}

/// A setting that is the user's own.
fn customized(mut own: Value) -> Value {
    let mut setting = Map::from_iter([("customizable".to_owned(), json!(true))]);
    for member in ["value", "defaultValue", "options"] {
        if let Some(value) = own.get_mut(member) {
            setting.insert(member.to_owned(), value.take());
        }
    }
    Value::Object(setting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(managed: Value, own: Value, expected: Value) {
        let merged = merged(object(Some(managed)), object(Some(own)));
        // As text: the order of keys is the recorded one.
        assert_eq!(Value::Object(merged).to_string(), expected.to_string());
    }

    #[test]
    fn admins_win_where_they_do_not_leave_it_to_users() {
        check(
            json!({
                "fixed": {"value": 1, "customizable": false}, "free": {"value": 2, "customizable": true},
                "unsaid": {"value": 3}, "gone": {"isRemoved": true}
            }),
            json!({
                "mine": {"value": 9, "options": [9], "other": 0}, "gone": {"value": 9}, "free": {"value": 8},
                "fixed": {"value": 7}, "unsaid": {"value": 6}
            }),
            json!({
                "fixed": {"value": 1, "customizable": false}, "free": {"customizable": true, "value": 8},
                "unsaid": {"value": 3}, "mine": {"customizable": true, "value": 9, "options": [9]}
            }),
        );
    }

    #[test]
    fn very_many_settings_are_merged_in_one_pass() {
        let settings = |from: usize| {
            (from..from + 100_000)
                .map(|key| (format!("k{key}"), json!({"value": key})))
                .collect::<Map<_, _>>()
        };
        let began = std::time::Instant::now();
        assert_eq!(merged(settings(0), settings(50_000)).len(), 150_000);
        // One removal after the other took minutes in a build like that of the tests.
        assert!(began.elapsed() < std::time::Duration::from_secs(10), "{:?}", began.elapsed());
    }

    #[test]
    fn settings_of_odd_shapes_merge() {
        check(
            json!({"a": 5, "b": null, "c": {"customizable": "yes"}}),
            json!({"a": {"value": 1}, "c": {"value": 1}, "d": 5}),
            json!({"a": 5, "b": null, "c": {"customizable": "yes"}, "d": {"customizable": true}}),
        );
    }
}
