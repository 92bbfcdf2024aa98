//! Bringing over what the reference server keeps in PostgreSQL.
//!
//! Users with their tokens come first, then what belongs to them: the links to logs and messages, the
//! settings of accounts, cached contacts and other account data, call-down lists. A record that is
//! here already stays, unless it is one that changes and the reference changed it later: so the import
//! can be broken off, and be run again when more has been logged there.

mod columns;
mod owners;
mod rows;
mod user;

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use self::owners::Owners;
use crate::store::{ForeignTables, Store, StoreError};

/// So many rows are under way at once: their writes share the store's commits.
const AT_ONCE: usize = 16;

/// The tables that are read, in this order. What hangs on users comes after them.
pub const TABLES: [&str; 7] =
    ["users", "callLogs", "messageLogs", "adminConfigs", "accountData", "callDownLists", "caches"];

/// What became of one row.
#[derive(Debug, PartialEq, Eq)]
enum ImportOutcome {
    Imported,
    /// A record of this key is here, and is as new.
    AlreadyPresent,
    Skipped(&'static str),
}

/// What became of a table.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TableReport {
    /// Rows that became a record here.
    pub brought: u64,
    /// Rows whose record was here before.
    pub there: u64,
    /// Rows that were passed over, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
}

impl TableReport {
    fn add(&mut self, fate: ImportOutcome) {
        match fate {
            ImportOutcome::Imported => self.brought += 1,
            ImportOutcome::AlreadyPresent => self.there += 1,
            ImportOutcome::Skipped(reason) => *self.skipped.entry(reason).or_default() += 1,
        }
    }
}

/// An import from a database of the reference into a store.
pub struct Import<'s> {
    from: ForeignTables,
    to: &'s dyn Store,
    owners: Owners,
}

impl<'s> Import<'s> {
    /// From a database of the reference into a store.
    pub fn new(from: ForeignTables, to: &'s dyn Store) -> Self {
        Self { from, to, owners: Owners::default() }
    }

    /// Brings one of [`TABLES`] over; `None` if the database has none of this name. `progress` hears how
    /// many rows of how many are done. Users are read before what belongs to them, by the same `Import`.
    ///
    /// # Errors
    /// If the database cannot be read or the store cannot be written: what was brought over until
    /// then stays, and the next run goes on.
    pub async fn table(
        &mut self,
        table: &str,
        progress: impl Fn(u64, u64),
    ) -> Result<Option<TableReport>, StoreError> {
        let Some(total) = self.from.count(table).await? else { return Ok(None) };
        let mut report = TableReport::default();
        let mut done = 0;
        self.from.begin(table, "createdAt").await?;
        loop {
            let page = self.from.next().await?;
            if page.is_empty() {
                return Ok(Some(report));
            }
            if table == "users" {
                page.iter().for_each(|row| self.owners.learn(row));
            }
            done += page.len() as u64;
            for fate in self.page(table, page).await? {
                report.add(fate);
            }
            progress(done, total);
        }
    }

    async fn page(&self, table: &str, page: Vec<Value>) -> Result<Vec<ImportOutcome>, StoreError> {
        let (to, owners) = (self.to, &self.owners);
        // Messages of one conversation share its record, so they go one after the other.
        let groups = match table {
            "messageLogs" => rows::conversations(page),
            _ => page.into_iter().map(|row| vec![row]).collect(),
        };
        let work = groups.into_iter().map(|group| async move {
            let mut fates = Vec::with_capacity(group.len());
            for row in group {
                fates.push(bring(to, owners, table, &row).await?);
            }
            Ok::<_, StoreError>(fates)
        });
        let mut under_way = stream::iter(work).buffer_unordered(AT_ONCE);
        let mut fates = Vec::new();
        while let Some(done) = under_way.next().await {
            fates.extend(done?);
        }
        Ok(fates)
    }
}

async fn bring(
    to: &dyn Store,
    owners: &Owners,
    table: &str,
    row: &Value,
) -> Result<ImportOutcome, StoreError> {
    let fate = match table {
        "users" => rows::user(to, row).await,
        "callLogs" => rows::call_log(to, owners, row).await,
        "messageLogs" => rows::message_log(to, owners, row).await,
        "adminConfigs" => rows::admin_settings(to, row).await,
        "accountData" => rows::account_data(to, owners, row).await,
        "callDownLists" => rows::call_down(to, owners, row).await,
        _ => Ok(ImportOutcome::Skipped(
            "it holds the state of sign-ins and plugin tasks, which end with the server",
        )),
    };
    match fate {
        Err(StoreError::TooLarge { .. }) => Ok(ImportOutcome::Skipped("it is longer than a record may be")),
        fate => fate,
    }
}
