//! Findings in every format.

use std::ops::Range;

use app_connect::config::diagnostic::{Code, Diagnostic, Findings};
use app_connect::config::report::{Colour, Format, github, human, json, markdown, render, sarif, summary};
use app_connect::config::source;
use serde_json::Value;

const SECRET: &str = "sk_live_51H8xqQ2eZvKYlo2C";

fn document() -> String {
    format!(
        r#"{{
  "requestDefaults": {{
    "baseUrl": "http://crm.example.com",
    "defaultHeaders": {{ "X-Api-Key": "{SECRET}", "x api key": "é😀" }}
  }},
  "operations": {{
    "findContact": {{
      "method": "GET",
      "urll": "/contacts?phone={{{{phoneNumbr}}}}",
      "responseMapping": {{}}
    }}
  }}
}}
"#
    )
}

fn found(code: Code, message: &str, pointer: &str, span: Range<usize>) -> Diagnostic {
    Diagnostic { code, message: message.into(), pointer: pointer.into(), span, label: None, help: None }
}

/// A document with findings of every severity, one that could not be read, one without findings.
fn findings() -> Vec<Findings> {
    let text = document();
    let (_, map) = source::parse(&text).expect("valid");
    let url = "/operations/findContact/urll";
    let headers = "/requestDefaults/defaultHeaders";
    let diagnostics = vec![
        Diagnostic {
            label: Some("not encrypted".into()),
            help: Some("Use https://.".into()),
            ..found(
                Code::PlainHttp,
                "`baseUrl` is plain-text HTTP",
                "/requestDefaults/baseUrl",
                map.string_span("/requestDefaults/baseUrl", 0..4),
            )
        },
        Diagnostic {
            label: Some("looks like a live API key".into()),
            help: Some("Write {{apiKey}} and let the user enter it.".into()),
            // A careless check that repeats the value must not leak it either.
            ..found(
                Code::SecretLiteral,
                &format!("the header `X-Api-Key` holds a secret: {SECRET}"),
                &format!("{headers}/X-Api-Key"),
                map.value_span(&format!("{headers}/X-Api-Key")),
            )
        },
        Diagnostic {
            label: Some("no spaces".into()),
            ..found(
                Code::HeaderName,
                "HTTP does not allow the header name `x api key`",
                &format!("{headers}/x api key"),
                map.key_span(&format!("{headers}/x api key")),
            )
        },
        Diagnostic {
            label: Some("unknown".into()),
            help: Some("Did you mean `url`?".into()),
            ..found(Code::UnknownKey, "an operation has no key `urll`", url, map.key_span(url))
        },
        Diagnostic {
            help: Some(
                "Did you mean `phoneNumber`?\nVariables of findContact: phoneNumber, isExtension".into(),
            ),
            ..found(
                Code::UnknownVariable,
                "findContact has no variable `phoneNumbr`",
                url,
                map.string_span(url, 17..31),
            )
        },
        found(
            Code::MissingKey,
            "the operation has no `url`",
            "/operations/findContact",
            map.value_span("/operations/findContact"),
        ),
    ];
    vec![
        Findings {
            file: "proxy-configs/my crm.json".into(),
            source: text.into(),
            diagnostics,
            ..Findings::default()
        },
        Findings {
            file: "/etc/secret.json".into(),
            source: "".into(),
            diagnostics: vec![found(
                Code::UnreadableFile,
                "the file cannot be read: permission denied",
                "",
                0..0,
            )],
            ..Findings::default()
        },
        Findings {
            file: "good.json".into(),
            source: "{}".into(),
            diagnostics: vec![],
            ..Findings::default()
        },
    ]
}

#[test]
fn people_see_their_own_text_underlined() {
    insta::assert_snapshot!(human(&findings(), Colour::Off));
}

#[test]
fn colour_only_adds_escape_codes() {
    let coloured = human(&findings(), Colour::On);
    assert!(coloured.contains("\u{1b}["));
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.split_once('m').expect("a colour sequence").1;
    }
    plain.push_str(rest);
    assert_eq!(plain, human(&findings(), Colour::Off));
}

#[test]
fn programs_get_one_object() {
    let text = json(&findings());
    insta::assert_snapshot!(text);
    let report: Value = serde_json::from_str(&text).expect("JSON");
    let document = document();
    for found in report["files"][0]["diagnostics"].as_array().expect("diagnostics") {
        let number = |key: &str| found[key].as_u64().expect(key) as usize;
        let (offset, length) = (number("offset"), number("length"));
        let column = |end: usize| document[..end].rsplit('\n').next().expect("a line").chars().count() + 1;
        assert_eq!(number("column"), column(offset));
        assert_eq!(number("endColumn"), column(offset + length));
    }
}

