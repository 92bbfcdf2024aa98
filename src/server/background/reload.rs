//! An operator's wish to read everything again: `SIGHUP`.

use std::future::Future;
use std::io;
use std::sync::Arc;

use crate::service::catalog::Catalog;

/// Reloads on each signal.
#[cfg(unix)]
pub(super) fn run(catalog: Arc<Catalog>) -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangups = signal(SignalKind::hangup())?;
    Ok(async move {
        while hangups.recv().await.is_some() {
            catalog.reload().await;
        }
    })
}

/// This system has no such signal.
#[cfg(not(unix))]
pub(super) fn run(_: Arc<Catalog>) -> io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(std::future::ready(()))
}
