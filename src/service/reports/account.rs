//! Figures of an account's calls, by whatever they are grouped.

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::access::token;
use super::figures::{json_number, number, percentage, two_decimals};
use super::range::{invalid, range, text};
use super::{NoReport, warning};
use crate::connector::ReturnMessage;
use crate::engine::failure::{Failure, FailureKind};
use crate::engine::send::send;
use crate::engine::text::id_text;
use crate::members::Given;
use crate::secret::Secret;
use crate::service::Services;
use crate::service::ringcentral::grants::request;
use crate::store::User;

/// By what calls are grouped, as RingCentral names it.
pub const GROUPS: [&str; 10] = [
    "Company",
    "CompanyNumbers",
    "Users",
    "Queues",
    "IVRs",
    "IVAs",
    "SharedLines",
    "UserGroups",
    "Sites",
    "Departments",
];

/// How many pages of records are read: RingCentral's have a hundred or more each.
const MOST_PAGES: u64 = 50;

/// How many groupings a request may name.
const MOST_GROUPS: usize = 10;

/// Which report.
#[derive(Debug, Default)]
pub struct AccountReportRequest {
    /// The name of a time zone.
    pub time_zone: Option<Given<String>>,
    /// From when.
    pub time_from: Option<Given<String>>,
    /// To when.
    pub time_to: Option<Given<String>>,
    /// By what calls are grouped; absent for the whole company (Q112).
    pub group_by: Option<Given<String>>,
}

/// Figures of an account, in the reference's members.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountReport {
    /// One for each group that has a name.
    call_log_stats: Vec<GroupFigures>,
    /// The names, in the same order.
    item_keys: Vec<Value>,
    /// How RingCentral grouped.
    #[serde(skip_serializing_if = "Option::is_none")]
    grouped_by: Option<Value>,
    /// What can be grouped by.
    group_keys: [&'static str; 10],
    /// Says that the report is not whole, if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    return_message: Option<ReturnMessage>,
}

/// Figures of one group.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct GroupFigures {
    /// The group's name.
    name: Value,
    /// Calls that came in.
    inbound_call_count: Value,
    /// Calls that went out.
    outbound_call_count: Value,
    /// Calls that were answered.
    answered_call_count: Value,
    /// Of the calls that came in.
    answered_call_percentage: String,
    /// In seconds: a text with two decimals, or the number 0.
    total_talk_time: Value,
    /// The same for each call.
    average_talk_time: Value,
}

/// The figures of the user's account.
///
/// # Errors
/// If the request cannot be used, the user is no admin of the account, or RingCentral fails.
pub async fn account(
    services: &Services,
    user: &User,
    rc_access_token: Option<&str>,
    report: AccountReportRequest,
) -> Result<AccountReport, NoReport> {
    let body = asked(report)?;
    let token = token(services, user, rc_access_token).await?;
    let mut report = AccountReport {
        call_log_stats: Vec::new(),
        item_keys: Vec::new(),
        grouped_by: None,
        group_keys: GROUPS,
        return_message: None,
    };
    let (mut page, mut pages) = (1, 1);
    while page <= pages.min(MOST_PAGES) {
        let answer =
            fetch(services, &token, &body, page).await.map_err(|failure| NoReport::failed(&failure))?;
        let records = answer.pointer("/data/records").and_then(Value::as_array).ok_or_else(|| {
            let failure = Failure::new(FailureKind::NotJson, "the aggregation has no data.records");
            NoReport::failed(&failure)
        })?;
        for record in records {
            report.add(record);
        }
        if page == 1 {
            report.grouped_by = answer.pointer("/data/groupedBy").cloned();
            pages = answer.pointer("/paging/totalPages").and_then(Value::as_u64).unwrap_or(1);
        }
        page += 1;
    }
    if pages > MOST_PAGES {
        report.return_message = Some(warning(&format!(
            "The report is cut: RingCentral has {pages} pages of it, and {MOST_PAGES} were read. Choose a coarser grouping."
        )));
    }
    Ok(report)
}

/// The body of the request to RingCentral. What the client does not say is left out (recordings 26,
/// `report-no-window`).
fn asked(report: AccountReportRequest) -> Result<Value, NoReport> {
    let range = range(report.time_from, report.time_to)?;
    let zone = text("timezone", report.time_zone)?;
    let group_by = match report.group_by.map(Given::into_value) {
        // Several are RingCentral's to refuse (recordings 26, `report-twice`).
        Some(Value::Array(all)) if all.len() <= MOST_GROUPS && all.iter().all(is_name) => Value::Array(all),
        Some(one @ Value::String(_)) => {
            let name = text("groupBy", Some(given(one)))?;
            name.map_or_else(|| Value::from(GROUPS[0]), Value::from)
        }
        None | Some(Value::Null) => GROUPS[0].into(),
        Some(_) => return Err(invalid("`groupBy` has to be one of the groupings, such as Users.")),
    };
    let members = |pairs: [(&str, Option<Value>); 2]| {
        let filled = pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(filled.collect::<Map<_, _>>())
    };
    let times = members([("timeFrom", range.from.map(Value::from)), ("timeTo", range.to.map(Value::from))]);
    let sum = json!({"aggregationType": "Sum"});
    Ok(json!({
        "grouping": {"groupBy": group_by},
        "timeSettings": members([("timeZone", zone.map(Value::from)), ("timeRange", Some(times))]),
        "responseOptions": {
            "counters": {"callsByDirection": sum, "callsByResponse": sum},
            "timers": {"allCallsDuration": sum},
        },
    }))
}

fn given(value: Value) -> Given<String> {
    Given::from(value)
}

fn is_name(value: &Value) -> bool {
    value.as_str().is_some_and(|name| !name.is_empty() && name.len() <= 64)
}

async fn fetch(services: &Services, token: &Secret, body: &Value, page: u64) -> Result<Value, Failure> {
    let query = (page > 1).then(|| format!("page={page}"));
    let path = "/analytics/calls/v1/accounts/~/aggregation/fetch";
    let spec = request(Method::POST, services, path, query.as_deref(), token)?.json(body);
    Ok(send(services.client(), &spec).await?.into_parts().1)
}

impl AccountReport {
    fn add(&mut self, record: &Value) {
        let Some(name) = record.pointer("/info/name").filter(|name| id_text(name).is_some()) else { return };
        let figure = |pointer: &str| number(record.pointer(pointer));
        let inbound = figure("/counters/callsByDirection/values/inbound");
        let outbound = figure("/counters/callsByDirection/values/outbound");
        let answered = figure("/counters/callsByResponse/values/answered");
        // RingCentral answers under either name (Q106).
        let timers = ["allCalls", "allCallsDuration"].map(|name| format!("/timers/{name}/values"));
        let total = number(timers.iter().find_map(|pointer| record.pointer(pointer)));
        let seconds = |seconds: f64| if seconds == 0.0 { json!(0) } else { json!(two_decimals(seconds)) };
        let calls = inbound + outbound;
        self.call_log_stats.push(GroupFigures {
            name: name.clone(),
            inbound_call_count: json_number(inbound),
            outbound_call_count: json_number(outbound),
            answered_call_count: json_number(answered),
            answered_call_percentage: percentage(answered, inbound),
            total_talk_time: seconds(total),
            average_talk_time: seconds(if calls == 0.0 { 0.0 } else { total / calls }),
        });
        self.item_keys.push(name.clone());
    }
}
