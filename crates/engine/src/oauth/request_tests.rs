//! The requests of OAuth: on the wire as the reference writes them, and what documents change about them.

use serde_json::{Map, Value, json};

use super::*;
use crate::exchange::RequestSpec;
use crate::inputs::Inputs;
use crate::load::load;

/// The settings of a document with this `auth`, beside what every one needs.
fn settings(auth: Value) -> OAuth {
    let mut all = json!({
        "type": "oauth", "clientId": "cid", "clientSecret": "csec", "tokenUrl": "https://login.example.com/token",
        "authorizationUrl": "https://login.example.com/authorize?prompt=login", "redirectUri": "https://app.test/redirect"
    });
    for (name, value) in auth.as_object().unwrap() {
        all[name] = value.clone();
    }
    let document = json!({
        "requestDefaults": {"baseUrl": "https://api.example.com", "allowedHosts": ["*.example.com"]},
        "auth": all, "secretKey": "the-connector",
        "operations": {"getUserInfo": {"url": "/me", "responseMapping": {"idPath": "body.id"}}}
    });
    let loaded = load("crm.json", &document.to_string(), &|_| None);
    loaded.config.unwrap_or_else(|| panic!("{:?}", loaded.findings)).oauth
}

fn variables() -> Map<String, Value> {
    let variables = json!({
        "hostname": "acme.example.com", "userEmail": "ada@example.com", "secretKey": "the-connector", "apiKey": "key-1",
        "additionalInfo": {"username": "ada", "password": "p w", "clientId": "own", "clientSecret": "own-secret"}
    });
    variables.as_object().unwrap().clone()
}

fn code<'a>() -> Grant<'a> {
    Grant::Code { code: "code1", redirect_uri: "https://app.test/redirect", verifier: None }
}

fn request(oauth: &OAuth, grant: &Grant<'_>) -> RequestSpec {
    oauth.token_request(grant, &Inputs::from_object(&variables())).unwrap()
}

fn body(request: &RequestSpec) -> String {
    String::from_utf8(request.body.clone().unwrap()).unwrap()
}

fn header(request: &RequestSpec, name: &str) -> Option<String> {
    request.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
}

