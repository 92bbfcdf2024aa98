//! Whose the rows are: the reference looks users up by their id alone.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::user::read_user;
use crate::service::tenants::tenant;
use crate::store::{Tenant, UserKey};

/// What has to be known of users to place what belongs to them.
#[derive(Default)]
pub(super) struct Owners {
    users: HashMap<String, (UserKey, Tenant)>,
    /// The documents that serve the users of an account and platform.
    documents: HashMap<(String, String), BTreeSet<Option<String>>>,
}

impl Owners {
    /// Remembers the user of a row.
    pub(super) fn learn(&mut self, row: &Value) {
        let Ok(user) = read_user(row) else { return };
        if let Some(account) = &user.rc_account_id {
            let served = (account.clone(), user.key.platform.clone());
            self.documents.entry(served).or_default().insert(user.key.proxy_id.clone());
        }
        self.users.insert(user.key.id.clone(), (user.key.clone(), tenant(&user)));
    }

    /// The user with this id.
    pub(super) fn user(&self, id: &str) -> Option<&(UserKey, Tenant)> {
        self.users.get(id)
    }

    /// The one document that serves an account and platform; `None` if there are none or several.
    pub(super) fn document(&self, account: &str, platform: &str) -> Option<Option<String>> {
        let served = self.documents.get(&(account.to_owned(), platform.to_owned()))?;
        served.first().filter(|_| served.len() == 1).cloned()
    }
}
