//! The HTTP client against good, slow and hostile servers on loopback.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test")]

mod answers;
mod faults;
mod places;
mod redirects;
mod tls;

use std::time::Duration;

use amtsbote::fetch::{Fetch, FetchError, FetchSettings, HttpFetch};
use amtsbote::model::{Headers, Method, Request, Response};

use crate::support::feed_server::{Act, Asked, FeedServer};

const FEED: &str = "<rss><channel><item><title>Neues</title></item></channel></rss>";

fn settings() -> FetchSettings {
    FetchSettings {
        user_agent: "amtsbote/1 (+https://bote.test/; amt@bote.test)".to_owned(),
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        ..FetchSettings::default()
    }
}

fn fetch() -> HttpFetch {
    HttpFetch::new(settings()).unwrap()
}

fn request(url: &str) -> Request {
    Request {
        method: Method::Get,
        url: url.to_owned(),
        accept: "application/rss+xml, */*;q=0.1".to_owned(),
        headers: Headers::new(),
        max_bytes: 1 << 20,
        timeout: Duration::from_secs(20),
    }
}

fn hurried(url: &str) -> Request {
    Request { timeout: Duration::from_millis(400), ..request(url) }
}

async fn get(url: &str) -> Result<Response, FetchError> {
    fetch().fetch(&request(url)).await
}

/// Starts a server with one answer at `/` and asks for it.
async fn ask(acts: impl IntoIterator<Item = Act>) -> (Result<Response, FetchError>, Vec<Asked>) {
    let server = FeedServer::start().await;
    server.on("/", acts);
    (get(&server.url("/")).await, server.asked())
}

fn why(outcome: Result<Response, FetchError>) -> String {
    match outcome {
        Ok(response) => panic!("an answer: {} {}", response.status, response.body.len()),
        Err(error) => error.to_string(),
    }
}

#[track_caller]
fn assert_broken(outcome: &Result<Response, FetchError>) {
    assert!(matches!(outcome, Err(FetchError::Broken { .. })), "{outcome:?}");
}
