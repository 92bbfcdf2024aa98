//! Figures of one extension's calls and text messages.

use std::time::Duration;

use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use super::access::token;
use super::figures::{json_number, number, percentage, rounded};
use super::range::{invalid, range, text};
use super::{NoReport, warning};
use crate::connector::ReturnMessage;
use crate::engine::failure::{Failure, FailureKind};
use crate::engine::send::send;
use crate::members::Given;
use crate::secret::Secret;
use crate::service::Services;
use crate::service::ringcentral::grants::{request, told};
use crate::store::User;

/// How many pages of calls are read, a thousand calls each.
const MOST_CALL_PAGES: usize = 50;

/// How many pages of messages are read, a hundred messages each.
const MOST_TEXT_PAGES: usize = 100;

/// No page is begun later than this.
const PATIENCE: Duration = Duration::from_secs(60);

/// What calls that came in are answered by.
const ANSWERED: [&str; 3] = ["Call connected", "Accepted", "Answered Not Accepted"];

/// What a time of the query keeps of its spelling (recordings 26, `user-report`); a plus sign would become a space.
const TIME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// Which report.
#[derive(Debug, Default)]
pub struct ExtensionReportRequest {
    /// The extension's id; absent for that of the token.
    pub extension_id: Option<Given<String>>,
    /// From when.
    pub time_from: Option<Given<String>>,
    /// To when.
    pub time_to: Option<Given<String>>,
}

/// Figures of an extension, in the reference's members.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExtensionReport {
    /// Of its calls.
    call_log_stats: CallFigures,
    /// Of its text messages; empty if they could not be read.
    sms_log_stats: TextFigures,
    /// Says what is missing, if something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    return_message: Option<ReturnMessage>,
}

/// Figures of calls.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CallFigures {
    /// Calls that came in.
    inbound_call_count: u64,
    /// Calls that went out.
    outbound_call_count: u64,
    /// Calls that came in and were answered.
    answered_call_count: u64,
    /// Of the calls that came in.
    answered_call_percentage: String,
    /// In whole minutes.
    total_talk_time: Value,
    /// In whole minutes for each call.
    average_talk_time: Value,
}

/// Figures of text messages.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TextFigures {
    /// Text messages that went out.
    #[serde(skip_serializing_if = "Option::is_none")]
    sms_sent_count: Option<u64>,
    /// Text messages that came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    sms_received_count: Option<u64>,
}

/// The figures of an extension in the user's account.
///
/// # Errors
/// If the request cannot be used, the user is no admin of the account, or RingCentral does not tell the calls. If it
/// does not tell the messages, the calls are reported, and what failed is told (Q107).
pub async fn extension(
    services: &Services,
    user: &User,
    rc_access_token: Option<&str>,
    report: ExtensionReportRequest,
) -> Result<ExtensionReport, NoReport> {
    let wanted = Wanted::of(report)?;
    let token = token(services, user, rc_access_token).await?;
    let reader = Reader { services, token, wanted, until: Instant::now() + PATIENCE };
    let mut calls = Calls::default();
    let calls_are_cut = reader
        .read("call-log", "view=Simple&perPage=1000", MOST_CALL_PAGES, &mut |record| calls.add(record))
        .await
        .map_err(|failure| NoReport::failed(&failure))?;
    let mut texts = (0, 0);
    let mut add = |record: &Value| count(&mut texts, record);
    let read = reader.read("message-store", "perPage=100", MOST_TEXT_PAGES, &mut add).await;
    let (sms_log_stats, mut missing) = match read {
        Ok(is_cut) => {
            let stats = TextFigures { sms_sent_count: Some(texts.0), sms_received_count: Some(texts.1) };
            (stats, is_cut.then(|| "Not all text messages are counted".to_owned()))
        }
        Err(failure) => {
            tracing::warn!(%failure, "the messages of a report could not be read");
            let words = format!("The text messages are missing: RingCentral {}", told(&failure));
            (TextFigures::default(), Some(words))
        }
    };
    if calls_are_cut {
        let texts = missing.map(|words| format!(" {words}.")).unwrap_or_default();
        missing = Some(format!(
            "Not all calls are counted: there are too many of them.{texts} Choose a shorter range"
        ));
    }
    let return_message = missing.map(|words| warning(&format!("{words}.")));
    Ok(ExtensionReport { call_log_stats: calls.figures(), sms_log_stats, return_message })
}

