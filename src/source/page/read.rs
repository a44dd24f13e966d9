//! A list on a page → raw items.

use std::collections::HashSet;
use std::sync::LazyLock;

use chrono_tz::Tz;
use regex::Regex;
use scraper::{ElementRef, Html, Node, Selector};
use url::Url;

use super::selectors::{Found, Picks};
use crate::extract::document::resolve;
use crate::extract::html::escape;
use crate::model::{Budget, Date, Enclosure, RawItem};
use crate::source::SourceError;
use crate::text;
use crate::text::{date, leads_on, without_link_ends};

/// Most items of one page; lists show the newest first.
const MAX_ITEMS: usize = 1_000;
/// Most documents of one item.
const MAX_DOCUMENTS: usize = 20;
/// Most characters of a title, of a date's surroundings.
const MAX_TITLE: usize = 1_000;
const MAX_DATE: usize = 200;

/// The selectors of one list.
#[derive(Debug)]
pub(super) struct ListSelectors {
    pub(super) list_source: String,
    /// The list of a preset that is found on any page.
    pub(super) list_is_anything: bool,
    pub(super) list: Selector,
    pub(super) item_source: String,
    pub(super) item: Selector,
    pub(super) title: Option<Picks>,
    pub(super) link: Option<Picks>,
    pub(super) date: Option<Picks>,
    pub(super) summary: Option<Picks>,
}

/// What a list is read with besides its selectors.
pub(super) struct Surroundings<'a> {
    /// What links are relative to.
    pub(super) base: Option<&'a Url>,
    /// The page's own URL.
    pub(super) page: &'a str,
    /// Zone of dates without one.
    pub(super) zone: Tz,
    /// What reading the page may cost.
    pub(super) budget: &'a Budget,
}

impl Surroundings<'_> {
    /// Returns where a link leads, if to a page or file.
    pub(super) fn resolve(&self, href: &str) -> Option<String> {
        resolve(href, self.base, self.budget)
    }

    /// Returns the place with that id on the page.
    pub(super) fn place(&self, id: &str) -> Option<String> {
        resolve(&format!("#{id}"), Url::parse(self.page).ok().as_ref(), self.budget)
    }
}

/// A date within other words: dotted, ISO, or with a month's name; a time may follow.
static DATE_WITHIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)\b(?:\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?)?",
        r"|(\d{1,2}\.\s?\d{1,2}\.\s?(?:\d{4}|\d{2}))\b(?:,?\s+(?:um\s+)?\d{1,2}[:.]\d{2}(?:\s+Uhr)?)?",
        r"|\d{1,2}\.?\s*(?:jan|feb|mär|mrz|maer|apr|mai|jun|jul|aug|sep|okt|nov|dez)[a-zä]*\.?\s+(?:\d{4}|'\d{2}))",
    ))
    .ok()
});

/// The number of a press release beside its date: `158/2025`.
static RELEASE_NUMBER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:^|[\s–-])(\d{1,4}/(?:19|20)\d{2})\b").ok());

/// Returns the items that `selectors` mark on the page: those of every matching list,
/// but none that stands inside another.
pub(super) fn elements<'a>(
    page: &'a Html,
    selectors: &ListSelectors,
) -> Option<Vec<ElementRef<'a>>> {
    let mut lists = page.select(&selectors.list).peekable();
    lists.peek()?;
    let mut taken = HashSet::new();
    let mut items: Vec<ElementRef<'a>> = Vec::new();
    let mut read_lists = HashSet::new();
    for list in lists {
        if list.ancestors().any(|node| read_lists.contains(&node.id())) {
            continue;
        }
        read_lists.insert(list.id());
        for item in list.select(&selectors.item) {
            if item.id() != list.id()
                && !item.ancestors().any(|node| taken.contains(&node.id()))
                && taken.insert(item.id())
            {
                items.push(item);
            }
        }
    }
    Some(items)
}

/// Reads the items. Notes what the operator should know.
pub(super) fn read(
    items: &[ElementRef<'_>],
    selectors: &ListSelectors,
    around: &Surroundings<'_>,
    notes: &mut Vec<String>,
) -> Result<Vec<RawItem>, SourceError> {
    if items.len() > MAX_ITEMS {
        notes.push(format!(
            "the list has {} items: only the first {MAX_ITEMS} are read",
            items.len()
        ));
    }
    let items = &items[..items.len().min(MAX_ITEMS)];
    let raws: Vec<RawItem> = items.iter().map(|item| read_item(*item, selectors, around)).collect();
    if raws.is_empty() {
        return Ok(raws);
    }
    let must_find = |role: &'static str, picks: Option<&Picks>, found: bool| match picks {
        Some(picks) if !found => {
            Err(SourceError::SelectorEmpty { role, selector: picks.source.clone() })
        }
        _ => Ok(()),
    };
    must_find("title", selectors.title.as_ref(), raws.iter().any(|raw| raw.title.is_some()))?;
    must_find(
        "link",
        selectors.link.as_ref(),
        items.iter().zip(&raws).any(|(item, raw)| raw.link.is_some() && has_link(*item, selectors)),
    )?;
    if let Some(picks) = &selectors.date
        && raws.iter().all(|raw| raw.published.is_none_or(|date| date.is_guess))
        && !items.iter().any(|item| picks.find(*item).next().is_some())
    {
        notes.push(format!("`{}` (date) found nothing in the list", picks.source));
    }
    Ok(worth_keeping(raws))
}

