//! What was reported and what was sent, for everyone.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use super::choices::Fields;
use super::door::Segment;
use super::headers::Kind;
use super::lists::{MAX_TITLE, language, links, list, others, part};
use super::plot;
use super::search::Sought;
use super::views::{ItemPage, Moment, OtherItem, TopicReason, Version};
use super::{Answer, Face, Refusal, answer};
use crate::digest::{Selection, TakenDown, left_out, render, select, take_down};
use crate::model::{
    ActKind, ActOn, Digest, DigestId, Entry, ItemId, Precision, Series, Timestamp, TopicId,
};
use crate::page::{self, STYLE};
use crate::pipeline::{Plan, opinion, reason};
use crate::store::acts::{self, Hidden};
use crate::store::items::{self, Listing, Stored};
use crate::store::{StoreError, Transaction, dates, digests, stories};
use crate::text::typography as typo;
use crate::text::{self};

/// Digests that the archive lists.
const MAX_DIGESTS: usize = 1000;
/// Longest lead on an item's own page: enough to know what it is, not to replace its source.
const LONG_LEAD: usize = 700;
/// Longest change of an item that is told.
const MAX_CHANGE: usize = 600;
/// Items of related stories that are named.
const MAX_RELATED: usize = 10;

pub(super) fn router() -> Router<Arc<Face>> {
    Router::new()
        .route("/", get(start))
        .route("/thema/{id}", get(topic))
        .route("/meldung/{id}", get(item))
        .route("/archiv", get(archive))
        .route("/d/{id}", get(digest))
        .route("/hilfe", get(help))
        .route("/bot", get(bot))
        .route("/impressum", get(imprint))
        .route("/datenschutz", get(privacy))
        .route("/barrierefreiheit", get(accessibility))
        .route("/stil.css", get(style))
        .route("/favicon.ico", get(no_icon))
        .route("/robots.txt", get(robots))
}

async fn start(State(face): State<Arc<Face>>, fields: Fields) -> Answer {
    let (ctx, plan) = face.now();
    let sought = Sought::of(&fields, &plan)?;
    if !sought.is_everything() {
        return super::search::page(&face, sought, &fields).await;
    }
    let part = part(&fields)?;
    let is_all = fields.first("alles") == Some("1");
    let known = Arc::clone(&plan);
    let list = ctx
        .store
        .read(move |tx| {
            // The service is for its topics; the rest is there for who asks.
            let listing =
                Listing { one_per_story: true, with_topic: !is_all, ..Listing::default() };
            list(tx, &known, listing, part, if is_all { "/?alles=1&" } else { "/?" })
        })
        .await?
        .ok_or(Refusal::MISSING)?;
    let topics = links(&plan, |_, _| true);
    let page =
        json!({ "search": sought.form(&plan), "topics": topics, "list": list, "all": is_all });
    face.ok(&plan, "start.html", Kind::Page, page)
}

async fn topic(State(face): State<Arc<Face>>, Segment(id): Segment, fields: Fields) -> Answer {
    let (ctx, plan) = face.now();
    let part = part(&fields)?;
    let Some((id, title)) = plan.topics.iter().find(|(topic, _)| topic.as_str() == id).cloned()
    else {
        return Err(Refusal::MISSING);
    };
    let (known, of) = (Arc::clone(&plan), id.clone());
    let list = ctx
        .store
        .read(move |tx| {
            let path = format!("/thema/{of}?");
            let listing = Listing { topic: Some(of), one_per_story: true, ..Listing::default() };
            list(tx, &known, listing, part, &path)
        })
        .await?
        .ok_or(Refusal::MISSING)?;
    face.ok(&plan, "topic.html", Kind::Page, json!({ "id": id, "title": title, "list": list }))
}

