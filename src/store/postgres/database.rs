//! Connections, and the runtime they live on.
//!
//! A connection belongs to the runtime that opened it, and a web server's workers end their runtimes
//! with themselves: so the store has one of its own. Work that was begun there is finished whoever
//! still waits for it.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use sqlx::{
    Connection as _, Executor as _, PgConnection, PgPool, Postgres, pool::PoolConnection,
    postgres::PgPoolOptions,
};
use tokio::{runtime::Runtime, task::JoinHandle};

use super::{failure, place::Place, schema};
use crate::store::{Keys, StoreError};

/// How long one piece of work waits for a connection. A database that restarts comes back in less.
const ACQUIRE: Duration = Duration::from_secs(5);
/// How long it may take then; the database gives up before.
const DEADLINE: Duration = Duration::from_secs(15);
/// A connection that was idle for longer is tried before it is used.
const TRUSTED: Duration = Duration::from_secs(1);
/// Between two attempts to get a connection that works.
const PAUSE: Duration = Duration::from_millis(50);
/// A transaction that stood in another one's way is begun again so often.
const CONFLICTS: usize = 5;

/// For every connection. The limits are the database's own, for where this process dies or hangs.
const SETTINGS: &str = "set search_path = app_connect; set statement_timeout = '10s'; set lock_timeout = '10s'; \
                        set idle_in_transaction_session_timeout = '30s'; set synchronous_commit = on";

/// Work on a connection.
pub(super) type Work<'c, T> = BoxFuture<'c, sqlx::Result<T>>;

pub(super) struct Database {
    link: Link,
    runtime: Option<Runtime>,
}

/// What tasks on the runtime hold.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) pool: PgPool,
    pub(super) place: Place,
    lost: Lost,
}

/// When a connection was found broken last: others that are as old may be as well.
#[derive(Clone, Default)]
struct Lost(Arc<Mutex<Option<Instant>>>);

impl Lost {
    fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn since(&self, idle_for: Duration) -> bool {
        let lost = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lost.is_some_and(|lost| lost.elapsed() <= idle_for)
    }
}

/// Whether work that broke off is done again: nothing it did can have stayed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    Yes,
    No,
}

impl Database {
    /// Connects, makes or updates the tables, and checks that they are sealed with these keys.
    pub(super) async fn open(place: Place, keys: Keys) -> Result<Self, StoreError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("store-postgres")
            .enable_all()
            .build()
            .map_err(|error| StoreError::Unavailable {
                what: "starting the store's threads".to_owned(),
                why: error.to_string(),
                mend: "Raise the limit of threads for the server's user".to_owned(),
            })?;
        let handle = runtime.handle().clone();
        // From here on dropping is right, whatever fails.
        let mut database = OwnedRuntime(Some(runtime));
        let opened = handle.spawn(async move {
            schema::prepare(&place, &keys).await?;
            let lost = Lost::default();
            let pool = pool(&place, lost.clone()).connect_lazy_with(place.options.clone());
            Ok(Link { pool, place, lost })
        });
        let link = opened.await.map_err(|_| StoreError::stopped("opening the store"))??;
        Ok(Self { link, runtime: database.0.take() })
    }

    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    /// Runs on the store's runtime.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> Result<JoinHandle<T>, StoreError> {
        let runtime = self.runtime.as_ref().ok_or_else(|| StoreError::stopped("using the store"))?;
        Ok(runtime.spawn(task))
    }

    /// Does one piece of work on a connection.
    pub(super) async fn with<T: Send + 'static>(
        &self,
        what: &'static str,
        repeat: Repeat,
        work: impl for<'c> Fn(&'c mut PgConnection) -> Work<'c, T> + Send + Sync + 'static,
    ) -> Result<T, StoreError> {
        let link = self.link.clone();
        let task = self.spawn(async move { link.with(what, repeat, work).await })?;
        task.await.map_err(|_| StoreError::stopped(what))?
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        drop(OwnedRuntime(self.runtime.take()));
    }
}

/// A runtime that may be dropped on an async thread.
struct OwnedRuntime(Option<Runtime>);

impl Drop for OwnedRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

fn pool(place: &Place, lost: Lost) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(place.max_connections)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(Duration::from_secs(10 * 60))
        .max_lifetime(Duration::from_secs(60 * 60))
        .test_before_acquire(false)
        .before_acquire(move |connection, meta| {
            let doubtful = meta.idle_for >= TRUSTED || lost.since(meta.idle_for);
            Box::pin(async move {
                if doubtful {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(|connection, _| Box::pin(async move { connection.execute(SETTINGS).await.map(drop) }))
}

impl Link {
    /// A single connection for a task that keeps it.
    pub(super) fn own_pool(&self) -> PgPool {
        pool(&self.place, self.lost.clone()).max_connections(1).connect_lazy_with(self.place.options.clone())
    }

    pub(super) fn explain(&self, what: &str, error: &sqlx::Error) -> StoreError {
        failure::explain(what, &self.place, error)
    }

    pub(super) async fn with<T>(
        &self,
        what: &str,
        repeat: Repeat,
        work: impl for<'c> Fn(&'c mut PgConnection) -> Work<'c, T>,
    ) -> Result<T, StoreError> {
        let patience = Instant::now() + ACQUIRE;
        let mut conflicts = 0;
        loop {
            let live = tokio::time::timeout(2 * ACQUIRE, self.live(repeat)).await;
            let mut connection = match live.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
                Ok(connection) => connection,
                // Nothing was asked yet.
                Err(error) if failure::is_lost(&error) && Instant::now() < patience => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                Err(error) => return Err(self.explain(what, &error)),
            };
            let Ok(result) = tokio::time::timeout(DEADLINE, work(&mut connection)).await else {
                // It may hang for good; what it was asked is undone with it, or stays as a whole.
                drop(connection.detach());
                return Err(failure::too_slow(what, &self.place, DEADLINE));
            };
            match result {
                Ok(value) => return Ok(value),
                Err(error) if failure::is_lost(&error) => {
                    drop(connection.detach());
                    self.lost.note();
                    if repeat == Repeat::No || Instant::now() >= patience {
                        return Err(self.explain(what, &error));
                    }
                }
                Err(error) if failure::is_conflict(&error) && conflicts < CONFLICTS => conflicts += 1,
                Err(error) => return Err(self.explain(what, &error)),
            }
        }
    }

    /// A connection for the work. Where that cannot be repeated, one that answers now.
    async fn live(&self, repeat: Repeat) -> sqlx::Result<PoolConnection<Postgres>> {
        let mut connection = self.pool.acquire().await?;
        if repeat == Repeat::No
            && let Err(error) = connection.ping().await
        {
            drop(connection.detach());
            self.lost.note();
            return Err(error);
        }
        Ok(connection)
    }
}
