//! What must never bring the server down: slow and hostile clients, nonsense from a CRM, pathological documents.
//! Each file has one way in. While it is tried, others have to be served (`support::pulse`).

mod accounts;
mod amplification;
mod bodies;
mod composition;
mod crm_replies;
mod documents;
mod http;
mod overload;
mod paths;
mod templates;
