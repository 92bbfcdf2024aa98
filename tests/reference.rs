//! What the language reference and the README say in examples is true: their documents load, and
//! the README shows what the tool prints.
//! (The results in its tables come out of the engine when the page is made, and `generated.rs`
//! compares them with the committed page.)

use std::path::Path;

use app_connect::config::diagnostic::{Code, Severity};
use app_connect::engine::load::load;
use serde_json::{Value, json};

fn read(path: &str) -> String {
    // A checkout may have other line ends.
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap().replace("\r\n", "\n")
}

fn page() -> String {
    read("docs/proxy-config.md")
}

/// The code blocks of a language: the rest of the opening line, and the text.
fn blocks<'p>(page: &'p str, language: &str) -> Vec<(&'p str, &'p str)> {
    page.split("\n```")
        .skip(1)
        .step_by(2)
        .filter_map(|block| block.split_once('\n'))
        .filter_map(|(info, text)| Some((info.strip_prefix(language)?.trim(), text)))
        .collect()
}

#[test]
fn every_json_example_is_a_document_that_loads_without_findings() {
    let page = page();
    let examples = blocks(&page, "json");
    assert!(examples.len() >= 4, "{} examples were found", examples.len());
    for (info, text) in examples {
        assert_eq!(info, "", "an example is a whole document");
        let loaded = load("docs/proxy-config.md", text, &|_| Some("secret".to_owned()));
        assert_eq!(loaded.findings.diagnostics, [], "{text}");
        assert!(loaded.config.is_some());
    }
}

#[test]
fn the_readme_begins_with_a_document_that_loads() {
    let readme = read("README.md");
    let examples = blocks(&readme, "json");
    let [(_, text)] = examples[..] else { panic!("one example, not {}", examples.len()) };
    let loaded = load("README.md", text, &|_| None);
    let count = |severity| loaded.findings.count(severity);
    assert_eq!(
        (count(Severity::Error), count(Severity::Mistake)),
        (0, 0),
        "{:?}",
        loaded.findings.diagnostics
    );
    assert!(loaded.config.is_some());
}

/// The sample of `validate` is what it says about the README's own document with one typo in it.
#[test]
fn the_readme_shows_what_validate_prints() {
    let readme = read("README.md");
    let (_, document) = blocks(&readme, "json")[0];
    let (_, sample) = blocks(&readme, "text")[0];
    let mistyped = document.replace("(phone phoneNumber ", "(phone phoneNumbr ");
    assert_ne!(mistyped, document);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("my-crm.json"), mistyped).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_app-connect"))
        .args(["validate", "my-crm.json"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let printed = String::from_utf8(output.stdout).unwrap();
    let (mistake, _) = printed.split_once("\n\n").unwrap_or((&printed, ""));
    assert_eq!(mistake, sample, "all that is printed:\n{printed}");
}

#[test]
fn links_lead_somewhere() {
    let page = page();
    let diagnostics = read("docs/diagnostics.md");
    let headings: Vec<String> = page
        .lines()
        .filter(|line| line.starts_with("##"))
        .map(|line| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-").replace('`', ""))
        .collect();
    let mut seen = 0;
    for target in page.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target) {
        seen += 1;
        let exists = match target.split_once('#') {
            Some(("", anchor)) => {
                headings.iter().any(|heading| heading == anchor)
                    || page.contains(&format!("<a id=\"{anchor}\">"))
            }
            Some(("diagnostics.md", anchor)) => diagnostics.contains(&format!("<a id=\"{anchor}\">")),
            _ => Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(target).exists(),
        };
        assert!(exists, "{target}");
    }
    assert!(seen > 40, "only {seen} links were found");
}

/// The bounds of templates that the table of limits gives.
#[test]
fn template_limits_are_those_of_the_page() {
    let refused = |text: String| {
        let document = json!({
            "requestDefaults": {"baseUrl": "https://api.example.com"},
            "operations": {"getUserInfo": {"url": "/me", "responseMapping": {"idPath": "body.id"}, "headers": {"X-Text": text}}},
        });
        let loaded = load("limits", &document.to_string(), &|_| None);
        loaded.findings.diagnostics.iter().any(|found| found.code == Code::TemplateSyntax)
    };
    let long =
        |length: usize| format!("{}{{{{trim platform}}}}", "x".repeat(length - "{{trim platform}}".len()));
    assert!(!refused(long(64 * 1024)));
    assert!(refused(long(64 * 1024 + 1)));
    let deep = |levels: usize| format!("{}x{}", "{{#if platform}}".repeat(levels), "{{/if}}".repeat(levels));
    assert!(!refused(deep(32)));
    assert!(refused(deep(33)));
}

/// Defaults that the page gives in prose, from the text of the schema: each is what a document
/// without the key runs with.
#[test]
fn left_out_and_empty_and_null_are_the_same() {
    let with = |listed: Value| {
        json!({
            "requestDefaults": {"baseUrl": "https://api.example.com"},
            "operations": {
                "getUserInfo": {"url": "/me", "responseMapping": {"idPath": "body.id"}},
                "findContact": {"url": "/c", "responseMapping": {"type": "list", "listPath": listed}},
            },
        })
    };
    for listed in [Value::Null, "".into(), "body".into()] {
        let loaded = load("empty", &with(listed).to_string(), &|_| None);
        assert_eq!(loaded.findings.count(Severity::Error) + loaded.findings.count(Severity::Mistake), 0);
        let config = loaded.config.unwrap();
        let operation =
            config.operation(app_connect::config::operations::OperationName::FIND_CONTACT).unwrap();
        let reply = app_connect::engine::exchange::UpstreamResponse::new(
            200,
            http::HeaderMap::new(),
            json!([{"id": 1}]),
            app_connect::engine::exchange::BodyKind::Json,
        );
        let inputs = app_connect::engine::inputs::Inputs::new();
        let (mapped, problems) = operation.map(&reply, &inputs).unwrap();
        assert_eq!(serde_json::to_value(mapped).unwrap()[0]["id"], 1);
        assert_eq!(problems, []);
    }
}

/// The page about OAuth tells of HubSpot as it ships.
#[test]
fn the_page_about_oauth_shows_the_document_that_ships() {
    let page = read("docs/oauth.md");
    let [(_, text)] = blocks(&page, "json")[..] else { panic!("one document") };
    let loaded = load("docs/oauth.md", text, &|_| Some("secret".to_owned()));
    assert_eq!(loaded.findings.diagnostics, []);
    let shown: Value = serde_json::from_str(text).unwrap();
    let ships: Value = serde_json::from_str(&read("proxy-configs/hubspot.json")).unwrap();
    assert_eq!(shown["auth"], ships["auth"]);
    assert_eq!(shown["operations"]["getUserInfo"]["url"], ships["operations"]["getUserInfo"]["url"]);
    let case = "sign-in-renewal";
    assert!(page.contains(case));
    let file = read(&format!("proxy-configs/hubspot.cases/{case}/input.json"));
    assert!(file.contains("fictional-refresh-token"), "{file}");
}
