//! What every page is made with: the face, how it answers, and why it does not.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::sync::Semaphore;

use super::client::Asking;
use super::headers::Kind;
use super::kept::Kept;
use super::views;
use crate::config::{Config, WebSettings};
use crate::page::TemplateProblem;
use crate::pipeline::{Context, PipelineError, Plan};
use crate::store::StoreError;

/// Longest time for one answer, the reading of its body included.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// What the face needs of the config beyond the plan. It is read once: a reload
/// brings new topics, series and names, a restart also these.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(super) web: WebSettings,
    pub(super) bot: views::Bot,
}

impl Settings {
    /// Takes them out of a checked config.
    pub fn of(config: &Config) -> Self {
        let fetch = &config.fetch;
        Self {
            web: config.web.clone(),
            bot: views::Bot {
                user_agent: fetch.user_agent.clone(),
                interval: views::span(fetch.interval),
                min_interval: views::span(fetch.min_interval),
                per_host: fetch.per_host,
                host_spacing: views::span(fetch.host_spacing),
            },
        }
    }
}

/// Returns what the journeys work with now.
pub type Current = Arc<dyn Fn() -> (Context, Arc<Plan>) + Send + Sync>;

/// What all answers share.
pub(super) struct Face {
    pub(super) settings: Settings,
    pub(super) current: Current,
    pub(super) room: Arc<Semaphore>,
    pub(super) reserved: Arc<Semaphore>,
    pub(super) kept: Kept<Plan>,
}

impl Face {
    pub(super) fn now(&self) -> (Context, Arc<Plan>) {
        (self.current)()
    }

    /// Returns the address of who asks, if it can be told.
    pub(super) fn client(&self, asking: &Asking) -> Option<IpAddr> {
        asking.client(&self.settings.web.trusted_proxies)
    }

    /// Fills a template of the web: `page` is what is said, `face` who says it.
    pub(super) fn fill(
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

    /// Returns a page as an answer.
    pub(super) fn page(
        &self,
        plan: &Plan,
        status: StatusCode,
        template: &str,
        kind: Kind,
        page: impl Serialize,
    ) -> Answer {
        Ok(answer(status, kind, self.fill(plan, template, kind, page)?))
    }

    /// Returns a page that is what was asked for.
    pub(super) fn ok(
        &self,
        plan: &Plan,
        template: &str,
        kind: Kind,
        page: impl Serialize,
    ) -> Answer {
        self.page(plan, StatusCode::OK, template, kind, page)
    }
}

/// What every template of the web gets.
#[derive(Serialize)]
pub(super) struct View<'a, P> {
    pub(super) face: &'a crate::digest::Face,
    pub(super) subscribe: bool,
    pub(super) noindex: bool,
    pub(super) page: P,
}

/// Returns a text of that kind with all its header fields.
pub(super) fn answer(
    status: StatusCode,
    kind: Kind,
    text: impl Into<axum::body::Body>,
) -> Response {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    dress(&mut response, kind);
    response
}

/// Puts the header fields of a kind on an answer.
pub(super) fn dress(response: &mut Response, kind: Kind) {
    for (name, value) in kind.fields() {
        response
            .headers_mut()
            .insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

pub(super) type Answer = Result<Response, Refusal>;

/// Why the page that was asked for is not there; `door` puts the German page for a status in
/// its place.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// Another page says why.
    #[error("another page")]
    Page(Box<Response>),
    /// The request asks for what is not there, or may not be asked.
    #[error("status {0}")]
    Status(StatusCode),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
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
    pub(super) const MISSING: Self = Self::Status(StatusCode::NOT_FOUND);
    pub(super) const BAD_REQUEST: Self = Self::Status(StatusCode::BAD_REQUEST);

    /// Refuses by a page of its own.
    pub(super) fn by(page: Answer) -> Self {
        page.map_or_else(|refusal| refusal, |page| Self::Page(Box::new(page)))
    }

    fn is_busy(&self) -> bool {
        let (Self::Store(error) | Self::Pipeline(PipelineError::Store(error))) = self else {
            return false;
        };
        matches!(error, StoreError::Busy | StoreError::Interrupted)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Page(page) => return *page,
            Self::Status(status) => status,
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
