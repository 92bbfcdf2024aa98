//! `aggregation/fetch`: how many calls there were, and how long, in groups. Only for an admin.

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data, Path};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::caller::Caller;
use super::history::{self, Call, Range};
use super::people::{ACCOUNT_ID, COMPANY, PEOPLE};
use super::reply::RcError;
use crate::sandbox::Shared;

/// What calls can be grouped by. The sandbox has a company and users; the other groups have no members.
const GROUPS: [&str; 10] = [
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

pub(super) async fn fetch(
    shared: Data<Shared>,
    caller: Caller,
    account: Path<String>,
    body: Bytes,
) -> Result<HttpResponse, RcError> {
    caller.account(&account)?;
    if !caller.0.is_admin {
        return Err(RcError::forbidden("Analytics"));
    }
    let body: Value =
        serde_json::from_slice(&body).map_err(|_| RcError::unreadable("The body is not JSON."))?;
    let group = text(&body, "/grouping/groupBy")?;
    if !GROUPS.contains(&group) {
        return Err(RcError::parameter("groupBy", &format!("must be one of {}", GROUPS.join(", "))));
    }
    let zone = text(&body, "/timeSettings/timeZone")?;
    if TimeZone::get(zone).is_err() {
        return Err(RcError::parameter("timeZone", "must be the IANA name of a time zone"));
    }
    let range = Range {
        from: time(&body, "/timeSettings/timeRange/timeFrom")?,
        to: time(&body, "/timeSettings/timeRange/timeTo")?,
    };
    if range.to < range.from {
        return Err(RcError::parameter("timeTo", "is before timeFrom"));
    }
    let now = shared.crm().now();
    let of = |person| history::calls(person, range, now);
    let records: Vec<Value> = match group {
        "Company" => {
            let all: Vec<Call> = PEOPLE.iter().flat_map(of).collect();
            vec![record(&body, ACCOUNT_ID, &json!({ "name": COMPANY }), &all)]
        }
        "Users" => PEOPLE
            .iter()
            .map(|person| {
                let info = json!({ "name": person.name(), "extensionNumber": person.number });
                record(&body, &person.id.to_string(), &info, &of(person))
            })
            .collect(),
        _ => Vec::new(),
    };
    Ok(HttpResponse::Ok().json(json!({
        "paging": {
            "page": 1, "perPage": GROUPS.len(), "totalPages": 1, "totalElements": records.len(),
        },
        "data": { "groupedBy": group, "records": records },
    })))
}

/// One group: the counters and timers that were asked for, under the names that were asked for.
fn record(body: &Value, key: &str, info: &Value, calls: &[Call]) -> Value {
    let count = |is_meant: fn(&Call) -> bool| calls.iter().filter(|call| is_meant(call)).count();
    let asked = |pointer: &str| {
        let members = body.pointer(pointer).and_then(Value::as_object);
        members.into_iter().flatten().map(|(name, _)| name.clone())
    };
    let mut counters = Map::new();
    for name in asked("/responseOptions/counters") {
        let values = match name.as_str() {
            "allCalls" => json!(calls.len()),
            "callsByDirection" => json!({
                "inbound": count(|call| call.is_inbound),
                "outbound": count(|call| !call.is_inbound),
            }),
            "callsByResponse" => json!({
                "answered": count(|call| call.is_inbound && is_answered(call)),
                "notAnswered": count(|call| call.is_inbound && !is_answered(call)),
                "connected": count(|call| !call.is_inbound && is_answered(call)),
                "notConnected": count(|call| !call.is_inbound && !is_answered(call)),
            }),
            _ => continue,
        };
        counters.insert(name, json!({ "valueType": "Instances", "values": values }));
    }
    let seconds: u64 = calls.iter().map(|call| call.seconds).sum();
    let mut timers = Map::new();
    for name in asked("/responseOptions/timers") {
        if matches!(name.as_str(), "allCalls" | "allCallsDuration") {
            timers.insert(name, json!({ "valueType": "Seconds", "values": seconds }));
        }
    }
    json!({ "key": key, "info": info, "counters": counters, "timers": timers })
}

fn is_answered(call: &Call) -> bool {
    call.seconds > 0
}

fn name_of(pointer: &str) -> &str {
    pointer.rsplit('/').next().unwrap_or(pointer)
}

fn text<'a>(body: &'a Value, pointer: &str) -> Result<&'a str, RcError> {
    let found = body.pointer(pointer).and_then(Value::as_str);
    found.ok_or_else(|| RcError::parameter(name_of(pointer), "is missing or no text"))
}

fn time(body: &Value, pointer: &str) -> Result<Timestamp, RcError> {
    let text = text(body, pointer)?;
    text.parse().map_err(|_| RcError::parameter(name_of(pointer), "must be like 2026-03-02T09:00:00.000Z"))
}
