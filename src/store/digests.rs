//! Series, how far they have come, and the digests they made.

use rusqlite::{Row, Transaction, named_params};

use super::StoreError;
use super::query::{Query, column, pair};
use super::row::{count, from_json, to_json};
use crate::model::{DigestId, Entry, SeriesId, StoryId, SubscriberId, Timestamp, Window};

/// How far a series has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// The last civil slot that was done, as text that sorts; none before the first.
    pub last_slot: Option<String>,
    /// The last receipt that was considered.
    pub last_receipt: i64,
    /// When that was: the beginning of the next window.
    pub last_time: Option<Timestamp>,
}

/// A digest's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestRow {
    /// Public id.
    pub id: DigestId,
    pub series: SeriesId,
    /// The slot it was made for.
    pub slot: String,
    /// What it covers.
    pub window: Window,
    /// When it was composed.
    pub composed_at: Timestamp,
    /// How many entries it has in all.
    pub entries: usize,
    /// To how many it went.
    pub recipients: usize,
    /// The public page.
    pub content: String,
}

/// Returns how far the series has come; the beginning, if it never ran.
pub fn progress(tx: &Transaction<'_>, series: &SeriesId) -> Result<Progress, StoreError> {
    const PROGRESS: &str = "select last_slot, last_receipt, last_time from series where id = ?1";
    let progress = tx.one(PROGRESS, [series], |row| {
        Ok(Progress { last_slot: row.get(0)?, last_receipt: row.get(1)?, last_time: row.get(2)? })
    })?;
    Ok(progress.unwrap_or_default())
}

/// Writes how far the series has come.
pub fn set_progress(
    tx: &Transaction<'_>,
    series: &SeriesId,
    progress: &Progress,
) -> Result<(), StoreError> {
    const SET_PROGRESS: &str = "
        insert into series (id, last_slot, last_receipt, last_time) values (?1, ?2, ?3, ?4)
        on conflict (id) do update set last_slot = excluded.last_slot,
            last_receipt = excluded.last_receipt, last_time = excluded.last_time";
    tx.run(SET_PROGRESS, (series, &progress.last_slot, progress.last_receipt, progress.last_time))?;
    Ok(())
}

/// Returns how far the series furthest along has come; nothing if none has begun.
pub fn furthest_receipt(tx: &Transaction<'_>) -> Result<i64, StoreError> {
    const FURTHEST: &str = "select coalesce(max(last_receipt), 0) from series";
    tx.value(FURTHEST, [])
}

/// Returns whether the series has a digest for the slot.
pub fn is_done(tx: &Transaction<'_>, series: &SeriesId, slot: &str) -> Result<bool, StoreError> {
    const IS_DONE: &str = "select 1 from digests where series = ?1 and slot = ?2";
    tx.exists(IS_DONE, (series, slot))
}

/// Returns the first free id that begins with `stem`: itself, else with a number behind.
pub fn free_id(tx: &Transaction<'_>, stem: &str) -> Result<DigestId, StoreError> {
    const EXISTS: &str = "select 1 from digests where id = ?1";
    let mut id = stem.to_owned();
    let mut number = 1;
    while tx.exists(EXISTS, [&id])? {
        number += 1;
        id = format!("{stem}-{number}");
    }
    Ok(DigestId::new(id))
}

/// Stores a digest. Returns false if the series already has one for the slot.
pub fn insert(tx: &Transaction<'_>, digest: &DigestRow) -> Result<bool, StoreError> {
    const INSERT: &str = "
        insert into digests (id, series, slot, window_from, window_to, composed_at, entries, recipients, content)
        values (:id, :series, :slot, :from, :to, :composed_at, :entries, :recipients, :content)
        on conflict (series, slot) do nothing";
    let inserted = tx.run(
        INSERT,
        named_params! {
            ":id": digest.id,
            ":series": digest.series,
            ":slot": digest.slot,
            ":from": digest.window.from,
            ":to": digest.window.to,
            ":composed_at": digest.composed_at,
            ":entries": count(digest.entries),
            ":recipients": count(digest.recipients),
            ":content": digest.content,
        },
    )?;
    Ok(inserted == 1)
}

