use serde_json::{Value, json};

use super::*;
use crate::config::operations::OperationName;
use crate::load::load;

fn rendered(credential: &str, additional_info: &Value) -> Result<RequestSpec, RenderError> {
    let document = json!({
        "requestDefaults": {"baseUrl": "https://crm.example.com"},
        "auth": {"credentialTemplate": credential, "encode": "none"},
        "operations": {"getUserInfo": {"url": "/me", "responseMapping": {"idPath": "body.id"}}},
    });
    let config = load("crm.json", &document.to_string(), &|_| None).config.unwrap();
    let mut inputs = Inputs::new();
    inputs.json(Variable::AdditionalInfo, additional_info).text(Variable::Hostname, "a.example.com");
    render(config.operation(OperationName::GET_USER_INFO).unwrap(), &inputs)
}

/// Q52, also for what is below a variable.
#[test]
fn an_incomplete_credential_is_not_sent() {
    let both = "{{additionalInfo.user.name}}:{{additionalInfo.password}}";
    let complete = json!({"user": {"name": "ada"}, "password": "secret"});
    let sent = rendered(both, &complete).unwrap();
    assert!(sent.headers[header::AUTHORIZATION].to_str().unwrap().ends_with("ada:secret"));
    for (template, additional_info, missing) in [
        (both, json!({"user": {"name": "ada"}}), "additionalInfo.password"),
        (both, json!({"user": {"name": ""}, "password": "secret"}), "additionalInfo.user.name"),
        (both, json!({"password": null}), "additionalInfo.user.name"),
        ("{{hostname}} {{additionalInfo.token}}", json!({}), "additionalInfo.token"),
        ("{{lowercase additionalInfo}}", json!(""), "additionalInfo"),
    ] {
        let error = rendered(template, &additional_info).unwrap_err().to_string();
        assert!(error.contains(&format!("`{missing}`")), "{template}: {error}");
    }
}

/// Q57: front ends refuse a GET with a body. What the document writes is sent.
#[test]
fn a_get_without_body_has_none() {
    let body = |method: &str, body: Option<Value>| {
        let mut operation = json!({"method": method, "url": "/me", "responseMapping": {"idPath": "body.id"}});
        if let Some(body) = body {
            operation["body"] = body;
        }
        let document = json!({
            "requestDefaults": {"baseUrl": "https://crm.example.com"},
            "operations": {"getUserInfo": operation},
        });
        let config = load("crm.json", &document.to_string(), &|_| None).config.unwrap();
        let mut inputs = Inputs::new();
        inputs.text(Variable::ApiKey, "key").text(Variable::AuthHeader, "Basic key");
        let request = render(config.operation(OperationName::GET_USER_INFO).unwrap(), &inputs).unwrap();
        let content_type = request.headers.get(header::CONTENT_TYPE);
        let content_type = content_type.map(|value| value.to_str().unwrap().to_owned());
        (request.body.map(|body| String::from_utf8(body).unwrap()), content_type)
    };
    let json = |text: &str| (Some(text.to_owned()), Some("application/json".to_owned()));
    for method in ["GET", "HEAD", "get"] {
        assert_eq!(body(method, None), (None, None), "{method}");
        assert_eq!(body(method, Some(Value::Null)), (None, None), "{method}");
        assert_eq!(body(method, Some(json!("{{omit}}"))), (None, None), "{method}");
        assert_eq!(body(method, Some(json!({}))), json("{}"), "{method}");
        assert_eq!(body(method, Some(json!({"a": 1}))), json("{\"a\":1}"), "{method}");
    }
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        assert_eq!(body(method, None), json("{}"), "{method}");
    }
}

/// A content type is the same in any case of its letters.
#[test]
fn a_content_type_is_read_in_any_case() {
    let body = |content_type: &str, body: Value, note: &str| {
        let document = json!({
            "requestDefaults": {"baseUrl": "https://crm.example.com"},
            "operations": {"createCallLog": {
                "method": "POST", "url": "/calls", "headers": {"Content-Type": content_type}, "body": body,
                "responseMapping": {"idPath": "body.id"}
            }},
        });
        let config = load("crm.json", &document.to_string(), &|_| None).config.unwrap();
        let mut inputs = Inputs::new();
        inputs
            .text(Variable::ApiKey, "key")
            .text(Variable::AuthHeader, "Basic key")
            .text(Variable::Note, note);
        let request = render(config.operation(OperationName::CREATE_CALL_LOG).unwrap(), &inputs);
        request.map(|request| String::from_utf8(request.body.unwrap()).unwrap())
    };
    let text = json!("{\"note\": \"{{note}}\"}");
    for content_type in ["application/json", "application/JSON", "Application/Json; charset=UTF-8"] {
        assert_eq!(body(content_type, text.clone(), "a \"b\"").unwrap(), "{\"note\": \"a \\\"b\\\"\"}");
        assert_eq!(body(content_type, json!("{\"note\": {{note}} x}"), "a"), Err(RenderError::Body));
    }
    for content_type in ["application/x-www-form-urlencoded", "Application/X-WWW-Form-URLEncoded"] {
        assert_eq!(body(content_type, json!({"note": "{{note}}"}), "a b").unwrap(), "note=a+b");
    }
}

