//! What clients submit about appointments, checked before a CRM is asked: every problem at once, each
//! with its place.

mod form;

use schemars::JsonSchema;
use serde_json::{Map, Value};

pub use self::form::{Detail, Form, Invalid};
use self::form::{Presence, is_day};
use crate::connector::inputs::ListAppointments;
use crate::members::{Given, Members, Wrong, members};

members! {
    /// Which days; both or neither.
    #[derive(Debug)]
    pub struct RangeQuery {
        /// First day, `YYYY-MM-DD`.
        #[schemars(extend("format" = "date"))]
        start_date as "startDate": Option<Given<String>>,
        /// Last day, `YYYY-MM-DD`.
        #[schemars(extend("format" = "date"))]
        end_date as "endDate": Option<Given<String>>,
    }
}

impl RangeQuery {
    /// The days: both or neither.
    ///
    /// # Errors
    /// If one is missing, or is no day, or they are the wrong way round.
    pub fn range(self) -> Result<ListAppointments, Invalid> {
        if self.start_date.is_none() && self.end_date.is_none() {
            return Ok(ListAppointments::default());
        }
        let mut problems = Vec::new();
        let mut day = |name: &'static str, given: Option<Given<String>>| {
            let problem = match given.map(Given::into_value) {
                Some(Value::String(text)) if is_day(&text) => return Some(text),
                Some(Value::String(_)) => "write a day of the calendar as YYYY-MM-DD",
                Some(_) => "is given more than once",
                None => "is missing: give startDate and endDate, or neither",
            };
            problems.push(Detail { path: vec![name.into()], message: problem.into() });
            None
        };
        let (start_date, end_date) = (day("startDate", self.start_date), day("endDate", self.end_date));
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
}

/// An appointment to create.
#[derive(Debug, JsonSchema)]
#[schemars(rename = "CreateAppointmentRequest")]
#[serde(untagged)]
pub enum CreateRequest {
    /// In `payload`.
    Wrapped {
        /// The appointment.
        payload: Form<NewAppointment>,
    },
    /// Bare, from older clients.
    Bare(Form<NewAppointment>),
}

impl Members for CreateRequest {
    const NAMES: &'static [&'static str] = &["payload"];

    fn take(object: &mut Map<String, Value>) -> Result<Self, Wrong> {
        Ok(match Form::inside("payload", object)? {
            Some(payload) => Self::Wrapped { payload },
            None => Self::Bare(Form::take(object)?),
        })
    }
}

members! {
    /// A new appointment.
    #[derive(Debug)]
    pub struct NewAppointment {
        /// Title.
        #[schemars(required, length(min = 1))]
        title as "title": Option<Given<String>>,
        /// Description or agenda.
        #[schemars(required)]
        summary as "summary": Option<Given<String>>,
        /// Start, ISO 8601 with offset.
        #[schemars(required, extend("format" = "date-time"))]
        start_time_utc as "startTimeUtc": Option<Given<String>>,
        /// Length in minutes.
        #[schemars(required, range(min = 1))]
        duration_minutes as "durationMinutes": Option<Given<u64>>,
        /// Who is concerned: ids of contacts, or objects with `id`, `type` and `contactType`.
        contacts as "contacts": Option<Given<Vec<Value>>>,
    }
}

impl CreateRequest {
    /// The appointment, in its members' order.
    ///
    /// # Errors
    /// With everything that is wrong.
    pub fn appointment(self) -> Result<Value, Invalid> {
        let (Self::Wrapped { payload: form } | Self::Bare(form)) = self;
        let Form { fields, mut checks } = form;
        if checks.is_foreign {
            checks.problems.push(Detail { path: Vec::new(), message: "Invalid input".into() });
        } else {
            checks.filled("title", fields.title, Presence::Required);
            checks.text("summary", fields.summary, Presence::Required);
            checks.instant("startTimeUtc", fields.start_time_utc, Presence::Required);
            checks.minutes("durationMinutes", fields.duration_minutes, Presence::Required);
            checks.contacts("contacts", fields.contacts);
            checks.nothing_else();
        }
        checks.finish("Invalid appointment create request")
    }
}

