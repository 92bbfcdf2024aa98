//! Making a connector, and what is said of it beside its revisions.

use std::collections::{BTreeSet, HashSet};

use serde_json::{Map, Value, json};

use super::audit::{Action, Change};
use super::check::{holds_secret, without_secrets};
use super::draft::{FixtureCase, Stored, Upload, UploadRequest};
use super::record::{Connector, Record};
use super::{Catalog, ConnectorError, ConnectorView, Edit, check_proxy_id, check_text};
use crate::connector::documents::Secrets;
use crate::members::{Wrong, members};
use crate::secret::Secret;
use crate::service::management::Caller;

/// Shorter secrets cannot be told from ordinary text, so they could not be masked.
const SHORTEST_SECRET: usize = 8;
const LONGEST_SECRET: usize = 4096;
const MAX_ACCOUNTS: usize = 2000;

members! {
    /// What is said of a connector. What is left out stays; null takes it away.
    #[derive(Debug, Clone, Default)]
    #[schemars(rename = "ConnectorSettings")]
    pub struct Settings {
        /// Who is responsible for it.
        owner as "owner": Option<Option<String>>,
        /// The RingCentral accounts that may use it; null opens it to all.
        allowed_accounts as "allowedAccounts": Option<Option<BTreeSet<String>>>,
        /// What clients are told about it.
        manifest as "manifest": Option<Option<Map<String, Value>>>,
        /// What templates see as `secretKey`. Sealed at rest and never shown.
        #[schemars(with = "Option<String>", extend("format" = "password", "writeOnly" = true))]
        secret_key as "secretKey": Option<Option<Secret>>,
        /// The secret of the OAuth app. Sealed at rest and never shown.
        #[schemars(with = "Option<String>", extend("format" = "password", "writeOnly" = true))]
        client_secret as "clientSecret": Option<Option<Secret>>,
    }
}

members! {
    /// A new connector.
    #[derive(Debug)]
    pub struct NewConnector {
        /// Its id: 1 to 64 letters, digits, hyphens, underscores and full stops.
        proxy_id as "proxyId": String,
        /// Who is responsible for it.
        owner as "owner": Option<Option<String>>,
        /// The RingCentral accounts that may use it; all where it is left out.
        allowed_accounts as "allowedAccounts": Option<Option<BTreeSet<String>>>,
        /// What clients are told about it.
        manifest as "manifest": Option<Option<Map<String, Value>>>,
        /// What templates see as `secretKey`. Sealed at rest and never shown.
        #[schemars(with = "Option<String>", extend("format" = "password", "writeOnly" = true))]
        secret_key as "secretKey": Option<Option<Secret>>,
        /// The secret of the OAuth app. Sealed at rest and never shown.
        #[schemars(with = "Option<String>", extend("format" = "password", "writeOnly" = true))]
        client_secret as "clientSecret": Option<Option<Secret>>,
        /// The proxyConfig of its first revision as text.
        text as "text": Option<String>,
        /// The proxyConfig of its first revision as an object.
        proxy_config as "proxyConfig": Option<Map<String, Value>>,
        /// What the author says about the first revision.
        note as "note": Option<String>,
        /// Fixture cases of the first revision.
        #[schemars(with = "Option<Vec<FixtureCase>>")]
        cases as "cases": Option<Vec<Value>>,
    }
}

/// A connector to make.
#[derive(Debug, Clone, Default)]
pub struct New {
    /// Its id.
    pub proxy_id: String,
    /// What is said of it.
    pub settings: Settings,
    /// Its first revision, if it comes with one.
    pub upload: Option<Upload>,
}

impl TryFrom<NewConnector> for New {
    type Error = Wrong;

    fn try_from(new: NewConnector) -> Result<Self, Wrong> {
        let NewConnector { text, proxy_config, note, cases, .. } = new;
        let upload = UploadRequest { text, proxy_config, note, cases };
        let settings = Settings {
            owner: new.owner,
            allowed_accounts: new.allowed_accounts,
            manifest: new.manifest,
            secret_key: new.secret_key,
            client_secret: new.client_secret,
        };
        Ok(Self { proxy_id: new.proxy_id, settings, upload: upload.try_into()? })
    }
}

impl Settings {
    fn check(&self) -> Result<(), ConnectorError> {
        if let Some(Some(owner)) = &self.owner {
            check_text("owner", owner)?;
        }
        if let Some(Some(accounts)) = &self.allowed_accounts
            && (accounts.len() > MAX_ACCOUNTS
                || accounts.iter().any(|account| account.is_empty() || account.len() > 64))
        {
            return Err(ConnectorError::invalid(
                "allowedAccounts",
                format!(
                    "`allowedAccounts` is a list of at most {MAX_ACCOUNTS} RingCentral account ids; null opens the connector to all."
                ),
            ));
        }
        for (at, secret) in [("secretKey", &self.secret_key), ("clientSecret", &self.client_secret)] {
            if let Some(Some(secret)) = secret
                && !(SHORTEST_SECRET..=LONGEST_SECRET).contains(&secret.expose().len())
            {
                return Err(ConnectorError::invalid(
                    at,
                    format!(
                        "`{at}` has {SHORTEST_SECRET} to {LONGEST_SECRET} bytes: shorter ones could not be masked. null takes it away."
                    ),
                ));
            }
        }
        Ok(())
    }

