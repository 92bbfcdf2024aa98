//! The work of the engine as somebody would write it for one CRM: no document, no templates.

use std::borrow::Cow;
use std::time::Duration;

use app_connect::config::document::QueryStyle;
use app_connect::engine::encode::{Encoding, Parameters, Slot, header_value};
use app_connect::engine::exchange::{HostPolicy, RequestSpec};
use app_connect::engine::mapping::is_truthy;
use app_connect::engine::render::{USER_AGENT, VERSION_HEADER};
use app_connect::engine::results::Contact;
use app_connect::engine::text::to_text;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use url::Url;

fn below<'v>(value: &'v Value, first: &str, second: &str) -> Option<&'v Value> {
    value.get(first)?.get(second)
}

fn text(value: Option<&Value>) -> Cow<'_, str> {
    value.map_or(Cow::Borrowed(""), to_text)
}

/// The body as a tree, serialised.
pub fn body(context: &Value) -> Vec<u8> {
    let mut body = Map::with_capacity(10);
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(key.to_owned(), value);
        }
    };
    put("contactId", below(context, "contactInfo", "id").cloned());
    put("subject", Some(format!("Call: {}", text(context.get("subject"))).into()));
    let details = text(context.get("composedLogDetails"));
    put("description", Some(format!("{details}\n-- logged by App Connect").into()));
    put("start", context.get("startTime").cloned());
    put("end", context.get("endTime").cloned());
    put("duration", below(context, "callLog", "duration").cloned());
    put("direction", Some(format!("{} call", text(below(context, "callLog", "direction"))).into()));
    put("owner", Some(format!("users/{}", text(below(context, "user", "id"))).into()));
    put("dealId", below(context, "additionalSubmission", "dealId").cloned());
    put("note", Some(format!("Note: {}", text(context.get("note"))).into()));
    serde_json::to_vec(&Value::Object(body)).unwrap()
}

/// A text made of three, serialised without being put together first.
struct Joined<'a>(&'a str, Cow<'a, str>, &'a str);

impl Serialize for Joined<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}{}{}", self.0, self.1, self.2))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_id: Option<&'a Value>,
    subject: Joined<'a>,
    description: Joined<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<&'a Value>,
    direction: Joined<'a>,
    owner: Joined<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deal_id: Option<&'a Value>,
    note: Joined<'a>,
}

/// The body through a struct, without a tree.
pub fn body_from_struct(context: &Value) -> Vec<u8> {
    let body = Body {
        contact_id: below(context, "contactInfo", "id"),
        subject: Joined("Call: ", text(context.get("subject")), ""),
        description: Joined("", text(context.get("composedLogDetails")), "\n-- logged by App Connect"),
        start: context.get("startTime"),
        end: context.get("endTime"),
        duration: below(context, "callLog", "duration"),
        direction: Joined("", text(below(context, "callLog", "direction")), " call"),
        owner: Joined("users/", text(below(context, "user", "id")), ""),
        deal_id: below(context, "additionalSubmission", "dealId"),
        note: Joined("Note: ", text(context.get("note")), ""),
    };
    serde_json::to_vec(&body).unwrap()
}

/// The body of the document with helpers and blocks.
pub fn body_with_calls(context: &Value) -> Vec<u8> {
    let set = |value: Option<&'_ Value>| value.filter(|value| is_truthy(value)).cloned();
    let mut body = Map::with_capacity(4);
    if let Some(id) = set(below(context, "contactInfo", "id")) {
        body.insert("contactId".to_owned(), id);
    }
    let recorded = if context.get("recordingLink").is_some_and(is_truthy) { "[recorded] " } else { "" };
    body.insert("subject".to_owned(), format!("{recorded}{}", text(context.get("subject"))).into());
    body.insert("direction".to_owned(), text(below(context, "callLog", "direction")).to_lowercase().into());
    body.insert("note".to_owned(), set(context.get("note")).unwrap_or_else(|| "no note".into()));
    serde_json::to_vec(&Value::Object(body)).unwrap()
}

fn header_text(text: &str) -> HeaderValue {
    let mut clean = String::with_capacity(text.len());
    Slot::Header.encode(text, &mut clean);
    header_value(&clean).unwrap()
}

fn secret(text: &str) -> HeaderValue {
    let mut value = header_text(text);
    value.set_sensitive(true);
    value
}

/// The whole request.
pub fn request(context: &Value) -> RequestSpec {
    let user = context.get("user");
    let info = |key: &str| user.and_then(|user| below(user, "platformAdditionalInfo", key));
    let mut url = "https://api.example.com/v2/accounts/".to_owned();
    Slot::PathSegment.encode(&text(info("accountId")), &mut url);
    url.push_str("/activities");
    if let Some(id) = user.and_then(|user| user.get("id")) {
        let mut query = String::new();
        let parameters =
            Parameters { style: QueryStyle::Brackets, encoding: Encoding::Query, most: usize::MAX };
        parameters.append("owner", id, &mut query);
        url.push('?');
        url.push_str(&query);
    }
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(key) = context.get("secretKey") {
        headers.insert(HeaderName::from_static("x-secret-key"), secret(&to_text(key)));
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(
        HeaderName::from_static("x-tenant"),
        header_text(&format!("tenant-{}", text(info("tenantId")))),
    );
    let credential = STANDARD.encode(text(context.get("apiKey")).as_bytes());
    headers.insert(header::AUTHORIZATION, secret(&format!("Basic {credential}")));
    headers.insert(VERSION_HEADER, HeaderValue::from_static(env!("CARGO_PKG_VERSION")));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    RequestSpec {
        method: Method::POST,
        url: Url::parse(&url).unwrap(),
        headers,
        body: Some(body(context)),
        sensitive_body: false,
        timeout: Duration::from_secs(20),
        hosts: HostPolicy::Literal,
    }
}

/// The nine values of one contact, the falsy ones taken for missing.
struct Fields<'v> {
    id: Option<&'v Value>,
    name: Option<&'v Value>,
    phone: Option<&'v Value>,
    contact_type: Option<&'v Value>,
    title: Option<&'v Value>,
    company: Option<&'v Value>,
    created_date: Option<&'v Value>,
    most_recent_activity_date: Option<&'v Value>,
    additional_info: Option<&'v Value>,
}

