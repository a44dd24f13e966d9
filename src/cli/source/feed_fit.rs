//! Whether a feed brings what a page lists: by overlap, freshness and kind, never because
//! it is announced first.

use crate::dedup::recognise;
use crate::model::RawItem;
use crate::pipeline::appearance;
use crate::text::{Rubric, rubric};

/// Items of the page that a feed is compared with: feeds are often short.
const MOST: usize = 12;
/// Milliseconds by which a feed may lag behind the page.
const STALE: i64 = 30 * 86_400_000;

/// Returns why the feed stands for the page.
///
/// Fails with the reason why it does not: it holds other things, or is forsaken.
pub(super) fn judge(page: &[RawItem], feed: &[RawItem]) -> Result<String, String> {
    if !page.is_empty() {
        let newest: Vec<_> = page.iter().take(MOST).map(appearance).collect();
        let brought: Vec<_> = feed.iter().take(200).map(appearance).collect();
        let common = recognise(&newest, &brought).iter().flatten().count();
        let most = newest.len().min(brought.len()).min(MOST);
        if common * 2 < most.max(1) {
            return Err(format!("only {common} of {most} items of the page are in it"));
        }
        if let Some((page, feed)) = latest(page).zip(latest(feed))
            && page - feed > STALE
        {
            return Err("its newest item is more than a month older than the page's".to_owned());
        }
        return Ok(format!("{common} of {most} items of the page are in it"));
    }
    let events = feed.iter().filter(|item| leads_to_events(item)).count();
    if events * 2 > feed.len() {
        return Err("it holds events".to_owned());
    }
    Ok("the page itself lists nothing".to_owned())
}

/// Judges as [`judge`] does where the entries of a sitemap have no titles: by their addresses.
pub(super) fn judge_links(page: &[RawItem], entries: &[RawItem]) -> Result<String, String> {
    let has = |link: &str| entries.iter().any(|entry| entry.link.as_deref() == Some(link));
    let common = page.iter().filter(|item| item.link.as_deref().is_some_and(has)).count();
    if common * 2 < page.len().max(1) {
        return Err(format!("only {common} of {} items of the page are in it", page.len()));
    }
    Ok(format!("{common} of {} items of the page are in it", page.len()))
}

fn latest(items: &[RawItem]) -> Option<i64> {
    items.iter().filter_map(|item| item.published).map(|date| date.at.0).max()
}

fn leads_to_events(item: &RawItem) -> bool {
    item.link.as_deref().and_then(rubric) == Some(Rubric::Events)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(title: &str, link: &str) -> RawItem {
        RawItem { title: Some(title.to_owned()), link: Some(link.to_owned()), ..RawItem::default() }
    }

    #[test]
    fn a_feed_of_events_does_not_replace_a_list_of_news() {
        let page = [
            item("Brücke wird gesperrt", "https://a.example/news/1"),
            item("Neues Portal ist online", "https://a.example/news/2"),
        ];
        let events = [item("Orgelkonzert", "https://a.example/veranstaltungen/1")];
        assert!(judge(&page, &events).is_err());
        assert!(judge(&[], &events).is_err());
        let news = [
            item("Neues Portal ist online", "https://a.example/?id=2"),
            item("Brücke wird gesperrt", "https://a.example/?id=1"),
        ];
        assert_eq!(judge(&page, &news).as_deref(), Ok("2 of 2 items of the page are in it"));
        assert!(judge(&[], &news).is_ok());
    }
}
