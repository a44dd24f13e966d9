//! `/r/TOKEN`: the draft of a digest and what its editor decides. Who holds the link is the
//! editor; it opens this draft alone and ends with it. Only POST acts.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use chrono::NaiveTime;
use serde_json::{Value, json};

use super::choices::Fields;
use super::client::Asking;
use super::door::Segment;
use super::headers::Kind;
use super::subscribe::is_our_origin;
use super::views::Moment;
use super::{Answer, Face, Refusal, answer};
use crate::desk::{self, Deed, PendingEntry};
use crate::digest::render;
use crate::model::{ActOn, Correction, Draft, DraftState, ItemId, Timestamp, TopicId};
use crate::page::shown_url;
use crate::pipeline::{self, Context, NearMiss, Plan};
use crate::store::acts;
use crate::text::typography as typo;

/// Acts that the page lists, so that two editors see each other's.
const SHOWN_ACTS: usize = 20;
const NO_TIME: &str = "Diese Uhrzeit ist nicht zu lesen oder schon vorbei. Schreiben Sie sie wie 9:30. Bisher ist nichts geändert.";

pub(super) fn router() -> Router<Arc<Face>> {
    Router::new()
        .route("/r/{token}", get(show).post(act))
        .route("/r/{token}/vorschau", get(preview))
}

/// Returns the HTML part of the mail as it would go now, in a frame of the page.
async fn preview(State(face): State<Arc<Face>>, Segment(link): Segment) -> Answer {
    let (ctx, plan) = face.now();
    let draft = opened(&face, &ctx, &plan, &link).await?;
    match pipeline::preview(&ctx, &plan, &draft.series, None).await? {
        Some(preview) => Ok(answer(StatusCode::OK, Kind::Preview, preview.rendered.html)),
        None => Err(Refusal::MISSING),
    }
}

async fn show(State(face): State<Arc<Face>>, Segment(link): Segment) -> Answer {
    let (ctx, plan) = face.now();
    let draft = opened(&face, &ctx, &plan, &link).await?;
    page(&face, &ctx, &plan, (&link, &draft), (StatusCode::OK, None)).await
}

/// Returns the draft of a link. Refuses one that has ended.
async fn opened(face: &Face, ctx: &Context, plan: &Plan, link: &str) -> Result<Draft, Refusal> {
    let draft = pipeline::draft_of_link(ctx, link).await?;
    draft.filter(|draft| draft.state != DraftState::Expired).ok_or_else(|| ended(face, plan))
}

/// Refuses a draft that has ended.
fn ended(face: &Face, plan: &Plan) -> Refusal {
    let page = json!({
        "title": "Dieser Entwurf ist abgeschlossen",
        "text": "Die Ausgabe ist verschickt, ein späterer Entwurf enthält ihre Meldungen, oder der Link ist unvollständig.",
    });
    Refusal::by(face.page(plan, StatusCode::GONE, "trouble.html", Kind::Desk, page))
}

async fn act(
    State(face): State<Arc<Face>>,
    Segment(link): Segment,
    asking: Asking,
    body: Body,
) -> Answer {
    let (ctx, plan) = face.now();
    if !is_our_origin(&asking, &plan) {
        return Err(Refusal::Status(StatusCode::FORBIDDEN));
    }
    let fields = Fields::sent(&asking, body).await?;
    let draft = opened(&face, &ctx, &plan, &link).await?;
    let (status, said) = perform(&ctx, &plan, &draft, &fields).await?;
    // As it is now: another editor may have answered meanwhile.
    let draft = opened(&face, &ctx, &plan, &link).await?;
    page(&face, &ctx, &plan, (&link, &draft), (status, Some(said))).await
}

