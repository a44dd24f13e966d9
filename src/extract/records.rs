//! Items out of JSON: where pointers say, or found by what arrays of objects hold.
//!
//! Reads answers of programming interfaces and the data that pages carry for
//! scripts (JSON-LD, `__NEXT_DATA__`). Knows no address and no page.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use serde_json::{Map, Value};
use url::Url;

use super::convert::{non_empty, plain};
use super::document::resolve;
use super::html::escape;
use crate::model::{Budget, Date, Enclosure, Exhausted, RawItem};
use crate::text::date;

/// Most items of one list.
const MOST_ITEMS: usize = 1_000;
/// Most lists that are looked at closely.
const MOST_LISTS: usize = 200;
/// Objects of a list that are looked at to learn what its keys mean.
const SAMPLE: usize = 20;
/// Levels below an item at which a part may stand: `/attributes/body/processed`.
const PART_DEPTH: usize = 3;

/// Where the parts of an item stand.
///
/// Each part has pointers (RFC 6901) that are tried in order. One that holds `{` is a
/// text in which each `{/pointer}` is replaced: `/dataset/{/name}`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields {
    /// The array of items; empty for the document itself.
    pub list: String,
    pub title: Vec<String>,
    /// Address, relative to the document's.
    pub link: Vec<String>,
    /// Date of publication.
    pub date: Vec<String>,
    /// Full text, as HTML.
    pub text: Vec<String>,
    /// Teaser, as HTML.
    pub summary: Vec<String>,
    /// What identifies an item for good.
    pub id: Vec<String>,
}

/// Returns the items of the list that `fields` point at; nothing if there is no list.
pub fn read(
    value: &Value,
    fields: &Fields,
    base: Option<&Url>,
    zone: Tz,
    budget: &Budget,
) -> Option<Vec<RawItem>> {
    let list = value.pointer(&fields.list)?.as_array()?;
    let items = list.iter().take(MOST_ITEMS).map(unwrapped).filter(|value| value.is_object());
    Some(items.map(|value| item(value, fields, base, zone, budget)).collect())
}

/// A list that was found.
#[derive(Debug)]
pub struct List {
    /// Where its parts stand.
    pub fields: Fields,
    pub items: Vec<RawItem>,
    /// Weight of what speaks for news.
    weight: usize,
}

/// Returns the lists of news that a document holds, likeliest first.
///
/// Fails if the document costs more than `budget`.
pub fn find(
    value: &Value,
    base: Option<&Url>,
    zone: Tz,
    budget: &Budget,
) -> Result<Vec<List>, Exhausted> {
    let mut found = Vec::new();
    let mut arrays = Vec::new();
    collect(value, String::new(), &mut arrays, budget)?;
    for (list, array) in arrays {
        budget.step(array.len())?;
        let kinds: Vec<&Value> = array.iter().take(SAMPLE).map(unwrapped).collect();
        let Some(fields) = meaning(&kinds, list, zone, budget)? else { continue };
        let Some(items) = read(value, &fields, base, zone, budget) else { continue };
        let items: Vec<RawItem> = items.into_iter().filter(|item| item.title.is_some()).collect();
        let dated = items.iter().filter(|item| item.published.is_some()).count();
        let weight =
            items.len() + 2 * dated + usize::from(kinds.iter().all(|v| is_news(v))) * 1_000;
        if !items.is_empty() && (dated * 2 >= items.len() || weight >= 1_000) {
            found.push(List { fields, items, weight });
        }
    }
    found.sort_by_key(|list| std::cmp::Reverse(list.weight));
    Ok(found)
}

/// Returns the object that says most: a title and a text of several sentences.
///
/// Fails if the document costs more than `budget`.
pub fn article(value: &Value, budget: &Budget) -> Result<Option<Prose>, Exhausted> {
    let mut best: Option<Prose> = None;
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        budget.step(1)?;
        match value {
            Value::Array(values) => waiting.extend(values),
            Value::Object(object) => {
                waiting.extend(object.values());
                let parts = parts(object, budget)?;
                let text = longest(&parts, |key| is_text_key(key) || is_summary_key(key));
                let title =
                    parts.iter().find(|(path, text)| is_title_key(leaf(path)) && tells(text));
                if let (Some(text), Some((_, title))) = (text, title)
                    && text.len() >= 200
                    && best.as_ref().is_none_or(|best| best.html.len() < text.len())
                {
                    let date = parts
                        .iter()
                        .filter_map(|(path, text)| Some((date_rank(leaf(path))?, text)));
                    let date = date.min_by_key(|(rank, _)| *rank).map(|(_, text)| text.clone());
                    best = Some(Prose { title: title.clone(), html: text.clone(), date });
                }
            }
            _ => {}
        }
    }
    Ok(best)
}