#[test]
fn workflow_commands_are_escaped() {
    insta::assert_snapshot!(github(&findings()));
    let file = Findings {
        file: "a,b:c%.json".into(),
        source: "{}".into(),
        diagnostics: vec![found(Code::InvalidJson, "100% wrong:\r\nall, of it", "", 0..2)],
        ..Findings::default()
    };
    assert_eq!(
        github(&[file]),
        "::error file=a%2Cb%3Ac%25.json,line=1,col=1,endLine=1,endColumn=2,title=AC001 invalid JSON\
         ::100%25 wrong:%0D%0Aall, of it\n"
    );
}

#[test]
fn sarif_has_the_shape_of_sarif() {
    let files = findings();
    let log: Value = serde_json::from_str(&sarif(&files)).expect("JSON");
    assert_eq!(log["version"], "2.1.0");
    let [run] = log["runs"].as_array().expect("runs").as_slice() else { panic!("one run") };
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "app-connect");
    assert_eq!(driver["version"], env!("CARGO_PKG_VERSION"));
    let rules = driver["rules"].as_array().expect("rules");
    assert_eq!(rules.len(), Code::ALL.len());
    for (rule, code) in rules.iter().zip(Code::ALL) {
        assert_eq!(rule["id"], code.as_str());
        assert!(rule["name"].as_str().is_some_and(|name| name.starts_with(char::is_uppercase)));
        assert_eq!(rule["shortDescription"]["text"], code.title());
        assert_eq!(rule["fullDescription"]["text"], code.explanation());
        let anchor = rule["helpUri"].as_str().and_then(|uri| uri.strip_prefix("docs/diagnostics.md#"));
        assert!(markdown().contains(&format!("<a id=\"{}\"></a>", anchor.expect("an anchor"))));
        let level = if code.severity().as_str() == "warning" { "warning" } else { "error" };
        assert_eq!(rule["defaultConfiguration"]["level"], level);
    }
    let results = run["results"].as_array().expect("results");
    let diagnostics: Vec<&Diagnostic> = files.iter().flat_map(|file| &file.diagnostics).collect();
    assert_eq!(results.len(), diagnostics.len());
    for (result, found) in results.iter().zip(diagnostics) {
        assert_eq!(result["ruleId"], found.code.as_str());
        let index = result["ruleIndex"].as_u64().expect("ruleIndex") as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(matches!(result["level"].as_str(), Some("error" | "warning")));
        assert!(result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()));
        let location = &result["locations"][0];
        let region = &location["physicalLocation"]["region"];
        if found.code == Code::UnreadableFile {
            assert!(region.is_null() && location["logicalLocations"].is_null());
        } else {
            assert!(region["startLine"].as_u64() >= Some(1) && region["startColumn"].as_u64() >= Some(1));
            assert!(region["endLine"].as_u64() >= region["startLine"].as_u64());
            assert_eq!(location["logicalLocations"][0]["fullyQualifiedName"], found.pointer.as_str());
        }
    }
    let uri = |index: usize| &results[index]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri(0), "proxy-configs/my%20crm.json");
    assert_eq!(uri(6), "file:///etc/secret.json");
    insta::assert_snapshot!(serde_json::to_string_pretty(&results[3]).expect("JSON"));
}

#[test]
fn sarif_knows_a_finding_again_when_its_line_moved() {
    let prints = |files: &[Findings]| -> Vec<Value> {
        let log: Value = serde_json::from_str(&sarif(files)).expect("JSON");
        let results = log["runs"][0]["results"].as_array().expect("results");
        results.iter().map(|result| result["partialFingerprints"].clone()).collect()
    };
    let before = findings();
    let mut moved = findings();
    moved[0].source = format!("\n\n{}", moved[0].source).into();
    for found in &mut moved[0].diagnostics {
        found.span = found.span.start + 2..found.span.end + 2;
    }
    assert_eq!(prints(&before), prints(&moved));
    let mut twice = findings();
    let again = twice[0].diagnostics[4].clone();
    twice[0].diagnostics.push(again);
    let mut unique = prints(&twice).iter().map(Value::to_string).collect::<Vec<_>>();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), 8, "two findings of one code in one value differ");
}

