//! The editor's acts. Those that were ended stay as a record.

use rusqlite::{Row, Transaction};

use super::StoreError;
use super::query::Query;
use super::row::{count, word};
use crate::model::{Act, ActKind, ActOn, ItemId, SeriesId, StoryId, Timestamp};

/// True of an item that the editor has not taken down.
pub(super) const IS_SHOWN: &str = "
    not exists (select 1 from acts where acts.item = items.id and acts.kind = 'hide' and acts.ended is null)";

/// Puts an act into force. One of the same kind that was in force is ended by it,
/// except a correction of topics: those add up.
pub fn begin(tx: &Transaction<'_>, act: &Act) -> Result<(), StoreError> {
    const BEGIN: &str = "
        insert into acts (item, series, kind, words, reason, at) values (?1, ?2, ?3, ?4, ?5, ?6)";
    if act.kind != ActKind::Tag {
        end(tx, &act.on, act.kind, "replaced", act.at)?;
    }
    let (item, series) = columns(&act.on);
    tx.run(BEGIN, (item, series, act.kind.as_str(), &act.words, &act.reason, act.at))?;
    Ok(())
}

/// Ends what is in force of a kind. Returns whether anything was.
pub fn end(
    tx: &Transaction<'_>,
    on: &ActOn,
    kind: ActKind,
    ending: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    const END: &str = "
        update acts set ended = ?4, ending = ?5
        where item is ?1 and series is ?2 and kind = ?3 and ended is null";
    let (item, series) = columns(on);
    Ok(tx.run(END, (item, series, kind.as_str(), now, ending))? > 0)
}

/// Returns the act of a kind that is in force.
pub fn in_force(
    tx: &Transaction<'_>,
    on: &ActOn,
    kind: ActKind,
) -> Result<Option<Act>, StoreError> {
    const IN_FORCE: &str = "
        select item, series, kind, words, reason, at, ended, ending from acts
        where item is ?1 and series is ?2 and kind = ?3 and ended is null";
    let (item, series) = columns(on);
    tx.one(IN_FORCE, (item, series, kind.as_str()), read)
}

/// Returns since when an item is taken down.
pub fn hidden_since(tx: &Transaction<'_>, item: ItemId) -> Result<Option<Timestamp>, StoreError> {
    Ok(in_force(tx, &ActOn::Item(item), ActKind::Hide)?.map(|act| act.at))
}

/// An item that is taken down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    /// Which.
    pub item: ItemId,
    pub story: StoryId,
    /// Its address.
    pub url: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

/// Returns all items that are taken down.
pub fn hidden(tx: &Transaction<'_>) -> Result<Vec<Hidden>, StoreError> {
    const HIDDEN: &str = "
        select items.id, items.story, items.url, acts.at from acts join items on acts.item = items.id
        where acts.kind = 'hide' and acts.ended is null order by items.id";
    tx.all(HIDDEN, [], |row| {
        Ok(Hidden { item: row.get(0)?, story: row.get(1)?, url: row.get(2)?, since: row.get(3)? })
    })
}

/// Returns the acts in force on the items of a story.
pub fn on_story(tx: &Transaction<'_>, story: StoryId) -> Result<Vec<Act>, StoreError> {
    const ON_STORY: &str = "
        select acts.item, acts.series, acts.kind, acts.words, acts.reason, acts.at, acts.ended, acts.ending
        from items join acts on acts.item = items.id
        where items.story = ?1 and acts.ended is null order by acts.id";
    tx.all(ON_STORY, [story], read)
}

/// Returns all acts on an item, the earliest first.
pub fn of_item(tx: &Transaction<'_>, item: ItemId) -> Result<Vec<Act>, StoreError> {
    const OF_ITEM: &str = "
        select item, series, kind, words, reason, at, ended, ending from acts
        where item = ?1 order by id";
    tx.all(OF_ITEM, [item], read)
}

/// Returns the latest acts on whatever, the earliest of them first.
pub fn latest(tx: &Transaction<'_>, limit: usize) -> Result<Vec<Act>, StoreError> {
    const LATEST: &str = "
        select item, series, kind, words, reason, at, ended, ending
        from (select * from acts order by id desc limit ?1) order by id";
    tx.all(LATEST, [count(limit)], read)
}

fn columns(on: &ActOn) -> (Option<ItemId>, Option<&SeriesId>) {
    match on {
        ActOn::Item(item) => (Some(*item), None),
        ActOn::Series(series) => (None, Some(series)),
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Act> {
    let kind: String = row.get("kind")?;
    let series: Option<SeriesId> = row.get("series")?;
    let ended: Option<Timestamp> = row.get("ended")?;
    let ending: Option<String> = row.get("ending")?;
    Ok(Act {
        on: match series {
            Some(series) => ActOn::Series(series),
            None => ActOn::Item(row.get("item")?),
        },
        kind: word(&kind, ActKind::parse(&kind))?,
        words: row.get("words")?,
        reason: row.get("reason")?,
        at: row.get("at")?,
        ended: ended.map(|at| (at, ending.unwrap_or_default())),
    })
}
