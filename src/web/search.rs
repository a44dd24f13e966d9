//! The search for readers: words, and the fields that narrow it. Which items are found, the
//! store says; topics and sources are found here, by their names.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::choices::Fields;
use super::headers::Kind;
use super::lists::{self, PAGE_SIZE};
use super::views::{Choice, ItemLine, TopicLink};
use super::{Answer, Face, Refusal};
use crate::model::{SourceId, Timestamp, TopicId};
use crate::pipeline::Plan;
use crate::store::items::{self, Listing, Place, Stored};
use crate::store::{StoreError, Transaction};
use crate::text;

/// Longest search, in characters; the field takes no more.
const MAX_QUERY: usize = 200;
/// Spans of time to choose from, in days.
const SPANS: [(u64, &str); 4] =
    [(7, "letzte 7 Tage"), (30, "letzte 30 Tage"), (90, "letzte 90 Tage"), (365, "letztes Jahr")];
/// A day.
const DAY: Duration = Duration::from_hours(24);

/// What a reader looks for. By default everything.
#[derive(Debug, Clone, Default)]
pub(super) struct Sought {
    words: Option<String>,
    topic: Option<(TopicId, String)>,
    source: Option<(SourceId, String)>,
    days: Option<u64>,
}

impl Sought {
    /// Of the fields `suche`, `thema`, `quelle` and `zeitraum`. Fails if they name what does not exist.
    pub(super) fn of(fields: &Fields, plan: &Plan) -> Result<Self, Refusal> {
        let chosen = |name: &str| fields.first(name).filter(|value| !value.is_empty());
        let words = chosen("suche").map(|words| text::clean_line(words, MAX_QUERY));
        Ok(Self {
            words: words.filter(|words| !words.trim().is_empty()),
            topic: one_of(chosen("thema"), |id| {
                plan.topics.iter().find(|(topic, _)| topic.as_str() == id).cloned()
            })?,
            source: one_of(chosen("quelle"), |id| {
                sources(plan).find(|(source, _)| source.as_str() == id)
            })?,
            days: one_of(chosen("zeitraum"), |days| {
                SPANS.iter().map(|(days, _)| *days).find(|known| known.to_string() == days)
            })?,
        })
    }

    pub(super) fn is_everything(&self) -> bool {
        let Self { words, topic, source, days } = self;
        words.is_none() && topic.is_none() && source.is_none() && days.is_none()
    }

    fn listing(&self, now: Timestamp) -> Listing {
        let span = |days: u64| DAY * u32::try_from(days).unwrap_or(u32::MAX);
        Listing {
            topic: self.topic.as_ref().map(|(id, _)| id.clone()),
            source: self.source.as_ref().map(|(id, _)| id.clone()),
            since: self.days.map(|days| now.before(span(days))),
            ..Listing::default()
        }
    }

    /// Returns the fields as a query, as they stand in links.
    pub(super) fn query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let fields = [
            ("suche", self.words.clone()),
            ("thema", self.topic.as_ref().map(|(id, _)| id.to_string())),
            ("quelle", self.source.as_ref().map(|(id, _)| id.to_string())),
            ("zeitraum", self.days.map(|days| days.to_string())),
        ];
        for (name, value) in fields {
            query.extend_pairs(value.map(|value| (name, value)));
        }
        query.finish()
    }

    /// Returns what is looked for, in words: `Suche nach „Portal“, KITU`.
    pub(super) fn title(&self) -> String {
        let words = self.words.as_ref().map(|words| format!("Suche nach „{words}“"));
        let span = SPANS.iter().find(|(days, _)| Some(*days) == self.days);
        let narrowed = [
            self.topic.as_ref().map(|(_, title)| title.as_str()),
            self.source.as_ref().map(|(_, name)| name.as_str()),
            span.map(|(_, words)| *words),
        ];
        let narrowed: Vec<&str> = narrowed.into_iter().flatten().collect();
        let narrowed = narrowed.join(", ");
        match words {
            Some(words) if narrowed.is_empty() => words,
            Some(words) => format!("{words}, {narrowed}"),
            None => format!("Meldungen: {narrowed}"),
        }
    }

    /// Returns the form as it was filled in.
    pub(super) fn form(&self, plan: &Plan) -> Value {
        let topics = plan.topics.iter().map(|(id, title)| {
            let chosen = self.topic.as_ref().is_some_and(|(topic, _)| topic == id);
            choice(id.as_str(), title, chosen)
        });
        let sources = sources(plan).map(|(id, name)| {
            let chosen = self.source.as_ref().is_some_and(|(source, _)| *source == id);
            choice(id.as_str(), &name, chosen)
        });
        let spans = SPANS
            .iter()
            .map(|(days, words)| choice(&days.to_string(), words, self.days == Some(*days)));
        json!({
            "words": self.words,
            "topics": topics.collect::<Vec<_>>(),
            "sources": sources.collect::<Vec<_>>(),
            "spans": spans.collect::<Vec<_>>(),
        })
    }
}

