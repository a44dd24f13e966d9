//! One question to a server and its answer, without a socket in sight.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Timestamp;

/// Header fields in the order they came. Names compare without case (RFC 9110 5.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// Returns no header fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the first value of the field, if it is there.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Adds a field line; does not replace one of the same name.
    pub fn add(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// Returns all field lines, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        Self(fields.into_iter().map(|(n, v)| (n.into(), v.into())).collect())
    }
}

/// What a source wants back at its next poll (validators, body hash, a kind's
/// own marks). Values are opaque: they are echoed, never interpreted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cursor {
    /// Mark by name. Names that begin with `http.` belong to `answer::caching`.
    pub values: BTreeMap<String, String>,
}

/// A request by method. Everything but documents' sizes is asked by GET.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// RFC 9110 9.3.1.
    #[default]
    Get,
    /// RFC 9110 9.3.2, for the size of a document.
    Head,
}

/// One question, bounded in time and bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// GET or HEAD.
    pub method: Method,
    /// Where to ask; http or https.
    pub url: String,
    /// The Accept field.
    pub accept: String,
    /// Further fields (validators, a source's own).
    pub headers: Headers,
    /// Most bytes of the decoded body; reading stops there.
    pub max_bytes: u64,
    /// Limit of the whole exchange, redirects included.
    pub timeout: Duration,
}

impl Request {
    /// Returns a GET without further header fields.
    pub fn get(
        url: impl Into<String>,
        accept: impl Into<String>,
        max_bytes: u64,
        timeout: Duration,
    ) -> Self {
        Self {
            method: Method::Get,
            url: url.into(),
            accept: accept.into(),
            headers: Headers::new(),
            max_bytes,
            timeout,
        }
    }

    /// Returns a HEAD: type and size of a document, not its bytes.
    pub fn head(url: impl Into<String>, timeout: Duration) -> Self {
        Self { method: Method::Head, ..Self::get(url, "*/*", 0, timeout) }
    }
}

/// How a redirect chain began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Where the unbroken run of permanent hops (301, 308) from the start ends.
    pub permanent_url: String,
}

/// What the server answered, after redirects, body decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code (RFC 9110 15).
    pub status: u16,
    /// The URL that gave this answer.
    pub final_url: String,
    /// That URL is another than the one asked for.
    pub is_redirected: bool,
    /// Set if the first hops were permanent redirects.
    pub moved: Option<Move>,
    /// The header section.
    pub headers: Headers,
    /// The content, decoded, at most `max_bytes`.
    pub body: Vec<u8>,
    /// The body was cut at `max_bytes`.
    pub truncated: bool,
}

/// Whether and when to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Trying again will not help; a person must act.
    Never,
    /// Try again by the usual back-off.
    Later,
    /// The other side named an instant before which it must not be asked.
    NotBefore(Timestamp),
}
