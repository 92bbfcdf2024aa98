//! What clients send about call logs. The members that no field names are passed on to connectors.

use serde_json::{Map, Value};

use super::extension::NamedExtension;
use crate::engine::mapping::is_truthy;
use crate::members::{Flag, Given, members};
use crate::service::composition::call_log::CallLogText;

members! {
    /// A call to log.
    #[derive(Debug)]
    pub struct CreateCallLogRequest {
        /// The call as RingCentral reports it: `sessionId`, `direction`, `startTime`, `duration`, `from`, `to`,
        /// `result`, `recording`, `legs`, `customSubject`.
        #[schemars(required)]
        log_info as "logInfo": Option<Given<Map<String, Value>>>,
        /// The CRM's id of the contact.
        #[schemars(required)]
        contact_id as "contactId": Option<Given<String>>,
        /// The kind of contact.
        contact_type as "contactType": Option<Given<String>>,
        /// The contact's name.
        contact_name as "contactName": Option<Given<String>>,
        /// The user's note.
        note as "note": Option<Given<String>>,
        /// The extra fields of the client's form.
        additional_submission as "additionalSubmission": Option<Given<Map<String, Value>>>,
        /// A summary of the call that was made for the user.
        ai_note as "aiNote": Option<Given<String>>,
        /// What was said.
        transcript as "transcript": Option<Given<String>>,
        /// RingSense: what was said.
        ring_sense_transcript as "ringSenseTranscript": Option<Given<String>>,
        /// RingSense: a summary.
        ring_sense_summary as "ringSenseSummary": Option<Given<String>>,
        /// RingSense: the call's score.
        ring_sense_ai_score as "ringSenseAIScore": Option<Given<Value>>,
        /// RingSense: a summary in bullets.
        ring_sense_bulleted_summary as "ringSenseBulletedSummary": Option<Given<String>>,
        /// RingSense: a link to the call.
        ring_sense_link as "ringSenseLink": Option<Given<String>>,
        /// The user's extension: the call is logged once for each.
        extension_number as "extensionNumber": Option<Given<String>>,
        /// The keyed hash of the user's extension; goes before `extensionNumber`.
        hashed_extension_id as "hashedExtensionId": Option<Given<String>>,
        /// The user's extension id, to be hashed here.
        rc_extension_id as "rcExtensionId": Option<Given<String>>,
        /// Goes before the link in the call. Not in the document: clients send that one.
        #[schemars(skip)]
        voicemail_link as "voicemailLink": Option<Given<String>>,
        /// Goes before the id in the call. Not in the document: clients send that one.
        #[schemars(skip)]
        voicemail_message_id as "voicemailMessageId": Option<Given<String>>,
        ..others
    }
}

impl CreateCallLogRequest {
    /// What there is to say about the call.
    pub fn text(&self) -> CallLogText<'_> {
        let call = self.log_info.as_deref();
        // As `Value::pointer`, which copies every name for the sake of escapes.
        let of_call =
            |pointer: &str| pointer.split('/').skip(1).try_fold(call?, |value, name| value.get(name));
        let inbound = of_call("/direction").and_then(Value::as_str) == Some("Inbound");
        CallLogText {
            note: self.note.as_deref(),
            session_id: of_call("/sessionId"),
            direction: of_call("/direction"),
            from: of_call("/from"),
            to: of_call("/to"),
            subject: of_call("/customSubject"),
            contact_number: of_call(if inbound { "/from/phoneNumber" } else { "/to/phoneNumber" }),
            start_time: of_call("/startTime"),
            duration: of_call("/duration"),
            result: of_call("/result"),
            recording_link: of_call("/recording/link"),
            voicemail_link: self
                .voicemail_link
                .as_deref()
                .filter(|link| is_truthy(link))
                .or_else(|| of_call("/voicemail/link")),
            ai_note: self.ai_note.as_deref(),
            transcript: self.transcript.as_deref(),
            ring_sense_transcript: self.ring_sense_transcript.as_deref(),
            ring_sense_summary: self.ring_sense_summary.as_deref(),
            ring_sense_ai_score: self.ring_sense_ai_score.as_deref(),
            ring_sense_bulleted_summary: self.ring_sense_bulleted_summary.as_deref(),
            ring_sense_link: self.ring_sense_link.as_deref(),
            legs: of_call("/legs"),
        }
    }
}

