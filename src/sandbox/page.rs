//! Lists in pages: `?limit=` (1 to 100, 25 if absent) and `?cursor=` (opaque, from `next_cursor`).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::input::Input;
use super::reply::ApiError;

const LARGEST: u64 = 100;
const USUAL: u64 = 25;

/// Which part of a list a client asked for.
pub(super) struct Page {
    limit: usize,
    /// The id of the last record of the page before.
    after: Option<String>,
}

impl Page {
    /// Reads `limit` and `cursor` as the last parameters and refuses what is left over.
    pub(super) fn read(mut input: Input) -> Result<Self, ApiError> {
        let mut limit = None;
        input.count("limit", &mut limit);
        let limit = limit.unwrap_or(USUAL);
        if !(1..=LARGEST).contains(&limit) {
            input.problem("limit", format!("must be from 1 to {LARGEST}"));
        }
        let mut cursor = None;
        input.text("cursor", &mut cursor);
        let after = cursor.map(|cursor| {
            let id = URL_SAFE_NO_PAD.decode(cursor).ok();
            id.and_then(|id| String::from_utf8(id).ok())
        });
        if after == Some(None) {
            input.problem("cursor", "is not a cursor of this list");
        }
        input.finish()?;
        Ok(Self { limit: usize::try_from(limit).unwrap_or(usize::MAX), after: after.flatten() })
    }

    /// `{"<name>":[…],"next_cursor":…}`; the cursor is null on the last page.
    pub(super) fn of<T: Serialize>(&self, name: &str, rows: &[(&str, &T)]) -> Result<Value, ApiError> {
        let start = match &self.after {
            None => 0,
            Some(after) => {
                let found = rows.iter().position(|(id, _)| id == after);
                let problem = || ("cursor".to_owned(), "is not a cursor of this list".to_owned());
                found.ok_or_else(|| ApiError::invalid(vec![problem()]))? + 1
            }
        };
        let rest = rows.get(start..).unwrap_or_default();
        let page = rest.get(..self.limit).unwrap_or(rest);
        let last = page.last().filter(|_| page.len() < rest.len());
        let mut list = Map::new();
        let records: Vec<&T> = page.iter().map(|&(_, row)| row).collect();
        list.insert(name.to_owned(), json!(records));
        list.insert("next_cursor".to_owned(), last.map(|(id, _)| URL_SAFE_NO_PAD.encode(id)).into());
        Ok(Value::Object(list))
    }
}
