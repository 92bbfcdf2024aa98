//! The trees of a sled store, and reading from them.

use std::{ops::Bound, path::Path, sync::Arc};

use tokio::sync::mpsc;

use crate::store::{
    StoreError,
    codec::{self, Row, Table},
    row_store::{PAGE, PAGE_BYTES, Scanned},
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
        self.tree(table).scan_prefix(prefix).map(move |entry| self.row(table, entry))
    }

    /// As [`Trees::rows`], those after the key `after` if one is given.
    pub(super) fn rows_after(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
    ) -> impl Iterator<Item = Result<Row, StoreError>> {
        let begin = after.map_or(Bound::Included(prefix), Bound::Excluded);
        let range = self.tree(table).range::<&[u8], _>((begin, Bound::Unbounded));
        range
            .map(move |entry| self.row(table, entry))
            .take_while(move |row| row.as_ref().map_or(true, |row| row.key.starts_with(prefix)))
    }

    /// Sends every row of every table, until nobody listens. A table whose pages cannot be read ends there.
    pub(super) fn send_all(&self, to: &mpsc::Sender<Scanned>) {
        let send = |part| to.blocking_send(part).is_ok();
        for table in Table::ALL {
            let (mut page, mut bytes) = (Vec::new(), 0);
            for row in self.rows(table, b"") {
                match row {
                    Ok(row) => {
                        bytes += row.key.len() + row.value.len();
                        page.push(row);
                    }
                    Err(error) => {
                        if !send(Scanned::Rows(page)) || !send(Scanned::Unreadable(table, error)) {
                            return;
                        }
                        page = Vec::new();
                        break;
                    }
                }
                if page.len() >= PAGE || bytes >= PAGE_BYTES {
                    bytes = 0;
                    if !send(Scanned::Rows(std::mem::take(&mut page))) {
                        return;
                    }
                }
            }
            if !send(Scanned::Rows(page)) {
                return;
            }
        }
        send(Scanned::Complete);
    }

    fn row(&self, table: Table, entry: sled::Result<(sled::IVec, sled::IVec)>) -> Result<Row, StoreError> {
        let (key, value) = entry.map_err(|error| self.unreadable(table, error))?;
        Ok(Row { table, key: key.to_vec(), value: value.to_vec() })
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
