//! What an HTTP answer means, as pure functions of its status, header fields
//! and body. Polls, detail pages, sizes of documents, `source test`, `source
//! doctor` and `check --online` all ask here.
//!
//! Knows nothing of sockets, sources or schedules: how long to wait after a
//! failure is decided in `schedule`, what a document holds in `source`.

pub mod caching;
pub mod challenge;
pub mod robots;

use std::fmt;
use std::time::Duration;

use http::StatusCode;

use crate::model::{Condition, Cursor, Response, Timestamp};

/// Pause of a host that answers 429 and names no time.
const DEFAULT_PAUSE: Duration = Duration::from_hours(1);

/// The meaning of an answer for the request that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// A document to be read.
    Document,
    /// The document that gave the validators has not changed.
    NotModified,
    /// A 304 of another URL than the one that gave the validators, for example
    /// because a redirect is new: the document there was never read. Ask again
    /// without validators, or the source fails for ever.
    NotModifiedElsewhere,
    /// There is nothing to read.
    Failure(Failure),
}

/// Why there is no document, or why it could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Decides the wait, the state of the source and the remedy.
    pub kind: FailureKind,
    /// For operators.
    pub message: String,
    /// What a person can do about it, if that is known.
    pub remedy: Option<String>,
}

/// The kinds of failure that are treated differently: by the schedule, in the
/// state of a source, and by `source doctor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// No connection, no name, no answer in time: possibly our own network.
    Unreachable,
    /// It may pass by itself: 5xx, torn or empty answers, bad certificates.
    Passing,
    /// A redirect that is not followed.
    Redirect,
    /// 429: we ask too often.
    Throttled,
    /// 401, 403, 407, 451: not for us.
    Refused,
    /// A page that keeps robots out answers instead of the source. It is named
    /// and never circumvented.
    Challenge,
    /// 404: perhaps renamed.
    Missing,
    /// 410: it will not come back.
    Gone,
    /// The document is none that its kind can read.
    Unreadable,
    /// The page was read, but a selector found nothing in it.
    EmptySelector,
    /// robots.txt was never readable.
    RobotsUnreadable,
    /// robots.txt does not let us ask.
    RobotsDisallowed,
    /// An address that we do not ask.
    Guarded,
    /// Our own settings are wrong.
    Setup,
}

impl FailureKind {
    /// Returns the state of a source that failed like this.
    pub const fn condition(self) -> Condition {
        match self {
            Self::Gone => Condition::Gone,
            Self::EmptySelector => Condition::EmptySelector,
            Self::Challenge | Self::RobotsUnreadable | Self::RobotsDisallowed | Self::Guarded => {
                Condition::Blocked
            }
            Self::Unreachable
            | Self::Passing
            | Self::Redirect
            | Self::Throttled
            | Self::Refused
            | Self::Missing
            | Self::Unreadable
            | Self::Setup => Condition::Failing,
        }
    }
}

impl Failure {
    /// Returns a failure of that kind.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), remedy: None }
    }

    /// Returns it with what a person can do about it.
    #[must_use]
    pub fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    /// Returns true if the fault may be our own network's: then it is not
    /// counted against a source while most hosts fail alike.
    pub fn may_be_our_outage(&self) -> bool {
        self.kind == FailureKind::Unreachable
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.remedy.iter().try_for_each(|remedy| write!(f, "; {remedy}"))
    }
}

/// Returns what the answer to a GET means (RFC 9110 15), given the cursor whose
/// validators the request carried.
pub fn meaning(cursor: &Cursor, response: &Response) -> Meaning {
    if response.status == 304 {
        return if caching::is_valid_304(cursor, response) {
            Meaning::NotModified
        } else if caching::has_validators(cursor) {
            Meaning::NotModifiedElsewhere
        } else {
            let message = "304 Not Modified although nothing was asked conditionally";
            Meaning::Failure(Failure::new(FailureKind::Passing, message))
        };
    }
    match failure(response) {
        Some(failure) => Meaning::Failure(failure),
        None if response.body.is_empty() => {
            Meaning::Failure(Failure::new(FailureKind::Passing, "the answer is empty"))
        }
        None => Meaning::Document,
    }
}

/// Fails if the answer to an unconditional GET holds no document.
pub fn document(response: &Response) -> Result<(), Failure> {
    match meaning(&Cursor::default(), response) {
        Meaning::Failure(failure) => Err(failure),
        Meaning::Document | Meaning::NotModified | Meaning::NotModifiedElsewhere => Ok(()),
    }
}

/// What to ask of the operator of a site that keeps us out.
pub const LET_PASS: &str =
    "ask its operator to let the user agent `amtsbote` pass; challenges are not circumvented";