#[test]
fn no_format_shows_a_secret() {
    let text = format!(
        "{{\"a\": \"{SECRET}\", \"b\": [\"hunter2\", \"sécrét😀pässwörd\"], \"esc\": \"ab\\\"cd\\n{SECRET}\"}}"
    );
    let (_, map) = source::parse(&text).expect("valid");
    let secret = |pointer: &str| found(Code::SecretLiteral, "a secret", pointer, map.value_span(pointer));
    let files = [Findings {
        file: "crm.json".into(),
        source: text.clone().into(),
        diagnostics: vec![
            secret("/a"),
            // Only the part of the string that is secret.
            found(Code::SecretLiteral, "a secret", "/esc", map.string_span("/esc", 6..6 + SECRET.len())),
            secret("/b/0"),
            secret("/b/1"),
            // Other findings whose frame shows the same line, or whose span holds a secret.
            found(Code::UnknownKey, &format!("unknown: {SECRET}"), "/b", map.key_span("/b")),
            found(Code::WrongType, "not a list", "/b", map.value_span("/b")),
            found(Code::WrongType, "half", "/a", map.string_span("/a", 5..9)),
        ],
        ..Findings::default()
    }];
    for format in Format::ALL {
        let shown = render(format, &files, Colour::Off);
        for part in [SECRET, &SECRET[4..], "hunter2", "pässwörd", "ve_5"] {
            assert!(!shown.contains(part), "{} shows {part}", format.as_str());
        }
    }
    insta::assert_snapshot!(human(&files, Colour::Off));
}

#[test]
fn long_lines_are_cut_around_the_span() {
    let padding = "x".repeat(5_000);
    let text = format!("{{\"before\": \"{padding}\", \"urll\": \"{padding}\", \"after\": \"{padding}\"}}");
    let (_, map) = source::parse(&text).expect("valid");
    let diagnostics = vec![
        Diagnostic {
            label: Some("unknown key".into()),
            ..found(Code::UnknownKey, "an operation has no key `urll`", "/urll", map.key_span("/urll"))
        },
        found(Code::InvalidUrl, "the URL is too long", "/urll", map.value_span("/urll")),
    ];
    let shown = human(
        &[Findings { file: "crm.json".into(), source: text.into(), diagnostics, ..Findings::default() }],
        Colour::Off,
    );
    assert!(shown.lines().all(|line| line.chars().count() < 160), "{shown}");
    insta::assert_snapshot!(shown);
}

#[test]
fn text_from_outside_cannot_drive_a_terminal() {
    let text = "{\"\u{1b}[31mred\": 1}";
    let file = Findings {
        file: "\u{1b}[2J.json".into(),
        source: text.into(),
        diagnostics: vec![Diagnostic {
            help: Some("remove `\u{1b}[31mred`".into()),
            label: Some("\u{1b}]0;title\u{7}".into()),
            ..found(Code::UnknownKey, "unknown key `\u{1b}[31mred`", "/\u{1b}[31mred", 1..11)
        }],
        ..Findings::default()
    };
    let shown = human(&[file], Colour::Off);
    assert!(!shown.contains(['\u{1b}', '\u{7}']), "{shown:?}");
}

#[test]
fn the_last_line_counts() {
    let of = |codes: &[Code]| Findings {
        file: "f".into(),
        source: "{}".into(),
        diagnostics: codes.iter().map(|code| found(*code, "m", "", 0..1)).collect(),
        ..Findings::default()
    };
    let (error, mistake, warning) = (Code::InvalidJson, Code::UnknownKey, Code::PlainHttp);
    for (files, line) in [
        (vec![], "0 files checked: clean"),
        (vec![of(&[])], "1 file checked: clean"),
        (vec![of(&[error])], "1 file checked: 1 error"),
        (vec![of(&[warning, warning]), of(&[])], "2 files checked: 2 warnings"),
        (
            vec![of(&[error, mistake]), of(&[mistake]), of(&[warning])],
            "3 files checked: 1 error, 2 mistakes, 1 warning",
        ),
    ] {
        assert_eq!(summary(&files), line);
        assert!(human(&files, Colour::Off).ends_with(&format!("{line}\n")));
    }
}

#[test]
fn formats_are_chosen_by_name() {
    for format in Format::ALL {
        assert_eq!(format.as_str().parse(), Ok(format));
    }
    assert_eq!(
        "xml".parse::<Format>(),
        Err("no such format; there are human, json, sarif, github".to_owned())
    );
}
