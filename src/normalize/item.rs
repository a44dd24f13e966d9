//! One raw item cleaned.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use url::Url;

use super::document::documents;
use super::identity;
use super::key::{own_page, unmirrored};
use super::text::{
    first_sentence, is_said, said, split_bracketed_date, title as clean_title, without_furniture,
};
use super::url::{canonical, clean, resolve};
use crate::extract::file::format_of;
use crate::extract::html;
use crate::model::{Date, Document, Fingerprint, Item, Key, RawItem, SourceSettings, Timestamp};
use crate::text;
use crate::text::date;

const MAX_TITLE: usize = 300;
const MAX_SUMMARY: usize = 600;
const MAX_TEXT: usize = 40_000;
const MAX_LINKS: usize = 200;
/// An item may be dated a little ahead: clocks differ, zones are guessed.
const AHEAD: Duration = Duration::from_hours(24);
/// 1990-01-01: what is older is a placeholder.
const OLDEST: Timestamp = Timestamp::from_seconds(631_152_000);

/// Returns the item as we hold it; `None` if there is nothing to show.
pub fn item(
    raw: &RawItem,
    key: Key,
    raw_hash: i64,
    settings: &SourceSettings,
    received: Timestamp,
) -> Option<Item> {
    let url = raw.link.as_deref().and_then(clean);
    let page = url.as_deref().map(canonical);
    let base = Url::parse(url.as_deref().unwrap_or(&settings.url)).ok();
    let (teaser, mut links, in_brackets) = teaser(raw.summary_html.as_deref());
    let summary = text::clean_line(&teaser, MAX_TEXT);
    let (body, body_links) = body(raw.body_html.as_deref());
    links.extend(body_links);
    let documents = documents(raw, base.as_ref());
    let text = whole_text(teaser, body);
    let raw_title = clean_title(raw.title.as_deref().unwrap_or_default(), MAX_TITLE);
    let title = shown_title(&raw_title, &text, &documents, url.as_deref())?;
    let summary = if summary.is_empty() { text.replace('\n', " ") } else { summary };
    let (categories, releases) = categories(&raw.categories);
    let dated = published(raw, in_brackets.as_deref(), settings, url.as_deref(), received);
    let link = raw.link.as_deref().filter(|_| url.is_some());
    let authors = names(&raw.authors, 10);
    let about = [&releases, &authors.join(", "), &categories.join(", "), &title];
    let about: String =
        about.iter().filter(|line| !line.is_empty()).map(|line| format!("{line}\n")).collect();
    let aliases = aliases(raw, link, settings, &format!("{about}{text}"));
    Some(Item {
        fingerprint: fingerprint(&title, &text, page.as_deref(), &documents),
        key,
        raw_hash,
        guid: raw.guid.as_deref().map(|guid| text::clean_line(guid, 500)).filter(|g| !g.is_empty()),
        aliases,
        links: outbound(&links, base.as_ref(), page.as_deref()),
        url,
        title,
        summary: text::shorten(&summary, MAX_SUMMARY),
        text,
        authors,
        categories,
        documents,
        language: raw.language.as_deref().and_then(language),
        published: dated.map(|date| date.at),
        published_is_guess: dated.is_some_and(|date| date.is_guess),
        dates: Vec::new(),
    })
}

/// Returns the teaser, its links, and the date it may begin with. Its paragraphs stay: where
/// there is no body they are the text, and page furniture is known by its lines.
fn teaser(html: Option<&str>) -> (String, Vec<String>, Option<String>) {
    let read = html::read_piece(html.unwrap_or_default());
    let block = without_furniture(&text::clean_block(&read.text, MAX_TEXT));
    let (dated, rest) = split_bracketed_date(&block);
    (text::without_teaser_end(rest), read.links, dated.map(str::to_owned))
}

fn body(html: Option<&str>) -> (String, Vec<String>) {
    let read = html::read_piece(html.unwrap_or_default());
    let block = without_furniture(&text::clean_block(&read.text, MAX_TEXT));
    let (_, rest) = split_bracketed_date(&block);
    (text::without_teaser_end(rest), read.links)
}

/// Returns the body, preceded by the teaser unless it begins with the same words.
fn whole_text(teaser: String, body: String) -> String {
    if body.is_empty() {
        return teaser;
    }
    let opening: Vec<&str> = said(&teaser).take(8).collect();
    if says(&body, &opening) {
        body
    } else {
        text::clean_block(&format!("{teaser}\n{body}"), MAX_TEXT)
    }
}

/// Returns whether `words` are said in `text`, one after the other.
fn says(text: &str, words: &[&str]) -> bool {
    let Some(first) = words.first() else { return true };
    text.match_indices(first).any(|(at, _)| {
        let (before, rest) = text.split_at(at);
        !before.ends_with(is_said) && said(rest).take(words.len()).eq(words.iter().copied())
    })
}

/// Returns a title whatever is missing; `None` if there is no word at all.
fn shown_title(
    title: &str,
    text: &str,
    documents: &[Document],
    url: Option<&str>,
) -> Option<String> {
    let (_, title) = split_bracketed_date(title);
    if title.chars().any(|c| !c.is_whitespace()) {
        return Some(title.to_owned());
    }
    let sentence = first_sentence(text, 120);
    if !sentence.is_empty() {
        return Some(sentence);
    }
    documents.first().map(|document| document.title.clone()).or_else(|| words_of(url?))
}

