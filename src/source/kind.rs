//! What a kind of source is: how it asks, how it reads, and why it cannot.

mod documents;

pub use documents::{Documents, Walked};

use std::fmt;
use std::path::Path;

use crate::answer::{self, Failure, FailureKind};
use crate::model::{Cursor, Extraction, RawItem, Reader, Response, SourceSettings, TopicRules};

/// One kind of source, as the registry lists it.
pub struct Kind {
    /// The word of `kind = "…"`.
    pub name: &'static str,
    /// One line for the documentation.
    pub summary: &'static str,
    /// A `[[source]]` block that loads; the docs test builds it.
    pub example: &'static str,
    /// Takes the kind's own keys from the source's table. Reports problems to
    /// the reader and answers nothing if it cannot work with what is left.
    pub build: fn(&mut Reader<'_>, &SourceSettings) -> Option<Box<dyn Source>>,
}

/// A configured source's way of asking and reading.
pub trait Source: Send + Sync + fmt::Debug {
    /// Returns the Accept field of its request.
    fn accept(&self) -> &'static str;

    /// Reads the document of an answer. Never panics on any bytes; the same
    /// bytes give the same items. `response.final_url` is the base of links.
    fn extract(&self, response: &Response) -> Result<Extraction, SourceError>;

    /// Returns how the poll goes on behind its first document, where that may only lead to
    /// others: maps that an index names, the pages of a list.
    fn walk(&self, _cursor: &Cursor) -> Option<Box<dyn Walk + '_>> {
        None
    }

    /// Returns whether its list may be found by itself, and so found again after a rebuilding.
    fn finds_lists(&self) -> bool {
        false
    }

    /// Returns the lists that the answer holds, whatever the settings say, likeliest first.
    fn lists(&self, _response: &Response) -> Vec<Vec<RawItem>> {
        Vec::new()
    }

    /// Returns whether robots.txt must allow the request: pages, not feeds, which are
    /// published to be fetched.
    fn obeys_robots(&self) -> bool;

    /// Returns whether its documents hold what changed since the last walk, and not all there
    /// is: then what they do not hold was not missed.
    fn gives_changes(&self) -> bool {
        false
    }

    /// Returns where its documents lie, if nobody's server is asked for them.
    fn mailbox(&self) -> Option<Mailbox<'_>> {
        None
    }

    /// Returns whether an answer may hold only what is new (RFC 3229): feeds.
    fn takes_deltas(&self) -> bool {
        false
    }
}

/// Where a source's documents lie on this machine.
#[derive(Debug, Clone, Copy)]
pub struct Mailbox<'a> {
    /// The folder, a Maildir; none: one of its own among our data.
    pub folder: Option<&'a Path>,
}

/// The way of one poll through several documents. Pure: it says what to ask, and somebody
/// else asks. It is the walk that must come to an end.
pub trait Walk: Send {
    /// Takes the answer to what was asked last, nothing if it could not be had, and returns
    /// the URL of what is to be asked next.
    fn next(&mut self, answer: Option<&Response>) -> Option<String>;

    /// Returns what is known at its end.
    fn end(&self) -> WalkEnd {
        WalkEnd::default()
    }
}

/// What a walk leaves behind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WalkEnd {
    /// Marks that the next walk of this source finds in its cursor, under [`MARK`] and a name.
    pub marks: Vec<(&'static str, String)>,
    /// Notes for the operator.
    pub notes: Vec<String>,
    /// Items of documents that could not be had, as far as what led to them says.
    pub items: Vec<RawItem>,
}

/// How the names of a kind's own marks begin. They hold for the URL and settings under
/// which they were made, and are gone with these.
pub const MARK: &str = "kind.";

/// A source from the config: its settings and its kind's way of reading.
#[derive(Debug)]
pub struct Configured {
    /// What any source has.
    pub settings: SourceSettings,
    /// What its kind made of the rest.
    pub source: Box<dyn Source>,
    /// The terms of `only`; nothing if all of its items are wanted.
    pub only: Option<TopicRules>,
}

/// Reads the documents of one poll as one. A further document that cannot be read is a
/// note, and makes the whole incomplete.
pub fn extract_all(source: &dyn Source, answers: &[Response]) -> Result<Extraction, SourceError> {
    let [first, further @ ..] = answers else { return Ok(Extraction::default()) };
    let mut whole = source.extract(first)?;
    for answer in further {
        match source.extract(answer) {
            Ok(more) => {
                whole.items.extend(more.items);
                whole.notes.extend(more.notes);
                whole.incomplete |= more.incomplete;
            }
            Err(error) => {
                whole.notes.push(format!("{} was not read: {error}", answer.final_url));
                whole.incomplete = true;
            }
        }
    }
    Ok(whole)
}

/// Why an answer could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The bytes are no feed at all.
    #[error("not a feed: {found}")]
    NotAFeed {
        /// What they seem to be, for example `an HTML page`.
        found: String,
    },
    /// A feed, but broken beyond repair, or with entries that nobody could read.
    #[error("unreadable feed: {reason}")]
    Unreadable {
        /// What the parser said.
        reason: String,
    },
    /// The page lacks the element that must hold the list.
    #[error("the page has no element `{selector}`")]
    ContainerMissing {
        /// The selector of `list`.
        selector: String,
    },
    /// The list is there and not empty, but a selector found nothing in it.
    #[error("`{selector}` ({role}) found nothing in the list")]
    SelectorEmpty {
        /// Which key of the config.
        role: &'static str,
        selector: String,
    },
    /// Nobody said where the list is, and none was found.
    #[error("no list of news was found: {why}")]
    NoList {
        /// Why not.
        why: String,
    },
    /// The document would cost too much to read.
    #[error("the document is too large or too deep: {reason}")]
    TooMuch {
        /// Which bound it broke.
        reason: String,
    },
    /// A page that keeps robots out answers instead of the source.
    #[error("a challenge for robots answers instead of the source: {whose}")]
    Challenge { whose: String },
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        let kind = match error {
            SourceError::ContainerMissing { .. }
            | SourceError::SelectorEmpty { .. }
            | SourceError::NoList { .. } => FailureKind::EmptySelector,
            SourceError::Challenge { .. } => FailureKind::Challenge,
            SourceError::NotAFeed { .. }
            | SourceError::Unreadable { .. }
            | SourceError::TooMuch { .. } => FailureKind::Unreadable,
        };
        let failure = Self::new(kind, error.to_string());
        if kind == FailureKind::Challenge { failure.remedy(answer::LET_PASS) } else { failure }
    }
}
