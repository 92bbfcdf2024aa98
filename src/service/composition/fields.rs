//! The fields of a call log's text.

/// A field, in the order of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Field {
    Note,
    SessionId,
    UserName,
    Number,
    Subject,
    /// The correspondent's number.
    ContactNumber,
    DateTime,
    Duration,
    Result,
    Recording,
    Voicemail,
    AiNote,
    Transcript,
    AceTranscript,
    AceSummary,
    AceScore,
    AceBulletedSummary,
    AceLink,
    Journey,
}

/// What a recording's link says until there is one.
pub(super) const PENDING: &str = "(pending...)";

/// A field and what it says, before anything is done for a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub field: Field,
    pub value: String,
    /// Whether the RingCentral user called: names the contact's number in HTML.
    pub outbound: bool,
}

/// How a field is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// The note has a place and a frame of its own.
    Note,
    /// One line: a label and a value.
    Line,
    /// A heading and lines under it.
    Section,
}

impl Field {
    pub const ALL: [Field; 19] = [
        Field::Note,
        Field::SessionId,
        Field::UserName,
        Field::Number,
        Field::Subject,
        Field::ContactNumber,
        Field::DateTime,
        Field::Duration,
        Field::Result,
        Field::Recording,
        Field::Voicemail,
        Field::AiNote,
        Field::Transcript,
        Field::AceTranscript,
        Field::AceSummary,
        Field::AceScore,
        Field::AceBulletedSummary,
        Field::AceLink,
        Field::Journey,
    ];

    pub fn shape(self) -> Shape {
        match self {
            Field::Note => Shape::Note,
            Field::AiNote
            | Field::Transcript
            | Field::AceTranscript
            | Field::AceSummary
            | Field::AceBulletedSummary
            | Field::Journey => Shape::Section,
            _ => Shape::Line,
        }
    }

    /// The user setting that turns the field on or off, and what holds where it has no value.
    pub fn setting(self) -> (&'static str, bool) {
        match self {
            Field::Note => ("addCallLogNote", true),
            Field::SessionId => ("addCallSessionId", false),
            Field::UserName => ("addRingCentralUserName", false),
            Field::Number => ("addRingCentralNumber", false),
            Field::Subject => ("addCallLogSubject", true),
            Field::ContactNumber => ("addCallLogContactNumber", false),
            Field::DateTime => ("addCallLogDateTime", true),
            Field::Duration => ("addCallLogDuration", true),
            Field::Result => ("addCallLogResult", true),
            Field::Recording | Field::Voicemail => ("addCallLogRecording", true),
            Field::AiNote => ("addCallLogAiNote", true),
            Field::Transcript => ("addCallLogTranscript", true),
            Field::AceTranscript => ("addCallLogRingSenseRecordingTranscript", true),
            Field::AceSummary => ("addCallLogRingSenseRecordingSummary", true),
            Field::AceScore => ("addCallLogRingSenseRecordingAIScore", true),
            Field::AceBulletedSummary => ("addCallLogRingSenseRecordingBulletedSummary", true),
            Field::AceLink => ("addCallLogRingSenseRecordingLink", true),
            Field::Journey => ("addCallLogLegs", true),
        }
    }

    /// The label in plain text and Markdown. HTML differs in two: the contact's number is the
    /// caller's or the recipient's, and the time has a small t.
    pub fn label(self) -> &'static str {
        match self {
            Field::Note => "Note",
            Field::SessionId => "Session Id",
            Field::UserName => "RingCentral user name",
            Field::Number => "RingCentral number and extension",
            Field::Subject => "Summary",
            Field::ContactNumber => "Contact Number",
            Field::DateTime => "Date/Time",
            Field::Duration => "Duration",
            Field::Result => "Result",
            Field::Recording => "Call recording link",
            Field::Voicemail => "Voicemail recording link",
            Field::AiNote => "AI Note",
            Field::Transcript => "Transcript",
            Field::AceTranscript => "ACE transcript",
            Field::AceSummary => "ACE summary",
            Field::AceScore => "Call score",
            Field::AceBulletedSummary => "ACE bulleted summary",
            Field::AceLink => "ACE recording link",
            Field::Journey => "Call journey",
        }
    }

    pub fn is_link(self) -> bool {
        matches!(self, Field::Recording | Field::Voicemail | Field::AceLink)
    }
}

impl Entry {
    /// The value on one line (Q46).
    pub fn one_line(&self) -> String {
        let mut line = String::with_capacity(self.value.len());
        for part in self.value.split(['\r', '\n']).filter(|part| !part.is_empty()) {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(part);
        }
        line
    }

    /// Whether a text that has the field already keeps what it says: a user's name is only put
    /// where it was pending.
    pub fn keeps(&self, existing: &str) -> bool {
        self.field == Field::UserName && existing.trim() != PENDING
    }
}

/// A text without the line ends behind it.
pub(super) fn without_line_ends(text: &str) -> &str {
    text.trim_end_matches(['\r', '\n'])
}