/// Does what the form asks for. Returns what the page says of it, and under which status.
async fn perform(
    ctx: &Context,
    plan: &Arc<Plan>,
    draft: &Draft,
    fields: &Fields,
) -> Result<(StatusCode, &'static str), Refusal> {
    let done = |words| Ok((StatusCode::OK, words));
    let reason = format!("Entwurf für {}", draft.slot.replace('T', ", "));
    let text = fields.first("text").unwrap_or_default().trim();
    let decide = async |state, not_before| {
        pipeline::answer(ctx, draft.id, state, not_before).await.map_err(Refusal::from)
    };
    let deed = match fields.first("tat").unwrap_or_default() {
        "verschicken" => {
            decide(DraftState::Approved, None).await?;
            return done("Die Ausgabe ist freigegeben.");
        }
        "anhalten" => {
            decide(DraftState::Held, None).await?;
            return done("Die Ausgabe ist angehalten.");
        }
        "spaeter" => {
            let time = fields.first("um").unwrap_or_default();
            let Some(at) = later(draft, plan, time, ctx.clock.now()) else {
                return Ok((StatusCode::BAD_REQUEST, NO_TIME));
            };
            decide(DraftState::Approved, Some(at)).await?;
            return done("Die Ausgabe ist für später freigegeben.");
        }
        "vorspann" => {
            desk::introduce(ctx, &draft.series, text, &reason).await?;
            return done("Der Vorspann ist gespeichert.");
        }
        "weglassen" => Deed::Hide,
        "zeigen" => Deed::Show,
        "oben" => Deed::Pin,
        "nicht-oben" => Deed::Unpin,
        "anmerkung" if text.is_empty() => Deed::Unnote,
        "anmerkung" => Deed::Note(text.to_owned()),
        "thema" => return done(retag(ctx, plan, fields, &reason).await?),
        _ => return Err(Refusal::BAD_REQUEST),
    };
    // What is left out of a digest is left out whoever reports it.
    let whole_story = matches!(deed, Deed::Hide | Deed::Show);
    match desk::act(ctx, item(fields)?, deed, whole_story, &reason).await? {
        desk::Outcome::NoItem => Err(Refusal::MISSING),
        _ => done("Gespeichert."),
    }
}

fn item(fields: &Fields) -> Result<ItemId, Refusal> {
    let id = fields.first("meldung").and_then(|id| id.parse().ok());
    id.map(ItemId).ok_or(Refusal::BAD_REQUEST)
}

async fn retag(
    ctx: &Context,
    plan: &Arc<Plan>,
    fields: &Fields,
    reason: &str,
) -> Result<&'static str, Refusal> {
    let written = fields.first("thema").unwrap_or_default();
    let (has, topic) = match (written.strip_prefix('+'), written.strip_prefix('-')) {
        (Some(topic), _) => (true, topic),
        (None, Some(topic)) => (false, topic),
        (None, None) => return Err(Refusal::BAD_REQUEST),
    };
    if plan.topics.iter().all(|(id, _)| id.as_str() != topic) {
        return Err(Refusal::BAD_REQUEST);
    }
    let (topic, at) = (TopicId::new(topic), ctx.clock.now());
    let correction = Correction { topic, has, reason: reason.to_owned(), at };
    let tagged = desk::tag(ctx, plan, item(fields)?, vec![correction], reason).await?;
    tagged.map(|_| "Die Themen sind berichtigt.").ok_or(Refusal::MISSING)
}

/// Returns the instant of a time of day such as `9:30`, `9.30 Uhr` or `9`, on the day of the
/// slot or today. None if it cannot be read or is over.
fn later(draft: &Draft, plan: &Plan, time: &str, now: Timestamp) -> Option<Timestamp> {
    let zone = plan.mail.timezone;
    let slot = crate::schedule::calendar::parse_civil_id(&draft.slot)?;
    let digits = time.trim().trim_end_matches("Uhr").trim_end().replace('.', ":");
    let time = if digits.contains(':') { digits } else { format!("{digits}:00") };
    let time = NaiveTime::parse_from_str(&time, "%H:%M").ok()?;
    let today = now.utc().with_timezone(&zone).date_naive().max(slot.date());
    let at = today.and_time(time).and_local_timezone(zone).earliest()?;
    Some(Timestamp::from(at)).filter(|at| *at > now)
}

