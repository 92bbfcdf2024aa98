//! The state of one sandbox, shared by its handlers.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::faults::Faults;
use super::oauth::OAuthRules;
use super::state::Crm;
use super::{ReceivedRequest, SandboxOptions};

/// Locks are held for one operation and never across an await.
pub(super) struct Shared {
    /// Where the App Connect server is, without a slash at the end: manifests name it.
    pub app_server: String,
    crm: Mutex<Crm>,
    faults: Mutex<Faults>,
    requests: Mutex<VecDeque<ReceivedRequest>>,
    kept_requests: usize,
    first_faults: Faults,
    first_rules: OAuthRules,
    fixed_time: Option<Timestamp>,
}

impl Shared {
    pub(super) fn new(options: SandboxOptions) -> Self {
        Self {
            app_server: options.app_server.trim_end_matches('/').to_owned(),
            crm: Mutex::new(Crm::seeded(options.fixed_time, options.oauth.clone())),
            faults: Mutex::new(options.faults.clone()),
            requests: Mutex::default(),
            kept_requests: options.kept_requests,
            first_faults: options.faults,
            first_rules: options.oauth,
            fixed_time: options.fixed_time,
        }
    }

    pub(super) fn crm(&self) -> MutexGuard<'_, Crm> {
        lock(&self.crm)
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    pub(super) fn set_faults(&self, faults: Faults) -> Result<(), String> {
        match faults.problem() {
            Some(problem) => Err(problem),
            None => {
                *self.faults() = faults;
                Ok(())
            }
        }
    }

    pub(super) fn record(&self, request: ReceivedRequest) {
        let mut requests = lock(&self.requests);
        requests.push_back(request);
        let surplus = requests.len().saturating_sub(self.kept_requests);
        requests.drain(..surplus);
    }

    pub(super) fn requests(&self) -> Vec<ReceivedRequest> {
        lock(&self.requests).iter().cloned().collect()
    }

    pub(super) fn reset(&self) {
        *self.crm() = Crm::seeded(self.fixed_time, self.first_rules.clone());
        *self.faults() = self.first_faults.clone();
        lock(&self.requests).clear();
    }
}

impl fmt::Debug for Shared {
    /// Records and requests stay out of logs.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// A handler that panicked leaves whole records behind (they are put in one step), so its lock
/// can be used on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
