//! Subscribers and the proof of their consent.

mod changes;
mod left;
mod suspended;

pub use changes::{ChoiceChange, changes, count_by_series, count_by_topic, note_change};
pub use left::{Left, leave, left, left_before};
pub use suspended::{
    Suspended, fail_probe, note_probe, resume, resumed_at, suspend, suspended, suspension,
};

use rusqlite::{Row, Transaction, named_params};

use super::StoreError;
use super::query::{Query, column, pair};
use super::row::{count, from_json, to_json, word};
use crate::model::{Consent, SeriesId, Standing, Subscriber, SubscriberId, Timestamp, TopicId};

/// A subscriber to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSubscriber {
    /// Checked address.
    pub address: String,
    /// The mailbox behind it, however it is spelt.
    pub mailbox: String,
    /// Where they begin.
    pub standing: Standing,
    /// What they get.
    pub series: Vec<SeriesId>,
    /// What they chose; empty = all.
    pub topics: Vec<TopicId>,
    /// Words of their own.
    pub keywords: Vec<String>,
    /// Items first seen after this.
    pub since: Timestamp,
    /// The proof.
    pub consent: Consent,
}

/// Stores a new subscriber. Returns nothing if the address is already there.
pub fn insert(
    tx: &Transaction<'_>,
    new: &NewSubscriber,
) -> Result<Option<SubscriberId>, StoreError> {
    const INSERT: &str = "
        insert into subscribers (address, mailbox, standing, series, topics, keywords, since, origin, reason, requested_at, confirmed_at)
        values (:address, :mailbox, :standing, :series, :topics, :keywords, :since, :origin, :reason, :requested_at, :confirmed_at)
        on conflict (address) do nothing";
    let inserted = tx.run(
        INSERT,
        named_params! {
            ":address": new.address,
            ":mailbox": new.mailbox,
            ":standing": new.standing.as_str(),
            ":series": words(&new.series)?,
            ":topics": words(&new.topics)?,
            ":keywords": to_json(&new.keywords)?,
            ":since": new.since,
            ":origin": new.consent.origin,
            ":reason": new.consent.reason,
            ":requested_at": new.consent.requested_at,
            ":confirmed_at": new.consent.confirmed_at,
        },
    )?;
    Ok((inserted == 1).then(|| SubscriberId(tx.last_insert_rowid())))
}

/// Returns anyone's number and the hash of the link by which they leave.
pub fn any_token_hash(tx: &Transaction<'_>) -> Result<Option<(SubscriberId, String)>, StoreError> {
    const ANY: &str = "
        select id, unsubscribe_hash from subscribers where unsubscribe_hash is not null
        order by id desc limit 1";
    tx.one(ANY, [], pair)
}

/// Returns everyone whose mails hold links.
pub fn with_links(tx: &Transaction<'_>) -> Result<Vec<SubscriberId>, StoreError> {
    const WITH_LINKS: &str = "select id from subscribers where unsubscribe_hash is not null";
    tx.all(WITH_LINKS, [], column)
}

/// Stores the hashes by which the links in a subscriber's mails find them.
pub fn set_token_hashes(
    tx: &Transaction<'_>,
    id: SubscriberId,
    unsubscribe: &str,
    settings: &str,
) -> Result<(), StoreError> {
    const SET_TOKEN_HASHES: &str =
        "update subscribers set unsubscribe_hash = ?2, settings_hash = ?3 where id = ?1";
    tx.run(SET_TOKEN_HASHES, (id, unsubscribe, settings))?;
    Ok(())
}

const COLUMNS: &str = "
    id, coalesce(address, '') as address, standing, series, topics, keywords, since, origin, reason,
    requested_at, confirmed_at from subscribers";

fn read(row: &Row<'_>) -> rusqlite::Result<Subscriber> {
    let standing: String = row.get("standing")?;
    Ok(Subscriber {
        id: row.get("id")?,
        address: row.get("address")?,
        standing: word(&standing, Standing::parse(&standing))?,
        series: ids(&row.get::<_, String>("series")?)?,
        topics: ids(&row.get::<_, String>("topics")?)?,
        keywords: from_json(&row.get::<_, String>("keywords")?)?,
        since: row.get("since")?,
        consent: Consent {
            origin: row.get("origin")?,
            reason: row.get("reason")?,
            requested_at: row.get("requested_at")?,
            confirmed_at: row.get("confirmed_at")?,
        },
    })
}