/// Notes to how many the digest went.
pub fn set_recipients(
    tx: &Transaction<'_>,
    id: &DigestId,
    recipients: usize,
) -> Result<(), StoreError> {
    const SET_RECIPIENTS: &str = "update digests set recipients = ?2 where id = ?1";
    tx.run(SET_RECIPIENTS, (id, count(recipients)))?;
    Ok(())
}

/// Returns whether the series has told the story.
pub fn was_told(
    tx: &Transaction<'_>,
    series: &SeriesId,
    story: StoryId,
) -> Result<bool, StoreError> {
    const WAS_TOLD: &str = "select 1 from told where series = ?1 and story = ?2";
    tx.exists(WAS_TOLD, (series, story))
}

/// Returns whether the series has told the story to readers of a keyword only.
pub fn was_told_by_keyword(
    tx: &Transaction<'_>,
    series: &SeriesId,
    story: StoryId,
) -> Result<bool, StoreError> {
    const WAS_TOLD: &str = "select 1 from told_by_keyword where series = ?1 and story = ?2";
    tx.exists(WAS_TOLD, (series, story))
}

/// Notes that the series has told the story to readers of a keyword only.
pub fn tell_by_keyword(
    tx: &Transaction<'_>,
    series: &SeriesId,
    story: StoryId,
    digest: &DigestId,
) -> Result<(), StoreError> {
    const TELL: &str = "
        insert into told_by_keyword (series, story, digest) values (?1, ?2, ?3) on conflict do nothing";
    tx.run(TELL, (series, story, digest))?;
    Ok(())
}

/// Returns the digests that told the story, of whatever series, the earliest first.
pub fn told_in(tx: &Transaction<'_>, story: StoryId) -> Result<Vec<DigestId>, StoreError> {
    const TOLD_IN: &str = "
        select told.digest from told join digests on digests.id = told.digest
        where told.story = ?1 order by digests.composed_at, told.digest";
    tx.all(TOLD_IN, [story], column)
}

/// Notes that the series has told the story.
pub fn tell(
    tx: &Transaction<'_>,
    series: &SeriesId,
    story: StoryId,
    digest: &DigestId,
) -> Result<(), StoreError> {
    const TELL: &str = "
        insert into told (series, story, digest) values (?1, ?2, ?3) on conflict do nothing";
    tx.run(TELL, (series, story, digest))?;
    Ok(())
}

const COLUMNS: &str = "
    id, series, slot, window_from, window_to, composed_at, entries, recipients, content from digests";

fn read(row: &Row<'_>) -> rusqlite::Result<DigestRow> {
    Ok(DigestRow {
        id: row.get("id")?,
        series: row.get("series")?,
        slot: row.get("slot")?,
        window: Window { from: row.get("window_from")?, to: row.get("window_to")? },
        composed_at: row.get("composed_at")?,
        entries: row.get("entries")?,
        recipients: row.get("recipients")?,
        content: row.get("content")?,
    })
}

/// Returns one digest.
pub fn get(tx: &Transaction<'_>, id: &DigestId) -> Result<Option<DigestRow>, StoreError> {
    let sql = format!("select {COLUMNS} where id = ?1");
    tx.one(&sql, [id], read)
}

/// Returns the newest digests.
pub fn list(tx: &Transaction<'_>, limit: usize) -> Result<Vec<DigestRow>, StoreError> {
    let sql = format!("select {COLUMNS} order by composed_at desc, id limit ?1");
    tx.all(&sql, [count(limit)], read)
}

/// Returns the pages of the last digests of a series that were made before.
pub fn pages_before(
    tx: &Transaction<'_>,
    series: &SeriesId,
    before: Timestamp,
    limit: usize,
) -> Result<Vec<String>, StoreError> {
    const BEFORE: &str = "
        select content from digests where series = ?1 and composed_at < ?2
        order by composed_at desc limit ?3";
    tx.all(BEFORE, (series, before, count(limit)), column)
}

/// A digest as the archive lists it, without its page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestTitle {
    /// Public id.
    pub id: DigestId,
    pub series: SeriesId,
    /// End of its window: its date.
    pub to: Timestamp,
    /// How many entries it has in all.
    pub entries: usize,
}

/// Returns the newest digests that are for all, without their pages.
pub fn titles(tx: &Transaction<'_>, limit: usize) -> Result<Vec<DigestTitle>, StoreError> {
    const TITLES: &str = "
        select id, series, window_to, entries from digests where entries > 0
        order by composed_at desc, id desc limit ?1";
    tx.all(TITLES, [count(limit)], |row| {
        Ok(DigestTitle {
            id: row.get(0)?,
            series: row.get(1)?,
            to: row.get(2)?,
            entries: row.get(3)?,
        })
    })
}