members! {
    /// An update of a logged call: what is left out stays as it is.
    #[derive(Debug)]
    pub struct UpdateCallLogRequest {
        /// Id of the call's session.
        #[schemars(required)]
        session_id as "sessionId": Option<Given<String>>,
        /// The subject.
        subject as "subject": Option<Given<String>>,
        /// The user's note.
        note as "note": Option<Given<String>>,
        /// When the call began, ISO 8601 or milliseconds since 1970.
        start_time as "startTime": Option<Given<Value>>,
        /// How long it took, in seconds.
        duration as "duration": Option<Given<f64>>,
        /// How it ended.
        result as "result": Option<Given<String>>,
        /// A link to the recording, or `(pending...)`.
        recording_link as "recordingLink": Option<Given<String>>,
        /// Where the recording can be downloaded.
        recording_download_link as "recordingDownloadLink": Option<Given<String>>,
        /// A link to the voicemail.
        voicemail_link as "voicemailLink": Option<Given<String>>,
        /// A summary of the call that was made for the user.
        ai_note as "aiNote": Option<Given<String>>,
        /// What was said.
        transcript as "transcript": Option<Given<String>>,
        /// The stations of the call.
        legs as "legs": Option<Given<Vec<Value>>>,
        /// RingSense: what was said.
        ring_sense_transcript as "ringSenseTranscript": Option<Given<String>>,
        /// RingSense: a summary.
        ring_sense_summary as "ringSenseSummary": Option<Given<String>>,
        /// RingSense: the call's score.
        ring_sense_ai_score as "ringSenseAIScore": Option<Given<Value>>,
        /// RingSense: a summary in bullets.
        ring_sense_bulleted_summary as "ringSenseBulletedSummary": Option<Given<String>>,
        /// RingSense: a link to the call.
        ring_sense_link as "ringSenseLink": Option<Given<String>>,
        /// `Inbound` or `Outbound`.
        direction as "direction": Option<Given<String>>,
        /// Who called.
        from as "from": Option<Given<Map<String, Value>>>,
        /// Who was called.
        to as "to": Option<Given<Map<String, Value>>>,
        /// The RingCentral account, hashed for templates.
        account_id as "accountId": Option<Given<String>>,
        /// The extra fields of the client's form.
        additional_submission as "additionalSubmission": Option<Given<Map<String, Value>>>,
        /// The user's extension.
        extension_number as "extensionNumber": Option<Given<String>>,
        /// The keyed hash of the user's extension; goes before `extensionNumber`.
        hashed_extension_id as "hashedExtensionId": Option<Given<String>>,
        /// The user's extension id, to be hashed here.
        rc_extension_id as "rcExtensionId": Option<Given<String>>,
        /// Names the extension where no member does, as in a call to log. Not in the document.
        #[schemars(skip)]
        log_info as "logInfo": Option<Given<Map<String, Value>>>,
        ..others
    }
}

impl UpdateCallLogRequest {
    /// What there is to say about the call. The request names no contact: the contact's number stays as it is.
    pub fn text(&self) -> CallLogText<'_> {
        CallLogText {
            note: self.note.as_deref(),
            session_id: self.session_id.as_deref(),
            direction: self.direction.as_deref(),
            from: self.from.as_deref(),
            to: self.to.as_deref(),
            subject: self.subject.as_deref(),
            contact_number: None,
            start_time: self.start_time.as_deref(),
            duration: self.duration.as_deref(),
            result: self.result.as_deref(),
            recording_link: self.recording_link.as_deref(),
            voicemail_link: self.voicemail_link.as_deref(),
            ai_note: self.ai_note.as_deref(),
            transcript: self.transcript.as_deref(),
            ring_sense_transcript: self.ring_sense_transcript.as_deref(),
            ring_sense_summary: self.ring_sense_summary.as_deref(),
            ring_sense_ai_score: self.ring_sense_ai_score.as_deref(),
            ring_sense_bulleted_summary: self.ring_sense_bulleted_summary.as_deref(),
            ring_sense_link: self.ring_sense_link.as_deref(),
            legs: self.legs.as_deref(),
        }
    }
}

