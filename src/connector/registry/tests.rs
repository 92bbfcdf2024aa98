use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;

use super::{Provider, Registry};
use crate::connector::{Connector, Interface, ProxyConnector};
use crate::engine::load::load;

struct Code(Vec<Interface>);

#[async_trait]
impl Connector for Code {
    fn interfaces(&self) -> Vec<Interface> {
        self.0.clone()
    }
}

fn document(operations: &[&str]) -> Arc<ProxyConnector> {
    let operations: serde_json::Map<_, _> = operations
        .iter()
        .map(|name| {
            let mapping = json!({"idPath": "body.id", "listPath": "body", "item": {"idPath": "id"}});
            let keys: &[&str] = if *name == "findContact" { &["listPath", "item"] } else { &["idPath"] };
            let mapping: serde_json::Map<_, _> =
                keys.iter().map(|key| ((*key).to_owned(), mapping[*key].clone())).collect();
            ((*name).to_owned(), json!({"method": "GET", "url": "/x", "responseMapping": mapping}))
        })
        .collect();
    let text = json!({
        "meta": {"name": "acme"},
        "auth": {"type": "apiKey"},
        "requestDefaults": {"baseUrl": "https://api.example.com"},
        "operations": operations,
    });
    let loaded = load("acme.json", &text.to_string(), &|_| None);
    let config = Arc::new(loaded.config.expect("a document that runs"));
    Arc::new(ProxyConnector::new("acme".to_owned(), loaded.revision, config))
}

fn overrides() -> Registry {
    let mut registry = Registry::new();
    registry.register_override("acme", Arc::new(Code(vec![Interface::FIND_CONTACT])));
    registry.register_override("acme", Arc::new(Code(vec![Interface::GET_USER_LIST])));
    registry
}

#[test]
fn nothing_registered_is_nothing_fulfilled() {
    let registry = Registry::new();
    assert!(!registry.knows("acme"));
    assert_eq!(registry.capabilities("acme", None), []);
}

#[test]
fn a_code_connector_has_what_it_lists_in_the_order_of_the_contract() {
    let mut registry = Registry::new();
    registry.register_connector(
        "acme",
        Arc::new(Code(vec![Interface::CREATE_CALL_LOG, Interface::GET_USER_INFO])),
    );
    assert!(registry.knows("acme"));
    assert!(!registry.knows("other"));
    let expected = [(Interface::GET_USER_INFO, Provider::Code), (Interface::CREATE_CALL_LOG, Provider::Code)];
    assert_eq!(registry.capabilities("acme", None), expected);
    assert_eq!(registry.capabilities("other", None), []);
}

#[test]
fn functions_alone_make_a_platform() {
    let registry = overrides();
    assert!(registry.knows("acme"));
    let expected =
        [(Interface::FIND_CONTACT, Provider::Override), (Interface::GET_USER_LIST, Provider::Override)];
    assert_eq!(registry.capabilities("acme", None), expected);
}

#[test]
fn the_document_comes_first_then_the_override_then_the_code() {
    let mut registry = overrides();
    registry.register_connector(
        "acme",
        Arc::new(Code(vec![
            Interface::FIND_CONTACT,
            Interface::GET_USER_INFO,
            Interface::GET_USER_LIST,
            Interface::CREATE_CALL_LOG,
        ])),
    );
    let code = [
        (Interface::GET_USER_INFO, Provider::Code),
        (Interface::FIND_CONTACT, Provider::Override),
        (Interface::CREATE_CALL_LOG, Provider::Code),
        (Interface::GET_USER_LIST, Provider::Override),
    ];
    assert_eq!(registry.capabilities("acme", None), code);
    let document = document(&["getUserInfo", "findContact"]);
    let through_document = [
        (Interface::GET_AUTH_TYPE, Provider::Proxy),
        (Interface::GET_BASIC_AUTH, Provider::Proxy),
        (Interface::GET_USER_INFO, Provider::Proxy),
        (Interface::FIND_CONTACT, Provider::Proxy),
        (Interface::CREATE_CALL_LOG, Provider::Code),
        (Interface::GET_LOG_FORMAT_TYPE, Provider::Proxy),
        (Interface::GET_USER_LIST, Provider::Override),
        (Interface::AUTH_VALIDATION, Provider::Proxy),
    ];
    assert_eq!(registry.capabilities("acme", Some(&document)), through_document);
}

#[test]
fn the_last_registration_counts() {
    let mut registry = overrides();
    registry.register_connector("acme", Arc::new(Code(vec![Interface::GET_USER_INFO])));
    registry.register_connector("acme", Arc::new(Code(vec![Interface::GET_CALL_LOG])));
    let listed: Vec<Interface> =
        registry.capabilities("acme", None).into_iter().map(|(interface, _)| interface).collect();
    assert_eq!(listed, [Interface::FIND_CONTACT, Interface::GET_CALL_LOG, Interface::GET_USER_LIST]);
}
