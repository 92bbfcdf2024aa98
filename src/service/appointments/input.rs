//! What clients submit about appointments, checked before a CRM is asked: every problem at once, each
//! with its place.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::connector::inputs::ListAppointments;

/// A request that cannot be used.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "InvalidAppointment")]
pub struct Invalid {
    /// Which request it is.
    pub error: &'static str,
    /// What is wrong with it.
    pub details: Vec<Detail>,
}

/// One thing that is wrong.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "InvalidField")]
pub struct Detail {
    /// Where: names of members and positions in lists, from the outside in; empty for the whole.
    pub path: Vec<Value>,
    /// What, and how to mend it.
    pub message: Cow<'static, str>,
}

/// The largest number that every client can count to.
const MAX_MINUTES: u64 = 9_007_199_254_740_991;

/// Reads the days of `GET /appointments`: both or neither.
///
/// # Errors
/// If one is missing, or is no day, or they are the wrong way round.
pub fn range(query: &Map<String, Value>) -> Result<ListAppointments, Invalid> {
    let mut problems = Vec::new();
    let mut day = |name: &'static str| {
        let problem = match query.get(name) {
            Some(Value::String(text)) if is_day(text) => return Some(text.clone()),
            Some(Value::String(_)) => "write a day of the calendar as YYYY-MM-DD",
            Some(_) => "is given more than once",
            None => "is missing: give startDate and endDate, or neither",
        };
        problems.push(Detail { path: vec![name.into()], message: problem.into() });
        None
    };
    if !query.contains_key("startDate") && !query.contains_key("endDate") {
        return Ok(ListAppointments::default());
    }
    let (start_date, end_date) = (day("startDate"), day("endDate"));
    if let (Some(start), Some(end)) = (&start_date, &end_date)
        && start > end
    {
        let message = "is before startDate: swap them".into();
        problems.push(Detail { path: vec!["endDate".into()], message });
    }
    if problems.is_empty() {
        return Ok(ListAppointments { start_date, end_date });
    }
    Err(Invalid { error: "Invalid appointment date range", details: problems })
}

/// Reads an appointment to create, in `payload` or bare.
///
/// # Errors
/// With everything that is wrong.
pub fn create(body: Map<String, Value>) -> Result<Value, Invalid> {
    let mut form = Form::of(body, "payload");
    if form.is_foreign(&["title", "summary", "startTimeUtc", "durationMinutes", "contacts"]) {
        form.problems.push(Detail { path: Vec::new(), message: "Invalid input".into() });
    } else {
        form.title(Presence::Required);
        form.text("summary", Presence::Required);
        form.instant("startTimeUtc", Presence::Required);
        form.minutes(Presence::Required);
        form.contacts();
        form.nothing_else();
    }
    form.finish("Invalid appointment create request")
}

/// Reads the fields of an appointment to change, in `patch` or bare. A new time takes both
/// `startTimeUtc` and `durationMinutes`; an older client's `startTime` is both `startTime` and
/// `startTimeUtc` afterwards.
///
/// # Errors
/// With everything that is wrong.
pub fn patch(body: Map<String, Value>) -> Result<Value, Invalid> {
    let mut form = Form::of(body, "patch");
    let fields = ["title", "summary", "startTimeUtc", "startTime", "durationMinutes", "contacts"];
    if form.is_foreign(&fields) {
        form.problems.push(Detail { path: Vec::new(), message: "Invalid input".into() });
    } else {
        form.title(Presence::Optional);
        form.text("summary", Presence::Optional);
        let has = |form: &Form, name: &str| form.members.contains_key(name);
        let (start, minutes) =
            (has(&form, "startTimeUtc") || has(&form, "startTime"), has(&form, "durationMinutes"));
        if has(&form, "startTimeUtc") && has(&form, "startTime") {
            form.problem("startTime", "means the same as startTimeUtc: send startTimeUtc alone");
        }
        form.instant("startTimeUtc", Presence::Optional);
        form.instant("startTime", Presence::Optional);
        form.minutes(if start { Presence::Required } else { Presence::Optional });
        if minutes && !start {
            form.problem("startTimeUtc", "is missing: a new duration takes the start as well");
        }
        form.contacts();
        form.nothing_else();
        if let Some(start) = form.read.get("startTime").cloned() {
            form.read.insert("startTimeUtc".to_owned(), start);
        }
    }
    form.finish("Invalid appointment patch request")
}

