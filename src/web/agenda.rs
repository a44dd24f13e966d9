//! Deadlines and events that lie ahead: as a page, and as calendars to subscribe to.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use super::door::Segment;
use super::headers::Kind;
use super::lists::{MAX_TITLE, topics};
use super::{Answer, Face, Refusal, answer};
use crate::agenda::words;
use crate::model::{DateKind, ItemId, KeptDate, Timestamp, TopicId};
use crate::page::{CalendarDate, calendar, shown_url};
use crate::pipeline::{Context, Plan};
use crate::store::items::{self, Stored};
use crate::store::{StoreError, Transaction, acts, dates};
use crate::text::typography as typo;

/// Dates on the page and in a calendar.
const MOST: usize = 500;
/// Calendars keep what is over for so long: one that is cancelled or moved back is told.
const KEPT: Days = Days::new(30);

pub(super) fn router() -> Router<Arc<Face>> {
    Router::new()
        .route("/termine", get(page))
        .route("/termine.ics", get(all))
        .route("/termine/{file}", get(of_topic))
}

/// A date, the item that tells of it, and the topics of that.
type Told = (Stored, KeptDate, Vec<String>);

/// Returns the dates from a day on; a story's date is told once, by the item that had it first.
fn told(
    tx: &Transaction<'_>,
    plan: &Plan,
    from: NaiveDate,
    topic: Option<&TopicId>,
) -> Result<Vec<Told>, StoreError> {
    let mut seen = HashSet::new();
    let mut told = Vec::new();
    for (id, kept) in dates::due_from(tx, from, topic, MOST)? {
        let Some(item) = items::get(tx, id)? else { continue };
        if seen.insert((item.story, kept.date.kind, kept.date.due())) {
            let topics =
                topics(tx, plan, item.story)?.into_iter().map(|topic| topic.title).collect();
            told.push((item, kept, topics));
        }
    }
    Ok(told)
}

fn today(ctx: &Context, plan: &Plan) -> NaiveDate {
    ctx.clock.now().utc().with_timezone(&plan.mail.timezone).date_naive()
}

async fn page(State(face): State<Arc<Face>>) -> Answer {
    let (ctx, plan) = face.now();
    let today = today(&ctx, &plan);
    let known = Arc::clone(&plan);
    let told = ctx.store.read(move |tx| told(tx, &known, today, None)).await?;
    let mut months: Vec<(String, Vec<Value>)> = Vec::new();
    for (item, kept, topics) in told {
        let month = kept.date.due().map(typo::month).unwrap_or_default();
        let line = json!({
            "when": words::when(&kept, today),
            "item": item.id,
            "title": typo::line(&item.title, MAX_TITLE),
            "source": item.source_name,
            "topics": topics,
            "quote": typo::inner(&typo::line(&kept.date.sentence, 300)),
        });
        match months.last_mut().filter(|last| last.0 == month) {
            Some(last) => last.1.push(line),
            None => months.push((month, vec![line])),
        }
    }
    let topics: Vec<(&TopicId, &str)> =
        plan.topics.iter().map(|(id, title)| (id, title.as_str())).collect();
    face.ok(&plan, "agenda.html", Kind::Page, json!({ "months": months, "topics": topics }))
}

async fn all(State(face): State<Arc<Face>>) -> Answer {
    let (ctx, plan) = face.now();
    calendar_of(&ctx, &plan, None, "Fristen und Termine").await
}

async fn of_topic(State(face): State<Arc<Face>>, Segment(file): Segment) -> Answer {
    let (ctx, plan) = face.now();
    let id = file.strip_suffix(".ics").ok_or(Refusal::MISSING)?;
    let (topic, title) =
        plan.topics.iter().find(|(topic, _)| topic.as_str() == id).ok_or(Refusal::MISSING)?;
    calendar_of(&ctx, &plan, Some(topic.clone()), title).await
}

async fn calendar_of(
    ctx: &Context,
    plan: &Arc<Plan>,
    topic: Option<TopicId>,
    title: &str,
) -> Answer {
    let from = today(ctx, plan) - KEPT;
    let known = Arc::clone(plan);
    let told = ctx.store.read(move |tx| told(tx, &known, from, topic.as_ref())).await?;
    Ok(written(plan, title, told))
}

/// Returns the dates of one item as a calendar; none if it has no date with a day.
pub(super) async fn of_item(ctx: &Context, plan: &Arc<Plan>, id: ItemId) -> Answer {
    let known = Arc::clone(plan);
    let told = ctx
        .store
        .read(move |tx| {
            let hidden = acts::hidden_since(tx, id)?;
            let Some(item) = items::get(tx, id)?.filter(|_| hidden.is_none()) else {
                return Ok(Vec::new());
            };
            let topics: Vec<String> =
                topics(tx, &known, item.story)?.into_iter().map(|topic| topic.title).collect();
            let kept = dates::of_item(tx, id)?;
            Ok(kept.into_iter().map(|kept| (item.clone(), kept, topics.clone())).collect())
        })
        .await?;
    let title = told.first().map(|(item, ..): &Told| item.title.clone()).ok_or(Refusal::MISSING)?;
    Ok(written(plan, &title, told))
}

fn written(plan: &Plan, title: &str, told: Vec<Told>) -> Response {
    let face = &plan.mail.face;
    let dates: Vec<CalendarDate> = told
        .into_iter()
        .map(|(item, kept, topics)| CalendarDate {
            noun: words::noun(kept.date.kind),
            url: (item.url.as_deref().and_then(shown_url))
                .unwrap_or_else(|| plan.mail.link(&format!("meldung/{}", item.id))),
            changed: changed(&item),
            item: item.id,
            kept,
            title: item.title,
            source: item.source_name,
            topics,
        })
        .collect();
    let host = url::Url::parse(&face.public_url).ok();
    let host = host.as_ref().and_then(url::Url::host_str).unwrap_or("localhost");
    let name = format!("{}: {title}", face.name);
    answer(StatusCode::OK, Kind::Calendar, calendar(&name, host, &dates))
}

fn changed(item: &Stored) -> Timestamp {
    item.updated.unwrap_or(item.first_seen)
}

/// Returns the dates of an item for its page, those that lie ahead first.
pub(super) fn lines(kept: &[KeptDate], today: NaiveDate) -> Vec<Value> {
    let mut kept: Vec<&KeptDate> = kept.iter().collect();
    kept.sort_by_key(|kept| (kept.date.due() < Some(today), kept.date.due()));
    let line = |kept: &&KeptDate| {
        json!({
            "when": words::when(kept, today),
            "is_over": kept.date.due() < Some(today) && kept.date.kind != DateKind::Law,
            "quote": typo::inner(&typo::line(&kept.date.sentence, 300)),
        })
    };
    kept.iter().map(line).collect()
}