/// Returns what a field chose; none if it is empty. Fails if that does not exist.
fn one_of<T>(chosen: Option<&str>, find: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Refusal> {
    chosen.map(|chosen| find(chosen).ok_or(Refusal::MISSING)).transpose()
}

fn choice(id: &str, title: &str, chosen: bool) -> Choice {
    Choice { id: id.to_owned(), title: title.to_owned(), remark: String::new(), chosen }
}

fn sources(plan: &Plan) -> impl Iterator<Item = (SourceId, String)> {
    let settings = plan.sources.iter().map(|source| &source.configured.settings);
    settings.map(|settings| (settings.id.clone(), settings.name.clone()))
}

/// What a search finds of one page.
struct Page {
    items: Vec<ItemLine>,
    found: usize,
    is_cut: bool,
    suggestion: Option<String>,
}

/// Answers a search, or with what one or several fields narrow without words.
pub(super) async fn page(face: &Arc<Face>, sought: Sought, fields: &Fields) -> Answer {
    let (ctx, plan) = face.now();
    let listing = sought.listing(ctx.clock.now());
    let mut page = json!({
        "search": sought.form(&plan),
        "title": sought.title(),
        "feed": format!("/feeds/suche.atom?{}", sought.query()),
        "list": null,
        "number": null,
    });
    let known = Arc::clone(&plan);
    let Some(words) = sought.words.clone() else {
        let part = lists::part(fields)?;
        let path = format!("/?{}&", sought.query());
        let read = move |tx: &Transaction<'_>| lists::list(tx, &known, listing, part, &path);
        page["list"] = json!(ctx.store.read(read).await?.ok_or(Refusal::MISSING)?);
        return face.ok(&plan, "search.html", Kind::Page, page);
    };
    let number: usize = match fields.first("seite") {
        Some(number) => number.parse().ok().filter(|number| *number > 0).ok_or(Refusal::MISSING)?,
        None => 1,
    };
    let (topics, sources) = named(&plan, &words);
    let found = ctx.store.read(move |tx| found(tx, &known, &words, &listing, number)).await?;
    if found.items.is_empty() && number > 1 {
        return Err(Refusal::MISSING);
    }
    let turned = |number: usize| format!("/?{}&seite={number}", sought.query());
    page["number"] = json!(number);
    page["found"] = json!(found.found);
    page["is_cut"] = json!(found.is_cut);
    page["topics"] = json!(topics);
    page["sources"] = json!(sources);
    page["items"] = json!(found.items);
    page["previous"] = json!((number > 1).then(|| turned(number - 1)));
    page["next"] = json!((found.found > number * PAGE_SIZE).then(|| turned(number + 1)));
    page["suggestion"] = json!(found.suggestion.map(|words| {
        let meant = Sought { words: Some(words.clone()), ..sought.clone() };
        json!({ "words": words, "path": format!("/?{}", meant.query()) })
    }));
    face.ok(&plan, "search.html", Kind::Page, page)
}

fn found(
    tx: &Transaction<'_>,
    plan: &Plan,
    words: &str,
    listing: &Listing,
    number: usize,
) -> Result<Page, StoreError> {
    let hits = items::search(tx, words, listing)?;
    let wanted = text::wanted(words);
    let first = (number - 1).saturating_mul(PAGE_SIZE);
    let mut lines = Vec::new();
    for place in hits.items.iter().skip(first).take(PAGE_SIZE) {
        if let Some(item) = items::get(tx, place.id)? {
            lines.push(lists::line(tx, plan, item, &wanted)?);
        }
    }
    let suggestion =
        if hits.items.is_empty() { items::suggestion(tx, words, listing)? } else { None };
    Ok(Page { items: lines, found: hits.items.len(), is_cut: hits.is_cut, suggestion })
}

/// Returns the topics and the sources whose names have the words.
fn named(plan: &Plan, words: &str) -> (Vec<TopicLink>, Vec<TopicLink>) {
    let wanted = text::wanted(words);
    let is_named = |name: &str| !wanted.is_empty() && text::fit(name, &wanted).is_some();
    let topics = lists::links(plan, |id, title| is_named(&format!("{id} {title}")));
    let sources = sources(plan).filter(|(id, name)| is_named(&format!("{id} {name}")));
    (topics, sources.map(|(id, title)| TopicLink { id: id.to_string(), title, hue: 0 }).collect())
}

/// Returns the newest items that are looked for, newest first, as a feed lists them.
pub(super) fn newest(
    tx: &Transaction<'_>,
    sought: &Sought,
    now: Timestamp,
    most: usize,
) -> Result<Vec<Stored>, StoreError> {
    let listing = Listing { limit: most, ..sought.listing(now) };
    let Some(words) = &sought.words else { return items::list(tx, &listing) };
    let mut places: Vec<Place> = items::search(tx, words, &listing)?.items;
    places.sort_unstable_by_key(|place| std::cmp::Reverse((place.at, place.id)));
    let mut newest = Vec::new();
    for place in places.into_iter().take(most) {
        newest.extend(items::get(tx, place.id)?);
    }
    Ok(newest)
}