/// Returns why an answer of that status holds no document; none for 200, 203
/// and 226. Serves HEAD as well, whose body is empty.
pub fn failure(response: &Response) -> Option<Failure> {
    let line = status_line(response.status);
    let failed = |kind, message| Some(Failure::new(kind, message));
    match response.status {
        200 | 203 | 226 => {
            let place = challenge::consent(response)?;
            let message = format!("a question for consent answers instead of the source: {place}");
            failed(FailureKind::Challenge, message).map(|failure| {
                failure.remedy(format!("look for a feed of the site, or {LET_PASS}"))
            })
        }
        401 | 403 | 429 | 503 if let Some(whose) = challenge::of_refusal(response) => {
            let message = format!("{line}: a {whose} challenge answers instead of the source");
            failed(FailureKind::Challenge, message).map(|failure| failure.remedy(LET_PASS))
        }
        status => {
            let (kind, remedy) = refusal(status);
            let failure = Failure::new(kind, line);
            Some(if remedy.is_empty() { failure } else { failure.remedy(remedy) })
        }
    }
}

/// Returns what kind of failure a status is, and what a person can do about it.
fn refusal(status: u16) -> (FailureKind, &'static str) {
    match status {
        401 => (
            FailureKind::Refused,
            "it wants a login: give the source `user` and `password_file`, or ask for a public address",
        ),
        403 => (
            FailureKind::Refused,
            "it keeps programs out, or this machine: if a browser shows the address, ask its \
             operator to let the user agent `amtsbote` pass, or set the source's `user_agent` or `headers`",
        ),
        404 => (
            FailureKind::Missing,
            "it is not there: look for its new address, for example with `amtsbote source test` and the site's first page",
        ),
        407 => (
            FailureKind::Refused,
            "a proxy wants a login: look at `proxy` of the source and of [fetch]",
        ),
        410 => (FailureKind::Gone, "it will not come back: take it out of sources.toml"),
        429 => (
            FailureKind::Throttled,
            "it is asked too often, perhaps by others of the same network: raise the source's `interval`",
        ),
        451 => (
            FailureKind::Refused,
            "it is withheld for reasons of law: ask its operator, or switch the source off",
        ),
        408 | 500..=599 => {
            (FailureKind::Passing, "the fault is the server's and may pass by itself")
        }
        _ => (FailureKind::Passing, ""),
    }
}

fn status_line(status: u16) -> String {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let unasked = if status == 206 { " although the whole was asked for" } else { "" };
    let line = format!("the server answered {status} {}{unasked}", reason.unwrap_or_default());
    line.trim_end().to_owned()
}

/// What an answer asks of the requests after it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Terms {
    /// Do not ask this URL before.
    pub retry_after: Option<Timestamp>,
    /// 429: do not ask any URL of the host before.
    pub pauses_host: Option<Timestamp>,
    /// How long the document stays fresh.
    pub freshness: Option<Duration>,
    /// The URL that a permanent redirect leads to.
    pub moved_to: Option<String>,
}

