//! Tokens, sessions and settings of others.
