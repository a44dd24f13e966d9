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
use crate::health::{Database, Finding, Health, Level};
use crate::model::{Condition, SourceId, SourceState, Timestamp};
use crate::pipeline::{self, Context, Plan};
use crate::store::sources::Requests;
use crate::store::{StoreError, Transaction, sources};

/// What the text of `/metrics` is (`OpenMetrics` 1.0).
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// Serves whether the service lives: on every listener.
pub(super) fn alive() -> Router<Arc<Face>> {
    Router::new().route("/healthz", get(healthz))
}

/// Serves what only operators may see.
pub(super) fn router() -> Router<Arc<Face>> {
    Router::new().route("/status", get(status)).route("/metrics", get(metrics))
}

/// Returns the level of the health as a word, as 503 where it is critical; says no
/// more, so anyone may ask.
async fn healthz(State(face): State<Arc<Face>>) -> Response {
    let (ctx, plan) = face.now();
    let level = match pipeline::health(&ctx, &plan).await {
        Ok(health) => health.level(),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            Level::Critical
        }
    };
    let status = match level {
        Level::Critical => StatusCode::SERVICE_UNAVAILABLE,
        Level::Ok | Level::Warning => StatusCode::OK,
    };
    let mut response = answer(status, Kind::Status, format!("{level}\n"));
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}

fn admit(face: &Face, asking: &Asking) -> Result<(), Refusal> {
    let client = face.client(asking);
    let is_let_in = client.is_some_and(|client| {
        face.settings.web.status.iter().any(|network| network.contains(client))
    });
    if is_let_in { Ok(()) } else { Err(Refusal::Status(StatusCode::FORBIDDEN)) }
}

/// A source: id, name, whether it is switched on, its state and its requests.
type Row = (SourceId, String, bool, SourceState, Requests);

/// How everything fares at one moment.
struct Figures {
    health: Health,
    sources: Vec<Row>,
}

async fn figures(ctx: &Context, plan: &Arc<Plan>) -> Result<Figures, StoreError> {
    let health = pipeline::health(ctx, plan).await?;
    let plan = Arc::clone(plan);
    let sources = ctx.store.read(move |tx| read(tx, &plan)).await?;
    Ok(Figures { health, sources })
}

