//! A source and how it fares.

use std::fmt;
use std::time::Duration;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{Cursor, SourceId, Timestamp, TopicId};

/// What is configured for any source, whatever its kind.
#[derive(Debug, Clone)]
pub struct SourceSettings {
    /// Stable key in the database.
    pub id: SourceId,
    /// Name for readers.
    pub name: String,
    /// The URL that is asked.
    pub url: String,
    /// Name of the kind, as in the config.
    pub kind: &'static str,
    /// Whether it is polled at all.
    pub enabled: bool,
    /// Time between polls as configured; what is done is bounded and adapted.
    pub interval: Duration,
    /// 1 authority, 2 association, 3 press: who leads a story.
    pub rank: u8,
    /// Topics that each of its items has.
    pub topics: Vec<TopicId>,
    /// Which items of the first successful poll may be mailed.
    pub initial: Initial,
    /// How its items are told apart.
    pub identity: IdentityPolicy,
    /// Zone of dates without one.
    pub timezone: Tz,
    /// Further hosts whose links are the same pages as this one's (mirrors, renamed hosts).
    pub aliases: Vec<String>,
    /// Whether and how the pages of new items are read.
    pub detail: DetailPolicy,
    /// How its server is asked.
    pub access: Access,
    /// What is wrong with its address or selectors, in the admin's own words; shown, never used.
    pub remark: Option<String>,
}

/// Which items of a source's first successful poll may be mailed. All are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Initial {
    /// None: the backlog is the baseline.
    None,
    /// All of them.
    All,
    /// The newest so many.
    Newest(usize),
}

/// What makes an item of a source the same item at the next poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IdentityPolicy {
    /// guid, else canonical link, else title and date.
    #[default]
    Auto,
    /// The guid alone.
    Guid,
    /// The canonical link alone.
    Link,
    /// Title and date as the source gave them.
    Content,
}

/// Whether and how the own pages of new items are read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum DetailPolicy {
    /// Where the source gives no more than a teaser.
    #[default]
    Auto,
    /// Not at all.
    Never,
    /// All, by these selectors.
    Selectors(Detail),
}

/// Selectors for the page of one item, each `css` or `css@attribute`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Detail {
    /// The main text.
    pub text: Option<String>,
    /// The date.
    pub date: Option<String>,
    /// The title, where the list's is cut.
    pub title: Option<String>,
}

/// How a source's server is asked beyond the defaults.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Own user agent instead of ours.
    pub user_agent: Option<String>,
    /// Further request fields.
    pub headers: Vec<(String, String)>,
    /// Basic authentication (RFC 7617).
    pub basic_auth: Option<BasicAuth>,
    /// Proxy URL of this source.
    pub proxy: Option<String>,
    /// PEM of a further CA or of an intermediate the server forgets to send.
    pub certificates: Option<Vec<u8>>,
}

impl Access {
    /// Whether the server is asked like any other.
    pub fn is_plain(&self) -> bool {
        let Self { user_agent, headers, basic_auth, proxy, certificates } = self;
        user_agent.is_none()
            && headers.is_empty()
            && basic_auth.is_none()
            && proxy.is_none()
            && certificates.is_none()
    }
}

/// A name and its password (RFC 7617); the password never shows.
#[derive(Clone)]
pub struct BasicAuth {
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
}

impl fmt::Debug for BasicAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicAuth").field("user", &self.user).finish_non_exhaustive()
    }
}

/// How a source fares, as `source list` shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Never polled with success.
    New,
    /// The last poll was read.
    Ok,
    /// The last poll failed.
    Failing,
    /// It answers from another place for good.
    Moved,
    /// 410: it will not come back.
    Gone,
    /// Nothing new for unusually long.
    Silent,
    /// Far more new items than ever: they wait for an admin's word.
    Held,
    /// No overlap with the last document: items may have been missed.
    Gap,
    /// The page was read but a selector found nothing.
    EmptySelector,
    /// A wall for robots, robots.txt or our own guard stands before it.
    Blocked,
    /// Switched off in the config.
    Off,
}

impl Condition {
    /// Every condition, in the order of the documentation.
    pub const ALL: [Self; 11] = [
        Self::New,
        Self::Ok,
        Self::Failing,
        Self::Moved,
        Self::Gone,
        Self::Silent,
        Self::Held,
        Self::Gap,
        Self::EmptySelector,
        Self::Blocked,
        Self::Off,
    ];

    /// The word of `source list --json`, also kept in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Ok => "ok",
            Self::Failing => "failing",
            Self::Moved => "moved",
            Self::Gone => "gone",
            Self::Silent => "silent",
            Self::Held => "held",
            Self::Gap => "gap",
            Self::EmptySelector => "empty-selector",
            Self::Blocked => "blocked",
            Self::Off => "off",
        }
    }

    /// The condition of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|condition| condition.as_str() == word)
    }

    /// Whether the source could not be read.
    pub const fn is_unread(self) -> bool {
        matches!(self, Self::Failing | Self::Gone | Self::EmptySelector | Self::Blocked)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What is remembered of a source between polls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceState {
    /// Whose.
    pub id: SourceId,
    /// What it wants back.
    pub cursor: Cursor,
    /// How it fares.
    pub condition: Condition,
    /// Not to be asked before.
    pub next_poll: Timestamp,
    /// Written before each request, so that a crash loop cannot hammer.
    pub last_attempt: Option<Timestamp>,
    /// Last answer that was read.
    pub last_success: Option<Timestamp>,
    /// When it last gave a new item.
    pub last_new_item: Option<Timestamp>,
    /// Failures in a row.
    pub failures: u32,
    /// Why the last poll failed; English, for operators.
    pub last_error: Option<String>,
}

impl SourceState {
    /// The state of a source that was never polled: due at once.
    pub fn unpolled(id: SourceId) -> Self {
        Self {
            id,
            cursor: Cursor::default(),
            condition: Condition::New,
            next_poll: Timestamp::default(),
            last_attempt: None,
            last_success: None,
            last_new_item: None,
            failures: 0,
            last_error: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_condition_reads_back_from_its_word() {
        for condition in Condition::ALL {
            assert_eq!(Condition::parse(condition.as_str()), Some(condition));
        }
        assert_eq!(Condition::parse("fine"), None);
    }
}
