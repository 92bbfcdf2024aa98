#[cfg(unix)]
mod growth;
mod normalised;
mod properties;

use super::*;
use crate::credential::Credential;
use crate::engine::operation::LogFormat;
use crate::engine::time::parse_zone;
use crate::members::Members;
use crate::service::call_logs::{CreateCallLogRequest, UpdateCallLogRequest};
use crate::store::{User, UserKey};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

const FORMATS: [LogFormat; 3] = [LogFormat::Plain, LogFormat::Html, LogFormat::Markdown];

/// Turns every field on.
fn all_on() -> Value {
    fields::Field::ALL
        .into_iter()
        .map(|field| (field.setting().0.to_owned(), json!({"value": true})))
        .collect()
}

/// A request as handlers read it.
fn read<T: Members>(request: &Value) -> T {
    T::take(&mut request.as_object().cloned().unwrap_or_default()).unwrap()
}

fn compose_with(settings: Option<&Value>, request: &Value, format: LogFormat) -> String {
    let request: CreateCallLogRequest = read(request);
    call_log::compose(&request.text(), &Settings::new(settings, TimeZone::UTC), format)
}

fn updated(existing: &str, request: &Value, format: LogFormat) -> String {
    let settings = all_on();
    let settings = Settings::new(Some(&settings), TimeZone::UTC);
    call_log::upsert(existing, &read::<UpdateCallLogRequest>(request).text(), &settings, format)
}

/// In values and in front of headings: once a second update took for a field what the first had not.
/// A line that a person typed right behind the last section of Markdown stays where the same value comes
/// once more, as clients send it with every update.
#[test]
fn a_line_behind_a_section_that_comes_again_stays() {
    let request = json!({"result": "R", "aiNote": "one\ntwo"});
    let text = updated("", &request, LogFormat::Markdown);
    let typed = format!("{}\ntyped by hand\n", text.trim_end());
    let again = updated(&typed, &request, LogFormat::Markdown);
    assert_eq!(again.matches("typed by hand").count(), 1, "{again}");
    let spaces: String = typed.lines().map(|line| format!("{line}  \n")).collect();
    let again = updated(&spaces, &request, LogFormat::Markdown);
    assert!(again.matches("typed by hand").count() == 1 && again.matches("two").count() == 1, "{again}");
}

#[test]
fn a_line_of_a_note_that_looks_like_a_field_is_not_overwritten() {
    let new = json!({"note": "first\n- Result: typed\n- Summary: typed too", "subject": "S", "result": "R",
        "startTime": 1_700_000_000_000_i64, "duration": 5});
    let text = updated("", &new, LogFormat::Plain);
    let text = updated(
        &text,
        &json!({"result": "Missed", "subject": "Other", "recordingLink": "https://r.example"}),
        LogFormat::Plain,
    );
    for line in ["- Result: typed", "- Summary: typed too", "- Result: Missed", "- Summary: Other"] {
        assert_eq!(text.matches(line).count(), 1, "{line}: {text}");
    }
}

#[test]
fn what_a_crm_sets_around_a_text_hides_no_field() {
    let request = json!({"note": "N", "subject": "S", "result": "R", "startTime": 1_700_000_000_000_i64});
    let next = json!({"note": "N2", "result": "Missed"});
    for format in [LogFormat::Plain, LogFormat::Markdown] {
        let text = updated("", &request, format);
        for (front, behind) in [
            ("\u{feff}", ""),
            ("\u{200b}", ""),
            ("[Ada 10:00] ", ""),
            ("[2026-05-03 10:00]: ", ""),
            ("<div>", "</div>"),
            ("<html><body><p>", "</p></body></html>"),
        ] {
            let mut text = format!("{front}{}{behind}", text.trim_end());
            for _ in 0..2 {
                text = updated(&text, &next, format);
                for once in ["N2", "Missed", "Summary", "Result"] {
                    assert_eq!(text.matches(once).count(), 1, "{front} {once} {format:?}: {text}");
                }
            }
            for tag in [front.trim(), behind] {
                assert!(tag.starts_with(['\u{feff}', '\u{200b}']) || text.contains(tag), "{tag}: {text}");
            }
        }
    }
}

