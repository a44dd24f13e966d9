//! Entries as raw items.

use url::Url;

use super::entry::Entry;
use super::ground::Ground;
use crate::extract::html::escape;
use crate::model::{Date, RawItem};
use crate::source::page::read::{documents, own_anchor, release_number};
use crate::text::date;

/// Returns the entry as the page said it.
pub(super) fn item(ground: &Ground<'_>, entry: &Entry) -> RawItem {
    let outline = ground.outline;
    let mut raw = RawItem {
        title: Some(escape(&entry.title)),
        link: entry.link.clone(),
        summary_html: Some(escape(&entry.teaser)).filter(|teaser| !teaser.is_empty()),
        published: entry.date,
        ..RawItem::default()
    };
    let own = outline.els_in(&entry.span).next().map(|el| &outline.els[el]);
    let own = own.filter(|el| el.span == entry.span);
    if raw.link.is_none()
        && let Some(anchor) = own.and_then(|el| own_anchor(el.node))
    {
        raw.link = ground.around.place(&anchor);
        raw.guid = Some(format!("#{anchor}"));
    }
    // It would be known by title and date: one that moves with the day of reading is no name.
    if raw.link.is_none() && entry.is_near {
        raw.published = None;
    }
    if raw.published.is_none() {
        let path = raw.link.as_deref().and_then(|link| Url::parse(link).ok());
        raw.published = path
            .and_then(|url| date::from_path(url.path(), ground.around.zone))
            .map(|date| Date { is_guess: true, ..date });
    }
    raw.categories.extend(entry.category.clone());
    let words = outline.joined(outline.pieces_in(&entry.span).iter().take(12), 300);
    if let Some(number) = release_number(&words) {
        raw.categories.push(number);
    }
    if let Some(el) = own {
        raw.enclosures =
            documents(el.node, raw.link.as_deref(), raw.title.as_deref(), ground.around);
    }
    raw
}
