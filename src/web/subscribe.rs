//! Signing up: the form, the mail, the button behind its link.
//!
//! The form answers every address alike, known or not: page, status and work.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::json;
use url::Url;

use super::choices::{Fields, Ticked};
use super::client::Asking;
use super::door::{self, Segment};
use super::headers::Kind;
use super::views::{Moment, Problems, Subscribe};
use super::{Answer, Face, Refusal};
use crate::model::{SeriesId, Subscriber, Timestamp};
use crate::pipeline::{self, Confirmation, Context, Order, Plan};
use crate::store::{StoreError, Transaction, digests};
use crate::subscriber::rate_limit::Decision;
use crate::subscriber::{address, token};

/// Nobody fills in the form faster.
const FILLED_IN_AT_LEAST: Duration = Duration::from_secs(3);
/// A form that lay open for longer is given out anew.
const STAMP_HOLDS: Duration = Duration::from_hours(24);

pub(super) fn router() -> Router<Arc<Face>> {
    Router::new()
        .route("/anmelden", get(form).post(sign_up))
        .route("/b/{token}", get(look).post(confirm))
}

async fn form(State(face): State<Arc<Face>>, fields: Fields) -> Answer {
    let (ctx, plan) = offered(&face)?;
    let ticked = Ticked::of(&fields, &plan);
    let page = empty_form(&ctx, &plan, &ticked).await?;
    face.ok(&plan, "subscribe.html", Kind::Form, page)
}

fn offered(face: &Face) -> Result<(Context, Arc<Plan>), Refusal> {
    if face.settings.web.subscribe { Ok(face.now()) } else { Err(Refusal::MISSING) }
}

async fn empty_form(ctx: &Context, plan: &Plan, ticked: &Ticked) -> Result<Subscribe, StoreError> {
    let series: Vec<SeriesId> = plan.series.iter().map(|plan| plan.series.id.clone()).collect();
    let latest = move |tx: &Transaction<'_>| {
        let latest = series.into_iter().map(|id| digests::latest_page(tx, &id));
        latest.collect::<Result<Vec<_>, _>>()
    };
    let latest = ctx.store.read(latest).await?;
    let latest = plan.series.iter().zip(latest).filter_map(|(plan_of, latest)| {
        let (id, to) = latest?;
        let day = Moment::day(to, plan.mail.timezone).text;
        Some((id.to_string(), format!("{}, {day}", plan_of.series.title)))
    });
    Ok(Subscribe {
        latest: latest.collect(),
        address: String::new(),
        topics: ticked.topic_boxes(plan),
        series: ticked.series_boxes(plan),
        problems: Problems::default(),
        stamp: ctx.tokens.stamp(ctx.clock.now()),
    })
}

async fn sign_up(State(face): State<Arc<Face>>, asking: Asking, body: Body) -> Answer {
    let (ctx, plan) = offered(&face)?;
    if !is_our_origin(&asking, &plan) {
        return Err(Refusal::Status(StatusCode::FORBIDDEN));
    }
    let fields = Fields::sent(&asking, body).await?;
    let now = ctx.clock.now();
    let valid_until = now.after(plan.retention.confirm_within());
    let valid_until = Moment::minute(valid_until, plan.mail.timezone).text;
    let sent = |crowded| json!({ "valid_until": valid_until, "crowded": crowded });
    if fields.first("webseite").is_some_and(|trap| !trap.is_empty()) {
        // A program filled in what people do not see. It learns nothing.
        return face.ok(&plan, "sent.html", Kind::Form, sent(false));
    }

    let typed = fields.first("adresse").unwrap_or_default();
    let ticked = Ticked::of(&fields, &plan);
    let parsed = address::parse(typed);
    let problems = Problems {
        form: stamp_problem(&ctx, fields.first("stempel").unwrap_or_default(), now),
        address: parsed.as_ref().err().map(ToString::to_string),
        ..ticked.problems()
    };
    let address = match parsed {
        Ok(address) if problems.is_empty() => address,
        _ => {
            let typed = crate::text::clean_line(typed, 254);
            let page =
                Subscribe { address: typed, problems, ..empty_form(&ctx, &plan, &ticked).await? };
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return face.page(&plan, status, "subscribe.html", Kind::Form, page);
        }
    };

    let client = face.client(&asking);
    let order = Order { address, series: ticked.series, topics: ticked.topics };
    let crowded = match pipeline::sign_up(&ctx, &plan, order, client).await? {
        Decision::Refuse => return Err(Refusal::Status(StatusCode::TOO_MANY_REQUESTS)),
        Decision::Accept { crowded, .. } => crowded,
    };
    face.ok(&plan, "sent.html", Kind::Form, sent(crowded))
}

