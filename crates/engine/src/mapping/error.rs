//! What a mapping did not find, and why there may be no result at all.

use std::fmt;

use serde::Serialize;

use crate::failure::Failure;

/// Something in a reply that a path did not find as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MappingProblem {
    /// The key of the mapping, such as `item.idPath`.
    pub key: String,
    /// The path as the document writes it, or the default that stands for it.
    pub path: String,
    /// What was found there instead, in words: never a value.
    pub found: String,
    /// Whether the result is not whole without it, such as a record without an id. What is
    /// not, is some field that nobody may miss.
    #[serde(skip)]
    pub is_essential: bool,
    /// How many items of a list there are, if not all of them were taken.
    #[serde(skip)]
    pub of_items: Option<usize>,
}

/// As a sentence: `item.namePath (full_name) found nothing`.
impl fmt::Display for MappingProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}) found {}", self.key, self.path, self.found)
    }
}

/// A reply that cannot be mapped at all.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MapError {
    /// The reply is not JSON.
    #[error("{0}")]
    NotJson(Box<Failure>),
    /// The list path does not name a list.
    #[error("the list path `{path}` names {found}, not a list{advice}")]
    NotAList {
        /// The path.
        path: String,
        /// What was found.
        found: String,
        /// What to write instead, as a clause that goes on; may be empty.
        advice: String,
    },
    /// The list has items, and none of them can be used.
    #[error("{}of the list has an id at `{path}` (found {found})", of_items(*count))]
    NoItemId {
        /// The path of the id within an item.
        path: String,
        /// How many items there are.
        count: usize,
        /// What was found there instead, in words: never a value.
        found: String,
    },
    /// Mapping the reply takes too much work.
    #[error(
        "mapping the reply takes more than {limit} steps: ask for fewer records at a time, or write simpler paths \
         and templates"
    )]
    TooManySteps {
        /// The limit in steps (values that are looked at).
        limit: u64,
    },
    /// The reply to a creation has no id, and the document does not say that there is none.
    #[error("{0}")]
    NoRecordId(Box<Failure>),
    /// The user's id is not where the document says.
    #[error("the reply has no user id at {path} (found {found})")]
    NoUserId {
        /// The path, or a word that there is none.
        path: String,
        /// What was found.
        found: String,
    },
}

fn of_items(count: usize) -> String {
    if count == 1 { "no item ".to_owned() } else { format!("none of the {count} items ") }
}
