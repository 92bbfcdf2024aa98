//! Contacts.

use actix_web::{HttpResponse, web};
use serde_json::{Map, Value};

use crate::connector::inputs::{CreateContact, FindContact};
use crate::members::{Flag, Given, members};
use crate::server::extract::{Body, Query};
use crate::server::reply;
use crate::server::session::Authenticated;
use crate::service::contacts::CreationError;
use crate::service::{Services, contacts};

members! {
    /// Which contacts are looked for.
    pub(super) struct FindContactQuery {
        /// The number, best in E.164.
        #[schemars(required)]
        phone_number as "phoneNumber": Option<Given<String>>,
        /// Number formats to search by, separated by commas.
        overriding_format as "overridingFormat": Option<Given<String>>,
        /// Whether the number is an extension.
        #[schemars(default)]
        is_extension as "isExtension": Flag,
        /// Asks the CRM even where the account has the answer cached.
        #[schemars(default)]
        is_force_refresh_account_data as "isForceRefreshAccountData": Flag,
    }
}

members! {
    /// Contacts by name.
    pub(super) struct SearchContactQuery {
        /// The name, or a part of it.
        #[schemars(required)]
        name as "name": Option<Given<String>>,
    }
}

members! {
    /// A contact to create.
    pub(super) struct CreateContactRequest {
        /// The number.
        #[schemars(required)]
        phone_number as "phoneNumber": Option<Given<String>>,
        /// The name.
        #[schemars(required)]
        new_contact_name as "newContactName": Option<Given<String>>,
        /// The kind of contact, as the CRM names it.
        new_contact_type as "newContactType": Option<Given<String>>,
        /// The extra fields of the client's form.
        additional_submission as "additionalSubmission": Option<Given<Map<String, Value>>>,
    }
}

/// `GET /contact?phoneNumber=`
pub(super) async fn find(
    services: web::Data<Services>,
    session: Authenticated,
    query: Query<FindContactQuery>,
) -> HttpResponse {
    let query = query.0;
    let phone_number = match query.phone_number.as_deref() {
        Some(Value::String(number)) => contacts::phone_number(number),
        Some(_) => return reply::error(400, "phoneNumber is given more than once."),
        None => return reply::error(400, "phoneNumber is missing."),
    };
    if let Some(too_many) = query.overriding_format.as_deref().and_then(contacts::too_many_formats) {
        return reply::error(400, &too_many);
    }
    let input = FindContact {
        phone_number,
        overriding_format: query.overriding_format.map(Given::into_value),
        is_extension: query.is_extension.into_value(),
    };
    let force_refresh = query.is_force_refresh_account_data.is_true();
    reply::answer(&contacts::find(&services, &session.0, input, force_refresh).await)
}

/// `POST /contact`. A client takes every reply with status 200 for one that has a contact.
pub(super) async fn create(
    services: web::Data<Services>,
    session: Authenticated,
    body: Body<CreateContactRequest>,
) -> HttpResponse {
    match contacts::create(&services, &session.0, body.0.into()).await {
        Ok(created) => reply::json(200, &created),
        Err(CreationError::Refused(refusal)) => reply::json(200, &refusal),
        Err(CreationError::NotOffered(refusal)) => reply::json(400, &refusal),
    }
}

impl From<CreateContactRequest> for CreateContact {
    fn from(request: CreateContactRequest) -> Self {
        Self {
            phone_number: request.phone_number.map(Given::into_value),
            new_contact_name: request.new_contact_name.map(Given::into_value),
            new_contact_type: request.new_contact_type.map(Given::into_value),
            additional_submission: request.additional_submission.map(Given::into_value),
            idempotency_key: None,
        }
    }
}

/// `GET /custom/contact/search?name=`
pub(super) async fn search(
    services: web::Data<Services>,
    session: Authenticated,
    query: Query<SearchContactQuery>,
) -> HttpResponse {
    let name = match query.0.name.map(Given::into_value) {
        Some(Value::String(name)) => Some(name),
        Some(_) => return reply::error(400, "name is given more than once."),
        None => None,
    };
    reply::answer(&contacts::search(&services, &session.0, name).await)
}
