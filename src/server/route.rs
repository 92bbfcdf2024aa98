//! A route as data: what is served, and how it is described. One value does both, so that no route
//! can be served without being documented.

use std::future::ready;

use actix_web::guard::{self, Guard};
use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpRequest, Responder};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::admin::Admin;
use super::base::ReachedAt;
use super::extract::{Body, Headers, Query};
use super::management::ManagementErrorReply;
use super::management::{IfMatch, IfMatchHeader, ManagementCaller, Sent, Submitted, Text, scope};
use super::public::Public;
use super::reply::{self, ErrorReply};
use super::session::{Authenticated, Visitor};
use crate::service::management::TokenScope;
use crate::service::wording::Refusal;

/// One method of one path.
pub(super) struct Route {
    pub(super) method: Method,
    /// The path pattern, such as `/calldown/{id}`.
    pub(super) path: &'static str,
    /// One sentence, without a full stop.
    pub(super) summary: &'static str,
    pub(super) needs: Needs,
    pub(super) replies: Vec<Reply>,
    /// Whether App Connect's clients ask for it, so that it answers below the base of a document too.
    pub(super) is_for_clients: bool,
    handler: actix_web::Route,
}

pub(super) type MakeSchema = fn(&mut SchemaGenerator) -> Schema;

/// The schema of a text that is no JSON.
pub(super) fn text(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({"type": "string"})
}

/// The schema of JSON that has no other type.
pub(super) fn any_json(_: &mut SchemaGenerator) -> Schema {
    Schema::default()
}

/// What a route answers with a status.
pub(super) struct Reply {
    pub(super) status: u16,
    /// Absent if the reply has no body.
    pub(super) content_type: Option<&'static str>,
    /// When it is given, and what it says.
    pub(super) about: &'static str,
    pub(super) schema: MakeSchema,
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Anybody.
    Public,
    /// Who has a session.
    Session,
    /// Who has the admin token.
    Admin,
    /// Who has an API token with this scope.
    ApiToken(TokenScope),
}

/// What a request has to bring, by the arguments of the handler.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs {
    /// Absent if no argument says so.
    pub(super) access: Option<Access>,
    /// An object whose members are query parameters.
    pub(super) query: Option<MakeSchema>,
    /// An object whose members are header parameters.
    pub(super) headers: Option<MakeSchema>,
    /// The body.
    pub(super) body: Option<BodyNeeds>,
}

/// What a body has to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyNeeds {
    pub(super) schema: MakeSchema,
    /// Whether it may be a form as well.
    pub(super) takes_forms: bool,
}

impl Needs {
    const NOTHING: Self = Self { access: None, query: None, headers: None, body: None };

    const fn access(access: Access) -> Self {
        Self { access: Some(access), ..Self::NOTHING }
    }

    const fn json<T: JsonSchema>() -> Self {
        let body = BodyNeeds { schema: SchemaGenerator::subschema_for::<T>, takes_forms: false };
        Self { body: Some(body), ..Self::NOTHING }
    }

    /// What two arguments need together.
    const fn and(self, other: Self) -> Self {
        assert!(
            self.body.is_none() || other.access.is_none(),
            "a handler says who may call it before it takes the body: arguments are read in their order"
        );
        Self {
            access: one(self.access, other.access, "two arguments of a handler say who may call it"),
            query: one(self.query, other.query, "two arguments of a handler read the query"),
            headers: one(self.headers, other.headers, "two arguments of a handler read headers"),
            body: one(self.body, other.body, "two arguments of a handler read the body"),
        }
    }
}

const fn one<T: Copy>(first: Option<T>, second: Option<T>, words: &str) -> Option<T> {
    match (first, second) {
        (Some(_), Some(_)) => panic!("{}", words),
        (Some(need), None) | (None, Some(need)) => Some(need),
        (None, None) => None,
    }
}

/// An argument of a handler. What it reads is what the OpenAPI document says that the route reads. So the whole
/// request is no argument: what is read of it would be said nowhere.
pub(super) trait Argument {
    /// What it needs.
    const NEEDS: Needs = Needs::NOTHING;
}