members! {
    /// A note to keep.
    #[derive(Debug)]
    pub struct KeepNoteRequest {
        /// Id of the call's session.
        #[schemars(required)]
        session_id as "sessionId": Option<Given<String>>,
        /// The note.
        #[schemars(required)]
        note as "note": Option<Given<String>>,
    }
}

members! {
    /// The outcome of a logged call.
    #[derive(Debug)]
    pub struct DispositionRequest {
        /// Id of the call's session.
        #[schemars(required)]
        session_id as "sessionId": Option<Given<String>>,
        /// What the user chose, by field.
        dispositions as "dispositions": Option<Given<Map<String, Value>>>,
        /// The user's extension.
        extension_number as "extensionNumber": Option<Given<String>>,
        /// The keyed hash of the user's extension; goes before `extensionNumber`.
        hashed_extension_id as "hashedExtensionId": Option<Given<String>>,
        /// The user's extension id, to be hashed here. Not in the document: clients send the hash.
        #[schemars(skip)]
        rc_extension_id as "rcExtensionId": Option<Given<String>>,
        /// Names the extension where no member does, as in a call to log. Not in the document.
        #[schemars(skip)]
        log_info as "logInfo": Option<Given<Map<String, Value>>>,
    }
}

members! {
    /// Which call logs are looked up.
    #[derive(Debug)]
    pub struct LookUpCallLogsQuery {
        /// Ids of the calls' sessions, separated by commas.
        #[schemars(required)]
        session_ids as "sessionIds": Option<Given<String>>,
        /// Whether the CRM is asked for each record.
        #[schemars(default)]
        require_details as "requireDetails": Flag,
        /// The extension whose logs are meant; any where none is named.
        extension_number as "extensionNumber": Option<Given<String>>,
        /// The keyed hash of that extension; goes before `extensionNumber`.
        hashed_extension_id as "hashedExtensionId": Option<Given<String>>,
        /// That extension's id, to be hashed here. Not in the document: clients send the hash.
        #[schemars(skip)]
        rc_extension_id as "rcExtensionId": Option<Given<String>>,
        /// Names the extension where no member does, as in a call to log. Not in the document.
        #[schemars(skip)]
        log_info as "logInfo": Option<Given<Map<String, Value>>>,
    }
}

impl LookUpCallLogsQuery {
    /// The sessions' ids, separated by commas.
    pub(super) fn session_ids(&self) -> String {
        listed(self.session_ids.as_deref())
    }

    /// Whether the CRM is to be asked for what its records hold now.
    pub(super) fn requires_details(&self) -> bool {
        listed(self.require_details.value()) == "true"
    }
}

/// Repeated parameters are one list, as commas make it.
fn listed(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        _ => String::new(),
    }
}

macro_rules! naming_an_extension {
    ($($request:ident)*) => {$(
        impl $request {
            /// The extension that the request names.
            pub(super) fn named_extension(&self) -> NamedExtension<'_> {
                NamedExtension {
                    number: self.extension_number.as_deref(),
                    hashed_id: self.hashed_extension_id.as_deref(),
                    id: self.rc_extension_id.as_deref(),
                    log_info: self.log_info.as_deref(),
                }
            }
        }
    )*};
}

naming_an_extension!(CreateCallLogRequest UpdateCallLogRequest DispositionRequest LookUpCallLogsQuery);
