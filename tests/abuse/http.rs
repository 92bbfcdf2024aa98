//! HTTP manners: methods, headers, statuses.
