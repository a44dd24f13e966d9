//! Kind `page`: a list of news on a web page.
//!
//! Without selectors the list is found by its structure (`find`). A preset is tried
//! first and only helps: where it finds nothing, or less, the finder's list is read.
//! Selectors of the admin's own are the last word: a list that they miss is an error
//! (the page was rebuilt), an empty one is not.

mod choose;
mod detail;
pub mod discover;
mod embedded;
mod find;
mod issues;
mod presets;
mod read;
mod selectors;

use std::fmt;

use chrono_tz::Tz;
use scraper::{Html, Selector};
use url::Url;

use crate::extract::{document, sniff};
use crate::model::{
    Budget, Cursor, Extraction, RawItem, ReadBy, Reader, Response, SourceSettings, Timestamp,
    suggestion,
};
use crate::source::{Kind, Source, SourceError, Walk};
use crate::text::date;
use choose::{Selected, better, challenged};
pub use detail::{DetailRead, check_detail, read_article, read_detail};
pub use find::Pins;
pub(super) use find::is_title;
use presets::{PRESETS, Preset};
use read::{ListSelectors, Surroundings};
use selectors::{Picks, parse_css};

pub(super) const KIND: Kind = Kind {
    name: "page",
    summary: "a list of news on a web page, found by itself or read with CSS selectors",
    example: r#"[[source]]
id = "kitu"
name = "KITU"
kind = "page"
url = "https://www.kitu-genossenschaft.de/"
# The list is found by itself. To pin it, a preset or selectors, each `css` or
# `css@attribute`; commas: tried in order.
# [source.page]
# preset = "ikiss"                     # or, without it:
# list = ".result-list"                # must be there, else an error; an empty list is fine
# item = "li"
# title = "h3"                         # left out: the words of the item
# link = "a@href"                      # "@href" alone: of the item itself
# date = "time@datetime, ^ .date"      # "^ .date": the nearest preceding sibling that matches
# summary = "p"
# exclude = ".related"                 # taken off the page first
# only_hosts = ["kitu-genossenschaft.de"]   # links to other hosts are dropped with their items
# issues = true                        # the entries are issues of a newsletter, split into stories
"#,
    build,
};

/// Keys that name a selector, with the role in messages.
const SELECTOR_KEYS: [&str; 6] = ["list", "item", "title", "link", "date", "summary"];

fn build(reader: &mut Reader<'_>, settings: &SourceSettings) -> Option<Box<dyn Source>> {
    if !reader.has("page") {
        return Some(Box::new(Page::unpinned(settings)));
    }
    let table = reader.table("page")?;
    let mut inner = reader.inner(table, "page");
    let page = Page::from_settings(&mut inner, settings);
    inner.finish();
    page.map(|page| Box::new(page) as Box<dyn Source>)
}

/// A configured list.
struct Page {
    /// Selectors in the order they are tried.
    shapes: Vec<ListSelectors>,
    /// The selectors are the admin's own: nothing else is looked for.
    is_pinned: bool,
    exclude: Option<Selector>,
    only_hosts: Vec<String>,
    zone: Tz,
    /// Its entries are issues of a newsletter, each split into its stories.
    has_issues: bool,
    /// The address of the list.
    home: String,
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lists: Vec<&str> = self.shapes.iter().map(|shape| shape.list_source.as_str()).collect();
        f.debug_struct("Page").field("lists", &lists).finish_non_exhaustive()
    }
}

impl Page {
    /// Returns a page whose list is to be found.
    fn unpinned(settings: &SourceSettings) -> Self {
        Self {
            shapes: Vec::new(),
            is_pinned: false,
            exclude: None,
            only_hosts: Vec::new(),
            zone: settings.timezone,
            has_issues: false,
            home: settings.url.clone(),
        }
    }

