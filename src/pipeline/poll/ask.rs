//! One request to a source, and what its status means.

use super::Due;
use super::manners::{Departure, Manners, Place, Sent, lane_of};
use crate::fetch::{FetchError, caching};
use crate::model::{
    Condition, Cursor, Method, Request, Response, Retry, SourceSettings, Timestamp,
};
use crate::text::hash64;

/// Mark of the URL and selectors that the validators were earned with.
const ASKED: &str = "poll.asked";

/// How long a host is left alone that says 429 and not for how long.
const PAUSE: std::time::Duration = std::time::Duration::from_hours(1);

/// What came back, and what follows from it.
pub(super) struct Answer {
    pub(super) said: Said,
    /// When its request was sent, if one was.
    pub(super) departure: Option<Departure>,
    /// Status, if there was an answer at all.
    pub(super) status: Option<u16>,
    /// The request carried a validator.
    pub(super) conditional: bool,
    /// 429: the whole host wants to be left alone until then.
    pub(super) pauses_host: Option<Timestamp>,
    /// What to remember if the answer is kept.
    pub(super) cursor: Cursor,
    /// How long the answer stays fresh by its own word.
    pub(super) freshness: Option<std::time::Duration>,
    /// Not before, by the server's word.
    pub(super) retry_after: Option<Timestamp>,
    /// Where the source now lives for good, if it moved.
    pub(super) moved_to: Option<String>,
}

/// What the server said.
pub(super) enum Said {
    /// A document to be read; boxed, since it is far larger than the rest.
    Document(Box<Response>),
    /// A document that was read.
    Read,
    /// Nothing new.
    Unchanged,
    /// No document.
    Nothing(Failure),
}

/// Why there is nothing to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// For operators.
    pub(super) message: String,
    /// How the source fares because of it.
    pub(super) condition: Condition,
    /// Only a person can mend it: a forbidden place, a wrong setting.
    pub(super) is_ours: bool,
    /// The fault may lie on our side of the network.
    pub(super) may_be_our_outage: bool,
}

impl Failure {
    pub(super) fn new(condition: Condition, message: impl Into<String>) -> Self {
        Self { message: message.into(), condition, is_ours: false, may_be_our_outage: false }
    }
}

/// The lane of a source: the registrable host that answered last.
pub(super) fn lane(settings: &SourceSettings, cursor: &Cursor) -> String {
    lane_of(caching::final_url(cursor).unwrap_or(&settings.url))
}

/// What it comes to that the source may not be asked.
pub(super) fn not_asked(due: &Due, failure: Failure) -> Answer {
    Answer {
        said: Said::Nothing(failure),
        departure: None,
        status: None,
        conditional: false,
        pauses_host: None,
        cursor: due.state.cursor.clone(),
        freshness: None,
        retry_after: None,
        moved_to: None,
    }
}

/// Asks the source's server, conditionally if it gave validators. A document
/// is handed on unread; what costs time is not done here, on the async threads.
/// The answer comes with its place; an instant is when the host's rest ends.
pub(super) async fn ask<'a>(
    manners: &Manners<'a>,
    due: &Due,
) -> Result<(Answer, Place<'a>), Timestamp> {
    let plan = manners.plan;
    let settings = &due.plan.configured.settings;
    let mark = mark(due);
    let mut cursor = earned(due, &mark);
    let mut request = Request {
        method: Method::Get,
        url: settings.url.clone(),
        accept: due.plan.configured.source.accept().to_owned(),
        headers: crate::model::Headers::new(),
        max_bytes: plan.polling.max_bytes,
        timeout: plan.polling.timeout,
    };
    caching::validate(&mut request, &cursor);
    if due.plan.configured.source.takes_deltas() {
        caching::accept_delta(&mut request);
    }
    let conditional = caching::has_validators(&cursor);
    let lane = lane(settings, &cursor);
    let Sent { response, departure, place } =
        manners.send(&lane, due.plan.fetch.as_ref(), &request).await?;
    let departure = Some(Departure {
        // After a restart the lane knows nothing, but the source does.
        spacing: departure
            .spacing
            .or_else(|| due.asked_before.map(|before| departure.at.since(before))),
        ..departure
    });
    let now = manners.ctx.clock.now();
    let answer = match response {
        Err(error) => Answer {
            said: Said::Nothing(unreachable(&error)),
            departure,
            status: None,
            conditional,
            pauses_host: None,
            cursor,
            freshness: None,
            retry_after: None,
            moved_to: None,
        },
        Ok(response) => {
            let retry_after =
                caching::retry_after(&response.headers, now, plan.polling.max_retry_after);
            let said = judge(&mut cursor, &response);
            cursor.values.insert(ASKED.to_owned(), mark);
            Answer {
                departure,
                status: Some(response.status),
                conditional,
                // A 429 that names no time still means all of the host's sources.
                pauses_host: (response.status == 429).then(|| {
                    retry_after.unwrap_or(now.after(PAUSE.min(plan.polling.max_interval)))
                }),
                freshness: caching::freshness(&response.headers, now),
                cursor,
                retry_after,
                moved_to: response.moved.as_ref().map(|moved| moved.permanent_url.clone()),
                said: said.unwrap_or_else(|| Said::Document(Box::new(response))),
            }
        }
    };
    Ok((answer, place))
}

