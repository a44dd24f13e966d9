//! The `source` and `opml` commands, as a user runs them.
