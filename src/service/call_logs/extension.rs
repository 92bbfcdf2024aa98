//! Which extension a call is logged for. One session may be logged once for each extension that
//! took part in it (recordings 08 and 10, `extension-*`, `hash-*`).

use serde_json::Value;

use crate::engine::mapping::is_truthy;
use crate::engine::text::{id_text, to_text};
use crate::service::Services;
use crate::service::hashing::hashed;
use crate::store::{CallLog, Extension};

/// How a request names an extension: in its own members, or in those of the same names in `logInfo`.
#[derive(Debug, Clone, Copy)]
pub struct NamedExtension<'a> {
    /// Its number.
    pub number: Option<&'a Value>,
    /// The keyed hash of its id.
    pub hashed_id: Option<&'a Value>,
    /// Its id.
    pub id: Option<&'a Value>,
    /// The call.
    pub log_info: Option<&'a Value>,
}

impl NamedExtension<'_> {
    /// The extension. An id that is not hashed yet is hashed here.
    pub fn resolve(self, services: &Services) -> Extension {
        let given = |own, name: &str| {
            let of_call = self.log_info.and_then(|info| info.get(name));
            [own, of_call].into_iter().flatten()
        };
        // Zero is no id (recordings 25, `rc-zero`).
        let id = |own, name| given(own, name).find(|value| is_truthy(value)).and_then(named_id);
        Extension {
            number: given(self.number, "extensionNumber").find(|value| !value.is_null()).and_then(named_id),
            hashed_id: id(self.hashed_id, "hashedExtensionId")
                .or_else(|| id(self.id, "rcExtensionId").map(|id| hashed(services, &id))),
        }
    }
}

/// An id as text. Several are one that nobody has, and not none (recordings 25, `get-identity-twice`).
fn named_id(value: &Value) -> Option<String> {
    match value {
        Value::Array(_) => Some(to_text(value).into_owned()),
        _ => id_text(value),
    }
}

/// Whether a request names no extension.
pub fn is_unnamed(asked: &Extension) -> bool {
    asked.hashed_id.is_none() && asked.number.is_none()
}

/// How well a stored extension answers to the one that is asked for, the smaller the better;
/// `None` if it is another one. A log stored without any extension answers to every hashed id,
/// and whoever names no extension means any.
fn closeness(stored: &Extension, asked: &Extension) -> Option<u8> {
    match (&asked.hashed_id, &asked.number) {
        (Some(hashed_id), number) => {
            if stored.hashed_id.as_ref() == Some(hashed_id) {
                Some(0)
            } else if stored.hashed_id.is_some() {
                None
            } else if number.is_some() && stored.number == *number {
                Some(1)
            } else {
                stored.number.is_none().then_some(2)
            }
        }
        (None, Some(number)) => (stored.number.as_ref() == Some(number)).then_some(0),
        (None, None) => Some(0),
    }
}

/// Whether a log of one extension is the log that another asks for.
pub fn answers(stored: &Extension, asked: &Extension) -> bool {
    closeness(stored, asked).is_some()
}

/// The log of a session that an extension asks for; of several the oldest of the closest. Whoever names no extension
/// gets the first in the order of the hashes (recordings 25, `get-no-identity`).
pub fn find(mut logs: Vec<CallLog>, asked: &Extension) -> Option<CallLog> {
    if is_unnamed(asked) {
        logs.sort_by(|one, other| one.extension.hashed_id.cmp(&other.extension.hashed_id));
    }
    logs.into_iter()
        .filter_map(|log| Some((closeness(&log.extension, asked)?, log)))
        .min_by_key(|(closeness, _)| *closeness)
        .map(|(_, log)| log)
}
