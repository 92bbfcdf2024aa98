use serde_json::{Value, json};

use super::*;
use crate::config::load::load;
use crate::config::operations::OperationName;

fn rendered(credential: &str, additional_info: &Value) -> Result<RequestSpec, RenderError> {
    let document = json!({
        "requestDefaults": {"baseUrl": "https://crm.example.com"},
        "auth": {"credentialTemplate": credential, "encode": "none"},
        "operations": {"getUserInfo": {"url": "/me", "responseMapping": {"idPath": "body.id"}}},
    });
    let config = load("crm.json", &document.to_string(), &|_| None).config.unwrap();
    let mut inputs = Inputs::new();
    inputs.json(Variable::AdditionalInfo, additional_info).text(Variable::Hostname, "a.example.com");
    render(config.operation(OperationName::GetUserInfo).unwrap(), &inputs)
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
