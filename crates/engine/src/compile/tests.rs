//! Corner cases of the rules; what people are told is in `fixtures/invalid/`.

use serde_json::{Value, json};

use crate::config::diagnostic::{Code, Severity};
use crate::config::operations::OperationName;
use crate::load::{Loaded, load};

fn loaded(document: &Value) -> Loaded {
    load("crm.json", &document.to_string(), &|_| None)
}

/// Codes with what they underline, in source order.
fn found(document: &Value) -> Vec<(Code, String)> {
    let findings = loaded(document).findings;
    findings
        .diagnostics
        .iter()
        .map(|found| (found.code, findings.source[found.span.clone()].to_owned()))
        .collect()
}

/// A sound document with these request defaults and this `findContact`.
fn document(defaults: Value, contact: Value) -> Value {
    let mut find = json!({"url": "/contacts", "responseMapping": {"listPath": "body"}});
    merge(&mut find, contact);
    let mut request_defaults = json!({"baseUrl": "https://api.example.com"});
    merge(&mut request_defaults, defaults);
    json!({
        "requestDefaults": request_defaults,
        "operations": {
            "getUserInfo": {"url": "/me", "responseMapping": {"idPath": "body.id"}},
            "findContact": find,
        },
    })
}

fn merge(into: &mut Value, members: Value) {
    if let (Value::Object(into), Value::Object(members)) = (into, members) {
        into.extend(members);
    }
}

#[track_caller]
fn check(defaults: Value, contact: Value, expected: &[(Code, &str)]) {
    let document = document(defaults, contact);
    let found = found(&document);
    let found: Vec<(Code, &str)> = found.iter().map(|(code, text)| (*code, text.as_str())).collect();
    assert_eq!(found, expected, "{document:#}");
}

#[test]
fn allowed_hosts_decide_about_other_hosts() {
    let other = [(Code::OtherHost, "https://files.example.com")];
    for (allowed, expected) in [
        (json!([]), &other[..]),
        (json!(["files.example.com"]), &[]),
        (json!(["FILES.example.com"]), &[]),
        (json!(["*.example.com"]), &[]),
        (json!(["*.files.example.com"]), &other),
        (json!(["example.com"]), &other),
        (json!(["files.example.com:443"]), &[]),
        (json!(["files.example.com:8443"]), &other),
    ] {
        check(
            json!({"allowedHosts": allowed}),
            json!({"url": "https://files.example.com/contacts"}),
            expected,
        );
    }
    check(json!({}), json!({"url": "https://API.example.com:8443/contacts"}), &[]);
}

#[test]
fn a_templated_base_url_needs_allowed_hosts() {
    check(
        json!({"baseUrl": "https://{{user.hostname}}/v1"}),
        json!({}),
        &[(Code::TemplatedBaseUrl, "{{user.hostname}}")],
    );
    check(
        json!({"baseUrl": "https://{{user.hostname}}/v1", "allowedHosts": ["*.example.com"]}),
        json!({}),
        &[],
    );
    // Once, however many operations use it.
    check(
        json!({"baseUrl": "https://{{hostnme}}/v1", "allowedHosts": ["*.example.com"]}),
        json!({}),
        &[(Code::UnknownVariable, "hostnme")],
    );
    // `hostname` is seen at sign-in only.
    check(
        json!({"baseUrl": "https://{{hostname}}/v1", "allowedHosts": ["*.example.com"]}),
        json!({}),
        &[(Code::UnknownVariable, "hostname")],
    );
    // An operation with a URL of its own does not use it.
    check(
        json!({"baseUrl": "https://{{hostname}}/v1", "allowedHosts": ["*.example.com"]}),
        json!({"url": "https://a.example.com/contacts"}),
        &[],
    );
}

#[test]
fn expressions_at_the_beginning_of_a_url() {
    let leading = "{{user.platformAdditionalInfo.instanceUrl}}";
    let url = json!({"url": format!("{leading}/contacts")});
    check(json!({}), url.clone(), &[(Code::TemplatedHost, leading)]);
    check(json!({"allowedHosts": ["*.example.com"]}), url, &[]);
    // A first segment that names no host is joined to `baseUrl`.
    check(json!({}), json!({"url": "{{user.platformAdditionalInfo.folder}}/contacts"}), &[]);
    check(
        json!({}),
        json!({"url": "https://{{user.hostname}}:8443/c"}),
        &[(Code::TemplatedHost, "https://{{user.hostname}}:8443")],
    );
    check(
        json!({}),
        json!({"url": "https://{{user.hostnme}}/c", }),
        &[(Code::TemplatedHost, "https://{{user.hostnme}}"), (Code::UnknownVariable, "user.hostnme")],
    );
}

#[test]
fn three_braces_are_an_expression() {
    check(json!({}), json!({"url": "/contacts/{{{phoneNumber}}}"}), &[]);
    check(json!({}), json!({"url": "/contacts/{{{phoneNumbr}}}"}), &[(Code::UnknownVariable, "phoneNumbr")]);
    check(
        json!({}),
        json!({"query": {"a": "{{{phoneNumber}}"}}),
        &[(Code::LiteralBraces, "{{{phoneNumber}}")],
    );
    check(json!({}), json!({"query": {"a": "{{{uppercase phoneNumber}}}"}}), &[]);
}

