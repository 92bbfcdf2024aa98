//! The other people of a group conversation, as the account knows them.

use serde_json::Value;

use crate::engine::text::id_text;
use crate::service::ResolvedPlatform;
use crate::service::contacts::cached;
use crate::store::User;

/// The cached contacts of a group's correspondents, each with its `phoneNumber`; none for the
/// contact that the record is made for, and none for numbers that nobody of the account has looked
/// up yet (Q39).
pub(super) async fn known(
    platform: &ResolvedPlatform<'_>,
    user: &User,
    correspondents: &[Value],
    contact_info: &Value,
) -> Vec<Value> {
    let mut known = Vec::new();
    for correspondent in correspondents {
        let number = correspondent.get("phoneNumber").and_then(Value::as_str);
        let Some(number) = number else { continue };
        let cached = cached::read(platform, user, number).await;
        let Some(Value::Object(mut contact)) = cached.and_then(|cached| cached.get(0).cloned()) else {
            continue;
        };
        let id = |value: Option<&Value>| value.and_then(id_text);
        let same_name = contact.get("name").is_some_and(|name| Some(name) == contact_info.get("name"));
        if same_name || id(contact.get("id")) == id(contact_info.get("id")) {
            continue;
        }
        contact.insert("phoneNumber".to_owned(), number.into());
        known.push(Value::Object(contact));
    }
    known
}