#[test]
fn a_carriage_return_alone_ends_a_line_too() {
    let note = json!({"note": "\n- Note: x\r\r\n"});
    assert_eq!(
        updated(&updated("", &note, LogFormat::Plain), &note, LogFormat::Plain),
        updated("", &note, LogFormat::Plain)
    );
    let request = json!({"note": "\n", "transcript": "0\n"});
    for format in FORMATS {
        let once = updated("\r### Transcript\n", &request, format);
        assert_eq!(updated(&once, &request, format), once, "{format:?}");
    }
}

#[test]
fn nothing_is_composed_for_a_format_of_its_own() {
    let request = json!({"note": "n", "logInfo": {"result": "R"}});
    assert_eq!(compose_with(None, &request, LogFormat::Custom), "");
    assert_eq!(updated("existing", &json!({"note": "n"}), LogFormat::Custom), "");
}

#[test]
fn settings_are_read_as_javascript_reads_them() {
    let request = json!({"note": "n", "logInfo": {"sessionId": "s", "result": "R"}});
    let cases = [
        (json!({}), "- Note: n\n- Result: R\n"),
        (json!({"addCallLogNote": {"value": false}}), "- Result: R\n"),
        (json!({"addCallLogNote": {"value": null}}), "- Note: n\n- Result: R\n"),
        (json!({"addCallLogNote": false}), "- Note: n\n- Result: R\n"),
        (
            json!({"addCallLogNote": {"value": 0}, "addCallSessionId": {"value": "on"}}),
            "- Session Id: s\n- Result: R\n",
        ),
        (json!("nonsense"), "- Note: n\n- Result: R\n"),
    ];
    for (settings, expected) in cases {
        assert_eq!(compose_with(Some(&settings), &request, LogFormat::Plain), expected, "{settings}");
    }
}

/// Q48: the IANA name, else the offset, else UTC.
#[test]
fn times_are_in_the_users_zone() {
    let request = json!({"logInfo": {"startTime": 1_700_000_000_000_i64}});
    let request: CreateCallLogRequest = read(&request);
    let cases = [
        (Some("America/New_York"), Some(json!("+05:30")), "2023-11-14 05:13:20 PM"),
        (Some("Nowhere/Special"), Some(json!("+05:30")), "2023-11-15 03:43:20 AM"),
        (None, Some(json!(330)), "2023-11-15 03:43:20 AM"),
        (None, Some(json!(-8)), "2023-11-14 02:13:20 PM"),
        (None, Some(json!("nonsense")), "2023-11-14 10:13:20 PM"),
        (None, None, "2023-11-14 10:13:20 PM"),
    ];
    for (name, offset, expected) in cases {
        let user = user(name, offset.clone());
        let composed = call_log::compose(&request.text(), &Settings::of(&user), LogFormat::Plain);
        assert_eq!(composed, format!("- Date/Time: {expected}\n"), "{name:?} {offset:?}");
    }
}

fn user(timezone_name: Option<&str>, timezone_offset: Option<Value>) -> User {
    User {
        key: UserKey { id: "u-crm".to_owned(), platform: "crm".to_owned(), proxy_id: None },
        name: None,
        hostname: None,
        timezone_name: timezone_name.map(str::to_owned),
        timezone_offset,
        credential: Credential::default(),
        rc_account_id: None,
        rc_extension_hash: None,
        claimed_account_id: None,
        claimed_extension_hash: None,
        region: None,
        platform_additional_info: serde_json::Map::new(),
        user_settings: None,
        tenant_host: None,
        session_epoch: 0,
        managed: Default::default(),
        was_alone: false,
        created_at: 0,
        updated_at: 0,
    }
}

