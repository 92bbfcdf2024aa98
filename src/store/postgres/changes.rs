//! How processes learn that documents changed: a counter in the database, a notification to look at
//! it, and a look now and then where a notification was missed.

use std::time::Duration;

use sqlx::{PgConnection, postgres::PgListener};
use tokio::sync::watch;

use super::database::{Database, Link, Repeat};
use crate::store::StoreError;

const CHANNEL: &str = "app_connect_documents";

/// How often the counter is looked at without a notification.
const LOOK: Duration = Duration::from_secs(1);

/// Raises the counter and notifies everybody when the transaction commits; its new value.
pub(super) async fn count(connection: &mut PgConnection) -> sqlx::Result<u64> {
    let sql = "update counters set value = value + 1 where name = 'documents' returning value";
    let counter: i64 = sqlx::query_scalar(sql).fetch_one(&mut *connection).await?;
    sqlx::query("select pg_notify($1, '')").bind(CHANNEL).execute(connection).await?;
    Ok(u64::try_from(counter).unwrap_or_default())
}

/// The counter as this process knows it.
#[derive(Clone)]
pub(super) struct Changes(watch::Sender<u64>);

impl Changes {
    /// As the database has it.
    pub(super) async fn read(database: &Database) -> Result<Self, StoreError> {
        let counter =
            database.with("opening the store", Repeat::Yes, |connection| Box::pin(counter(connection)));
        Ok(Self(watch::Sender::new(counter.await?)))
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }

    /// Tells those who wait here, unless they know.
    pub(super) fn rise(&self, counter: u64) {
        self.0.send_if_modified(|known| {
            let is_news = counter > *known;
            *known = counter.max(*known);
            is_news
        });
    }

    async fn look(&self, link: &Link) -> Result<(), StoreError> {
        let looked =
            link.with("looking for changes", Repeat::Yes, |connection| Box::pin(counter(connection)));
        self.rise(looked.await?);
        Ok(())
    }

    /// Looks now and then. Says once that the database is gone, and once that it is back.
    pub(super) async fn poll(self, link: Link) {
        let mut is_gone = false;
        loop {
            tokio::time::sleep(LOOK).await;
            match self.look(&link).await {
                Ok(()) if is_gone => {
                    is_gone = false;
                    tracing::info!("the database is back");
                }
                Err(error) if !is_gone => {
                    is_gone = true;
                    tracing::warn!(%error, "the database is gone; requests that need it fail until it is back");
                }
                _ => {}
            }
        }
    }

    /// Looks whenever the database notifies. A connection that breaks is made again.
    pub(super) async fn listen(self, link: Link) {
        let pool = link.own_pool();
        loop {
            // What goes wrong here is said by the polling, which goes on meanwhile.
            if let Ok(mut listener) = PgListener::connect_with(&pool).await
                && listener.listen(CHANNEL).await.is_ok()
            {
                // What was missed before, then what comes.
                loop {
                    let _ = self.look(&link).await;
                    if listener.recv().await.is_err() {
                        break;
                    }
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

async fn counter(connection: &mut PgConnection) -> sqlx::Result<u64> {
    let counter: i64 = sqlx::query_scalar("select value from counters where name = 'documents'")
        .fetch_one(connection)
        .await?;
    Ok(u64::try_from(counter).unwrap_or_default())
}