/// Reads a new status.
///
/// # Errors
/// With everything that is wrong.
pub fn status(body: Map<String, Value>) -> Result<String, Invalid> {
    let mut form = Form { members: body, ..Form::default() };
    form.filled("status", Presence::Required);
    form.nothing_else();
    let read = form.finish("Invalid appointment status request")?;
    Ok(read["status"].as_str().unwrap_or_default().to_owned())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Required,
    Optional,
}

/// The members of a request: read one by one, what is left is foreign.
#[derive(Default)]
struct Form {
    /// The member that holds the others, where there is one.
    wrapper: Option<&'static str>,
    members: Map<String, Value>,
    read: Map<String, Value>,
    problems: Vec<Detail>,
}

impl Form {
    /// The members of `wrapper`, else those of the body.
    fn of(mut body: Map<String, Value>, wrapper: &'static str) -> Self {
        let Some(inner) = body.shift_remove(wrapper) else {
            return Self { members: body, ..Self::default() };
        };
        let mut form = Self { wrapper: Some(wrapper), ..Self::default() };
        for name in body.keys() {
            let message = format!("cannot stand beside `{wrapper}`").into();
            form.problems.push(Detail { path: vec![name.as_str().into()], message });
        }
        match inner {
            Value::Object(members) => form.members = members,
            _ => form
                .problems
                .push(Detail { path: vec![wrapper.into()], message: "has to be an object".into() }),
        }
        form
    }

    /// Whether it has nothing that belongs into it.
    fn is_foreign(&self, names: &[&str]) -> bool {
        self.problems.is_empty() && !names.iter().any(|name| self.members.contains_key(*name))
    }

    fn problem(&mut self, name: &str, message: impl Into<Cow<'static, str>>) {
        self.problem_at(&[name.into()], message);
    }

    fn problem_at(&mut self, path: &[Value], message: impl Into<Cow<'static, str>>) {
        let path = self.wrapper.map(Value::from).into_iter().chain(path.iter().cloned()).collect();
        self.problems.push(Detail { path, message: message.into() });
    }

    /// Takes a member and keeps what `read` makes of it.
    fn take(
        &mut self,
        name: &str,
        presence: Presence,
        read: impl FnOnce(Value) -> Result<Value, &'static str>,
    ) {
        match self.members.shift_remove(name) {
            Some(value) => match read(value) {
                Ok(value) => drop(self.read.insert(name.to_owned(), value)),
                Err(problem) => self.problem(name, problem),
            },
            None if presence == Presence::Required => self.problem(name, "is missing"),
            None => {}
        }
    }

    fn text(&mut self, name: &str, presence: Presence) {
        self.take(name, presence, |value| if value.is_string() { Ok(value) } else { Err("has to be text") });
    }

    /// Text that says something; spaces around it go.
    fn filled(&mut self, name: &str, presence: Presence) {
        self.take(name, presence, |value| match value.as_str().map(str::trim) {
            Some("") => Err("has to be text that is not empty"),
            Some(text) => Ok(text.into()),
            None => Err("has to be text"),
        });
    }

    fn title(&mut self, presence: Presence) {
        self.filled("title", presence);
    }

    fn instant(&mut self, name: &str, presence: Presence) {
        self.take(name, presence, |value| match value.as_str().is_some_and(is_instant) {
            true => Ok(value),
            false => Err("write date, time and offset as in 2026-07-20T19:00:00.000Z"),
        });
    }

