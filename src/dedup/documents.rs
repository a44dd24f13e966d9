//! Documents that did not hang at an item before.

use crate::model::Document;
use crate::text;

/// A document that did not hang there before, under whatever address: files
/// move when a site is rebuilt.
pub(super) fn is_new_document(document: &Document, before: &[Document]) -> bool {
    // Without a format or a size it is a link like any other.
    let is_file = !document.format.is_empty() || document.size.is_some();
    is_file
        && !before.iter().any(|known| {
            address(&known.url) == address(&document.url)
                || file_name(&known.url) == file_name(&document.url)
                || (!known.title.is_empty() && letters(&known.title) == letters(&document.title))
        })
}

fn address(url: &str) -> &str {
    let url = url.split('#').next().unwrap_or_default();
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

fn file_name(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

fn letters(text: &str) -> String {
    text::fold(text).chars().filter(|letter| letter.is_alphanumeric()).collect()
}