    /// The names of what is said, for the audit log.
    fn names(&self) -> Vec<&'static str> {
        let said = [
            ("owner", self.owner.is_some()),
            ("allowedAccounts", self.allowed_accounts.is_some()),
            ("manifest", self.manifest.is_some()),
            ("secretKey", self.secret_key.is_some()),
            ("clientSecret", self.client_secret.is_some()),
        ];
        said.into_iter().filter(|(_, is_said)| *is_said).map(|(name, _)| name).collect()
    }

    fn apply(self, record: &mut Record, secrets: &mut Secrets) {
        fn set<T>(slot: &mut Option<T>, said: Option<Option<T>>) {
            if let Some(value) = said {
                *slot = value;
            }
        }
        set(&mut record.owner, self.owner);
        set(&mut record.allowed_accounts, self.allowed_accounts);
        set(&mut record.manifest, self.manifest);
        set(&mut secrets.secret_key, self.secret_key);
        set(&mut secrets.client_secret, self.client_secret);
    }
}

/// No secret of the connector stands where everybody reads it.
fn check_shown(record: &Record, secrets: &Secrets) -> Result<(), ConnectorError> {
    let shown = json!([record.owner, record.manifest, record.allowed_accounts, record.proxy_id]);
    without_secrets("What is said of the connector", &shown, secrets)
}

/// The record of a new connector.
pub(super) fn new_record(
    who: &Caller,
    proxy_id: String,
    settings: Settings,
    now: String,
) -> Result<(Record, Secrets), ConnectorError> {
    check_proxy_id(&proxy_id)?;
    settings.check()?;
    let mut record = Record {
        proxy_id,
        version: 1,
        created_at: now.clone(),
        created_by: who.name.clone(),
        updated_at: now,
        updated_by: who.name.clone(),
        ..Record::default()
    };
    let mut secrets = Secrets::default();
    settings.apply(&mut record, &mut secrets);
    check_shown(&record, &secrets)?;
    Ok((record, secrets))
}

impl Catalog {
    /// Makes a connector, with a first revision where one is uploaded along.
    ///
    /// # Errors
    /// If there is one of this id, or something cannot be stored.
    pub async fn create(&self, who: &Caller, new: New) -> Result<ConnectorView, ConnectorError> {
        let names = new.settings.names();
        let (mut record, secrets) = new_record(who, new.proxy_id, new.settings, self.now())?;
        let mut others = Vec::new();
        if let Some(upload) = new.upload {
            let Stored { revision, changes } = self.store_revision(who, &record, &secrets, upload).await?;
            record.revisions = revision.number;
            others = changes;
        }
        let revision = (record.revisions > 0).then_some(record.revisions);
        let change = Change::new(Action::Create, revision, json!({"set": names}));
        self.commit_new(who, Connector { record, secrets }, others, change).await
    }

    /// Changes what is said of a connector.
    ///
    /// # Errors
    /// If it is not as it was read, or something cannot be stored.
    pub async fn configure(
        &self,
        edit: Edit<'_>,
        settings: Settings,
    ) -> Result<ConnectorView, ConnectorError> {
        settings.check()?;
        let found = self.to_edit(&edit).await?;
        let (mut record, mut secrets) = (found.record.clone(), found.secrets.clone());
        settings.clone().apply(&mut record, &mut secrets);
        check_shown(&record, &secrets)?;
        let new = Secrets {
            secret_key: settings.secret_key.clone().flatten(),
            client_secret: settings.client_secret.clone().flatten(),
        };
        if new != Secrets::default() {
            self.refuse_written(&record, &new).await?;
        }
        let change = Change::new(Action::Configure, None, json!({"set": settings.names()}));
        let apply = |record: &mut Record, secrets: &mut Secrets| settings.apply(record, secrets);
        self.change(&edit, found, apply, Vec::new(), change).await
    }

    /// Refuses secrets that stand in a revision, its note or its cases, where everybody can read them.
    async fn refuse_written(&self, record: &Record, new: &Secrets) -> Result<(), ConnectorError> {
        let mut read = HashSet::new();
        for number in 1..=record.revisions {
            let revision = self.revision_of(record, number).await?;
            let known = |what| ConnectorError::SecretIsKnown { what, number };
            if holds_secret(&json!(revision.note), new) {
                return Err(known("The note"));
            }
            if revision.cases_hash.as_ref().is_some_and(|hash| read.insert(hash.clone()))
                && holds_secret(&json!(self.cases_of(&record.proxy_id, &revision).await?), new)
            {
                return Err(known("A case"));
            }
            if read.insert(revision.hash.clone()) {
                let text = self.text_of(&record.proxy_id, &revision).await?;
                let new = new.clone();
                let holds = self.work.run(move |_| {
                    // As it is written, and as it is read.
                    let value: Value = serde_json::from_str(&text).unwrap_or_default();
                    holds_secret(&json!([&*text, value]), &new)
                });
                if holds.await? {
                    return Err(known("The text"));
                }
            }
        }
        Ok(())
    }
}
