//! Which revision serves whom: one pointer for all, and one for each pinned account.

use serde_json::{Map, Value, json};

use super::audit::{Action, Change};
use super::record::{FORMER, Found, Record};
use super::{Catalog, ConnectorError, ConnectorView, Edit, Status, check_text};
use crate::connector::documents::Secrets;
use crate::members::{Member, Members as _, Wrong, members};

/// Of the cases that failed, the audit log names so many, each with so many characters.
const NAMED_CASES: usize = 20;
const CASE_NAME: usize = 200;

members! {
    /// Lets a revision serve although its checks or cases fail.
    #[derive(Debug, Clone)]
    #[schemars(rename = "ForceRequest")]
    pub struct Force {
        /// Why; recorded in the audit log.
        reason as "reason": String,
    }
}

impl Member for Option<Force> {
    fn read(name: &'static str, value: Option<Value>) -> Result<Self, Wrong> {
        let members: Option<Map<String, Value>> = Member::read(name, value)?;
        let Some(mut members) = members else { return Ok(None) };
        match Force::take(&mut members) {
            Ok(force) if members.is_empty() => Ok(Some(force)),
            _ => {
                let message = format!(
                    "`{name}` is an object with a `reason`, which is recorded: {{\"reason\": \"…\"}}."
                );
                Err(Wrong::Content { name, message })
            }
        }
    }
}

members! {
    /// A revision that is to serve.
    #[derive(Debug)]
    pub struct ActivateRequest {
        /// Its number.
        revision as "revision": u64,
        /// Lets it serve although its checks or cases fail.
        force as "force": Option<Force>,
    }
}

members! {
    /// A pinned revision that is to serve all.
    #[derive(Debug)]
    pub struct PromoteRequest {
        /// The account that is pinned to it.
        account as "account": String,
        /// Lets it serve although its checks or cases fail.
        force as "force": Option<Force>,
    }
}

impl Catalog {
    /// Makes a revision active. Refused where its checks or cases fail, unless forced; one with errors
    /// always.
    ///
    /// # Errors
    /// If it is refused, the connector is not as it was read, or the store fails.
    pub async fn activate(
        &self,
        edit: Edit<'_>,
        number: u64,
        force: Option<&Force>,
    ) -> Result<ConnectorView, ConnectorError> {
        let found = self.to_edit(&edit).await?;
        let forced = self.approve(&found, number, force).await?;
        let details = json!({"before": found.record.active, "forced": forced});
        let change = Change::new(Action::Activate, Some(number), details);
        let apply = |record: &mut Record, _: &mut Secrets| point_to(record, number);
        self.change(&edit, found, apply, Vec::new(), change).await
    }

    /// Makes the revision active that was active before. It served already, so only errors refuse it.
    ///
    /// # Errors
    /// As for [`Catalog::activate`], and where none was active before.
    pub async fn roll_back(&self, edit: Edit<'_>) -> Result<ConnectorView, ConnectorError> {
        let found = self.to_edit(&edit).await?;
        let Some(number) = found.record.former.last().copied() else {
            return Err(ConnectorError::State {
                code: "nothing_to_roll_back",
                message: "No revision was active before this one. Activate the one that is meant.".to_owned(),
            });
        };
        self.refuse_errors(&found, number).await?;
        let details = json!({"before": found.record.active});
        let change = Change::new(Action::RollBack, Some(number), details);
        let apply = |record: &mut Record, _: &mut Secrets| {
            record.former.pop();
            serve(record, number);
        };
        self.change(&edit, found, apply, Vec::new(), change).await
    }

    /// Takes a connector out of service. A file of its id in the folder serves from then on.
    ///
    /// # Errors
    /// If the connector is not as it was read, or the store fails.
    pub async fn retire(&self, edit: Edit<'_>) -> Result<ConnectorView, ConnectorError> {
        let found = self.to_edit(&edit).await?;
        let details = json!({"before": found.record.active, "pins": found.record.pins});
        let change = Change::new(Action::Retire, None, details);
        let apply = |record: &mut Record, _: &mut Secrets| {
            if let Some(active) = record.active.take() {
                remember(record, active);
            }
            record.pins.clear();
            record.status = Status::Retired;
        };
        self.change(&edit, found, apply, Vec::new(), change).await
    }

