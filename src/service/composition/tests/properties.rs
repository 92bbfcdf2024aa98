//! What holds for any text and any update.

use super::*;
use proptest::prelude::*;

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
    fn a_crm_with_line_ends_of_its_own_does_not_make_texts_grow(
        request in any_request("[a-z]{1,3}(\n{1,2}[a-z]{1,3}){0,3}".boxed())
    ) {
        for format in FORMATS {
            let new = updated("", &request, format);
            let mut text = new.clone();
            for _ in 0..2 {
                text = updated(&text.replace('\n', "\r\n"), &request, format).replace("\r\n", "\n");
                prop_assert_eq!(&text, &new, "{:?}", format);
            }
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
        let text = call_log::compose(&read::<UpdateCallLogRequest>(&request).text(), &without, LogFormat::Markdown);
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
                ..CallLogText::default()
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