impl<'v> Fields<'v> {
    fn plain(item: &'v Value) -> Self {
        let set = |value: Option<&'v Value>| value.filter(|value| is_truthy(value));
        Self {
            id: item.get("id"),
            name: set(item.get("fullName")),
            phone: set(item
                .get("phones")
                .and_then(|phones| phones.get(0))
                .and_then(|phone| phone.get("value"))),
            contact_type: set(item.get("kind")),
            title: set(below(item, "job", "title")),
            company: set(below(item, "company", "name")),
            created_date: set(item.get("createdAt")),
            most_recent_activity_date: set(item.get("lastActivityAt")),
            additional_info: set(below(item, "owner", "email")),
        }
    }

    fn from_properties(item: &'v Value) -> Self {
        let properties = item.get("properties");
        let set = |key: &str| {
            properties.and_then(|properties| below(properties, key, "value")).filter(|value| is_truthy(value))
        };
        Self {
            id: item.get("id"),
            name: set("name"),
            phone: set("phone"),
            contact_type: set("type"),
            title: set("title"),
            company: set("company"),
            created_date: set("created"),
            most_recent_activity_date: set("last_activity"),
            additional_info: set("owner"),
        }
    }

    fn from_fields(item: &'v Value) -> Self {
        let fields = item.get("fields").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let named = |key: &str| fields.iter().find(|field| field.get("name").is_some_and(|name| name == key));
        let set = |key: &str| named(key)?.get("value").filter(|value| is_truthy(value));
        Self {
            id: item.get("id"),
            name: set("name"),
            phone: set("phone"),
            contact_type: set("type"),
            title: set("title"),
            company: set("company"),
            created_date: set("created"),
            most_recent_activity_date: set("last_activity"),
            additional_info: set("owner"),
        }
    }

    fn into_tree(self) -> Value {
        let mut contact = Map::with_capacity(9);
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                contact.insert(key.to_owned(), value);
            }
        };
        let or_empty = |value: Option<&Value>| Some(value.cloned().unwrap_or_else(|| "".into()));
        put("id", self.id.cloned());
        put("name", or_empty(self.name));
        put("phone", self.phone.cloned());
        put("type", Some(self.contact_type.cloned().unwrap_or_else(|| "Contact".into())));
        put("title", or_empty(self.title));
        put("company", or_empty(self.company));
        put("createdDate", self.created_date.cloned());
        put("mostRecentActivityDate", self.most_recent_activity_date.cloned());
        put("additionalInfo", Some(self.additional_info.cloned().unwrap_or(Value::Null)));
        Value::Object(contact)
    }

    fn into_contact(self) -> Contact {
        let or_empty = |value: Option<&Value>| value.cloned().unwrap_or_else(|| "".into());
        Contact {
            id: self.id.cloned(),
            name: or_empty(self.name),
            phone: self.phone.cloned(),
            contact_type: self.contact_type.cloned().unwrap_or_else(|| "Contact".into()),
            title: or_empty(self.title),
            company: or_empty(self.company),
            created_date: self.created_date.cloned(),
            most_recent_activity_date: self.most_recent_activity_date.cloned(),
            additional_info: self.additional_info.cloned().unwrap_or(Value::Null),
        }
    }
}

fn list(body: &Value) -> &[Value] {
    body.get("contacts").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The contacts as trees.
pub fn contacts(body: &Value) -> Value {
    list(body).iter().map(|item| Fields::plain(item).into_tree()).collect()
}

/// The contacts as the engine's own structs.
pub fn contact_structs(body: &Value) -> Vec<Contact> {
    list(body).iter().map(|item| Fields::plain(item).into_contact()).collect()
}

/// The contacts whose fields are objects with a value, as trees.
pub fn contacts_from_properties(body: &Value) -> Value {
    list(body).iter().map(|item| Fields::from_properties(item).into_tree()).collect()
}

/// Those that are not archived.
pub fn current_contacts_from_properties(body: &Value) -> Value {
    let current = |item: &&Value| item.get("archived").and_then(Value::as_bool) == Some(false);
    list(body).iter().filter(current).map(|item| Fields::from_properties(item).into_tree()).collect()
}

/// The contacts whose fields are a list of names and values, as trees.
pub fn contacts_from_fields(body: &Value) -> Value {
    list(body).iter().map(|item| Fields::from_fields(item).into_tree()).collect()
}
