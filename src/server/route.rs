//! A route as data: what is served, and how it is described.

use actix_web::http::Method;
use actix_web::web::ServiceConfig;
use actix_web::{FromRequest, Handler, Responder};

/// One method of one path.
pub(super) struct Route {
    /// The method.
    pub(super) method: Method,
    /// The path pattern, such as `/calldown/{id}`.
    pub(super) path: &'static str,
    handler: actix_web::Route,
}

fn route<H, Args>(method: Method, path: &'static str, handler: H) -> Route
where
    H: Handler<Args>,
    Args: FromRequest + 'static,
    H::Output: Responder + 'static,
{
    Route { handler: actix_web::web::method(method.clone()).to(handler), method, path }
}

macro_rules! methods {
    ($($name:ident $method:ident $doc:literal;)*) => {
        $(
            #[doc = $doc]
            pub(super) fn $name<H, Args>(path: &'static str, handler: H) -> Route
            where
                H: Handler<Args>,
                Args: FromRequest + 'static,
                H::Output: Responder + 'static,
            {
                route(Method::$method, path, handler)
            }
        )*
    };
}

methods! {
    get GET "A `GET` route.";
    post POST "A `POST` route.";
    put PUT "A `PUT` route.";
    patch PATCH "A `PATCH` route.";
    delete DELETE "A `DELETE` route.";
}

impl Route {
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