/// Recordings 08, and Q50: rounded, never float noise.
#[test]
fn durations_in_words() {
    let cases = [
        (json!(0), "0 seconds"),
        (json!(1), "1 second"),
        (json!(65), "1 minute, 5 seconds"),
        (json!(3600), "1 hour"),
        (json!(7322.4), "2 hours, 2 minutes, 2 seconds"),
        (json!(90.6), "1 minute, 31 seconds"),
        (json!(90061), "25 hours, 1 minute, 1 second"),
        (json!("75"), "1 minute, 15 seconds"),
        (json!(""), "0 seconds"),
        (json!(null), "0 seconds"),
        (json!(-5), "0 seconds"),
        (json!("abc"), "abc"),
        (json!("inf"), "inf"),
        (json!({}), "[object Object]"),
    ];
    for (value, expected) in cases {
        assert_eq!(words::duration(&value), expected, "{value}");
    }
}

/// Q50: milliseconds as text are a time; what is none leaves the line as it is.
#[test]
fn start_times_that_are_text() {
    let time = |start: Value| updated("- Date/Time: old\n", &json!({ "startTime": start }), LogFormat::Plain);
    assert_eq!(time(json!("1700000000000")), "- Date/Time: 2023-11-14 10:13:20 PM\n");
    for start in [json!("not a date"), json!(""), json!(0), json!(null)] {
        assert_eq!(time(start.clone()), "- Date/Time: old\n", "{start}");
    }
}

/// Q45: what is escaped is found again, and no attribute can be left.
#[test]
fn html_is_escaped_and_found_again() {
    let request = json!({"note": "<script>&", "subject": "a </li><b>Result</b>: x", "aiNote": "</div>\nx",
        "recordingLink": "https://r/\"onclick=\"x?a=1&b=2", "ringSenseLink": "javascript:alert(1)"});
    let html = updated("", &request, LogFormat::Html);
    assert_eq!(
        html,
        "<b>Agent notes</b><br>&lt;script&gt;&amp;<br><br><b>Call details</b><br>\
         <li><b>Summary</b>: a &lt;/li&gt;&lt;b&gt;Result&lt;/b&gt;: x</li>\
         <li><b>Call recording link</b>: <a target=\"_blank\" href=\"https://r/%22onclick=%22x?a=1&b=2\">open</a></li>\
         <div><b>AI Note</b><br>&lt;/div&gt;<br>x</div><br>\
         <li><b>ACE recording link</b>: javascript:alert(1)</li>"
    );
    assert_eq!(updated(&html, &request, LogFormat::Html), html);
    let changed = json!({"note": "n", "subject": "s", "aiNote": "a"});
    assert!(
        updated(&html, &changed, LogFormat::Html)
            .starts_with("<b>Agent notes</b><br>n<br><br><b>Call details</b><br><li><b>Summary</b>: s</li>")
    );
}

