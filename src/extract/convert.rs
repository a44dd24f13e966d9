//! feed-rs's entries as raw items.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use feed_rs::model::{Entry, FeedType, Link, Text};
use url::Url;

use crate::model::{Budget, Date, Enclosure, RawItem, Resource, Timestamp};

use super::reference::push_escaped;
use super::{html, value};
use crate::text::date;

/// Most authors, categories and enclosures of one item.
pub(super) const MOST_PARTS: usize = 50;

/// Nanoseconds that mark a date as guessed on its way through feed-rs, which
/// knows instants only. A date of ours has whole milliseconds.
const GUESS_MARK: u32 = 1;

/// What feed-rs made of a document.
pub(super) struct Parsed {
    /// Its entries.
    pub(super) items: Vec<RawItem>,
    /// RSS `ttl` in minutes.
    pub(super) ttl: Option<u32>,
}

/// Reads `text` with feed-rs, or says why it could not. feed-rs 3.0 panics on
/// some ordinary names beside e-mail addresses: a panic is a failed parse.
pub(super) fn parse(
    text: &str,
    base: Option<&Url>,
    needs_base: bool,
    zone: Tz,
    budget: &Budget,
) -> Result<Parsed, String> {
    // feed-rs copies its base for each element; plain links are made absolute here.
    let parser = feed_rs::parser::Builder::new()
        .base_uri(base.filter(|_| needs_base).map(Url::as_str))
        .sanitize_content(false)
        // No made-up ids: feed-rs's differ from poll to poll.
        .id_generator(|_, _, _| String::new())
        .timestamp_parser(move |text| marked(date::parse(text, zone)?))
        .build();
    let parsed = catch_unwind(AssertUnwindSafe(|| parser.parse(text.as_bytes())));
    let feed = match parsed {
        Ok(Ok(feed)) => feed,
        Ok(Err(error)) => return Err(error.to_string()),
        Err(_) => return Err("the parser gave up".to_owned()),
    };
    let is_rss = matches!(feed.feed_type, FeedType::RSS0 | FeedType::RSS1 | FeedType::RSS2);
    let language = feed.language;
    let items = feed
        .entries
        .into_iter()
        .map(|entry| item(entry, is_rss, base, language.as_deref(), budget))
        .collect();
    Ok(Parsed { items, ttl: feed.ttl })
}

fn marked(date: Date) -> Option<DateTime<Utc>> {
    let nanoseconds = u32::try_from(date.at.0.rem_euclid(1000)).ok()? * 1_000_000
        + if date.is_guess { GUESS_MARK } else { 0 };
    DateTime::from_timestamp(date.at.seconds(), nanoseconds)
}

fn unmarked(at: DateTime<Utc>) -> Date {
    Date {
        at: Timestamp(at.timestamp_millis()),
        is_guess: at.timestamp_subsec_nanos() % 1_000_000 == GUESS_MARK,
    }
}

fn item(
    entry: Entry,
    is_rss: bool,
    base: Option<&Url>,
    language: Option<&str>,
    budget: &Budget,
) -> RawItem {
    let guid = non_empty(&entry.id);
    let updated = entry.updated.map(unmarked);
    let mut enclosures = Vec::new();
    let mut link = None;
    for candidate in &entry.links {
        sort_link(candidate, base, &mut link, &mut enclosures, budget);
    }
    // The media of the entry, but not its pictures' thumbnails.
    for content in entry.media.iter().flat_map(|media| &media.content) {
        if let Some(url) = &content.url {
            add_enclosure(
                &mut enclosures,
                Enclosure {
                    url: url.to_string(),
                    media_type: content.content_type.as_ref().map(ToString::to_string),
                    length: content.size,
                    title: None,
                },
            );
        }
    }
    let mut summary = entry.summary.and_then(|text| as_html(text, is_rss));
    if summary.is_none() {
        summary = entry
            .media
            .into_iter()
            .find_map(|media| media.description)
            .and_then(|text| as_html(text, true));
    }
    RawItem {
        guid,
        link,
        title: entry.title.and_then(|title| plain_title(&title, is_rss, budget)),
        summary_html: summary,
        body_html: entry.content.and_then(|content| {
            let is_plain = content.content_type.as_str().starts_with("text/plain");
            content
                .body
                .and_then(|body| if is_plain { escaped(&body) } else { non_empty_owned(body) })
        }),
        authors: entry
            .authors
            .into_iter()
            .filter_map(|person| person.name.or(person.email))
            .filter(|name| !name.trim().is_empty())
            .take(MOST_PARTS)
            .collect(),
        categories: entry
            .categories
            .into_iter()
            .filter_map(|category| {
                category.label.filter(|label| !label.trim().is_empty()).or(Some(category.term))
            })
            .map(|category| html::to_text(&category, budget).text)
            .filter(|category| !category.is_empty())
            .take(MOST_PARTS)
            .collect(),
        enclosures,
        published: entry.published.map(unmarked).or(updated),
        updated,
        language: entry.language.or_else(|| language.map(str::to_owned)),
    }
}