/// Fields of an appointment to change.
#[derive(Debug, JsonSchema)]
#[schemars(rename = "PatchAppointmentRequest")]
#[serde(untagged)]
pub enum PatchRequest {
    /// In `patch`.
    Wrapped {
        /// The fields.
        patch: Form<AppointmentPatch>,
    },
    /// Bare, from older clients.
    Bare(Form<AppointmentPatch>),
}

impl Members for PatchRequest {
    const NAMES: &'static [&'static str] = &["patch"];

    fn take(object: &mut Map<String, Value>) -> Result<Self, Wrong> {
        Ok(match Form::inside("patch", object)? {
            Some(patch) => Self::Wrapped { patch },
            None => Self::Bare(Form::take(object)?),
        })
    }
}

members! {
    /// What is to change; what is absent stays. A new time takes start and duration.
    #[derive(Debug)]
    pub struct AppointmentPatch {
        /// Title.
        #[schemars(length(min = 1))]
        title as "title": Option<Given<String>>,
        /// Description or agenda.
        summary as "summary": Option<Given<String>>,
        /// Start, ISO 8601 with offset.
        #[schemars(extend("format" = "date-time"))]
        start_time_utc as "startTimeUtc": Option<Given<String>>,
        /// The start, from older clients.
        #[schemars(extend("format" = "date-time", "deprecated" = true))]
        start_time as "startTime": Option<Given<String>>,
        /// Length in minutes.
        #[schemars(range(min = 1))]
        duration_minutes as "durationMinutes": Option<Given<u64>>,
        /// Who is concerned: ids of contacts, or objects with `id`, `type` and `contactType`.
        contacts as "contacts": Option<Given<Vec<Value>>>,
    }
}

impl PatchRequest {
    /// The fields to change. A new time takes both `startTimeUtc` and `durationMinutes`; an older client's
    /// `startTime` is both `startTime` and `startTimeUtc` afterwards.
    ///
    /// # Errors
    /// With everything that is wrong.
    pub fn patch(self) -> Result<Value, Invalid> {
        let (Self::Wrapped { patch: form } | Self::Bare(form)) = self;
        let Form { fields, mut checks } = form;
        if checks.is_foreign {
            checks.problems.push(Detail { path: Vec::new(), message: "Invalid input".into() });
        } else {
            checks.filled("title", fields.title, Presence::Optional);
            checks.text("summary", fields.summary, Presence::Optional);
            let has_start = fields.start_time_utc.is_some() || fields.start_time.is_some();
            let has_minutes = fields.duration_minutes.is_some();
            if fields.start_time_utc.is_some() && fields.start_time.is_some() {
                checks.problem("startTime", "means the same as startTimeUtc: send startTimeUtc alone");
            }
            checks.instant("startTimeUtc", fields.start_time_utc, Presence::Optional);
            checks.instant("startTime", fields.start_time, Presence::Optional);
            let presence = if has_start { Presence::Required } else { Presence::Optional };
            checks.minutes("durationMinutes", fields.duration_minutes, presence);
            if has_minutes && !has_start {
                checks.problem("startTimeUtc", "is missing: a new duration takes the start as well");
            }
            checks.contacts("contacts", fields.contacts);
            checks.nothing_else();
            if let Some(start) = checks.read.get("startTime").cloned() {
                checks.read.insert("startTimeUtc".to_owned(), start);
            }
        }
        checks.finish("Invalid appointment patch request")
    }
}

members! {
    /// A new status.
    #[derive(Debug)]
    #[schemars(rename = "AppointmentStatusRequest")]
    pub struct StatusRequest {
        /// A word that the CRM knows; it is sent in lower case.
        #[schemars(required, length(min = 1))]
        status as "status": Option<Given<String>>,
    }
}

