//! Serves the samples over real HTTP, with the validators of a well-run server.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use super::{SAMPLES, fill};
use crate::model::Timestamp;

const ROBOTS: &str = "User-agent: *\nAllow: /\n";
const NOT_HERE: &str = "<!DOCTYPE html>\n<html lang=\"de\"><head><meta charset=\"utf-8\"><title>Nur ein Beispiel</title></head>\
    <body><h1>Nur ein Beispiel</h1><p>Die Meldung gehört zu den Beispielquellen der Vorführung. Eine eigene Seite hat sie nicht.</p></body></html>\n";

/// A document that is ready to be sent.
struct Document {
    content_type: &'static str,
    body: Vec<u8>,
    etag: String,
    last_modified: String,
}

/// Serves every sample as of `now` until the task is dropped. Answers 304 to
/// validators that hold (RFC 9110 13.2.2) and 404 to any other path.
pub async fn serve(listener: TcpListener, now: Timestamp) -> std::io::Result<()> {
    axum::serve(listener, router(now)).await
}

fn router(now: Timestamp) -> Router {
    let last_modified = now.utc().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let document = |content_type, body: Vec<u8>| Document {
        content_type,
        etag: etag(&body),
        body,
        last_modified: last_modified.clone(),
    };
    let mut documents: BTreeMap<&'static str, Document> = SAMPLES
        .iter()
        .map(|sample| (sample.path, document(sample.content_type, fill(sample, now))))
        .collect();
    documents.insert("/robots.txt", document("text/plain; charset=utf-8", ROBOTS.into()));
    Router::new().fallback(answer).with_state(Arc::new(documents))
}

async fn answer(
    State(documents): State<Arc<BTreeMap<&'static str, Document>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    let Some(document) = documents.get(uri.path()) else {
        let content_type = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
        return (StatusCode::NOT_FOUND, content_type, NOT_HERE).into_response();
    };
    let validators = [
        (header::ETAG, document.etag.clone()),
        (header::LAST_MODIFIED, document.last_modified.clone()),
    ];
    if holds(document, &headers) {
        return (StatusCode::NOT_MODIFIED, validators).into_response();
    }
    let content_type = [(header::CONTENT_TYPE, document.content_type)];
    (validators, content_type, document.body.clone()).into_response()
}

/// Returns whether the client has this very document. If-None-Match alone decides where it
/// is sent; a date is compared byte by byte, as polite clients echo what they got.
fn holds(document: &Document, headers: &HeaderMap) -> bool {
    let value =
        |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    match value(header::IF_NONE_MATCH) {
        Some(tags) => tags
            .split(',')
            .map(|tag| tag.trim().trim_start_matches("W/"))
            .any(|tag| tag == document.etag || tag == "*"),
        None => value(header::IF_MODIFIED_SINCE) == Some(document.last_modified.as_str()),
    }
}

fn etag(body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    let beginning = digest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    format!("\"{beginning:016x}\"")
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    /// 2025-12-09T06:00:04Z.
    const NOW: Timestamp = Timestamp::from_seconds(1_765_260_004);

    async fn ask(method: &str, path: &str, fields: &[(header::HeaderName, &str)]) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in fields {
            request = request.header(name, *value);
        }
        router(NOW).oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn each_sample_is_served_at_its_path_with_its_type() {
        for sample in SAMPLES {
            let response = ask("GET", sample.path, &[]).await;
            assert_eq!(response.status(), StatusCode::OK, "{}", sample.id);
            assert_eq!(response.headers()[header::CONTENT_TYPE], sample.content_type);
            assert_eq!(response.headers()[header::LAST_MODIFIED], "Tue, 09 Dec 2025 06:00:04 GMT");
            let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
            assert_eq!(body, fill(sample, NOW));
        }
    }

    #[tokio::test]
    async fn a_validator_that_holds_is_answered_with_304_and_no_body() {
        let first = ask("GET", "/ozg/feed.xml", &[]).await;
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        let date = "Tue, 09 Dec 2025 06:00:04 GMT";
        for (fields, expected) in [
            (vec![(header::IF_NONE_MATCH, tag.as_str())], StatusCode::NOT_MODIFIED),
            (vec![(header::IF_NONE_MATCH, "\"x\", *")], StatusCode::NOT_MODIFIED),
            (vec![(header::IF_MODIFIED_SINCE, date)], StatusCode::NOT_MODIFIED),
            // The tag is the stronger word (RFC 9110 13.1.3).
            (
                vec![(header::IF_NONE_MATCH, "\"x\""), (header::IF_MODIFIED_SINCE, date)],
                StatusCode::OK,
            ),
            (vec![(header::IF_MODIFIED_SINCE, "Mon, 08 Dec 2025 06:00:04 GMT")], StatusCode::OK),
        ] {
            let response = ask("GET", "/ozg/feed.xml", &fields).await;
            assert_eq!(response.status(), expected, "{fields:?}");
            assert_eq!(response.headers()[header::ETAG], tag.as_str());
            let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
            assert_eq!(body.is_empty(), expected == StatusCode::NOT_MODIFIED);
        }
    }

    #[tokio::test]
    async fn robots_may_come_and_other_paths_are_not_there() {
        assert_eq!(ask("GET", "/robots.txt", &[]).await.status(), StatusCode::OK);
        assert_eq!(ask("GET", "/nowhere", &[]).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(ask("POST", "/robots.txt", &[]).await.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}
