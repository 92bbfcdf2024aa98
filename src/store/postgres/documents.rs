//! Documents that change together.

use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

use super::{changes, rows, rows::Step};
use crate::store::{
    DocumentChange, Keys, StoreError,
    codec::{self, Row, Table},
};

/// A change with its document encoded.
#[derive(Clone)]
pub(super) struct Prepared {
    key: Vec<u8>,
    before: Option<Value>,
    after: Option<Row>,
    is_condition: bool,
}

/// In the order of keys: whoever changes the same documents locks them in the same order.
pub(super) fn prepare(keys: &Keys, changes: &[DocumentChange]) -> Result<Vec<Prepared>, StoreError> {
    let mut prepared = changes
        .iter()
        .map(|change| {
            let after = change.after.as_ref();
            Ok(Prepared {
                key: codec::document_key(&change.key),
                before: change.before.clone(),
                after: after.map(|after| codec::document_row(keys, &change.key, after)).transpose()?,
                is_condition: change.before == change.after,
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    prepared.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(prepared)
}

/// What became of the changes: the counter after them, or `None` if a document was not as it
/// was read.
pub(super) type Changed = Result<Option<i64>, StoreError>;

/// Changes all or none. The rows that are read stay locked until the end, and are compared as
/// documents, because each write seals anew.
pub(super) async fn change(
    connection: &mut PgConnection,
    keys: &Keys,
    changes: &[Prepared],
) -> sqlx::Result<Changed> {
    let mut transaction = connection.begin().await?;
    let wanted: Vec<&[u8]> = changes.iter().map(|change| change.key.as_slice()).collect();
    let stored: Vec<(Vec<u8>, Vec<u8>)> =
        sqlx::query_as("select key, value from documents where key = any($1) order by key for update")
            .bind(wanted)
            .fetch_all(&mut *transaction)
            .await?;
    for change in changes {
        let held = stored.iter().find(|(key, _)| *key == change.key);
        let held = held.map(|(key, value)| codec::read_document(keys, key, value)).transpose();
        match held {
            Ok(held) if held == change.before => {}
            Ok(_) => return transaction.rollback().await.map(|()| Ok(None)),
            Err(error) => return transaction.rollback().await.map(|()| Err(error)),
        }
    }
    for change in changes {
        let Some(step) = step(change) else { continue };
        // Only an insert can fail now: somebody else made the document meanwhile.
        if !rows::take(&mut transaction, &step).await? {
            return transaction.rollback().await.map(|()| Ok(None));
        }
    }
    // Last, because everybody who changes documents waits here for the one before.
    let counter = changes::count(&mut transaction).await?;
    transaction.commit().await?;
    Ok(Ok(Some(counter)))
}

fn step(change: &Prepared) -> Option<Step> {
    let Prepared { key, before, after, is_condition } = change;
    match (before, after) {
        (None, None) => Some(Step::Absent(Table::Documents, key.clone())),
        _ if *is_condition => None,
        (None, Some(row)) => Some(Step::Insert(row.clone())),
        (Some(_), Some(row)) => Some(Step::Update(row.clone())),
        (Some(_), None) => Some(Step::Delete(Table::Documents, key.clone())),
    }
}