    /// Lets one account have a revision of its own. The same checks count as for activation.
    ///
    /// # Errors
    /// As for [`Catalog::activate`], and where the account may not use the connector.
    pub async fn pin(
        &self,
        edit: Edit<'_>,
        account: &str,
        number: u64,
        force: Option<&Force>,
    ) -> Result<ConnectorView, ConnectorError> {
        let found = self.to_edit(&edit).await?;
        if account.is_empty() || account.len() > 64 {
            return Err(ConnectorError::invalid("account", "The account is a RingCentral account id."));
        }
        if found.record.status == Status::Retired {
            return Err(ConnectorError::State {
                code: "connector_retired",
                message: "The connector is retired. Activate a revision first.".to_owned(),
            });
        }
        if found.record.allowed_accounts.as_ref().is_some_and(|allowed| !allowed.contains(account)) {
            return Err(ConnectorError::State {
                code: "account_not_allowed",
                message: "The account is none of the connector's `allowedAccounts`. Add it there first."
                    .to_owned(),
            });
        }
        let forced = self.approve(&found, number, force).await?;
        let details = json!({"account": account, "before": found.record.pins.get(account), "forced": forced});
        let change = Change::new(Action::Pin, Some(number), details);
        let account = account.to_owned();
        let apply = |record: &mut Record, _: &mut Secrets| {
            record.pins.insert(account, number);
        };
        self.change(&edit, found, apply, Vec::new(), change).await
    }

    /// Lets an account follow the active revision again.
    ///
    /// # Errors
    /// If it is not pinned, the connector is not as it was read, or the store fails.
    pub async fn unpin(&self, edit: Edit<'_>, account: &str) -> Result<ConnectorView, ConnectorError> {
        let found = self.to_edit(&edit).await?;
        let number = pinned(&found, account)?;
        let change = Change::new(Action::Unpin, Some(number), json!({"account": account}));
        let apply = |record: &mut Record, _: &mut Secrets| {
            record.pins.remove(account);
        };
        self.change(&edit, found, apply, Vec::new(), change).await
    }

    /// Makes the revision of a pinned account active for all; who was pinned to it follows along.
    ///
    /// # Errors
    /// As for [`Catalog::activate`], and where the account is not pinned.
    pub async fn promote(
        &self,
        edit: Edit<'_>,
        account: &str,
        force: Option<&Force>,
    ) -> Result<ConnectorView, ConnectorError> {
        let found = self.to_edit(&edit).await?;
        let number = pinned(&found, account)?;
        let forced = self.approve(&found, number, force).await?;
        let details = json!({"account": account, "before": found.record.active, "forced": forced});
        let change = Change::new(Action::Promote, Some(number), details);
        let apply = |record: &mut Record, _: &mut Secrets| {
            point_to(record, number);
            record.pins.retain(|_, pinned| *pinned != number);
        };
        self.change(&edit, found, apply, Vec::new(), change).await
    }

    /// Whether a revision may serve; what was forced, for the audit log.
    async fn approve(
        &self,
        found: &Found,
        number: u64,
        force: Option<&Force>,
    ) -> Result<Value, ConnectorError> {
        if let Some(force) = force {
            check_text("reason", &force.reason)?;
            super::check::without_secrets("The reason", &json!(force.reason), &found.secrets)?;
            if force.reason.trim().is_empty() {
                return Err(ConnectorError::invalid("force", "`force` needs a `reason`, which is recorded."));
            }
        }
        let revision = self.revision_of(&found.record, number).await?;
        let verdict = self.judge(&found.record.proxy_id, &found.secrets, &revision).await?;
        if !verdict.runs {
            return Err(ConnectorError::HasErrors { number, verdict: Box::new(verdict) });
        }
        match (verdict.passes, force) {
            (true, _) => Ok(Value::Null),
            (false, Some(force)) => {
                let failed = verdict.cases.iter().filter(|case| !case.passed);
                let named: Vec<String> = failed
                    .clone()
                    .take(NAMED_CASES)
                    .map(|case| case.name.chars().take(CASE_NAME).collect())
                    .collect();
                Ok(json!({
                    "reason": force.reason, "summary": verdict.summary,
                    "failedCases": named, "failedCasesInAll": failed.count(),
                }))
            }
            (false, None) => Err(ConnectorError::ChecksFailed { number, verdict: Box::new(verdict) }),
        }
    }

    async fn refuse_errors(&self, found: &Found, number: u64) -> Result<(), ConnectorError> {
        let revision = self.revision_of(&found.record, number).await?;
        let verdict = self.judge(&found.record.proxy_id, &found.secrets, &revision).await?;
        if verdict.runs {
            return Ok(());
        }
        Err(ConnectorError::HasErrors { number, verdict: Box::new(verdict) })
    }
}

fn pinned(found: &Found, account: &str) -> Result<u64, ConnectorError> {
    found.record.pins.get(account).copied().ok_or_else(|| ConnectorError::State {
        code: "account_not_pinned",
        message: "The account is not pinned to a revision.".to_owned(),
    })
}

fn point_to(record: &mut Record, number: u64) {
    if let Some(before) = record.active.filter(|before| *before != number) {
        remember(record, before);
    }
    serve(record, number);
}

/// What serves now is no revision to go back to, also where it was remembered when the connector was
/// retired.
fn serve(record: &mut Record, number: u64) {
    record.active = Some(number);
    record.status = Status::Active;
    while record.former.last() == Some(&number) {
        record.former.pop();
    }
}

fn remember(record: &mut Record, number: u64) {
    record.former.push(number);
    let surplus = record.former.len().saturating_sub(FORMER);
    record.former.drain(..surplus);
}
