//! Finds the list of news on a page that nobody described.
//!
//! Proposes every stretch of siblings that repeats, reads its entries, and weighs
//! what speaks for news (dates that have passed, headings, teasers, links of one
//! kind, words over the section and in addresses) against what speaks for another
//! thing (menus, events, vacancies, services). Structure decides; names of classes
//! are hints. A page without a list gives none.

mod dates;
mod entry;
mod fields;
mod ground;
mod kicker;
mod outline;
mod pin;
mod raw;
mod region;
mod weigh;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use scraper::Html;
use url::Url;

use self::dates::Reading;
pub(in crate::source) use self::entry::is_title;
use self::ground::Ground;
use self::outline::Outline;
pub use self::pin::Pins;
use super::read::Surroundings;
use crate::model::{Exhausted, RawItem, ReadBy, Timestamp};
use crate::source::SourceError;
use crate::text::{Rubric, rubric};

/// A list that was found.
#[derive(Debug)]
pub(super) struct List {
    pub(super) items: Vec<RawItem>,
    /// How sure it is; more is surer.
    pub(super) score: f64,
    /// It is news even to one who knows nothing of the page.
    pub(super) is_sure: bool,
    /// What spoke for it and against it.
    pub(super) reasons: Vec<String>,
    /// Selectors that find the same items, where they were asked for.
    pub(super) pins: Option<Pins>,
    pub(super) read_by: ReadBy,
}

/// What a page was found to hold.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The list of news and the next best, best first; then what may be one to those who
    /// know what stood there.
    pub(super) lists: Vec<List>,
    /// Why there is none, if there is none.
    pub(super) why_none: Option<String>,
}

/// Looks for the list of news.
pub(super) fn find(
    page: &Html,
    around: &Surroundings<'_>,
    now: Option<Timestamp>,
    wants_pins: bool,
) -> Result<Found, SourceError> {
    found(page, around, now, wants_pins).map_err(SourceError::from)
}

fn found(
    page: &Html,
    around: &Surroundings<'_>,
    now: Option<Timestamp>,
    wants_pins: bool,
) -> Result<Found, Exhausted> {
    let budget = around.budget;
    let outline = Outline::of(page, budget)?;
    let reading = Reading { zone: around.zone, now };
    let hits = dates::hits(&outline, reading, budget)?;
    let own = Url::parse(around.page).ok();
    let mut menu = HashSet::new();
    let mut links = HashMap::new();
    for el in &outline.anchors {
        let Some(href) = outline.els[*el].node.attr("href") else {
            continue;
        };
        budget.step(href.len())?;
        let Some(url) = around.resolve(href) else {
            continue;
        };
        if leads_to_page(&outline, *el, href.trim(), &url, own.as_ref()) {
            links.insert(*el, url.clone());
        }
        if outline.els[*el].is_chrome {
            menu.insert(url);
        }
    }
    let mut folders: HashMap<String, Option<Rubric>> = HashMap::new();
    let mut rubrics = HashMap::new();
    for link in links.values() {
        let folder = ground::folder(link);
        budget.step(folder.len())?;
        // Words are compared once a folder: lists have most links in one.
        let said = folders.entry(folder).or_insert_with_key(|folder| rubric(folder));
        rubrics.insert(link.clone(), *said);
    }
    let is_heading = |el: &usize| entry::is_heading(outline.els[*el].name);
    let headings = (0..outline.els.len()).filter(is_heading).collect();
    let ground = Ground {
        outline: &outline,
        hits: &hits,
        reading,
        around,
        own,
        menu,
        links,
        headings,
        rubrics,
        budget,
    };
    let (choices, why_none) = weigh::choose(&ground, page)?;
    let lists = choices
        .into_iter()
        .map(|choice| List {
            items: choice.entries.iter().map(|entry| raw::item(&ground, entry)).collect(),
            score: choice.score,
            is_sure: choice.is_sure,
            pins: wants_pins.then(|| pin::pins(&ground, page, &choice)).flatten(),
            reasons: choice.reasons,
            read_by: ReadBy::Structure,
        })
        .collect();
    Ok(Found { lists, why_none })
}

fn leads_to_page(
    outline: &Outline<'_>,
    el: usize,
    href: &str,
    url: &str,
    own: Option<&Url>,
) -> bool {
    if href.starts_with('#') || outline.els[el].node.attr("rel").is_some_and(names_tag) {
        return false;
    }
    let Ok(url) = Url::parse(url) else {
        return false;
    };
    let file = url.path().rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_picture =
        matches!(ending, "jpg" | "jpeg" | "png" | "gif" | "webp" | "svg" | "mp4" | "ics");
    let is_here = own.is_some_and(|own| {
        own.host_str() == url.host_str() && own.path() == url.path() && own.query() == url.query()
    });
    !is_picture && !is_here
}

/// Returns whether the relation of a link says that it leads to a tag, a category or an author.
fn names_tag(rel: &str) -> bool {
    rel.split_ascii_whitespace()
        .any(|word| matches!(word, "tag" | "category" | "author" | "next" | "prev"))
}
