//! Of two readings of a page, the one that says more.

use std::collections::HashSet;

use super::find;
use crate::answer::challenge;
use crate::model::{RawItem, ReadBy};
use crate::source::SourceError;

/// Items and notes.
pub(super) type Selected = (Vec<RawItem>, Vec<String>);

/// Items, the means, and notes.
pub(super) type Read = (Vec<RawItem>, ReadBy, Vec<String>);

/// Returns what a preset's selectors read or what was found by structure: the one that says more.
///
/// Fails if neither has an item.
pub(super) fn better(
    selected: Option<Result<Selected, SourceError>>,
    found: Result<find::Found, SourceError>,
    html: &str,
) -> Result<Read, SourceError> {
    let found = match (found, &selected) {
        (Ok(found), _) => found,
        (Err(error), Some(Ok((items, _)))) if !items.is_empty() => {
            find::Found { why_none: Some(error.to_string()), ..find::Found::default() }
        }
        (Err(error), _) => return Err(error),
    };
    // A preset says where the items are; the finder may say better what they are called.
    if let Some(Ok((items, notes))) = &selected
        && let Some(items) = found.lists.iter().find_map(|list| named_better(&list.items, items))
    {
        return Ok((items, ReadBy::Structure, notes.clone()));
    }
    let list = found.lists.into_iter().find(|list| list.is_sure);
    let worth = |items: &[RawItem]| {
        let dated = items.iter().filter(|item| item.published.is_some()).count();
        let linked = items.iter().filter(|item| item.link.is_some()).count();
        items.len() + dated + linked
    };
    match (selected, list) {
        (Some(Ok((items, notes))), list) if !items.is_empty() => match list {
            Some(list) if worth(&list.items) * 10 > worth(&items) * 13 => {
                Ok((list.items, list.read_by, Vec::new()))
            }
            _ => Ok((items, ReadBy::Selectors, notes)),
        },
        (_, Some(list)) => Ok((list.items, list.read_by, Vec::new())),
        (selected, None) => {
            if let Some(error) = challenged(html) {
                return Err(error);
            }
            match selected {
                Some(Err(error)) => Err(error),
                Some(Ok((items, notes))) => Ok((items, ReadBy::Selectors, notes)),
                None => Err(SourceError::NoList { why: found.why_none.unwrap_or_default() }),
            }
        }
    }
}

/// Returns the entries of a list at all the addresses that a preset found, if their titles tell
/// more of them apart: `Download` is no title.
fn named_better(list: &[RawItem], selected: &[RawItem]) -> Option<Vec<RawItem>> {
    let links: HashSet<&str> = selected.iter().filter_map(|item| item.link.as_deref()).collect();
    let titles = |items: &[RawItem]| -> usize {
        items.iter().filter_map(|item| item.title.as_deref()).collect::<HashSet<_>>().len()
    };
    let is_selected =
        |item: &&RawItem| item.link.as_deref().is_some_and(|link| links.contains(link));
    let same: Vec<RawItem> = list.iter().filter(is_selected).cloned().collect();
    let is_whole = !links.is_empty() && same.len() == links.len();
    (is_whole && titles(&same) > titles(selected)).then_some(same)
}

/// Returns the error of a page that keeps robots out, if it is one.
pub(super) fn challenged(html: &str) -> Option<SourceError> {
    let whose = challenge::of_page(html)?.to_owned();
    Some(SourceError::Challenge { whose })
}
