//! The HTTP client against good, slow and hostile servers on loopback.
