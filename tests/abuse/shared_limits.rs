//! Limits that several servers of one store keep together.
