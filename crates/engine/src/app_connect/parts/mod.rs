//! What the inputs of several operations have in common.

pub(super) mod appointment_by_id;
pub(super) mod assigned_user;
pub(super) mod client_request;
pub(super) mod message_log;