fn words<T: std::fmt::Display>(ids: &[T]) -> Result<String, StoreError> {
    to_json(&ids.iter().map(ToString::to_string).collect::<Vec<_>>())
}

fn ids<T: for<'a> From<&'a str>>(json: &str) -> rusqlite::Result<Vec<T>> {
    let words: Vec<String> = from_json(json)?;
    Ok(words.iter().map(|word| T::from(word)).collect())
}

/// Returns the subscriber of that number.
pub fn get(tx: &Transaction<'_>, id: SubscriberId) -> Result<Option<Subscriber>, StoreError> {
    let sql = format!("select {COLUMNS} where id = ?1");
    tx.one(&sql, [id], read)
}

/// Returns the subscriber of that address.
pub fn by_address(tx: &Transaction<'_>, address: &str) -> Result<Option<Subscriber>, StoreError> {
    let sql = format!("select {COLUMNS} where address = ?1");
    tx.one(&sql, [address], read)
}

/// Returns the subscriber of that address in whatever case; the exact spelling first.
pub fn by_spelling(tx: &Transaction<'_>, address: &str) -> Result<Option<Subscriber>, StoreError> {
    let sql = format!(
        "select {COLUMNS} where lower(subscribers.address) = lower(?1)
         order by subscribers.address = ?1 desc, id limit 1"
    );
    tx.one(&sql, [address], read)
}

/// Returns the subscriber of that mailbox, as [`NewSubscriber::mailbox`] names it: readers before
/// those who have not confirmed, and of several the one whose address is spelt like `address`.
pub fn of_mailbox(
    tx: &Transaction<'_>,
    mailbox: &str,
    address: &str,
) -> Result<Option<Subscriber>, StoreError> {
    let sql = format!(
        "select {COLUMNS} where mailbox = ?1
         order by standing = 'pending', subscribers.address = ?2 desc, id limit 1"
    );
    tx.one(&sql, [mailbox, address], read)
}

/// Returns whether an active subscriber has a mailbox at the domain.
pub fn has_domain(tx: &Transaction<'_>, domain: &str) -> Result<bool, StoreError> {
    const HAS_DOMAIN: &str = "
        select 1 from subscribers
        where substr(mailbox, instr(mailbox, '@') + 1) = ?1 and standing = 'active' limit 1";
    tx.exists(HAS_DOMAIN, [domain])
}

/// Returns the subscriber whose confirmation token has that hash, and until when it holds.
pub fn by_confirm_hash(
    tx: &Transaction<'_>,
    hash: &str,
) -> Result<Option<(Subscriber, Timestamp)>, StoreError> {
    let sql = format!("select confirm_until, {COLUMNS} where confirm_hash = ?1");
    tx.one(&sql, [hash], |row| {
        let until: Option<Timestamp> = row.get("confirm_until")?;
        Ok((read(row)?, until.unwrap_or_default()))
    })
}

/// Stores the hash of the link in the newest confirmation mail and until when
/// it holds; the links before it end.
pub fn set_confirmation(
    tx: &Transaction<'_>,
    id: SubscriberId,
    hash: &str,
    until: Timestamp,
) -> Result<(), StoreError> {
    const SET_CONFIRMATION: &str =
        "update subscribers set confirm_hash = ?2, confirm_until = ?3 where id = ?1";
    tx.run(SET_CONFIRMATION, (id, hash, until))?;
    Ok(())
}

/// Writes that someone who has not confirmed yet asks anew: the new request counts.
pub fn ask_again(
    tx: &Transaction<'_>,
    id: SubscriberId,
    new: &NewSubscriber,
) -> Result<(), StoreError> {
    const ASK_AGAIN: &str = "
        update subscribers set address = :address, series = :series, topics = :topics, since = :since,
            origin = :origin, reason = :reason, requested_at = :requested_at
        where id = :id and standing = 'pending'";
    tx.run(
        ASK_AGAIN,
        named_params! {
            ":id": id,
            ":address": new.address,
            ":series": words(&new.series)?,
            ":topics": words(&new.topics)?,
            ":since": new.since,
            ":origin": new.consent.origin,
            ":reason": new.consent.reason,
            ":requested_at": new.consent.requested_at,
        },
    )?;
    Ok(())
}

/// Writes that they gave their consent: they get what is first seen from now on.
pub fn activate(tx: &Transaction<'_>, id: SubscriberId, now: Timestamp) -> Result<(), StoreError> {
    const ACTIVATE: &str = "
        update subscribers set standing = 'active', since = ?2, confirmed_at = ?2
        where id = ?1 and standing in ('pending', 'suspended')";
    resume(tx, id, now)?;
    tx.run(ACTIVATE, (id, now))?;
    Ok(())
}

