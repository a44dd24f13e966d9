//! `RawItem` → `Item`: who an item is, canonical URLs, clean text.
//!
//! Nothing here looks at a clock or at what is stored: [`keys`] sees one
//! document, [`item()`] one item.

mod document;
mod identity;
mod item;
mod key;
mod numbers;
mod text;
pub mod url;

pub use crate::extract::file::{format_of, format_of_media_type};
pub use item::item;
pub use key::{Keyed, keys, raw_hash};
pub use url::clean as clean_url;

#[cfg(test)]
mod tests;
