//! The ways in that take long, many connections or much memory.

mod connections;
mod full_disk;
mod shared_limits;
