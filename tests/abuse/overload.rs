//! More requests and connections than the server can serve.
