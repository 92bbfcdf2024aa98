//! A composed text within what the CRM takes: the document's `maxLength`, or else what the CRM says when
//! it refuses a text as too long. A refusal made nothing, so a shorter text may be sent.

use std::time::{Duration, Instant};

use super::composition::{limit, shared_sms};
use super::{off_worker, too_long};
use crate::connector::{CallError, MessageType, ReturnMessage};
use crate::engine::operation::{LogFormat, TextLimit};
use crate::engine::truncate::Unit;

/// Limits of fields that CRMs have, for refusals that name none.
const USUAL: [usize; 6] = [65_535, 32_000, 4_000, 2_000, 1_000, 255];

/// How often a text is sent at most.
const MOST_SENT: usize = 6;

/// Within what time the last sending begins. Another server waits for that long and for one answer more
/// (`claims`), and no longer.
pub const BUDGET: Duration = Duration::from_secs(60);

/// What kind of text it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// `composedLogDetails`.
    CallLog(LogFormat),
    /// The body of `sharedSMSLogContent`.
    Conversation(LogFormat),
}

/// A text on its way to the CRM.
#[derive(Debug)]
pub struct Fitting {
    text: Text,
    whole: String,
    sent: String,
    times: usize,
    /// When the first sending began.
    began: Instant,
    /// The limit that the CRM's refusals led to.
    found: Option<TextLimit>,
    /// What else the user is told of the text.
    notice: Option<String>,
}

impl Fitting {
    /// A text of about so many bytes, which is composed where it keeps nobody waiting.
    pub async fn composed(
        text: Text,
        bytes: usize,
        compose: impl FnOnce() -> String + Send + 'static,
        limit: Option<TextLimit>,
    ) -> Self {
        off_worker::run(bytes, move || Self::new(text, compose(), limit)).await
    }

    /// A text and the limit of the document. A text that cannot be that short is sent as short as it can.
    fn new(text: Text, whole: String, limit: Option<TextLimit>) -> Self {
        let sent = limit.and_then(|limit| shortened(text, &whole, limit)).unwrap_or_else(|| whole.clone());
        Self { text, whole, sent, times: 1, began: Instant::now(), found: None, notice: None }
    }

    /// Tells the user something of the text that was sent.
    pub fn telling(self, notice: Option<String>) -> Self {
        Self { notice, ..self }
    }

    /// What is to be sent.
    pub fn text(&self) -> &str {
        &self.sent
    }

    /// Begins the first sending: what was waited for before does not count.
    pub fn begin(&mut self) {
        self.began = Instant::now();
    }

    /// The idempotency key of this sending. Each shorter text has one of its own, because CRMs answer the
    /// same under the same key; a later run goes through the same row of keys.
    pub fn key(&self, key: &str) -> String {
        match self.times - 1 {
            0 => key.to_owned(),
            shortened => format!("{key}-{shortened}"),
        }
    }

    /// Makes the text shorter where the CRM refused it as too long. `false` where that is not why, or no
    /// shorter text or no time is left to try.
    pub async fn shorten(&mut self, refusal: &CallError) -> bool {
        if self.sent.is_empty() || self.times >= MOST_SENT || self.began.elapsed() >= BUDGET {
            return false;
        }
        let Some(too_long) = too_long::of(refusal) else { return false };
        let (kind, whole, limits) = (self.text, self.whole.clone(), self.candidates(too_long.limit));
        let length = self.sent.len();
        let shorter = off_worker::run(whole.len(), move || {
            limits.into_iter().find_map(|limit| {
                let text = shortened(kind, &whole, limit).filter(|text| text.len() < length)?;
                Some((text, limit))
            })
        });
        let Some((text, limit)) = shorter.await else { return false };
        self.sent = text;
        self.found = Some(limit);
        self.times += 1;
        true
    }

    /// The limits to try, the longest first.
    fn candidates(&self, named: Option<usize>) -> Vec<TextLimit> {
        let characters = Unit::Utf16.length(&self.sent);
        let of = |length, unit| TextLimit { length, unit };
        match named {
            Some(named) if named < characters => vec![of(named, Unit::Utf16)],
            Some(named) if named < self.sent.len() => vec![of(named, Unit::Bytes)],
            // The text is within it: it is another field's.
            Some(_) => Vec::new(),
            None => {
                let shorter = USUAL.into_iter().filter(|usual| *usual < characters);
                shorter.map(|usual| of(usual, Unit::Utf16)).collect()
            }
        }
    }

