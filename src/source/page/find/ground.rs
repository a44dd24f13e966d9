//! What is known of a page before any list is chosen, and what a list is made of.

use std::collections::{HashMap, HashSet};

use url::Url;

use super::dates::{Hit, How, Reading};
use super::outline::{Outline, Span};
use crate::model::Budget;
use crate::source::page::read::Surroundings;
use crate::text::{Rubric, rubric};

/// The page and all that was gathered before any region is read.
pub(super) struct Ground<'a> {
    pub(super) outline: &'a Outline<'a>,
    pub(super) hits: &'a [Hit],
    pub(super) reading: Reading,
    pub(super) around: &'a Surroundings<'a>,
    pub(super) own: Option<Url>,
    /// Where the page's menus lead.
    pub(super) menu: HashSet<String>,
    /// Where each anchor leads, if to a page or a document.
    pub(super) links: HashMap<usize, String>,
    /// All headings.
    pub(super) headings: Vec<usize>,
    /// What the folders of those links say.
    pub(super) rubrics: HashMap<String, Option<Rubric>>,
    pub(super) budget: &'a Budget,
}

impl Ground<'_> {
    pub(super) fn hits_in(&self, span: &Span) -> &[Hit] {
        let from = self.hits.partition_point(|hit| hit.at < span.start);
        let to = self.hits.partition_point(|hit| hit.at < span.end);
        &self.hits[from..to]
    }

    pub(super) fn hits_at(&self, at: u32) -> Option<&Hit> {
        self.hits_in(&(at..at + 1)).first()
    }

    /// Returns whether the text at that place is a date and little else.
    pub(super) fn is_date(&self, at: u32) -> bool {
        self.hits_at(at).is_some_and(|hit| hit.how == How::Alone)
    }

    pub(super) fn is_pure_date(&self, at: u32) -> bool {
        self.hits_at(at).is_some_and(|hit| hit.is_pure)
    }

    /// Returns whether the text at that place is part of a date put together from several.
    pub(super) fn is_parted_date(&self, at: u32) -> bool {
        let before = self.hits.partition_point(|hit| hit.at <= at);
        before.checked_sub(1).and_then(|index| self.hits.get(index)).is_some_and(|hit| {
            let el = &self.outline.els[hit.el];
            hit.is_pure && el.span.start == hit.at && el.span.contains(&at)
        })
    }

    /// Returns where an anchor leads, if that is a page or a document: no picture, no place on
    /// this page, no tag.
    pub(super) fn page_link(&self, el: usize) -> Option<&str> {
        self.links.get(&el).map(String::as_str)
    }

    /// Returns the headings that begin within the span.
    pub(super) fn headings_in(&self, span: &Span) -> &[usize] {
        let begins = |place: u32| {
            self.headings.partition_point(|el| self.outline.els[*el].span.start < place)
        };
        &self.headings[begins(span.start)..begins(span.end)]
    }

    /// Returns what the folder of an address says.
    pub(super) fn rubric_of(&self, link: &str) -> Option<Rubric> {
        self.rubrics.get(link).copied().unwrap_or_else(|| rubric(&folder(link)))
    }
}

/// Returns the path of an address without its last part.
pub(super) fn folder(link: &str) -> String {
    let Ok(url) = Url::parse(link) else {
        return String::new();
    };
    let path = url.path().trim_end_matches('/');
    path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.replace('/', " "))
}

/// Repeated stretches within one element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Region {
    /// The element that holds them.
    pub(super) parent: usize,
    pub(super) items: Vec<Span>,
    /// The element of each item, or the one that heads it.
    pub(super) els: Vec<usize>,
    /// Items are stretches of siblings, not elements.
    pub(super) is_flat: bool,
    /// Items stand in several elements of the one that holds them.
    pub(super) is_spread: bool,
}
