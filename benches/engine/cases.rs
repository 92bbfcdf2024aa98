//! What is compared: each pair does the same work, which is checked before it is measured.

use std::hint::black_box;

use app_connect::config::operations::OperationName;
use app_connect::engine::app_connect::find_contact::FindContact;
use app_connect::engine::app_connect::find_contact_with_name::FindContactWithName;
use app_connect::engine::app_connect::{OperationSpec, Output, TypedOperation};
use app_connect::engine::exchange::{BodyKind, UpstreamResponse};
use app_connect::engine::inputs::Inputs;
use app_connect::engine::load;
use app_connect::engine::operation::{CompiledDocument, Operation};
use app_connect::engine::render;
use app_connect::engine::render::body_json;
use app_connect::engine::variables::{Variable, visible};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::Value;

use crate::{by_hand, documents};

/// One side of a pair.
pub type Work<'a> = Box<dyn Fn() + 'a>;

/// The engine and the same work by hand.
pub struct Pair<'a> {
    pub name: &'static str,
    /// How many times as long as by hand the engine may take; none where it is for information.
    pub budget: Option<f64>,
    pub engine: Work<'a>,
    pub hand: Work<'a>,
}

impl<'a> Pair<'a> {
    fn new<E, H>(
        name: &'static str,
        budget: Option<f64>,
        engine: impl Fn() -> E + 'a,
        hand: impl Fn() -> H + 'a,
    ) -> Self {
        Self {
            name,
            budget,
            engine: Box::new(move || drop(black_box(engine()))),
            hand: Box::new(move || drop(black_box(hand()))),
        }
    }
}

/// What both sides read.
pub struct World {
    config: CompiledDocument,
    calls_and_queries: CompiledDocument,
    context: Value,
    contacts: UpstreamResponse,
    properties: UpstreamResponse,
    archived: UpstreamResponse,
    fields: UpstreamResponse,
}

impl World {
    /// Loads the documents and the replies.
    pub fn new() -> Self {
        Self {
            config: config(&documents::full()),
            calls_and_queries: config(&documents::with_calls_and_queries()),
            context: documents::context(),
            contacts: response(documents::contacts()),
            properties: response(documents::contacts_with_properties(0)),
            archived: response(documents::contacts_with_properties(4)),
            fields: response(documents::contacts_with_fields()),
        }
    }

