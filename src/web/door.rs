//! What stands before every path: room, time, and a page for each refusal.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tower_http::catch_panic::CatchPanicLayer;

use super::answer::{ANSWER_TIMEOUT, Face, Refusal};
use super::headers::Kind;
use super::kept::{LONGEST, MOST_OF_ONE, Made, is_public_page};

/// Most bytes of a request's body.
const MAX_BODY: usize = 64 * 1024;
/// When who was turned away may come again, in seconds.
const COME_AGAIN: HeaderValue = HeaderValue::from_static("30");

/// Puts the door before the paths.
pub(super) fn before(paths: Router<Arc<Face>>, face: &Arc<Face>) -> Router<Arc<Face>> {
    paths
        .fallback(async || StatusCode::NOT_FOUND)
        .method_not_allowed_fallback(async || StatusCode::METHOD_NOT_ALLOWED)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(Arc::clone(face), bounded))
        .layer(middleware::from_fn_with_state(Arc::clone(face), in_german))
}

/// Lets the pages of these paths be kept.
pub(super) fn keeping(paths: Router<Arc<Face>>, face: &Arc<Face>) -> Router<Arc<Face>> {
    paths.layer(middleware::from_fn_with_state(Arc::clone(face), from_kept))
}

/// Answers with the page that is kept, else keeps the one that is made.
async fn from_kept(State(face): State<Arc<Face>>, request: Request, next: Next) -> Response {
    let address = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    if request.method() != Method::GET || address.len() > LONGEST {
        return next.run(request).await;
    }
    let (ctx, plan) = face.now();
    // Read before the page is made: what is written meanwhile makes it too old to be kept.
    let made = match ctx.store.version().await {
        Ok(Some(data)) => Arc::new(Made::of(data, plan, ctx.clock.now())),
        Ok(None) | Err(_) => return next.run(request).await,
    };
    if let Some(page) = face.kept.get(&made, &address) {
        return page;
    }
    let response = next.run(request).await;
    if !is_public_page(&response) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(text) = axum::body::to_bytes(body, MOST_OF_ONE).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    face.kept.put(&made, address, parts.headers.clone(), text.clone());
    Response::from_parts(parts, Body::from(text))
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a page ended by a fault of the program");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// Bounds how many are answered at once and how long each may take.
async fn bounded(State(face): State<Arc<Face>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_reserved = path == "/healthz" || path.starts_with("/a/");
    let permit = face.room.clone().try_acquire_owned();
    let permit = permit.or_else(|full| {
        if is_reserved { face.reserved.clone().try_acquire_owned() } else { Err(full) }
    });
    let Ok(_permit) = permit else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    match tokio::time::timeout(ANSWER_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Gives each refusal, ours or the library's, its page and its header fields.
async fn in_german(State(face): State<Arc<Face>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let status = response.status();
    let is_ours = response.headers().contains_key(CONTENT_SECURITY_POLICY);
    if is_ours {
        return response;
    }
    if !status.is_client_error() && !status.is_server_error() {
        super::answer::dress(&mut response, Kind::Form);
        return response;
    }
    let (_, plan) = face.now();
    let (template, page) = refusal(status);
    let mut made = match face.page(&plan, status, template, Kind::Form, page) {
        Ok(made) => made,
        Err(_) => super::answer::answer(status, Kind::Form, "Das hat nicht geklappt.\n"),
    };
    // 405 says what is allowed.
    if let Some(allow) = response.headers_mut().remove("allow") {
        made.headers_mut().insert("allow", allow);
    }
    if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        made.headers_mut().insert(RETRY_AFTER, COME_AGAIN);
    }
    made
}

/// Returns the template of a refusal and what it says.
fn refusal(status: StatusCode) -> (&'static str, Value) {
    let (title, text) = match status {
        StatusCode::NOT_FOUND => return ("missing.html", json!({})),
        StatusCode::FORBIDDEN => (
            "Nicht erlaubt",
            "Diese Seite ist von Ihrem Netz aus nicht zugänglich, oder das Formular kam von einer anderen Website.",
        ),
        StatusCode::METHOD_NOT_ALLOWED => (
            "So geht es hier nicht",
            "Die Seite gibt es, aber sie nimmt diese Art von Anfrage nicht an.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => {
            ("Die Anfrage ist zu groß", "Ein Formular von uns ist nie so lang.")
        }
        StatusCode::TOO_MANY_REQUESTS => (
            "Zu viele Anfragen",
            "Von Ihrem Anschluss kamen in kurzer Zeit viele Anfragen zum Abonnieren. Bitte versuchen Sie es in einer Stunde noch einmal.",
        ),
        StatusCode::SERVICE_UNAVAILABLE => {
            ("Gerade ist viel los", "Bitte versuchen Sie es in einer halben Minute noch einmal.")
        }
        status if status.is_client_error() => (
            "Die Anfrage ist unverständlich",
            "Bitte rufen Sie die Seite noch einmal auf und füllen Sie das Formular neu aus.",
        ),
        _ => return ("failed.html", json!({})),
    };
    ("trouble.html", json!({ "title": title, "text": text }))
}

/// The one variable segment of a path.
pub(super) struct Segment(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let params =
            RawPathParams::from_request_parts(parts, state).await.map_err(|_| Refusal::MISSING)?;
        let first = params.iter().next().map(|(_, value)| value.to_owned());
        first.map(Self).ok_or(Refusal::MISSING)
    }
}

/// Returns the body, if it is no longer than a form of ours can be.
pub(super) async fn body(body: Body) -> Result<Bytes, Refusal> {
    use axum::body::HttpBody as _;
    // What says that it is too long need not be read.
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Err(Refusal::Status(StatusCode::PAYLOAD_TOO_LARGE));
    }
    axum::body::to_bytes(body, MAX_BODY)
        .await
        .map_err(|_| Refusal::Status(StatusCode::PAYLOAD_TOO_LARGE))
}
