//! The call-down list: whom a user means to call.

mod requests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use jiff::Timestamp;

pub use self::requests::{ChangeCallDownRequest, ScheduleCallDownRequest};
use super::Services;
use super::session::Session;
use super::stored_limits::{Limit, TooMuch};
use crate::engine::text::to_text;
use crate::engine::time::{parse_instant, to_iso};
use crate::members::Given;
use crate::random_id::{NoRandomness, random_hex};
use crate::store::{DocumentKind, Key, Prefix, StoreError, StoredDocument, User, UserKey};

/// How many items a user's list has.
const MOST_ITEMS: Limit = Limit {
    what: "The call-down list",
    unit: "items",
    most: 1000,
    mend: "Remove what was called (DELETE /calldown/{id}).",
};

/// How long a note is.
const MOST_OF_NOTE: Limit =
    Limit { what: "The note (note)", unit: "bytes", most: 8 * 1024, mend: "Shorten it." };

/// How long any other text of an item is.
const MOST_OF_TEXT: Limit = Limit {
    what: "A text of the item (contactId, contactType, contactName, phoneNumber or status)",
    unit: "bytes",
    most: 1024,
    mend: "Shorten it.",
};

/// A date as a client gave it. One that cannot be read is kept as such: it is shown as none, and
/// sorts last where none sorts first (recordings 18, `list`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Date {
    /// None was given.
    #[default]
    Absent,
    /// Milliseconds since 1970.
    At(i64),
    /// It cannot be read.
    Unreadable,
}

impl Date {
    /// Null, empty text, false and 0 are none, as on the reference server.
    fn read(value: &Value) -> Self {
        match value {
            Value::Null | Value::Bool(false) => Self::Absent,
            Value::String(text) if text.is_empty() => Self::Absent,
            Value::Number(number) if number.as_f64() == Some(0.0) => Self::Absent,
            other => {
                parse_instant(other).map_or(Self::Unreadable, |instant| Self::At(instant.as_millisecond()))
            }
        }
    }

    fn shown(self) -> Option<String> {
        match self {
            Self::At(milliseconds) => iso(milliseconds),
            Self::Absent | Self::Unreadable => None,
        }
    }
}

fn iso(milliseconds: i64) -> Option<String> {
    Timestamp::from_millisecond(milliseconds).ok().map(to_iso)
}

/// An item as it is stored. Name, number and note are kept (Q20).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stored {
    id: String,
    contact_id: Option<String>,
    contact_type: Option<String>,
    contact_name: Option<String>,
    phone_number: Option<String>,
    note: Option<String>,
    status: Option<String>,
    scheduled_at: Date,
    last_call_at: Date,
    created_at: i64,
    pub(crate) updated_at: i64,
}

impl StoredDocument for Stored {
    const KIND: DocumentKind = DocumentKind::CallDown;
}

/// An item as clients see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CallDownItem")]
pub struct Item {
    /// Its id.
    pub id: String,
    /// The user whose list it is on.
    pub user_id: String,
    /// The CRM's id of the contact.
    pub contact_id: Option<String>,
    /// The CRM's type of the contact.
    pub contact_type: Option<String>,
    /// The contact's name; absent where none was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_name: Option<String>,
    /// The number to call; absent where none was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// What to remember; absent where none was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// `scheduled`, `called`, or whatever a client wrote.
    pub status: Option<String>,
    /// When to call, ISO 8601.
    pub scheduled_at: Option<String>,
    /// When the contact was called last, ISO 8601.
    pub last_call_at: Option<String>,
    /// Created at, ISO 8601.
    pub created_at: Option<String>,
    /// Last changed at, ISO 8601.
    pub updated_at: Option<String>,
}

