//! Documents that did not hang at an item before, and those that another one replaced.

use crate::model::Document;
use crate::text;

/// How a document differs from those that hung there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Differs {
    /// It hung there under no address and no name.
    New,
    /// Another file stands at its address.
    Replaced,
}

/// Returns how a document differs from those before. Files move when a site is rebuilt: one of
/// the same name is the same, wherever it stands.
pub(super) fn difference(document: &Document, before: &[Document]) -> Option<Differs> {
    // Without a format or a size it is a link like any other.
    if document.format.is_empty() && document.size.is_none() {
        return None;
    }
    if let Some(known) = before.iter().find(|known| address(&known.url) == address(&document.url)) {
        return is_other_file(known, document).then_some(Differs::Replaced);
    }
    let is_known = before.iter().any(|known| {
        file_name(known).is_some_and(|name| Some(name) == file_name(document))
            || (!known.title.is_empty() && letters(&known.title) == letters(&document.title))
    });
    (!is_known).then_some(Differs::New)
}

/// Returns whether the sizes differ by more than words such as "1,5 MB" round: a twentieth.
fn is_other_file(known: &Document, document: &Document) -> bool {
    known.size.zip(document.size).is_some_and(|(was, is)| was.abs_diff(is) > was.max(is) / 20)
}

fn address(url: &str) -> &str {
    let url = url.split('#').next().unwrap_or_default();
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

/// Returns the name of the file, where the address ends in one: `loadDocument.phtml` hands out
/// many.
fn file_name(document: &Document) -> Option<&str> {
    let path = document.url.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next()?;
    let (_, ending) = name.rsplit_once('.')?;
    ending.eq_ignore_ascii_case(&document.format).then_some(name)
}

fn letters(text: &str) -> String {
    text::fold(text).chars().filter(|letter| letter.is_alphanumeric()).collect()
}
