//! What the server starts with: documents, users who are signed in, and logs of old calls.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use app_connect::credential::Credential;
use app_connect::service::clock::Clock;
use app_connect::service::session::Sessions;
use app_connect::store::{
    self, CallLog, Extension, Keys, Owner, Secret, Store, StoreError, Tenant, User, UserKey,
};
use futures_util::future::try_join_all;

use crate::crm::BASE;

/// Signs the sessions and seals the users.
pub const SECRET: &str = "the load benchmark's secret key";
const PLATFORM: &str = "sandbox";
/// Records that are written at once: they share a flush of the disk.
const AT_ONCE: usize = 512;
/// The sandbox CRM's connector: all 22 operations.
const DOCUMENT: &str = include_str!("../../proxy-configs/sandbox.json");

/// How much there is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Documents, each another connector.
    pub configs: usize,
    /// Signed-in users, spread over the documents.
    pub users: usize,
    /// Logs of earlier calls, spread over the users.
    pub logs: usize,
}

/// A folder of documents and a data folder, ready for `serve`.
pub struct Seeded {
    folder: PathBuf,
    size: Size,
    sessions: Sessions,
}

impl Seeded {
    /// Fills a new folder.
    ///
    /// # Errors
    /// Where a file or a record cannot be written.
    pub async fn new(
        folder: PathBuf,
        size: Size,
        crm: SocketAddr,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        let seeded = Self { folder, size, sessions: Sessions::new(&Secret::new(SECRET), Clock::system()) };
        std::fs::create_dir_all(seeded.configs())?;
        let document = DOCUMENT.replace("http://127.0.0.1:8788/api/v1", &format!("http://{crm}{BASE}"));
        for number in 0..size.configs {
            // Every document is another: nothing is gained by comparing them.
            let own = document.replace("\"name\": \"sandbox\"", &format!("\"name\": \"sandbox-{number}\""));
            std::fs::write(seeded.configs().join(format!("{}.json", proxy_id(number))), own)?;
        }
        seeded
            .fill(&*store::open(&seeded.database(), Keys::from_secret(&Secret::new(SECRET))?).await?)
            .await?;
        Ok(seeded)
    }

    async fn fill(&self, store: &dyn Store) -> Result<(), StoreError> {
        for numbers in blocks(self.size.users) {
            let users: Vec<User> = numbers.map(|number| self.user(number)).collect();
            try_join_all(users.iter().map(|user| store.save_user(user))).await?;
        }
        for numbers in blocks(self.size.logs) {
            let logs: Vec<CallLog> = numbers.map(|number| self.log(number)).collect();
            try_join_all(logs.iter().map(|log| store.save_call_log(log, None))).await?;
        }
        store.close().await
    }

    fn key(&self, number: usize) -> UserKey {
        UserKey {
            id: format!("{number}-{PLATFORM}"),
            platform: PLATFORM.to_owned(),
            proxy_id: Some(proxy_id(number % self.size.configs)),
        }
    }

    fn user(&self, number: usize) -> User {
        User {
            key: self.key(number),
            name: Some(format!("User {number}")),
            hostname: None,
            timezone_name: Some("America/New_York".to_owned()),
            timezone_offset: None,
            credential: Credential::new(Secret::new(format!("key-of-user-{number}"))),
            rc_account_id: Some(account(number)),
            rc_extension_hash: None,
            claimed_account_id: None,
            claimed_extension_hash: None,
            region: None,
            platform_additional_info: serde_json::Map::new(),
            user_settings: None,
            tenant_host: None,
            session_epoch: 0,
            managed: Default::default(),
            was_alone: false,
            created_at: 1_700_000_000_000,
            updated_at: 1_700_000_000_000,
        }
    }

    fn log(&self, number: usize) -> CallLog {
        let user = self.key(number % self.size.users);
        CallLog {
            scope: Tenant {
                platform: PLATFORM.to_owned(),
                proxy_id: user.proxy_id.clone(),
                owner: Owner::RcAccount(account(number % self.size.users)),
                tenant_host: None,
            },
            session_id: format!("old-{number}"),
            call_id: format!("old-{number}"),
            extension: Extension::default(),
            third_party_log_id: format!("act-{number}"),
            contact_id: Some("con-1".to_owned()),
            user_id: user.id,
            platform: PLATFORM.to_owned(),
            created_at: 1_700_000_000_000,
            updated_at: 1_700_000_000_000,
        }
    }

    /// Session tokens of up to `count` users, spread over all of them; no two of one document
    /// where there are as many documents.
    pub fn tokens(&self, count: usize) -> Vec<String> {
        let count = count.min(self.size.users);
        // A step that shares no factor with the number of documents meets every document.
        let step = (self.size.users / count) | 1;
        (0..count)
            .filter_map(|number| self.sessions.issue(&self.key(number * step % self.size.users), 0))
            .collect()
    }

    /// The folder of documents.
    pub fn configs(&self) -> PathBuf {
        self.folder.join("configs")
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// A folder for the handler's own store.
    pub fn handler_data(&self) -> PathBuf {
        self.folder.join("handler")
    }

    fn database(&self) -> String {
        format!("sled:{}", self.data().join("store").display())
    }
}

impl Drop for Seeded {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// 512 at a time.
fn blocks(count: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..count).step_by(AT_ONCE).map(move |start| start..count.min(start + AT_ONCE))
}

/// Ten users share a RingCentral account, and with it a cache of contacts.
fn account(user: usize) -> String {
    format!("account-{}", user / 10)
}

fn proxy_id(number: usize) -> String {
    format!("crm-{number}")
}

/// Where the benchmark keeps its folders: on the disk, beside the build, never in memory.
pub fn scratch() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}
