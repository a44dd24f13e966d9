//! The web face: German, accessible, no JavaScript, no cookies.
//!
//! `views` says what a page needs to know, the templates of `page` make HTML of
//! it, `headers` guards it. None of them asks the store or a clock. `archive`, `search`,
//! `agenda`, `feeds`, `subscribe`, `settings`, `desk` and `status` each answer some paths;
//! `door` stands before them all: limits of time and size, pages that are `kept`, and a German
//! page for whatever is no page. GET and HEAD change nothing.

mod agenda;
mod answer;
mod archive;
mod choices;
mod client;
mod desk;
mod door;
mod feeds;
pub mod headers;
mod kept;
mod lists;
mod plot;
mod search;
mod serve;
mod settings;
mod slots;
mod status;
mod subscribe;
pub mod views;

use std::sync::Arc;

use axum::Router;
use tokio::sync::Semaphore;

use self::answer::{Answer, Face, Refusal, answer};
pub use self::answer::{Current, Settings};
use self::kept::Kept;
use self::slots::Slots;

/// Requests that are answered at once; more are told to come again.
const CONCURRENCY: usize = 64;
/// Requests beside these that are answered at once if they unsubscribe by one
/// press of a button or ask whether the service lives.
const RESERVED: usize = 16;

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

/// Returns every path behind its door. Who asks it without a socket adds the peer as
/// `ConnectInfo`; without one nobody is let in to the status.
pub fn router(paths: Paths, settings: Settings, current: Current) -> Router {
    let has_own_listener = settings.web.status_listen.is_some();
    let face = Arc::new(Face {
        settings,
        current,
        room: Arc::new(Semaphore::new(CONCURRENCY)),
        reserved: Arc::new(Semaphore::new(RESERVED)),
        kept: Kept::default(),
    });
    let pages = || {
        door::keeping(archive::router().merge(agenda::router()), &face)
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

#[cfg(test)]
mod tests;