    fn minutes(&mut self, presence: Presence) {
        self.take("durationMinutes", presence, |value| {
            let minutes = match &value {
                Value::Number(number) => whole(number.as_f64()),
                // A form has no numbers.
                Value::String(text) => text.parse().ok(),
                _ => None,
            };
            match minutes.filter(|minutes| (1..=MAX_MINUTES).contains(minutes)) {
                Some(minutes) => Ok(minutes.into()),
                None => Err("has to be a whole number of minutes, 1 or more"),
            }
        });
    }

    /// Contacts by their ids, or as objects with an id. Any id of a CRM is one, not only numbers.
    fn contacts(&mut self) {
        let Some(value) = self.members.shift_remove("contacts") else { return };
        let Value::Array(items) = &value else {
            self.problem("contacts", "has to be a list");
            return;
        };
        for (at, item) in items.iter().enumerate() {
            let path = |rest: &[&str]| -> Vec<Value> {
                let rest = rest.iter().map(|name| Value::from(*name));
                [Value::from("contacts"), at.into()].into_iter().chain(rest).collect()
            };
            let Value::Object(members) = item else {
                if !is_id(item) {
                    self.problem_at(&path(&[]), "has to be the id of a contact, or an object with one");
                }
                continue;
            };
            if !members.get("id").is_some_and(is_id) {
                self.problem_at(&path(&["id"]), "has to be the id of a contact");
            }
            for (name, value) in members {
                match name.as_str() {
                    "id" => {}
                    "type" | "contactType" if value.is_string() => {}
                    "type" | "contactType" => self.problem_at(&path(&[name]), "has to be text"),
                    _ => self.problem_at(&path(&[name]), "is not known here"),
                }
            }
        }
        self.read.insert("contacts".to_owned(), value);
    }

    fn nothing_else(&mut self) {
        let foreign: Vec<String> = self.members.keys().cloned().collect();
        for name in foreign {
            self.problem(&name, "is not known here");
        }
    }

    fn finish(self, error: &'static str) -> Result<Value, Invalid> {
        if self.problems.is_empty() {
            return Ok(Value::Object(self.read));
        }
        Err(Invalid { error, details: self.problems })
    }
}

fn is_id(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.trim().is_empty(),
        Value::Number(number) => whole(number.as_f64()).is_some_and(|id| id > 0),
        _ => false,
    }
}

/// A whole number that is not negative.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to fit")]
fn whole(number: Option<f64>) -> Option<u64> {
    let number = number.filter(|number| number.fract() == 0.0 && *number >= 0.0)?;
    (number <= MAX_MINUTES as f64).then_some(number as u64)
}

fn is_day(text: &str) -> bool {
    text.len() == 10 && text.parse::<Date>().is_ok()
}

