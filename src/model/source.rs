//! A source and how it fares.

use std::fmt;
use std::time::Duration;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::settings::{
    Bound, Field, NamedFile, Secret, Setting, Settings as _, TextSetting, not_one_of, settings,
    words,
};
use super::{Content, Cursor, Network, Reader, SourceId, Timestamp, TopicId, Value};

settings! {
    /// A source: what any has, whatever its kind. Give as many as you like.
    pub struct SourceSettings in "source" {
        /// Stable key in the database: never change it.
        id: SourceId;
        /// Name for readers; "" = the id.
        name: String = "";
        /// How it is read; each kind has keys of its own.
        kind: String;
        /// The URL that is asked.
        url: String, WEB_URL;
        /// Whether it is polled at all.
        enabled: bool = true;
        /// Time between polls; what is done is bounded by [fetch] and adapted.
        interval: Duration = "2h", Bound::Inherited("fetch.interval");
        /// 1 authority, 2 association, 3 press: who leads a story.
        rank: u8 = 3, Bound::Range(1, 3);
        /// Topics that each of its items has.
        topics: Vec<TopicId> = [];
        /// Which items of the first successful poll may be mailed: "none", "all", or "10" (the
        /// newest so many). All are stored.
        initial: Initial = "none";
        /// What makes an item the same item at the next poll.
        identity: IdentityPolicy = "auto";
        /// Zone of dates without one.
        timezone: Tz = "Europe/Berlin", Bound::Inherited("service.timezone");
        /// Further hosts whose links are the same pages as this one's (mirrors, renamed hosts).
        aliases: Vec<String> = [], HOST_NAME;
        /// Terms (amtsbote-topics(5)) of which new items must hold one in title, teaser, text or
        /// category; the others are counted and left out. [] = all items.
        only: Vec<String> = [];
        /// "auto": pages of new items are asked where the source gives no more than a teaser;
        /// "never"; or a table of selectors, each css or css@attribute.
        detail: DetailPolicy = "auto";
        /// What is wrong with its address or selectors, in your own words; shown, never used.
        remark: Option<String> = "";
        ..access: Access;
    }
}

settings! {
    /// How a source's server is asked beyond the defaults.
    #[derive(Default)]
    pub struct Access in "source" {
        /// Proxy URL; "" = none, whatever others use.
        proxy: Option<String> = "", Bound::Inherited("fetch.proxy");
        /// User of basic authentication (RFC 7617).
        user: Option<String> = "";
        /// File with that user's password.
        password_file: Secret = "";
        /// PEM of a further CA or of an intermediate that the server forgets to send.
        ca_file: NamedFile = "";
        /// Private networks that this source may be asked in, besides those of [fetch].
        allow_private: Vec<Network> = [];
        /// Own User-Agent instead of ours.
        user_agent: Option<String> = "", HEADER_TEXT;
        /// Table of further request fields.
        headers: Vec<(String, String)> = "";
    }
}

settings! {
    /// Selectors for the page of one item, each css or css@attribute.
    #[derive(PartialEq, Eq, Default)]
    pub struct Detail in "source.detail" {
        /// The main text.
        text: Option<String> = "";
        /// The date.
        date: Option<String> = "";
        /// The title, where the list's is cut.
        title: Option<String> = "";
    }
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

impl TextSetting for Initial {
    const FORM: &'static str = "\"none\", \"all\" or a number in quotes";

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::None),
            "all" => Ok(Self::All),
            number => number.parse().map(Self::Newest).map_err(|_| {
                format!("`{number}` is neither `none` nor `all` nor a number such as `10`")
            }),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::None => "none".to_owned(),
            Self::All => "all".to_owned(),
            Self::Newest(number) => number.to_string(),
        }
    }
}