/// Without what says nothing: a picture or "mehr" that leads where an item
/// with words leads, and what has neither words nor address.
fn worth_keeping(mut raws: Vec<RawItem>) -> Vec<RawItem> {
    let named: HashSet<String> =
        raws.iter().filter(|raw| raw.title.is_some()).filter_map(|raw| raw.link.clone()).collect();
    raws.retain(|raw| match (&raw.title, &raw.link) {
        (Some(_), _) => true,
        (None, Some(link)) => !named.contains(link),
        (None, None) => raw.summary_html.is_some(),
    });
    raws
}

fn has_link(item: ElementRef<'_>, selectors: &ListSelectors) -> bool {
    selectors
        .link
        .as_ref()
        .is_some_and(|picks| picks.find(item).any(|found| found.attribute.is_some()))
}

fn read_item(
    item: ElementRef<'_>,
    selectors: &ListSelectors,
    around: &Surroundings<'_>,
) -> RawItem {
    let mut raw = RawItem { title: title(item, selectors), ..RawItem::default() };
    raw.link = link(item, selectors, around);
    if raw.link.is_none()
        && let Some(anchor) = own_anchor(item)
    {
        // No page of its own: the place on this one says which item it is.
        raw.link = around.place(&anchor);
        raw.guid = Some(format!("#{anchor}"));
    }
    if let Some(picks) = &selectors.date {
        let (date, words) = dated(item, picks, around.zone);
        raw.published = date;
        raw.categories.extend(release_number(&words));
    }
    if raw.published.is_none() {
        let path = raw.link.as_deref().and_then(|link| Url::parse(link).ok());
        raw.published = path
            .and_then(|url| date::from_path(url.path(), around.zone))
            .map(|date| Date { is_guess: true, ..date });
    }
    raw.summary_html = selectors.summary.as_ref().and_then(|picks| {
        picks.find(item).map(|found| teaser(found.element)).find(|html| !html.trim().is_empty())
    });
    raw.enclosures = documents(item, raw.link.as_deref(), raw.title.as_deref(), around);
    raw
}

/// Returns the title with its characters escaped, since a raw title is read as HTML.
fn title(item: ElementRef<'_>, selectors: &ListSelectors) -> Option<String> {
    let shown = |found: Found<'_>| {
        let words = match found.attribute {
            Some(attribute) => text::clean_line(attribute, MAX_TITLE),
            None => words(found.element),
        };
        let words = without_link_ends(&words);
        (!leads_on(words)).then(|| escape(words))
    };
    match &selectors.title {
        Some(picks) => picks.find(item).find_map(shown),
        None => heading(item)
            .into_iter()
            .chain([item])
            .find_map(|element| shown(Found { element, attribute: None })),
    }
}

fn link(
    item: ElementRef<'_>,
    selectors: &ListSelectors,
    around: &Surroundings<'_>,
) -> Option<String> {
    let picks = selectors.link.as_ref()?;
    picks.find(item).find_map(|found| {
        let href = found.attribute.or_else(|| found.element.attr("href"))?.trim();
        // `href="#"` is a button.
        (href != "#").then(|| around.resolve(href)).flatten()
    })
}

fn heading(item: ElementRef<'_>) -> Option<ElementRef<'_>> {
    item.descendent_elements()
        .find(|element| matches!(element.value().name(), "h1" | "h2" | "h3" | "h4" | "h5" | "h6"))
}

/// Returns the number of a press release in these words, as a category.
pub(super) fn release_number(words: &str) -> Option<String> {
    let number = RELEASE_NUMBER.as_ref()?.captures(words)?;
    Some(format!("Pressemitteilung {}", &number[1]))
}

/// Returns the id by which the page itself can point at the item.
pub(super) fn own_anchor(item: ElementRef<'_>) -> Option<String> {
    let id = item.attr("id").map(str::trim).filter(|id| !id.is_empty() && id.len() <= 200)?;
    id.chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':'))
        .then(|| id.to_owned())
}