impl<T> Argument for web::Data<T> {}
impl<T> Argument for web::Path<T> {}
impl Argument for Visitor {}
impl Argument for ReachedAt {}

impl Argument for Authenticated {
    const NEEDS: Needs = Needs::access(Access::Session);
}

impl Argument for Admin {
    const NEEDS: Needs = Needs::access(Access::Admin);
}

impl<S: scope::Scope> Argument for ManagementCaller<S> {
    const NEEDS: Needs = Needs::access(Access::ApiToken(S::NEEDED));
}

impl Argument for Public {
    const NEEDS: Needs = Needs::access(Access::Public);
}

impl<T: JsonSchema> Argument for Query<T> {
    const NEEDS: Needs = Needs { query: Some(T::json_schema), ..Needs::NOTHING };
}

impl<T: JsonSchema> Argument for Headers<T> {
    const NEEDS: Needs = Needs { headers: Some(T::json_schema), ..Needs::NOTHING };
}

impl<T: JsonSchema, const LIMIT: usize> Argument for Body<T, LIMIT> {
    const NEEDS: Needs = Needs {
        body: Some(BodyNeeds { schema: SchemaGenerator::subschema_for::<T>, takes_forms: true }),
        ..Needs::NOTHING
    };
}

// Not as they are: who has no token reads that, whatever else is wrong.
impl<T: JsonSchema, I, const LIMIT: usize> Argument for Sent<Submitted<T, I, LIMIT>> {
    const NEEDS: Needs = Needs::json::<T>();
}

impl<T: JsonSchema> Argument for Sent<Text<T>> {
    const NEEDS: Needs = Needs::json::<T>();
}

impl Argument for Sent<IfMatch> {
    const NEEDS: Needs = Needs { headers: Some(IfMatchHeader::json_schema), ..Needs::NOTHING };
}

/// All arguments of a handler.
pub(super) trait Arguments {
    /// What they need together.
    const NEEDS: Needs;
}

macro_rules! arguments {
    ($($argument:ident)*) => {
        impl<$($argument: Argument),*> Arguments for ($($argument,)*) {
            const NEEDS: Needs = Needs::NOTHING$(.and($argument::NEEDS))*;
        }
    };
}

arguments!();
arguments!(A);
arguments!(A B);
arguments!(A B C);
arguments!(A B C D);
arguments!(A B C D E);
arguments!(A B C D E F);

macro_rules! methods {
    ($($name:ident $method:ident;)*) => {$(
        #[doc = concat!("A `", stringify!($method), "` route.")]
        pub(super) fn $name<H, Args>(path: &'static str, handler: H, summary: &'static str) -> Route
        where
            H: Handler<Args>,
            Args: FromRequest + Arguments + 'static,
            H::Output: Responder + 'static,
        {
            Route::new(Method::$method, path, handler, summary)
        }
    )*};
}

methods! {
    get GET;
    post POST;
    put PUT;
    patch PATCH;
    delete DELETE;
}

