//! API tokens: 256 random bits each, shown once, kept as a digest.
//!
//! A token is written `acx_<id>_<secret>`. The id is no secret: it finds the record, and names the token
//! in lists and in the audit log.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

use super::Refused;
use super::audit::{self, Event};
use super::caller::{Caller, TokenScope};
use crate::engine::time::to_iso;
use crate::hex::hex;
use crate::members::{Member, Wrong, members};
use crate::random_id::{NoRandomness, random_hex};
use crate::secret::Secret;
use crate::service::clock::Clock;
use crate::store::{DocumentChange, DocumentKind, Key, Prefix, Store, StoreError, StoredDocument, Versioned};

/// What every token begins with, so that people and scanners know one when they see it.
const PREFIX: &str = "acx_";

/// The longest name, in characters.
const MAX_NAME: usize = 100;

/// The longest validity: ten years.
const MAX_DAYS: i64 = 3_650;

const DAY: i64 = 24 * 3_600 * 1_000;

/// As it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    id: String,
    name: String,
    scopes: BTreeSet<TokenScope>,
    /// SHA-256 of the secret, hexadecimal. Nobody guesses 256 random bits, so there is nothing that a
    /// slow digest would protect.
    digest: String,
    created_at: i64,
    rotated_at: Option<i64>,
    valid_until: Option<i64>,
}

impl StoredDocument for Stored {
    const KIND: DocumentKind = DocumentKind::ApiToken;
}

/// A token as people see it: without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ApiToken")]
pub struct Token {
    /// Its id, which is part of the token.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: BTreeSet<TokenScope>,
    /// When it was made, ISO 8601.
    pub created_at: String,
    /// When its secret was replaced last, ISO 8601; absent if it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotated_at: Option<String>,
    /// Until when it is valid, ISO 8601; absent if it has no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
    /// Whether that is over.
    pub is_expired: bool,
}

/// A token with the text that is shown this once.
#[derive(Debug)]
pub struct Issued {
    /// The token.
    pub token: Token,
    /// The whole text.
    pub secret: Secret,
}

members! {
    /// An API token to make.
    #[derive(Debug, Clone, Default)]
    #[schemars(rename = "NewApiToken")]
    pub struct NewToken {
        /// What it is for.
        #[schemars(length(min = 1, max = 100))]
        name as "name": String,
        /// What it may do.
        #[schemars(length(min = 1))]
        scopes as "scopes": BTreeSet<TokenScope>,
        /// How many days it is valid; without it, until it is revoked.
        #[schemars(with = "Option<u32>", range(min = 1, max = 3650))]
        valid_days as "validDays": Option<u64>,
    }
}

members! {
    /// How a token's secret is replaced.
    #[derive(Debug)]
    #[schemars(rename = "ApiTokenRotation")]
    pub struct Rotation {
        /// How many days it is valid from now on; without it, as long as before.
        #[schemars(with = "Option<u32>", range(min = 1, max = 3650))]
        valid_days as "validDays": Option<u64>,
    }
}

/// None is an empty set, which no token may have.
impl Member for BTreeSet<TokenScope> {
    fn read(name: &'static str, value: Option<Value>) -> Result<Self, Wrong> {
        let names: Option<Vec<Value>> = Member::read(name, value)?;
        let scope = |name: Value| name.as_str().and_then(TokenScope::parse);
        names.unwrap_or_default().into_iter().map(scope).collect::<Option<_>>().ok_or_else(|| {
            let known = TokenScope::ALL.map(TokenScope::as_str).join(", ");
            let message = format!("`{name}` has an unknown item; the scopes are {known}.");
            Wrong::Content { name, message }
        })
    }
}