impl Form<StatusRequest> {
    /// The new status.
    ///
    /// # Errors
    /// With everything that is wrong.
    pub fn status(self) -> Result<String, Invalid> {
        let Self { fields, mut checks } = self;
        checks.filled("status", fields.status, Presence::Required);
        checks.nothing_else();
        let read = checks.finish("Invalid appointment status request")?;
        Ok(read["status"].as_str().unwrap_or_default().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read<T: Members>(value: Value) -> T {
        T::take(&mut value.as_object().cloned().expect("an object")).expect("every value is read")
    }

    fn create(body: Value) -> Result<Value, Invalid> {
        read::<CreateRequest>(body).appointment()
    }

    fn patch(body: Value) -> Result<Value, Invalid> {
        read::<PatchRequest>(body).patch()
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
        assert_eq!(create(bare.clone()).unwrap(), expected);
        assert_eq!(create(json!({"payload": bare})).unwrap(), expected);
    }

    #[test]
    fn every_problem_is_told_with_its_place() {
        let wrong = json!({"payload": {
            "title": " ", "startTimeUtc": "2026-02-29T10:00:00Z", "durationMinutes": 0.5,
            "contacts": [0, {"id": 1, "type": 2, "x": 1}], "y": 1
        }, "z": 1});
        assert_eq!(
            places(create(wrong)),
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
            let invalid = create(foreign).unwrap_err();
            let whole = vec![Detail { path: Vec::new(), message: "Invalid input".into() }];
            assert_eq!((invalid.error, invalid.details), ("Invalid appointment create request", whole));
        }
    }

    #[test]
    fn a_new_time_takes_start_and_duration() {
        let (time, minutes) = ("2026-07-20T19:00+02:00", 15);
        let patched = patch(json!({"startTime": time, "durationMinutes": "15"})).unwrap();
        assert_eq!(patched, json!({"startTime": time, "durationMinutes": minutes, "startTimeUtc": time}));
        assert!(patch(json!({"patch": {"title": "New"}})).is_ok());
        for (body, place) in [
            (json!({"startTimeUtc": time}), r#"["durationMinutes"]"#),
            (json!({"patch": {"durationMinutes": 15}}), r#"["patch","startTimeUtc"]"#),
            (json!({"startTimeUtc": time, "startTime": time, "durationMinutes": 1}), r#"["startTime"]"#),
            (json!({"status": "confirmed"}), "[]"),
            (json!({"patch": 1}), r#"["patch"]"#),
        ] {
            assert_eq!(places(patch(body.clone())), [place], "{body}");
        }
    }

    #[test]
    fn days_come_in_pairs_and_in_order() {
        let range = |query: Value| read::<RangeQuery>(query).range();
        assert!(range(json!({"mineOnly": "true"})).unwrap().start_date.is_none());
        assert!(range(json!({"startDate": "2026-07-01", "endDate": "2026-07-01"})).is_ok());
        for (query, place) in [
            (json!({"startDate": "2026-07-01"}), r#"["endDate"]"#),
            (json!({"startDate": "2026-07-02", "endDate": "2026-07-01"}), r#"["endDate"]"#),
            (json!({"startDate": "2026-02-30", "endDate": "2026-07-01"}), r#"["startDate"]"#),
            (json!({"startDate": ["2026-02-01", "2026-02-02"], "endDate": "2026-07-01"}), r#"["startDate"]"#),
        ] {
            assert_eq!(places(range(query.clone())), [place], "{query}");
        }
    }

    #[test]
    fn a_status_is_text() {
        let status = |body: Value| read::<Form<StatusRequest>>(body).status();
        assert_eq!(status(json!({"status": " Confirmed "})).unwrap(), "Confirmed");
        for body in [json!({}), json!({"status": ""}), json!({"status": 1}), json!({"status": "a", "b": 1})] {
            assert_eq!(places(status(body)).len(), 1);
        }
    }
}
