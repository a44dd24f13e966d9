//! Conditional requests, freshness and `Retry-After`, as arithmetic on what was
//! said (RFC 9110, RFC 9111). The present is a value.
//!
//! Validators are opaque: they are kept and sent back byte for byte, never
//! computed and never compared with a clock. They belong to the URL that gave
//! them. Who calls [`remember`] must do so only for an answer that was read and
//! stored whole: a validator kept for a torn document hides its items for ever.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use twox_hash::XxHash3_128;

use crate::model::{Cursor, Headers, Request, Response, Timestamp};

const ETAG: &str = "http.etag";
const MODIFIED: &str = "http.last_modified";
const URL: &str = "http.url";
const HASH: &str = "http.body_hash";
const UNHEEDED: &str = "http.unheeded";

/// Longest validator that is kept; longer ones would swell each request.
const LONGEST_VALIDATOR: usize = 8 * 1024;

/// So many unheeded conditions in a row mean that the server does not know 304.
const UNHEEDED_LIMIT: u32 = 2;

/// Makes the request conditional on what is remembered (RFC 9110 13.1).
pub fn validate(request: &mut Request, cursor: &Cursor) {
    for (name, key) in [("If-None-Match", ETAG), ("If-Modified-Since", MODIFIED)] {
        if let Some(value) = cursor.values.get(key).filter(|value| is_sendable(value)) {
            request.headers.add(name, value.clone());
        }
    }
}

/// Asks for no more than what is new since the document whose `ETag` the request
/// carries (RFC 3229, `feed` as an instance manipulation). Few servers do it;
/// the others send all.
pub fn accept_delta(request: &mut Request) {
    if request.headers.get("If-None-Match").is_some() {
        request.headers.add("A-IM", "feed".to_owned());
    }
}

/// Returns whether the answer is a delta: what it does not hold was not removed.
pub fn is_delta(response: &Response) -> bool {
    response.status == 226
}

/// Returns the URL that gave the validators: the end of the redirects.
pub fn final_url(cursor: &Cursor) -> Option<&str> {
    cursor.values.get(URL).map(String::as_str)
}

/// Returns whether the next request will be conditional.
pub fn has_validators(cursor: &Cursor) -> bool {
    [ETAG, MODIFIED].iter().any(|key| cursor.values.contains_key(*key))
}

/// What [`remember`] answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// The cursor after the answer.
    pub next: Cursor,
    /// Its body is that of the last answer, byte for byte.
    pub is_known: bool,
}

/// Returns what to remember once an answer was read and stored whole.
///
/// 200: the validators of this answer replace all former ones. 304 or a delta
/// (226) of the URL that the validators belong to: those it names are updated,
/// the others stay (RFC 9111 3.2, RFC 3229 10.4.1). All else, and a body that was
/// cut, leaves the cursor as it was.
/// Hashes the body: not for async threads.
pub fn remember(cursor: &Cursor, response: &Response) -> Remembered {
    let mut next = cursor.clone();
    let mut is_known = false;
    match response.status {
        200 | 203 => {
            let hash = body_hash(&response.body);
            is_known = cursor.values.get(HASH) == Some(&hash);
            if response.status == 200 && !response.truncated {
                let unheeded = if has_validators(cursor) && is_known {
                    unheeded(cursor).saturating_add(1)
                } else {
                    0
                };
                for key in [ETAG, MODIFIED, UNHEEDED] {
                    next.values.remove(key);
                }
                if unheeded > 0 {
                    next.values.insert(UNHEEDED.to_owned(), unheeded.to_string());
                }
                next.values.insert(HASH.to_owned(), hash);
                next.values.insert(URL.to_owned(), response.final_url.clone());
                keep_validators(&mut next, &response.headers);
            }
        }
        304 | 226 if is_about_ours(cursor, response) && !response.truncated => {
            next.values.remove(UNHEEDED);
            keep_validators(&mut next, &response.headers);
        }
        _ => {}
    }
    Remembered { next, is_known }
}

/// Returns the cursor without what was remembered here, so that the next request is
/// unconditional: after a 304 to nothing, or when the items must be read anew.
#[must_use]
pub fn forget(cursor: &Cursor) -> Cursor {
    let mut next = cursor.clone();
    next.values.retain(|key, _| !key.starts_with("http."));
    next
}