/// What is asked for, checked.
struct Wanted {
    extension_id: String,
    /// `dateFrom` and `dateTo`, encoded.
    range: String,
}

impl Wanted {
    fn of(report: ExtensionReportRequest) -> Result<Self, NoReport> {
        let extension_id = text("rcExtensionId", report.extension_id)?.unwrap_or_else(|| "~".to_owned());
        // An id is a number: anything else would name another resource (Q111).
        if extension_id != "~"
            && !extension_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            return Err(invalid("`rcExtensionId` has to be the id of an extension, such as 62342132008."));
        }
        let range = range(report.time_from, report.time_to)?;
        let (Some(from), Some(to)) = (range.from, range.to) else {
            return Err(invalid("The range is missing: `timeFrom` and `timeTo`."));
        };
        let encoded = |time: &str| utf8_percent_encode(time, TIME).to_string();
        Ok(Self { extension_id, range: format!("dateFrom={}&dateTo={}", encoded(&from), encoded(&to)) })
    }
}

struct Reader<'a> {
    services: &'a Services,
    token: Secret,
    wanted: Wanted,
    until: Instant,
}

impl Reader<'_> {
    /// Reads page after page; whether there were more than are read.
    async fn read(
        &self,
        what: &str,
        options: &str,
        most_pages: usize,
        each: &mut (dyn FnMut(&Value) + Send),
    ) -> Result<bool, Failure> {
        let path = format!("/restapi/v1.0/account/~/extension/{}/{what}", self.wanted.extension_id);
        for page in 1..=most_pages {
            let query = format!("{}&page={page}&{options}", self.wanted.range);
            let spec = request(Method::GET, self.services, &path, Some(&query), &self.token)?;
            let (_, answer) = send(self.services.client(), &spec).await?.into_parts();
            let records = answer.get("records").and_then(Value::as_array).ok_or_else(|| {
                Failure::new(FailureKind::NotJson, format!("the {what} of an extension has no records"))
            })?;
            records.iter().for_each(&mut *each);
            let has_more = answer.pointer("/navigation/nextPage").is_some_and(|next| !next.is_null());
            if !has_more {
                return Ok(false);
            }
            if Instant::now() >= self.until {
                return Ok(true);
            }
        }
        Ok(true)
    }
}

fn is(record: &Value, member: &str, text: &str) -> bool {
    record.get(member).and_then(Value::as_str) == Some(text)
}

/// What is counted of calls.
#[derive(Default)]
struct Calls {
    inbound: u32,
    outbound: u32,
    answered: u32,
    seconds: f64,
}

impl Calls {
    fn add(&mut self, record: &Value) {
        let is_inbound = is(record, "direction", "Inbound");
        self.inbound += u32::from(is_inbound);
        self.outbound += u32::from(is(record, "direction", "Outbound"));
        let is_answered = is_inbound && ANSWERED.iter().any(|result| is(record, "result", result));
        self.answered += u32::from(is_answered);
        self.seconds += number(record.get("duration"));
    }

    /// An average is one of the minutes that are told, as on the reference server (recordings 26,
    /// `user-report-none-answered`).
    fn figures(&self) -> CallFigures {
        let minutes = rounded(self.seconds / 60.0);
        let calls = f64::from(self.inbound + self.outbound);
        let average = if calls == 0.0 { 0.0 } else { rounded(minutes / calls) };
        CallFigures {
            inbound_call_count: self.inbound.into(),
            outbound_call_count: self.outbound.into(),
            answered_call_count: self.answered.into(),
            answered_call_percentage: if self.answered == 0 {
                // Not `0.00%` (recordings 26, `user-report-none-answered`).
                "0%".to_owned()
            } else {
                percentage(self.answered.into(), self.inbound.into())
            },
            total_talk_time: json_number(minutes),
            average_talk_time: json_number(average),
        }
    }
}

/// Counts a text message: sent, received. Faxes and voicemails are none (Q110).
fn count(texts: &mut (u64, u64), record: &Value) {
    if is(record, "type", "SMS") {
        texts.0 += u64::from(is(record, "direction", "Outbound"));
        texts.1 += u64::from(is(record, "direction", "Inbound"));
    }
}
