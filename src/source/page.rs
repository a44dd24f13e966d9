//! Kind `page`: a list of news on a web page, read with CSS selectors.
//!
//! Tells a list that is missing (an error: the page was rebuilt) from a list
//! that is empty (nothing new), and from selectors that find nothing in it.

mod detail;
pub mod discover;
mod presets;
mod read;
mod selectors;

use std::fmt;

use chrono_tz::Tz;
use scraper::{Html, Selector};
use url::Url;

use crate::answer::challenge;
use crate::extract::{document, sniff};
use crate::model::{Extraction, ReadBy, Reader, Response, SourceSettings, suggestion};
use crate::source::{Kind, Source, SourceError};
pub use detail::{DetailRead, check_detail, read_article, read_detail};
use presets::{PRESETS, Preset};
use read::{ListSelectors, Surroundings};
use selectors::{Picks, parse_css};

pub(super) const KIND: Kind = Kind {
    name: "page",
    summary: "a list of news on a web page, read with CSS selectors",
    example: r#"[[source]]
id = "kitu"
name = "KITU"
kind = "page"
url = "https://www.kitu-genossenschaft.de/"
page = { preset = "ikiss" }            # or selectors, each `css` or `css@attribute`; commas: tried in order
# [source.page]
# list = ".result-list"                # must be there, else an error; an empty list is fine
# item = "li"
# title = "h3"                         # left out: the words of the item
# link = "a@href"                      # "@href" alone: of the item itself
# date = "time@datetime, ^ .date"      # "^ .date": the nearest preceding sibling that matches
# summary = "p"
# exclude = ".related"                 # taken off the page first
# only_hosts = ["kitu-genossenschaft.de"]   # links to other hosts are dropped with their items
"#,
    build,
};

/// Keys that name a selector, with the role in messages.
const SELECTOR_KEYS: [&str; 6] = ["list", "item", "title", "link", "date", "summary"];

fn build(reader: &mut Reader<'_>, settings: &SourceSettings) -> Option<Box<dyn Source>> {
    if !reader.has("page") {
        reader.value("page");
        reader.problem("page", "missing table `source.page` with a `preset` or selectors");
        return None;
    }
    let table = reader.table("page")?;
    let mut inner = reader.inner(table, "page");
    let page = Page::from_settings(&mut inner, settings);
    inner.finish();
    page.map(|page| Box::new(page) as Box<dyn Source>)
}

/// A configured list.
struct Page {
    shapes: Vec<ListSelectors>,
    exclude: Option<Selector>,
    only_hosts: Vec<String>,
    zone: Tz,
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lists: Vec<&str> = self.shapes.iter().map(|shape| shape.list_source.as_str()).collect();
        f.debug_struct("Page").field("lists", &lists).finish_non_exhaustive()
    }
}

impl Page {
    fn from_settings(reader: &mut Reader<'_>, settings: &SourceSettings) -> Option<Self> {
        let preset = match reader.text("preset") {
            Some(name) => Some(named_preset(reader, &name)?),
            None => None,
        };
        let own = SELECTOR_KEYS.map(|key| reader.text(key));
        let exclude =
            reader.text("exclude").and_then(|css| checked(reader, "exclude", parse_css(&css)));
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
        if written.is_empty() {
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
        Some(Self { shapes, exclude, only_hosts, zone: settings.timezone })
    }

    /// Whether an item with this link belongs to the source.
    fn admits(&self, link: Option<&str>) -> bool {
        let Some(host) = link.and_then(host_of) else { return true };
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
        if response.body.len() > document::MAX_BYTES {
            let reason = format!("more than {} MiB", document::MAX_BYTES >> 20);
            return Err(SourceError::TooMuch { reason });
        }
        let decoded = sniff::decode(&response.body, response.headers.get("content-type"));
        let mut notes = decoded.notes;
        let mut page = document::parse(&decoded.text)?;
        if let Some(exclude) = &self.exclude {
            take_off(&mut page, exclude);
        }
        let base = document::base_url(&page, &response.final_url);
        let found: Vec<_> = self
            .shapes
            .iter()
            .filter_map(|shape| Some((shape, read::elements(&page, shape)?)))
            .collect();
        // A body is always there: where a preset has no better list, its items must be.
        let best = found
            .iter()
            .find(|(_, items)| !items.is_empty())
            .or_else(|| found.iter().find(|(shape, _)| !shape.list_is_anything));
        let Some((shape, elements)) = best else {
            if let Some(whose) = challenge::of_page(&decoded.text) {
                return Err(SourceError::Challenge { whose: whose.to_owned() });
            }
            let selector =
                self.shapes
                    .iter()
                    .map(|shape| {
                        if shape.list_is_anything { &shape.item_source } else { &shape.list_source }
                    })
                    .map(String::as_str)
                    .collect::<Vec<_>>()
                    .join(", ");
            return Err(SourceError::ContainerMissing { selector });
        };
        if elements.is_empty() {
            notes.push(format!("the list is empty: nothing matches `{}`", shape.item_source));
        }
        let around =
            Surroundings { base: base.as_ref(), page: &response.final_url, zone: self.zone };
        let mut items = read::read(elements, shape, &around, &mut notes)?;
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
            read_by: ReadBy::Selectors,
            notes,
            incomplete: response.truncated,
            ..Extraction::default()
        })
    }

    fn obeys_robots(&self) -> bool {
        true
    }
}

/// The names of all presets, in the order of the documentation.
pub fn preset_names() -> Vec<&'static str> {
    PRESETS.iter().map(|preset| preset.name).collect()
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

/// The selectors of one shape: the admin's own key by key, else the preset's.
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