async fn item(State(face): State<Arc<Face>>, Segment(id): Segment) -> Answer {
    let (ctx, plan) = face.now();
    let (id, is_calendar) = match id.strip_suffix(".ics") {
        Some(id) => (id, true),
        None => (id.as_str(), false),
    };
    let id = id.parse().map(ItemId).map_err(|_| Refusal::MISSING)?;
    if is_calendar {
        return super::agenda::of_item(&ctx, &plan, id).await;
    }
    let now = ctx.clock.now();
    let known = Arc::clone(&plan);
    let page = ctx
        .store
        .read(move |tx| {
            if let Some(since) = acts::hidden_since(tx, id)? {
                return Ok(Some(Err(since)));
            }
            let Some(item) = items::get(tx, id)? else { return Ok(None) };
            item_page(tx, &known, item, now).map(|page| Some(Ok(page)))
        })
        .await?;
    match page.ok_or(Refusal::MISSING)? {
        Ok(page) => face.ok(&plan, "item.html", Kind::Page, page),
        Err(since) => removed(&face, &plan, since),
    }
}

/// Returns what stands where an item was that the editor took down.
fn removed(face: &Face, plan: &Plan, since: Timestamp) -> Answer {
    let day = Moment::day(since, plan.mail.timezone).text;
    let page = json!({
        "title": "Diese Meldung wurde entfernt",
        "text": format!("Die Redaktion hat sie am {day} entfernt."),
    });
    face.page(plan, StatusCode::GONE, "trouble.html", Kind::Page, page)
}

fn item_page(
    tx: &Transaction<'_>,
    plan: &Plan,
    item: Stored,
    now: Timestamp,
) -> Result<ItemPage, StoreError> {
    let zone = plan.mail.timezone;
    let other = |item: Stored| OtherItem {
        id: Some(item.id.0),
        title: typo::line(&item.title, MAX_TITLE),
        source: item.source_name,
        published: item.published.map(|at| Moment::day(at, zone)),
    };
    let mut related = Vec::new();
    for story in stories::related(tx, item.story)?.into_iter().take(MAX_RELATED) {
        related.extend(items::of_story(tx, story)?.into_iter().next().map(other));
    }
    let mut reasons = Vec::new();
    for (tagging, _) in items::tags(tx, item.id)? {
        if let Some((id, title)) = plan.topics.iter().find(|(id, _)| *id == tagging.topic) {
            reasons.push(TopicReason {
                id: id.to_string(),
                title: title.clone(),
                reason: reason(&tagging),
                opinion: opinion(&tagging),
            });
        }
    }
    let lead = if item.summary.is_empty() { &item.text } else { &item.summary };
    let lead = text::shorten(lead, LONG_LEAD);
    let source = plan.source(&item.source).map(|source| &source.configured.settings);
    let today = now.utc().with_timezone(&zone).date_naive();
    let kept = dates::of_item(tx, item.id)?;
    Ok(ItemPage {
        id: item.id,
        dates: super::agenda::lines(&kept, today),
        versions: items::told_changes(tx, item.id)?
            .into_iter()
            .map(|told| Version {
                day: Moment::day(told.at, zone),
                change: typo::line(&told.change, MAX_CHANGE),
            })
            .collect(),
        has_calendar: kept.iter().any(|kept| kept.date.precision == Precision::Day),
        also: others(tx, &item)?.into_iter().map(other).collect(),
        related,
        topics: reasons,
        language: language(&item),
        // A feed is no page for readers.
        source_url: source.filter(|source| source.kind == "page").map(|source| source.url.clone()),
        published: item.published.map(|at| Moment::day(at, zone)),
        published_is_guess: is_guessed(&item),
        updated: item.updated.map(|at| Moment::day(at, zone)),
        first_seen: Moment::day(item.first_seen, zone),
        note: acts::in_force(tx, &ActOn::Item(item.id), ActKind::Note)?
            .map(|act| render::note(&act.words)),
        lead: lead
            .lines()
            .map(|paragraph| typo::line(paragraph, LONG_LEAD))
            .filter(|paragraph| !paragraph.is_empty())
            .collect(),
        documents: item.details.documents.iter().filter_map(page::document).collect(),
        title: typo::line(&item.title, MAX_TITLE),
        source: item.source_name,
        url: item.url.as_deref().and_then(page::shown_url),
    })
}