impl Route {
    /// A route; what its handler's arguments need is documented with it.
    pub(super) fn new<H, Args>(method: Method, path: &'static str, handler: H, summary: &'static str) -> Self
    where
        H: Handler<Args>,
        Args: FromRequest + Arguments + 'static,
        H::Output: Responder + 'static,
    {
        const {
            assert!(
                Args::NEEDS.access.is_some(),
                "a handler says who may call it: `Public`, `Authenticated`, `Admin` or `ManagementCaller<…>`"
            );
        }
        let needs = Args::NEEDS;
        let mut route = Self {
            handler: web::route().guard(serves(&method)).to(handler),
            method,
            path,
            summary,
            needs,
            replies: Vec::new(),
            is_for_clients: !matches!(needs.access, Some(Access::Admin | Access::ApiToken(_))),
        };
        route = match needs.access {
            None | Some(Access::Public) => route,
            Some(Access::Session) => route.text(400, "There is no valid session"),
            Some(Access::Admin) => route
                .error(401, "The admin token is missing or wrong")
                .error(403, "The server was started without an admin token")
                .error(429, "Too many wrong admin tokens came from this address"),
            Some(Access::ApiToken(_)) => route
                .reply::<ManagementErrorReply>(401, "The API token is missing, wrong or expired")
                .reply::<ManagementErrorReply>(
                    403,
                    "The token lacks the scope, or the console is closed, and how to open it",
                )
                .reply::<ManagementErrorReply>(
                    429,
                    "Too many wrong tokens came from this address, or too many trials run",
                )
                .reply::<ManagementErrorReply>(500, "The store failed; what was in service stays in service"),
        };
        if needs.body.is_some_and(|body| body.takes_forms) {
            route = route.error(400, "The body cannot be used");
            route = route.error(408, "The body came too slowly");
            route = route.error(413, "The body is larger than this route takes, or has too many values");
        } else if needs.body.is_some() {
            route = route
                .reply::<ManagementErrorReply>(400, "The body cannot be used")
                .reply::<ManagementErrorReply>(408, "The body came too slowly")
                .reply::<ManagementErrorReply>(
                    413,
                    "The body is larger than this route takes, or has too many values",
                )
                .reply::<ManagementErrorReply>(503, "The server has too much to do; nothing was done");
        }
        route
    }

    /// It is for those who operate the server or write for it, whatever access it needs.
    pub(super) fn for_operators(mut self) -> Self {
        self.is_for_clients = false;
        self
    }

    /// A JSON reply.
    pub(super) fn reply<T: JsonSchema>(self, status: u16, about: &'static str) -> Self {
        self.with(status, "application/json", about, SchemaGenerator::subschema_for::<T>)
    }

    /// Status 200 with `T`, or with a refusal; another status where the user's session at the CRM is over.
    pub(super) fn answer<T: JsonSchema>(self, about: &'static str) -> Self {
        self.reply::<T>(200, about)
            .reply::<Refusal>(200, "It could not be done, and why")
            .reply::<Refusal>(401, "The session at the CRM is over: the user has to connect again")
    }

    /// A text reply, sent as HTML.
    pub(super) fn text(self, status: u16, about: &'static str) -> Self {
        self.with(status, "text/html", about, String::json_schema)
    }

    /// An error with a message.
    pub(super) fn error(self, status: u16, about: &'static str) -> Self {
        self.reply::<ErrorReply>(status, about)
    }

    /// A reply of another content type.
    pub(super) fn with(
        mut self,
        status: u16,
        content_type: &'static str,
        about: &'static str,
        schema: MakeSchema,
    ) -> Self {
        self.replies.push(Reply { status, content_type: Some(content_type), about, schema });
        self
    }

    /// A reply without a body.
    pub(super) fn empty(mut self, status: u16, about: &'static str) -> Self {
        self.replies.push(Reply { status, content_type: None, about, schema: any_json });
        self
    }

    /// The method's name.
    pub(super) fn method_name(&self) -> &'static str {
        match self.method {
            Method::POST => "POST",
            Method::PUT => "PUT",
            Method::PATCH => "PATCH",
            Method::DELETE => "DELETE",
            _ => "GET",
        }
    }

    /// Serves it.
    pub(super) fn register(self, config: &mut ServiceConfig) {
        config.route(self.path, self.handler);
    }
}

/// Tells what methods a path has to who asks in another one. Comes after all routes: a path may fit a pattern that
/// has the method.
pub(super) fn register_refusal(path: &str, methods: &[&str], config: &mut ServiceConfig) {
    let head = methods.contains(&"GET").then_some("HEAD");
    let allowed = methods.iter().copied().chain(head).chain(["OPTIONS"]).collect::<Vec<_>>().join(", ");
    let refuse = move |request: HttpRequest| ready(reply::method_not_allowed(&request, &allowed));
    config.service(web::resource(path).default_service(web::to(refuse)));
}

/// `GET` answers `HEAD` too: the connection sends the head of such a reply alone.
fn serves(method: &Method) -> impl Guard + use<> {
    let method = method.clone();
    guard::fn_guard(move |context| {
        let asked = &context.head().method;
        *asked == method || (method == Method::GET && *asked == Method::HEAD)
    })
}