/// Returns the first date that can be read, and the words it stood among. A date may be
/// an attribute, the element's text, or bare text after a label (`Datum: `).
fn dated(item: ElementRef<'_>, picks: &Picks, zone: Tz) -> (Option<Date>, String) {
    let mut first_words = String::new();
    for found in picks.find(item) {
        if let Some(date) = found.attribute.and_then(|attribute| date_within(attribute, zone)) {
            return (Some(date), words(found.element));
        }
        let own = text::clean_line(&words(found.element), MAX_DATE);
        let after: String = found
            .element
            .next_siblings()
            .take(3)
            .map_while(|node| match node.value() {
                Node::Text(text) => Some(text.to_string()),
                Node::Comment(_) => Some(String::new()),
                _ => None,
            })
            .collect();
        for candidate in [own.clone(), text::clean_line(&after, MAX_DATE)] {
            if let Some(date) = date_within(&candidate, zone) {
                return (Some(date), candidate);
            }
        }
        if first_words.is_empty() {
            first_words = own;
        }
    }
    (None, first_words)
}

/// Returns the first date that can be read where `picks` points.
pub(super) fn first_date(item: ElementRef<'_>, picks: &Picks, zone: Tz) -> Option<Date> {
    dated(item, picks, zone).0
}

fn date_within(words: &str, zone: Tz) -> Option<Date> {
    let words = text::clean_line(words, MAX_DATE);
    date::parse(&words, zone).or_else(|| {
        let found = DATE_WITHIN.as_ref()?.captures_iter(&words);
        // The whole with its time of day, else the day alone.
        found.take(5).find_map(|found| {
            [found.get(0), found.get(1)]
                .into_iter()
                .flatten()
                .find_map(|part| date::parse(part.as_str(), zone))
        })
    })
}

/// Returns the inside of an element as HTML, without links that only lead on.
fn teaser(element: ElementRef<'_>) -> String {
    let mut html = element.inner_html();
    if let Ok(anchors) = Selector::parse("a") {
        for anchor in element.select(&anchors).take(50) {
            if leads_on(&words(anchor)) {
                html = html.replacen(&anchor.html(), "", 1);
            }
        }
    }
    html
}

/// Returns files that hang on the item, its own link among them.
pub(super) fn documents(
    item: ElementRef<'_>,
    link: Option<&str>,
    title: Option<&str>,
    around: &Surroundings<'_>,
) -> Vec<Enclosure> {
    let mut found: Vec<Enclosure> = Vec::new();
    if let Some(media_type) = link.and_then(media_type)
        && let Some(url) = link
    {
        found.push(Enclosure {
            url: url.to_owned(),
            media_type: Some(media_type.to_owned()),
            length: None,
            title: title.map(str::to_owned),
        });
    }
    let Ok(anchors) = Selector::parse("a[href]") else { return found };
    for anchor in item.select(&anchors).take(200) {
        let Some(url) = anchor.attr("href").and_then(|href| around.resolve(href)) else {
            continue;
        };
        let Some(media_type) = media_type(&url) else { continue };
        if found.iter().all(|known| known.url != url) {
            let words = words(anchor);
            found.push(Enclosure {
                url,
                media_type: Some(media_type.to_owned()),
                length: None,
                title: Some(escape(without_link_ends(&words))).filter(|words| !words.is_empty()),
            });
        }
        if found.len() == MAX_DOCUMENTS {
            break;
        }
    }
    found
}

/// Returns the media type of a document, as its address tells it.
fn media_type(url: &str) -> Option<&'static str> {
    let url = Url::parse(url).ok()?;
    let file = url.path().rsplit('/').next()?.to_ascii_lowercase();
    let ending = match file.rsplit_once('.') {
        Some((_, "phtml" | "php")) | None => {
            // iKISS hands out files by number: loadDocument.phtml?FID=…&Ext=PDF
            let (_, ending) =
                url.query_pairs().find(|(name, _)| name.eq_ignore_ascii_case("ext"))?;
            ending.to_ascii_lowercase()
        }
        Some((_, ending)) => ending.to_owned(),
    };
    match ending.as_str() {
        "pdf" => Some("application/pdf"),
        "docx" => Some("application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        "xlsx" => Some("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        "odt" => Some("application/vnd.oasis.opendocument.text"),
        _ => None,
    }
}

/// Returns the words of an element on one line; elements are set apart by blanks,
/// scripts and styles left out.
pub(super) fn words(element: ElementRef<'_>) -> String {
    let mut words = String::new();
    let mut length = 0;
    for node in element.descendants() {
        if matches!(node.value(), Node::Element(element) if element.name() == "br") {
            words.push(' ');
        }
        let Node::Text(text) = node.value() else { continue };
        let parent =
            node.parent().and_then(ElementRef::wrap).map_or("", |parent| parent.value().name());
        if matches!(parent, "script" | "style" | "noscript") {
            continue;
        }
        words.push_str(text);
        if node.next_sibling().is_none()
            && !matches!(parent, "b" | "i" | "em" | "strong" | "u" | "sub" | "sup")
        {
            words.push(' ');
        }
        length += text.len();
        if length > MAX_TITLE * 8 {
            break;
        }
    }
    text::clean_line(&words, MAX_TITLE)
}
