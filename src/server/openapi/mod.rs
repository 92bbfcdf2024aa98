//! This server's OpenAPI document, made from the list of routes and the types of their requests and
//! replies.

mod page;

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::base;
use super::reply::{ErrorReply, ShownError};
use super::route::{Access, MakeSchema, Reply, Route};
use super::routes;
use super::session::TOKEN_PARAMETER;
use crate::service::manifest::BASE;

/// The document.
pub fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(|| of(&routes::table()));
    &DOCUMENT
}

/// The document as it is sent.
pub(super) fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| document().to_string());
    &TEXT
}

/// The document as a page.
pub(super) fn page() -> &'static str {
    static PAGE: LazyLock<String> = LazyLock::new(|| page::page(document()));
    &PAGE
}

const DESCRIPTION: &str = "The server of App Connect, with connectors that are documents.\n\nMost \
answers have status 200 whether or not the CRM did what was asked: look at `successful`, and show \
`returnMessage` to the user.\n\nEvery reply has an `x-request-id`, the client's own where it sent a \
short and plain one. A session token that is about to expire is replaced by the one in the reply's \
`x-refreshed-jwt-token`.\n\nWhat clients ask for answers below \
`/p/{proxyId}` too, for the document with this id.\n\nWhat is not described here is refused with 404 or 405.";

const OF_A_DOCUMENT: &str = "The same routes for one document, as its manifest names them in `serverUrl`. A request that leaves \
`proxyId` out means this document, and sessions of other documents are none. If no document has this id, every route answers 404 \
with an `error`.";

/// Types of requests and of replies are described by a generator each: what may be left out differs.
struct Types {
    requests: SchemaGenerator,
    replies: SchemaGenerator,
}

fn of(routes: &[Route]) -> Value {
    let settings = || {
        SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        })
    };
    let mut types = Types {
        requests: settings().for_deserialize().into_generator(),
        replies: settings().for_serialize().into_generator(),
    };
    let mut paths = Map::new();
    for route in routes {
        let operation = types.operation(route);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method_name().to_lowercase()] = operation;
    }
    let mut schemas = types.requests.take_definitions(true);
    schemas.append(&mut types.replies.take_definitions(true));
    schemas.sort_keys();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "app-connect",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [own_server(), {
            "url": format!("{BASE}/{{{}}}", base::MEMBER),
            "description": OF_A_DOCUMENT,
            "variables": {(base::MEMBER): {"default": "acme", "description": "The document"}},
        }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "userJwt": {
                    "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "The session token that signing in gave",
                },
                "legacyUserJwt": {
                    "type": "apiKey", "in": "query", "name": TOKEN_PARAMETER,
                    "description": "The session token in the query, for older clients",
                },
                "adminToken": {
                    "type": "http", "scheme": "bearer",
                    "description": "`ADMIN_TOKEN` of the server",
                },
                "consoleToken": {
                    "type": "http", "scheme": "bearer",
                    "description": "An API token, as `app-connect token create` gives it",
                },
            },
        },
    })
}

/// The server without the base of a document.
fn own_server() -> Value {
    json!({"url": "/"})
}

/// A request below the base of a document that names another one.
fn of_another_document() -> Reply {
    Reply {
        status: 400,
        content_type: Some("application/json"),
        about: "The path names one document, and `proxyId` another",
        schema: SchemaGenerator::subschema_for::<ShownError>,
    }
}

/// What any route may answer, whoever asks and whatever for.
fn of_every_route() -> [Reply; 2] {
    let error = |status, about| Reply {
        status,
        content_type: Some("application/json"),
        about,
        schema: SchemaGenerator::subschema_for::<ErrorReply>,
    };
    [
        error(500, "The server failed on this request; its log says why"),
        error(503, "The server has too much to do; nothing was done"),
    ]
}

impl Types {
    fn operation(&mut self, route: &Route) -> Value {
        let mut operation = json!({"summary": route.summary, "operationId": operation_id(route)});
        let mut parameters = path_parameters(route.path);
        for (place, make) in [("query", route.needs.query), ("header", route.needs.headers)] {
            parameters.extend(make.into_iter().flat_map(|make| self.parameters(place, make)));
        }
        if !route.is_for_clients {
            operation["servers"] = json!([own_server()]);
        }
        if !parameters.is_empty() {
            operation["parameters"] = parameters.clone().into();
        }
        if let Some(body) = route.needs.body {
            let schema = (body.schema)(&mut self.requests);
            let mut content = json!({"application/json": {"schema": schema}});
            if body.takes_forms {
                content["application/x-www-form-urlencoded"] = json!({"schema": schema});
            }
            operation["requestBody"] = json!({"required": self.is_needed(&schema), "content": content});
        }
        let of_all = of_every_route();
        let names_document = parameters.iter().any(|parameter| parameter["name"] == base::MEMBER)
            || route.needs.body.is_some_and(|body| {
                let schema = (body.schema)(&mut self.requests);
                self.has_member(&schema, base::MEMBER)
            });
        let of_base = (route.is_for_clients && names_document).then(of_another_document);
        let mut replies: Vec<&Reply> = route.replies.iter().chain(&of_all).chain(&of_base).collect();
        replies.sort_by_key(|reply| reply.status);
        let responses: Map<String, Value> = replies
            .chunk_by(|a, b| a.status == b.status)
            .map(|replies| (replies[0].status.to_string(), self.response(replies)))
            .collect();
        operation["responses"] = responses.into();
        let security = match route.needs.access {
            None | Some(Access::Public) => None,
            Some(Access::Session) => Some(json!([{"userJwt": []}, {"legacyUserJwt": []}])),
            Some(Access::Admin) => Some(json!([{"adminToken": []}])),
            Some(Access::ApiToken(scope)) => Some(json!([{"consoleToken": [scope]}])),
        };
        if let Some(security) = security {
            operation["security"] = security;
        }
        operation
    }

