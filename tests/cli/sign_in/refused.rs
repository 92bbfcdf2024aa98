//! Sign-ins that cannot begin, that a CRM refuses or ends.

use std::fs;
use std::path::Path;

use app_connect::sandbox::Faults;
use serde_json::Value;

use super::{Crm, SECRET, SignIn};
use crate::cli::run_with;
use crate::support::test_server::pretty;

#[test]
fn a_revoked_sign_in_and_a_failing_token_endpoint_are_told_apart() {
    let crm = Crm::start();
    crm.signed_in();
    let mut user = crm.user();
    user["tokenExpiry"] = "2020-01-01T00:00:00Z".into();
    fs::write(crm.path("crm.user"), user.to_string()).unwrap();
    let fault = "status=503;path_prefix=/oauth/token".parse().unwrap();
    crm.sandbox.set_faults(Faults { faults: vec![fault] }).unwrap();
    let failed = crm.call(&[]);
    assert_eq!((failed.code, failed.out.as_str()), (Some(2), ""), "{}", failed.err);
    assert!(
        failed.err.contains("could not be renewed") && !failed.err.contains("sign in again"),
        "{}",
        failed.err
    );
    assert_eq!(crm.user(), user, "nothing is lost");
    crm.sandbox.set_faults(Default::default()).unwrap();
    crm.sandbox.revoke_sign_ins();
    let ended = crm.call(&[]);
    assert_eq!(ended.code, Some(2), "{}", ended.out);
    assert!(ended.err.contains("app-connect sign-in crm.json --user crm.user"), "{}", ended.err);
    user.as_object_mut().unwrap().shift_remove("refreshToken");
    fs::write(crm.path("crm.user"), user.to_string()).unwrap();
    let without = crm.call(&[]);
    assert!(without.code == Some(2) && without.err.contains("no refresh token"), "{}", without.err);
}

#[test]
fn what_the_crm_refuses_is_told_and_nothing_is_written() {
    let crm = Crm::start();
    let told = |sign_in: SignIn, back: &str| {
        let (status, _, page) = crm.visit(back);
        let run = sign_in.end();
        assert_eq!((run.code, status), (Some(1), 200), "{}{}", run.out, run.err);
        assert!(!crm.path("crm.user").exists());
        assert_eq!(format!("{}\n", page.trim().to_lowercase()), run.err.to_lowercase());
        run.err
    };
    let sign_in = crm.begin_anywhere();
    let denied = crm.back(&format!("{}&login_hint=nobody@example.com", sign_in.page).parse().unwrap());
    let words = told(sign_in, &denied);
    assert!(words.contains("The resource owner or authorization server denied the request."), "{words}");

    let sign_in = crm.begin_anywhere();
    let back = crm.back(&sign_in.page);
    let code_used_by_another = back.replace("code=sandbox-code-", "code=x");
    let words = told(sign_in, &code_used_by_another);
    assert!(words.starts_with("not signed in: the code got no tokens: "), "{words}");

    crm.sandbox
        .set_faults(Faults { faults: vec!["html_page;path_prefix=/oauth/token;times=1".parse().unwrap()] })
        .unwrap();
    let sign_in = crm.begin_anywhere();
    let back = crm.back(&sign_in.page);
    let words = told(sign_in, &back);
    assert!(words.contains("Check `tokenUrl`"), "{words}");

    crm.sandbox
        .set_faults(Faults { faults: vec!["status=403;path_prefix=/api/v1/me".parse().unwrap()] })
        .unwrap();
    let sign_in = crm.begin_anywhere();
    let back = crm.back(&sign_in.page);
    let words = told(sign_in, &back);
    assert!(words.starts_with("not signed in: getUserInfo failed (status)"), "{words}");
}

#[test]
fn a_sign_in_that_cannot_begin_says_why() {
    let crm = Crm::start();
    let sandbox = Path::new(env!("CARGO_MANIFEST_DIR")).join("proxy-configs/sandbox.json");
    fs::copy(sandbox, crm.path("key.json")).unwrap();
    let mut nobody: Value = serde_json::from_str(&fs::read_to_string(crm.path("crm.json")).unwrap()).unwrap();
    nobody["operations"].as_object_mut().unwrap().shift_remove("getUserInfo");
    fs::write(crm.path("nobody.json"), pretty(&nobody)).unwrap();
    fs::write(crm.path("list.user"), "[]").unwrap();
    let mut told = String::new();
    for arguments in [
        &["sign-in", "key.json"][..],
        &["sign-in", "nobody.json"],
        &["sign-in", "nowhere.json"],
        &["sign-in", "crm.json", "--user", "list.user"],
        &["sign-in", "crm.json", "--redirect-uri", "urn:ietf:wg:oauth:2.0:oob"],
        &["sign-in", "crm.json", "--redirect-uri", "back"],
    ] {
        let run = run_with(crm.folder.path(), arguments, &[SECRET], "");
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{arguments:?}");
        told.push_str(&format!("$ {}\n{}\n", arguments.join(" "), run.err));
    }
    let mut many: Value = serde_json::from_str(&fs::read_to_string(crm.path("crm.json")).unwrap()).unwrap();
    many["requestDefaults"]["allowedHosts"] = serde_json::json!(["*.example.com"]);
    many["auth"]["authorizationUrl"] = "https://{{hostname}}/authorize".into();
    fs::write(crm.path("many.json"), pretty(&many)).unwrap();
    for more in [&[][..], &["--hostname", "crm.example.org"]] {
        let arguments = [&["sign-in", "many.json", "--redirect-uri", "http://127.0.0.1:0/"], more].concat();
        let run = run_with(crm.folder.path(), &arguments, &[SECRET], "");
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{more:?}");
        told.push_str(&format!("$ {}\n{}\n", arguments.join(" "), run.err));
    }
    crm.document(|auth| drop(auth.as_object_mut().unwrap().shift_remove("authorizationUrl")));
    let run = run_with(crm.folder.path(), &["sign-in", "crm.json"], &[SECRET], "");
    assert_eq!(run.code, Some(2), "{}", run.out);
    told.push_str(&format!("$ sign-in crm.json, without authorizationUrl\n{}\n", run.err));
    assert_eq!(fs::read_to_string(crm.path("list.user")).unwrap(), "[]");
    assert!(!crm.path("crm.user").exists());
    insta::assert_snapshot!("sign_in_cannot_begin", told);
}
