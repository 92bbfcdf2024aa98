//! Which extension belongs to which user of a CRM: by e-mail address, else by name (Q82 to Q86).

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_json::{Value, json};

use super::{CrmUserEntry, ExtensionEntry, MappedUser};
use crate::engine::mapping::is_truthy;
use crate::engine::results::CrmUser;
use crate::engine::text::{id_text, to_text};
use crate::service::admin_settings::Mapping;
use crate::service::stored_ids::MAX_ID_BYTES;

/// The extensions of an account, by what is asked for.
pub(super) struct Extensions {
    list: Vec<Value>,
    by_id: HashMap<String, usize>,
    by_email: HashMap<String, usize>,
    by_name: HashMap<String, usize>,
    /// How many entries of the request are none: no objects, without an id, or with a very long one.
    pub(super) skipped: usize,
}

/// What the matching gives.
pub(super) struct Matched {
    /// Every user of the CRM with the extensions, in the order of the CRM.
    pub(super) users: Vec<MappedUser>,
    /// The mappings there were, and those that were found now.
    pub(super) mappings: Vec<Mapping>,
    /// Whether any was found now.
    pub(super) has_found: bool,
    /// How many users of the CRM have no id by which they could be mapped.
    pub(super) without_id: usize,
}

impl Extensions {
    /// From the list of a request. Of several with the same id, address or name the first counts.
    pub(super) fn new(sent: Vec<Value>) -> Self {
        let (mut by_id, mut by_email, mut by_name) = (HashMap::new(), HashMap::new(), HashMap::new());
        let (mut list, mut skipped) = (Vec::with_capacity(sent.len()), 0);
        for extension in sent {
            match extension.get("id").filter(|id| is_id(id)).and_then(id_text) {
                None => skipped += 1,
                Some(id) => {
                    if let Entry::Vacant(place) = by_id.entry(id) {
                        place.insert(list.len());
                        list.push(extension);
                    }
                }
            }
        }
        for (at, extension) in list.iter().enumerate() {
            let member = |name: &str| extension.get(name);
            if let Some(email) = member("email").and_then(folded) {
                by_email.entry(email).or_insert(at);
            }
            let names = [member("name").and_then(folded), folded(&joined_name(extension).into())];
            for name in names.into_iter().flatten() {
                by_name.entry(name).or_insert(at);
            }
        }
        Self { list, by_id, by_email, by_name, skipped }
    }

    /// Where the extension of a CRM user is: the address says more than the name (Q85).
    fn of(&self, user: &CrmUser) -> Option<usize> {
        let found = |value: &Option<Value>, index: &HashMap<String, usize>| {
            value.as_ref().and_then(folded).and_then(|text| index.get(&text).copied())
        };
        found(&user.email, &self.by_email).or_else(|| found(&user.name, &self.by_name))
    }

    fn entry(&self, at: usize) -> ExtensionEntry {
        let extension = &self.list[at];
        let name = extension.get("name").filter(|name| is_truthy(name)).cloned();
        ExtensionEntry {
            extension_id: extension.get("id").cloned().unwrap_or_default(),
            name: name.unwrap_or_else(|| joined_name(extension).into()),
            extension_number: or_empty(extension.get("extensionNumber")),
            email: or_empty(extension.get("email")),
        }
    }
}

/// Finds the extensions of CRM users. Mappings that there are hold, also those without an extension.
pub(super) fn matched(users: &[CrmUser], extensions: &Extensions, before: Vec<Mapping>) -> Matched {
    let mut known: HashMap<String, usize> = HashMap::new();
    for (at, mapping) in before.iter().enumerate() {
        if let Some(id) = id_text(&mapping.crm_user_id) {
            known.entry(id).or_insert(at);
        }
    }
    let mut matched =
        Matched { users: Vec::with_capacity(users.len()), mappings: before, has_found: false, without_id: 0 };
    let id_of = |user: &CrmUser| user.id.as_ref().filter(|id| is_id(id)).and_then(id_text);
    for user in users {
        let Some(id) = id_of(user) else {
            matched.without_id += 1;
            continue;
        };
        if let Entry::Vacant(place) = known.entry(id)
            && let Some(at) = extensions.of(user)
        {
            let found = mapping(place.key().clone(), &extensions.list[at]);
            place.insert(matched.mappings.len());
            matched.mappings.push(found);
            matched.has_found = true;
        }
    }
    // A CRM may list a user twice, and what is found by one entry holds for both.
    for user in users {
        let mapping = id_of(user).and_then(|id| known.get(&id)).map(|at| &matched.mappings[*at]);
        let at = mapping.map(|mapping| mapped(mapping, extensions)).unwrap_or_default();
        matched.users.push(MappedUser {
            crm_user: CrmUserEntry {
                id: user.id.clone(),
                name: or_empty(user.name.as_ref()),
                email: or_empty(user.email.as_ref()),
            },
            rc_user: at.into_iter().map(|at| extensions.entry(at)).collect(),
        });
    }
    matched
}

/// Those of a mapping's extensions that the account still has, in the order of the account.
fn mapped(mapping: &Mapping, extensions: &Extensions) -> Vec<usize> {
    let mut at: Vec<usize> =
        mapping.extensions().filter_map(|id| extensions.by_id.get(&id).copied()).collect();
    at.sort_unstable();
    at.dedup();
    at
}

fn mapping(crm_user_id: String, extension: &Value) -> Mapping {
    let extension = extension.get("id").and_then(id_text);
    Mapping {
        crm_user_id: crm_user_id.into(),
        rc_extension_id: extension.into_iter().map(Value::from).collect(),
    }
}

fn is_id(value: &Value) -> bool {
    id_text(value).is_some_and(|id| id.len() <= MAX_ID_BYTES)
}

/// First and last name, as far as they are there.
fn joined_name(extension: &Value) -> String {
    let parts = ["firstName", "lastName"].map(|part| extension.get(part).filter(|part| is_truthy(part)));
    let parts: Vec<_> = parts.into_iter().flatten().map(to_text).collect();
    parts.join(" ")
}

/// A text as it is compared: without case, and without blanks around it or doubled in it. Absent where there is
/// nothing to compare.
fn folded(value: &Value) -> Option<String> {
    if !matches!(value, Value::String(_) | Value::Number(_)) {
        return None;
    }
    let text = to_text(value);
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    Some(folded).filter(|folded| !folded.is_empty())
}

fn or_empty(value: Option<&Value>) -> Value {
    value.filter(|value| is_truthy(value)).cloned().unwrap_or_else(|| json!(""))
}

#[cfg(test)]
mod tests;
