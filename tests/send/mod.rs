//! Sending over real sockets: every kind of failure, redirects, bodies, the egress guard, and what
//! goes onto the wire.

mod bodies;
mod egress;
mod failures;
mod proxies;
mod redirects;
mod server;
mod tls;
mod wire;