    fn from_settings(reader: &mut Reader<'_>, settings: &SourceSettings) -> Option<Self> {
        let preset = match reader.text("preset") {
            Some(name) => Some(named_preset(reader, &name)?),
            None => None,
        };
        let own = SELECTOR_KEYS.map(|key| reader.text(key));
        let exclude =
            reader.text("exclude").and_then(|css| checked(reader, "exclude", parse_css(&css)));
        let has_issues = reader.flag("issues").unwrap_or_default();
        let mut only_hosts: Vec<String> = Vec::new();
        for (host, place) in reader.texts("only_hosts").unwrap_or_default() {
            let host = host.trim().to_ascii_lowercase();
            if host.is_empty() || host.contains(['/', ':', '*', ' ']) {
                let message = format!("`{host}` is not a host name such as `example.de`");
                reader.problem_at(place, "only_hosts", message);
            }
            only_hosts.push(host);
        }
        if !only_hosts.is_empty() {
            only_hosts.extend(host_of(&settings.url));
        }
        let mut shapes = Vec::new();
        let written = preset.map_or(&[] as &[_], |preset: &Preset| preset.shapes);
        let is_pinned = own[0].is_some() || own[1].is_some();
        if written.is_empty() && own.iter().any(Option::is_some) {
            let missing: Vec<&str> =
                ["list", "item"].into_iter().filter(|key| !reader.has(key)).collect();
            for key in &missing {
                reader.problem(key, format!("missing key `{key}`, as no `preset` is named"));
            }
            if !missing.is_empty() {
                return None;
            }
            shapes.push(list_selectors(reader, &own, [""; 6])?);
        }
        for shape in written {
            let defaults =
                [shape.list, shape.item, shape.title, shape.link, shape.date, shape.summary];
            shapes.push(list_selectors(reader, &own, defaults)?);
        }
        let (zone, home) = (settings.timezone, settings.url.clone());
        Some(Self { shapes, is_pinned, exclude, only_hosts, zone, has_issues, home })
    }

    /// Returns the items of the first shape that finds some, with notes.
    fn select(&self, page: &Html, around: &Surroundings<'_>) -> Result<Selected, SourceError> {
        let found: Vec<_> = self
            .shapes
            .iter()
            .filter_map(|shape| Some((shape, read::elements(page, shape)?)))
            .collect();
        // A body is always there: where a preset has no better list, its items must be.
        let best = found
            .iter()
            .find(|(_, items)| !items.is_empty())
            .or_else(|| found.iter().find(|(shape, _)| !shape.list_is_anything));
        let Some((shape, elements)) = best else {
            return Err(SourceError::ContainerMissing { selector: self.sought() });
        };
        let mut notes = Vec::new();
        if elements.is_empty() {
            notes.push(format!("the list is empty: nothing matches `{}`", shape.item_source));
        }
        let items = read::read(elements, shape, around, &mut notes)?;
        Ok((items, notes))
    }

    /// Returns the selectors that must find the list, or its items where any page has the list.
    fn sought(&self) -> String {
        let sought = self.shapes.iter().map(|shape| {
            if shape.list_is_anything { &shape.item_source } else { &shape.list_source }
        });
        sought.map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// Returns whether an item with this link belongs to the source.
    fn admits(&self, link: Option<&str>) -> bool {
        let Some(host) = link.and_then(host_of) else {
            return true;
        };
        self.only_hosts.is_empty()
            || self.only_hosts.iter().any(|allowed| {
                host == *allowed
                    || host.strip_suffix(allowed.as_str()).is_some_and(|rest| rest.ends_with('.'))
            })
    }
}

impl Source for Page {
    fn accept(&self) -> &'static str {
        "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
    }

    fn extract(&self, response: &Response) -> Result<Extraction, SourceError> {
        if !self.has_issues {
            return self.read_list(response);
        }
        if self.is_list(response) {
            let list = self.read_list(response)?;
            if list.items.is_empty() {
                let why = "no issue of the newsletter is linked".to_owned();
                return Err(SourceError::NoList { why });
            }
            return Ok(Extraction { items: Vec::new(), ..list });
        }
        let budget = &Budget::for_document(response.body.len());
        let text = sniff::decode(&response.body, response.headers.get("content-type")).text;
        let tree = document::parse(&text, budget)?;
        let base = document::base_url(&tree, &response.final_url);
        let page = response.final_url.as_str();
        let items = issues::stories(&tree, &text, page, base.as_ref(), self.zone, budget)?;
        Ok(Extraction { items, read_by: ReadBy::Structure, ..Extraction::default() })
    }