/// Why a token cannot be made or changed.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// What is asked for is no token.
    #[error("{message}")]
    Invalid {
        /// Which part of it.
        at: &'static str,
        /// What is wrong and how to mend it.
        message: String,
    },
    /// There is none with this id.
    #[error("There is no API token with the id \"{0}\".")]
    Unknown(String),
    /// No random bytes.
    #[error("The system gives no random numbers.")]
    NoRandomness(#[from] NoRandomness),
    /// The store failed.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// Makes a token.
///
/// # Errors
/// If the name, the scopes or the validity cannot be meant, or the store fails.
pub async fn create(
    store: &dyn Store,
    clock: &Clock,
    by: &Caller,
    new: NewToken,
) -> Result<Issued, TokenError> {
    let name = checked_name(&new.name)?;
    if new.scopes.is_empty() {
        return Err(invalid("scopes", "A token needs at least one scope: read, edit, activate or admin."));
    }
    let now = clock.now_ms();
    loop {
        let (id, secret) = (random_hex::<8>()?, random_hex::<32>()?);
        let stored = Stored {
            digest: digest_of(&secret),
            name: name.clone(),
            scopes: new.scopes.clone(),
            created_at: now,
            rotated_at: None,
            valid_until: valid_until(new.valid_days, now)?,
            id,
        };
        let event = Event::new(
            by,
            "token.create",
            target(&stored.id),
            json!({"name": name, "scopes": stored.scopes, "validUntil": iso(stored.valid_until)}),
        );
        // An id that is taken already is no reason to fail.
        if audit::commit(store, clock, &event, vec![DocumentChange::create(&key(&stored.id), &stored)?])
            .await?
        {
            return Ok(issued(stored, &secret, now));
        }
    }
}

/// All tokens, by id.
///
/// # Errors
/// If the store fails.
pub async fn list(store: &dyn Store, clock: &Clock) -> Result<Vec<Token>, StoreError> {
    let now = clock.now_ms();
    let mut all: Vec<Stored> = store.list(&Prefix::all()).await?;
    all.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    Ok(all.into_iter().map(|stored| shown(stored, now)).collect())
}

/// Ends a token at once.
///
/// # Errors
/// If there is none, or the store fails.
pub async fn revoke(store: &dyn Store, clock: &Clock, by: &Caller, id: &str) -> Result<Token, TokenError> {
    loop {
        let (before, stored) = find(store, id).await?;
        let event = Event::new(by, "token.revoke", target(id), json!({"name": stored.name}));
        if audit::commit(store, clock, &event, vec![before.removed()]).await? {
            return Ok(shown(stored, clock.now_ms()));
        }
    }
}

/// Replaces a token's secret; the old one ends at once. With a number of days the validity begins
/// anew, without one it stays.
///
/// # Errors
/// If there is no such token, it would be expired at once, or the store fails.
pub async fn rotate(
    store: &dyn Store,
    clock: &Clock,
    by: &Caller,
    id: &str,
    valid_days: Option<u64>,
) -> Result<Issued, TokenError> {
    let now = clock.now_ms();
    loop {
        let (before, mut stored) = find(store, id).await?;
        let secret = random_hex::<32>()?;
        stored.digest = digest_of(&secret);
        stored.rotated_at = Some(now);
        stored.valid_until = valid_until(valid_days, now)?.or(stored.valid_until);
        if is_expired(&stored, now) {
            return Err(invalid(
                "validDays",
                "The token has expired: say for how many days it is to be valid from now on.",
            ));
        }
        let detail = json!({"name": stored.name, "validUntil": iso(stored.valid_until)});
        let event = Event::new(by, "token.rotate", target(id), detail);
        if audit::commit(store, clock, &event, vec![before.changed_to(&stored)?]).await? {
            return Ok(issued(stored, &secret, now));
        }
    }
}

/// Whether there is any token.
pub(super) async fn exist(store: &dyn Store) -> Result<bool, StoreError> {
    store.holds_any::<Stored>(&Prefix::all()).await
}

/// The token that somebody means, whose secret is still to be compared.
pub(super) struct Meant(Stored);

/// The token that a text means by its id, where there is one.
pub(super) async fn meant(store: &dyn Store, presented: &Secret) -> Result<Option<Meant>, StoreError> {
    match parts(presented) {
        Some((id, _)) => Ok(store.get(&key(id)).await?.map(Meant)),
        None => Ok(None),
    }
}

/// The id and the secret of a token.
fn parts(presented: &Secret) -> Option<(&str, &str)> {
    let parts = presented.expose().strip_prefix(PREFIX)?.split_once('_')?;
    Some(parts).filter(|(id, _)| id.len() == 16)
}

impl Meant {
    pub(super) fn id(&self) -> &str {
        &self.0.id
    }

    /// Who holds the token. Takes the same time wherever two secrets differ.
    pub(super) fn open(self, presented: &Secret, now: i64) -> Result<Caller, Refused> {
        let Self(stored) = self;
        let digest = parts(presented).map(|(_, secret)| digest_of(secret)).unwrap_or_default();
        if !bool::from(digest.as_bytes().ct_eq(stored.digest.as_bytes())) {
            return Err(Refused::Wrong);
        }
        if is_expired(&stored, now) {
            return Err(Refused::Expired);
        }
        Ok(Caller { token_id: stored.id, name: stored.name, scopes: stored.scopes, request_id: None })
    }
}

fn invalid(at: &'static str, message: impl Into<String>) -> TokenError {
    TokenError::Invalid { at, message: message.into() }
}

fn checked_name(name: &str) -> Result<String, TokenError> {
    let name = name.trim();
    let is_plain = !name.chars().any(char::is_control);
    if name.is_empty() || name.chars().count() > MAX_NAME || !is_plain {
        return Err(invalid(
            "name",
            format!("A token needs a name of 1 to {MAX_NAME} characters on one line."),
        ));
    }
    Ok(name.to_owned())
}

fn valid_until(days: Option<u64>, now: i64) -> Result<Option<i64>, TokenError> {
    // What does not fit is longer than any validity.
    match days.map(|days| i64::try_from(days).unwrap_or(i64::MAX)) {
        None => Ok(None),
        Some(days @ 1..=MAX_DAYS) => Ok(Some(now + days * DAY)),
        Some(_) => Err(invalid("validDays", format!("A token is valid for 1 to {MAX_DAYS} days."))),
    }
}

fn is_expired(stored: &Stored, now: i64) -> bool {
    stored.valid_until.is_some_and(|until| until <= now)
}

fn digest_of(secret: &str) -> String {
    hex(digest(&SHA256, secret.as_bytes()).as_ref())
}

fn target(id: &str) -> String {
    format!("token/{id}")
}

fn key(id: &str) -> Key<Stored> {
    Key::new([Some(id.to_owned())])
}

async fn find(store: &dyn Store, id: &str) -> Result<(Versioned<Stored>, Stored), TokenError> {
    let mut found = store.versioned(&key(id)).await?;
    let stored = found.content.take().ok_or_else(|| TokenError::Unknown(id.to_owned()))?;
    Ok((found, stored))
}

fn issued(stored: Stored, secret: &str, now: i64) -> Issued {
    let secret = Secret::from(format!("{PREFIX}{}_{secret}", stored.id));
    Issued { token: shown(stored, now), secret }
}

fn shown(stored: Stored, now: i64) -> Token {
    let is_expired = is_expired(&stored, now);
    Token {
        created_at: iso(Some(stored.created_at)).unwrap_or_default(),
        rotated_at: iso(stored.rotated_at),
        valid_until: iso(stored.valid_until),
        id: stored.id,
        name: stored.name,
        scopes: stored.scopes,
        is_expired,
    }
}

fn iso(milliseconds: Option<i64>) -> Option<String> {
    Timestamp::from_millisecond(milliseconds?).ok().map(to_iso)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store;

    #[test]
    fn a_token_is_stored_as_it_was() {
        let token = Stored {
            id: "0a".to_owned(),
            name: "ci".to_owned(),
            scopes: BTreeSet::from([TokenScope::Edit]),
            digest: "d".to_owned(),
            created_at: 1,
            rotated_at: None,
            valid_until: Some(2),
        };
        let form = r#"{"id":"0a","name":"ci","scopes":["edit"],"digest":"d","createdAt":1,"rotatedAt":null,"validUntil":2}"#;
        store::assert_stored_as(&key("0a"), &token, "consoleToken/0a", form);
    }

    #[tokio::test]
    async fn a_token_is_valid_until_its_day() {
        let (store, _folder) = store::testing::empty().await;
        let by = Caller::command_line();
        let new = NewToken {
            name: "ci".to_owned(),
            scopes: BTreeSet::from([TokenScope::Edit]),
            valid_days: Some(2),
        };
        let made = 1_760_000_000_000;
        let (clock, _) = Clock::by_hand(made);
        let issued = create(&*store, &clock, &by, new).await.unwrap();
        let opens = async |secret: &Secret, at: i64| match meant(&*store, secret).await.unwrap() {
            Some(meant) => meant.open(secret, at),
            None => Err(Refused::Wrong),
        };
        let caller = opens(&issued.secret, made + 2 * DAY - 1).await.unwrap();
        assert_eq!((caller.name.as_str(), caller.scopes), ("ci", BTreeSet::from([TokenScope::Edit])));
        let later = made + 3 * DAY;
        assert!(matches!(opens(&issued.secret, later).await, Err(Refused::Expired)));
        // Who does not have the secret is not told that it has expired.
        for wrong in ["acx_", "acx_x", "", &format!("acx_{}_0", issued.token.id), "acx_0000000000000000_0"] {
            assert!(matches!(opens(&Secret::new(wrong), later).await, Err(Refused::Wrong)), "{wrong}");
        }
        let rotated = rotate(&*store, &clock, &by, &issued.token.id, Some(10)).await.unwrap();
        assert!(opens(&rotated.secret, later).await.is_ok());
    }
}
