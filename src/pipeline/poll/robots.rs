//! Whether robots.txt lets us ask for a page (RFC 9309). Asked once a day for
//! each origin and kept in the database, so that restarts and single passes
//! cost no request either.
//!
//! A file that is not there (4xx) allows everything. One that cannot be read
//! (5xx, nobody answers; 429 too, since a server that is busy says so) allows
//! what it allowed when it was last read; if it never was, nothing is asked for
//! now. After thirty days without an answer it counts as not there.

use std::time::Duration;

use url::Url;

use super::ask::{Failure, unreachable};
use super::manners::{Manners, Refusal, lane_of};
use crate::fetch::{FetchError, robots};
use crate::model::{Condition, Headers, Method, Request, Timestamp};
use crate::pipeline::SourcePlan;
use crate::store::StoreError;
use crate::store::robots::{self as stored, Robots};

/// Our product token, whatever a source's own user agent says.
const TOKEN: &str = "amtsbote";
/// How long an answer holds (RFC 9309 2.4).
const FRESH: Duration = Duration::from_hours(24);
/// How soon a file that could not be read is tried again.
const RETRY: Duration = Duration::from_hours(1);
/// How long one may stay unreadable before it counts as not there (2.3.1.4).
const PATIENCE: Duration = Duration::from_hours(30 * 24);

/// Whether `url` may be asked for; if not, why.
pub(super) async fn check(
    manners: &Manners<'_>,
    source: &SourcePlan,
    url: &str,
) -> Result<(), Refusal> {
    let Some((origin, path)) = parts(url) else { return Ok(()) };
    let now = manners.ctx.clock.now();
    let remembered = recall(manners, &origin).await.map_err(Refusal::Failure)?;
    let robots = match remembered {
        Some(robots) if is_fresh(&robots, now) => robots,
        before => {
            let robots = read(manners, source, &origin, before).await?;
            let (key, row) = (origin.clone(), robots.clone());
            manners
                .ctx
                .store
                .write(move |tx| stored::keep(tx, &key, &row))
                .await
                .map_err(|error| failing(&error))
                .map_err(Refusal::Failure)?;
            robots
        }
    };
    judge(&robots, &origin, &path, now).map_err(Refusal::Failure)
}

fn failing(error: &StoreError) -> Failure {
    Failure::new(Condition::Failing, error.to_string())
}

async fn recall(manners: &Manners<'_>, origin: &str) -> Result<Option<Robots>, Failure> {
    let key = origin.to_owned();
    let recalled = manners.ctx.store.read(move |tx| stored::get(tx, &key)).await;
    recalled.map_err(|error| failing(&error))
}

/// Scheme, host and port; path and query.
fn parts(url: &str) -> Option<(String, String)> {
    let url = Url::parse(url).ok()?;
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    Some((url.origin().ascii_serialization(), path))
}

fn is_fresh(robots: &Robots, now: Timestamp) -> bool {
    let age = now.since(robots.asked);
    // A clock that was ahead must not keep an old file for years.
    robots.asked <= now && age < if is_answer(robots.status) { FRESH } else { RETRY }
}

/// Whether that status says what robots may do.
const fn is_answer(status: Option<u16>) -> bool {
    matches!(status, Some(200..=428 | 430..=499))
}

async fn read(
    manners: &Manners<'_>,
    source: &SourcePlan,
    origin: &str,
    before: Option<Robots>,
) -> Result<Robots, Refusal> {
    let url = format!("{origin}/robots.txt");
    let request = Request {
        method: Method::Get,
        accept: "text/plain, */*;q=0.1".to_owned(),
        headers: Headers::new(),
        max_bytes: robots::MOST_BYTES as u64 + 1,
        timeout: manners.plan.polling.timeout,
        url,
    };
    let sent = manners.send(&lane_of(&request.url), source.fetch.as_ref(), &request).await;
    let response = sent.map_err(Refusal::Rests)?.response;
    let asked = manners.ctx.clock.now();
    let (rules, readable) = before.map_or((String::new(), None), |b| (b.rules, b.readable));
    Ok(match response {
        Ok(response) if matches!(response.status, 200..=299) => {
            let text = String::from_utf8_lossy(&response.body);
            let rules = robots::ours(&text, TOKEN);
            Robots { rules, readable: Some(asked), asked, status: Some(response.status) }
        }
        Ok(response) if is_answer(Some(response.status)) => {
            let status = Some(response.status);
            Robots { rules: String::new(), readable: Some(asked), asked, status }
        }
        Ok(response) => Robots { rules, readable, asked, status: Some(response.status) },
        // Redirects that lead nowhere count as no file (2.3.1.2).
        Err(FetchError::Redirect { .. }) => {
            Robots { rules: String::new(), readable: Some(asked), asked, status: Some(404) }
        }
        // Nobody answers: what is said of the host says it of the page as well.
        Err(error) if readable.is_none() => return Err(Refusal::Failure(unreachable(&error))),
        Err(_) => Robots { rules, readable, asked, status: None },
    })
}

