//! A frozen message on its way.

use std::fmt;

use super::{DigestId, OutboxId, SubscriberId, Timestamp};

/// What kind of mail a message is. It decides which header fields it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailKind {
    /// A digest: carries List-* fields (RFC 2369, 2919, 8058).
    Digest,
    /// The first mail after confirmation: with List-* fields.
    Welcome,
    /// The request to confirm a subscription: no List-* fields, there is no list yet.
    Confirm,
    /// The question whether someone suspended can be reached again: with List-* fields.
    Probe,
    /// A notice to the admin: no List-* fields.
    Notice,
}

impl MailKind {
    /// Returns the word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Digest => "digest",
            Self::Welcome => "welcome",
            Self::Confirm => "confirm",
            Self::Probe => "probe",
            Self::Notice => "notice",
        }
    }

    /// Returns the kind of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Digest, Self::Welcome, Self::Confirm, Self::Probe, Self::Notice]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// The list a message belongs to (RFC 2369, 2919, 8058).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListFields {
    /// Phrase and id of List-Id: `("Kommunal-IT-Meldungen taeglich",
    /// "taeglich.meldungen.example.de")`.
    pub id: (String, String),
    /// The https URI of List-Unsubscribe; takes the one-click POST.
    pub unsubscribe_url: String,
    /// The mailto URI of List-Unsubscribe, without `mailto:`.
    pub unsubscribe_mailto: Option<String>,
    /// List-Help.
    pub help_url: String,
    /// List-Archive.
    pub archive_url: String,
    /// List-Owner, an address.
    pub owner: String,
    /// Feedback-ID.
    pub feedback_id: String,
}

/// Everything of a message but its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// What kind of mail.
    pub kind: MailKind,
    /// RCPT TO and To: one address.
    pub recipient: String,
    /// MAIL FROM: where bounces go.
    pub sender: String,
    /// From: `Name <address>`.
    pub from: String,
    /// Reply-To.
    pub reply_to: Option<String>,
    /// Without angle brackets; the same at each attempt.
    pub message_id: String,
    /// Date of composing, with the zone of the service.
    pub date: Timestamp,
    /// Minutes east of UTC that Date shows.
    pub date_offset_minutes: i32,
    /// List-* fields, if the kind has them.
    pub list: Option<ListFields>,
}

/// A message as bytes: frozen once, sent as is every time.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload(pub Vec<u8>);

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Addresses stand in it: logs must not.
        write!(f, "Payload({} bytes)", self.0.len())
    }
}

/// Where a message stands. See `docs/QUEUE.md` for what a crash leaves of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// To be sent.
    Ready,
    /// Someone sends it; a lease that expires.
    Claimed {
        /// When it was claimed.
        since: Timestamp,
    },
    /// To be sent again, not before.
    Deferred {
        /// When.
        until: Timestamp,
    },
    /// The operator holds it.
    Held,
    /// Taken by the other side.
    Sent {
        /// When.
        at: Timestamp,
    },
    /// Given up, with its last error.
    Dead {
        /// When.
        at: Timestamp,
    },
}

impl State {
    /// Every word of a state, in the order of a message's life.
    pub const WORDS: [&str; 6] = ["ready", "claimed", "deferred", "held", "sent", "dead"];

    /// Returns the word in the database and in `outbox list --json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Claimed { .. } => "claimed",
            Self::Deferred { .. } => "deferred",
            Self::Held => "held",
            Self::Sent { .. } => "sent",
            Self::Dead { .. } => "dead",
        }
    }

    /// Returns the instant that belongs to the state, if it has one.
    pub const fn instant(self) -> Option<Timestamp> {
        match self {
            Self::Ready | Self::Held => None,
            Self::Claimed { since } => Some(since),
            Self::Deferred { until } => Some(until),
            Self::Sent { at } | Self::Dead { at } => Some(at),
        }
    }

    /// Returns the state of that word and instant.
    pub fn parse(word: &str, instant: Option<Timestamp>) -> Option<Self> {
        match (word, instant) {
            ("ready", _) => Some(Self::Ready),
            ("held", _) => Some(Self::Held),
            ("claimed", Some(since)) => Some(Self::Claimed { since }),
            ("deferred", Some(until)) => Some(Self::Deferred { until }),
            ("sent", Some(at)) => Some(Self::Sent { at }),
            ("dead", Some(at)) => Some(Self::Dead { at }),
            _ => None,
        }
    }
}

/// Why a dead message ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ended {
    /// It grew too old while it was refused for now. The only passing reason.
    Expired,
    /// It was refused for good.
    Refused,
    /// The operator dropped it.
    Dropped,
    /// Its reader left.
    Left,
    /// Too much mail came back from its reader.
    Returned,
    /// Its bytes cannot be read back as they were frozen.
    Damaged,
}

impl Ended {
    /// Returns the word in the database and in `outbox list --json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Refused => "refused",
            Self::Dropped => "dropped",
            Self::Left => "left",
            Self::Returned => "returned",
            Self::Damaged => "damaged",
        }
    }

    /// Returns the reason of that word.
    pub fn parse(word: &str) -> Option<Self> {
        let all = [
            Self::Expired,
            Self::Refused,
            Self::Dropped,
            Self::Left,
            Self::Returned,
            Self::Damaged,
        ];
        all.into_iter().find(|ended| ended.as_str() == word)
    }
}

/// Who may settle a claimed message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The message.
    pub id: OutboxId,
    /// The incarnation of the process that claimed it.
    pub holder: i64,
    /// How often it was claimed: a fencing number.
    pub fence: i64,
}

/// A frozen message and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    /// Row.
    pub id: OutboxId,
    /// What kind of mail.
    pub kind: MailKind,
    /// Of which digest, if of one.
    pub digest: Option<DigestId>,
    /// For which subscriber, if for one.
    pub subscriber: Option<SubscriberId>,
    /// RCPT TO.
    pub recipient: String,
    /// MAIL FROM.
    pub sender: String,
    /// Without angle brackets.
    pub message_id: String,
    /// The bytes; empty once they were pruned, or if they cannot be read back.
    pub payload: Payload,
    /// Where it stands.
    pub state: State,
    /// Attempts so far.
    pub attempts: u32,
    /// Why the last attempt failed; no address in it.
    pub last_error: Option<String>,
    /// When it was frozen; its age decides when to give up.
    pub created: Timestamp,
    /// The last claim of it.
    pub claim: Claim,
    /// Act of the operator or the reader on it while it is claimed: `hold`,
    /// `drop`, `left` or `returned`.
    pub wish: Option<String>,
    /// Why it is dead, if it is.
    pub ended: Option<Ended>,
    /// Whether the operator acknowledged that it is dead.
    pub is_acknowledged: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_of_the_database_reads_back() {
        for kind in ["digest", "welcome", "confirm", "probe", "notice"] {
            assert_eq!(MailKind::parse(kind).unwrap().as_str(), kind);
        }
        for ended in ["expired", "refused", "dropped", "left", "returned", "damaged"] {
            assert_eq!(Ended::parse(ended).unwrap().as_str(), ended);
        }
        assert!(MailKind::parse("").is_none() && Ended::parse("").is_none());
    }

    #[test]
    fn each_state_reads_back_from_its_word_and_instant() {
        let t = Timestamp(7);
        for state in [
            State::Ready,
            State::Claimed { since: t },
            State::Deferred { until: t },
            State::Held,
            State::Sent { at: t },
            State::Dead { at: t },
        ] {
            assert_eq!(State::parse(state.as_str(), state.instant()), Some(state));
        }
        assert_eq!(State::parse("claimed", None), None);
    }
}
