//! Choosing anew, seeing what is kept, leaving: behind the tokens of a mail.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::routing::{get, post};
use serde_json::json;

use super::choices::{Fields, Ticked};
use super::client::Asking;
use super::door::{self, Segment};
use super::headers::Kind;
use super::subscribe::{series_titles, stale};
use super::views::{KeywordCount, Moment, Problems, Settings};
use super::{Answer, Face, Refusal, answer};
use crate::model::{Series, Standing, Subscriber, TopicId};
use crate::pipeline::{self, Context, Plan, Preferences};
use crate::store::items::{self, Listing};
use crate::store::{StoreError, Transaction, outbox, subscribers};
use crate::subscriber::rate_limit::Decision;
use crate::subscriber::standing;
use crate::subscriber::token::{self, SettingsLink};
use crate::text;
use crate::topic::{Keywords, MOST_KEYWORDS, keywords};

/// Longest list of keywords that is shown again where one is wrong.
const MAX_TYPED: usize = 4_000;
/// How far back items are looked at for new keywords, and how many of them.
const LOOKED_BACK: Duration = Duration::from_hours(30 * 24);
const MOST_COUNTED: usize = 500;

pub(super) fn router() -> Router<Arc<Face>> {
    Router::new()
        .route("/e/{token}", get(show).post(change))
        .route("/e/{token}/daten.json", get(download))
        .route("/e/{token}/link", post(send_link))
        .route("/a/{token}", get(ask).post(leave))
        .route("/a/{token}/seltener", post(less))
}

/// Returns whose settings a link is for; none once they left.
async fn reader(ctx: &Context, link: &SettingsLink) -> Result<Option<Subscriber>, StoreError> {
    let hash = token::hash(&link.locator);
    let found = ctx.store.read(move |tx| subscribers::by_settings_hash(tx, &hash)).await?;
    let has_settings =
        |s: &Subscriber| matches!(s.standing, Standing::Active | Standing::Suspended);
    Ok(found.filter(has_settings))
}

/// Returns whose settings the link opens. Refuses a link that opens none by a page: an old
/// one can send a fresh one to its reader, and shows nothing of them.
async fn owner(face: &Face, ctx: &Context, plan: &Plan, text: &str) -> Result<Subscriber, Refusal> {
    let link = ctx.tokens.settings_link(text).ok_or_else(|| stale(face, plan, true))?;
    let Some(reader) = reader(ctx, &link).await? else {
        return Err(no_settings(face, ctx, plan, &link).await?);
    };
    if link.is_current(ctx.clock.now(), face.settings.web.settings_links) {
        return Ok(reader);
    }
    let page = json!({ "send": format!("/e/{text}/link"), "crowded": false });
    Err(Refusal::by(face.ok(plan, "expired.html", Kind::Token, page)))
}

/// Sends a fresh link: the button of the page for an old one.
async fn send_link(
    State(face): State<Arc<Face>>,
    Segment(text): Segment,
    asking: Asking,
    body: Body,
) -> Answer {
    let (ctx, plan) = face.now();
    door::body(body).await?;
    let reader = match ctx.tokens.settings_link(&text) {
        Some(link) => reader(&ctx, &link).await?,
        None => None,
    };
    let reader = reader.ok_or_else(|| stale(&face, &plan, true))?;
    let client = face.client(&asking);
    match pipeline::send_settings_link(&ctx, &plan, reader.id, client).await? {
        Decision::Refuse => Err(Refusal::Status(StatusCode::TOO_MANY_REQUESTS)),
        Decision::Accept { crowded, .. } => {
            let page = json!({ "send": null, "crowded": crowded });
            face.ok(&plan, "expired.html", Kind::Token, page)
        }
    }
}

async fn show(State(face): State<Arc<Face>>, Segment(link): Segment, fields: Fields) -> Answer {
    let (ctx, plan) = face.now();
    let subscriber = owner(&face, &ctx, &plan, &link).await?;
    // A mail may propose another choice; it is shown, and saved by the button only.
    let proposed = Ticked::of(&fields, &plan);
    let is_proposed = proposed.problems().is_empty();
    let ticked = if is_proposed { proposed } else { chosen(&plan, &subscriber) };
    let page = Settings { is_proposed, ..page(&ctx, &plan, &subscriber, &ticked, &link) };
    face.ok(&plan, "settings.html", Kind::Token, page)
}

/// Says that they left, if the link was theirs; else that it holds no more.
async fn no_settings(
    face: &Face,
    ctx: &Context,
    plan: &Plan,
    link: &SettingsLink,
) -> Result<Refusal, StoreError> {
    let hash = token::hash(&link.locator);
    let found = ctx.store.read(move |tx| subscribers::by_settings_hash(tx, &hash)).await?;
    if found.is_none_or(|subscriber| subscriber.standing != Standing::Left) {
        return Ok(stale(face, plan, true));
    }
    let page = json!({ "done": true });
    Ok(Refusal::by(face.page(plan, StatusCode::GONE, "unsubscribe.html", Kind::Token, page)))
}

