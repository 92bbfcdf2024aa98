//! `import`: operations from curl commands and OpenAPI documents.
use super::{PUBLIC, Run, run, run_with};
use crate::support::test_server::{document, pretty};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const API: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/import/api.yaml");

/// Credentials and people of the commands below.
const PRIVATE: &[&str] = &["s3cr3t", "tok.en", "abc123", "+14155551234", "ada@example.org", "c2VjcmV0"];

fn told(run: &Run) -> String {
    for word in PRIVATE {
        assert!(!run.out.contains(word) && !run.err.contains(word), "{word}:\n{}{}", run.out, run.err);
    }
    format!("{}---\n{}", run.out, run.err)
}

fn operation(run: &Run) -> Value {
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    serde_json::from_str(&run.out).unwrap()
}

#[test]
fn a_curl_command_becomes_an_operation() {
    let folder = tempfile::tempdir().unwrap();
    let curl = |command: &str, more: &[&str]| {
        let mut arguments = vec!["import", "curl", command];
        arguments.extend(more);
        run(folder.path(), &arguments)
    };
    let search = curl(
        "curl -sSL -H 'Authorization: Bearer tok.en' -H 'Accept: application/json' -H 'Cookie: a=s3cr3t' \
         'https://api.example.com/v1/contacts?phone=%2B14155551234&limit=10&api_key=s3cr3t&owner=ada%40example.org'",
        &["--as", "findContact"],
    );
    assert_eq!(
        operation(&search)["query"],
        json!({"phone": "{{phoneNumber}}", "limit": "10", "api_key": "{{apiKey}}", "owner": "{{fillIn.owner}}"})
    );
    insta::assert_snapshot!("import_curl", told(&search));
    let log = curl(
        "curl -X PATCH https://api.example.com/v3/calls/abc123 -H 'X-Api-Key: s3cr3t' -d \
         '{\"subject\": \"Call\", \"props\": [{\"name\": \"phone\", \"value\": \"+14155551234\"}], \"type\": 7}'",
        &["--as", "updateCallLog"],
    );
    assert_eq!(
        operation(&log),
        json!({
            "method": "PATCH", "url": "https://api.example.com/v3/calls/{{thirdPartyLogId}}",
            "body": {"subject": "{{subject}}", "props": [{"name": "phone", "value": "{{fillIn.phoneNumber}}"}], "type": 7},
        })
    );
    told(&log);
    for (command, expected) in [
        ("curl -u ada:s3cr3t example.com/x", json!({"url": "https://example.com/x"})),
        ("curl https://ada:s3cr3t@example.com", json!({"url": "https://example.com/"})),
        (
            "curl -G https://e.com/x -d a=1 --data-urlencode 'b=2 3' -d a=2",
            json!({"url": "https://e.com/x", "query": {"a": ["1", "2"], "b": "2 3"}}),
        ),
        (
            "curl https://e.com/token -d grant=x -d client_secret=s3cr3t",
            json!({"method": "POST", "url": "https://e.com/token",
                   "headers": {"Content-Type": "application/x-www-form-urlencoded"},
                   "body": {"grant": "x", "client_secret": "{{apiKey}}"}}),
        ),
        (
            "curl https://e.com/f -F kind=call -F who=ada@example.org",
            json!({"method": "POST", "url": "https://e.com/f", "headers": {"Content-Type": "multipart/form-data"},
                   "body": {"kind": "call", "who": "{{fillIn.who}}"}}),
        ),
        (
            "curl https://e.com/s -H 'Content-Type: text/xml' -d '<key>s3cr3t</key>'",
            json!({"method": "POST", "url": "https://e.com/s", "headers": {"Content-Type": "text/xml"},
                   "body": "{{fillIn.body}}"}),
        ),
        ("curl https://e.com/c/$ID", json!({"url": "https://e.com/c/{{fillIn.id}}"})),
    ] {
        let made = curl(command, &[]);
        assert_eq!(operation(&made), expected, "{command}");
        told(&made);
    }
}

#[test]
fn curl_is_read_from_standard_input_and_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let command = "curl 'https://e.com/x' \\\n  -H 'accept: */*' \\\n  --data-raw $'{\"a\":\"it\\'s\"}' \\\n  --compressed\n";
    let expected = json!({"method": "POST", "url": "https://e.com/x", "body": {"a": "it's"}});
    for arguments in [&["import", "curl"][..], &["import", "curl", "-"]] {
        assert_eq!(operation(&run_with(folder.path(), arguments, &[], command)), expected);
    }
    fs::write(folder.path().join("call.sh"), command).unwrap();
    assert_eq!(operation(&run(folder.path(), &["import", "curl", "--file", "call.sh"])), expected);
}

#[test]
fn an_openapi_operation_becomes_an_operation() {
    let folder = tempfile::tempdir().unwrap();
    let import = |id: &str, name: &str| run(folder.path(), &["import", "openapi", API, id, "--as", name]);
    let mut all = String::new();
    for (id, name) in [
        ("searchContacts", "findContact"),
        ("addContact", "createContact"),
        ("PATCH /calls/{callId}", "updateCallLog"),
    ] {
        let made = import(id, name);
        operation(&made);
        all.push_str(&format!("$ {id} --as {name}\n{}\n", told(&made)));
    }
    insta::assert_snapshot!("import_openapi", all);
    // The same document as JSON.
    let yaml: Value = serde_saphyr::from_str(&fs::read_to_string(API).unwrap()).unwrap();
    fs::write(folder.path().join("api.json"), yaml.to_string()).unwrap();
    let json =
        run(folder.path(), &["import", "openapi", "api.json", "searchContacts", "--as", "findContact"]);
    assert_eq!(operation(&json), operation(&import("searchContacts", "findContact")));
}