    fn walk(&self, cursor: &Cursor) -> Option<Box<dyn Walk + '_>> {
        let list = |response: &Response| self.read_list(response).unwrap_or_default().items;
        self.has_issues.then(|| Box::new(issues::Visit::new(list, cursor)) as Box<dyn Walk>)
    }

    fn gives_changes(&self) -> bool {
        self.has_issues
    }

    fn finds_lists(&self) -> bool {
        !self.has_issues
    }

    fn lists(&self, response: &Response) -> Vec<Vec<RawItem>> {
        let lists = lists_of(response, self.zone, self.exclude.as_ref(), false);
        lists
            .into_iter()
            .map(|mut list| {
                list.items.retain(|item| self.admits(item.link.as_deref()));
                list.items
            })
            .collect()
    }

    fn obeys_robots(&self) -> bool {
        true
    }
}

impl Page {
    /// Returns whether an answer is the list itself, and none of the issues it leads to.
    fn is_list(&self, response: &Response) -> bool {
        response.final_url == self.home
            || response.is_redirected
                && self.read_list(response).is_ok_and(|list| !list.items.is_empty())
    }

    fn read_list(&self, response: &Response) -> Result<Extraction, SourceError> {
        if response.body.len() > document::MAX_BYTES {
            let reason = format!("more than {} MiB", document::MAX_BYTES >> 20);
            return Err(SourceError::TooMuch { reason });
        }
        let budget = &Budget::for_document(response.body.len());
        let decoded = sniff::decode(&response.body, response.headers.get("content-type"));
        let mut notes = decoded.notes;
        let mut page = document::parse(&decoded.text, budget)?;
        if let Some(exclude) = &self.exclude {
            take_off(&mut page, exclude);
        }
        let base = document::base_url(&page, &response.final_url);
        let (page_url, zone) = (response.final_url.as_str(), self.zone);
        let around = Surroundings { base: base.as_ref(), page: page_url, zone, budget };
        let selected = (!self.shapes.is_empty()).then(|| self.select(&page, &around));
        let (mut items, read_by, more) = if self.is_pinned {
            let (items, notes) = selected
                .unwrap_or_else(|| Ok(Default::default()))
                .map_err(|error| challenged(&decoded.text).unwrap_or(error))?;
            (items, ReadBy::Selectors, notes)
        } else {
            let mut found = find::find(&page, &around, sent_at(response), false);
            if let Ok(found) = &mut found {
                embedded::add(found, &decoded.text, &around)?;
            }
            better(selected, found, &decoded.text)?
        };
        budget.check()?;
        notes.extend(more);
        let all = items.len();
        items.retain(|item| self.admits(item.link.as_deref()));
        if items.len() < all {
            notes.push(format!(
                "{} items link to hosts that `only_hosts` does not name",
                all - items.len()
            ));
        }
        if response.truncated {
            notes.push("the page was cut: what follows was not seen".to_owned());
        }
        Ok(Extraction {
            items,
            read_by,
            notes,
            incomplete: response.truncated,
            ..Extraction::default()
        })
    }
}

/// A list that was found on a page, for people.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// How many items it has.
    pub items: usize,
    /// The title of the first, as HTML.
    pub first: String,
    /// How sure it is; more is surer.
    pub score: f64,
    /// The weight of what spoke for it and against it.
    pub reasons: Vec<String>,
    /// Selectors that find the same items, if the page gives any.
    pub pins: Option<Pins>,
}

