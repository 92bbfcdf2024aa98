//! Requests that would make very many requests to the CRM, or go on after their client has gone.
