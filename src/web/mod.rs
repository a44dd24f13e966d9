//! The web face: German, accessible, no JavaScript, no cookies.
//!
//! `views` says what a page needs to know, the templates of `page` make HTML of
//! it, `headers` guards it. None of them asks the store or a clock. `archive`, `search`, `agenda`, `feeds`, `subscribe`, `settings` and `status` each answer
//! some paths; `door` stands before them all: limits of time and size, and a
//! German page for whatever is no page. GET and HEAD change nothing.

mod agenda;
mod archive;
mod choices;
mod client;
mod desk;
mod door;
mod feeds;
pub mod headers;
mod search;
mod serve;
mod settings;
mod slots;
mod status;
mod subscribe;
pub mod views;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::sync::Semaphore;

use self::headers::Kind;
use self::slots::Slots;
use crate::config::{Config, WebSettings};
use crate::page::TemplateProblem;
use crate::pipeline::{Context, PipelineError, Plan};
use crate::store::StoreError;

/// Requests that are answered at once; more are told to come again.
const CONCURRENCY: usize = 64;
/// Longest time for one answer, the reading of its body included.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// Requests beside these that are answered at once if they unsubscribe by one
/// press of a button or ask whether the service lives.
const RESERVED: usize = 16;

/// What the face needs of the config beyond the plan. It is read once: a reload
/// brings new topics, series and names, a restart also these.
#[derive(Debug, Clone)]
pub struct Settings {
    web: WebSettings,
    bot: views::Bot,
}

impl Settings {
    /// Of a checked config.
    pub fn of(config: &Config) -> Self {
        let fetch = &config.fetch;
        Self {
            web: config.web.clone(),
            bot: views::Bot {
                user_agent: fetch.user_agent.clone(),
                interval: archive::span(fetch.interval),
                min_interval: archive::span(fetch.min_interval),
                per_host: fetch.per_host,
                host_spacing: archive::span(fetch.host_spacing),
            },
        }
    }
}

/// Answers what the journeys work with now.
pub type Current = Arc<dyn Fn() -> (Context, Arc<Plan>) + Send + Sync>;

/// Which paths a listener serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paths {
    /// The web face; with the status, unless that has a listener of its own.
    Pages,
    /// The status alone.
    Status,
}

/// Serves until `stop`.
pub async fn serve(
    listener: tokio::net::TcpListener,
    paths: Paths,
    settings: Settings,
    current: Current,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let store = current().0.store.for_web();
    let current: Current = match store {
        Ok(store) => Arc::new(move || {
            let (ctx, plan) = current();
            (ctx.with_store(store.clone()), plan)
        }),
        Err(error) => {
            tracing::warn!(%error, "the web face shares the database's reading connection");
            current
        }
    };
    let slots = Slots::new(settings.web.trusted_proxies.clone());
    serve::until(listener, router(paths, settings, current), slots, stop).await;
}

/// Every path behind its door. Who asks it without a socket adds the peer as
/// `ConnectInfo`; without one nobody is let in to the status.
pub fn router(paths: Paths, settings: Settings, current: Current) -> Router {
    let has_own_listener = settings.web.status_listen.is_some();
    let face = Arc::new(Face {
        settings,
        current,
        room: Arc::new(Semaphore::new(CONCURRENCY)),
        reserved: Arc::new(Semaphore::new(RESERVED)),
    });
    let pages = || {
        archive::router()
            .merge(agenda::router())
            .merge(feeds::router())
            .merge(subscribe::router())
            .merge(settings::router())
            .merge(desk::router())
    };
    let served = match paths {
        Paths::Pages if has_own_listener => pages(),
        Paths::Pages => pages().merge(status::router()),
        Paths::Status => status::router(),
    };
    door::before(served.merge(status::alive()), &face).with_state(face)
}

/// What all answers share.
struct Face {
    settings: Settings,
    current: Current,
    room: Arc<Semaphore>,
    reserved: Arc<Semaphore>,
}

impl Face {
    fn now(&self) -> (Context, Arc<Plan>) {
        (self.current)()
    }

    /// Fills a template of the web: `page` is what is said, `face` who says it.
    fn fill(
        &self,
        plan: &Plan,
        template: &str,
        kind: Kind,
        page: impl Serialize,
    ) -> Result<String, TemplateProblem> {
        let view = View {
            face: &plan.mail.face,
            subscribe: self.settings.web.subscribe,
            noindex: kind.is_hidden(),
            page,
        };
        plan.mail.templates.render(&format!("web/{template}"), &view)
    }

    /// A page as an answer.
    fn page(
        &self,
        plan: &Plan,
        status: StatusCode,
        template: &str,
        kind: Kind,
        page: impl Serialize,
    ) -> Answer {
        Ok(answer(status, kind, self.fill(plan, template, kind, page)?))
    }

    /// A page that is what was asked for.
    fn ok(&self, plan: &Plan, template: &str, kind: Kind, page: impl Serialize) -> Answer {
        self.page(plan, StatusCode::OK, template, kind, page)
    }
}

/// What every template of the web gets.
#[derive(Serialize)]
struct View<'a, P> {
    face: &'a crate::digest::Face,
    subscribe: bool,
    noindex: bool,
    page: P,
}

/// A text of that kind with all its header fields.
fn answer(status: StatusCode, kind: Kind, text: impl Into<axum::body::Body>) -> Response {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    dress(&mut response, kind);
    response
}

/// Puts the header fields of a kind on an answer.
fn dress(response: &mut Response, kind: Kind) {
    for (name, value) in kind.fields() {
        response
            .headers_mut()
            .insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

type Answer = Result<Response, Refusal>;

/// Why there is no page; `door` puts the German page for the status in its place.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    /// The request asks for what is not there, or may not be asked.
    #[error("status {0}")]
    Status(StatusCode),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A template.
    #[error(transparent)]
    Template(#[from] TemplateProblem),
    /// A journey.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// A stored page that cannot be read.
    #[error("a stored page cannot be read")]
    Stored(#[from] serde_json::Error),
}

impl Refusal {
    const MISSING: Self = Self::Status(StatusCode::NOT_FOUND);
    const BAD_REQUEST: Self = Self::Status(StatusCode::BAD_REQUEST);

    fn is_busy(&self) -> bool {
        let (Self::Store(error) | Self::Pipeline(PipelineError::Store(error))) = self else {
            return false;
        };
        matches!(error, StoreError::Busy | StoreError::Interrupted)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Status(status) => *status,
            error if error.is_busy() => StatusCode::SERVICE_UNAVAILABLE,
            // Neither path nor form: tokens and addresses stand in them.
            error => {
                tracing::error!(%error, cause = error.source_text(), "a page could not be made");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        status.into_response()
    }
}

impl Refusal {
    fn source_text(&self) -> Option<String> {
        std::error::Error::source(self).map(ToString::to_string)
    }
}

#[cfg(test)]
mod tests;
