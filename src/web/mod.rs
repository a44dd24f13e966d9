//! The web face: German, accessible, no JavaScript, no cookies.
//!
//! `views` says what a page needs to know, `pages` turns it into HTML by the
//! embedded templates, `headers` guards it. None of them asks the store or a clock.

pub mod headers;
pub mod pages;
pub mod views;

use std::sync::Arc;

use crate::config::Config;
use crate::pipeline::{Context, Plan};

/// What the face needs of the config beyond the plan.
#[derive(Debug, Clone)]
pub struct Settings;

impl Settings {
    /// Of a checked config.
    pub fn of(_: &Config) -> Self {
        Self
    }
}

/// Answers what the journeys work with now.
pub type Current = Arc<dyn Fn() -> (Context, Arc<Plan>) + Send + Sync>;

/// Serves until `stop`.
pub async fn serve(
    listener: tokio::net::TcpListener,
    _: Settings,
    _: Current,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = axum::Router::new().route("/healthz", axum::routing::get(async || "ok\n"));
    axum::serve(listener, router).with_graceful_shutdown(stop).await
}