/// Returns whether the day shown is a guess: the source names none, and the item was received
/// then. A day without a time is none.
fn is_guessed(item: &Stored) -> bool {
    let is_receipt = item.published.is_some_and(|at| at.0.abs_diff(item.first_seen.0) < 60_000);
    item.published_is_guess && is_receipt
}

async fn archive(State(face): State<Arc<Face>>) -> Answer {
    let (ctx, plan) = face.now();
    let zone = plan.mail.timezone;
    let (weeks, since) = plot::weeks(ctx.clock.now(), zone);
    let read = move |tx: &Transaction<'_>| {
        Ok((digests::titles(tx, MAX_DIGESTS)?, items::count_by_week(tx, since)?))
    };
    let (rows, counts) = ctx.store.read(read).await?;
    let plots = plot::plots(&plan, &weeks, &counts);
    let title = |row: &digests::DigestTitle, moment: Moment| {
        let series =
            plan.series(&row.series).map_or(row.series.as_str(), |plan| &plan.series.title);
        format!("{series}, {}", moment.text)
    };
    // Links that are called the same lead to the same page: two of a day show their time.
    let mut called: HashMap<String, usize> = HashMap::new();
    for row in &rows {
        *called.entry(title(row, Moment::day(row.to, zone))).or_default() += 1;
    }
    let mut months: Vec<(String, Vec<Value>)> = Vec::new();
    for row in rows {
        let by_day = title(&row, Moment::day(row.to, zone));
        let is_alone = called.get(&by_day) == Some(&1);
        let link = json!({
            "title": if is_alone { by_day } else { title(&row, Moment::minute(row.to, zone)) },
            "id": row.id,
            "shown": row.entries,
        });
        let month = typo::month(row.to.utc().with_timezone(&zone).date_naive());
        match months.last_mut().filter(|last| last.0 == month) {
            Some(last) => last.1.push(link),
            None => months.push((month, vec![link])),
        }
    }
    face.ok(
        &plan,
        "archive.html",
        Kind::Page,
        json!({ "months": months, "plots": plots, "weeks": weeks }),
    )
}

async fn digest(State(face): State<Arc<Face>>, Segment(id): Segment, fields: Fields) -> Answer {
    let (ctx, plan) = face.now();
    let found = ctx
        .store
        .read(move |tx| {
            let Some(row) = digests::get(tx, &DigestId::new(id))? else { return Ok(None) };
            let neighbours = digests::neighbours(tx, &row)?;
            Ok(Some((row, neighbours, acts::hidden(tx)?)))
        })
        .await?;
    let (row, (previous, next), hidden) = found.ok_or(Refusal::MISSING)?;
    let digest: Digest = serde_json::from_str(&row.content)?;
    let taken: Vec<TakenDown<'_>> = hidden.iter().map(taken_down).collect();
    let digest = take_down(digest, &taken, plan.mail.timezone);
    let chosen = chosen_topics(&plan, &fields)?;
    let mut digest = if chosen.is_empty() {
        digest
    } else {
        only_of(digest, &plan, &chosen).ok_or(Refusal::MISSING)?
    };
    let rest = fields.first("weitere").zip(fields.first("nach"));
    let mut rest_of = None;
    if let Some((topic, shown)) = rest {
        let shown = shown.parse().map_err(|_| Refusal::MISSING)?;
        digest = rest_after(digest, topic, shown).ok_or(Refusal::MISSING)?;
        rest_of = digest.sections.first().map(|section| section.title.clone());
    }
    let zone = plan.mail.timezone;
    // Two of one day are told apart by the time, as in the archive.
    let day = row.id.as_str().get(..10);
    let has_twin = [&previous, &next].into_iter().flatten().any(|id| id.as_str().get(..10) == day);
    let when = if has_twin {
        Moment::minute(row.window.to, zone)
    } else {
        Moment::day(row.window.to, zone)
    };
    let titles: Vec<&str> = chosen.iter().map(|topic| plan.topic_title(topic)).collect();
    let page = json!({
        "title": format!("{}, {}", digest.series.title, when.text),
        "id": digest.id,
        "only": typo::enumerated(&titles),
        "rest": rest_of,
        "digest": render::web_view(&digest, &plan.mail.face),
        "previous": previous,
        "next": next,
    });
    face.ok(&plan, "digest.html", Kind::Page, page)
}