/// Why the list cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum CallDownError {
    /// There is no such user.
    #[error("User not found")]
    UnknownUser,
    /// The user has no such item.
    #[error("Not found")]
    UnknownItem,
    /// The change names no field of an item.
    #[error("No valid fields to update")]
    NothingToChange,
    /// The list or a text would be too long.
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
    /// No random bytes for an id.
    #[error("The system gives no random numbers.")]
    NoRandomness(#[from] NoRandomness),
    /// The store failed.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// Puts a contact on the user's list; gives the item's id.
///
/// # Errors
/// If the user is unknown, the list is full, a text is too long, or the store fails.
pub async fn schedule(
    services: &Services,
    session: &Session,
    submitted: &ScheduleCallDownRequest,
) -> Result<String, CallDownError> {
    let user = session.user(&*services.store).await?.ok_or(CallDownError::UnknownUser)?;
    let now = services.clock.now_ms();
    let item = Stored {
        id: new_id()?,
        contact_id: text(submitted.contact_id.as_deref()),
        contact_type: Some(text(submitted.contact_type.as_deref()).unwrap_or_else(|| "contact".to_owned())),
        contact_name: filled(submitted.contact_name.as_deref()),
        phone_number: filled(submitted.phone_number.as_deref()),
        note: filled(submitted.note.as_deref()),
        status: Some("scheduled".to_owned()),
        scheduled_at: submitted.scheduled_at.as_deref().map(Date::read).unwrap_or_default(),
        last_call_at: Date::Absent,
        created_at: now,
        updated_at: now,
    };
    item.check(None)?;
    let items = services.store.list(&items_of(&user.key)).await?.len();
    MOST_ITEMS.check(items + 1, 0)?;
    services.store.save(&item_key(&user.key, &item.id), &item).await?;
    Ok(item.id)
}

/// The user's list: items without a date first, then by date. `called` and `not called` (also
/// `not_called`, `notcalled`, in any case) choose; any other status is the whole list. A user who
/// is not known has an empty one (recordings 16).
///
/// # Errors
/// If the store fails.
pub async fn list(
    services: &Services,
    session: &Session,
    status: Option<&str>,
) -> Result<Vec<Item>, CallDownError> {
    let Some(user) = session.user(&*services.store).await? else {
        return Ok(Vec::new());
    };
    let wanted = match status.map(str::to_lowercase).as_deref() {
        Some("called") => Some(true),
        Some("not called" | "not_called" | "notcalled") => Some(false),
        _ => None,
    };
    let mut items = services.store.list(&items_of(&user.key)).await?;
    items.retain(|item| wanted.is_none_or(|called| (item.status.as_deref() == Some("called")) == called));
    // Ids begin with the time of creation, and the store sorts by them: of equal dates the older
    // item comes first.
    items.sort_by_key(|item| item.scheduled_at);
    Ok(items.into_iter().map(|item| shown(item, &user)).collect())
}

/// Changes an item; members that are no fields of one are passed over.
///
/// # Errors
/// If the user has no such item, nothing is to be changed, a text is too long, or the store fails.
pub async fn change(
    services: &Services,
    session: &Session,
    id: &str,
    changes: &ChangeCallDownRequest,
) -> Result<(), CallDownError> {
    if changes.is_empty() {
        return Err(CallDownError::NothingToChange);
    }
    let user = session.user(&*services.store).await?.ok_or(CallDownError::UnknownItem)?;
    let key = item_key(&user.key, id);
    let _turn = services.record_locks.take(&key).await;
    loop {
        let before = services.store.versioned(&key).await?;
        let mut item = before.content.clone().ok_or(CallDownError::UnknownItem)?;
        changes.apply(&mut item);
        item.check(before.content.as_ref())?;
        item.updated_at = services.clock.now_ms();
        if services.store.change_documents(&[before.changed_to(&item)?]).await? {
            return Ok(());
        }
    }
}

impl Stored {
    /// Whether it may take the place of what there was.
    fn check(&self, before: Option<&Self>) -> Result<(), TooMuch> {
        type Text = fn(&Stored) -> &Option<String>;
        let length = |of: Text, item: &Self| of(item).as_ref().map_or(0, String::len);
        let check =
            |limit: Limit, of: Text| limit.check(length(of, self), before.map_or(0, |item| length(of, item)));
        check(MOST_OF_NOTE, |item| &item.note)?;
        let others: [Text; 5] = [
            |item| &item.contact_id,
            |item| &item.contact_type,
            |item| &item.contact_name,
            |item| &item.phone_number,
            |item| &item.status,
        ];
        others.into_iter().try_for_each(|of| check(MOST_OF_TEXT, of))
    }
}

impl ChangeCallDownRequest {
    fn apply(&self, item: &mut Stored) {
        type Read<T> = fn(&Value) -> T;
        fn set<T>(slot: &mut T, given: &Option<Given<String>>, read: Read<T>) {
            if let Some(value) = given.as_deref() {
                *slot = read(value);
            }
        }
        let any: Read<Option<String>> = |value| text(Some(value));
        let said: Read<Option<String>> = |value| filled(Some(value));
        set(&mut item.contact_id, &self.contact_id, any);
        set(&mut item.contact_type, &self.contact_type, any);
        set(&mut item.contact_name, &self.contact_name, said);
        set(&mut item.phone_number, &self.phone_number, said);
        set(&mut item.note, &self.note, said);
        set(&mut item.status, &self.status, any);
        set(&mut item.scheduled_at, &self.scheduled_at, Date::read);
        set(&mut item.last_call_at, &self.last_call_at, Date::read);
    }
}

/// Takes an item off the user's list.
///
/// # Errors
/// If the user has no such item, or the store fails.
pub async fn remove(services: &Services, session: &Session, id: &str) -> Result<(), CallDownError> {
    let user = session.user(&*services.store).await?.ok_or(CallDownError::UnknownItem)?;
    let key = item_key(&user.key, id);
    let _turn = services.record_locks.take(&key).await;
    if services.store.delete(&key).await? { Ok(()) } else { Err(CallDownError::UnknownItem) }
}

/// A row of the reference's table `callDownLists` as it is stored here, and where. The reference keeps
/// neither name nor number nor note (Q20).
pub(crate) fn imported(
    user: &UserKey,
    id: String,
    row: &Value,
    created_at: i64,
    updated_at: i64,
) -> (Key<Stored>, Stored) {
    let date = |name: &str| row.get(name).map(Date::read).unwrap_or_default();
    let item = Stored {
        contact_id: text(row.get("contactId")),
        contact_type: text(row.get("contactType")),
        contact_name: filled(row.get("contactName")),
        phone_number: filled(row.get("phoneNumber")),
        note: filled(row.get("note")),
        status: text(row.get("status")),
        scheduled_at: date("scheduledAt"),
        last_call_at: date("lastCallAt"),
        created_at,
        updated_at,
        id,
    };
    (item_key(user, &item.id), item)
}

fn items_of(user: &UserKey) -> Prefix<Stored> {
    Prefix::new([Some(user.platform.clone()), user.proxy_id.clone(), Some(user.id.clone())])
}

fn item_key(user: &UserKey, id: &str) -> Key<Stored> {
    items_of(user).key([Some(id.to_owned())])
}

fn shown(item: Stored, user: &User) -> Item {
    Item {
        id: item.id,
        user_id: user.key.id.clone(),
        contact_id: item.contact_id,
        contact_type: item.contact_type,
        contact_name: item.contact_name,
        phone_number: item.phone_number,
        note: item.note,
        status: item.status,
        scheduled_at: item.scheduled_at.shown(),
        last_call_at: item.last_call_at.shown(),
        created_at: iso(item.created_at),
        updated_at: iso(item.updated_at),
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    value.filter(|value| !value.is_null()).map(|value| to_text(value).into_owned())
}

/// Text that says something.
fn filled(value: Option<&Value>) -> Option<String> {
    text(value).filter(|text| !text.is_empty())
}

/// 32 hexadecimal digits: the time in nanoseconds, and 64 random bits.
fn new_id() -> Result<String, NoRandomness> {
    let nanoseconds = u64::try_from(Timestamp::now().as_nanosecond()).unwrap_or_default();
    Ok(format!("{nanoseconds:016x}{}", random_hex::<8>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::assert_stored_as;
    use serde_json::json;

    #[test]
    fn dates_sort_as_recorded() {
        let absent = [json!(null), json!(""), json!(0), json!(false)].map(|value| Date::read(&value));
        assert_eq!(absent, [Date::Absent; 4]);
        let read = Date::read(&json!("2024-01-01T10:00:00.000Z"));
        assert_eq!((read, Date::read(&json!(1_704_103_200_000_i64))), (Date::At(1_704_103_200_000), read));
        let unreadable = [json!("nope"), json!({}), json!(true)].map(|value| Date::read(&value));
        assert_eq!(unreadable, [Date::Unreadable; 3]);
        assert!(Date::Absent < read && read < Date::Unreadable);
        assert_eq!(read.shown().as_deref(), Some("2024-01-01T10:00:00.000Z"));
        assert_eq!(Date::Unreadable.shown(), None);
    }

    #[test]
    fn an_item_is_stored_as_it_was() {
        let user =
            UserKey { id: "7-crm".to_owned(), platform: "crm".to_owned(), proxy_id: Some("acme".to_owned()) };
        let row = json!({"contactId": "c", "scheduledAt": "2024-01-01T10:00:00.000Z", "lastCallAt": "?"});
        let (key, item) = imported(&user, "i".to_owned(), &row, 1, 2);
        let form = r#"{"id":"i","contact_id":"c","contact_type":null,"contact_name":null,"phone_number":null,"note":null,"status":null,"scheduled_at":{"At":1704103200000},"last_call_at":"Unreadable","created_at":1,"updated_at":2}"#;
        assert_stored_as(&key, &item, "callDown/crm/acme/7-crm/i", form);
    }

    #[test]
    fn ids_are_new_and_in_the_order_of_time() {
        let ids: Vec<_> = (0..100).map(|_| new_id().unwrap()).collect();
        assert!(ids.iter().all(|id| id.len() == 32));
        assert!(ids.windows(2).all(|pair| pair[0][..16] <= pair[1][..16] && pair[0] != pair[1]));
    }
}