/// Q46 in cases that the recordings do not have.
#[test]
fn one_line_per_field() {
    let cases = [
        ("glued", json!({"result": "R"}), "glued\n- Result: R\n"),
        ("- Result: a\r\n- Duration: b\r\nx", json!({"result": "R"}), "- Result: R\n- Duration: b\r\nx"),
        ("- Result:\n", json!({"result": "R"}), "- Result: R\n"),
        ("", json!({"subject": "a\r\n\r\nb"}), "- Summary: a b\n"),
        (
            "- AI Note:\n- Result: a\n--- END\n",
            json!({"result": "R"}),
            "- AI Note:\n- Result: a\n--- END\n- Result: R\n",
        ),
        (
            "- AI Note:\nno end\n\nmine\n- Result: a",
            json!({"aiNote": "n"}),
            "- AI Note:\nn\n--- END\n\nmine\n- Result: a",
        ),
        ("- Note: a\n\nmine", json!({"note": "b", "result": "R"}), "- Note: b\n- Result: R\n\nmine"),
        ("- Agent notes: a\n- Result: R\n", json!({"note": "b"}), "- Note: b\n- Result: R\n"),
        ("mine\n- Result: R\n", json!({"note": "b"}), "mine\n- Note: b\n- Result: R\n"),
    ];
    for (existing, request, expected) in cases {
        assert_eq!(updated(existing, &request, LogFormat::Plain), expected, "{existing:?}");
    }
    let cases = [
        ("### AI Note\na\n\nmine", json!({"aiNote": "b"}), "### AI Note\nb\n\nmine"),
        ("### AI Note\na\n\nb\n\nmine", json!({"aiNote": "A\n\nb"}), "### AI Note\nA\n\nb\n\nmine"),
        (
            "### AI Note\na\n\nmine",
            json!({"aiNote": "a", "ringSenseAIScore": 5}),
            "### AI Note\na\n**Call score**: 5\n\nmine",
        ),
        (
            "### AI Note\na\n\nb\n### Transcript\nt\n",
            json!({"aiNote": "c"}),
            "### AI Note\nc\n\n### Transcript\nt\n",
        ),
        (
            "## Call details\n**Result**: a\n",
            json!({"note": "n"}),
            "## Agent notes\nn\n\n## Call details\n**Result**: a\n",
        ),
        (
            "### Mine\n## Agent notes\nlost end\n",
            json!({"note": "n"}),
            "## Agent notes\nn\n\n## Call details\n### Mine\n## Agent notes\nlost end\n",
        ),
    ];
    for (existing, request, expected) in cases {
        assert_eq!(updated(existing, &request, LogFormat::Markdown), expected, "{existing:?}");
    }
    let cases = [
        ("<b>result</b>: a<br>mine", json!({"result": "R"}), "<li><b>Result</b>: R</li><br>mine"),
        ("<li><b>Result</b>: <i>a</i></li>mine", json!({"result": "R"}), "<li><b>Result</b>: R</li>mine"),
        ("<li><b>Result</b>:</li>", json!({"result": "R"}), "<li><b>Result</b>: R</li>"),
        (
            "<div><b>AI Note</b><br>a<div>mine</div>",
            json!({"aiNote": "n"}),
            "<div><b>AI Note</b><br>n</div><div>mine</div>",
        ),
        (
            "<ul></ul>mine",
            json!({"recordingLink": "later"}),
            "<ul><li><b>Call recording link</b>: (pending...)</li></ul>mine",
        ),
    ];
    for (existing, request, expected) in cases {
        assert_eq!(updated(existing, &request, LogFormat::Html), expected, "{existing:?}");
    }
}

#[test]
fn what_only_occurs_in_a_value_is_a_persons() {
    for (format, text, request) in [
        (
            LogFormat::Markdown,
            "### AI Note\nThe customer asked.\n\nVIP\n",
            json!({"aiNote": "The customer, a VIP, asked."}),
        ),
        (LogFormat::Plain, "- Note: Called.\n\nPaid\n", json!({"note": "Paid-up member called."})),
    ] {
        let person = text.trim_end().rsplit('\n').next().unwrap();
        let updated = updated(text, &request, format);
        assert!(updated.ends_with(&format!("\n\n{person}\n")), "{updated}");
    }
}

/// Where nothing says whether what follows is the end of a value or a person's, it stays behind it.
#[test]
fn a_field_is_never_put_into_another_one() {
    for (format, text, field) in [
        (
            LogFormat::Markdown,
            "**Result**: Missed\n### AI Note\nSummary: a quote.\n\nNext steps: send it.\n",
            "### AI Note\n",
        ),
        (LogFormat::Plain, "- Result: Missed\n- Note: A quote.\n\nSend it.\n", "- Note: "),
    ] {
        let (head, value) = text.split_once(field).unwrap();
        let link = json!({"recordingLink": "https://r.example/1", "aiNote": Value::Null});
        let updated = updated(text, &link, format);
        assert!(updated.starts_with(head) && updated.ends_with(&format!("{field}{value}")), "{updated}");
        assert!(updated[head.len()..].contains("https://r.example/1"), "{updated}");
    }
    // Whole values are known again.
    let two = json!({"aiNote": "One.\n\nTwo."});
    let text = updated("", &two, LogFormat::Markdown);
    let text = updated(&text, &json!({"recordingLink": "https://r.example/1"}), LogFormat::Markdown);
    assert_eq!(updated(&text, &two, LogFormat::Markdown), text);
}

