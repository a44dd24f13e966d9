//! Whether an item that says something else returns in a digest.
//!
//! It returns if readers had it and it changed in substance: its story was told
//! by some series, it leads the story (theirs are the words that the mail
//! showed), and it may be mailed at all. What others of the story change is
//! newer text in the archive. It returns once a day at most; what comes sooner
//! waits and is told as one change.

use std::time::Duration;

use crate::dedup::{self, Said};
use crate::model::{Item, ItemId, Timestamp};
use crate::store::{StoreError, Transaction, digests, items};

/// Least time between two returns of an item.
const AT_MOST_EVERY: Duration = Duration::from_hours(24);
/// So many changed items of one poll are always news.
const ALWAYS_NEWS: usize = 3;

/// Returns what changed in substance in an item that readers had, in words for them;
/// none if it does not return. To be asked before the item is rewritten.
pub(super) fn change(
    tx: &Transaction<'_>,
    id: ItemId,
    item: &Item,
) -> Result<Option<String>, StoreError> {
    let Some(before) = items::get(tx, id)? else { return Ok(None) };
    // A text that was let go after its period has nothing to be compared with.
    if before.withheld || (before.text.is_empty() && !item.text.is_empty()) {
        return Ok(None);
    }
    let said = dedup::change(
        &Said { title: &before.title, text: &before.text, documents: &before.details.documents },
        &Said { title: &item.title, text: &item.text, documents: &item.documents },
    );
    let Some(said) = said else { return Ok(None) };
    if digests::told_in(tx, before.story)?.is_empty() {
        return Ok(None);
    }
    let leads = items::of_story(tx, before.story)?.first().is_none_or(|lead| lead.id == id);
    Ok(leads.then_some(said))
}

/// Returns whether so many changes at once are the site's rebuilding and no news: then
/// none of them returns.
pub(super) fn is_rebuilt(changed: usize, known: usize) -> bool {
    changed > ALWAYS_NEWS && changed * 2 > known
}

/// Lets the item return, now or as soon as it may.
pub(super) fn tell(
    tx: &Transaction<'_>,
    id: ItemId,
    change: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    if let Some(waiting) = items::waiting_change(tx, id)? {
        return items::let_wait(tx, id, &dedup::with_more(&waiting, change), now);
    }
    match items::last_change(tx, id)? {
        // No digest has taken it yet: the reader gets one entry that says both.
        Some(last) if last.receipt > digests::furthest_receipt(tx)? => {
            items::amend_change(tx, last.receipt, &dedup::with_more(&last.change, change))
        }
        Some(last) if now.since(last.at) < AT_MOST_EVERY => {
            items::let_wait(tx, id, change, last.at.after(AT_MOST_EVERY))
        }
        _ => items::tell_change(tx, id, now, change),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rebuilt_site_is_no_news() {
        assert!(!is_rebuilt(3, 3));
        assert!(is_rebuilt(4, 7));
        assert!(!is_rebuilt(4, 8));
        assert!(!is_rebuilt(0, 0));
    }
}
