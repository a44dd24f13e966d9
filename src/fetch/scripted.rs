//! A network for tests that answers what it was told to and remembers what it was asked.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Fetch, FetchError};
use crate::model::{BoxFuture, Request, Response};

/// Answers each URL from a list, in order; the last answer of a list is not repeated.
#[derive(Default)]
pub struct ScriptedFetch {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    answers: HashMap<String, VecDeque<Result<Response, FetchError>>>,
    asked: Vec<Request>,
}

impl ScriptedFetch {
    /// Returns a network in which nobody answers yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends an answer to the list of `url`.
    #[must_use]
    pub fn on(self, url: &str, answer: Result<Response, FetchError>) -> Self {
        self.add(url, answer);
        self
    }

    /// Appends an answer to the list of `url`, also while others hold the network.
    pub fn add(&self, url: &str, answer: Result<Response, FetchError>) {
        self.state().answers.entry(url.to_owned()).or_default().push_back(answer);
    }

    /// Returns every request so far, in order.
    pub fn asked(&self) -> Vec<Request> {
        self.state().asked.clone()
    }

    /// Returns how many answers nobody has asked for yet.
    pub fn left(&self) -> usize {
        self.state().answers.values().map(VecDeque::len).sum()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fetch for ScriptedFetch {
    /// Gives the next scripted answer, its body cut at the request's limit.
    ///
    /// # Panics
    ///
    /// If the URL has no answer left: the code under test asked what it should not.
    fn fetch<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, FetchError>> {
        let mut state = self.state();
        state.asked.push(request.clone());
        let next = state.answers.get_mut(&request.url).and_then(VecDeque::pop_front);
        drop(state);
        let Some(next) = next else { panic!("nobody scripted an answer for {}", request.url) };
        let limit = usize::try_from(request.max_bytes).unwrap_or(usize::MAX);
        let next = next.map(|mut response| {
            if response.body.len() > limit {
                response.body.truncate(limit);
                response.truncated = true;
            }
            response
        });
        Box::pin(std::future::ready(next))
    }
}

impl fmt::Debug for ScriptedFetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedFetch").field("left", &self.left()).finish_non_exhaustive()
    }
}

/// Returns a whole answer of that URL, for scripts.
pub fn answer(status: u16, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
    Response {
        status,
        final_url: url.to_owned(),
        is_redirected: false,
        moved: None,
        headers: headers.iter().copied().collect(),
        body: body.to_vec(),
        truncated: false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{Headers, Method};

    fn request(max_bytes: u64) -> Request {
        Request {
            method: Method::Get,
            url: "https://a.test/".to_owned(),
            accept: "*/*".to_owned(),
            headers: Headers::new(),
            max_bytes,
            timeout: Duration::from_secs(1),
        }
    }

    #[tokio::test]
    async fn answers_come_in_order_and_requests_are_remembered() {
        let world = ScriptedFetch::new()
            .on("https://a.test/", Ok(answer(200, "https://a.test/", &[], b"12345")))
            .on("https://a.test/", Ok(answer(304, "https://a.test/", &[], b"")));
        let first = world.fetch(&request(3)).await.unwrap();
        assert_eq!(
            (first.status, first.body.as_slice(), first.truncated),
            (200, &b"123"[..], true)
        );
        assert_eq!(world.fetch(&request(9)).await.unwrap().status, 304);
        assert_eq!((world.asked().len(), world.left()), (2, 0));
    }

    #[tokio::test]
    #[should_panic(expected = "nobody scripted an answer for https://a.test/")]
    async fn an_unscripted_question_fails_the_test() {
        let _ = ScriptedFetch::new().fetch(&request(9)).await;
    }
}
