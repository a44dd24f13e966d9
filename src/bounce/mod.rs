//! What a returned message means.
//!
//! Only the class is read from a message; whom it concerns is said by the token
//! in the envelope recipient alone, since a body can claim anything. Anyone can
//! write to the address, so nothing here may fail, be slow or recurse on input.

mod classify;
mod report;
mod words;

pub use classify::{MAX_BYTES, of_message, of_reply};

use crate::model::Timestamp;

/// What a returned message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Class {
    /// The mailbox does not exist (5.1.x, 5.2.1, 5.4.4).
    Hard,
    /// It could not be delivered, but may be another time (mailbox full, host down).
    Soft,
    /// Refused for what we are or send (5.7.x, too big): our fault, not the reader's.
    Block,
    /// Says nothing about deliverability: delayed, delivered, relayed, read.
    Ignore,
    /// A machine answered: out of office, ticket, challenge.
    AutoReply,
    /// The reader marked it as spam (RFC 5965).
    Complaint,
    /// A person wrote.
    Human(Letter),
}

impl Class {
    /// Returns the word in the database and in `status --json`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Soft => "soft",
            Self::Block => "block",
            Self::Ignore => "ignore",
            Self::AutoReply => "autoreply",
            Self::Complaint => "complaint",
            Self::Human(_) => "human",
        }
    }

    /// Returns what one day of it adds to a subscriber's score.
    const fn weight(word: &str) -> u32 {
        match word.as_bytes() {
            b"hard" => 100,
            b"soft" => 34,
            _ => 0,
        }
    }
}

/// What a person wrote, for the editors: nothing but words.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// The address in From, for the limits alone: it is neither kept nor passed on.
    pub from: Option<String>,
    pub subject: String,
    pub text: String,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // An address and private words: logs must not.
        f.write_str("Letter(…)")
    }
}

/// A class, with the status it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What it is.
    pub class: Class,
    /// Enhanced status (RFC 3463), such as `5.1.1`, if one was given.
    pub code: Option<String>,
}

/// A returned message that was noted before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// When.
    pub at: Timestamp,
    /// The word of its class.
    pub class: String,
    /// Enhanced status.
    pub code: Option<String>,
}

/// Days that are looked back on; a quiet month forgives everything.
pub const MEMORY: std::time::Duration = std::time::Duration::from_hours(30 * 24);

const DAY: i64 = 86_400_000;

/// Returns whether so much came back that nothing more should be sent: three points on
/// three different days; or two dead mailboxes a week apart, for who gets one
/// mail a week; a host that is unknown only after seven days, since names come back.
pub fn suspends(noted: &[Noted]) -> bool {
    let mut days: Vec<(i64, u32, bool)> = Vec::new();
    for one in noted {
        let (day, weight) = (one.at.0.div_euclid(DAY), Class::weight(&one.class));
        let names_host = one.code.as_deref() == Some("5.1.2");
        match days.iter_mut().find(|(known, ..)| *known == day) {
            // At most one a day: the worst.
            Some(known) if known.1 < weight => *known = (day, weight, names_host),
            Some(_) => {}
            None if weight > 0 => days.push((day, weight, names_host)),
            None => {}
        }
    }
    let span = |days: &mut dyn Iterator<Item = i64>| {
        let days: Vec<i64> = days.collect();
        match (days.iter().min(), days.iter().max()) {
            (Some(first), Some(last)) => last - first,
            _ => 0,
        }
    };
    if !days.is_empty() && days.iter().all(|(.., names_host)| *names_host) {
        return span(&mut days.iter().map(|(day, ..)| *day)) >= 7;
    }
    let score: u32 = days.iter().map(|(_, weight, _)| weight).sum();
    let hard = &mut days.iter().filter(|(_, weight, _)| *weight >= 100).map(|(day, ..)| *day);
    (days.len() >= 3 && score >= 300) || span(hard) >= 7
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(days: &[(i64, &str)]) -> Vec<Noted> {
        let one = |(day, class): &(i64, &str)| Noted {
            at: Timestamp(day * DAY + 7),
            class: (*class).to_owned(),
            code: None,
        };
        days.iter().map(one).collect()
    }

    #[test]
    fn three_days_of_dead_mailbox_suspend_and_two_do_not() {
        assert!(!suspends(&noted(&[(1, "hard"), (2, "hard")])));
        assert!(suspends(&noted(&[(1, "hard"), (2, "hard"), (3, "hard")])));
        assert!(!suspends(&noted(&[(1, "hard"), (1, "hard"), (1, "hard"), (1, "hard")])));
    }

    #[test]
    fn two_dead_mailboxes_a_week_apart_suspend_a_weekly_reader() {
        assert!(!suspends(&noted(&[(1, "hard"), (7, "hard")])));
        assert!(suspends(&noted(&[(1, "hard"), (8, "hard")])));
    }

    #[test]
    fn a_full_mailbox_takes_nine_days_and_a_block_never_counts() {
        let soft: Vec<_> = (1..=8).map(|day| (day, "soft")).collect();
        assert!(!suspends(&noted(&soft)));
        let soft: Vec<_> = (1..=9).map(|day| (day, "soft")).collect();
        assert!(suspends(&noted(&soft)));
        let block: Vec<_> = (1..=30).map(|day| (day, "block")).collect();
        assert!(!suspends(&noted(&block)));
    }

    #[test]
    fn an_unknown_host_counts_only_after_a_week() {
        let mut hosts = noted(&[(1, "hard"), (2, "hard"), (3, "hard")]);
        for one in &mut hosts {
            one.code = Some("5.1.2".to_owned());
        }
        assert!(!suspends(&hosts));
        hosts.push(Noted { at: Timestamp(8 * DAY), ..hosts[0].clone() });
        assert!(suspends(&hosts));
    }
}