#[test]
fn a_request_has_a_largest_size_and_says_where_it_is_exceeded() {
    let load = |operation: serde_json::Value| {
        let document = json!({
            "requestDefaults": {"baseUrl": "https://api.example.com"},
            "operations": {"createCallLog": operation},
        });
        crate::load::load("crm", &document.to_string(), &|_| None).config.expect("it runs")
    };
    let refusal = |operation: serde_json::Value| {
        let note = "é".repeat(450_000);
        let inputs = json!({"note": note, "authHeader": "Bearer t", "additionalSubmission": {"list": vec![note.as_str(); 4],
            "deep": {"k".repeat(100_000): (0..2000).map(|at| (at.to_string(), json!(1))).collect::<serde_json::Value>()}}});
        let document = load(operation);
        let operation =
            document.operation(crate::config::operations::OperationName::CREATE_CALL_LOG).unwrap();
        let inputs = Inputs::from_object(inputs.as_object().unwrap());
        render(operation, &inputs).unwrap_err().to_string()
    };
    let many =
        |value: &str| (0..200).map(|at| (format!("k{at}"), json!(value))).collect::<serde_json::Value>();
    let post = |body: serde_json::Value| json!({"method": "POST", "url": "/log", "body": body});
    for (operation, expected) in [
        (post(many("{{note}}")), "longer than 16777216 bytes"),
        (post(json!({"list": vec!["{{additionalSubmission.list}}"; 50]})), "(in createCallLog/body/list/"),
        (post(many("{{uppercase note}}")), "more than 2000000 steps"),
        (post(many("{{uppercase note}}")), "(in createCallLog/body/k"),
        (post(json!({"x": many("{{$.additionalSubmission.list.length}}-{{$}}")})), "createCallLog/body/x/k"),
        (json!({"method": "POST", "url": "/log/{{note}}"}), "(in createCallLog/url)"),
        (
            json!({"method": "POST", "url": "/log", "query": {"q": "{{note}}"}}),
            "the URL is longer than 65534 bytes",
        ),
        (
            json!({"method": "POST", "url": "/log", "query": "{{additionalSubmission}}"}),
            "the URL is longer than",
        ),
        (
            json!({"method": "POST", "url": "/log", "headers": {"x-a": "{{note}}"}}),
            "the header x-a is longer than 65536",
        ),
        (
            json!({"method": "POST", "url": "/log", "headers": {"Content-Type": "application/x-www-form-urlencoded"},
                "body": {"deep": "{{additionalSubmission.deep}}"}}),
            "the body is longer than 16777216 bytes",
        ),
    ] {
        let refused = refusal(operation.clone());
        assert!(refused.contains(expected), "{operation}: {refused}");
    }
}

/// Q40: the scheme of an OAuth document stands before the token in every operation, that of the sign-in too.
#[test]
fn the_scheme_of_oauth_is_used_in_every_operation() {
    let document = json!({
        "requestDefaults": {"baseUrl": "https://crm.example.com"},
        "auth": {"type": "oauth", "scheme": "Zoho-oauthtoken"},
        "operations": {
            "getUserInfo": {"url": "/me", "responseMapping": {"idPath": "body.id"}},
            "findContact": {"url": "/contacts", "responseMapping": {"listPath": "body"}},
            "getLicenseStatus": {"url": "/license"},
            "unAuthorize": {"method": "POST", "url": "/logout", "auth": {"scheme": "Token"}},
        },
    });
    let config = load("crm.json", &document.to_string(), &|_| None).config.unwrap();
    let mut inputs = Inputs::new();
    inputs.text(Variable::AuthHeader, "Bearer at-1");
    for operation in config.operations() {
        let sent = render(operation, &inputs).unwrap();
        let expected =
            if operation.name == OperationName::UN_AUTHORIZE { "Token at-1" } else { "Zoho-oauthtoken at-1" };
        assert_eq!(sent.headers[header::AUTHORIZATION], expected, "{}", operation.name);
    }
}