/// Returns whether a 304 is an answer to what was asked: validators were sent, and the
/// URL that answers is the one that gave them. Otherwise [`forget`] and ask again.
pub fn is_valid_304(cursor: &Cursor, response: &Response) -> bool {
    response.status == 304 && is_about_ours(cursor, response)
}

fn is_about_ours(cursor: &Cursor, response: &Response) -> bool {
    has_validators(cursor) && cursor.values.get(URL).is_some_and(|url| *url == response.final_url)
}

/// Returns whether the server gave the same body again and again although it was told
/// that we have it. Such a source is asked less often, not more.
pub fn never_answers_304(cursor: &Cursor) -> bool {
    unheeded(cursor) >= UNHEEDED_LIMIT
}

fn unheeded(cursor: &Cursor) -> u32 {
    cursor.values.get(UNHEEDED).and_then(|count| count.parse().ok()).unwrap_or(0)
}

fn keep_validators(cursor: &mut Cursor, headers: &Headers) {
    for (name, key) in [("ETag", ETAG), ("Last-Modified", MODIFIED)] {
        if let Some(value) = headers.get(name)
            && is_sendable(value)
        {
            cursor.values.insert(key.to_owned(), value.to_owned());
        }
    }
}

/// Returns whether the value makes a valid field again (RFC 9110 5.5).
fn is_sendable(value: &str) -> bool {
    !value.trim().is_empty()
        && value.len() <= LONGEST_VALIDATOR
        && value.chars().all(|c| !c.is_ascii_control() && u32::from(c) < 256)
}

/// Tells only whether a body is that of last time: not meant against malice.
fn body_hash(body: &[u8]) -> String {
    format!("{:032x}", XxHash3_128::oneshot(body))
}

/// Returns how much longer the answer stays fresh by its own word (RFC 9111 4.2): of
/// `max-age` less `Age`, else `Expires` less `Date`. None if it says nothing,
/// says nonsense, or forbids reuse (`no-cache`, `no-store`), which concerns the
/// waiting only, not the validators.
pub fn freshness(headers: &Headers, now: Timestamp) -> Option<Duration> {
    let mut max_age = None;
    for (_, value) in headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("cache-control"))
    {
        for directive in value.split(',') {
            let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "no-cache" | "no-store" => return None,
                "max-age" if max_age.is_none() => max_age = Some(seconds(argument)),
                _ => {}
            }
        }
    }
    let fresh = match max_age {
        Some(max_age) => {
            let age = headers.get("Age").and_then(seconds).unwrap_or_default();
            max_age?.saturating_sub(age)
        }
        None => http_date(headers.get("Expires")?)?.since(date(headers).unwrap_or(now)),
    };
    (!fresh.is_zero()).then_some(fresh)
}

/// Returns the instant before which the server does not want to be asked again (RFC
/// 9110 10.2.3): so many seconds from now, or as long from now as its date lies
/// after the answer's own `Date`, since clocks differ. At most `cap` ahead.
/// None for nonsense and for what lies in the past.
pub fn retry_after(headers: &Headers, now: Timestamp, cap: Duration) -> Option<Timestamp> {
    let value = headers.get("Retry-After")?;
    let wait = match seconds(value) {
        Some(wait) => wait,
        None => http_date(value)?.since(date(headers).unwrap_or(now)),
    };
    (!wait.is_zero()).then(|| now.after(wait.min(cap)))
}

fn date(headers: &Headers) -> Option<Timestamp> {
    headers.get("Date").and_then(http_date)
}

/// Returns delta-seconds (RFC 9111 1.2.2): digits only; what is too large is very large.
fn seconds(text: &str) -> Option<Duration> {
    let text = text.trim().trim_matches('"');
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(Duration::from_secs(text.parse::<u32>().unwrap_or(u32::MAX).into()))
}

