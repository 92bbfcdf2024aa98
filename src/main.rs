//! The `app-connect` command.
fn main() {}
