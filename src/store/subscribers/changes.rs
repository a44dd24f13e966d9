//! What the office changed of a reader's choice, beside their consent.

use rusqlite::{Row, Transaction};

use crate::model::{SubscriberId, Timestamp};
use crate::store::StoreError;
use crate::store::query::{Query, pair};

/// A change of a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChoiceChange {
    /// When.
    pub at: Timestamp,
    /// What was and what is.
    pub words: String,
    /// Why.
    pub reason: String,
}

/// Notes a change.
pub fn note_change(
    tx: &Transaction<'_>,
    id: SubscriberId,
    change: &ChoiceChange,
) -> Result<(), StoreError> {
    const NOTE: &str =
        "insert into choice_changes (subscriber, at, words, reason) values (?1, ?2, ?3, ?4)";
    tx.run(NOTE, (id, change.at, &change.words, &change.reason))?;
    Ok(())
}

/// Returns the changes of a reader's choice, the earliest first.
pub fn changes(tx: &Transaction<'_>, id: SubscriberId) -> Result<Vec<ChoiceChange>, StoreError> {
    const CHANGES: &str =
        "select at, words, reason from choice_changes where subscriber = ?1 order by id";
    tx.all(CHANGES, [id], |row: &Row<'_>| {
        Ok(ChoiceChange { at: row.get(0)?, words: row.get(1)?, reason: row.get(2)? })
    })
}

/// Returns how many readers chose each series.
pub fn count_by_series(tx: &Transaction<'_>) -> Result<Vec<(String, u64)>, StoreError> {
    const BY_SERIES: &str = "
        select value, count(*) from subscribers, json_each(subscribers.series)
        where standing <> 'left' group by value order by value";
    tx.all(BY_SERIES, [], pair)
}

/// Returns how many readers chose each topic.
pub fn count_by_topic(tx: &Transaction<'_>) -> Result<Vec<(String, u64)>, StoreError> {
    const BY_TOPIC: &str = "
        select value, count(*) from subscribers, json_each(subscribers.topics)
        where standing <> 'left' group by value order by value";
    tx.all(BY_TOPIC, [], pair)
}