fn taken_down(hidden: &Hidden) -> TakenDown<'_> {
    let Hidden { item, story, url, since } = hidden;
    TakenDown { item: *item, story: *story, url: url.as_deref(), since: *since }
}

/// Returns the topics asked for, in that order; none means all.
fn chosen_topics(plan: &Plan, fields: &Fields) -> Result<Vec<TopicId>, Refusal> {
    let known = |topic: &str| plan.topics.iter().find(|(id, _)| id.as_str() == topic);
    let topics = fields.all("thema").map(|topic| known(topic).map(|(id, _)| id.clone()));
    topics.collect::<Option<_>>().ok_or(Refusal::MISSING)
}

/// Returns what a digest has on some topics, wherever it stands in it: a mail to those who
/// chose few topics has it under another heading. None if it has nothing.
fn only_of(digest: Digest, plan: &Plan, chosen: &[TopicId]) -> Option<Digest> {
    let entries: Vec<Entry> =
        digest.sections.into_iter().flat_map(|section| section.entries).collect();
    let series =
        Series { max_items: usize::MAX, max_items_per_topic: usize::MAX, ..digest.series.clone() };
    let selection = Selection {
        series: &series,
        topics: &plan.mail.face.topics,
        chosen,
        keywords: &[],
        since: None,
    };
    let sections = select(&entries, &selection)?;
    Some(Digest { sections, ..digest })
}

/// Returns what a mail left out of a section of which it shows so many entries.
fn rest_after(mut digest: Digest, topic: &str, shown: usize) -> Option<Digest> {
    digest.sections.retain(|section| section.topic.as_str() == topic);
    let section = digest.sections.first_mut()?;
    section.entries = left_out(&section.entries, shown);
    digest.reminders.clear();
    (digest.shown() > 0).then_some(digest)
}

async fn help(State(face): State<Arc<Face>>) -> Answer {
    let (_, plan) = face.now();
    face.ok(&plan, "help.html", Kind::Page, ())
}

async fn bot(State(face): State<Arc<Face>>) -> Answer {
    let (_, plan) = face.now();
    face.ok(&plan, "bot.html", Kind::Page, &face.settings.bot)
}

async fn imprint(State(face): State<Arc<Face>>) -> Answer {
    let (_, plan) = face.now();
    face.ok(&plan, "imprint.html", Kind::Page, ())
}

async fn privacy(State(face): State<Arc<Face>>) -> Answer {
    let (_, plan) = face.now();
    face.ok(&plan, "privacy.html", Kind::Page, ())
}

async fn accessibility(State(face): State<Arc<Face>>) -> Answer {
    let (_, plan) = face.now();
    face.ok(&plan, "accessibility.html", Kind::Page, ())
}

async fn style() -> Response {
    answer(StatusCode::OK, Kind::Style, STYLE)
}

async fn no_icon() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// Robots have no business behind tokens; the pages say so themselves, too.
async fn robots() -> Response {
    let mut response = answer(
        StatusCode::OK,
        Kind::Style,
        "User-agent: *\nDisallow: /a/\nDisallow: /b/\nDisallow: /e/\nDisallow: /r/\nDisallow: /status\n",
    );
    response.headers_mut().insert(
        axum::http::header::CONTENT_TYPE,
        axum::http::HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}
