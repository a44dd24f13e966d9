//! A list that was rebuilt: the items of before are looked for on the page, the list
//! they stand in is read, and they stay who they were.

use std::collections::HashSet;

use crate::answer::{Failure, FailureKind};
use crate::dedup::{Appearance, recognise};
use crate::extract::html;
use crate::model::{Extraction, ItemId, Known, RawItem, ReadBy, Response, SourceSettings};
use crate::pipeline::SourcePlan;
use crate::source::SourceError;
use crate::store::items::Remembered;
use crate::text::clean_line;

/// Newest items of a source that are looked for.
pub(super) const MEMORY: usize = 80;
/// Items that do not all expire between two polls.
const SEVERAL: usize = 3;
/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// A document's items.
pub(super) struct Recalled {
    pub(super) extraction: Extraction,
    /// They were read in another way than the settings say.
    pub(super) is_healed: bool,
}

/// Returns what was read, or the list in which the items of before stand if what was read
/// holds none of them.
///
/// Fails as the reading failed, or because a list that is found by itself holds nothing
/// that was known: then the page is rather another one than full of news.
pub(super) fn list(
    source: &SourcePlan,
    memory: &[Remembered],
    response: &Response,
    read: Result<Extraction, SourceError>,
) -> Result<Recalled, Failure> {
    let kind = &source.configured.source;
    let fine = |extraction| Ok(Recalled { extraction, is_healed: false });
    if memory.is_empty() || !kind.finds_lists() {
        return match read {
            // The page has text, and never gave an item.
            Ok(extraction) if extraction.items.is_empty() && kind.finds_lists() => {
                Err(empty("the list is empty, and never gave an item", None))
            }
            read => fine(read?),
        };
    }
    let remembered: Vec<Appearance> = memory.iter().map(of_memory).collect();
    if let Ok(extraction) = &read
        && count(&extraction.items, &remembered) > 0
    {
        return fine(read?);
    }
    let lists = kind.lists(response);
    let best = lists
        .iter()
        .map(|items| (count(items, &remembered), items))
        .filter(|(known, items)| is_enough(*known, items.len(), &remembered))
        .max_by_key(|(known, _)| *known);
    if let Some((known, items)) = best {
        let note = format!(
            "the list was rebuilt: {known} of {} items were found again by title, address or date, and are read on; \
             `amtsbote source doctor --patch` prints the block",
            memory.len()
        );
        let items = items.clone();
        let extraction = Extraction {
            items,
            read_by: ReadBy::Structure,
            notes: vec![note],
            incomplete: response.truncated,
            ..Extraction::default()
        };
        return Ok(Recalled { extraction, is_healed: true });
    }
    let proposal = lists.first();
    match read {
        Err(
            error @ (SourceError::ContainerMissing { .. }
            | SourceError::SelectorEmpty { .. }
            | SourceError::NoList { .. }),
        ) => Err(empty(&error.to_string(), proposal)),
        Err(error) => Err(error.into()),
        // One or two items may well expire; several do not go at once.
        Ok(extraction) if extraction.items.is_empty() && memory.len() >= SEVERAL => {
            Err(empty("the list is empty, where several items were", proposal))
        }
        Ok(extraction) if is_elsewhere(&extraction.items, memory) => {
            let message = format!(
                "none of the {} items of before is in the list, and its addresses are others",
                memory.len()
            );
            Err(empty(&message, proposal))
        }
        Ok(extraction) => fine(extraction),
    }
}

fn empty(message: &str, proposal: Option<&Vec<RawItem>>) -> Failure {
    let first = proposal.and_then(|items| items.first()).and_then(|item| item.title.as_deref());
    let proposed = first.map_or_else(String::new, |first| {
        let first = clean_line(&html::text_of(first), 80);
        format!("; what looks like a list now begins with `{first}`")
    });
    Failure::new(FailureKind::EmptySelector, format!("{message}{proposed}"))
}

/// Returns how many items are known ones.
fn count(items: &[RawItem], remembered: &[Appearance]) -> usize {
    let found: Vec<Appearance> = items.iter().map(appearance).collect();
    recognise(&found, remembered).iter().flatten().count()
}

/// Returns whether so many known items make a list the one of before.
fn is_enough(known: usize, items: usize, remembered: &[Appearance]) -> bool {
    known >= 2 || known == 1 && (items <= 3 || remembered.len() <= 2)
}

/// Returns whether no item stands where one of before stood: on the same host in the same folder.
fn is_elsewhere(items: &[RawItem], memory: &[Remembered]) -> bool {
    let folders: HashSet<String> =
        memory.iter().filter_map(|item| folder(item.url.as_deref()?)).collect();
    let linked: Vec<String> =
        items.iter().filter_map(|item| folder(item.link.as_deref()?)).collect();
    !folders.is_empty() && !linked.is_empty() && !linked.iter().any(|place| folders.contains(place))
}

/// Returns host and path of an address without its last part and without numbers in it.
fn folder(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    let (folder, _) = url.path().rsplit_once('/')?;
    let named: Vec<&str> =
        folder.split('/').filter(|part| !part.bytes().all(|byte| byte.is_ascii_digit())).collect();
    Some(format!("{}{}", url.host_str()?, named.join("/")))
}

fn of_memory(item: &Remembered) -> Appearance {
    Appearance {
        title: item.title.clone(),
        url: item.url.clone(),
        day: item.published.map(|at| at.0.div_euclid(DAY)),
    }
}

/// Returns what a raw item can be known again by.
pub fn appearance(item: &RawItem) -> Appearance {
    Appearance {
        title: html::text_of(item.title.as_deref().unwrap_or_default()),
        url: item.link.clone(),
        day: item.published.map(|date| date.at.0.div_euclid(DAY)),
    }
}

/// Finds unknown items among those that have vanished, if so many of them are found that
/// the list was rebuilt rather than one item followed by its like. Returns the indices of
/// those.
pub(super) fn identify(
    settings: &SourceSettings,
    memory: &[Remembered],
    items: &[RawItem],
    known: &mut [Option<Known>],
) -> HashSet<usize> {
    let mut renamed = HashSet::new();
    if settings.kind != "page" {
        return renamed;
    }
    let here: HashSet<ItemId> = known.iter().flatten().map(|known| known.id).collect();
    let gone: Vec<&Remembered> =
        memory.iter().filter(|item| !here.contains(&item.known.id)).collect();
    let unknown: Vec<usize> = (0..items.len()).filter(|index| known[*index].is_none()).collect();
    let found: Vec<Appearance> = unknown.iter().map(|index| appearance(&items[*index])).collect();
    let remembered: Vec<Appearance> = gone.iter().map(|item| of_memory(item)).collect();
    let matched = recognise(&found, &remembered);
    let count = matched.iter().flatten().count();
    if count < 2 && !(count == 1 && here.is_empty()) {
        return renamed;
    }
    for (index, other) in unknown.into_iter().zip(matched) {
        if let Some(other) = other {
            known[index] = Some(gone[other].known.clone());
            renamed.insert(index);
        }
    }
    renamed
}