#[test]
fn a_blank_line_behind_a_heading_hides_no_value() {
    let text =
        updated("### AI Note\n\nSummary one.\n", &json!({"aiNote": "Summary two."}), LogFormat::Markdown);
    assert_eq!(text, "### AI Note\nSummary two.\n");

    let request = json!({"legs": [
        {"direction": "Inbound", "from": {"name": "Ada"}, "to": {"name": "Bob"}, "duration": 5},
        {"direction": "Inbound", "to": {"name": "Cora"}, "duration": 6},
    ]});
    let journey = updated("", &request, LogFormat::Markdown);
    let spaced = journey.replacen("### Call journey\n", "### Call journey\n\n", 1);
    assert_ne!(spaced, journey, "{journey}");
    let again = updated(&format!("{spaced}\nMine.\n"), &request, LogFormat::Markdown);
    assert_eq!(again.matches("Transferred to").count(), 1, "{again}");
    assert!(again.contains("Mine."), "{again}");

    // Of an empty value what follows is a person's.
    let text = updated("### AI Note\n \n\nMine.\n", &json!({"aiNote": "Ours."}), LogFormat::Markdown);
    assert!(text.starts_with("### AI Note\nOurs.\n") && text.contains("Mine."), "{text}");
}

#[test]
fn headings_without_details_take_no_longer_the_more_there_are() {
    let text = "## Agent notes\n".repeat(200_000);
    assert_eq!(updated(&text, &json!({}), LogFormat::Markdown), text);
    let note = "## Agent notes\n".repeat(15_000) + "end";
    assert!(updated(&text, &json!({"note": note}), LogFormat::Markdown).contains("end"));
}

#[test]
fn a_note_that_looks_like_a_field_stays_whole() {
    let request = json!({"note": "see:\n- Result: fake\n- Note: nested", "result": "R"});
    for format in FORMATS {
        let text = updated("", &request, format);
        assert_eq!(updated(&text, &request, format), text);
        assert!(text.contains("- Result: fake\n- Note: nested"), "{text}");
    }
}

/// The conversation of recordings 13, `shared-sms`, and an entity of every kind.
fn conversation() -> Value {
    json!({
        "creationTime": "2024-01-01T09:00:00.000Z",
        "messages": [{"lastModifiedTime": "2024-01-02T10:30:00.000Z"}, {"lastModifiedTime": "2024-01-01T11:00:00.000Z"}],
        "owner": {"name": "Support", "extensionId": "9", "extensionType": "Department"},
        "entities": [
            {"recordType": "AliveMessage", "direction": "Inbound", "text": "Hi <b>", "creationTime": "2024-01-01T09:00:00.000Z", "from": {"name": "x"}},
            {"recordType": "AliveNote", "text": "note & more", "author": {"name": "Ada"}, "creationTime": "2024-01-01T09:30:00.000Z"},
            {"recordType": "ThreadAssignedHint", "assignee": {"name": "Ada"}, "creationTime": 1_704_100_200_000_i64},
            {"recordType": "ThreadCreatedHint", "initiator": {"name": "Bob"}},
            {"recordType": "AliveMessage", "direction": "Outbound", "subject": "Hello", "author": {"name": "Ada"}, "creationTime": "2024-01-01T09:20:00.000Z"},
        ],
    })
}

