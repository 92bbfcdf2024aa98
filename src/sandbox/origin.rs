//! Where the client of a request believes the sandbox to be: answers name addresses of it.

use actix_web::HttpRequest;

/// Scheme and host, without a slash at the end.
pub(super) fn origin(request: &HttpRequest) -> String {
    let connection = request.connection_info();
    format!("{}://{}", connection.scheme(), connection.host())
}