fn judge(robots: &Robots, origin: &str, path: &str, now: Timestamp) -> Result<(), Failure> {
    let unread_for = robots.readable.map(|at| now.since(at));
    if !is_answer(robots.status) {
        let why = match robots.status {
            Some(status) => format!("the server answers {status} to it"),
            None => "nobody answers".to_owned(),
        };
        match unread_for {
            None => {
                return Err(Failure::new(
                    Condition::Blocked,
                    format!(
                        "`{origin}/robots.txt` cannot be read ({why}): until it can, nothing is asked there (RFC 9309 2.3.1.4)"
                    ),
                ));
            }
            Some(unread) if unread >= PATIENCE => return Ok(()),
            Some(_) => {}
        }
    }
    if robots::allows(&robots.rules, TOKEN, path) {
        return Ok(());
    }
    let message = format!(
        "`{origin}/robots.txt` does not let `{TOKEN}` ask for `{path}`: ask its operator to allow it, or switch the source off"
    );
    Err(Failure { is_ours: true, ..Failure::new(Condition::Blocked, message) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);
    const NOW: Timestamp = Timestamp::from_seconds(1_765_000_000);

    fn said(status: Option<u16>, rules: &str, readable: Option<Duration>) -> Robots {
        Robots {
            rules: robots::ours(rules, TOKEN),
            readable: readable.map(|age| NOW.before(age)),
            asked: NOW,
            status,
        }
    }

    fn is_allowed(robots: &Robots) -> bool {
        judge(robots, "https://a.test", "/news?page=1", NOW).is_ok()
    }

    #[test]
    fn what_the_file_says_holds_and_no_file_allows_all() {
        let fence = "User-agent: *\nDisallow: /news";
        assert!(!is_allowed(&said(Some(200), fence, Some(Duration::ZERO))));
        assert!(is_allowed(&said(Some(200), "User-agent: *\nDisallow: /x", Some(Duration::ZERO))));
        for status in [401, 403, 404, 410] {
            assert!(is_allowed(&said(Some(status), "", Some(Duration::ZERO))), "{status}");
        }
    }

    #[test]
    fn an_unreadable_file_allows_what_it_did_and_nothing_if_it_never_was_read() {
        let fence = "User-agent: *\nDisallow: /news";
        for status in [Some(500), Some(503), Some(429), None] {
            assert!(!is_allowed(&said(status, "", None)), "{status:?}");
            assert!(is_allowed(&said(status, "", Some(DAY))), "{status:?}");
            assert!(!is_allowed(&said(status, fence, Some(DAY))), "{status:?}");
            assert!(is_allowed(&said(status, fence, Some(31 * DAY))), "{status:?}");
        }
    }

    #[test]
    fn an_answer_holds_for_a_day_and_a_failure_for_an_hour() {
        let aged = |status, age| Robots { asked: NOW.before(age), ..said(status, "", None) };
        let hours = Duration::from_hours;
        assert!(is_fresh(&aged(Some(404), hours(23)), NOW));
        assert!(!is_fresh(&aged(Some(200), hours(24)), NOW));
        assert!(is_fresh(&aged(Some(503), Duration::from_mins(59)), NOW));
        assert!(!is_fresh(&aged(None, hours(1)), NOW));
        assert!(!is_fresh(&Robots { asked: NOW.after(DAY), ..said(Some(200), "", None) }, NOW));
    }
}
