//! WHAT to ask and how to read the answer: one file per kind of source.
//!
//! A kind does no I/O: it says what to ask and reads the answer, so it is
//! tested with bytes. Conditional requests, robots.txt, documents' sizes and
//! detail pages are the pipeline's, the same for every kind.

pub mod feed;
pub mod json;
mod kind;
pub mod mail;
mod newsletter;
pub mod oparl;
pub mod page;
pub mod sitemap;

pub use kind::{
    Configured, Documents, Kind, MARK, Mailbox, Source, SourceError, Walk, WalkEnd, Walked,
    extract_all,
};

/// Every kind, in the order of the documentation.
pub const KINDS: &[Kind] =
    &[feed::KIND, page::KIND, sitemap::KIND, json::KIND, oparl::KIND, mail::KIND];

// The example of docs/RECIPES.md is compiled, so that it stays true.
#[cfg(test)]
#[path = "../../tests/fixtures/recipes/table.rs"]
mod recipe;
#[cfg(test)]
const _: &Kind = &recipe::KIND;