words! {
    /// What makes an item of a source the same item at the next poll.
    #[derive(Default)]
    pub enum IdentityPolicy {
        /// guid, else canonical link, else title and date.
        #[default]
        Auto = "auto",
        /// The guid alone.
        Guid = "guid",
        /// The canonical link alone.
        Link = "link",
        /// Title and date as the source gave them.
        Content = "content",
    }
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

impl Setting for DetailPolicy {
    fn form() -> String {
        "\"auto\", \"never\" or a table".to_owned()
    }

    fn take(reader: &mut Reader<'_>, field: &Field, value: &Value) -> Option<Self> {
        let table = match &value.content {
            Content::Table(table) => table,
            Content::Text(text) if text == "auto" => return Some(Self::Auto),
            Content::Text(text) if text == "never" => return Some(Self::Never),
            Content::Text(text) => {
                reader.problem(field.key, not_one_of(text, &["auto", "never"]));
                return None;
            }
            _ => return reader.mismatch(field.key, value, "a table"),
        };
        let mut reader = reader.inner(table, field.key);
        let detail = Detail::read(&mut reader)?;
        if detail == Detail::default() {
            reader.problem("", "names no selector; write for example `text = \".news-text\"`");
        }
        reader.finish();
        Some(Self::Selectors(detail))
    }

    fn content(&self) -> Content {
        let never = matches!(self, Self::Never);
        Content::from(if never { "never" } else { "auto" })
    }
}

/// Request fields. Those that say who asks, of whom and how much cannot be set.
impl Setting for Vec<(String, String)> {
    fn form() -> String {
        "table".to_owned()
    }

    fn take(reader: &mut Reader<'_>, field: &Field, value: &Value) -> Option<Self> {
        const OURS: [&str; 4] = ["authorization", "host", "content-length", "proxy-authorization"];
        let entries = match &value.content {
            Content::Table(table) => table.entries.as_slice(),
            Content::Text(text) if text.is_empty() => &[],
            _ => return reader.mismatch(field.key, value, "a table"),
        };
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let mut headers = Self::new();
        for (name, place, value) in entries {
            let fault = match &value.content {
                _ if !name.bytes().all(token) || name.is_empty() => "is no name of a header field",
                _ if OURS.contains(&name.to_ascii_lowercase().as_str()) => {
                    "cannot be set here (for a password write `user` and `password_file`)"
                }
                Content::Text(text) if is_printable(text) => {
                    headers.push((name.clone(), text.clone()));
                    continue;
                }
                _ => "must be printable ASCII text",
            };
            reader.problem_at(place.clone(), field.key, format!("`{name}` {fault}"));
        }
        Some(headers)
    }

    fn content(&self) -> Content {
        Content::Text(String::new())
    }
}

/// Text that a header field can carry (RFC 9110 5.5).
pub const HEADER_TEXT: Bound = Bound::Text("printable ASCII", |text| {
    if is_printable(text) { Ok(()) } else { Err("must be printable ASCII".to_owned()) }
});

fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

const HOST_NAME: Bound = Bound::Text("a host name", |text| {
    let is_wrong = |c: char| c.is_whitespace() || "/:@".contains(c);
    let complaint = || format!("`{text}` is no host name such as `www.example.de`");
    if text.contains(is_wrong) { Err(complaint()) } else { Ok(()) }
});

/// An http or https URL without a name and password in it.
pub const WEB_URL: Bound = Bound::Text("an http or https URL", |text| {
    Err(match url::Url::parse(text) {
        Ok(url) if !["http", "https"].contains(&url.scheme()) => {
            format!("`{text}` is neither http nor https")
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            "holds a name or password, which would show in logs; use `user` and `password_file`"
                .to_owned()
        }
        Ok(url) if url.host_str().is_some_and(|host| !host.is_empty()) => return Ok(()),
        Ok(_) => format!("`{text}` names no host"),
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            format!(
                "`{text}` is no URL: write it in full, `https://{}`",
                text.trim_start_matches('/')
            )
        }
        Err(error) => format!("`{text}` is no URL: {error}"),
    })
});

impl Access {
    /// Returns whether the server is asked like any other.
    pub fn is_plain(&self) -> bool {
        self.user_agent.is_none()
            && self.headers.is_empty()
            && self.user.is_none()
            && self.proxy.is_none()
            && self.ca_file.path.is_none()
            && self.allow_private.is_empty()
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
    /// The program went down again and again while reading it: it is not asked.
    Poison,
    /// Switched off in the config.
    Off,
}

impl Condition {
    /// Every condition, in the order of the documentation.
    pub const ALL: [Self; 12] = [
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
        Self::Poison,
        Self::Off,
    ];

    /// Returns the word of `source list --json`, also kept in the database.
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
            Self::Poison => "poison",
            Self::Off => "off",
        }
    }

    /// Returns the condition of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|condition| condition.as_str() == word)
    }

    /// Returns whether the source could not be read.
    pub const fn is_unread(self) -> bool {
        matches!(
            self,
            Self::Failing | Self::Gone | Self::EmptySelector | Self::Blocked | Self::Poison
        )
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
    /// How often in a row the process went down while it was being read.
    pub crashes: u32,
}

impl SourceState {
    /// Returns the state of a source that was never polled: due at once.
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
            crashes: 0,
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