/// Returns what they have now; no topic chosen means all.
fn chosen(plan: &Plan, subscriber: &Subscriber) -> Ticked {
    let topics = if subscriber.topics.is_empty() {
        plan.topics.iter().map(|(id, _)| id.clone()).collect()
    } else {
        subscriber.topics.clone()
    };
    Ticked { topics, series: subscriber.series.clone() }
}

fn page(
    ctx: &Context,
    plan: &Plan,
    subscriber: &Subscriber,
    ticked: &Ticked,
    link: &str,
) -> Settings {
    let consent = subscriber.consent.confirmed_at.unwrap_or(subscriber.consent.requested_at);
    Settings {
        address: subscriber.address.clone(),
        topics: ticked.topic_boxes(plan),
        series: ticked.series_boxes(plan),
        keywords: subscriber.keywords.join("\n"),
        most_keywords: MOST_KEYWORDS,
        found: Vec::new(),
        problems: Problems::default(),
        saved: false,
        is_proposed: false,
        suspended: subscriber.standing == Standing::Suspended,
        consent: Moment::day(consent, plan.mail.timezone),
        unsubscribe: ctx.tokens.unsubscribe(subscriber.id),
        download: format!("/e/{link}/daten.json"),
    }
}

async fn change(
    State(face): State<Arc<Face>>,
    Segment(link): Segment,
    asking: Asking,
    body: Body,
) -> Answer {
    let (ctx, plan) = face.now();
    let fields = Fields::sent(&asking, body).await?;
    let subscriber = owner(&face, &ctx, &plan, &link).await?;
    let ticked = Ticked::of(&fields, &plan);
    // A form of before has no such field: what they had stays.
    let typed = fields.first("stichwoerter").map(str::to_owned);
    let typed = typed.unwrap_or_else(|| subscriber.keywords.join("\n"));
    let keywords = keywords(&typed);
    let problems = Problems { keywords: keywords.as_ref().err().cloned(), ..ticked.problems() };
    let keywords = keywords.unwrap_or_default();
    if !problems.is_empty() {
        let typed = text::clean_block(&typed, MAX_TYPED);
        let page = Settings {
            problems,
            keywords: typed,
            ..page(&ctx, &plan, &subscriber, &ticked, &link)
        };
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return face.page(&plan, status, "settings.html", Kind::Token, page);
    }
    let topics = in_their_order(&plan, &subscriber.topics, &ticked.topics);
    let choice = Preferences { series: ticked.series.clone(), topics, keywords: keywords.clone() };
    let client = face.client(&asking);
    if !pipeline::change(&ctx, subscriber.id, choice, client).await? {
        return Err(stale(&face, &plan, true));
    }
    let page = Settings {
        saved: true,
        keywords: keywords.join("\n"),
        found: counted(&ctx, keywords).await?,
        suspended: false,
        ..page(&ctx, &plan, &subscriber, &ticked, &link)
    };
    face.ok(&plan, "settings.html", Kind::Token, page)
}

/// Returns in how many items of the last weeks each keyword stands: who wrote it sees whether
/// it finds what was meant.
async fn counted(ctx: &Context, keywords: Vec<String>) -> Result<Vec<KeywordCount>, StoreError> {
    if keywords.is_empty() {
        return Ok(Vec::new());
    }
    let since = ctx.clock.now().before(LOOKED_BACK);
    let counted = move |tx: &Transaction<'_>| {
        let sought = Keywords::new(keywords.clone());
        let recent = Listing { since: Some(since), limit: MOST_COUNTED, ..Listing::default() };
        let mut counts: Vec<KeywordCount> = keywords
            .iter()
            .map(|keyword| KeywordCount { keyword: keyword.clone(), items: 0 })
            .collect();
        for item in items::list(tx, &recent)? {
            for found in sought.found(&item.title, &item.text) {
                if let Some(count) = counts.iter_mut().find(|count| count.keyword == found) {
                    count.items += 1;
                }
            }
        }
        Ok(counts)
    };
    ctx.store.read(counted).await
}

/// Returns the topics chosen: those had before in their order, then the new ones. Who
/// had all and still ticks all keeps getting topics that come.
fn in_their_order(plan: &Plan, before: &[TopicId], ticked: &[TopicId]) -> Vec<TopicId> {
    if before.is_empty() && ticked.len() == plan.topics.len() {
        return Vec::new();
    }
    let kept = before.iter().filter(|topic| ticked.contains(topic));
    let added = ticked.iter().filter(|topic| !before.contains(topic));
    kept.chain(added).cloned().collect()
}

