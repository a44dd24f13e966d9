//! Conditional requests and freshness.