/// Returns the terms of an answer. `max_retry_after` bounds the server's
/// wishes; `max_interval` bounds our own pause after a 429 that names no time.
pub fn terms(
    response: &Response,
    now: Timestamp,
    max_retry_after: Duration,
    max_interval: Duration,
) -> Terms {
    let retry_after = caching::retry_after(&response.headers, now, max_retry_after);
    let default_pause = || now.after(DEFAULT_PAUSE.min(max_interval));
    Terms {
        retry_after,
        pauses_host: (response.status == 429).then(|| retry_after.unwrap_or_else(default_pause)),
        freshness: caching::freshness(&response.headers, now),
        moved_to: response.moved.as_ref().map(|moved| moved.permanent_url.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://a.example/feed";
    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn response(status: u16, body: &str, headers: &[(&str, &str)]) -> Response {
        Response {
            status,
            final_url: URL.to_owned(),
            is_redirected: false,
            moved: None,
            headers: headers.iter().copied().collect(),
            body: body.as_bytes().to_vec(),
            truncated: false,
        }
    }

    fn kind(status: u16, body: &str, headers: &[(&str, &str)]) -> Option<FailureKind> {
        document(&response(status, body, headers)).err().map(|failure| failure.kind)
    }

    #[test]
    fn only_who_cannot_be_reached_may_be_missed_by_a_fault_of_our_own() {
        let may_be_ours = |kind| Failure::new(kind, "").may_be_our_outage();
        assert!(may_be_ours(FailureKind::Unreachable));
        assert!(
            ![FailureKind::Passing, FailureKind::Refused, FailureKind::Challenge]
                .map(may_be_ours)
                .contains(&true)
        );
    }

    #[test]
    fn only_a_full_answer_is_a_document() {
        for status in [200, 203, 226] {
            assert_eq!(kind(status, "<rss/>", &[]), None, "{status}");
            assert_eq!(kind(status, "", &[]), Some(FailureKind::Passing), "{status}");
        }
        for (status, body) in [(204, ""), (206, "<rss"), (302, ""), (304, ""), (999, "x")] {
            assert_eq!(kind(status, body, &[]), Some(FailureKind::Passing), "{status}");
        }
    }

    #[test]
    fn each_refusal_has_its_kind() {
        for (status, expected) in [
            (401, FailureKind::Refused),
            (403, FailureKind::Refused),
            (404, FailureKind::Missing),
            (407, FailureKind::Refused),
            (410, FailureKind::Gone),
            (429, FailureKind::Throttled),
            (451, FailureKind::Refused),
            (500, FailureKind::Passing),
            (503, FailureKind::Passing),
        ] {
            assert_eq!(kind(status, "x", &[]), Some(expected), "{status}");
        }
        assert_eq!(FailureKind::Gone.condition(), Condition::Gone);
    }

    #[test]
    fn each_refusal_says_what_a_person_can_do() {
        let says = |status| document(&response(status, "x", &[])).unwrap_err().to_string();
        assert_eq!(
            says(403),
            "the server answered 403 Forbidden; it keeps programs out, or this machine: if a browser \
             shows the address, ask its operator to let the user agent `amtsbote` pass, or set the \
             source's `user_agent` or `headers`"
        );
        for (status, remedy) in [
            (401, "`password_file`"),
            (404, "its new address"),
            (407, "`proxy`"),
            (410, "take it out"),
            (429, "`interval`"),
            (451, "law"),
            (500, "may pass by itself"),
            (599, "may pass by itself"),
        ] {
            assert!(says(status).contains(remedy), "{status}: {}", says(status));
        }
    }

    #[test]
    fn a_page_of_consent_that_a_redirect_leads_to_is_no_document() {
        let landed = |url: &str, is_redirected| Response {
            final_url: url.to_owned(),
            is_redirected,
            ..response(200, "<h1>Wir verwenden Cookies</h1>", &[])
        };
        for url in [
            "https://a.example/consent?zurueck=%2Faktuelles",
            "https://consent.a.example/v2/?u=1",
            "https://a.example/de/cookie-hinweis.html",
            "https://a.example/datenschutz/einwilligung",
        ] {
            let refused = document(&landed(url, true)).unwrap_err();
            assert_eq!(refused.kind, FailureKind::Challenge, "{url}");
            assert!(refused.to_string().contains("look for a feed"), "{refused}");
            assert!(!refused.message.contains('?'), "no address of ours in it: {refused}");
            assert_eq!(document(&landed(url, false)), Ok(()), "it was asked for: {url}");
        }
        assert_eq!(document(&landed("https://a.example/aktuelles/", true)), Ok(()));
    }

    #[test]
    fn a_challenge_in_the_header_fields_is_named() {
        for status in [403, 429, 503] {
            let refused =
                document(&response(status, "x", &[("cf-mitigated", "challenge")])).unwrap_err();
            assert_eq!(refused.kind, FailureKind::Challenge);
            assert_eq!(refused.kind.condition(), Condition::Blocked);
            assert!(refused.message.contains("Cloudflare"), "{}", refused.message);
        }
        let page = document(&response(403, "<a href=_Incapsula_Resource>", &[])).unwrap_err();
        assert_eq!(page.kind, FailureKind::Challenge, "named by its page alone");
        assert_eq!(kind(200, "x", &[("cf-mitigated", "challenge")]), None, "it was solved");
    }

    #[test]
    fn a_304_counts_only_for_the_url_that_gave_the_validators() {
        let document = response(200, "x", &[("ETag", "\"1\"")]);
        let cursor = caching::remember(&Cursor::default(), &document).next;
        let not_modified = response(304, "", &[]);
        assert_eq!(meaning(&cursor, &not_modified), Meaning::NotModified);
        let elsewhere =
            Response { final_url: "https://b.example/".to_owned(), ..not_modified.clone() };
        assert_eq!(meaning(&cursor, &elsewhere), Meaning::NotModifiedElsewhere);
        assert!(matches!(meaning(&Cursor::default(), &not_modified), Meaning::Failure(_)));
    }

    #[test]
    fn a_429_pauses_the_host_as_long_as_it_says_and_else_for_an_hour() {
        let pause = |status, headers: &[(&str, &str)], longest| {
            let week = Duration::from_hours(168);
            let terms = terms(&response(status, "", headers), NOW, week, longest);
            terms.pauses_host.map(|until| until.since(NOW).as_secs())
        };
        let day = Duration::from_hours(24);
        assert_eq!(pause(429, &[("Retry-After", "60")], day), Some(60));
        assert_eq!(pause(429, &[], day), Some(3600));
        assert_eq!(pause(429, &[], Duration::from_secs(5)), Some(5));
        assert_eq!(pause(503, &[("Retry-After", "60")], day), None, "that source alone");
    }
}