fn read(tx: &Transaction<'_>, plan: &Plan) -> Result<Vec<Row>, StoreError> {
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
    Ok(rows)
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
    let seen = &figures.health.facts;
    let mut facts = vec![
        fact("Zustand", german(figures.health.level()).to_owned()),
        fact("Quellen", words(figures.by_condition().into_iter().collect())),
        fact("Meldungen", seen.items.to_string()),
        fact("Postausgang", named(&seen.sending.outbox)),
        fact("Abonnements", named(&seen.subscribers)),
        fact(
            "Abfragen",
            format!(
                "{}, davon {} bedingt und {} mit 304 beantwortet",
                requests.all, requests.conditional, requests.not_modified
            ),
        ),
        fact("Version", pipeline::VERSION.to_owned()),
        fact("Konfiguration", plan.version.clone()),
    ];
    let found = figures.health.findings.iter().map(|finding| fact("Befund", finding.text.clone()));
    facts.splice(1..1, found);
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

/// Returns the figures of the database, anew at each asking: they outlive restarts.
fn registry(figures: &Figures) -> Registry {
    let mut registry = Registry::with_prefix("amtsbote");
    let states = Family::<Labels, Gauge>::default();
    for (state, count) in figures.by_condition() {
        states.get_or_create(&[("state", state.to_owned())]).set(whole(count));
    }
    registry.register("sources", "Sources by state", states);

    of_health(&mut registry, &figures.health);

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

/// Writes the figures that the findings are made of, and the findings.
fn of_health(registry: &mut Registry, health: &Health) {
    let facts = &health.facts;
    let mut single = |name: &str, help: &str, value: Option<i64>| {
        if let Some(value) = value {
            let gauge = Gauge::<i64>::default();
            gauge.set(value);
            registry.register(name, help, gauge);
        }
    };
    let seconds = |at: Option<Timestamp>| at.map(Timestamp::seconds);
    let service = facts.service.as_ref();
    let sending = &facts.sending;
    let level = Level::ALL.iter().position(|level| *level == health.level());
    single("health", "0 ok, 1 warning, 2 critical", level.and_then(|at| i64::try_from(at).ok()));
    single("items", "Items kept", Some(whole(facts.items)));
    single(
        "sending_stopped",
        "1 while the operator stopped all sending",
        Some(i64::from(sending.stop.is_some())),
    );
    single(
        "sending_paused",
        "1 while a fault keeps mail from going out",
        Some(i64::from(sending.pause.is_some())),
    );
    single(
        "mails_waiting",
        "Messages to be sent, now or later",
        Some(whole(sending.waiting.messages)),
    );
    single(
        "mails_given_up",
        "Dead messages that nobody acknowledged",
        Some(whole(sending.unacknowledged)),
    );
    single(
        "oldest_mail_seconds",
        "Unix time of the oldest message that waits",
        seconds(sending.waiting.oldest),
    );
    single(
        "own_outage",
        "1 while most hosts fail and the fault is likely ours",
        Some(i64::from(facts.is_own_outage())),
    );
    single(
        "last_poll_seconds",
        "Unix time of the last request to any source",
        seconds(facts.last_poll()),
    );
    single("disk_free_bytes", "Free bytes of the disk of the database", facts.disk_free.map(whole));
    if let Database::Sound(bytes) = facts.database {
        single("database_bytes", "Bytes of the database file", Some(whole(bytes)));
    }
    single("started_seconds", "Unix time of the start", seconds(service.and_then(|s| s.started)));
    single(
        "heartbeat_seconds",
        "Unix time of the last turn of all loops",
        seconds(service.and_then(|s| s.beat)),
    );
    single("crashes", "Starts in a row that ended badly", service.map(|s| i64::from(s.crashes)));

    let family = |pairs: &mut dyn Iterator<Item = (&'static str, String, i64)>| {
        let family = Family::<Labels, Gauge>::default();
        for (name, value, count) in pairs {
            family.get_or_create(&[(name, value)]).set(count);
        }
        family
    };
    let found = family(&mut Finding::CODES.iter().map(|code| {
        let is_found = health.findings.iter().any(|finding| finding.code == *code);
        ("code", (*code).to_owned(), i64::from(is_found))
    }));
    registry.register("finding", "1 for each finding that holds now", found);
    let next = facts.slots.iter().filter_map(|slot| Some((slot.series.to_string(), slot.next?)));
    let next = family(&mut next.map(|(series, at)| ("series", series, at.seconds())));
    registry.register("digest_next_seconds", "Unix time of the next slot of a series", next);
    let messages = family(
        &mut crate::model::State::WORDS
            .iter()
            .map(|state| ("state", (*state).to_owned(), 0))
            .chain(
                sending.outbox.iter().map(|(state, count)| ("state", state.clone(), whole(*count))),
            ),
    );
    registry.register("outbox_messages", "Messages in the outbox by state", messages);
    let standings =
        family(&mut facts.subscribers.iter().map(|(word, n)| ("state", word.clone(), whole(*n))));
    registry.register("subscribers", "Subscribers by state", standings);
    let returned =
        family(&mut facts.returned.iter().map(|(word, n)| ("class", word.clone(), whole(*n))));
    registry.register("returned_mails", "Mail returned within 30 days by class", returned);
}

const fn german(level: Level) -> &'static str {
    match level {
        Level::Ok => "in Ordnung",
        Level::Warning => "läuft, etwas ist zu tun",
        Level::Critical => "gestört",
    }
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::{Facts, Held, Sending, Service, Slot, SourceFacts};
    use crate::model::SeriesId;

    const ALERTS: &str = include_str!("../../docs/monitoring/alerts.yml");
    const DASHBOARD: &str = include_str!("../../docs/monitoring/dashboard.json");

    /// Returns figures of which none is missing.
    fn figures() -> Figures {
        let now = Some(Timestamp::from_seconds(1_765_260_000));
        let state = SourceState { last_success: now, ..SourceState::unpolled("a".into()) };
        let facts = Facts {
            service: Some(Service { started: now, beat: now, ..Service::default() }),
            disk_free: Some(1),
            sources: vec![SourceFacts {
                id: "a".into(),
                host: "a".to_owned(),
                condition: Condition::Ok,
                failures: 0,
                last_attempt: now,
                last_success: now,
                next_poll: Timestamp::default(),
                has_failed: false,
            }],
            sending: Sending { waiting: Held { messages: 1, oldest: now }, ..Sending::default() },
            slots: vec![Slot { series: SeriesId::new("taeglich"), overdue: None, next: now }],
            subscribers: vec![("active".to_owned(), 1)],
            returned: vec![("hard".to_owned(), 1)],
            ..Facts::of_database(Timestamp::default(), "1.2.3", Database::Sound(1))
        };
        let sources = vec![("a".into(), "A".to_owned(), true, state, Requests::default())];
        Figures { health: Health::of(facts), sources }
    }

    #[test]
    fn the_rules_and_the_dashboard_ask_for_metrics_and_findings_that_exist() {
        let mut text = String::new();
        encode(&mut text, &registry(&figures())).unwrap();
        let names: Vec<&str> =
            text.lines().filter_map(|line| line.split(['{', ' ']).next()).collect();
        let mut asked = 0;
        for (file, content) in [("alerts.yml", ALERTS), ("dashboard.json", DASHBOARD)] {
            let words = content.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            for name in words.filter(|word| word.starts_with("amtsbote_")) {
                assert!(names.contains(&name), "{file}: there is no metric {name} in\n{text}");
                asked += 1;
            }
            for code in content.split("code=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(Finding::CODES.contains(&code), "{file}: there is no finding {code}");
            }
        }
        assert!(asked > 20, "only {asked} names were found");
    }
}
