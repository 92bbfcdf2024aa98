//! A disk that fills while the embedded store writes.