#[test]
fn shared_sms_in_three_formats() {
    let settings = Settings::new(None, TimeZone::UTC);
    let compose = |format| shared_sms::compose(&conversation(), "Carol & Co", &settings, format);
    let plain = compose(LogFormat::Plain);
    assert_eq!(plain.subject, "SMS conversation with Carol & Co");
    assert_eq!(
        plain.body,
        "Conversation summary\nStarted: Monday, January 01, 2024 at 09:00 AM\n\
         Ended: Tuesday, January 02, 2024 at 10:30 AM\nDuration: 1 d 25 h \n\n\
         Participants\n* Carol & Co (customer)\n* x\n* Ada\n* Bob\n\n\
         Receiving call queue: Support\n\nConversation (2 messages, 1 note)\nBEGIN\n------------\n\
         Ada left a note on 2024-01-01 09:30 AM:\nnote & more\n\n\
         Ada said on 2024-01-01 09:20 AM:\nHello\n\n\
         Conversation assigned to Ada\n\n\
         Carol & Co said on 2024-01-01 09:00 AM:\nHi <b>\n\n------------\nEND"
    );
    assert_eq!(compose(LogFormat::Custom), plain);
    let html = compose(LogFormat::Html);
    assert_eq!(html.subject, "SMS conversation with Carol & Co");
    assert_eq!(
        html.body,
        "<div><b>Conversation summary</b><br>Started: Monday, January 01, 2024 at 09:00 AM<br>\
         Ended: Tuesday, January 02, 2024 at 10:30 AM<br>Duration: 1 d 25 h<br></div><br>\
         <div><b>Participants</b><ul><li>Carol &amp; Co (customer)</li><li>x</li><li>Ada</li><li>Bob</li></ul></div>\
         <div>Receiving call queue: <b>Support</b></div><br>\
         <div><b>Conversation (2 messages, 1 note)</b></div><div>BEGIN</div><hr>\
         <p><b>Ada</b> left a note on 2024-01-01 09:30 AM:<br>note &amp; more</p>\
         <p><b>Ada</b> said on 2024-01-01 09:20 AM:<br>Hello</p>\
         <p><i>Conversation assigned to <b>Ada</b></i></p>\
         <p><b>Carol &amp; Co</b> said on 2024-01-01 09:00 AM:<br>Hi &lt;b&gt;</p><hr><div>END</div>"
    );
    let markdown = compose(LogFormat::Markdown);
    assert_eq!(markdown.subject, "**SMS conversation with Carol & Co**");
    assert!(
        markdown.body.starts_with("## Conversation summary\nStarted: Monday, January 01, 2024 at 09:00 AM\n")
    );
    assert!(
        markdown.body.contains("\n*Conversation assigned to **Ada***\n\n**Carol & Co** said on "),
        "{}",
        markdown.body
    );
    assert!(markdown.body.ends_with("Hi <b>\n\n---\nEND"));
}

#[test]
fn shared_sms_that_says_little() {
    let zone = parse_zone(&json!("America/New_York")).unwrap();
    let settings = Settings::new(None, zone);
    let body = |conversation| shared_sms::compose(&conversation, "C", &settings, LogFormat::Plain).body;
    assert_eq!(
        body(json!({})),
        "Conversation summary\nStarted: Unknown\nEnded: On-going\nDuration: On-going \n\nParticipants\n\
         * C (customer)\n\nConversation (0 messages)\nBEGIN\n------------\n------------\nEND"
    );
    let one = body(json!({"owner": {"name": "Ada"}, "entities": [
        {"recordType": "AliveNote", "body": "b", "creationTime": "2024-01-01T01:00:00Z"}]}));
    assert!(one.contains("Started: Sunday, December 31, 2023 at 08:00 PM\n"), "{one}");
    assert!(one.contains("Owner: Ada\n\nConversation (1 note)\n"), "{one}");
    assert!(one.contains("Unknown left a note on 2023-12-31 08:00 PM:\nb\n"), "{one}");
}

#[test]
fn shared_conversations_have_an_owner_with_a_name() {
    assert!(shared_sms::is_shared_sms(&json!({"owner": {"name": "Support Queue"}})));
    for other in
        [json!({}), json!(null), json!({"owner": {}}), json!({"owner": {"name": ""}}), json!({"owner": null})]
    {
        assert!(!shared_sms::is_shared_sms(&other), "{other}");
    }
}
