//! What a robots.txt allows us (RFC 9309): the file's rules, and what holds while
//! the file cannot be read. Feeds are published to be fetched; this is asked for
//! pages.
//!
//! Time is linear in the file and in the path for each rule of ours, since
//! patterns are matched piece by piece without going back.

use std::time::Duration;

use url::Url;

use super::{Failure, FailureKind};
use crate::model::{Request, Response, Timestamp};

/// No more of the file than this is read (RFC 9309 2.5 asks for at least 500 KiB).
pub const MOST_BYTES: usize = 500 * 1024;

/// Our product token, whatever a source's own user agent says.
const TOKEN: &str = "amtsbote";
/// How long an answer holds (RFC 9309 2.4).
const FRESH: Duration = Duration::from_hours(24);
/// How soon a file that could not be read is asked for again.
const RETRY: Duration = Duration::from_hours(1);
/// After so long an unreadable file counts as not there (RFC 9309 2.3.1.4).
const UNREADABLE_FOR: Duration = Duration::from_hours(30 * 24);

/// The part of a URL that a robots.txt speaks for, and the part it judges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Scheme, host and port.
    pub origin: String,
    /// Path and query.
    pub path: String,
}

impl Place {
    /// Returns the place of a URL; none if it is no URL.
    pub fn of(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        Some(Self { origin: url.origin().ascii_serialization(), path })
    }

    /// Returns the request for its robots.txt.
    pub fn robots_request(&self, timeout: Duration) -> Request {
        // One byte more, so that a file of just that size is not taken for a cut one.
        let max_bytes = MOST_BYTES as u64 + 1;
        let url = format!("{}/robots.txt", self.origin);
        Request::get(url, "text/plain, */*;q=0.1", max_bytes, timeout)
    }
}

/// What is remembered of an origin's robots.txt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Robots {
    /// The rules that concern us, from the last answer that could be read.
    pub rules: String,
    /// The time of that answer; none if there was none yet.
    pub readable: Option<Timestamp>,
    /// The last try.
    pub asked: Timestamp,
    /// Its status; none if nobody answered.
    pub status: Option<u16>,
}

impl Robots {
    /// Returns what to remember after another try. Fails if nobody answers who
    /// ever did: that says of the page's server what it says of the file's.
    pub fn after(
        before: Option<Self>,
        answer: &Result<Response, Failure>,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let read = |status, rules| Self { rules, readable: Some(now), asked: now, status };
        let (rules, readable) = before.map_or((String::new(), None), |b| (b.rules, b.readable));
        match answer {
            Ok(response) if matches!(response.status, 200..=299) => {
                let text = String::from_utf8_lossy(&response.body);
                Ok(read(Some(response.status), ours(&text, TOKEN)))
            }
            Ok(response) if is_answer(Some(response.status)) => {
                Ok(read(Some(response.status), String::new()))
            }
            Ok(response) => Ok(Self { rules, readable, asked: now, status: Some(response.status) }),
            // Redirects that lead nowhere count as no file (2.3.1.2).
            Err(failure) if failure.kind == FailureKind::Redirect => {
                Ok(read(Some(404), String::new()))
            }
            Err(failure) if readable.is_none() => Err(failure.clone()),
            Err(_) => Ok(Self { rules, readable, asked: now, status: None }),
        }
    }

    /// Returns whether the last try is recent enough not to be repeated.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        let age = now.since(self.asked);
        // A clock that was ahead must not keep an old file for years.
        self.asked <= now && age < if is_answer(self.status) { FRESH } else { RETRY }
    }

    /// Fails if the place may not be asked for.
    pub fn permit(&self, place: &Place, now: Timestamp) -> Result<(), Failure> {
        let Place { origin, path } = place;
        if !is_answer(self.status) {
            let Some(readable) = self.readable else {
                let why = match self.status {
                    Some(status) => format!("the server answers {status} to it"),
                    None => "nobody answers".to_owned(),
                };
                return Err(Failure::new(
                    FailureKind::RobotsUnreadable,
                    format!(
                        "`{origin}/robots.txt` cannot be read ({why}): until it can, nothing is asked there (RFC 9309 2.3.1.4)"
                    ),
                )
                .remedy("ask its operator to serve it, be it with 404"));
            };
            if now.since(readable) >= UNREADABLE_FOR {
                return Ok(());
            }
        }
        if allows(&self.rules, TOKEN, path) {
            return Ok(());
        }
        Err(Failure::new(
            FailureKind::RobotsDisallowed,
            format!("`{origin}/robots.txt` does not let `{TOKEN}` ask for `{path}`"),
        )
        .remedy("ask its operator to allow it, or switch the source off"))
    }
}

/// Returns whether that status says what robots may do.
const fn is_answer(status: Option<u16>) -> bool {
    matches!(status, Some(200..=428 | 430..=499))
}

