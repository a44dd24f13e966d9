//! Atom feeds of everything, of each topic and of every search, with validators, and each as a
//! JSON Feed too.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::get;
use chrono::DateTime;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::choices::Fields;
use super::door::Segment;
use super::headers::Kind;
use super::lists::{MAX_TITLE, SHORT_LEAD, others, topics};
use super::search::{self, Sought};
use super::views::{Feed, FeedEntry};
use super::{Answer, Face, Refusal, answer};
use crate::model::{Timestamp, TopicId};
use crate::page;
use crate::pipeline::Plan;
use crate::store::items::{self, Listing, Stored};
use crate::store::{StoreError, Transaction};
use crate::text::typography as typo;

/// Entries of a feed.
const ENTRIES: usize = 50;
/// As Last-Modified is written (RFC 9110 5.6.7).
const HTTP_DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

pub(super) fn router() -> Router<Arc<Face>> {
    Router::new().route("/feeds/{file}", get(feed))
}

async fn feed(
    State(face): State<Arc<Face>>,
    Segment(file): Segment,
    fields: Fields,
    headers: HeaderMap,
) -> Answer {
    let (ctx, plan) = face.now();
    let (name, kind) = match file.rsplit_once('.').ok_or(Refusal::MISSING)? {
        (name, "atom") => (name, Kind::Feed),
        (name, "json") => (name, Kind::JsonFeed),
        _ => return Err(Refusal::MISSING),
    };
    let (title, listed, path, file) = match name {
        "alle" => {
            let is_all = fields.first("alles") == Some("1");
            ("Alle Meldungen".to_owned(), Listed::Of(None, is_all), String::new(), file)
        }
        "suche" => {
            let sought = Sought::of(&fields, &plan)?;
            if sought.is_everything() {
                return Err(Refusal::MISSING);
            }
            let query = sought.query();
            let file = format!("{file}?{query}");
            (sought.title(), Listed::Sought(sought, ctx.clock.now()), format!("?{query}"), file)
        }
        id => {
            let known = plan.topics.iter().find(|(topic, _)| topic.as_str() == id);
            let (id, title) = known.ok_or(Refusal::MISSING)?;
            (title.clone(), Listed::Of(Some(id.clone()), false), format!("thema/{id}"), file)
        }
    };
    let known = Arc::clone(&plan);
    let entries = ctx.store.read(move |tx| entries(tx, &known, &listed)).await?;
    let updated = entries.iter().map(|(at, _)| *at).max().unwrap_or_default();
    let feed = Feed {
        title: format!("{}: {title}", plan.mail.face.name),
        self_url: plan.mail.link(&format!("feeds/{file}")),
        page_url: plan.mail.link(&path),
        updated: updated.rfc3339(),
        entries: entries.into_iter().map(|(_, entry)| entry).collect(),
    };
    let text = match kind {
        Kind::JsonFeed => json_feed(&feed),
        _ => face.fill(&plan, "feed.atom", kind, &feed)?,
    };
    Ok(validated(&headers, kind, text, updated))
}

/// Returns the feed as JSON (<https://www.jsonfeed.org/version/1.1/>).
fn json_feed(feed: &Feed) -> String {
    let item = |entry: &FeedEntry| {
        let mut item = json!({
            "id": entry.id,
            "url": entry.url,
            "title": entry.title,
            "content_text": entry.summary,
            "date_modified": entry.updated,
            "authors": [{ "name": entry.source }],
            "tags": entry.topics.iter().map(|topic| &topic.title).collect::<Vec<_>>(),
        });
        // A key without a value is no date.
        if let Some(published) = &entry.published {
            item["date_published"] = json!(published);
        }
        item
    };
    let items: Vec<Value> = feed.entries.iter().map(item).collect();
    json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.page_url,
        "feed_url": feed.self_url,
        "language": "de",
        "items": items,
    })
    .to_string()
}

/// What a feed lists.
enum Listed {
    /// The stories of a topic or of all; with those that have no topic.
    Of(Option<TopicId>, bool),
    /// What a search finds at that time.
    Sought(Sought, Timestamp),
}

fn entries(
    tx: &Transaction<'_>,
    plan: &Plan,
    listed: &Listed,
) -> Result<Vec<(Timestamp, FeedEntry)>, StoreError> {
    let items = match listed {
        Listed::Of(topic, is_all) => {
            let listing = Listing {
                topic: topic.clone(),
                with_topic: !is_all,
                one_per_story: true,
                limit: ENTRIES,
                ..Listing::default()
            };
            items::list(tx, &listing)?
        }
        Listed::Sought(sought, now) => search::newest(tx, sought, *now, ENTRIES)?,
    };
    items.into_iter().map(|item| entry(tx, plan, item)).collect()
}

fn entry(
    tx: &Transaction<'_>,
    plan: &Plan,
    item: Stored,
) -> Result<(Timestamp, FeedEntry), StoreError> {
    let updated = item.updated.unwrap_or(item.first_seen);
    let entry = FeedEntry {
        // The story's: it stays when a better source takes the lead.
        id: plan.mail.link(&format!("meldung/{}", item.story)),
        also: others(tx, &item)?
            .into_iter()
            .filter_map(|other| page::shown_url(&other.url?))
            .collect(),
        topics: topics(tx, plan, item.story)?,
        url: (item.url.as_deref().and_then(page::shown_url))
            .unwrap_or_else(|| plan.mail.link(&format!("meldung/{}", item.id))),
        title: typo::line(&item.title, MAX_TITLE),
        source: item.source_name,
        published: item.published.map(Timestamp::rfc3339),
        updated: updated.rfc3339(),
        summary: typo::line(&item.summary, SHORT_LEAD),
    };
    Ok((updated, entry))
}

/// Returns the feed, or 304 if the reader has it.
fn validated(headers: &HeaderMap, kind: Kind, text: String, updated: Timestamp) -> Response {
    let hash = HEXLOWER.encode(&Sha256::digest(text.as_bytes())[..12]);
    let tag = format!("\"{hash}\"");
    let is_known = match headers.get(IF_NONE_MATCH).map(HeaderValue::to_str) {
        // It alone counts where it stands (RFC 9110 13.2.2).
        Some(known) => known.is_ok_and(|known| names_tag(known, &tag)),
        None => headers.get(IF_MODIFIED_SINCE).is_some_and(|since| is_since(since, updated)),
    };
    let mut response = if is_known {
        answer(StatusCode::NOT_MODIFIED, kind, String::new())
    } else {
        answer(StatusCode::OK, kind, text)
    };
    let modified = updated.utc().format(HTTP_DATE).to_string();
    for (name, value) in [(ETAG, tag), (LAST_MODIFIED, modified)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Returns whether If-None-Match names the tag; compared weakly (RFC 9110 8.8.3.2).
fn names_tag(known: &str, tag: &str) -> bool {
    known
        .split(',')
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

fn is_since(since: &HeaderValue, updated: Timestamp) -> bool {
    let Ok(Ok(since)) = since.to_str().map(DateTime::parse_from_rfc2822) else { return false };
    since.timestamp() >= updated.utc().timestamp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_among_others_and_weakened() {
        assert!(names_tag("\"a\", W/\"b\"", "\"b\""));
        assert!(names_tag("*", "\"b\""));
        assert!(!names_tag("\"a\"", "\"b\""));
        assert!(!names_tag("b", "\"b\""));
    }
}
