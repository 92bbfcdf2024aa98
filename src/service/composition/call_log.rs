//! The text of a call log.

use serde_json::Value;

use super::fields::{Entry, Field, without_line_ends};
use super::limit;
use super::settings::Settings;
use super::{html, markdown, plain, recognise, words};
use crate::engine::mapping::is_truthy;
use crate::engine::operation::LogFormat;
use crate::engine::text::to_text;
use crate::engine::time::parse_client_time;

/// What there is to say about a call, borrowed from the client's request. A field that is absent
/// (or false in the sense of JavaScript: null, empty, zero) is left as the text has it.
#[derive(Debug, Clone, Default)]
pub struct CallLogText<'a> {
    /// The user's note.
    pub note: Option<&'a Value>,
    /// RingCentral's session id.
    pub session_id: Option<&'a Value>,
    /// `Inbound` or `Outbound`, as RingCentral writes it.
    pub direction: Option<&'a Value>,
    /// The calling party: `phoneNumber`, `extensionNumber`, `name`.
    pub from: Option<&'a Value>,
    /// The called party.
    pub to: Option<&'a Value>,
    /// The subject, where the client sent one of its own.
    pub subject: Option<&'a Value>,
    /// The correspondent's number.
    pub contact_number: Option<&'a Value>,
    /// Start: ISO 8601, or milliseconds since 1970 (a number or text).
    pub start_time: Option<&'a Value>,
    /// Duration in seconds; null counts as zero.
    pub duration: Option<&'a Value>,
    /// What became of the call.
    pub result: Option<&'a Value>,
    /// Link of the recording; anything but a URL is a placeholder.
    pub recording_link: Option<&'a Value>,
    /// Link of the voicemail; anything but a URL is a placeholder.
    pub voicemail_link: Option<&'a Value>,
    /// RingCentral's AI note.
    pub ai_note: Option<&'a Value>,
    /// The transcript.
    pub transcript: Option<&'a Value>,
    /// RingSense: the transcript.
    pub ring_sense_transcript: Option<&'a Value>,
    /// RingSense: the summary.
    pub ring_sense_summary: Option<&'a Value>,
    /// RingSense: the score.
    pub ring_sense_ai_score: Option<&'a Value>,
    /// RingSense: the summary in bullets.
    pub ring_sense_bulleted_summary: Option<&'a Value>,
    /// RingSense: the recording.
    pub ring_sense_link: Option<&'a Value>,
    /// The legs of the call.
    pub legs: Option<&'a Value>,
}

impl<'a> CallLogText<'a> {
    /// The fields that are there and wanted, in the order in which the reference adds them. What is longer than
    /// [`LONGEST_VALUE`](limit::LONGEST_VALUE) is shortened.
    pub fn said(&self, settings: &Settings<'_>) -> Said {
        let outbound = self.direction.and_then(Value::as_str) == Some("Outbound");
        let mut said = Said::default();
        for field in Field::ALL.into_iter().filter(|field| settings.wants(*field)) {
            let Some(mut value) = self.value(field, settings) else { continue };
            if field != Field::Note && without_line_ends(&value).is_empty() {
                continue;
            }
            if let Some(short) = limit::value(&value) {
                said.shortened.push(field.label());
                value = short;
            }
            said.entries.push(Entry { field, value, outbound });
        }
        said
    }

    fn value(&self, field: Field, settings: &Settings<'_>) -> Option<String> {
        match field {
            Field::Note => said(self.note),
            Field::SessionId => said(self.session_id),
            Field::UserName => self.own("name"),
            // The extension is that of the same party (Q47).
            Field::Number => self.own("phoneNumber").map(|number| {
                let extension = self.own("extensionNumber").unwrap_or_default();
                format!("{number} {extension}")
            }),
            Field::Subject => said(self.subject),
            Field::ContactNumber => said(self.contact_number),
            // A time that cannot be read says nothing.
            Field::DateTime => {
                let start = self.start_time.filter(|start| is_truthy(start)).and_then(parse_client_time)?;
                Some(settings.date_time(start))
            }
            Field::Duration => self.duration.map(words::duration),
            Field::Result => said(self.result),
            Field::Recording => said(self.recording_link),
            Field::Voicemail => said(self.voicemail_link),
            Field::AiNote => said(self.ai_note).map(|text| without_line_ends(&text).to_owned()),
            Field::Transcript => said(self.transcript),
            Field::AceTranscript => {
                said(self.ring_sense_transcript).map(|text| without_line_ends(&text).to_owned())
            }
            Field::AceSummary => said(self.ring_sense_summary),
            Field::AceScore => said(self.ring_sense_ai_score),
            Field::AceBulletedSummary => said(self.ring_sense_bulleted_summary),
            Field::AceLink => said(self.ring_sense_link),
            Field::Journey => {
                let legs = self.legs.and_then(Value::as_array).filter(|legs| !legs.is_empty())?;
                Some(words::journey(legs))
            }
        }
    }

    /// What is known of the RingCentral user's own side of the call.
    fn own(&self, name: &str) -> Option<String> {
        let inbound = self.direction.and_then(Value::as_str) == Some("Inbound");
        said((if inbound { self.to } else { self.from })?.get(name))
    }
}

/// What is to be put into a text.
#[derive(Debug, Clone, Default)]
pub struct Said {
    entries: Vec<Entry>,
    shortened: Vec<&'static str>,
}

impl Said {
    /// How long all of it is, in bytes.
    pub fn length(&self) -> usize {
        self.entries.iter().map(|entry| entry.value.len()).sum()
    }

    /// The labels of what was too long.
    pub fn shortened(&self) -> &[&'static str] {
        &self.shortened
    }

    /// An existing text with every field in its place, or added where it has none. See [`upsert`].
    pub fn put_into(&self, existing: &str, format: LogFormat) -> String {
        let existing = recognise::restored(existing, format, &self.entries);
        match format {
            LogFormat::Plain => plain::upsert(&existing, &self.entries),
            LogFormat::Html => html::upsert(&existing, &self.entries),
            LogFormat::Markdown => markdown::upsert(&existing, &self.entries),
            LogFormat::Custom => String::new(),
        }
    }
}

fn said(value: Option<&Value>) -> Option<String> {
    value.filter(|value| is_truthy(value)).map(|value| to_text(value).into_owned())
}

/// The text of a new log; empty if the document composes its own ([`LogFormat::Custom`]).
pub fn compose(text: &CallLogText<'_>, settings: &Settings<'_>, format: LogFormat) -> String {
    upsert("", text, settings, format)
}

/// An existing text with every field of `text` put in its place, or added where it has none.
/// Everything else in it stays. `existing` is the record's full body or, where that is empty, its
/// note; empty if it cannot be read. The result is empty for [`LogFormat::Custom`].
///
/// The same update a second time changes nothing.
pub fn upsert(existing: &str, text: &CallLogText<'_>, settings: &Settings<'_>, format: LogFormat) -> String {
    text.said(settings).put_into(existing, format)
}
