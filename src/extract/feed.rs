//! Bytes of a feed → raw items.
//!
//! Order: feed-rs on the text as it is; feed-rs on a repaired text; the tolerant
//! scan. What feed-rs does not tell (a guid that is a link, Dublin Core dates,
//! markup that nobody escaped) the scan adds, but only where the survey or a gap
//! says that there is something to add: a sound feed costs one parse.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::time::Duration;

use chrono_tz::Tz;
use url::Url;

use crate::answer::challenge;
use crate::model::{Budget, Extraction, RawItem, ReadBy, Resource, Rhythm};

use super::convert::{self, Parsed};
use super::fallback::{self, Scan};
use super::sniff::{self, Shape};
use super::survey::{Survey, survey};
use super::{ExtractError, json, repair, rhythm};

/// Most items that are taken from one document.
pub const MOST_ITEMS: usize = 5000;

/// Reads a feed. `content_type` is the value of the HTTP field, `base_url` where
/// the document was found, `zone` for dates that name none. The same bytes give
/// the same items; no bytes make it panic.
///
/// Fails if it is no feed, and if `budget` runs out: nothing is taken of half a reading.
pub fn read(
    body: &[u8],
    content_type: Option<&str>,
    base_url: Option<&str>,
    zone: Tz,
    budget: &Budget,
) -> Result<Extraction, ExtractError> {
    let mut notes = Vec::new();
    let text = sniff::decode_with_notes(body, content_type, &mut notes);
    let text = sniff::without_double(sniff::without_c1(text), &mut notes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let base = base_url.and_then(|url| Url::parse(url).ok());
    let read = match sniff::shape(text) {
        Shape::Empty => return Err(ExtractError::Empty),
        Shape::Json => read_json(text, base.as_ref(), zone, budget),
        Shape::Page => return Err(page_error(text)),
        Shape::Nothing => {
            return Err(ExtractError::NotAFeed { found: "text without markup".to_owned() });
        }
        Shape::Markup => read_markup(text, base.as_ref(), zone, budget),
    };
    budget.check()?;
    let mut extraction = read?;
    notes.append(&mut extraction.notes);
    extraction.notes = notes;
    keep_newest(&mut extraction);
    Ok(extraction)
}

fn page_error(text: &str) -> ExtractError {
    match challenge::of_page(text) {
        Some(whose) => ExtractError::Challenge { whose: whose.to_owned() },
        None => ExtractError::NotAFeed { found: "an HTML page".to_owned() },
    }
}

fn read_json(
    text: &str,
    base: Option<&Url>,
    zone: Tz,
    budget: &Budget,
) -> Result<Extraction, ExtractError> {
    json::weigh(text, budget)?;
    // feed-rs refuses numeric ids and missing titles and resolves no links, so
    // its verdict says only whether the document is sound.
    let strict = convert::parse(text, base, true, zone, budget);
    let items =
        json::read(text, base, zone, budget).map_err(|found| ExtractError::NotAFeed { found })?;
    let (read_by, notes) = match strict {
        Ok(_) => (ReadBy::FeedRs, Vec::new()),
        Err(reason) => (ReadBy::Fallback, vec![format!("feed-rs: {reason}")]),
    };
    Ok(Extraction { items, read_by, notes, ..Extraction::default() })
}

fn read_markup(
    text: &str,
    base: Option<&Url>,
    zone: Tz,
    budget: &Budget,
) -> Result<Extraction, ExtractError> {
    // Blank lines before the declaration are WordPress's most common mistake.
    let text = text.trim_start();
    let seen = survey(text, budget)?;
    // The declared charset is not the text's any more.
    let text = seen.declaration.and_then(|end| text.get(end..)).unwrap_or(text);
    let needs_repair = seen.has_bad_text || seen.has_bad_prolog || !is_known_root(&seen);
    let repaired = if needs_repair { repair::repair(text, budget) } else { None };
    let strict: Cow<'_, str> = repaired.map_or(Cow::Borrowed(text), Cow::Owned);
    let parsed = if seen.has_risky_author {
        // feed-rs 3.0 panics on it; the panic would be caught, but not its noise.
        Err("an address in an author's name that it cannot take".to_owned())
    } else if seen.entries > fallback::MOST_ENTRIES {
        // Each of feed-rs's entries takes a kilobyte, however short it is in the document.
        Err(format!("{} entries are too many", seen.entries))
    } else if !budget.affords(Resource::Nodes, seen.tags) {
        Err(format!("{} elements are too many", seen.tags))
    } else if !budget.affords(Resource::Steps, copied_bases(&seen, base)) {
        Err("its base address is too long for so many elements".to_owned())
    } else {
        let needs_base = seen.root != "rss" || seen.has_enclosures;
        convert::parse(&strict, base, needs_base, zone, budget)
    };
    let rhythm = rhythm::read(&strict, budget);
    match parsed {
        Ok(parsed)
            if parsed.items.len() >= seen.entries
                && (!parsed.items.is_empty() || is_feed_root(&seen)) =>
        {
            Ok(complete(parsed, &seen, &strict, (base, zone, budget), rhythm, needs_repair))
        }
        other => {
            let repaired = if needs_repair { None } else { repair::repair(text, budget) };
            let scan = fallback::scan(repaired.as_deref().unwrap_or(&strict), base, zone, budget);
            lenient(other, scan, &seen, rhythm, text)
        }
    }
}

/// Returns how many bytes of base addresses feed-rs copies: the whole for each element.
fn copied_bases(seen: &Survey, base: Option<&Url>) -> usize {
    let own = base.map_or(0, |base| base.as_str().len());
    seen.tags.saturating_mul(own + seen.base_bytes)
}

/// Adds what feed-rs does not tell, where it has read every entry.
fn complete(
    parsed: Parsed,
    seen: &Survey,
    text: &str,
    (base, zone, budget): (Option<&Url>, Tz, &Budget),
    rhythm: Rhythm,
    was_repaired: bool,
) -> Extraction {
    let mut notes = Vec::new();
    let mut read_by = ReadBy::FeedRs;
    if was_repaired {
        read_by = ReadBy::Repaired;
        notes.push(repair_note(seen));
    }
    let mut items = parsed.items;
    if seen.abouts.len() == items.len() {
        for (item, about) in items.iter_mut().zip(&seen.abouts) {
            item.guid = convert::non_empty(about).or(item.guid.take());
        }
    }
    if wants_more(seen, &items) {
        let scan = fallback::scan(text, base, zone, budget);
        if scan.items.len() == items.len() {
            let rich = scan
                .items
                .into_iter()
                .zip(items)
                .map(|(scanned, parsed)| merged(scanned, parsed))
                .collect();
            items = rich;
            if seen.has_naked_markup {
                read_by = ReadBy::Repaired;
                notes.push("markup that is not escaped stands among the elements".to_owned());
            }
        }
    }
    let rhythm = with_ttl(rhythm, parsed.ttl);
    Extraction { items, read_by, notes, rhythm, ..Extraction::default() }
}

/// Reads by the scan, where feed-rs failed or missed entries.
fn lenient(
    parsed: Result<Parsed, String>,
    scan: Scan,
    seen: &Survey,
    rhythm: Rhythm,
    text: &str,
) -> Result<Extraction, ExtractError> {
    let (reason, parsed) = match parsed {
        Ok(parsed) => {
            (format!("{} of {} entries read", parsed.items.len(), seen.entries), Some(parsed))
        }
        Err(reason) => (reason, None),
    };
    if let Some(parsed) =
        parsed.filter(|parsed| !parsed.items.is_empty() && parsed.items.len() >= scan.items.len())
    {
        // What the survey took for entries were none: elements of the same name elsewhere.
        let rhythm = with_ttl(rhythm, parsed.ttl);
        let items = if scan.items.len() == parsed.items.len() {
            scan.items
                .into_iter()
                .zip(parsed.items)
                .map(|(scanned, parsed)| merged(scanned, parsed))
                .collect()
        } else {
            parsed.items
        };
        let notes = vec![format!("feed-rs: {reason}")];
        return Ok(Extraction {
            items,
            read_by: ReadBy::Repaired,
            notes,
            rhythm,
            ..Extraction::default()
        });
    }
    if scan.items.is_empty() {
        return Err(if seen.entries > 0 || is_feed_root(seen) {
            ExtractError::Unreadable { reason }
        } else if seen.root.eq_ignore_ascii_case("html") {
            page_error(text)
        } else {
            ExtractError::NotAFeed {
                found: format!("a document that begins with `<{}>`", short(&seen.root)),
            }
        });
    }
    let mut notes = vec![format!("feed-rs: {reason}")];
    if scan.incomplete {
        notes.push("the document ends early: only complete entries are taken".to_owned());
    }
    Ok(Extraction {
        items: scan.items,
        read_by: ReadBy::Fallback,
        notes,
        rhythm,
        incomplete: scan.incomplete,
        ..Extraction::default()
    })
}

fn with_ttl(rhythm: Rhythm, ttl: Option<u32>) -> Rhythm {
    let interval = ttl
        .filter(|minutes| *minutes > 0)
        .map(|minutes| Duration::from_secs(u64::from(minutes) * 60));
    Rhythm { interval: rhythm.interval.or(interval), ..rhythm }
}

fn short(name: &str) -> String {
    crate::text::clean_line(name, 40)
}

fn repair_note(seen: &Survey) -> String {
    if seen.has_bad_text {
        "repaired: characters or references that XML does not know".to_owned()
    } else if seen.has_bad_prolog {
        "repaired: what stands before the root".to_owned()
    } else {
        "repaired: the root's tag".to_owned()
    }
}

/// Returns whether feed-rs knows the root as it stands. Versions and namespaces of the
/// others are the repair's or the scan's.
fn is_known_root(seen: &Survey) -> bool {
    matches!(seen.root.as_str(), "feed" | "entry" | "rdf:RDF")
        || (seen.root == "rss" && seen.is_plain_rss)
}

fn is_feed_root(seen: &Survey) -> bool {
    let root = seen.root.to_ascii_lowercase();
    let local = root.rsplit(':').next().unwrap_or_default();
    matches!(local, "rss" | "feed" | "rdf" | "channel")
}

/// Returns whether the scan can add something to what feed-rs gave.
fn wants_more(seen: &Survey, items: &[RawItem]) -> bool {
    let has_dates = seen.dates.own || seen.dates.foreign;
    let lacks_ids = seen.root.ends_with("RDF") && items.iter().all(|item| item.guid.is_none());
    seen.has_naked_markup
        || lacks_ids
        || (seen.dates.own && seen.dates.foreign)
        || items.iter().any(|item| {
            item.link.is_none()
                || item.title.is_none()
                || (item.published.is_none() && has_dates)
                || (item.summary_html.is_none() && item.body_html.is_none())
        })
}

/// Returns what the scan says, and where it says nothing what feed-rs said.
fn merged(scanned: RawItem, parsed: RawItem) -> RawItem {
    let or_list = |scanned: Vec<String>, parsed: Vec<String>| {
        if scanned.is_empty() { parsed } else { scanned }
    };
    RawItem {
        guid: scanned.guid.or(parsed.guid),
        link: scanned.link.or(parsed.link),
        title: scanned.title.or(parsed.title),
        summary_html: scanned.summary_html.or(parsed.summary_html),
        body_html: scanned.body_html.or(parsed.body_html),
        authors: or_list(scanned.authors, parsed.authors),
        categories: or_list(scanned.categories, parsed.categories),
        enclosures: if scanned.enclosures.is_empty() {
            parsed.enclosures
        } else {
            scanned.enclosures
        },
        published: scanned.published.or(parsed.published),
        updated: scanned.updated.or(parsed.updated),
        language: scanned.language.or(parsed.language),
    }
}

/// Bounds the number of items: the newest stay, in the order of the document.
fn keep_newest(extraction: &mut Extraction) {
    let count = extraction.items.len();
    if count <= MOST_ITEMS {
        return;
    }
    let mut order: Vec<usize> = (0..count).collect();
    let date = |index: &usize| {
        extraction
            .items
            .get(*index)
            .and_then(|item| item.published.or(item.updated))
            .map(|date| date.at)
    };
    order.sort_by_key(|index| (Reverse(date(index)), *index));
    order.truncate(MOST_ITEMS);
    order.sort_unstable();
    let mut kept = order.into_iter().peekable();
    let items = std::mem::take(&mut extraction.items);
    extraction.items = items
        .into_iter()
        .enumerate()
        .filter(|(index, _)| kept.next_if_eq(index).is_some())
        .map(|(_, item)| item)
        .collect();
    extraction.notes.push(format!("{count} items: only the newest {MOST_ITEMS} are taken"));
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Berlin;

    use super::*;

    fn feed(text: &str) -> Extraction {
        read(
            text.as_bytes(),
            None,
            Some("https://stadt.example/feed"),
            Berlin,
            &Budget::for_document(text.len()),
        )
        .unwrap()
    }

    #[test]
    fn a_sound_feed_is_read_by_feed_rs_alone() {
        let found = feed(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><rss version=\"2.0\"><channel><title>S</title><language>de</language><ttl>60</ttl>\
             <item><title>A &amp;amp; B</title><link>/a</link><guid isPermaLink=\"false\">n-1</guid><pubDate>Tue, 21 Jul 2026 10:00:00 +0200</pubDate>\
             <description>&lt;p&gt;x&lt;/p&gt;</description><category>Rat</category><enclosure url=\"/a.pdf\" type=\"application/pdf\" length=\"9\"/></item></channel></rss>",
        );
        assert_eq!(
            (found.read_by, found.notes.len(), found.incomplete),
            (ReadBy::FeedRs, 0, false)
        );
        assert_eq!(found.rhythm.interval, Some(Duration::from_hours(1)));
        let item = &found.items[0];
        assert_eq!(item.title.as_deref(), Some("A & B"));
        assert_eq!(item.link.as_deref(), Some("https://stadt.example/a"));
        assert_eq!(item.guid.as_deref(), Some("n-1"));
        assert_eq!(item.summary_html.as_deref(), Some("<p>x</p>"));
        assert_eq!(item.categories, ["Rat"]);
        assert_eq!(item.enclosures[0].url, "https://stadt.example/a.pdf");
        assert_eq!(item.enclosures[0].length, Some(9));
        assert_eq!(item.language.as_deref(), Some("de"));
        assert!(item.published.is_some_and(|date| !date.is_guess));
    }

    #[test]
    fn a_torn_feed_gives_its_complete_entries_and_says_so() {
        let found = feed(
            "<rss version=\"2.0\"><channel><item><title>A</title><link>/a</link></item><item><title>B</ti",
        );
        assert_eq!(
            (found.read_by, found.incomplete, found.items.len()),
            (ReadBy::Fallback, true, 1)
        );
    }

    #[test]
    fn names_that_make_feed_rs_panic_lose_nothing() {
        let found = feed(
            "<rss version=\"2.0\"><channel><item><title>A</title><link>/a</link><author>Pressestelle&#160;presse@stadt.example</author></item></channel></rss>",
        );
        assert_eq!(found.items.len(), 1);
        assert_eq!(found.items[0].authors, ["Pressestelle presse@stadt.example"]);
    }

    #[test]
    fn what_is_no_feed_is_an_error_that_names_it() {
        let error = |text: &str| {
            let budget = Budget::for_document(text.len());
            read(text.as_bytes(), None, None, Berlin, &budget).unwrap_err().to_string()
        };
        assert_eq!(error(" \n "), "the document is empty");
        assert_eq!(error("<!doctype html><html><body>x"), "not a feed but an HTML page");
        assert_eq!(
            error("<html><title>Just a moment...</title></html>"),
            "a challenge for robots answers instead of the source: Cloudflare"
        );
        assert_eq!(error("hello"), "not a feed but text without markup");
        assert_eq!(error("<svg/>"), "not a feed but a document that begins with `<svg>`");
        assert!(error("{\"error\":1}").starts_with("not a feed but JSON"));
        assert!(
            error("<rss version=\"2.0\"><channel><item><title>A").starts_with("unreadable feed")
        );
    }

    #[test]
    fn a_feed_without_entries_is_none_the_worse() {
        assert_eq!(
            feed("<rss version=\"2.0\"><channel><title>S</title></channel></rss>").items.len(),
            0
        );
        assert_eq!(
            feed("<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>S</title></feed>").items.len(),
            0
        );
    }

    #[test]
    fn of_too_many_items_the_newest_stay_in_their_order() {
        let items = (0..MOST_ITEMS + 10)
            .map(|number| {
                format!(
                    "<item><guid>{number}</guid><pubDate>{}</pubDate></item>",
                    if number < 10 { "2020-01-01" } else { "2026-01-01" }
                )
            })
            .collect::<Vec<_>>()
            .concat();
        let found = feed(&format!("<rss version=\"2.0\"><channel>{items}</channel></rss>"));
        assert_eq!(found.items.len(), MOST_ITEMS);
        assert_eq!(found.items[0].guid.as_deref(), Some("10"));
        assert_eq!(found.notes.len(), 1);
    }

    /// Reads a hostile feed and returns what ran out.
    fn runs_out(text: &str) -> Option<Resource> {
        let budget = Budget::for_document(text.len());
        let read = read(text.as_bytes(), None, Some("https://stadt.example/feed"), Berlin, &budget);
        assert_eq!(read.is_ok(), budget.check().is_ok());
        budget.check().err().map(|out| out.resource)
    }

    #[test]
    fn an_entity_used_everywhere_is_refused_before_its_bytes_are_made() {
        let declared = format!("<!DOCTYPE rss [<!ENTITY a \"{}\">]>", "A".repeat(1000));
        let used = "&a;".repeat(100_000);
        let feed = |used: &str| {
            format!(
                "{declared}<rss version=\"2.0\"><channel><item><title>x</title><description>{used}</description></item></channel></rss>"
            )
        };
        assert_eq!(runs_out(&feed(&used)), Some(Resource::Bytes));
        assert_eq!(runs_out(&feed("&a;&a;")), None);
    }

    #[test]
    fn a_base_without_end_is_neither_copied_nor_joined_for_each_link() {
        let entries = |base: &str| {
            let entries = "<entry><title>x</title><link href=\"a\"/></entry>".repeat(2_000);
            format!(
                "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:base=\"https://stadt.example/{base}/\"><title>x</title>{entries}</feed>"
            )
        };
        assert_eq!(runs_out(&entries(&"b".repeat(100_000))), Some(Resource::Bytes));
        assert_eq!(runs_out(&entries("news")), None);
    }

    #[test]
    fn empty_items_of_json_without_number_are_refused() {
        let items = vec!["{}"; 300_000].join(",");
        let feed =
            format!("{{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{items}]}}");
        assert_eq!(runs_out(&feed), Some(Resource::Nodes));
    }
}
