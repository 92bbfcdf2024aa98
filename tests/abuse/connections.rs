//! Hundreds of connections that send or read slowly.
