//! A route as data: what is served, and how it is described. One value does both, so that no route
//! can be served without being documented.

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpRequest, Responder};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::admin::Admin;
use super::body::Body;
use super::management::{IfMatch, ManagementCaller, Members, Sent, Text, scope};
use super::public::Public;
use super::session::Authenticated;
use crate::api::connectors::ManagementErrorReply;
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
    /// An object whose members are query parameters.
    pub(super) query: Option<MakeSchema>,
    /// An object whose members are header parameters.
    pub(super) headers: Option<MakeSchema>,
    pub(super) body: Option<MakeSchema>,
    /// Whether the body may be a form as well.
    pub(super) takes_forms: bool,
    pub(super) replies: Vec<Reply>,
    handler: actix_web::Route,
}

pub(super) type MakeSchema = fn(&mut SchemaGenerator) -> Schema;

/// The schema of a text that is no JSON.
pub(super) fn text(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({"type": "string"})
}

/// What a route answers with a status.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Needs {
    /// Absent if no argument says so.
    pub(super) access: Option<Access>,
    /// A body.
    pub(super) body: bool,
}

impl Needs {
    const NOTHING: Self = Self { access: None, body: false };

    const fn access(access: Access) -> Self {
        Self { access: Some(access), body: false }
    }

    /// What two arguments need together.
    const fn and(self, other: Self) -> Self {
        let access = match (self.access, other.access) {
            (Some(_), Some(_)) => panic!("two arguments of a handler say who may call it"),
            (Some(access), None) | (None, Some(access)) => Some(access),
            (None, None) => None,
        };
        Self { access, body: self.body || other.body }
    }
}

/// An argument of a handler.
pub(super) trait Argument {
    /// What it needs.
    const NEEDS: Needs = Needs::NOTHING;
}

impl Argument for HttpRequest {}
impl<T> Argument for web::Data<T> {}
impl<T> Argument for web::Path<T> {}
impl<T> Argument for Option<T> {}

impl Argument for Authenticated {
    const NEEDS: Needs = Needs::access(Access::Session);
}

impl Argument for Admin {
    const NEEDS: Needs = Needs::access(Access::Admin);
}

// Not as they are: who has no token reads that, whatever else is wrong.
impl Argument for Sent<Members> {}
impl Argument for Sent<Text> {}
impl Argument for Sent<IfMatch> {}

impl<S: scope::Scope> Argument for ManagementCaller<S> {
    const NEEDS: Needs = Needs::access(Access::ApiToken(S::NEEDED));
}

impl Argument for Public {
    const NEEDS: Needs = Needs::access(Access::Public);
}

impl Argument for Body {
    const NEEDS: Needs = Needs { body: true, ..Needs::NOTHING };
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
            handler: web::method(method.clone()).to(handler),
            method,
            path,
            summary,
            needs,
            query: None,
            headers: None,
            body: None,
            takes_forms: true,
            replies: Vec::new(),
        };
        route = match needs.access {
            None | Some(Access::Public) => route,
            Some(Access::Session) => route.text(400, "There is no valid session"),
            Some(Access::Admin) => route
                .error(401, "The admin token is missing or wrong")
                .error(403, "The server was started without an admin token"),
            Some(Access::ApiToken(_)) => route
                .reply::<ManagementErrorReply>(401, "The API token is missing, wrong or expired")
                .reply::<ManagementErrorReply>(
                    403,
                    "The token lacks the scope, or the console is closed, and how to open it",
                )
                .reply::<ManagementErrorReply>(429, "Too many wrong tokens came from this address")
                .reply::<ManagementErrorReply>(500, "The store failed; what was in service stays in service"),
        };
        if needs.body {
            route = route.error(400, "The body cannot be used");
            route = route.error(413, "The body is larger than 10 MiB");
        }
        route
    }

    /// The query parameters: the members of `T`.
    pub(super) fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(T::json_schema);
        self
    }

    /// The request headers that are read: the members of `T`.
    pub(super) fn headers<T: JsonSchema>(mut self) -> Self {
        self.headers = Some(T::json_schema);
        self
    }

    /// The body: `T`, as JSON or as a form.
    pub(super) fn body<T: JsonSchema>(mut self) -> Self {
        self.body = Some(SchemaGenerator::subschema_for::<T>);
        self
    }

    /// The body: `T` as JSON.
    pub(super) fn json_body<T: JsonSchema>(mut self) -> Self {
        self.takes_forms = false;
        self.body::<T>()
    }

    /// A JSON reply.
    pub(super) fn reply<T: JsonSchema>(self, status: u16, about: &'static str) -> Self {
        self.with(status, "application/json", about, SchemaGenerator::subschema_for::<T>)
    }

    /// Status 200 with `T`, or with a refusal.
    pub(super) fn answer<T: JsonSchema>(self, about: &'static str) -> Self {
        self.reply::<T>(200, about).reply::<Refusal>(200, "It could not be done, and why")
    }

    /// A text reply, sent as HTML.
    pub(super) fn text(self, status: u16, about: &'static str) -> Self {
        self.with(status, "text/html", about, String::json_schema)
    }

    /// An error with a message.
    pub(super) fn error(self, status: u16, about: &'static str) -> Self {
        self.reply::<crate::api::Error>(status, about)
    }

    /// A reply of another content type.
    pub(super) fn with(
        mut self,
        status: u16,
        content_type: &'static str,
        about: &'static str,
        schema: MakeSchema,
    ) -> Self {
        self.replies.push(Reply { status, content_type, about, schema });
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
