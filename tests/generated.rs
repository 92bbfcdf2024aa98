//! The generated files are what the code generates. `UPDATE_GENERATED=1` writes them.

use std::path::Path;

use app_connect::generators;

#[test]
fn generated_files_are_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        generators::write(root).unwrap();
    }
    let stale = generators::stale(root);
    assert!(
        stale.is_empty(),
        "{stale:?} differ from what the code generates; run `{}`",
        generators::MENDING_COMMAND
    );
}

#[test]
fn writing_mends_every_drift_and_nothing_else() {
    let root = tempfile::tempdir().unwrap();
    let all: Vec<&str> = generators::files().iter().map(|(path, _)| *path).collect();
    assert_eq!(generators::stale(root.path()), all);
    assert_eq!(generators::write(root.path()).unwrap(), all);
    assert!(generators::stale(root.path()).is_empty());
    std::fs::write(root.path().join(all[1]), "changed").unwrap();
    assert_eq!(generators::stale(root.path()), [all[1]]);
    assert_eq!(generators::write(root.path()).unwrap(), [all[1]]);
    assert!(generators::stale(root.path()).is_empty());
}

#[test]
fn every_marker_of_a_template_becomes_something() {
    for (path, content) in generators::files() {
        assert!(!content.contains("<!-- generate:"), "{path} has a marker that nothing is made from");
        assert!(content.ends_with('\n') && !content.ends_with("\n\n"), "{path} ends in one line end");
    }
}