/// Returns the digests before and after one in its series.
pub fn neighbours(
    tx: &Transaction<'_>,
    digest: &DigestRow,
) -> Result<(Option<DigestId>, Option<DigestId>), StoreError> {
    const BEFORE: &str = "
        select id from digests where series = ?1 and (composed_at, id) < (?2, ?3)
        order by composed_at desc, id desc limit 1";
    const AFTER: &str = "
        select id from digests where series = ?1 and (composed_at, id) > (?2, ?3)
        order by composed_at, id limit 1";
    let ask = |sql: &str| -> Result<Option<DigestId>, StoreError> {
        tx.one(sql, (&digest.series, digest.composed_at, &digest.id), column)
    };
    Ok((ask(BEFORE)?, ask(AFTER)?))
}

/// Returns the newest digest of a series.
pub fn latest(tx: &Transaction<'_>, series: &SeriesId) -> Result<Option<DigestRow>, StoreError> {
    let sql =
        format!("select {COLUMNS} where series = ?1 order by composed_at desc, id desc limit 1");
    tx.one(&sql, [series], read)
}

/// Returns the newest digest of a series that has a page for all, and its date.
pub fn latest_page(
    tx: &Transaction<'_>,
    series: &SeriesId,
) -> Result<Option<(DigestId, Timestamp)>, StoreError> {
    const LATEST: &str = "
        select id, window_to from digests where series = ?1 and entries > 0
        order by composed_at desc, id desc limit 1";
    tx.one(LATEST, [series], pair)
}

/// Notes that messages of a digest are yet to be frozen, and out of what.
pub fn begin(tx: &Transaction<'_>, id: &DigestId, candidates: &[Entry]) -> Result<(), StoreError> {
    const BEGIN: &str = "insert into compositions (digest, candidates, reached) values (?1, ?2, 0)";
    tx.run(BEGIN, (id, to_json(&candidates)?))?;
    Ok(())
}

/// Returns a digest whose messages are not all frozen, and its entries.
pub fn unfinished(tx: &Transaction<'_>) -> Result<Option<(DigestRow, Vec<Entry>)>, StoreError> {
    const UNFINISHED: &str = "select digest, candidates from compositions order by digest limit 1";
    let found = tx.one(UNFINISHED, [], |row| {
        Ok((row.get::<_, DigestId>(0)?, from_json::<Vec<Entry>>(&row.get::<_, String>(1)?)?))
    })?;
    let Some((id, candidates)) = found else { return Ok(None) };
    Ok(get(tx, &id)?.map(|digest| (digest, candidates)))
}

/// Returns up to which subscriber messages are frozen; none if all are.
pub fn reached(tx: &Transaction<'_>, id: &DigestId) -> Result<Option<SubscriberId>, StoreError> {
    const REACHED: &str = "select reached from compositions where digest = ?1";
    tx.one(REACHED, [id], column)
}

/// Notes up to which subscriber messages are frozen; none: all are.
pub fn set_reached(
    tx: &Transaction<'_>,
    id: &DigestId,
    reached: Option<SubscriberId>,
) -> Result<(), StoreError> {
    const SET_REACHED: &str = "update compositions set reached = ?2 where digest = ?1";
    const FINISH: &str = "delete from compositions where digest = ?1";
    match reached {
        Some(reached) => tx.run(SET_REACHED, (id, reached))?,
        None => tx.run(FINISH, [id])?,
    };
    Ok(())
}

/// Holds the messages that are yet to be frozen: a restored backup may have
/// frozen and sent them after it was made.
pub fn hold_unfinished(tx: &Transaction<'_>) -> Result<(), StoreError> {
    const HOLD_UNFINISHED: &str = "update compositions set held = 1";
    tx.run(HOLD_UNFINISHED, [])?;
    Ok(())
}

/// Returns whether the messages of a digest that are yet to be frozen are held.
pub fn is_held(tx: &Transaction<'_>, id: &DigestId) -> Result<bool, StoreError> {
    const IS_HELD: &str = "select 1 from compositions where digest = ?1 and held = 1";
    tx.exists(IS_HELD, [id])
}