/// What an object says as an article.
#[derive(Debug)]
pub struct Prose {
    pub title: String,
    /// Text, as HTML or plain.
    pub html: String,
    /// Date of publication as written.
    pub date: Option<String>,
}

/// Returns the arrays of objects with the pointers to them.
fn collect<'a>(
    value: &'a Value,
    path: String,
    arrays: &mut Vec<(String, &'a Vec<Value>)>,
    budget: &Budget,
) -> Result<(), Exhausted> {
    budget.step(1 + path.len())?;
    match value {
        Value::Array(values) => {
            if arrays.len() < MOST_LISTS && values.iter().any(|value| unwrapped(value).is_object())
            {
                arrays.push((path.clone(), values));
            }
            for (index, value) in values.iter().enumerate() {
                collect(value, format!("{path}/{index}"), arrays, budget)?;
            }
        }
        Value::Object(object) => {
            for (key, value) in object {
                let key = key.replace('~', "~0").replace('/', "~1");
                collect(value, format!("{path}/{key}"), arrays, budget)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Returns the thing itself, where a list holds it in `item` (schema.org) or `node` (GraphQL).
fn unwrapped(value: &Value) -> &Value {
    let is_shell = |inner: &&Value| inner.is_object();
    ["item", "node"].into_iter().find_map(|key| value.get(key).filter(is_shell)).unwrap_or(value)
}

/// Finds out which keys of a list's objects are what; nothing if they are no news.
fn meaning(
    sample: &[&Value],
    list: String,
    zone: Tz,
    budget: &Budget,
) -> Result<Option<Fields>, Exhausted> {
    let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut objects = 0;
    for object in sample.iter().filter_map(|value| value.as_object()) {
        if is_other(object) {
            return Ok(None);
        }
        objects += 1;
        for (path, text) in parts(object, budget)? {
            columns.entry(path).or_default().push(text);
        }
    }
    let often = |texts: &Vec<String>| texts.len() * 10 >= objects * 6;
    let best = |must_be_often: bool,
                rank: &dyn Fn(&str, &Vec<String>) -> Option<usize>|
     -> Vec<String> {
        let mut ranked: Vec<(usize, usize, &String)> = columns
            .iter()
            .filter(|(_, texts)| !must_be_often || often(texts))
            .filter_map(|(path, texts)| Some((rank(path, texts)?, path.matches('/').count(), path)))
            .collect();
        ranked.sort();
        ranked.into_iter().take(2).map(|(_, _, path)| path.clone()).collect()
    };
    let most = |texts: &Vec<String>, test: &dyn Fn(&str) -> bool| {
        texts.iter().filter(|text| test(text)).count() * 10 >= texts.len() * 6
    };
    let title = best(true, &|path, texts| {
        let rank = TITLES.iter().position(|key| leaf(path) == *key || owner(path) == *key)?;
        let mut distinct: Vec<&String> = texts.iter().collect();
        distinct.sort();
        distinct.dedup();
        (most(texts, &tells) && distinct.len() * 2 > texts.len()).then_some(rank)
    });
    let link = best(true, &|path, texts| {
        let rank = LINKS.iter().position(|key| leaf(path) == *key)?;
        let is_picture =
            path.contains("image") || path.contains("picture") || path.contains("bild");
        let leads = |text: &str| text.starts_with('/') || text.starts_with("http");
        (!is_picture && most(texts, &leads)).then_some(rank)
    });
    let date = best(false, &|path, texts| {
        let rank = date_rank(leaf(path))?;
        most(texts, &|text| read_date(text, zone).is_some()).then_some(rank)
    });
    if title.is_empty() || link.is_empty() {
        return Ok(None);
    }
    let text = best(false, &|path, texts| {
        (is_text_key(leaf(path)) || is_text_key(owner(path)))
            .then_some(0)
            .filter(|_| most(texts, &|text| text.len() >= 40))
    });
    let summary = best(false, &|path, texts| {
        (is_summary_key(leaf(path)) || is_summary_key(owner(path)))
            .then_some(0)
            .filter(|_| most(texts, &|text| text.len() >= 20))
    });
    Ok(Some(Fields { list, title, link, date, text, summary, id: Vec::new() }))
}

/// Returns the texts of an object with the pointers to them.
fn parts(object: &Map<String, Value>, budget: &Budget) -> Result<Vec<(String, String)>, Exhausted> {
    let mut parts = Vec::new();
    let mut waiting: Vec<(String, usize, &Map<String, Value>)> = vec![(String::new(), 1, object)];
    while let Some((path, depth, object)) = waiting.pop() {
        for (key, value) in object {
            budget.step(1)?;
            let path = format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
            match value {
                Value::Object(inner) if depth < PART_DEPTH => {
                    waiting.push((path, depth + 1, inner));
                }
                Value::Array(_) | Value::Object(_) | Value::Null => {}
                scalar => {
                    parts.extend(scalar_text(scalar).map(|text| (path, text)));
                }
            }
        }
    }
    Ok(parts)
}

fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => non_empty(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Keys of a title, best first.
const TITLES: &[&str] = &["headline", "title", "titel", "ueberschrift", "name", "subject", "label"];
/// Keys of an address, best first.
const LINKS: &[&str] =
    &["url", "link", "href", "permalink", "canonical", "canonicalUrl", "path", "uri", "@id"];
/// Keys of a date of publication, best first; folded.
const DATES: &[&str] = &[
    "datepublished",
    "publishedat",
    "published",
    "publishdate",
    "publicationdate",
    "pubdate",
    "veroeffentlicht",
    "date",
    "datum",
    "createdat",
    "datecreated",
    "created",
];

fn is_title_key(key: &str) -> bool {
    TITLES.contains(&key)
}

fn is_text_key(key: &str) -> bool {
    matches!(key, "articleBody" | "body" | "bodyHtml" | "content" | "text" | "html" | "inhalt")
}

fn is_summary_key(key: &str) -> bool {
    matches!(key, "description" | "teaser" | "summary" | "abstract" | "excerpt" | "intro" | "lead")
}

fn date_rank(key: &str) -> Option<usize> {
    let folded: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
    let folded = folded.to_ascii_lowercase();
    DATES.iter().position(|known| *known == folded)
}

/// Returns the last name of a pointer.
fn leaf(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns the last name but one: `title` of `/title/rendered`.
fn owner(path: &str) -> &str {
    path.rsplit('/').nth(1).unwrap_or_default()
}

fn longest(parts: &[(String, String)], is: impl Fn(&str) -> bool) -> Option<&String> {
    let told = parts.iter().filter(|(path, _)| is(leaf(path)) || is(owner(path)));
    told.map(|(_, text)| text).max_by_key(|text| text.len())
}

/// Returns whether words can be a title.
fn tells(text: &str) -> bool {
    text.len() <= 500 && text.split_whitespace().count() >= 2
}

/// Returns whether an object says that it is news.
fn is_news(value: &Value) -> bool {
    types(value).any(|kind| {
        kind.ends_with("Article") || kind.ends_with("Posting") || kind.ends_with("PressRelease")
    })
}

/// Returns whether an object says that it is no news: events, vacancies, crumbs of a path.
fn is_other(object: &Map<String, Value>) -> bool {
    const KINDS: [&str; 5] = ["Event", "JobPosting", "SiteNavigationElement", "Product", "Person"];
    object.contains_key("startDate")
        || object.get("@type").is_some_and(|_| {
            types(&Value::Object(object.clone()))
                .any(|kind| KINDS.iter().any(|k| kind.ends_with(k)))
        })
}

fn types(value: &Value) -> impl Iterator<Item = &str> {
    let (one, many) = match value.get("@type") {
        Some(Value::String(kind)) => (Some(kind.as_str()), &[] as &[Value]),
        Some(Value::Array(kinds)) => (None, kinds.as_slice()),
        _ => (None, &[] as &[Value]),
    };
    one.into_iter().chain(many.iter().filter_map(Value::as_str))
}

fn item(value: &Value, fields: &Fields, base: Option<&Url>, zone: Tz, budget: &Budget) -> RawItem {
    let text = |places: &[String]| places.iter().find_map(|place| part(value, place));
    let link = text(&fields.link).and_then(|link| resolve(&link, base, budget));
    let date = fields.date.iter().find_map(|place| read_date(&part(value, place)?, zone));
    let mut raw = RawItem {
        guid: text(&fields.id),
        title: text(&fields.title)
            .and_then(|title| plain(&title, true, budget))
            .map(|title| escape(&title)),
        body_html: text(&fields.text),
        summary_html: text(&fields.summary),
        published: date,
        link,
        ..RawItem::default()
    };
    raw.enclosures.extend(media(value, base, budget));
    raw
}

/// Returns the file that schema.org puts beside an article.
fn media(value: &Value, base: Option<&Url>, budget: &Budget) -> Option<Enclosure> {
    let url = value.pointer("/associatedMedia/contentUrl")?.as_str()?;
    let title = value.pointer("/associatedMedia/name").and_then(Value::as_str).map(str::to_owned);
    Some(Enclosure { url: resolve(url, base, budget)?, title, ..Enclosure::default() })
}

/// Returns what stands at a pointer, or a text made of several.
fn part(value: &Value, place: &str) -> Option<String> {
    if !place.contains('{') {
        return scalar_text(value.pointer(place)?);
    }
    let mut made = String::new();
    let mut rest = place;
    while let Some((before, after)) = rest.split_once('{') {
        let (pointer, tail) = after.split_once('}')?;
        made.push_str(before);
        made.push_str(&scalar_text(value.pointer(pointer)?)?);
        rest = tail;
    }
    made.push_str(rest);
    Some(made)
}

/// Returns a date as written, or as seconds or milliseconds since 1970.
fn read_date(text: &str, zone: Tz) -> Option<Date> {
    let is_stamp = text.len() >= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_stamp {
        return date::parse(text, zone);
    }
    let number: i64 = text.parse().ok()?;
    let seconds = if text.len() >= 12 { number / 1_000 } else { number };
    let at = chrono::DateTime::from_timestamp(seconds, 0)?;
    date::parse(&at.to_rfc3339(), zone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(value: &Value) -> Vec<List> {
        let base = Url::parse("https://stadt.example/aktuelles").ok();
        find(value, base.as_ref(), chrono_tz::UTC, &Budget::for_document(10_000)).unwrap()
    }

    #[test]
    fn a_list_among_menus_and_crumbs_is_found_by_its_titles_addresses_and_dates() {
        let menu = json!([{"label":"Rathaus und Service","href":"/rathaus"},{"label":"Leben in der Stadt","href":"/leben"}]);
        let news = json!([
            {"id":1,"title":"Neues Portal ist online","path":"/n/1","publishedAt":"2026-11-02T08:00:00Z","teaser":"Anträge ab sofort im Netz stellen."},
            {"id":2,"title":"Brücke wird <b>gesperrt</b>","path":"/n/2","publishedAt":"2026-11-01"},
        ]);
        let lists = found(&json!({"props":{"menu":menu,"page":{"news":{"items":news}}}}));
        assert_eq!(lists.len(), 1);
        let items = &lists[0].items;
        assert_eq!(items[0].link.as_deref(), Some("https://stadt.example/n/1"));
        assert_eq!(items[0].summary_html.as_deref(), Some("Anträge ab sofort im Netz stellen."));
        assert_eq!(items[1].title.as_deref(), Some("Brücke wird gesperrt"));
        assert!(items.iter().all(|item| item.published.is_some()));
    }

    #[test]
    fn linked_data_unwraps_its_list_items_and_leaves_events_alone() {
        let entry = |kind: &str, n: u8| json!({"@type":"ListItem","item":{"@type":kind,"headline":format!("Meldung Nummer {n}"),"url":format!("/m/{n}"),"datePublished":"2026-11-01"}});
        let news = json!({"itemListElement":[entry("NewsArticle",1),entry("NewsArticle",2)]});
        assert_eq!(found(&news)[0].items.len(), 2);
        let events = json!({"itemListElement":[entry("MusicEvent",1),entry("MusicEvent",2)]});
        assert!(found(&events).is_empty());
    }

    #[test]
    fn pointers_and_texts_made_of_them_read_what_they_point_at() {
        let fields = Fields {
            list: "/result/results".to_owned(),
            title: vec!["/title".to_owned()],
            link: vec!["/url".to_owned(), "/dataset/{/name}".to_owned()],
            date: vec!["/at".to_owned()],
            ..Fields::default()
        };
        let value = json!({"result":{"results":[{"title":"Haushalt","name":"haushalt-2026","at":1_793_491_200_000_i64},7]}});
        let budget = Budget::for_document(1_000);
        let base = Url::parse("https://daten.example/api/3/x").ok();
        let items = read(&value, &fields, base.as_ref(), chrono_tz::UTC, &budget).unwrap();
        assert_eq!(items.len(), 1);
        assert_eq!(items[0].link.as_deref(), Some("https://daten.example/dataset/haushalt-2026"));
        assert_eq!(items[0].published.map(|date| date.at.0), Some(1_793_491_200_000));
        assert!(read(&value, &Fields::default(), None, chrono_tz::UTC, &budget).is_none());
    }
}