    /// A keyword of a schema of requests, or of the one that it refers to.
    fn keyword<'t>(&'t self, schema: &'t Schema, keyword: &str) -> Option<&'t Value> {
        let reference = schema.get("$ref").and_then(Value::as_str);
        let name = reference.and_then(|reference| reference.rsplit('/').next());
        let named = name.and_then(|name| self.requests.definitions().get(name));
        named.map_or_else(|| schema.get(keyword), |named| named.get(keyword))
    }

    /// Whether a body has to be sent: none is an empty object.
    fn is_needed(&self, schema: &Schema) -> bool {
        let required = self.keyword(schema, "required").and_then(Value::as_array);
        required.is_some_and(|required| !required.is_empty())
    }

    fn has_member(&self, schema: &Schema, name: &str) -> bool {
        self.keyword(schema, "properties").is_some_and(|members| members.get(name).is_some())
    }

    /// One response for each status: several replies are alternatives.
    fn response(&mut self, replies: &[&Reply]) -> Value {
        let mut content: Map<String, Value> = Map::new();
        for reply in replies {
            let Some(content_type) = reply.content_type else { continue };
            let schema = (reply.schema)(&mut self.replies);
            match content.get_mut(content_type) {
                None => {
                    content.insert(content_type.to_owned(), json!({"schema": schema}));
                }
                Some(known) if known["schema"] == *schema.as_value() => {}
                Some(known) => match known.pointer_mut("/schema/anyOf").and_then(Value::as_array_mut) {
                    Some(alternatives) => alternatives.push(schema.to_value()),
                    None => known["schema"] = json!({"anyOf": [known["schema"].take(), schema]}),
                },
            }
        }
        let about: Vec<&str> = replies.iter().map(|reply| reply.about).collect();
        let mut response = json!({"description": about.join("; ")});
        if !content.is_empty() {
            response["content"] = content.into();
        }
        response
    }

    /// The members of an object as parameters.
    fn parameters(&mut self, place: &str, make: MakeSchema) -> Vec<Value> {
        let mut schema = make(&mut self.requests);
        for transform in self.requests.transforms_mut() {
            transform.transform(&mut schema);
        }
        let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        let members = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        let parameter = |(name, mut schema): (String, Value)| {
            let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
            let mut parameter = json!({"name": name, "in": place});
            if let Some(description) = description {
                parameter["description"] = description;
            }
            parameter["required"] = required.contains(&parameter["name"]).into();
            parameter["schema"] = schema;
            parameter
        };
        members.into_iter().map(parameter).collect()
    }
}

/// What stands in braces in the path.
fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameter =
        |name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}});
    names.map(parameter).collect()
}

/// Such as `getCustomContactSearch`: stable, and unique as the route is.
fn operation_id(route: &Route) -> String {
    let words = route.path.split(|letter: char| !letter.is_ascii_alphanumeric());
    let mut id = route.method_name().to_lowercase();
    for word in words.filter(|word| !word.is_empty()) {
        let (first, rest) = word.split_at(1);
        id.push_str(&first.to_ascii_uppercase());
        id.push_str(rest);
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::members::{Given, members};
    use crate::server::extract::{Body, Headers, Query};
    use crate::server::public::Public;
    use crate::server::route::{patch, put};

    members! {
        /// Members of any place.
        struct Sample {
            /// Needed.
            #[schemars(required)]
            first as "x-first": Option<Given<String>>,
            /// Not needed.
            second as "x-second": Option<Given<u64>>,
            /// Read, and not told.
            #[schemars(skip)]
            third as "x-third": Option<Given<u64>>,
        }
    }

    async fn every(_: Public, _: Query<Sample>, _: Headers<Sample>, body: Body<Sample>) -> String {
        let Sample { first, second, third } = body.0;
        format!("{first:?} {second:?} {third:?}")
    }

    async fn nothing(_: Public) -> &'static str {
        ""
    }

    /// Nothing else of a route says what is read: not its summary, and no list beside it.
    #[test]
    fn the_document_says_what_the_handlers_arguments_read() {
        let document = of(&[put("/x/{id}", every, "X"), patch("/x/{id}", nothing, "Y")]);
        let place = |parameter: &Value| {
            let required = parameter["required"] == true;
            format!(
                "{} {} {required}",
                parameter["in"].as_str().unwrap(),
                parameter["name"].as_str().unwrap()
            )
        };
        let said = |method: &str| {
            let parameters = document["paths"]["/x/{id}"][method]["parameters"].as_array().unwrap();
            parameters.iter().map(place).collect::<Vec<_>>()
        };
        let (path, rest) = ("path id true", ["x-first true", "x-second false"]);
        let each = ["query", "header"].map(|place| rest.map(|rest| format!("{place} {rest}"))).concat();
        assert_eq!(said("put"), [vec![path.to_owned()], each].concat());
        assert_eq!(said("patch"), [path]);
        let body = |method: &str| document["paths"]["/x/{id}"][method]["requestBody"].clone();
        assert_eq!(body("put")["content"].as_object().unwrap().len(), 2, "JSON and forms");
        assert_eq!(body("patch"), Value::Null);
        let sample = &document["components"]["schemas"]["Sample"];
        let members: Vec<_> = sample["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!((members, &sample["required"]), (vec!["x-first", "x-second"], &json!(["x-first"])));
    }
}