    /// A message that tells, where the CRM's refusals made the text shorter.
    pub fn told(&self, mut message: ReturnMessage, platform: &str) -> ReturnMessage {
        if self.found.is_none() && self.notice.is_none() {
            return message;
        }
        if message.message_type == MessageType::Success {
            message.message_type = MessageType::Warning;
            message.ttl = message.ttl.max(5000);
        }
        let message = match &self.notice {
            Some(notice) => message.detail(notice.clone()),
            None => message,
        };
        let Some(found) = self.found else { return message };
        let unit = match found.unit {
            Unit::Utf16 | Unit::CodePoints => "characters",
            Unit::Bytes => "bytes",
        };
        message.detail(format!(
            "{platform} refused the text as too long, so its longest parts were shortened to {} {unit} in all.",
            found.length
        ))
    }
}

fn shortened(text: Text, whole: &str, limit: TextLimit) -> Option<String> {
    match text {
        Text::CallLog(format) => limit::call_log(whole, format, limit),
        Text::Conversation(format) => shared_sms::shortened(whole, format, limit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::failure::{FailedResponse, Failure, FailureKind};
    use futures_util::FutureExt as _;
    use serde_json::json;

    fn refusal(words: &str) -> CallError {
        let mut failure = Failure::new(FailureKind::Status(400), "");
        let body = json!({ "message": words });
        failure.response = Some(Box::new(FailedResponse { headers: http::HeaderMap::new(), body }));
        failure.into()
    }

    /// Short texts are shortened at once.
    fn shorten(fitting: &mut Fitting, refusal: &CallError) -> bool {
        fitting.shorten(refusal).now_or_never().unwrap()
    }

    fn log(transcript: usize) -> String {
        format!("- Note: n\n\n- Transcript:\n{}\n--- END\n", "word ".repeat(transcript))
    }

    #[test]
    fn a_refused_text_gets_shorter_until_it_is_taken_or_nothing_is_left() {
        let mut fitting = Fitting::new(Text::CallLog(LogFormat::Plain), log(2000), None);
        assert_eq!(fitting.text(), log(2000));
        let lengths: Vec<usize> = std::iter::from_fn(|| {
            shorten(&mut fitting, &refusal("data value too large")).then(|| fitting.text().len())
        })
        .collect();
        assert_eq!(lengths.len(), 4, "{lengths:?}");
        for (length, most) in lengths.iter().zip([4000, 2000, 1000, 255]) {
            assert!(*length <= most + 2 && *length > most - 60, "{lengths:?}");
        }
        let told = fitting.told(ReturnMessage::success("Call logged", 2000), "myCrm");
        assert_eq!(told.message_type, MessageType::Warning);
        assert!(told.details[0].text.contains("255 characters"), "{told:?}");
    }

    #[test]
    fn each_shorter_text_has_a_key_of_its_own_the_same_in_every_run() {
        let run = || {
            let mut fitting = Fitting::new(Text::CallLog(LogFormat::Plain), log(2000), None);
            let mut keys = vec![fitting.key("k")];
            while shorten(&mut fitting, &refusal("data value too large")) {
                keys.push(fitting.key("k"));
            }
            keys
        };
        assert_eq!(run(), ["k", "k-1", "k-2", "k-3", "k-4"]);
        assert_eq!(run(), run());
    }

    #[test]
    fn nothing_is_sent_again_once_the_time_is_used_up() {
        let Some(long_ago) = Instant::now().checked_sub(BUDGET) else { return };
        let mut fitting = Fitting::new(Text::CallLog(LogFormat::Plain), log(2000), None);
        fitting.began = long_ago;
        assert!(!shorten(&mut fitting, &refusal("data value too large")));
        assert_eq!(fitting.text(), log(2000));
        fitting.begin();
        assert!(shorten(&mut fitting, &refusal("data value too large")));
    }

    #[test]
    fn the_limit_that_the_crm_names_is_taken_in_characters_and_then_in_bytes() {
        let named = refusal("is too long (maximum is 250 characters)");
        let mut fitting =
            Fitting::new(Text::CallLog(LogFormat::Plain), log(100).replace("word", "wörd"), None);
        assert!(shorten(&mut fitting, &named) && Unit::Utf16.length(fitting.text()) <= 250);
        assert!(fitting.text().len() > 250);
        assert!(shorten(&mut fitting, &named) && fitting.text().len() <= 250);
        // What is that short is refused for another reason.
        assert!(!shorten(&mut fitting, &named) && !shorten(&mut fitting, &refusal("no such contact")));
    }

    #[test]
    fn the_limit_of_the_document_counts_from_the_start() {
        let limit = TextLimit { length: 300, unit: Unit::Utf16 };
        let fitting = Fitting::new(Text::CallLog(LogFormat::Plain), log(2000), Some(limit));
        assert!(Unit::Utf16.length(fitting.text()) <= 300, "{}", fitting.text());
        let message = ReturnMessage::success("Call logged", 2000);
        assert_eq!(fitting.told(message.clone(), "myCrm"), message);
    }
}