/// Returns whether `robots_txt` lets the crawler whose product token is
/// `user_agent_token` ask for `path` (path and query, as in the request).
///
/// All groups that name the token count together; only if there is none, those
/// for `*`. The longest matching rule decides, Allow wins a tie (2.2.2). A path
/// that no rule matches is allowed, and so is `/robots.txt` itself.
fn allows(robots_txt: &str, user_agent_token: &str, path: &str) -> bool {
    if path == "/robots.txt" {
        return true;
    }
    let path = normal(if path.is_empty() { "/" } else { path });
    let rules = rules_for(head(robots_txt), user_agent_token);
    let mut best: Option<(usize, bool)> = None;
    for rule in rules {
        if matches(&rule.pattern, &path) {
            let weight = (rule.pattern.len(), rule.allow);
            best = best.max(Some(weight));
        }
    }
    best.is_none_or(|(_, allow)| allow)
}

/// Returns the rules for that crawler alone, as a robots.txt that says the same to it
/// and is never longer than what was read of the other.
fn ours(robots_txt: &str, user_agent_token: &str) -> String {
    let mut text = String::new();
    for rule in rules_for(head(robots_txt), user_agent_token) {
        let word = if rule.allow { "allow" } else { "disallow" };
        let line = format!("{word}:{}\n", rule.pattern);
        if text.len() + line.len() > MOST_BYTES {
            break;
        }
        text.push_str(&line);
    }
    if text.is_empty() { text } else { format!("user-agent:*\n{text}") }
}

struct Rule {
    allow: bool,
    pattern: String,
}

/// Returns the part that is read, cut between lines.
fn head(text: &str) -> &str {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() <= MOST_BYTES {
        return text;
    }
    let cut = text.as_bytes()[..MOST_BYTES].iter().rposition(|b| matches!(b, b'\n' | b'\r'));
    cut.map_or("", |cut| &text[..cut])
}

/// Returns the rules of the groups for that token, else of those for `*`.
fn rules_for(text: &str, token: &str) -> Vec<Rule> {
    let mut ours = Vec::new();
    let mut everyones = Vec::new();
    let (mut named, mut starred, mut any_named) = (false, false, false);
    let mut in_rules = true;
    for line in text.split(['\n', '\r']) {
        let line = line.split('#').next().unwrap_or("");
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "user-agent" => {
                // a group begins with its user agents; rules end that list
                if in_rules {
                    (named, starred, in_rules) = (false, false, false);
                }
                if value == "*" {
                    starred = true;
                } else if product(value).eq_ignore_ascii_case(token) {
                    named = true;
                    any_named = true;
                }
            }
            key @ ("allow" | "disallow") => {
                in_rules = true;
                if value.is_empty() || !(named || starred) {
                    continue;
                }
                let rule = || Rule { allow: key == "allow", pattern: normal(value) };
                if named {
                    ours.push(rule());
                }
                if starred {
                    everyones.push(rule());
                }
            }
            // Sitemap and what else people invented; does not end a group (2.2.4)
            _ => {}
        }
    }
    if any_named { ours } else { everyones }
}

/// Returns the sitemaps that an answer names, if it is a robots.txt.
pub fn sitemaps_of(answer: &Response) -> Vec<String> {
    if !matches!(answer.status, 200..=299) {
        return Vec::new();
    }
    sitemaps(&String::from_utf8_lossy(&answer.body))
}

/// Returns the sitemaps that a robots.txt names, at most ten.
fn sitemaps(text: &str) -> Vec<String> {
    let named = text.lines().filter_map(|line| {
        let (key, value) = line.split_once(':')?;
        let url = value.split_whitespace().next()?;
        key.trim().eq_ignore_ascii_case("sitemap").then(|| url.to_owned())
    });
    named.filter(|url| url.starts_with("http")).take(10).collect()
}

/// Returns the product token of a user agent line: what stands before a version or comment.
fn product(value: &str) -> &str {
    let end = value.find(|c: char| !(c.is_ascii_alphabetic() || matches!(c, '_' | '-')));
    &value[..end.unwrap_or(value.len())]
}

/// Percent-encodes what must be and decodes what need not be, so that both
/// spellings of a path compare equal (2.2.2).
fn normal(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut text = String::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        let mut octet = byte;
        let mut escaped = !byte.is_ascii();
        if byte == b'%'
            && let Some(decoded) = hex(bytes.get(at)).zip(hex(bytes.get(at + 1)))
        {
            octet = decoded.0 * 16 + decoded.1;
            at += 2;
            escaped = !(octet.is_ascii_alphanumeric() || b"-._~".contains(&octet));
        }
        if escaped {
            text.push('%');
            for digit in [octet >> 4, octet & 15] {
                text.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        } else {
            text.push(char::from(octet));
        }
    }
    text
}

fn hex(byte: Option<&u8>) -> Option<u8> {
    let digit = char::from(*byte?).to_digit(16)?;
    u8::try_from(digit).ok()
}

/// Returns whether the pattern matches the beginning of the path; `*` is any run of
/// characters, a `$` at the end is the end of the path.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, to_the_end) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or("");
    let Some(mut rest) = path.strip_prefix(first) else { return false };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return !to_the_end || rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if to_the_end && pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests;
