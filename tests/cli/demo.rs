//! `demo --once`: the first thing that a newcomer runs.
use super::{Run, run_with};
use app_connect::sandbox::{API_KEY, CLIENT_SECRET};

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

/// The demo in a folder of its own, which is empty afterwards.
fn demo(arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let temporary = folder.path().to_str().unwrap();
    let env = ["TMPDIR", "TMP", "TEMP"].map(|name| (name, temporary));
    let run = run_with(folder.path(), arguments, &env, "");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{}", run.out);
    run
}

#[test]
fn demo_oauth_shows_a_sign_in_a_renewal_and_a_revoked_session() {
    let run = demo(&["demo", "--oauth", "--once"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
    let steps: Vec<&str> = run.out.split("\n── ").skip(1).collect();
    let titles: Vec<&str> = steps.iter().filter_map(|step| step.lines().next()).collect();
    let expected = [
        "1. Sign in on a page of the CRM",
        "2. A call comes in: the access token is about to expire",
        "3. The call is over: log it with the new token",
        "4. An admin of the CRM ends the sign-in",
    ];
    assert_eq!(titles, expected);

    let lines = |step: usize, beginning: &str| -> Vec<&str> {
        steps[step].lines().filter_map(|line| line.strip_prefix(beginning)).collect()
    };
    let browser = lines(0, "browser → GET ");
    assert_eq!(browser.len(), 3, "start, the page of the CRM, callback: {browser:?}");
    assert!(browser[0].starts_with("/oauth/start?") && browser[2].starts_with("/oauth-callback?"));
    assert!(browser[1].contains("code_challenge_method=S256"), "{}", browser[1]);
    let token = "  POST /oauth/token";
    let exchanged = |step| lines(step, "server  →").iter().filter(|line| line.trim() == token.trim()).count();
    assert_eq!([exchanged(0), exchanged(1), exchanged(2), exchanged(3)], [1, 1, 0, 1]);
    assert!(steps[1].contains(r#""grant_type":"refresh_token""#), "{}", steps[1]);
    assert!(lines(3, "client  ← 401 ")[0].contains("CRM_SESSION_REVOKED"), "{}", steps[3]);

    for secret in ["sandbox-access", "sandbox-refresh", "sandbox-code", CLIENT_SECRET, "eyJ"] {
        assert!(!run.out.contains(secret), "{secret}: {}", run.out);
    }
}
