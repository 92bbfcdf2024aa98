//! The trees of a sled store, and reading from them.

use std::{path::Path, sync::Arc};

use crate::store::{
    StoreError,
    codec::{self, Row, Table},
};

/// Cheap to clone: handles on one database.
#[derive(Clone)]
pub(super) struct Trees {
    /// The default tree holds the store's own marks.
    pub(super) db: sled::Db,
    /// In the order of [`Table::ALL`].
    tables: [sled::Tree; Table::ALL.len()],
    path: Arc<Path>,
}

impl Trees {
    /// The trees of the database in the directory `path`.
    pub(super) fn of(db: sled::Db, path: &Path) -> sled::Result<Self> {
        let open = |table: Table| db.open_tree(table.name());
        let [users, call_logs, contacts, conversations, message_logs, claims, documents] =
            Table::ALL.map(open);
        let tables = [users?, call_logs?, contacts?, conversations?, message_logs?, claims?, documents?];
        Ok(Self { tables, db, path: path.into() })
    }

    pub(super) fn tree(&self, table: Table) -> &sled::Tree {
        &self.tables[table as usize]
    }

    pub(super) fn is_empty(&self) -> bool {
        Table::ALL.iter().all(|table| self.tree(*table).is_empty())
    }

    pub(super) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.tree(table).get(key);
        found.map(|value| value.map(|value| value.to_vec())).map_err(|error| self.unreadable(table, error))
    }

    /// Every row whose key begins with `prefix`, in the order of keys.
    pub(super) fn rows<'a>(
        &'a self,
        table: Table,
        prefix: &[u8],
    ) -> impl Iterator<Item = Result<Row, StoreError>> + 'a {
        self.tree(table).scan_prefix(prefix).map(move |entry| {
            let (key, value) = entry.map_err(|error| self.unreadable(table, error))?;
            Ok(Row { table, key: key.to_vec(), value: value.to_vec() })
        })
    }

    /// All rows of all tables.
    pub(super) fn all_rows(&self) -> impl Iterator<Item = Result<Row, StoreError>> + '_ {
        Table::ALL.into_iter().flat_map(|table| self.rows(table, b""))
    }

    fn unreadable(&self, table: Table, error: sled::Error) -> StoreError {
        match error {
            sled::Error::Corruption { .. } => codec::damaged(table, "its page fails its checksum"),
            error => failed(&format!("reading {}", table.name()), &self.path, error),
        }
    }
}

/// Sorts an error of sled's, met while doing `what` under the store at `path`.
pub(super) fn failed(what: &str, path: &Path, error: sled::Error) -> StoreError {
    match error {
        sled::Error::Io(error) => StoreError::io(what, path, &error),
        sled::Error::Corruption { .. } => StoreError::Corrupt {
            what: format!("the store at {}", path.display()),
            why: "a page fails its checksum".to_owned(),
        },
        error => StoreError::Unavailable {
            what: format!("{what} ({})", path.display()),
            why: error.to_string(),
            mend: "Restart the server; if it happens again, restore the store from an export".to_owned(),
        },
    }
}
