//! Drafts of digests that an editor sees before they go, and the editor's answer.

use rusqlite::{Row, Transaction};

use super::StoreError;
use super::query::Query;
use super::row::word;
use crate::model::{Draft, DraftState, SeriesId, Timestamp};

const COLUMNS: &str = "id, series, slot, state, seen, made, not_before from drafts";

fn read(row: &Row<'_>) -> rusqlite::Result<Draft> {
    let state: String = row.get("state")?;
    Ok(Draft {
        id: row.get("id")?,
        series: row.get("series")?,
        slot: row.get("slot")?,
        state: word(&state, DraftState::parse(&state))?,
        seen: row.get("seen")?,
        made: row.get("made")?,
        not_before: row.get("not_before")?,
    })
}

/// Returns the draft of a slot.
pub fn of_slot(
    tx: &Transaction<'_>,
    series: &SeriesId,
    slot: &str,
) -> Result<Option<Draft>, StoreError> {
    tx.one(&format!("select {COLUMNS} where series = ?1 and slot = ?2"), (series, slot), read)
}

/// Returns the draft that a link opens, by the hash of its token.
pub fn by_link(tx: &Transaction<'_>, hash: &str) -> Result<Option<Draft>, StoreError> {
    let sql =
        format!("select {COLUMNS} where id = (select draft from draft_links where hash = ?1)");
    tx.one(&sql, [hash], read)
}

/// Makes a draft of a slot and ends those of earlier slots that nobody approved, since
/// this one holds all that they held. Returns nothing if the slot has one.
pub fn make(
    tx: &Transaction<'_>,
    series: &SeriesId,
    slot: &str,
    seen: i64,
    now: Timestamp,
) -> Result<Option<i64>, StoreError> {
    const MAKE: &str = "
        insert into drafts (series, slot, state, seen, made) values (?1, ?2, 'draft', ?3, ?4)
        on conflict (series, slot) do nothing";
    const EXPIRE: &str = "
        update drafts set state = 'expired' where series = ?1 and slot < ?2 and state <> 'expired'";
    if tx.run(MAKE, (series, slot, seen, now))? == 0 {
        return Ok(None);
    }
    let id = tx.last_insert_rowid();
    tx.run(EXPIRE, (series, slot))?;
    Ok(Some(id))
}

/// Lets a link open a draft.
pub fn link(tx: &Transaction<'_>, draft: i64, hash: &str) -> Result<(), StoreError> {
    const LINK: &str = "insert into draft_links (hash, draft) values (?1, ?2)";
    tx.run(LINK, (hash, draft))?;
    Ok(())
}

/// Writes the editor's answer; the last one counts. An expired draft takes none.
/// Returns whether it was written.
pub fn answer(
    tx: &Transaction<'_>,
    id: i64,
    state: DraftState,
    seen: i64,
    not_before: Option<Timestamp>,
) -> Result<bool, StoreError> {
    const ANSWER: &str = "
        update drafts set state = ?2, seen = ?3, not_before = ?4 where id = ?1 and state <> 'expired'";
    Ok(tx.run(ANSWER, (id, state.as_str(), seen, not_before))? > 0)
}

/// Ends the draft of a slot: its digest was made.
pub fn expire(tx: &Transaction<'_>, series: &SeriesId, slot: &str) -> Result<(), StoreError> {
    const EXPIRE: &str = "update drafts set state = 'expired' where series = ?1 and slot = ?2";
    tx.run(EXPIRE, (series, slot))?;
    Ok(())
}

/// Takes every answer back: a restored backup may hold one that was meant for a digest
/// which has gone out since.
pub fn unanswer_all(tx: &Transaction<'_>) -> Result<(), StoreError> {
    const UNANSWER: &str =
        "update drafts set state = 'draft', not_before = null where state in ('approved', 'held')";
    tx.run(UNANSWER, [])?;
    Ok(())
}

/// Forgets what ended before an instant, and its links.
pub fn prune(tx: &Transaction<'_>, before: Timestamp) -> Result<usize, StoreError> {
    const PRUNE: &str = "delete from drafts where made < ?1 and state = 'expired'";
    tx.run(PRUNE, [before])
}