#[test]
fn import_says_why_it_cannot() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::copy(API, path.join("api.yaml")).unwrap();
    fs::write(path.join("swagger.json"), r#"{"swagger": "2.0"}"#).unwrap();
    fs::write(path.join("torn.yaml"), "openapi: 3.0.0\npaths: [").unwrap();
    fs::write(path.join("torn.json"), "{\"openapi\": \"3.0.0\",").unwrap();
    fs::write(path.join("none.yaml"), "just a text").unwrap();
    let mut all = String::new();
    for arguments in [
        &["curl", "wget https://e.com"][..],
        &["curl", "curl 'https://e.com"],
        &["curl", "curl"],
        &["curl", "curl https://e.com https://f.com"],
        &["curl", "curl https://e.com --frobnicate"],
        &["curl", "curl https://e.com -d @body.json"],
        &["curl", "curl 'https://e.com:99999'"],
        &["curl", "--file", "nowhere.sh"],
        &["openapi", "api.yaml", "serchContacts"],
        &["openapi", "api.yaml", "DELETE /contacts"],
        &["openapi", "api.yaml", "lost"],
        &["openapi", "api.yaml", "elsewhere"],
        &["openapi", "swagger.json", "x"],
        &["openapi", "none.yaml", "x"],
        &["openapi", "torn.json", "x"],
        &["openapi", "nowhere.yaml", "x"],
    ] {
        let mut words = vec!["import"];
        words.extend(arguments);
        let run = run(path, &words);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{arguments:?}\n{}", run.err);
        all.push_str(&format!("$ {}\n{}\n", arguments.join(" "), run.err));
    }
    insta::assert_snapshot!("import_says_why_it_cannot", all);
    let torn = run(path, &["import", "openapi", "torn.yaml", "x"]);
    assert_eq!(torn.code, Some(2));
    assert!(torn.err.starts_with("app-connect: torn.yaml: it is not YAML: "), "{}", torn.err);
    let typo = run(path, &["import", "openapi", "api.yaml", "searchContacts", "--as", "findContacts"]);
    assert!(typo.code == Some(2) && typo.err.contains("did you mean findContact?"), "{}", typo.err);
}

const COMMAND: &str = "curl https://crm.example.com/v1/people?phone=%2B14155551234";

fn into(folder: &Path, more: &[&str]) -> Run {
    let mut arguments = vec!["import", "curl", COMMAND, "--into", "crm.json", "--as", "findContactWithName"];
    arguments.extend(more);
    run(folder, &arguments)
}

#[test]
fn an_operation_is_put_into_a_document_as_people_wrote_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("crm.json");
    let mut before = document(PUBLIC);
    before["operations"].as_object_mut().unwrap().shift_remove("findContactWithName");
    // Tabs, a member on one line, an empty line: as nobody's formatter writes.
    let text = pretty(&before).replace("  ", "\t").replacen("\"auth\": {", "\n\t\"auth\":   {", 1);
    fs::write(&file, &text).unwrap();
    let put = into(folder.path(), &[]);
    assert_eq!(put.code, Some(0), "{}", put.err);
    let after = fs::read_to_string(&file).unwrap();
    let lines =
        |text: &str| text.lines().map(|line| line.trim_end_matches(',').to_owned()).collect::<Vec<_>>();
    let kept: Vec<String> = lines(&after);
    for line in lines(&text) {
        assert!(kept.contains(&line), "{line}");
    }
    assert!(after.contains("\n\t\t\"findContactWithName\": {\n\t\t\t\"url\": \"/people\","), "{after}");
    let value: Value = serde_json::from_str(&after).unwrap();
    let mut expected = before.clone();
    expected["operations"]["findContactWithName"] = value["operations"]["findContactWithName"].clone();
    assert_eq!(value, expected);
    insta::assert_snapshot!("import_into", told(&put));

    let again = into(folder.path(), &[]);
    assert_eq!(again.code, Some(2));
    assert_eq!(again.err, "app-connect: crm.json has findContactWithName already; replace it with --force\n");
    assert_eq!(fs::read_to_string(&file).unwrap(), after);
    assert_eq!(into(folder.path(), &["--force"]).code, Some(0));
    assert_eq!(fs::read_to_string(&file).unwrap(), after, "the same in its place");
}

#[test]
fn placeholders_are_found_by_validate() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("crm.json"), pretty(&document(PUBLIC))).unwrap();
    assert_eq!(into(folder.path(), &["--force"]).code, Some(0));
    let checked = run(folder.path(), &["validate", "crm.json"]);
    assert_eq!(checked.code, Some(1));
    assert!(checked.out.contains("has no variable `fillIn.phoneNumber`"), "{}", checked.out);
}

#[test]
fn a_document_that_cannot_take_an_operation_stays() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("crm.json");
    for text in ["{", "[]", "{\"operations\": []}", "", "7"] {
        fs::write(&file, text).unwrap();
        let refused = into(folder.path(), &[]);
        assert_eq!(refused.code, Some(2), "{text}: {}", refused.out);
        assert!(refused.err.starts_with("app-connect: crm.json"), "{}", refused.err);
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
    fs::write(&file, "{}").unwrap();
    assert_eq!(into(folder.path(), &[]).code, Some(0));
    assert!(fs::read_to_string(&file).unwrap().contains("\"findContactWithName\""));
    assert_eq!(
        run(folder.path(), &["import", "curl", COMMAND, "--into", "crm.json"]).code,
        Some(2),
        "--as is needed"
    );
}