/// The cursor, unless it was earned with another URL or other selectors: then
/// the document must be read anew.
fn earned(due: &Due, mark: &str) -> Cursor {
    let cursor = &due.state.cursor;
    match cursor.values.get(ASKED) {
        Some(asked) if asked != mark => caching::forget(cursor),
        _ => cursor.clone(),
    }
}

fn mark(due: &Due) -> String {
    let configured = &due.plan.configured;
    let asked = format!("{} {:?}", configured.settings.url, configured.source);
    format!("{:016x}", hash64(asked.as_bytes()))
}

pub(super) fn unreachable(error: &FetchError) -> Failure {
    let condition = match error {
        FetchError::Guarded { .. } => Condition::Blocked,
        _ => Condition::Failing,
    };
    let message = match error.hint() {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    };
    Failure {
        message,
        condition,
        is_ours: error.retry() == Retry::Never,
        may_be_our_outage: error.may_be_our_outage(),
    }
}

/// What a status means (RFC 9110 15); none for a document to be read. A 304
/// may bring new validators.
fn judge(cursor: &mut Cursor, response: &Response) -> Option<Said> {
    let failing = |message: String| Failure::new(Condition::Failing, message);
    Some(Said::Nothing(match response.status {
        200 if response.body.is_empty() => failing("the answer is empty".to_owned()),
        200 | 203 | 226 => return None,
        304 if caching::is_valid_304(cursor, response) => {
            *cursor = caching::remember(cursor, response).next;
            return Some(Said::Unchanged);
        }
        304 => failing("304 Not Modified although nothing was asked conditionally".to_owned()),
        401 | 403 => {
            let wall = wall(response);
            let condition = if wall.is_some() { Condition::Blocked } else { Condition::Failing };
            Failure::new(condition, wall.unwrap_or_else(|| status_line(response.status)))
        }
        410 => Failure::new(
            Condition::Gone,
            "410 Gone: it will not come back; take it out of sources.toml",
        ),
        429 | 503 => match wall(response) {
            Some(wall) => Failure::new(Condition::Blocked, wall),
            None => failing(status_line(response.status)),
        },
        status => failing(status_line(status)),
    }))
}

/// The wall for robots that answers, if it can be recognised. It is named and
/// never climbed.
fn wall(response: &Response) -> Option<String> {
    let challenged = response.headers.get("cf-mitigated").is_some_and(|value| value == "challenge");
    challenged.then(|| {
        format!(
            "{}: a Cloudflare challenge answers instead of the source; ask its operator to let the user agent pass",
            status_line(response.status)
        )
    })
}

fn status_line(status: u16) -> String {
    let reason = match status {
        204 => " No Content",
        206 => " Partial Content although the whole was asked for",
        400 => " Bad Request",
        401 => " Unauthorized",
        403 => " Forbidden",
        404 => " Not Found",
        429 => " Too Many Requests",
        500 => " Internal Server Error",
        502 => " Bad Gateway",
        503 => " Service Unavailable",
        504 => " Gateway Timeout",
        _ => "",
    };
    format!("the server answered {status}{reason}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Headers;

    fn said(status: u16, body: &str, headers: &[(&str, &str)]) -> Option<Said> {
        let response = Response {
            status,
            final_url: "https://a.example/feed".to_owned(),
            moved: None,
            headers: headers.iter().copied().collect::<Headers>(),
            body: body.as_bytes().to_vec(),
            truncated: false,
        };
        judge(&mut Cursor::default(), &response)
    }

    fn failure(said: Option<Said>) -> Failure {
        match said {
            Some(Said::Nothing(failure)) => failure,
            _ => panic!("should be a failure"),
        }
    }

    #[test]
    fn only_a_full_answer_is_a_document() {
        assert!(said(200, "<rss/>", &[]).is_none());
        for (status, body) in
            [(200, ""), (204, ""), (206, "<rss"), (302, ""), (304, ""), (404, "x"), (999, "x")]
        {
            assert_eq!(failure(said(status, body, &[])).condition, Condition::Failing, "{status}");
        }
    }

    #[test]
    fn gone_is_gone() {
        assert_eq!(failure(said(410, "", &[])).condition, Condition::Gone);
    }

    #[test]
    fn a_wall_for_robots_is_named() {
        let blocked = failure(said(403, "", &[("cf-mitigated", "challenge")]));
        assert_eq!(blocked.condition, Condition::Blocked);
        assert!(blocked.message.contains("Cloudflare"), "{}", blocked.message);
        assert_eq!(failure(said(403, "", &[])).condition, Condition::Failing);
    }
}