/// Writes what they chose anew.
pub fn set_choice(
    tx: &Transaction<'_>,
    id: SubscriberId,
    series: &[SeriesId],
    topics: &[TopicId],
) -> Result<(), StoreError> {
    const SET_CHOICE: &str = "update subscribers set series = ?2, topics = ?3 where id = ?1";
    tx.run(SET_CHOICE, (id, words(series)?, words(topics)?))?;
    Ok(())
}

/// Writes the words of their own that they chose.
pub fn set_keywords(
    tx: &Transaction<'_>,
    id: SubscriberId,
    keywords: &[String],
) -> Result<(), StoreError> {
    const SET_KEYWORDS: &str = "update subscribers set keywords = ?2 where id = ?1";
    tx.run(SET_KEYWORDS, (id, to_json(&keywords)?))?;
    Ok(())
}

/// Returns the keywords of all who get a series, each once.
pub fn keywords_of(tx: &Transaction<'_>, series: &SeriesId) -> Result<Vec<String>, StoreError> {
    const KEYWORDS: &str = "
        select distinct word.value from subscribers, json_each(subscribers.keywords) as word
        where standing = 'active' and keywords <> '[]'
          and exists (select 1 from json_each(subscribers.series) where value = ?1)
        order by word.value";
    tx.all(KEYWORDS, [series], column)
}

/// Returns sign-ups whose link ended before `now` unconfirmed, at most `limit`.
pub fn expired(
    tx: &Transaction<'_>,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<SubscriberId>, StoreError> {
    const EXPIRED: &str = "
        select id from subscribers where standing = 'pending' and confirm_until < ?1 order by id limit ?2";
    tx.all(EXPIRED, (now, count(limit)), column)
}

/// Deletes the row with all that it said: for who never was a subscriber, or is none any more.
pub fn erase(tx: &Transaction<'_>, id: SubscriberId) -> Result<(), StoreError> {
    const ERASE: &str = "delete from subscribers where id = ?1 and standing in ('pending', 'left')";
    tx.run(ERASE, [id])?;
    Ok(())
}

/// Returns the subscriber whose unsubscribe token has that hash.
pub fn by_unsubscribe_hash(
    tx: &Transaction<'_>,
    hash: &str,
) -> Result<Option<Subscriber>, StoreError> {
    let sql = format!("select {COLUMNS} where unsubscribe_hash = ?1");
    tx.one(&sql, [hash], read)
}

/// Returns the subscriber whose settings token has that hash.
pub fn by_settings_hash(
    tx: &Transaction<'_>,
    hash: &str,
) -> Result<Option<Subscriber>, StoreError> {
    let sql = format!("select {COLUMNS} where settings_hash = ?1");
    tx.one(&sql, [hash], read)
}

/// Subscribers by address; those who left come last, without one.
pub fn list(tx: &Transaction<'_>) -> Result<Vec<Subscriber>, StoreError> {
    let sql =
        format!("select {COLUMNS} order by subscribers.address is null, subscribers.address, id");
    tx.all(&sql, [], read)
}

/// Returns active subscribers of a series after `after`, at most `limit`, by id: so
/// that a hundred thousand need no more memory than a thousand.
pub fn active_of(
    tx: &Transaction<'_>,
    series: &SeriesId,
    after: SubscriberId,
    limit: usize,
) -> Result<Vec<Subscriber>, StoreError> {
    let sql = format!(
        "select {COLUMNS} where id > ?1 and standing = 'active'
         and exists (select 1 from json_each(subscribers.series) where value = ?2)
         order by id limit ?3"
    );
    tx.all(&sql, (after, series, count(limit)), read)
}

/// Returns how many readers a series has.
pub fn count_active_of(tx: &Transaction<'_>, series: &SeriesId) -> Result<usize, StoreError> {
    const COUNT: &str = "
        select count(*) from subscribers where standing = 'active'
          and exists (select 1 from json_each(subscribers.series) where value = ?1)";
    tx.value(COUNT, [series])
}

/// Returns how many subscribers stand where.
pub fn count_by_standing(tx: &Transaction<'_>) -> Result<Vec<(String, u64)>, StoreError> {
    const COUNT: &str =
        "select standing, count(*) from subscribers group by standing order by standing";
    tx.all(COUNT, [], pair)
}