#[test]
fn single_braces_count_only_around_variables() {
    check(json!({}), json!({"url": "/contacts/{phoneNumber}"}), &[(Code::LiteralBraces, "{phoneNumber}")]);
    check(json!({}), json!({"query": {"a": "${phoneNumber}"}}), &[(Code::LiteralBraces, "${phoneNumber}")]);
    check(json!({}), json!({"query": {"a": " {phoneNumber}"}}), &[(Code::LiteralBraces, "{phoneNumber}")]);
    check(
        json!({}),
        json!({"query": {"graphql": "query { contacts {phoneNumber} }", "json": "{\"a\": {id}, {}"}}),
        &[],
    );
}

#[test]
fn an_operation_may_replace_a_default_header() {
    let defaults = json!({"defaultHeaders": {"Accept": "application/json", "X-Number": "{{phoneNumber}}"}});
    check(
        defaults.clone(),
        json!({"headers": {"accept": "text/csv"}}),
        &[(Code::UnknownVariable, "phoneNumber")],
    );
    // Who replaces it does not read it; null replaces nothing.
    let own = json!({"headers": {"x-number": "{{phoneNumber}}"}});
    let mut document = document(defaults.clone(), own);
    document["operations"]["getUserInfo"]["headers"] = json!({"X-NUMBER": "none"});
    assert_eq!(found(&document), []);
    document["operations"]["getUserInfo"]["headers"] = json!({"X-NUMBER": null});
    assert_eq!(found(&document), [(Code::UnknownVariable, "phoneNumber".to_owned())]);
    check(json!({}), json!({"headers": {"A": "1", "a": "2"}}), &[(Code::DuplicateHeader, "\"a\"")]);
}

#[test]
fn an_operation_with_its_own_auth_does_not_share_the_credential() {
    let mut document = document(json!({}), json!({}));
    document["auth"] = json!({"credentialTemplate": "{{additionalInfo.token}}", "encode": "none"});
    assert_eq!(found(&document), [(Code::UnknownVariable, "additionalInfo.token".to_owned())]);
    document["operations"]["findContact"]["auth"] = json!({"credentialTemplate": "{{apiKey}}"});
    assert_eq!(found(&document), []);
}

#[test]
fn timeouts_are_kept_within_what_works() {
    let range = |text| vec![(Code::TimeoutRange, text)];
    for (own, default, seconds, expected) in [
        (json!(null), json!(null), 30.0, vec![]),
        (json!(null), json!(5), 5.0, vec![]),
        (json!(2.5), json!(5), 2.5, vec![]),
        (json!(0), json!(5), 5.0, range("0")),
        (json!(0.1), json!(5), 0.1, range("0.1")),
        (json!(-3), json!(5), 5.0, range("-3")),
        (json!(300), json!(5), 300.0, vec![]),
        (json!(301), json!(5), 300.0, range("301")),
        (json!(1e300), json!(5), 300.0, range("1e+300")),
    ] {
        let (defaults, contact) = (json!({"timeoutSeconds": default}), json!({"timeoutSeconds": own}));
        check(defaults.clone(), contact.clone(), &expected);
        let config = loaded(&document(defaults, contact)).config.unwrap();
        let operation = config.operation(OperationName::FIND_CONTACT).unwrap();
        assert!((operation.timeout.as_secs_f64() - seconds).abs() < 1e-9, "{own}: {:?}", operation.timeout);
    }
}

#[test]
fn methods_in_any_case_run() {
    for method in ["get", "GET", "Get", "pAtCh", "options"] {
        check(json!({}), json!({"method": method}), &[]);
    }
    check(json!({}), json!({"method": "TRACE", "body": {"a": 1}}), &[(Code::UnknownMethod, "\"TRACE\"")]);
}

#[test]
fn a_missing_base_url_is_one_mistake_and_runs() {
    let mut document = document(json!({}), json!({}));
    document["requestDefaults"] = json!({});
    assert_eq!(found(&document), [(Code::MissingBaseUrl, "\"requestDefaults\"".to_owned())]);
    let loaded = loaded(&document);
    assert!(loaded.config.is_some());
    assert_eq!(loaded.findings.worst(), Some(Severity::Mistake));
    for (operation, url) in
        [("getUserInfo", "https://a.example.com/me"), ("findContact", "https://a.example.com/c")]
    {
        document["operations"][operation]["url"] = json!(url);
    }
    assert_eq!(found(&document), []);
}

#[test]
fn what_follows_from_a_misspelt_key_is_not_reported() {
    let mut document = document(json!({}), json!({}));
    document["requestDefaults"] = json!({"baseURL": "https://api.example.com"});
    assert_eq!(found(&document), [(Code::UnknownKey, "\"baseURL\"".to_owned())]);
    // What has another cause is.
    document["operations"]["getUserInfo"]["responseMapping"] = json!({"nmePath": "body.name"});
    let codes: Vec<Code> = found(&document).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, [Code::UnknownKey, Code::MissingIdPath, Code::UnknownKey]);
}
