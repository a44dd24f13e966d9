//! Who may name whom (docs/ARCHITECTURE.md), checked against the sources.
