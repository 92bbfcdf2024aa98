use super::*;
use crate::engine::operation::LogFormat;
use crate::engine::time::parse_zone;
use crate::store::{Secret, User, UserKey};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Value, json};

const FORMATS: [LogFormat; 3] = [LogFormat::Plain, LogFormat::Html, LogFormat::Markdown];

/// Turns every field on.
fn all_on() -> Value {
    fields::Field::ALL
        .into_iter()
        .map(|field| (field.setting().0.to_owned(), json!({"value": true})))
        .collect()
}

fn compose_with(settings: Option<&Value>, request: &Value, format: LogFormat) -> String {
    call_log::compose(&CallLogText::of_create(request), &Settings::new(settings, TimeZone::UTC), format)
}

fn updated(existing: &str, request: &Value, format: LogFormat) -> String {
    let settings = all_on();
    let settings = Settings::new(Some(&settings), TimeZone::UTC);
    call_log::upsert(existing, &CallLogText::of_update(request), &settings, format)
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
        let text = CallLogText::of_create(&request);
        let composed = call_log::compose(&text, &Settings::of(&user), LogFormat::Plain);
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
        access_token: Secret::new(String::new()),
        refresh_token: None,
        token_expiry: None,
        rc_account_id: None,
        platform_additional_info: serde_json::Map::new(),
        user_settings: None,
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
fn a_note_that_looks_like_a_field_stays_whole() {
    let request = json!({"note": "see:\n- Result: fake\n- Note: nested", "result": "R"});
    for format in FORMATS {
        let text = updated("", &request, format);
        assert_eq!(updated(&text, &request, format), text);
        assert!(text.contains("- Result: fake\n- Note: nested"), "{text}");
    }
}

/// Text as people and machines write it, with everything that could be taken for structure.
fn any_text() -> BoxedStrategy<String> {
    let line = prop_oneof![
        "[ -~]{0,12}",
        "\\PC{0,6}",
        Just("- Note: x".to_owned()),
        Just("- Agent notes: x".to_owned()),
        Just("- Result: x".to_owned()),
        Just("- Follow up: x".to_owned()),
        Just("- AI Note:".to_owned()),
        Just("- Call journey:".to_owned()),
        Just("--- END".to_owned()),
        Just("--- JOURNEY END".to_owned()),
        Just("## Agent notes".to_owned()),
        Just("## Call details".to_owned()),
        Just("### Transcript".to_owned()),
        Just("### Mine".to_owned()),
        Just("**Result**: x".to_owned()),
        Just("<b>Agent notes</b>".to_owned()),
        Just("<b>Call details</b>".to_owned()),
        Just("<li><b>Result</b>: x</li>".to_owned()),
        Just("<div><b>AI Note</b><br>".to_owned()),
        Just("</div></ul>$&$1".to_owned()),
        Just("Transferred to me".to_owned()),
    ];
    let end =
        prop_oneof![3 => Just("\n"), 1 => Just("\n\n"), 1 => Just("\r\n"), 1 => Just("\r"), 1 => Just("")];
    prop::collection::vec((line, end), 0..6)
        .prop_map(|lines| {
            lines.into_iter().flat_map(|(line, end)| [line, end.to_owned()]).collect::<String>()
        })
        .boxed()
}

fn any_request(text: BoxedStrategy<String>) -> impl Strategy<Value = Value> {
    let names = [
        "note",
        "subject",
        "result",
        "recordingLink",
        "voicemailLink",
        "aiNote",
        "transcript",
        "ringSenseTranscript",
        "ringSenseSummary",
        "ringSenseAIScore",
        "ringSenseBulletedSummary",
        "ringSenseLink",
        "sessionId",
    ];
    let members = prop::sample::subsequence(names.to_vec(), 0..=names.len());
    let values = prop::collection::vec(text.clone(), names.len());
    let direction = prop_oneof![Just("Inbound"), Just("Outbound"), Just("?")];
    let party = (text.clone(), text)
        .prop_map(|(name, number)| json!({"name": name, "phoneNumber": number, "extensionNumber": "1"}));
    let leg = (direction.clone(), party.clone())
        .prop_map(|(direction, party)| json!({"direction": direction, "from": party, "to": party}));
    let call = (direction, party, prop::collection::vec(leg, 0..3), prop::option::of(0..100_000_i64));
    (members, values, call).prop_map(|(members, values, (direction, party, legs, seconds))| {
        let mut request: Value = members
            .into_iter()
            .zip(values)
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect();
        request["direction"] = direction.into();
        request["from"] = party.clone();
        request["to"] = party;
        request["legs"] = legs.into();
        if let Some(seconds) = seconds {
            request["duration"] = seconds.into();
            request["startTime"] = (1_700_000_000_000_i64 + seconds).into();
        }
        request
    })
}

/// Lines that no format takes for its own.
fn foreign() -> impl Strategy<Value = String> {
    prop::collection::vec("[A-Za-z0-9 .,$&]{1,20}", 1..4)
        .prop_map(|lines| lines.iter().map(|line| format!("foreign {line}.\n")).collect())
}

proptest! {
    #[test]
    fn the_same_update_again_changes_nothing(existing in any_text(), request in any_request(any_text())) {
        for format in FORMATS {
            let once = updated(&existing, &request, format);
            prop_assert_eq!(&updated(&once, &request, format), &once, "{:?} {:?}", format, existing);
        }
    }

    #[test]
    fn a_new_log_is_not_changed_by_the_same_update(request in any_request(any_text())) {
        for format in FORMATS {
            let new = updated("", &request, format);
            prop_assert_eq!(&updated(&new, &request, format), &new, "{:?}", format);
        }
    }

    #[test]
    fn what_a_person_wrote_survives_any_updates(
        before in foreign(),
        between in foreign(),
        after in foreign(),
        requests in prop::collection::vec(any_request("[a-z]{1,5}( [a-z]{1,5}){0,2}".boxed()), 1..5),
    ) {
        for format in FORMATS {
            let mut text = updated("", &json!({"result": "R", "duration": 5}), format);
            let middle = if format == LogFormat::Html { "<li><b>Result</b>" } else { "- Result" };
            let middle = text.find(middle).unwrap_or(0);
            text.insert_str(middle, &between);
            text = format!("{before}\n{text}\n{after}");
            for request in &requests {
                text = updated(&text, request, format);
                for foreign in [&before, &between, &after] {
                    prop_assert!(text.contains(foreign.trim_end()), "{:?} {:?}", format, text);
                }
            }
        }
    }

    #[test]
    fn the_formats_say_the_same(request in any_request("[a-z]{1,5}(-[a-z]{1,5}){0,2}".boxed())) {
        for name in ["note", "subject", "result", "aiNote", "transcript", "ringSenseTranscript", "sessionId",
            "ringSenseSummary", "ringSenseAIScore", "ringSenseBulletedSummary", "ringSenseLink"] {
            let Some(value) = request[name].as_str() else { continue };
            for format in FORMATS {
                prop_assert!(updated("", &request, format).contains(value), "{} {:?}", name, format);
            }
        }
        let labels = |format| {
            let text = updated("", &request, format).to_lowercase();
            fields::Field::ALL.into_iter().filter(move |field| {
                let label = field.label().to_lowercase();
                let note = *field == fields::Field::Note && text.contains("agent notes");
                note || ["- {}:", "**{}**:", "### {}\n", "<b>{}</b>"].iter().any(|form| text.contains(&form.replace("{}", &label)))
            }).collect::<Vec<_>>()
        };
        let plain = labels(LogFormat::Plain);
        prop_assert_eq!(&plain, &labels(LogFormat::Html));
        prop_assert_eq!(&plain, &labels(LogFormat::Markdown));
    }

    #[test]
    fn settings_take_a_field_away(index in 0..fields::Field::ALL.len(), request in any_request("[a-z]{3}".boxed())) {
        let field = fields::Field::ALL[index];
        let mut settings = all_on();
        settings[field.setting().0]["value"] = false.into();
        let without = Settings::new(Some(&settings), TimeZone::UTC);
        let text = call_log::compose(&CallLogText::of_update(&request), &without, LogFormat::Markdown);
        let label = if field == fields::Field::Note { "Agent notes" } else { field.label() };
        prop_assert!(!text.contains(&format!("**{label}**")) && !text.contains(&format!("# {label}\n")), "{}", text);
    }

    #[test]
    fn nothing_panics(existing in "\\PC{0,60}", seed in any_text(), zone in -899..900_i32, pattern in "\\PC{0,8}") {
        let values = [json!(null), json!(seed), json!([seed]), json!({"value": pattern}), json!(1e300), json!(true)];
        for value in &values {
            let text = CallLogText {
                note: Some(value), session_id: Some(value), direction: Some(value), from: Some(value),
                to: Some(value), subject: Some(value), contact_number: Some(value), start_time: Some(value),
                duration: Some(value), result: Some(value), recording_link: Some(value), legs: Some(value),
                voicemail_link: Some(value), ai_note: Some(value), transcript: Some(value),
                ..CallLogText::of_update(value)
            };
            let user_settings = json!({"logDateFormat": value, "addCallSessionId": value});
            let settings = Settings::new(Some(&user_settings), parse_zone(&json!(zone)).unwrap());
            for format in FORMATS {
                call_log::upsert(&existing, &text, &settings, format);
                shared_sms::compose(value, &seed, &settings, format);
            }
        }
    }
}