/// Returns the lists that are found on a page without selectors, the best first; empty
/// if there are none or the page cannot be read.
pub fn propose(response: &Response, zone: Tz) -> Vec<Proposal> {
    let proposal = |list: find::List| Proposal {
        items: list.items.len(),
        first: list.items.into_iter().find_map(|item| item.title).unwrap_or_default(),
        score: list.score,
        reasons: list.reasons,
        pins: list.pins,
    };
    lists_of(response, zone, None, true)
        .into_iter()
        .filter(|list| list.is_sure)
        .map(proposal)
        .collect()
}

/// Returns all lists that are found on a page, unlikely ones among them.
fn lists_of(
    response: &Response,
    zone: Tz,
    exclude: Option<&Selector>,
    wants_pins: bool,
) -> Vec<find::List> {
    if response.body.len() > document::MAX_BYTES {
        return Vec::new();
    }
    let budget = &Budget::for_document(response.body.len());
    let decoded = sniff::decode(&response.body, response.headers.get("content-type"));
    let Ok(mut page) = document::parse(&decoded.text, budget) else {
        return Vec::new();
    };
    if let Some(exclude) = exclude {
        take_off(&mut page, exclude);
    }
    let base = document::base_url(&page, &response.final_url);
    let around = Surroundings { base: base.as_ref(), page: &response.final_url, zone, budget };
    let Ok(mut found) = find::find(&page, &around, sent_at(response), wants_pins) else {
        return Vec::new();
    };
    let added = embedded::add(&mut found, &decoded.text, &around);
    if added.is_ok() && budget.check().is_ok() { found.lists } else { Vec::new() }
}

/// Returns when the answer was sent, as the server says: relative dates count from there.
fn sent_at(response: &Response) -> Option<Timestamp> {
    let date = response.headers.get("date")?;
    Some(date::parse(date, chrono_tz::UTC)?.at)
}

fn named_preset(reader: &mut Reader<'_>, name: &str) -> Option<&'static Preset> {
    let found = presets::find(name);
    if found.is_none() {
        let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
        let listed: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let message =
            format!("`{name}` is not one of {}{}", listed.join(", "), suggestion(name, &names));
        reader.problem("preset", message);
    }
    found
}

/// Returns the selectors of one shape: the admin's own key by key, else the preset's.
/// Reports every selector that does not parse, not only the first.
fn list_selectors(
    reader: &mut Reader<'_>,
    own: &[Option<String>; 6],
    defaults: [&'static str; 6],
) -> Option<ListSelectors> {
    let written: Vec<(&'static str, &str)> = SELECTOR_KEYS
        .iter()
        .zip(own.iter().zip(defaults))
        .map(|(key, (own, default))| (*key, own.as_deref().unwrap_or(default).trim()))
        .collect();
    let mut css = |at: usize| checked(reader, written[at].0, parse_css(written[at].1));
    let (list, item) = (css(0), css(1));
    let mut is_sound = true;
    let mut picks = |at: usize| {
        let (key, text) = written[at];
        if text.is_empty() {
            return None;
        }
        let picks = checked(reader, key, Picks::parse(text));
        is_sound &= picks.is_some();
        picks
    };
    let (title, link, date, summary) = (picks(2), picks(3), picks(4), picks(5));
    is_sound.then_some(())?;
    Some(ListSelectors {
        list_source: written[0].1.to_owned(),
        list_is_anything: own[0].is_none()
            && written[0].1.split(',').any(|list| list.trim() == "body"),
        list: list?,
        item_source: written[1].1.to_owned(),
        item: item?,
        title,
        link,
        date,
        summary,
    })
}

fn checked<T>(reader: &mut Reader<'_>, key: &str, parsed: Result<T, String>) -> Option<T> {
    parsed.map_err(|message| reader.problem(key, message)).ok()
}

/// Takes what matches off the page, with all it holds.
fn take_off(page: &mut Html, selector: &Selector) {
    let unwanted: Vec<_> = page.select(selector).map(|element| element.id()).collect();
    for id in unwanted {
        if let Some(mut node) = page.tree.get_mut(id) {
            node.detach();
        }
    }
}

fn host_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    url.host_str().map(|host| host.trim_start_matches("www.").to_owned())
}
