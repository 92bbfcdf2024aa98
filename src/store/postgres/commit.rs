//! Batches as transactions.

use sqlx::{Connection as _, PgConnection};

use super::{changes, rows};
use crate::store::row_store::{Batch, When};

/// What became of a batch.
pub(super) enum Committed {
    /// A required write did not hold, so nothing is written.
    Refused,
    /// It is durable.
    Done,
    /// It is durable, and everybody is told of it: the counter after it.
    Announced(u64),
}

pub(super) async fn commit(connection: &mut PgConnection, batch: &Batch) -> sqlx::Result<Committed> {
    let Batch { required, optional, announces } = batch;
    // One statement is a transaction itself. An absence takes two.
    if let ([write], [], false) = (&required[..], &optional[..], announces)
        && (write.is_put() || write.when != When::Absent)
    {
        let holds = rows::write(connection, write).await?;
        return Ok(if holds { Committed::Done } else { Committed::Refused });
    }
    let mut transaction = connection.begin().await?;
    for write in required {
        if !rows::write(&mut transaction, write).await? {
            return transaction.rollback().await.map(|()| Committed::Refused);
        }
    }
    for write in optional {
        rows::write(&mut transaction, write).await?;
    }
    let mut committed = Committed::Done;
    if *announces {
        // Last, because everybody who announces a batch waits here for the one before.
        committed = Committed::Announced(changes::count(&mut transaction).await?);
    }
    transaction.commit().await?;
    Ok(committed)
}