async fn page(
    face: &Face,
    ctx: &Context,
    plan: &Arc<Plan>,
    (link, draft): (&str, &Draft),
    (status, said): (StatusCode, Option<&str>),
) -> Answer {
    let zone = plan.mail.timezone;
    let of = plan.series(&draft.series).ok_or_else(|| ended(face, plan))?;
    let pending = desk::pending(ctx, plan, &draft.series).await?;
    let preview = pipeline::preview(ctx, plan, &draft.series, None).await?;
    let log = ctx.store.read(|tx| acts::latest(tx, SHOWN_ACTS)).await?;
    let entries = pending.as_ref().map(|pending| pending.entries.as_slice()).unwrap_or_default();
    let mut sections: Vec<(&str, Vec<Value>)> = Vec::new();
    for listed in entries {
        let view = entry(listed, plan, draft);
        match sections.last_mut().filter(|(title, _)| *title == listed.section) {
            Some((_, entries)) => entries.push(view),
            None => sections.push((&listed.section, vec![view])),
        }
    }
    let acts: Vec<Value> = log
        .iter()
        .rev()
        .filter(|act| act.at >= draft.made)
        .map(|act| {
            let on = match &act.on {
                ActOn::Item(item) => format!("Meldung {item}"),
                ActOn::Series(_) => "Ausgabe".to_owned(),
            };
            json!({ "at": Moment::minute(act.at, zone), "on": on, "act": german(act.kind),
                "words": typo::line(&act.words, 200), "ended": act.ended.is_some() })
        })
        .collect();
    let slot = crate::schedule::calendar::parse_civil_id(&draft.slot);
    let page = json!({
        "title": of.series.title,
        "slot": slot.and_then(|slot| slot.and_local_timezone(zone).earliest())
            .map(|slot| Moment::minute(Timestamp::from(slot), zone).text),
        "state": state(draft, plan),
        "said": said,
        "holds": of.unanswered == crate::config::Unanswered::Hold,
        "intro": pending.as_ref().and_then(|pending| pending.intro.clone()).unwrap_or_default(),
        "silent": pending.as_ref().map(|pending| pending.silent_sources.join(", ")).unwrap_or_default(),
        "sections": sections,
        "near": pending.iter().flat_map(|pending| &pending.near).map(|miss| near(miss, plan)).collect::<Vec<_>>(),
        "topics": plan.topics.iter().map(|(id, title)| json!({ "id": id, "title": title })).collect::<Vec<_>>(),
        "acts": acts,
        "hidden": log.iter().filter(|act| act.kind == crate::model::ActKind::Hide && act.ended.is_none() && act.at >= draft.made)
            .filter_map(|act| match act.on { ActOn::Item(item) => Some(item), ActOn::Series(_) => None }).collect::<Vec<_>>(),
        "subject": preview.as_ref().map(|preview| &preview.rendered.subject),
        "preview": format!("/r/{link}/vorschau"),
        "text": preview.as_ref().map(|preview| &preview.rendered.text),
    });
    face.page(plan, status, "desk.html", Kind::Desk, page)
}

fn entry(listed: &PendingEntry, plan: &Plan, draft: &Draft) -> Value {
    let entry = &listed.entry;
    let came = entry.update.as_ref().map_or(entry.first_seen, |update| update.at);
    let has = |topic: &TopicId| entry.topics.iter().any(|of| of.topic == *topic);
    let choices: Vec<Value> = plan
        .topics
        .iter()
        .map(|(id, title)| {
            let sign = if has(id) { '-' } else { '+' };
            let words = if has(id) { "falsch" } else { "fehlt" };
            json!({ "value": format!("{sign}{id}"), "title": format!("{title}: {words}") })
        })
        .collect();
    json!({
        "number": listed.number,
        "item": entry.item,
        "title": typo::line(&entry.title, 300),
        "url": entry.url.as_deref().and_then(shown_url),
        "source": entry.source,
        "summary": typo::line(&entry.summary, 280),
        "note": entry.note,
        "shown_note": entry.note.as_deref().map(render::note),
        "pinned": entry.pinned,
        "is_new": came > draft.made,
        "is_cut": listed.is_cut,
        "choices": choices,
    })
}

/// Returns what fell short of a topic, and what the button sends.
fn near(near: &NearMiss, plan: &Plan) -> Value {
    let points = |points: f64| format!("{points:.1}").replace('.', ",");
    json!({
        "item": near.item,
        "title": typo::line(&near.title, 300),
        "url": near.url.as_deref().and_then(shown_url),
        "source": near.source,
        "topic": plan.topic_title(&near.topic),
        "score": points(near.score),
        "threshold": points(near.threshold),
        "value": format!("+{}", near.topic),
    })
}

fn state(draft: &Draft, plan: &Plan) -> String {
    match (draft.state, draft.not_before) {
        (DraftState::Approved, Some(at)) => {
            format!("Freigegeben für {}.", Moment::minute(at, plan.mail.timezone).text)
        }
        (DraftState::Approved, None) => "Freigegeben.".to_owned(),
        (DraftState::Held, _) => {
            "Angehalten: Sie geht erst hinaus, wenn jemand sie freigibt.".to_owned()
        }
        (DraftState::Draft | DraftState::Expired, _) => "Noch nicht entschieden.".to_owned(),
    }
}

const fn german(kind: crate::model::ActKind) -> &'static str {
    use crate::model::ActKind;
    match kind {
        ActKind::Hide => "weggelassen",
        ActKind::Pin => "nach oben gestellt",
        ActKind::Note => "Anmerkung",
        ActKind::Intro => "Vorspann",
        ActKind::Tag => "Themen berichtigt",
        ActKind::Add => "von Hand geschrieben",
    }
}
