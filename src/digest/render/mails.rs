//! What the mails say besides the digest, who says it, and why one cannot be rendered.

use chrono_tz::Tz;
use serde::Serialize;

use crate::digest::select::TopicTitle;
use crate::model::{Section, Timestamp, TopicId};
use crate::page::TemplateProblem;

/// Largest HTML part as it is sent, in bytes (E5): Gmail cuts at 102 KB, and
/// with the end goes the link to leave.
pub const MAX_HTML: usize = 80 * 1024;

/// The service as readers see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Face {
    pub name: String,
    /// What every link of ours begins with; ends with `/`.
    pub public_url: String,
    /// Address that people read.
    pub contact: String,
    /// Postal line.
    pub operator: String,
    /// Impressum (§ 5 DDG); empty = none.
    pub imprint_url: String,
    /// Datenschutz (Art. 13 DSGVO); empty = none.
    pub privacy_url: String,
    /// Erklärung zur Barrierefreiheit; empty = none.
    pub accessibility_url: String,
    /// What our own legal pages say.
    pub legal: Legal,
    /// Where anyone subscribes; empty = the form is not offered.
    pub subscribe_url: String,
    /// Zone of all dates and times shown.
    #[serde(skip)]
    pub zone: Tz,
    /// Titles of all topics, for „Auch zu“.
    #[serde(skip)]
    pub topics: Vec<TopicTitle>,
}

/// What our own legal pages say beside who operates it; empty = not said.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Legal {
    /// Who represents the operator.
    pub representative: String,
    /// A phone number.
    pub phone: String,
    /// How to reach the data protection officer.
    pub data_protection_officer: String,
    /// Who else gets the addresses.
    pub recipients: String,
    /// The authority for data protection.
    pub privacy_authority: String,
    /// Day of the accessibility statement.
    pub accessibility_date: String,
    /// How accessibility was judged.
    pub accessibility_method: String,
    /// Where readers turn to if a barrier stays.
    pub enforcement_body: String,
    /// How long the proof of consent is kept, in words.
    pub proof_period: String,
}

/// What only this recipient may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Personal {
    /// `…/e/TOKEN`.
    pub settings_url: String,
    /// `…/a/TOKEN`.
    pub unsubscribe_url: String,
    /// Titles of the chosen topics; empty = all.
    pub topics: Vec<String>,
    /// The chosen topics in their order; empty = all.
    pub chosen: Vec<TopicId>,
    /// How often, in German: `täglich`, `arbeitstags`, `montags`.
    pub frequency: String,
    /// Subjects of earlier digests to them.
    pub earlier: Vec<String>,
}

/// A newsletter in the words of its subscribers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered {
    /// Title of the series.
    pub title: String,
    /// How often, in German.
    pub frequency: String,
    /// When the next one is due, if known.
    pub next: Option<Timestamp>,
}

/// The request to confirm a sign-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirm {
    /// `…/b/TOKEN`.
    pub url: String,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// Until when the link works.
    pub expires_at: Timestamp,
    /// What was ordered.
    pub series: Vec<Ordered>,
    /// Titles of the chosen topics; empty = all.
    pub topics: Vec<String>,
}

/// The first mail after confirmation, or the answer to signing up twice.
#[derive(Debug, Clone, PartialEq)]
pub struct Welcome {
    /// What is ordered.
    pub series: Vec<Ordered>,
    /// The newest entries, „Zuletzt erschienen“; may be empty.
    pub latest: Vec<Section>,
    /// They were subscribed before: says only that.
    pub is_repeated: bool,
    /// What was asked for this time, if it is something else.
    pub asked: Option<Asked>,
}

/// Another choice than the one that a subscriber has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub series: Vec<Ordered>,
    /// Titles of the topics; empty = all.
    pub topics: Vec<String>,
    /// Their settings, in which it is ticked and only to be saved.
    pub url: String,
}

/// The question whether someone whose mail came back can be reached again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Since when they get nothing.
    pub since: Timestamp,
    /// What is ordered.
    pub series: Vec<Ordered>,
}

/// A notice to the admin, in German like everything that people read in a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// One line, without the service's name.
    pub subject: String,
    /// What happened, one sentence a paragraph.
    pub paragraphs: Vec<String>,
    /// The things concerned, one a line.
    pub items: Vec<String>,
    /// What to do, as a command that can be pasted.
    pub hint: Option<String>,
}

/// A draft of a digest, to its editor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftMail {
    /// One line.
    pub subject: String,
    /// What will happen, and what is known to be missing.
    pub paragraphs: Vec<String>,
    /// The entries, one a line, in their order.
    pub items: Vec<String>,
    /// `…/r/TOKEN`.
    pub url: String,
    /// Title of the series.
    pub series: String,
}

/// Why words could not be laid out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// A template failed.
    #[error("template {0}")]
    Template(#[from] TemplateProblem),
    /// A digest without entries is never sent.
    #[error("the digest is empty")]
    Empty,
    /// Even with the fewest entries it is larger than [`MAX_HTML`].
    #[error("the HTML part has {size} bytes, more than {MAX_HTML}")]
    TooLarge {
        /// Bytes as they would be sent.
        size: usize,
    },
}
