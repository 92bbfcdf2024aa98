//! `demo --once`: the first thing that a newcomer runs.
use super::run_with;
use app_connect::sandbox::API_KEY;

#[test]
fn demo_once_shows_every_exchange_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    // Where the demo makes its own folder, under each system's name for it.
    let temporary = folder.path().to_str().unwrap();
    let env = ["TMPDIR", "TMP", "TEMP"].map(|name| (name, temporary));
    let run = run_with(folder.path(), &["demo", "--once"], &env, "");
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);

    let titles: Vec<&str> = run.out.lines().filter_map(|line| line.strip_prefix("── ")).collect();
    let expected = [
        "1. Sign in with an API key",
        "2. A call comes in: who is it?",
        "3. The call is over: log it",
        "4. Read it back from the CRM",
    ];
    assert_eq!(titles, expected);

    // The client wrote the note, the server sent it to the CRM, and the CRM's record came back.
    let (logging, reading) = run.out.split_once(expected[3]).unwrap();
    let note = "Asked for a quote by Friday.";
    let sent = logging.lines().filter(|line| line.contains(note)).count();
    assert_eq!(sent, 2, "from the client and to the CRM:\n{logging}");
    let answer = reading.lines().find(|line| line.starts_with("client  ← 200 ")).unwrap();
    assert!(answer.contains(note), "{answer}");

    let sign_in = run.out.lines().filter(|line| line.contains("***")).count();
    assert_eq!(sign_in, 2, "the key and the token are masked:\n{}", run.out);
    assert!(!run.out.contains(API_KEY), "{}", run.out);
    // Every JSON Web Token begins so: `{"` in base64.
    assert!(!run.out.contains("eyJ"), "{}", run.out);

    // The connector's path is shown: the demo's folder was in this one, and is gone.
    assert!(run.out.contains(temporary), "{}", run.out);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?}");
}