/// Recordings 20, `login` and `refresh-on-use`; recordings 22, `client-without-secret`.
#[test]
fn the_plain_requests_are_those_of_the_recordings() {
    let oauth = settings(json!({}));
    let sent = request(&oauth, &code());
    assert_eq!(sent.method, http::Method::POST);
    assert_eq!(sent.url.as_str(), "https://login.example.com/token");
    let headers: Vec<(&str, &str)> =
        sent.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    assert_eq!(
        headers[..3],
        [
            ("accept", "application/json, application/x-www-form-urlencoded"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("authorization", "Basic Y2lkOmNzZWM="),
        ]
    );
    assert_eq!(headers[3].0, "user-agent");
    assert_eq!(headers.len(), 4);
    assert_eq!(
        body(&sent),
        "code=code1&grant_type=authorization_code&redirect_uri=https%3A%2F%2Fapp.test%2Fredirect"
    );
    assert!(sent.sensitive_body && sent.headers["authorization"].is_sensitive());

    let token = Secret::new("rt-6");
    assert_eq!(
        body(&request(&oauth, &Grant::Refresh { token: &token })),
        "refresh_token=rt-6&grant_type=refresh_token"
    );

    let public = oauth.with_client("public-client", None, "https://other.example.com/token");
    let sent = request(&public, &code());
    assert_eq!(header(&sent, "authorization"), None);
    assert_eq!(
        body(&sent),
        "code=code1&grant_type=authorization_code&redirect_uri=https%3A%2F%2Fapp.test%2Fredirect&client_id=public-client"
    );
    // The reference names the client in the header where it renews, with a secret or without.
    let sent = request(&public, &Grant::Refresh { token: &token });
    assert_eq!(header(&sent, "authorization").as_deref(), Some("Basic cHVibGljLWNsaWVudDo="));
    assert_eq!(body(&sent), "refresh_token=rt-6&grant_type=refresh_token");
}

/// As `querystring.stringify` of Node.js.
#[test]
fn values_of_forms_are_encoded_as_the_reference_does() {
    let grant = Grant::Code { code: "a b+c/d=é!'()*~-._&", redirect_uri: "http://x/?y=1", verifier: None };
    assert_eq!(
        body(&request(&settings(json!({})), &grant)),
        "code=a%20b%2Bc%2Fd%3D%C3%A9!'()*~-._%26&grant_type=authorization_code&redirect_uri=http%3A%2F%2Fx%2F%3Fy%3D1"
    );
}

/// What a document says about its token requests, and the request for a code that comes of it.
#[test]
fn documents_change_token_requests() {
    let form = "code=code1&grant_type=authorization_code&redirect_uri=https%3A%2F%2Fapp.test%2Fredirect";
    let json_body =
        r#"{"code":"code1","grant_type":"authorization_code","redirect_uri":"https://app.test/redirect"}"#;
    let basic = Some("Basic Y2lkOmNzZWM=");
    for (auth, url, authorization, expected) in [
        (json!({"tokenRequest": {"clientAuthentication": "basic"}}), "", basic, form.to_owned()),
        (
            json!({"tokenRequest": {"clientAuthentication": "form"}}),
            "",
            None,
            format!("{form}&client_id=cid&client_secret=csec"),
        ),
        (json!({"tokenRequest": {"clientAuthentication": "none"}}), "", None, form.to_owned()),
        (json!({"tokenRequest": {"format": "json"}}), "", basic, json_body.to_owned()),
        (
            json!({"tokenRequest": {"fields": {"audience": "https://api.test", "AppKey": "{{secretKey}}", "none": "{{user.id}}", "redirect_uri": null, "n": 5}}}),
            "",
            basic,
            "code=code1&grant_type=authorization_code&audience=https%3A%2F%2Fapi.test&AppKey=the-connector&n=5".to_owned(),
        ),
        (json!({"tokenRequest": {"fields": {"grant_type": "code"}}}), "", basic, form.replace("authorization_code", "code")),
        (json!({"tokenRequest": {"query": {"tenant": "{{hostname}}", "none": "{{user.id}}"}}}), "?tenant=acme.example.com", basic, form.to_owned()),
    ] {
        let sent = request(&settings(auth.clone()), &code());
        assert_eq!(sent.url.as_str(), format!("https://login.example.com/token{url}"), "{auth}");
        assert_eq!(header(&sent, "authorization").as_deref(), authorization, "{auth}");
        assert_eq!(body(&sent), expected, "{auth}");
    }
    let sent = request(
        &settings(
            json!({"tokenRequest": {"format": "json", "headers": {"X-App-Key": "{{secretKey}}", "Accept": "application/json", "X-None": "{{user.id}}"}}}),
        ),
        &code(),
    );
    assert_eq!(header(&sent, "x-app-key").as_deref(), Some("the-connector"));
    assert!(sent.headers["x-app-key"].is_sensitive());
    assert_eq!(header(&sent, "accept").as_deref(), Some("application/json"));
    assert_eq!(header(&sent, "content-type").as_deref(), Some("application/json"));
    assert_eq!(header(&sent, "x-none"), None);
}

#[test]
fn grants_of_a_form_ask_with_what_was_typed() {
    let fields = variables();
    let form = FormGrant::new(GrantType::Password, fields["additionalInfo"].as_object(), None);
    let oauth = settings(
        json!({"grant": "password", "scopes": ["a", "b"], "tokenRequest": {"clientAuthentication": "none", "fields": {"AppKey": "{{secretKey}}"}}}),
    );
    assert_eq!(oauth.grant, GrantType::Password);
    let sent = request(&oauth, &form.grant());
    assert_eq!(
        body(&sent),
        "username=ada&password=p%20w&grant_type=password&scope=a%20b&AppKey=the-connector"
    );
    assert_eq!(header(&sent, "authorization"), None);

    let key = Secret::new("key-1");
    let sent = request(&oauth, &FormGrant::new(GrantType::Password, None, Some(&key)).grant());
    assert_eq!(body(&sent), "password=key-1&grant_type=password&scope=a%20b&AppKey=the-connector");

    let oauth = settings(json!({
        "grant": "clientCredentials", "clientId": "{{additionalInfo.clientId}}", "clientSecret": "{{additionalInfo.clientSecret}}"
    }));
    let sent = request(&oauth, &FormGrant::new(oauth.grant, None, None).grant());
    assert_eq!(body(&sent), "grant_type=client_credentials");
    // own:own-secret
    assert_eq!(header(&sent, "authorization").as_deref(), Some("Basic b3duOm93bi1zZWNyZXQ="));
    // Without what was typed nobody is named.
    let nobody = oauth.token_request(&Grant::ClientCredentials, &Inputs::new());
    assert_eq!(nobody.unwrap_err(), OAuthError::NoClientId);
}

#[test]
fn a_template_chooses_a_host_only_among_those_that_are_allowed() {
    for (url, host, expected) in [
        ("https://{{hostname}}/token", "acme.example.com", Ok("https://acme.example.com/token")),
        ("https://{{hostname}}/token", "https://ACME.example.com/x", Ok("https://acme.example.com/token")),
        ("https://{{hostname}}/token", "evil.test", Err(())),
        ("{{hostname}}/token", "https://acme.example.com", Ok("https://acme.example.com/token")),
        ("{{hostname}}/token", "https://evil.test/", Err(())),
        ("https://login.other.test/{{hostname}}/token", "a/b", Ok("https://login.other.test/a%2Fb/token")),
    ] {
        let oauth = settings(json!({"tokenUrl": url, "authorizationUrl": url}));
        let typed = json!({"hostname": host});
        let inputs = Inputs::from_object(typed.as_object().unwrap());
        let sent = oauth.token_request(&code(), &inputs).unwrap();
        assert_eq!(sent.hosts.allows(&sent.url), expected.is_ok(), "{url} {host}: {}", sent.url);
        let opened = oauth.authorization_url(&inputs, "s", None);
        match expected {
            Ok(expected) => {
                assert_eq!(sent.url.as_str(), expected);
                assert!(opened.unwrap().as_str().starts_with(expected));
            }
            Err(()) => assert!(matches!(opened, Err(OAuthError::Host(_))), "{opened:?}"),
        }
    }
    // Nothing is sent without the host, or to what is none.
    let oauth = settings(json!({"tokenUrl": "https://{{hostname}}/token"}));
    for typed in [json!({}), json!({"hostname": ""}), json!({"hostname": "u@acme.example.com"})] {
        let inputs = Inputs::from_object(typed.as_object().unwrap());
        assert!(oauth.token_request(&code(), &inputs).is_err(), "{typed}");
    }
}

#[test]
fn the_authorization_url_has_what_the_document_and_the_sign_in_say() {
    let inputs = variables();
    let inputs = Inputs::from_object(&inputs);
    let oauth = settings(json!({"scopes": "contacts.read deals write"}));
    assert_eq!(
        oauth.authorization_url(&inputs, "a&b", None).unwrap().as_str(),
        "https://login.example.com/authorize?prompt=login&response_type=code&client_id=cid&redirect_uri=https%3A%2F%2Fapp.test%2Fredirect&scope=contacts.read%20deals%20write&state=a%26b"
    );
    let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    let challenge = pkce::challenge(&verifier);
    let oauth = settings(json!({
        "authorizationParameters": {"access_type": "offline", "login_hint": "{{userEmail}}", "none": "{{user.id}}", "key": "{{secretKey}}", "redirect_uri": "https://evil.test", "response_type": null}
    }));
    assert_eq!(
        oauth.authorization_url(&inputs, "s", Some(&challenge)).unwrap().as_str(),
        "https://login.example.com/authorize?prompt=login&client_id=cid&redirect_uri=https%3A%2F%2Fapp.test%2Fredirect&access_type=offline&login_hint=ada%40example.com&state=s&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
    );
    let grant = Grant::Code { code: "c", redirect_uri: "https://app.test/r", verifier: Some(&verifier) };
    assert!(body(&request(&oauth, &grant)).ends_with(&format!("&code_verifier={}", verifier.expose())));
}

#[test]
fn what_is_missing_is_named_in_the_words_of_the_recordings() {
    let inputs = Inputs::new();
    let nothing = OAuth::default();
    assert_eq!(
        nothing.token_request(&code(), &inputs).unwrap_err().to_string(),
        "Expected \"clientId\" to exist"
    );
    let no_url = OAuth { client_id: Some("cid".to_owned()), ..OAuth::default() };
    assert_eq!(
        no_url.token_request(&code(), &inputs).unwrap_err().to_string(),
        "Expected \"accessTokenUri\" to exist"
    );
    assert_eq!(no_url.authorization_url(&inputs, "s", None).unwrap_err(), OAuthError::NoAuthorizationUrl);
    let odd = OAuth { token_url: Some("javascript:alert(1)".into()), ..no_url };
    assert_eq!(odd.token_request(&code(), &inputs).unwrap_err(), OAuthError::Url("tokenUrl"));
}

/// Another client's secret goes to its own endpoint alone, and the connector's secret to the document's.
#[test]
fn secrets_stay_with_the_endpoint_that_they_belong_to() {
    let oauth = settings(json!({
        "refresh": {"tokenUrl": "https://login.example.com/refresh"},
        "tokenRequest": {"fields": {"app": "{{secretKey}}"}, "headers": {"X-App": "{{secretKey}}"}}
    }));
    let token = Secret::new("rt");
    let renewal = Grant::Refresh { token: &token };
    assert_eq!(request(&oauth, &renewal).url.path(), "/refresh");
    let secret = Secret::new("theirs");
    let same = oauth.with_client("their-client", Some(&secret), "https://login.example.com/token");
    let sent = request(&same, &renewal);
    assert_eq!(sent.url.as_str(), "https://login.example.com/refresh");
    assert_eq!(header(&sent, "x-app").as_deref(), Some("the-connector"));
    let other = oauth.with_client("their-client", Some(&secret), "https://theirs.test/token");
    let sent = request(&other, &renewal);
    assert_eq!(sent.url.as_str(), "https://theirs.test/token");
    assert_eq!(body(&sent), "refresh_token=rt&grant_type=refresh_token");
    assert_eq!(header(&sent, "x-app"), None);
    assert!(!format!("{sent:?}").contains("the-connector"));
    let shown = format!("{oauth:?} {other:?}");
    assert!(!shown.contains("csec") && !shown.contains("theirs\""), "{shown}");
}

#[test]
fn the_environment_names_the_client() {
    let document = json!({
        "auth": {"type": "oauth", "clientId": "in-the-document", "clientIdEnv": "ID", "clientSecretEnv": "SECRET", "tokenUrl": "https://a.test/t"},
        "operations": {}
    });
    let of = |environment: crate::Environment<'_>| {
        load("crm.json", &document.to_string(), environment).config.unwrap().oauth
    };
    let set = of(&|name| match name {
        "ID" => Some("from-outside".to_owned()),
        "SECRET" => Some("s".to_owned()),
        _ => None,
    });
    assert_eq!(set.client_id.as_deref(), Some("from-outside"));
    assert_eq!(set.client_secret, Some(Secret::new("s")));
    assert_eq!(of(&|_| Some(String::new())).client_id.as_deref(), Some("in-the-document"));
}

#[test]
fn a_public_client_with_pkce_is_named_in_the_form_when_it_renews() {
    let oauth = settings(json!({"clientSecret": null, "pkce": "S256"}));
    let token = Secret::new("rt");
    let sent = request(&oauth, &Grant::Refresh { token: &token });
    assert_eq!(body(&sent), "refresh_token=rt&grant_type=refresh_token&client_id=cid");
    assert_eq!(header(&sent, "authorization"), None);
}
