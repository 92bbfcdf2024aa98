//! Replies of a CRM that are large, odd or late.