    /// All pairs, checked.
    pub fn pairs(&self) -> Vec<Pair<'_>> {
        let mut pairs = self.rendering();
        pairs.extend(self.mapping());
        pairs
    }

    fn rendering(&self) -> Vec<Pair<'_>> {
        let operation = self.config.operation(OperationName::CREATE_CALL_LOG).unwrap();
        let with_calls = self.calls_and_queries.operation(OperationName::CREATE_CALL_LOG).unwrap();
        let context = &self.context;
        let values = values(context);
        let inputs = fill(&values);

        let expected = by_hand::body(context);
        let body =
            |operation: &Operation, inputs: &Inputs<'_>| body_json(operation, inputs).unwrap().unwrap();
        assert_eq!(text(&body(operation, &inputs)), text(&expected));
        assert_eq!(text(&by_hand::body_from_struct(context)), text(&expected));
        assert_eq!(text(&body(with_calls, &inputs)), text(&by_hand::body_with_calls(context)));
        assert_eq!(render(operation, &inputs).unwrap(), by_hand::request(context));

        let ready = [inputs.clone(), inputs.clone(), inputs.clone(), inputs];
        let [first, second, third, fourth] = ready;
        vec![
            Pair::new(
                "render: ten-field body",
                Some(1.3),
                move || body(operation, black_box(&first)),
                || by_hand::body(black_box(context)),
            ),
            Pair::new(
                "render: ten-field body, inputs set in the same run",
                Some(1.3),
                move || body(operation, &fill(black_box(&values))),
                || by_hand::body(black_box(context)),
            ),
            Pair::new(
                "render: ten-field body (by hand: a serde struct)",
                None,
                move || body(operation, black_box(&second)),
                || by_hand::body_from_struct(black_box(context)),
            ),
            Pair::new(
                "render: whole request",
                None,
                move || render(operation, black_box(&third)).unwrap(),
                || by_hand::request(black_box(context)),
            ),
            Pair::new(
                "render: four-field body with helpers and a block",
                None,
                move || body(with_calls, black_box(&fourth)),
                || by_hand::body_with_calls(black_box(context)),
            ),
        ]
    }

    fn mapping(&self) -> Vec<Pair<'_>> {
        let by_dot_paths = TypedOperation::<FindContact>::of(&self.config).unwrap();
        let by_json_path = TypedOperation::<FindContactWithName>::of(&self.config).unwrap();
        let by_query = TypedOperation::<FindContactWithName>::of(&self.calls_and_queries).unwrap();
        let by_queries = TypedOperation::<FindContact>::of(&self.calls_and_queries).unwrap();
        let (contacts, properties, archived) = (&self.contacts, &self.properties, &self.archived);
        let fields = &self.fields;

        same(&mapped(by_queries, fields), &by_hand::contacts_from_fields(fields.body()));
        same(&mapped(by_dot_paths, contacts), &by_hand::contacts(contacts.body()));
        same(&mapped(by_json_path, properties), &by_hand::contacts_from_properties(properties.body()));
        same(&mapped(by_query, archived), &by_hand::current_contacts_from_properties(archived.body()));
        assert_eq!(mapped(by_dot_paths, contacts), by_hand::contact_structs(contacts.body()));

        vec![
            Pair::new(
                "map: 20 contacts by dot paths",
                Some(1.3),
                move || mapped(by_dot_paths, black_box(contacts)),
                move || by_hand::contacts(black_box(contacts.body())),
            ),
            Pair::new(
                "map: 20 contacts by JSONPath",
                Some(4.0),
                move || mapped(by_json_path, black_box(properties)),
                move || by_hand::contacts_from_properties(black_box(properties.body())),
            ),
            Pair::new(
                "map: 20 of 24 contacts by JSONPath with a filter",
                Some(4.0),
                move || mapped(by_query, black_box(archived)),
                move || by_hand::current_contacts_from_properties(black_box(archived.body())),
            ),
            Pair::new(
                "map: 20 contacts, each field by JSONPath with a filter",
                None,
                move || mapped(by_queries, black_box(fields)),
                move || by_hand::contacts_from_fields(black_box(fields.body())),
            ),
            Pair::new(
                "map: 20 contacts by dot paths (by hand: structs)",
                None,
                move || mapped(by_dot_paths, black_box(contacts)),
                move || by_hand::contact_structs(black_box(contacts.body())),
            ),
        ]
    }
}

fn config(document: &Value) -> CompiledDocument {
    let loaded = load::load("bench.json", &document.to_string(), &|_| None);
    loaded.config.unwrap_or_else(|| panic!("{:?}", loaded.findings))
}

/// The values as a service holds them: each variable's at hand.
fn values(context: &Value) -> Vec<(Variable, &Value)> {
    let value = |variable: Variable| match variable.name().strip_prefix("user.") {
        Some(name) => context.get("user")?.get(name),
        None => context.get(variable.name()),
    };
    visible(OperationName::CREATE_CALL_LOG.variables())
        .filter_map(|variable| Some((variable, value(variable)?)))
        .collect()
}

fn fill<'a>(values: &[(Variable, &'a Value)]) -> Inputs<'a> {
    let mut inputs = Inputs::new();
    for (variable, value) in values {
        inputs.json(*variable, value);
    }
    inputs
}

fn response(body: Value) -> UpstreamResponse {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("content-type", "application/json; charset=utf-8"),
        ("date", "Tue, 14 Nov 2023 22:13:20 GMT"),
        ("server", "cloudflare"),
        ("vary", "Accept-Encoding"),
        ("x-request-id", "5b9bd1a2-9a3e-4f54-8d3c-7d5b1c6b2a10"),
        ("x-ratelimit-remaining", "98"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    UpstreamResponse::new(200, headers, body, BodyKind::Json)
}

fn mapped<O: OperationSpec>(operation: TypedOperation<'_, O>, response: &UpstreamResponse) -> Output<O> {
    let (mapped, problems) = operation.map(response, &Inputs::new()).unwrap();
    assert!(problems.is_empty());
    mapped
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn same(mapped: &impl Serialize, by_hand: &Value) {
    assert_eq!(serde_json::to_string_pretty(mapped).unwrap(), serde_json::to_string_pretty(by_hand).unwrap());
}
