//! For operators: alive, how it fares, and numbers for monitoring.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::get;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use serde_json::json;

use super::client::Asking;
use super::headers::Kind;
use super::views::{Moment, SourceRow};
use super::{Answer, Face, Refusal, answer};
use crate::model::{Condition, SourceId, SourceState};
use crate::pipeline::{Context, Plan};
use crate::store::sources::Requests;
use crate::store::{StoreError, Transaction, items, outbox, sources, subscribers};

/// What the text of `/metrics` is (`OpenMetrics` 1.0).
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
/// The states of the outbox that are told even when nothing stands there.
const OUTBOX_STATES: [&str; 6] = ["ready", "claimed", "deferred", "held", "sent", "dead"];

pub(super) fn router() -> Router<Arc<Face>> {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/status", get(status))
        .route("/metrics", get(metrics))
}

/// Returns whether the database answers; says no more, so anyone may ask.
async fn healthz(State(face): State<Arc<Face>>) -> Response {
    let (ctx, _) = face.now();
    let (status, text) = match ctx.store.read(|tx| items::last_receipt(tx).map(|_| ())).await {
        Ok(()) => (StatusCode::OK, "ok\n"),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    };
    let mut response = answer(status, Kind::Status, text);
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}

fn admit(face: &Face, asking: &Asking) -> Result<(), Refusal> {
    let client = asking.client(&face.settings.web.trusted_proxies);
    let is_let_in = client.is_some_and(|client| {
        face.settings.web.status.iter().any(|network| network.contains(client))
    });
    if is_let_in { Ok(()) } else { Err(Refusal::Status(StatusCode::FORBIDDEN)) }
}

/// How everything fares at one moment.
struct Figures {
    sources: Vec<(SourceId, String, bool, SourceState, Requests)>,
    items: u64,
    outbox: Vec<(String, u64)>,
    stop: Option<outbox::Stop>,
    subscribers: Vec<(String, u64)>,
}

async fn figures(ctx: &Context, plan: &Arc<Plan>) -> Result<Figures, StoreError> {
    let plan = Arc::clone(plan);
    ctx.store.read(move |tx| read(tx, &plan)).await
}

fn read(tx: &Transaction<'_>, plan: &Plan) -> Result<Figures, StoreError> {
    let mut rows = Vec::with_capacity(plan.sources.len());
    for source in &plan.sources {
        let settings = &source.configured.settings;
        let mut state = sources::state(tx, &settings.id)?;
        if !settings.enabled {
            state.condition = Condition::Off;
        }
        let requests = sources::requests(tx, &settings.id)?;
        rows.push((settings.id.clone(), settings.name.clone(), settings.enabled, state, requests));
    }
    Ok(Figures {
        sources: rows,
        items: items::count_all(tx)?,
        outbox: outbox::count_by_state(tx, None)?,
        stop: outbox::stopped(tx)?,
        subscribers: subscribers::count_by_standing(tx)?,
    })
}

impl Figures {
    fn by_condition(&self) -> BTreeMap<&'static str, u64> {
        let mut counted: BTreeMap<_, _> =
            Condition::ALL.iter().map(|condition| (condition.as_str(), 0)).collect();
        for (_, _, _, state, _) in &self.sources {
            *counted.entry(state.condition.as_str()).or_default() += 1;
        }
        counted
    }

    fn requests(&self) -> Requests {
        self.sources.iter().fold(Requests::default(), |sum, (.., requests)| sum.and(*requests))
    }
}

