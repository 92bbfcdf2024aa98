//! What clients' connections may do: how long they may be idle, send a head and leave a reply unread.

use std::any::Any;
use std::time::Duration;

use actix_web::rt::net::TcpStream;

/// How long a connection may be idle between two requests. Load balancers close theirs after a minute, and should be
/// the first to close.
pub(super) const IDLE: Duration = Duration::from_secs(75);

/// How long the head of a request may take.
pub(super) const HEAD: Duration = Duration::from_secs(5);

/// How long a client may leave a reply unread, and how many bytes of it the system keeps. By itself the system would
/// keep megabytes.
const UNREAD: Duration = Duration::from_secs(30);
const KEPT: usize = 256 * 1024;

/// Worker threads where nothing else is set: the number of cores.
pub(super) fn usual_workers() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

/// Bounds what a client that does not read its reply costs.
pub(super) fn limit_unread(connection: &dyn Any) {
    #[cfg(unix)]
    if let Some(stream) = connection.downcast_ref::<TcpStream>() {
        let socket = socket2::SockRef::from(stream);
        let bounded = socket.set_send_buffer_size(KEPT);
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let bounded = bounded.and_then(|()| socket.set_tcp_user_timeout(Some(UNREAD)));
        if let Err(error) = bounded {
            tracing::debug!(%error, "what a client leaves unread is not bounded");
        }
    }
    #[cfg(not(unix))]
    let _ = connection;
}

/// Raises the limit of open files as far as the process may, and returns how many connections of clients it allows: a
/// quarter is left to the CRM, the store and files.
pub(crate) fn allowed_by_open_files() -> usize {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        if limit.current != limit.maximum {
            limit.current = limit.maximum;
            if let Err(error) = setrlimit(Resource::Nofile, limit) {
                tracing::debug!(%error, "the limit of open files stays as it is");
            }
        }
        let files = getrlimit(Resource::Nofile).current;
        files.and_then(|files| usize::try_from(files).ok()).map_or(usize::MAX, |files| files - files / 4)
    }
    #[cfg(not(unix))]
    usize::MAX
}