fn sort_link(
    candidate: &Link,
    base: Option<&Url>,
    link: &mut Option<String>,
    enclosures: &mut Vec<Enclosure>,
    budget: &Budget,
) {
    let href = candidate.href.trim();
    if href.is_empty() || candidate.target.is_some() {
        return;
    }
    let is_page = candidate.media_type.as_deref().is_none_or(|kind| kind.contains("html"));
    match candidate.rel.as_deref() {
        // JSON Feed's attachments are links with a media type.
        None if !is_page => add_enclosure(enclosures, enclosure(candidate, base, budget)),
        Some("enclosure") => add_enclosure(enclosures, enclosure(candidate, base, budget)),
        None | Some("alternate") if is_page => *link = Some(absolute(href, base, budget)),
        Some("alternate") if link.is_none() => *link = Some(absolute(href, base, budget)),
        _ => {}
    }
}

fn enclosure(link: &Link, base: Option<&Url>, budget: &Budget) -> Enclosure {
    Enclosure {
        url: absolute(link.href.trim(), base, budget),
        media_type: link.media_type.clone(),
        length: link.length,
        title: link.title.clone(),
    }
}

/// Adds a file unless it is there already or there are too many.
pub(super) fn add_enclosure(enclosures: &mut Vec<Enclosure>, enclosure: Enclosure) {
    if enclosures.len() < MOST_PARTS
        && !enclosure.url.is_empty()
        && enclosures.iter().all(|known| known.url != enclosure.url)
    {
        enclosures.push(enclosure);
    }
}

/// Returns `href` against `base`; as it stands if there is no base or nothing fits.
pub(super) fn absolute(href: &str, base: Option<&Url>, budget: &Budget) -> String {
    match (base, Url::parse(href)) {
        // An absolute URL stays as its author wrote it.
        (Some(base), Err(url::ParseError::RelativeUrlWithoutBase))
            if budget.spend(Resource::Bytes, base.as_str().len() + href.len()).is_ok() =>
        {
            base.join(href).map_or_else(|_| href.to_owned(), |joined| joined.to_string())
        }
        _ => href.to_owned(),
    }
}

/// Returns a title as plain text. RSS does not say whether titles are HTML; most
/// writers take them for it.
fn plain_title(title: &Text, is_rss: bool, budget: &Budget) -> Option<String> {
    let is_html = is_rss || !title.content_type.as_str().starts_with("text/plain");
    plain(&title.content, is_html, budget)
}

/// Returns plain text of a title that is HTML or claims to be plain. References that
/// are left then were escaped once too often, whatever the type says.
pub(super) fn plain(title: &str, is_html: bool, budget: &Budget) -> Option<String> {
    if is_html {
        let text = html::to_text(title, budget).text.replace('\n', " ");
        non_empty(&value::decoded(&text))
    } else {
        non_empty(&value::decoded(title))
    }
}

fn as_html(text: Text, is_rss: bool) -> Option<String> {
    if is_rss || !text.content_type.as_str().starts_with("text/plain") {
        non_empty_owned(text.content)
    } else {
        escaped(&text.content)
    }
}

/// Returns plain text as HTML.
pub(super) fn escaped(text: &str) -> Option<String> {
    let text = text.trim();
    let mut html = String::with_capacity(text.len());
    push_escaped(&mut html, text);
    (!html.is_empty()).then_some(html)
}

pub(super) fn non_empty(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

pub(super) fn non_empty_owned(text: String) -> Option<String> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        None
    } else if trimmed.len() == text.len() {
        Some(text)
    } else {
        Some(trimmed.to_owned())
    }
}
