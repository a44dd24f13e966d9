//! What the admin is yet to be told of sending.

use rusqlite::{Row, Transaction, named_params};

use super::StoreError;
use super::query::Query;
use super::row::word;
use crate::model::Timestamp;

/// What happened to sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Nothing went out.
    Rest,
    /// Messages grew too old.
    GivenUp,
    /// The text of messages was refused, again and again.
    Refused,
    /// The bytes of messages cannot be read back.
    Damaged,
}

impl What {
    /// Every kind, in the order in which the admin is told.
    pub const ALL: [Self; 4] = [Self::Rest, Self::GivenUp, Self::Refused, Self::Damaged];

    /// Returns the word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::GivenUp => "given-up",
            Self::Refused => "refused",
            Self::Damaged => "damaged",
        }
    }
}

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    pub what: What,
    /// Since when: of the rest, or the oldest message's age.
    pub since: Timestamp,
    /// Until when: its end, or the last message given up.
    pub until: Timestamp,
    /// How many messages waited or were given up.
    pub messages: u64,
    /// Why; of messages, why the last one. No address in it.
    pub reason: String,
}

fn read(row: &Row<'_>) -> rusqlite::Result<News> {
    let kind: String = row.get(0)?;
    let what = What::ALL.into_iter().find(|what| what.as_str() == kind);
    Ok(News {
        what: word(&kind, what)?,
        since: row.get(1)?,
        until: row.get(2)?,
        messages: row.get(3)?,
        reason: row.get(4)?,
    })
}

/// Keeps it for the admin. Messages given up join those that wait to be told.
pub fn add(tx: &Transaction<'_>, news: &News) -> Result<(), StoreError> {
    const JOIN: &str = "
        update mail_news set since = min(since, :since), until = max(until, :until),
            messages = messages + :messages, reason = :reason
        where kind = :kind and kind <> 'rest' and told is null";
    const ADD: &str = "
        insert into mail_news (kind, since, until, messages, reason)
        values (:kind, :since, :until, :messages, :reason)";
    let row = named_params! {
        ":kind": news.what.as_str(),
        ":since": news.since,
        ":until": news.until,
        ":messages": news.messages,
        ":reason": news.reason,
    };
    if tx.run(JOIN, row)? == 0 {
        tx.run(ADD, row)?;
    }
    Ok(())
}

/// Returns what is yet to be told, oldest first.
pub fn untold(tx: &Transaction<'_>) -> Result<Vec<News>, StoreError> {
    const UNTOLD: &str = "
        select kind, since, until, messages, reason from mail_news where told is null order by id";
    tx.all(UNTOLD, [], read)
}

/// Returns when something of the kind was told last.
pub fn last_told(tx: &Transaction<'_>, what: What) -> Result<Option<Timestamp>, StoreError> {
    const LAST_TOLD: &str = "select max(told) from mail_news where kind = ?1";
    tx.value(LAST_TOLD, [what.as_str()])
}

/// Notes that all of the kind was told. What was told more than a month before is forgotten.
pub fn set_told(tx: &Transaction<'_>, what: What, now: Timestamp) -> Result<(), StoreError> {
    const SET_TOLD: &str = "update mail_news set told = ?2 where kind = ?1 and told is null";
    const FORGET: &str = "delete from mail_news where told < ?1";
    const MONTH: std::time::Duration = std::time::Duration::from_hours(30 * 24);
    tx.run(SET_TOLD, (what.as_str(), now))?;
    tx.run(FORGET, [now.before(MONTH)])?;
    Ok(())
}