/// Returns words of the last part of an address, else its host.
fn words_of(url: &str) -> Option<String> {
    let spelled = Url::parse(&canonical(url)).ok()?;
    let last = spelled.path_segments()?.next_back().unwrap_or_default().to_owned();
    let stem = last.rsplit_once('.').map_or(last.as_str(), |(stem, _)| stem);
    let words = text::clean_line(&stem.replace(['-', '_', '+'], " "), 120);
    if words.chars().any(char::is_alphabetic) && !words.contains('%') {
        return Some(words);
    }
    spelled.host_str().map(str::to_owned)
}

/// Categories to show, and apart from them press releases' numbers, which
/// lists give beside the date.
fn categories(raw: &[String]) -> (Vec<String>, String) {
    let (numbers, words): (Vec<String>, Vec<String>) = names(raw, 20)
        .into_iter()
        .partition(|name| name.starts_with("Pressemitteilung ") && name.contains('/'));
    (words, numbers.join("\n"))
}

fn names(raw: &[String], max: usize) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in raw {
        let name = clean_title(name, 100);
        if name.chars().any(char::is_alphanumeric) && !names.contains(&name) {
            names.push(name);
        }
        if names.len() == max {
            break;
        }
    }
    names
}

/// Returns further names of the item; `link` if it is one that may be followed.
fn aliases(
    raw: &RawItem,
    link: Option<&str>,
    settings: &SourceSettings,
    words: &str,
) -> Vec<String> {
    let mut aliases: Vec<String> = Vec::new();
    if let Some(link) = link {
        aliases.extend(own_page(link, settings));
        let link = unmirrored(link, settings);
        aliases.extend(identity::of_page(&link, words));
        aliases.extend(typo3_record(raw.guid.as_deref(), &link));
    }
    // WordPress tells the number only here, beside a speaking link.
    if let Some(guid) = raw.guid.as_deref() {
        aliases.extend(identity::of_url(guid));
    }
    let mut unique: Vec<String> = Vec::new();
    for alias in aliases {
        if !unique.contains(&alias) {
            unique.push(alias);
        }
    }
    unique
}

/// `news-116` in a feed is the record that a list links as `tx_news_pi1[news]=116`.
fn typo3_record(guid: Option<&str>, link: &str) -> Option<String> {
    let number = guid?.trim().strip_prefix("news-")?;
    let host = Url::parse(link).ok()?.host_str().map(str::to_owned)?;
    (!number.is_empty() && number.len() <= 12 && number.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| format!("typo3:{}/{number}", super::url::plain_host(&host)))
}

/// Returns where the texts' links lead, but for the item's own page.
fn outbound(links: &[String], base: Option<&Url>, page: Option<&str>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for link in links.iter().take(MAX_LINKS * 4) {
        let Some(link) = resolve(link, base) else { continue };
        if page != Some(canonical(&link).as_str()) && !kept.contains(&link) {
            kept.push(link);
        }
        if kept.len() == MAX_LINKS {
            break;
        }
    }
    kept
}

/// Returns the editorial date: the source's, else one that the teaser begins with,
/// else one in the address. None is better than a placeholder.
fn published(
    raw: &RawItem,
    in_brackets: Option<&str>,
    settings: &SourceSettings,
    url: Option<&str>,
    received: Timestamp,
) -> Option<Date> {
    let from_title = || {
        let title = raw.title.as_deref()?;
        split_bracketed_date(title).0.map(str::to_owned)
    };
    let from_text = || {
        let dated = in_brackets.map(str::to_owned).or_else(from_title)?;
        date::parse(&dated, settings.timezone)
    };
    let from_address = || {
        let path = Url::parse(url?).ok()?.path().to_owned();
        date::from_path(&path, settings.timezone).map(|date| Date { is_guess: true, ..date })
    };
    let is_real = |date: &Date| date.at >= OLDEST;
    let date = raw
        .published
        .filter(is_real)
        .or(raw.updated.filter(is_real))
        .or_else(|| from_text().filter(is_real))
        .or_else(|| from_address().filter(is_real))?;
    // Announcements are dated by their event; they count as said when they came.
    if date.at > received.after(AHEAD) {
        return Some(Date { at: received, is_guess: true });
    }
    Some(date)
}

/// Returns a language tag (RFC 5646) in its usual spelling, `de` or `de-DE`.
fn language(tag: &str) -> Option<String> {
    let mut parts = tag.trim().split(['-', '_']);
    let language = parts.next()?.to_ascii_lowercase();
    let is_plausible =
        (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_lowercase());
    if !is_plausible {
        return None;
    }
    match parts.next() {
        Some(region) if region.len() == 2 && region.bytes().all(|b| b.is_ascii_alphabetic()) => {
            Some(format!("{language}-{}", region.to_ascii_uppercase()))
        }
        _ => Some(language),
    }
}

/// Returns what the item says, blind to typography. Its date is left out: it moves.
fn fingerprint(title: &str, text: &str, page: Option<&str>, documents: &[Document]) -> Fingerprint {
    const VERSION: u8 = 1;
    let mut words: Vec<u8> = Vec::with_capacity(text.len() + title.len() + 64);
    let mut field = |text: &str| {
        for word in said(text) {
            words.extend_from_slice(word.as_bytes());
            words.push(b' ');
        }
        words.push(0);
    };
    field(title);
    field(text);
    let path = page.and_then(|page| Url::parse(page).ok());
    field(path.as_ref().map_or("", Url::path));
    for document in documents
        .iter()
        .filter(|document| format_of(&document.url).is_some() || document.size.is_some())
    {
        field(&canonical(&document.url));
        // Another size at the same address is another file.
        if let Some(size) = document.size {
            field(&size.to_string());
        }
    }
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(&Sha256::digest(&words)[..16]);
    Fingerprint(bytes)
}