/// Browsers say where a form came from; programs need not.
pub(super) fn is_our_origin(asking: &Asking, plan: &Plan) -> bool {
    if !asking.has("origin") {
        return true;
    }
    // A page that tells nobody where it is sends no origin either; the browser itself says that
    // the form was on a page of ours.
    if asking.field("origin") == Some("null") {
        return asking.field("sec-fetch-site") == Some("same-origin");
    }
    let ours = Url::parse(&plan.mail.face.public_url).ok();
    let ours = ours.map(|url| url.origin().ascii_serialization());
    asking.field("origin").is_some_and(|origin| Some(origin) == ours.as_deref())
}

fn stamp_problem(ctx: &Context, stamp: &str, now: Timestamp) -> Option<String> {
    let problem = match ctx.tokens.stamped(stamp) {
        Some(given_out) if now.since(given_out) > STAMP_HOLDS => {
            "Das Formular lag lange offen. Bitte senden Sie es noch einmal ab."
        }
        Some(given_out) if now.since(given_out) >= FILLED_IN_AT_LEAST => return None,
        Some(_) => {
            "Das ging ungewöhnlich schnell. Bitte prüfen Sie Ihre Angaben und senden Sie das Formular noch einmal ab."
        }
        None => {
            "Das Formular ist nicht vollständig angekommen. Bitte senden Sie es noch einmal ab."
        }
    };
    Some(problem.to_owned())
}

/// Refuses a link that holds no more: by the same page whatever is wrong with it.
pub(super) fn stale(face: &Face, plan: &Plan, fresh_link: bool) -> Refusal {
    let page = json!({ "fresh_link": fresh_link });
    Refusal::by(face.page(plan, StatusCode::NOT_FOUND, "stale.html", Kind::Token, page))
}

async fn look(State(face): State<Arc<Face>>, Segment(link): Segment) -> Answer {
    let (ctx, plan) = face.now();
    if !token::is_well_formed(&link) {
        return Err(stale(&face, &plan, false));
    }
    let worth = pipeline::confirmation(&ctx, &link).await?;
    shown(&face, &plan, &worth)
}

async fn confirm(
    State(face): State<Arc<Face>>,
    Segment(link): Segment,
    asking: Asking,
    body: Body,
) -> Answer {
    let (ctx, plan) = face.now();
    door::body(body).await?;
    if !token::is_well_formed(&link) {
        return Err(stale(&face, &plan, false));
    }
    let client = face.client(&asking);
    let worth = pipeline::confirm(&ctx, &plan, &link, client).await?;
    if matches!(worth, Confirmation::Done(_)) {
        tracing::debug!("a subscription was confirmed");
    }
    shown(&face, &plan, &worth)
}

fn shown(face: &Face, plan: &Arc<Plan>, worth: &Confirmation) -> Answer {
    let (subscriber, done) = match worth {
        Confirmation::Open(subscriber) => (subscriber, false),
        Confirmation::Done(subscriber) => (subscriber, true),
        Confirmation::Stale => return Err(stale(face, plan, false)),
    };
    let page = json!({
        "done": done,
        // Once it is done the link may be seen by others: no address.
        "address": if done { String::new() } else { subscriber.address.clone() },
        "topics": topic_titles(plan, subscriber),
        "series": series_titles(plan, subscriber),
    });
    face.ok(plan, "confirm.html", Kind::Token, page)
}

fn topic_titles(plan: &Plan, subscriber: &Subscriber) -> Vec<String> {
    if subscriber.topics.is_empty() {
        return vec!["alle".to_owned()];
    }
    subscriber.topics.iter().map(|topic| plan.topic_title(topic).to_owned()).collect()
}

/// Returns titles of someone's series that are still offered.
pub(super) fn series_titles(plan: &Plan, subscriber: &Subscriber) -> Vec<String> {
    let series = subscriber.series.iter().filter_map(|id| plan.series(id));
    series.map(|plan| plan.series.title.clone()).collect()
}