/// Returns all that is kept of them (Art. 15 and 20 DSGVO).
async fn download(State(face): State<Arc<Face>>, Segment(link): Segment) -> Answer {
    let (ctx, plan) = face.now();
    let subscriber = owner(&face, &ctx, &plan, &link).await?;
    let id = subscriber.id;
    let read = move |tx: &Transaction<'_>| {
        Ok((outbox::of_subscriber(tx, id)?, subscribers::changes(tx, id)?))
    };
    let (mails, changes) = ctx.store.read(read).await?;
    let changes: Vec<_> = changes
        .iter()
        .map(|change| {
            json!({ "am": change.at.rfc3339(), "was": change.words, "grund": change.reason })
        })
        .collect();
    let mails: Vec<_> = mails
        .iter()
        .map(|mail| {
            json!({
                "art": mail.kind.as_str(),
                "ausgabe": mail.digest,
                "erstellt": mail.created.rfc3339(),
                "zustand": mail.state.as_str(),
            })
        })
        .collect();
    let consent = &subscriber.consent;
    let data = json!({
        "adresse": subscriber.address,
        "zustand": subscriber.standing.as_str(),
        "ausgaben": subscriber.series,
        "themen": subscriber.topics,
        "stichwoerter": subscriber.keywords,
        "meldungen_ab": subscriber.since.rfc3339(),
        "einwilligung": {
            "weg": consent.origin,
            "text_oder_grund": consent.reason,
            "erbeten": consent.requested_at.rfc3339(),
            "erteilt": consent.confirmed_at.map(crate::model::Timestamp::rfc3339),
        },
        "geaendert_von_der_stelle": changes,
        "nachrichten": mails,
    });
    let text = serde_json::to_string_pretty(&data)?;
    let mut response = answer(StatusCode::OK, Kind::Token, text);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let name = HeaderValue::from_static("attachment; filename=\"meine-daten.json\"");
    headers.insert(CONTENT_DISPOSITION, name);
    Ok(response)
}

/// Returns who leaves by the link; they are found after it, too, so that twice is no error.
async fn leaver(
    face: &Face,
    ctx: &Context,
    plan: &Plan,
    link: &str,
) -> Result<Subscriber, Refusal> {
    let mut found = None;
    if token::is_well_formed(link) {
        let hash = token::hash(link);
        found = ctx.store.read(move |tx| subscribers::by_unsubscribe_hash(tx, &hash)).await?;
    }
    found.ok_or_else(|| stale(face, plan, false))
}

async fn ask(State(face): State<Arc<Face>>, Segment(link): Segment) -> Answer {
    let (ctx, plan) = face.now();
    let subscriber = leaver(&face, &ctx, &plan, &link).await?;
    let done = subscriber.standing == Standing::Left;
    let series = series_titles(&plan, &subscriber);
    let weekly = weekly_instead(&plan, &subscriber).map(|series| series.title.clone());
    let page = json!({ "done": done, "series": series, "weekly": weekly, "link": link });
    face.ok(&plan, "unsubscribe.html", Kind::Token, page)
}

/// Returns the weekly series that someone could have instead of what they have.
fn weekly_instead<'a>(plan: &'a Plan, subscriber: &Subscriber) -> Option<&'a Series> {
    let weekly = plan.series.iter().find(|plan| plan.schedule.is_weekly())?;
    let has_oftener = subscriber.series.iter().any(|id| *id != weekly.series.id);
    (standing::gets_digests(subscriber.standing) && has_oftener).then_some(&weekly.series)
}

/// Lets them stay, for the weekly series alone.
async fn less(
    State(face): State<Arc<Face>>,
    Segment(link): Segment,
    asking: Asking,
    body: Body,
) -> Answer {
    let (ctx, plan) = face.now();
    door::body(body).await?;
    let subscriber = leaver(&face, &ctx, &plan, &link).await?;
    let Some(weekly) = weekly_instead(&plan, &subscriber) else {
        return Err(stale(&face, &plan, false));
    };
    let choice = Preferences {
        series: vec![weekly.id.clone()],
        topics: subscriber.topics,
        keywords: subscriber.keywords,
    };
    let client = face.client(&asking);
    if !pipeline::change(&ctx, subscriber.id, choice, client).await? {
        return Err(stale(&face, &plan, false));
    }
    let page = json!({ "done": false, "stays": weekly.title });
    face.ok(&plan, "unsubscribe.html", Kind::Token, page)
}

/// Lets them leave by the button, or by one click in a mailer (RFC 8058): whatever the body says
/// and however it is encoded, the token alone decides.
async fn leave(State(face): State<Arc<Face>>, Segment(link): Segment, body: Body) -> Answer {
    let (ctx, plan) = face.now();
    door::body(body).await?;
    let subscriber = leaver(&face, &ctx, &plan, &link).await?;
    pipeline::leave(&ctx, subscriber.id, "link").await?;
    let series = series_titles(&plan, &subscriber);
    face.ok(&plan, "unsubscribe.html", Kind::Token, json!({ "done": true, "series": series }))
}
