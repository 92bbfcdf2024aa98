//! Trying an operation by hand: its variables, completed with what follows from them or with examples,
//! and masked where they are shown.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::operation::{AuthType, CompiledDocument, Operation};
use super::phone::parsed_phone_number;
use super::time::to_iso;
use super::variables::{Variable, visible};
use crate::config::operations::OperationName;

/// Adds what follows from what is given: the parsed number, the credential; and the present time, where
/// the operation reads it. With `fill_examples`, also an example for everything that is not given, the
/// time included; credentials are shown as `<name>`.
pub fn complete(
    config: &CompiledDocument,
    operation: OperationName,
    variables: &mut Map<String, Value>,
    fill_examples: bool,
) {
    if let Some(number) = variables.get("phoneNumber").and_then(Value::as_str) {
        let parsed = parsed_phone_number(number, region(config, variables));
        variables.entry("parsedPhoneNumber").or_insert(parsed);
    }
    let token = variables
        .get("apiKey")
        .or_else(|| variables.get("user").and_then(|user| user.get("accessToken")))
        .and_then(Value::as_str)
        .map(str::to_owned)
        .or_else(|| fill_examples.then(|| "<apiKey>".to_owned()));
    if let Some(token) = token {
        let header = match config.auth_type {
            AuthType::ApiKey => format!("Basic {}", STANDARD.encode(format!("{token}:"))),
            AuthType::OAuth => format!("Bearer {token}"),
        };
        variables.entry("authHeader").or_insert_with(|| header.into());
        variables.entry("apiKey").or_insert_with(|| token.clone().into());
        let user = variables.entry("user").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(user) = user {
            user.entry("accessToken").or_insert_with(|| token.into());
        }
    }
    if let Some(secret) = &config.secret_key {
        variables.entry("secretKey").or_insert_with(|| secret.expose().into());
    }
    if !fill_examples {
        if config.operation(operation).is_some_and(Operation::reads_now) {
            variables.entry(Variable::Now.name()).or_insert_with(|| to_iso(Timestamp::now()).into());
        }
        return;
    }
    for variable in visible(operation.variables()) {
        // An invented country would win over the document's own.
        if variable == Variable::UserRegion && config.region.is_none() {
            continue;
        }
        let example = if variable == Variable::UserRegion {
            config.region.as_deref().into()
        } else if variable.is_secret() && variable != Variable::AdditionalInfo {
            Value::from(format!("<{}>", variable.name()))
        } else {
            serde_json::from_str(variable.example()).unwrap_or_default()
        };
        match variable.name().strip_prefix("user.") {
            None => drop(variables.entry(variable.name()).or_insert(example)),
            Some(member) => {
                if let Value::Object(user) =
                    variables.entry("user").or_insert_with(|| Value::Object(Map::new()))
                {
                    user.entry(member).or_insert(example);
                }
            }
        }
    }
}

/// The region of numbers without a country code: of the user's account, else the document's.
pub fn region<'a>(config: &'a CompiledDocument, variables: &'a Map<String, Value>) -> Option<&'a str> {
    let of_account = variables.get("user").and_then(|user| user.get("region")).and_then(Value::as_str);
    of_account.filter(|region| !region.is_empty()).or(config.region.as_deref())
}

/// Replaces credentials by their names, so that a rendered request can be shown.
pub fn mask(variables: &mut Map<String, Value>) {
    for variable in Variable::ALL.iter().filter(|variable| variable.is_secret()) {
        let slot = match variable.name().strip_prefix("user.") {
            None => variables.get_mut(variable.name()),
            Some(member) => variables.get_mut("user").and_then(|user| user.get_mut(member)),
        };
        match slot {
            Some(Value::Object(members)) => {
                for (name, value) in members.iter_mut().filter(|(_, value)| value.is_string()) {
                    *value = format!("<{}.{name}>", variable.name()).into();
                }
            }
            Some(value) if !value.is_null() => {
                *value = match (variable, value.as_str().and_then(|text| text.split_once(' '))) {
                    (Variable::AuthHeader, Some((scheme, _))) => format!("{scheme} <authHeader>").into(),
                    _ => format!("<{}>", variable.name()).into(),
                };
            }
            _ => {}
        }
    }
}
