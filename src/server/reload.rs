//! An operator's wish to read everything again: `SIGHUP`.

use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::service::catalog::Catalog;

/// Reloads on each signal until it is dropped.
pub(super) struct Reloading(JoinHandle<()>);

impl Drop for Reloading {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Reloads whenever the process gets `SIGHUP`.
///
/// # Errors
/// Where the signal cannot be listened for.
#[cfg(unix)]
pub(super) fn on_hangup(connectors: Arc<Catalog>) -> std::io::Result<Reloading> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangups = signal(SignalKind::hangup())?;
    Ok(Reloading(tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            connectors.reload().await;
        }
    })))
}

/// There is no such signal here.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub(super) fn on_hangup(_: Arc<Catalog>) -> std::io::Result<Reloading> {
    Ok(Reloading(tokio::spawn(std::future::ready(()))))
}