async fn status(State(face): State<Arc<Face>>, asking: Asking) -> Answer {
    admit(&face, &asking)?;
    let (ctx, plan) = face.now();
    let figures = figures(&ctx, &plan).await?;
    let zone = plan.mail.timezone;
    let words = |counted: Vec<(&str, u64)>| {
        let parts: Vec<String> = counted
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(word, count)| format!("{count} {word}"))
            .collect();
        if parts.is_empty() { "keine".to_owned() } else { parts.join(", ") }
    };
    let named =
        |list: &[(String, u64)]| words(list.iter().map(|(w, n)| (w.as_str(), *n)).collect());
    let requests = figures.requests();
    let fact = |name: &str, value: String| json!({ "name": name, "value": value });
    let mut facts = vec![
        fact("Quellen", words(figures.by_condition().into_iter().collect())),
        fact("Meldungen", figures.items.to_string()),
        fact("Postausgang", named(&figures.outbox)),
        fact("Abonnements", named(&figures.subscribers)),
        fact(
            "Abfragen",
            format!(
                "{}, davon {} bedingt und {} mit 304 beantwortet",
                requests.all, requests.conditional, requests.not_modified
            ),
        ),
        fact("Version", env!("CARGO_PKG_VERSION").to_owned()),
        fact("Konfiguration", plan.version.clone()),
    ];
    if let Some(stop) = &figures.stop {
        facts.insert(0, fact("Versand", format!("angehalten: {}", stop.reason)));
    }
    let rows: Vec<SourceRow> = figures
        .sources
        .into_iter()
        .map(|(_, name, enabled, state, _)| SourceRow {
            name,
            condition: state.condition.as_str().to_owned(),
            last_success: state.last_success.map(|at| Moment::minute(at, zone)),
            next_poll: enabled.then(|| Moment::minute(state.next_poll, zone)),
            last_error: state.last_error,
        })
        .collect();
    face.ok(&plan, "status.html", Kind::Status, json!({ "facts": facts, "sources": rows }))
}

type Labels = [(&'static str, String); 1];

async fn metrics(State(face): State<Arc<Face>>, asking: Asking) -> Answer {
    admit(&face, &asking)?;
    let (ctx, plan) = face.now();
    let figures = figures(&ctx, &plan).await?;
    let mut text = String::new();
    encode(&mut text, &registry(&figures))
        .map_err(|_| Refusal::Status(StatusCode::INTERNAL_SERVER_ERROR))?;
    let mut response = answer(StatusCode::OK, Kind::Status, text);
    response.headers_mut().insert(CONTENT_TYPE, OPEN_METRICS);
    Ok(response)
}

/// The figures of the database, anew at each asking: they outlive restarts.
fn registry(figures: &Figures) -> Registry {
    let mut registry = Registry::with_prefix("amtsbote");
    let states = Family::<Labels, Gauge>::default();
    for (state, count) in figures.by_condition() {
        states.get_or_create(&[("state", state.to_owned())]).set(whole(count));
    }
    registry.register("sources", "Sources by state", states);

    let items = Gauge::<i64>::default();
    items.set(whole(figures.items));
    registry.register("items", "Items kept", items);

    let messages = Family::<Labels, Gauge>::default();
    for state in OUTBOX_STATES {
        messages.get_or_create(&[("state", state.to_owned())]).set(0);
    }
    for (state, count) in &figures.outbox {
        messages.get_or_create(&[("state", state.clone())]).set(whole(*count));
    }
    registry.register("outbox_messages", "Messages in the outbox by state", messages);

    let standings = Family::<Labels, Gauge>::default();
    for (standing, count) in &figures.subscribers {
        standings.get_or_create(&[("state", standing.clone())]).set(whole(*count));
    }
    registry.register("subscribers", "Subscribers by state", standings);

    let polls = Family::<Labels, Counter>::default();
    let conditional = Family::<Labels, Counter>::default();
    let not_modified = Family::<Labels, Counter>::default();
    let failures = Family::<Labels, Gauge>::default();
    let success = Family::<Labels, Gauge>::default();
    let next = Family::<Labels, Gauge>::default();
    for (id, _, enabled, state, requests) in &figures.sources {
        let of = [("source", id.to_string())];
        polls.get_or_create(&of).inc_by(requests.all);
        conditional.get_or_create(&of).inc_by(requests.conditional);
        not_modified.get_or_create(&of).inc_by(requests.not_modified);
        failures.get_or_create(&of).set(i64::from(state.failures));
        if let Some(at) = state.last_success {
            success.get_or_create(&of).set(at.0 / 1000);
        }
        if *enabled {
            next.get_or_create(&of).set(state.next_poll.0 / 1000);
        }
    }
    registry.register("polls", "Requests made to the source", polls);
    registry.register("polls_conditional", "Requests with a validator", conditional);
    registry.register("polls_not_modified", "Requests answered 304", not_modified);
    registry.register("source_failures", "Failed polls in a row", failures);
    registry.register("source_last_success_seconds", "Unix time of the last answer read", success);
    registry.register("source_next_poll_seconds", "Unix time of the next poll", next);
    registry
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
