//! Templates that would work for minutes or build gigabytes.
