//! JSONPath expressions and patterns that would work for minutes.