/// Returns an HTTP date in its three forms (RFC 9110 5.6.7).
pub fn http_date(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let utc = |naive: NaiveDateTime| -> Timestamp { naive.and_utc().into() };
    if let Ok(date) = DateTime::parse_from_rfc2822(text) {
        return Some(date.with_timezone(&Utc).into());
    }
    for format in ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"] {
        if let Ok(naive) = NaiveDateTime::parse_from_str(text, format) {
            return Some(utc(naive));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Method;

    const FEED: &str = "https://a.test/feed";

    fn remember(cursor: &Cursor, response: &Response) -> Cursor {
        super::remember(cursor, response).next
    }

    fn body_is_known(cursor: &Cursor, body: &[u8]) -> bool {
        super::remember(cursor, &response(200, &[], std::str::from_utf8(body).unwrap())).is_known
    }

    fn headers(fields: &[(&str, &str)]) -> Headers {
        fields.iter().copied().collect()
    }

    fn response(status: u16, fields: &[(&str, &str)], body: &str) -> Response {
        Response {
            status,
            final_url: FEED.to_owned(),
            is_redirected: false,
            moved: None,
            headers: headers(fields),
            body: body.as_bytes().to_vec(),
            truncated: false,
        }
    }

    fn request() -> Request {
        Request {
            method: Method::Get,
            url: FEED.to_owned(),
            accept: String::new(),
            headers: Headers::new(),
            max_bytes: 1,
            timeout: Duration::from_secs(1),
        }
    }

    fn asked(cursor: &Cursor) -> Vec<(String, String)> {
        let mut request = request();
        validate(&mut request, cursor);
        request.headers.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
    }

    fn after(fields: &[(&str, &str)]) -> Cursor {
        remember(&Cursor::default(), &response(200, fields, "body"))
    }

    #[test]
    fn the_first_request_is_unconditional_and_the_next_sends_both_validators_back() {
        assert_eq!(asked(&Cursor::default()), []);
        let modified = "Mon, 23 Nov 2026 10:00:00 GMT";
        let cursor = after(&[("ETag", "W/\"a b\""), ("Last-Modified", modified)]);
        assert_eq!(
            asked(&cursor),
            [
                ("If-None-Match".to_owned(), "W/\"a b\"".to_owned()),
                ("If-Modified-Since".to_owned(), modified.to_owned()),
            ]
        );
    }

    #[test]
    fn validators_are_opaque_also_when_they_are_odd() {
        for etag in ["unquoted", "\"\u{fc}\"", "W/\"\"", "\"a\", \"b\"", "0"] {
            let cursor = after(&[("ETag", etag)]);
            assert_eq!(asked(&cursor), [("If-None-Match".to_owned(), etag.to_owned())]);
        }
        let odd = after(&[("Last-Modified", "gestern")]);
        assert_eq!(asked(&odd)[0].1, "gestern");
    }

    #[test]
    fn a_validator_of_control_bytes_or_of_eight_kilobytes_is_dropped() {
        for etag in ["\"a\r\nX: y\"", "\"\u{7f}\"", "\u{0}", "", "  ", &"x".repeat(8193), "\"€\""]
        {
            let cursor = after(&[("ETag", etag)]);
            assert_eq!(asked(&cursor), [], "{etag:?}");
            assert!(body_is_known(&cursor, b"body"));
        }
        let mut stored = Cursor::default();
        stored.values.insert(ETAG.to_owned(), "\"a\nb\"".to_owned());
        assert_eq!(asked(&stored), [], "nor is one from an old database");
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_server_says_the_next_request_can_be_sent(
            value in "(?s).{0,60}",
            date in "(?s).{0,60}",
        ) {
            let fields = [
                ("ETag", value.as_str()),
                ("Last-Modified", &date),
                ("Retry-After", &date),
                ("Cache-Control", &value),
                ("Expires", &date),
            ];
            for (_, sent) in asked(&after(&fields)) {
                // RFC 9110 5.5: visible octets, blanks and obs-text
                let fits = |c: char| matches!(c, ' '..='~' | '\u{80}'..='\u{ff}');
                proptest::prop_assert!(sent.chars().all(fits), "{:?}", sent);
            }
            let now = Timestamp::from_seconds(1_000_000);
            let latest = now.after(Duration::from_mins(1));
            let wish = retry_after(&headers(&fields), now, Duration::from_mins(1));
            proptest::prop_assert!(wish.is_none_or(|at| at > now && at <= latest));
            freshness(&headers(&fields), now);
        }
    }

    #[test]
    fn a_304_updates_the_validators_it_names_and_keeps_the_others() {
        let cursor = after(&[("ETag", "\"1\""), ("Last-Modified", "then")]);
        let cursor = remember(&cursor, &response(304, &[("ETag", "\"2\"")], ""));
        let values: Vec<_> = asked(&cursor).into_iter().map(|(_, value)| value).collect();
        assert_eq!(values, ["\"2\"", "then"]);
        assert!(body_is_known(&cursor, b"body"));
    }

    #[test]
    fn a_200_without_validators_forgets_the_old_ones() {
        let cursor = after(&[("ETag", "\"1\"")]);
        let cursor = remember(&cursor, &response(200, &[], "other"));
        assert_eq!(asked(&cursor), []);
        assert!(body_is_known(&cursor, b"other") && !body_is_known(&cursor, b"body"));
    }

    #[test]
    fn errors_empty_answers_and_cut_bodies_change_nothing() {
        let cursor = after(&[("ETag", "\"1\"")]);
        for status in [204, 206, 302, 403, 404, 410, 429, 500, 503, 999] {
            let answer = response(status, &[("ETag", "\"x\"")], "x");
            assert_eq!(remember(&cursor, &answer), cursor, "{status}");
        }
        let mut cut = response(200, &[("ETag", "\"x\"")], "x");
        cut.truncated = true;
        assert_eq!(remember(&cursor, &cut), cursor);
    }

    #[test]
    fn a_delta_brings_the_validators_of_the_whole_and_not_its_hash() {
        let cursor = after(&[("ETag", "\"1\""), ("Last-Modified", "x")]);
        let delta = response(226, &[("ETag", "\"2\""), ("IM", "feed")], "new");
        assert!(is_delta(&delta) && !is_delta(&response(200, &[], "all")));
        let next = remember(&cursor, &delta);
        assert_eq!(final_url(&next), Some(FEED));
        let validators: Vec<String> = asked(&next).into_iter().map(|(_, value)| value).collect();
        assert_eq!(validators, ["\"2\"", "x"]);
        assert!(body_is_known(&next, b"body") && !body_is_known(&next, b"new"));
        assert_eq!(remember(&Cursor::default(), &delta), Cursor::default(), "of what?");
        let mut request = request();
        accept_delta(&mut request);
        assert_eq!(request.headers.get("A-IM"), None);
        validate(&mut request, &next);
        accept_delta(&mut request);
        assert_eq!(request.headers.get("A-IM"), Some("feed"));
    }

    #[test]
    fn a_304_counts_only_from_the_url_that_gave_the_validators() {
        let cursor = after(&[("ETag", "\"1\"")]);
        let mut answer = response(304, &[("ETag", "\"2\"")], "");
        assert!(is_valid_304(&cursor, &answer));
        assert!(!is_valid_304(&Cursor::default(), &answer), "nothing was sent");
        answer.final_url = "https://b.test/feed".to_owned();
        assert!(!is_valid_304(&cursor, &answer));
        assert_eq!(remember(&cursor, &answer), cursor);
        assert_eq!(asked(&forget(&cursor)), []);
    }

    #[test]
    fn other_marks_of_the_cursor_stay() {
        let mut cursor = Cursor::default();
        cursor.values.insert("page.mark".to_owned(), "7".to_owned());
        let cursor = remember(&cursor, &response(200, &[("ETag", "\"1\"")], "x"));
        assert_eq!(cursor.values["page.mark"], "7");
        assert_eq!(forget(&cursor).values.len(), 1);
    }

    #[test]
    fn a_server_that_ignores_validators_is_found_out_at_the_second_time() {
        let answer = response(200, &[("ETag", "\"1-gzip\"")], "same");
        let mut cursor = remember(&Cursor::default(), &answer);
        for (repeat, found) in [(1, false), (2, true), (3, true)] {
            cursor = remember(&cursor, &answer);
            assert_eq!(never_answers_304(&cursor), found, "{repeat}");
        }
        let heeded = remember(&cursor, &response(304, &[], ""));
        assert!(!never_answers_304(&heeded));
        let changed = remember(&cursor, &response(200, &[("ETag", "\"2\"")], "other"));
        assert!(!never_answers_304(&changed));
    }

    #[test]
    fn without_validators_a_repeated_body_is_nobodys_fault() {
        let answer = response(200, &[], "same");
        let cursor = (0..5).fold(Cursor::default(), |cursor, _| remember(&cursor, &answer));
        assert!(!never_answers_304(&cursor));
    }

    const NOON: &str = "Mon, 23 Nov 2026 12:00:00 GMT";
    const ONE: &str = "Mon, 23 Nov 2026 13:00:00 GMT";

    #[test]
    fn freshness_follows_max_age_then_expires() {
        let now = http_date(NOON).unwrap();
        for (fields, fresh) in [
            (&[("Cache-Control", "max-age=600")][..], Some(600)),
            (&[("Cache-Control", "public, Max-Age = \"600\"")], Some(600)),
            (&[("Cache-Control", "max-age=600"), ("Age", "100")], Some(500)),
            (&[("Cache-Control", "max-age=600"), ("Age", "900")], None),
            (&[("Cache-Control", "max-age=600"), ("Age", "old")], Some(600)),
            (&[("Cache-Control", "max-age=600"), ("Expires", "0")], Some(600)),
            (&[("Cache-Control", "max-age=0"), ("Expires", ONE)], None),
            (&[("Cache-Control", "max-age=soon"), ("Expires", ONE)], None),
            (&[("Cache-Control", "max-age=-5")], None),
            (&[("Cache-Control", "max-age=600, max-age=60")], Some(600)),
            (&[("Cache-Control", "max-age=600, no-cache")], None),
            (&[("Cache-Control", "max-age=600"), ("Cache-Control", "no-store")], None),
            (&[("Cache-Control", "no-cache"), ("Expires", ONE)], None),
            (&[("Cache-Control", "s-maxage=600")], None),
            (&[("Cache-Control", "max-age=99999999999999999999")], Some(u64::from(u32::MAX))),
            (&[("Expires", ONE), ("Date", NOON)], Some(3600)),
            (&[("Expires", ONE)], Some(3600)),
            (&[("Expires", ONE), ("Date", "Mon, 23 Nov 2026 12:30:00 GMT")], Some(1800)),
            (&[("Expires", NOON), ("Date", ONE)], None),
            (&[("Expires", "0")], None),
            (&[("Expires", "-1")], None),
            (&[], None),
        ] {
            let found = freshness(&headers(fields), now).map(|span| span.as_secs());
            assert_eq!(found, fresh, "{fields:?}");
        }
    }

    #[test]
    fn retry_after_takes_seconds_and_dates_and_no_nonsense() {
        let now = Timestamp::from_seconds(1_000_000);
        let cap = Duration::from_hours(168);
        for (fields, wait) in [
            (&[("Retry-After", "120")][..], Some(120)),
            (&[("Retry-After", " 120 ")], Some(120)),
            (&[("Retry-After", "99999999999999")], Some(7 * 86_400)),
            (&[("Retry-After", ONE), ("Date", NOON)], Some(3600)),
            (&[("Retry-After", "Monday, 23-Nov-26 13:00:00 GMT"), ("Date", NOON)], Some(3600)),
            (&[("Retry-After", "Mon Nov 23 13:00:00 2026"), ("Date", NOON)], Some(3600)),
            (&[("Retry-After", NOON), ("Date", ONE)], None),
            (&[("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"), ("Date", NOON)], Some(7 * 86_400)),
            (&[("Retry-After", "-5")], None),
            (&[("Retry-After", "0")], None),
            (&[("Retry-After", "1.5")], None),
            (&[("Retry-After", "soon")], None),
            (&[("Retry-After", "")], None),
            (&[], None),
        ] {
            let found = retry_after(&headers(fields), now, cap).map(|at| at.since(now).as_secs());
            assert_eq!(found, wait, "{fields:?}");
        }
    }

    #[test]
    fn a_date_without_a_date_of_the_answer_counts_from_our_clock() {
        let now = http_date(NOON).unwrap();
        let at = retry_after(&headers(&[("Retry-After", ONE)]), now, Duration::from_hours(24));
        assert_eq!(at, http_date(ONE));
    }
}