/// Date, time and offset in ISO 8601, and nothing else that a reader of times may understand.
fn is_instant(text: &str) -> bool {
    let bytes = text.as_bytes();
    let at = |place: usize, wanted: u8| bytes.get(place) == Some(&wanted);
    let has_offset = text.ends_with('Z')
        || text
            .len()
            .checked_sub(6)
            .is_some_and(|sign| (at(sign, b'+') || at(sign, b'-')) && at(sign + 3, b':') && sign > 10);
    let is_shaped = at(4, b'-') && at(7, b'-') && at(10, b'T') && at(13, b':') && has_offset;
    is_shaped && text.parse::<Timestamp>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().expect("an object")
    }

    fn places<T: std::fmt::Debug>(read: Result<T, Invalid>) -> Vec<String> {
        let invalid = read.expect_err("refused");
        invalid.details.iter().map(|detail| Value::from(detail.path.clone()).to_string()).collect()
    }

    #[test]
    fn wrapped_and_bare_are_the_same() {
        let bare = json!({
            "title": " Call ", "summary": "", "startTimeUtc": "2026-07-20T19:00:00.000Z",
            "durationMinutes": 30, "contacts": ["501", 502, {"id": "con-1", "type": "Contact"}]
        });
        let mut expected = bare.clone();
        expected["title"] = "Call".into();
        assert_eq!(create(object(bare.clone())).unwrap(), expected);
        assert_eq!(create(object(json!({"payload": bare}))).unwrap(), expected);
    }

    #[test]
    fn every_problem_is_told_with_its_place() {
        let wrong = json!({"payload": {
            "title": " ", "startTimeUtc": "2026-02-29T10:00:00Z", "durationMinutes": 0.5,
            "contacts": [0, {"id": 1, "type": 2, "x": 1}], "y": 1
        }, "z": 1});
        assert_eq!(
            places(create(object(wrong))),
            [
                r#"["z"]"#,
                r#"["payload","title"]"#,
                r#"["payload","summary"]"#,
                r#"["payload","startTimeUtc"]"#,
                r#"["payload","durationMinutes"]"#,
                r#"["payload","contacts",0]"#,
                r#"["payload","contacts",1,"type"]"#,
                r#"["payload","contacts",1,"x"]"#,
                r#"["payload","y"]"#,
            ]
        );
        for foreign in [json!({}), json!({"payload": {}}), json!({"appointment": 1})] {
            let invalid = create(object(foreign)).unwrap_err();
            let whole = vec![Detail { path: Vec::new(), message: "Invalid input".into() }];
            assert_eq!((invalid.error, invalid.details), ("Invalid appointment create request", whole));
        }
    }

    #[test]
    fn a_new_time_takes_start_and_duration() {
        let (time, minutes) = ("2026-07-20T19:00+02:00", 15);
        let read = patch(object(json!({"startTime": time, "durationMinutes": "15"}))).unwrap();
        assert_eq!(read, json!({"startTime": time, "durationMinutes": minutes, "startTimeUtc": time}));
        assert!(patch(object(json!({"patch": {"title": "New"}}))).is_ok());
        for (body, place) in [
            (json!({"startTimeUtc": time}), r#"["durationMinutes"]"#),
            (json!({"patch": {"durationMinutes": 15}}), r#"["patch","startTimeUtc"]"#),
            (json!({"startTimeUtc": time, "startTime": time, "durationMinutes": 1}), r#"["startTime"]"#),
            (json!({"status": "confirmed"}), "[]"),
            (json!({"patch": 1}), r#"["patch"]"#),
        ] {
            assert_eq!(places(patch(object(body.clone()))), [place], "{body}");
        }
    }

    #[test]
    fn instants_have_an_offset() {
        for good in ["2026-07-20T19:00Z", "2024-02-29T23:59:59.123456-05:30", "2026-07-20T19:00:00+00:00"] {
            assert!(is_instant(good), "{good}");
        }
        for bad in [
            "",
            "Z",
            "2026-07-20",
            "2026-07-20T19:00:00",
            "2026-07-20 19:00:00Z",
            "20260720T190000Z",
            "2026-07-20T19:00:00[UTC]",
            "2026-07-20T25:00:00Z",
            "2026-07-20T19:00:00+0200",
            "ééééééééééééZ",
        ] {
            assert!(!is_instant(bad), "{bad}");
        }
    }

    #[test]
    fn days_come_in_pairs_and_in_order() {
        let read = |query: Value| range(&object(query));
        assert!(read(json!({"mineOnly": "true"})).unwrap().start_date.is_none());
        assert!(read(json!({"startDate": "2026-07-01", "endDate": "2026-07-01"})).is_ok());
        for (query, place) in [
            (json!({"startDate": "2026-07-01"}), r#"["endDate"]"#),
            (json!({"startDate": "2026-07-02", "endDate": "2026-07-01"}), r#"["endDate"]"#),
            (json!({"startDate": "2026-02-30", "endDate": "2026-07-01"}), r#"["startDate"]"#),
            (json!({"startDate": ["2026-02-01", "2026-02-02"], "endDate": "2026-07-01"}), r#"["startDate"]"#),
        ] {
            assert_eq!(places(read(query.clone())), [place], "{query}");
        }
    }

    #[test]
    fn a_status_is_text() {
        assert_eq!(status(object(json!({"status": " Confirmed "}))).unwrap(), "Confirmed");
        for body in [json!({}), json!({"status": ""}), json!({"status": 1}), json!({"status": "a", "b": 1})] {
            assert_eq!(places(status(object(body))).len(), 1);
        }
    }
}
