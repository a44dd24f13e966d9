//! READ: what the kinds of source share: documents out of noise and text out of
//! markup. Dates are read by `text::date`.
//!
//! Everything here takes hostile bytes: each function is linear in its input,
//! uses no recursion over it, and never panics.

pub mod article;
pub mod document;
pub mod feed;
pub mod file;
pub mod html;
pub mod json;
pub mod mail;
pub mod opml;
pub mod pdf;
pub mod records;
pub mod scripts;
pub mod sniff;

mod attributes;
mod convert;
mod fallback;
mod markup;
mod reference;
mod repair;
mod rhythm;
mod survey;
mod value;
mod vocabulary;

/// Why a document gave no items.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// No bytes but white space.
    #[error("the document is empty")]
    Empty,
    /// It is something else.
    #[error("not a feed but {found}")]
    NotAFeed {
        /// What it seems to be, for example `an HTML page`.
        found: String,
    },
    /// A page that asks for a browser, a cookie or a proof of being human.
    #[error("a challenge for robots answers instead of the source: {whose}")]
    Challenge { whose: String },
    /// It would cost too much to read.
    #[error("the document is too large or too deep: {reason}")]
    TooMuch {
        /// The bound that it broke.
        reason: String,
    },
    /// It is a feed, but nothing could read its entries.
    #[error("unreadable feed: {reason}")]
    Unreadable {
        /// What the parser said.
        reason: String,
    },
}
