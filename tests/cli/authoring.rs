//! `new`: a connector begins clean.
use super::run;

#[test]
fn a_new_connector_is_clean_at_once() {
    for auth in ["apiKey", "oauth"] {
        for (template, cases) in [("contacts", 4), ("calls", 7), ("messages", 9)] {
            let folder = tempfile::tempdir().unwrap();
            let made = run(folder.path(), &["new", "my-crm", "--auth", auth, "--template", template]);
            assert_eq!((made.code, made.err.as_str()), (Some(0), ""), "{}", made.out);
            let checked = run(folder.path(), &["validate", ".", "--deny-warnings"]);
            assert_eq!(checked.code, Some(0), "{auth} {template}\n{}", checked.out);
            let tested = run(folder.path(), &["test", ".", "--min-coverage", "100", "--format", "json"]);
            assert_eq!(tested.code, Some(0), "{auth} {template}\n{}", tested.out);
            let report: serde_json::Value = serde_json::from_str(&tested.out).unwrap();
            let of_sign_in = if auth == "oauth" { 2 } else { 0 };
            assert_eq!(report["summary"]["cases"], cases + of_sign_in);
            if template == "calls" {
                insta::assert_snapshot!(format!("new_{auth}"), made.out);
            }
        }
    }
}

#[test]
fn new_refuses_what_is_there_and_what_is_no_id() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(folder.path(), &["new", "my-crm", "--dir", "sub/folder"]).code, Some(0));
    let path = folder.path().join("sub/folder/my-crm.json");
    std::fs::write(&path, "mine").unwrap();
    let again = run(folder.path(), &["new", "my-crm", "--dir", "sub/folder"]);
    assert_eq!(
        (again.code, again.err.as_str()),
        (
            Some(2),
            "app-connect: sub/folder/my-crm.json is there already; take another id, or another folder with --dir\n"
        )
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    std::fs::remove_file(&path).unwrap();
    assert_eq!(
        run(folder.path(), &["new", "my-crm", "--dir", "sub/folder"]).code,
        Some(2),
        "its cases are there"
    );
    for id in ["", "../x", "a/b", ".x", "-x", "9crm", "a b", "a.b"] {
        let refused = run(folder.path(), &["new", "--dir", "out", "--", id]);
        assert_eq!(refused.code, Some(2), "{id:?}: {}", refused.out);
    }
    assert!(!folder.path().join("out").exists());
}
