//! What runs beside the requests: one driver, and a file for each job.
//!
//! A job is a future that goes on until the server stops. Jobs are stopped before the store is closed. One
//! that panics is reported and stays stopped: the server goes on without it.

mod follow_store;
mod reload;
mod settle_tokens;
mod share_limits;
mod sweep;

use std::future::Future;
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio::task::JoinHandle;

use crate::service::Shared;
use crate::service::catalog::Catalog;
use crate::service::clock::Clock;
use crate::service::coordination::claims::Instance;
use crate::service::shared_limits::Keeper;
use crate::store::Store;

/// The jobs of a running server. They end with it.
pub(super) struct Background(Vec<JoinHandle<()>>);

impl Background {
    /// Starts the jobs of every server.
    pub(super) fn start(
        store: &Arc<dyn Store>,
        catalog: &Arc<Catalog>,
        clock: Clock,
        instance: Instance,
    ) -> Self {
        let mut jobs = Self(Vec::new());
        jobs.add("sweep", sweep::run(Arc::clone(store), clock, instance));
        jobs.add("follow_store", follow_store::run(Arc::clone(catalog), &**store));
        jobs
    }

    /// Reloads documents whenever the process gets `SIGHUP`, where there is such a signal.
    ///
    /// # Errors
    /// If the signal cannot be listened for.
    pub(super) fn reload_on_hangup(&mut self, catalog: Arc<Catalog>) -> io::Result<()> {
        self.add("reload", reload::run(catalog)?);
        Ok(())
    }

    /// Keeps rate limits together with the other servers of a store.
    pub(super) fn share_limits(&mut self, keeper: Arc<Keeper>) {
        self.add("share_limits", share_limits::run(keeper));
    }

    /// Stores new tokens that the store did not take when they were granted.
    pub(super) fn settle_tokens(&mut self, shared: Arc<Shared>) {
        self.add("settle_tokens", settle_tokens::run(shared));
    }

    fn add(&mut self, name: &'static str, job: impl Future<Output = ()> + Send + 'static) {
        self.0.push(tokio::spawn(async move {
            if AssertUnwindSafe(job).catch_unwind().await.is_err() {
                tracing::error!(job = name, "a background job has stopped: it panicked");
            }
        }));
    }

    /// Stops every job, and waits until it has stopped.
    pub(super) async fn stop(mut self) {
        for job in std::mem::take(&mut self.0) {
            job.abort();
            // Cancelled, which is what was asked for.
            let _ = job.await;
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn jobs_end_with_their_driver_and_one_that_panics_alone() {
        let (alive, mut watched) = tokio::sync::watch::channel(0);
        let mut jobs = Background(Vec::new());
        jobs.add("panics", async { panic!("on purpose") });
        jobs.add("counts", async move {
            loop {
                alive.send_modify(|count| *count += 1);
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        });
        watched.wait_for(|count| *count > 3).await.unwrap();
        jobs.stop().await;
        assert!(watched.wait_for(|count| *count == u64::MAX).await.is_err(), "the job still runs");
    }
}
