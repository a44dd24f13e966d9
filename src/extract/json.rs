//! JSON Feed (1.0, 1.1), leniently: numeric ids, missing titles, nulls.

use chrono_tz::Tz;
use serde_json::Value;
use url::Url;

use crate::model::{Budget, Enclosure, Exhausted, RawItem, Resource};

use super::convert::{MOST_PARTS, absolute, add_enclosure, escaped, non_empty, plain};
use crate::text::date;

/// Takes the values of a JSON text from the budget, before any of them is built: two
/// bytes of `{}` become a map, and ten millions of them a gigabyte.
pub fn weigh(text: &str, budget: &Budget) -> Result<(), Exhausted> {
    budget.step(text.len())?;
    let mut in_string = false;
    let mut is_escaped = false;
    let mut values = 0;
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' | b',' if !in_string => values += 1,
            _ => {}
        }
    }
    budget.spend(Resource::Nodes, values)
}

/// Returns the items of a JSON Feed that was weighed, or why it is none. `serde_json`
/// bounds the nesting.
pub(super) fn read(
    text: &str,
    base: Option<&Url>,
    zone: Tz,
    budget: &Budget,
) -> Result<Vec<RawItem>, String> {
    let feed: Value = serde_json::from_str(text.trim()).map_err(|error| error.to_string())?;
    let is_feed = feed
        .get("version")
        .and_then(Value::as_str)
        .is_some_and(|version| version.contains("jsonfeed.org"));
    let items = feed.get("items").and_then(Value::as_array);
    let Some(items) = items.filter(|items| {
        is_feed
            || items
                .iter()
                .any(|item| item.get("content_html").is_some() || item.get("url").is_some())
    }) else {
        return Err("JSON, but no JSON Feed".to_owned());
    };
    let language = word(&feed, "language");
    Ok(items
        .iter()
        .filter(|item| item.is_object())
        .map(|value| item(value, base, zone, language.as_deref(), budget))
        .collect())
}

fn word(value: &Value, key: &str) -> Option<String> {
    match value.get(key)? {
        Value::String(text) => non_empty(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn item(
    value: &Value,
    base: Option<&Url>,
    zone: Tz,
    language: Option<&str>,
    budget: &Budget,
) -> RawItem {
    let date = |key| word(value, key).and_then(|text| date::parse(&text, zone));
    let body = word(value, "content_html");
    let content_text = word(value, "content_text").and_then(|text| escaped(&text));
    let summary = word(value, "summary").and_then(|text| escaped(&text));
    let (body_html, summary_html) = match body {
        Some(body) => (Some(body), summary.or(content_text)),
        None => (content_text, summary),
    };
    let mut enclosures = Vec::new();
    for file in list(value, "attachments") {
        if let Some(url) = word(file, "url") {
            add_enclosure(
                &mut enclosures,
                Enclosure {
                    url: absolute(&url, base, budget),
                    media_type: word(file, "mime_type"),
                    length: file.get("size_in_bytes").and_then(Value::as_u64),
                    title: word(file, "title"),
                },
            );
        }
    }
    let published = date("date_published");
    let updated = date("date_modified");
    let single = value.get("author");
    RawItem {
        guid: word(value, "id"),
        link: word(value, "url")
            .or_else(|| word(value, "external_url"))
            .map(|url| absolute(&url, base, budget)),
        title: word(value, "title").and_then(|title| plain(&title, false, budget)),
        summary_html,
        body_html,
        authors: list(value, "authors")
            .iter()
            .chain(single)
            .filter_map(|author| word(author, "name"))
            .take(MOST_PARTS)
            .collect(),
        categories: list(value, "tags")
            .iter()
            .filter_map(Value::as_str)
            .filter_map(non_empty)
            .take(MOST_PARTS)
            .collect(),
        enclosures,
        published: published.or(updated),
        updated,
        language: word(value, "language").or_else(|| language.map(str::to_owned)),
    }
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_gaps_are_taken_as_they_come() {
        let text = r#"{"version":"https://jsonfeed.org/version/1","items":[
            {"id":7,"url":"/a","title":null,"content_text":"a < b","tags":["x",1],"date_published":"2026-07-21T10:00:00+02:00"}]}"#;
        let base = Url::parse("https://stadt.example/feed").ok();
        let items = read(text, base.as_ref(), chrono_tz::UTC, &Budget::for_document(0)).unwrap();
        assert_eq!(items.len(), 1);
        let item = &items[0];
        assert_eq!(item.guid.as_deref(), Some("7"));
        assert_eq!(item.link.as_deref(), Some("https://stadt.example/a"));
        assert_eq!(item.body_html.as_deref(), Some("a &lt; b"));
        assert_eq!(item.categories, ["x"]);
        assert_eq!(item.published.map(|date| date.at.seconds()), Some(1_784_620_800));
    }

    #[test]
    fn other_json_is_no_feed() {
        assert!(
            read("{\"error\":\"not found\"}", None, chrono_tz::UTC, &Budget::for_document(0))
                .is_err()
        );
        assert!(
            read(&"[".repeat(200_000), None, chrono_tz::UTC, &Budget::for_document(0)).is_err()
        );
    }

    #[test]
    fn values_are_counted_before_they_are_built() {
        let many = format!("[{}]", vec!["{}"; 100_001].join(","));
        let budget = Budget::for_document(many.len());
        assert_eq!(weigh(&many, &budget).unwrap_err().resource, Resource::Nodes);
        let text = format!("[\"{}\"]", r#"{,[\"\\"#.repeat(100_000));
        let budget = Budget::for_document(text.len());
        assert_eq!((weigh(&text, &budget), budget.spent(Resource::Nodes)), (Ok(()), 1));
    }
}
