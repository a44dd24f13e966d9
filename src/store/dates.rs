//! Actionable dates of items.

use std::ops::RangeInclusive;

use chrono::{NaiveDate, NaiveTime};
use rusqlite::{Row, Transaction, named_params};

use super::StoreError;
use super::acts::IS_SHOWN;
use super::query::Query;
use super::row::{count, word};
use crate::agenda::revise::revise;
use crate::model::{DateKind, ItemDate, ItemId, KeptDate, Precision, SeriesId, TopicId};

const DAY: &str = "%Y-%m-%d";
const TIME: &str = "%H:%M";

/// Keeps the dates that the text of an item holds now, in place of those it held before.
pub fn set(tx: &Transaction<'_>, item: ItemId, dates: &[ItemDate]) -> Result<(), StoreError> {
    const FORGET: &str = "delete from item_dates where item = ?1";
    let before = of_item(tx, item)?;
    if before.is_empty() && dates.is_empty() {
        return Ok(());
    }
    tx.run(FORGET, [item])?;
    for kept in revise(&before, dates.to_vec()) {
        insert(tx, item, &kept)?;
    }
    Ok(())
}

fn insert(tx: &Transaction<'_>, item: ItemId, kept: &KeptDate) -> Result<(), StoreError> {
    const INSERT: &str = "
        insert into item_dates (item, number, kind, first_day, last_day, due, time, time_to, precision,
            sentence, place, cancelled, sequence, moved_from)
        values (:item, :number, :kind, :first_day, :last_day, :due, :time, :time_to, :precision,
            :sentence, :place, :cancelled, :sequence, :moved_from)";
    let date = &kept.date;
    let Some(due) = date.due() else { return Ok(()) };
    let day = |day: Option<NaiveDate>| day.map(|day| day.format(DAY).to_string());
    let time = |time: Option<NaiveTime>| time.map(|time| time.format(TIME).to_string());
    tx.run(
        INSERT,
        named_params! {
            ":item": item,
            ":number": kept.number,
            ":kind": date.kind.as_str(),
            ":first_day": day(date.from),
            ":last_day": day(date.to),
            ":due": due.format(DAY).to_string(),
            ":time": time(date.time),
            ":time_to": time(date.time_to),
            ":precision": date.precision.as_str(),
            ":sentence": date.sentence,
            ":place": date.place,
            ":cancelled": date.cancelled,
            ":sequence": kept.sequence,
            ":moved_from": day(kept.moved_from),
        },
    )?;
    Ok(())
}

const COLUMNS: &str = "
    item_dates.number, item_dates.kind, item_dates.first_day, item_dates.last_day, item_dates.time,
    item_dates.time_to, item_dates.precision, item_dates.sentence, item_dates.place,
    item_dates.cancelled, item_dates.sequence, item_dates.moved_from";

/// Returns the dates of an item, in the order of its text.
pub fn of_item(tx: &Transaction<'_>, item: ItemId) -> Result<Vec<KeptDate>, StoreError> {
    let sql = format!("select {COLUMNS} from item_dates where item = ?1 order by number");
    tx.all(&sql, [item], read)
}

/// Returns the deadlines that end within some days, each with the item that says so, of
/// items of stories that the series has told; cancelled ones and those known by month only
/// are none.
pub fn deadlines_told(
    tx: &Transaction<'_>,
    series: &SeriesId,
    days: &RangeInclusive<NaiveDate>,
) -> Result<Vec<(ItemId, KeptDate)>, StoreError> {
    let sql = format!(
        "select items.id, {COLUMNS} from item_dates join items on items.id = item_dates.item
        where {IS_SHOWN} and item_dates.due between ?2 and ?3 and item_dates.kind in ('frist', 'foerderung')
          and item_dates.precision = 'day' and not item_dates.cancelled
          and exists (select 1 from told where told.story = items.story and told.series = ?1)
        order by item_dates.due, items.id, item_dates.number"
    );
    let day = |day: &NaiveDate| day.format(DAY).to_string();
    tx.all(&sql, (series, day(days.start()), day(days.end())), read_with_item)
}

/// Returns the dates of items with a topic (of that topic, if one is named) that are due
/// from a day on, in the order of their days.
pub fn due_from(
    tx: &Transaction<'_>,
    from: NaiveDate,
    topic: Option<&TopicId>,
    limit: usize,
) -> Result<Vec<(ItemId, KeptDate)>, StoreError> {
    let sql = format!(
        "select items.id, {COLUMNS} from item_dates join items on items.id = item_dates.item
        where item_dates.due >= ?1 and {IS_SHOWN}
          and exists (select 1 from tags where tags.item = items.id and (?2 is null or tags.topic = ?2))
        order by item_dates.due, items.id, item_dates.number limit ?3"
    );
    tx.all(&sql, (from.format(DAY).to_string(), topic, count(limit)), read_with_item)
}

fn read_with_item(row: &Row<'_>) -> rusqlite::Result<(ItemId, KeptDate)> {
    Ok((row.get("id")?, read(row)?))
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeptDate> {
    let text = |column: &str| row.get::<_, Option<String>>(column);
    let day = |column: &str| -> rusqlite::Result<Option<NaiveDate>> {
        text(column)?.map(|day| word(&day, day.parse().ok())).transpose()
    };
    let time = |column: &str| -> rusqlite::Result<Option<NaiveTime>> {
        let parsed = |time: &str| NaiveTime::parse_from_str(time, TIME).ok();
        text(column)?.map(|time| word(&time, parsed(&time))).transpose()
    };
    let kind: String = row.get("kind")?;
    let precision: String = row.get("precision")?;
    Ok(KeptDate {
        number: row.get("number")?,
        sequence: row.get("sequence")?,
        moved_from: day("moved_from")?,
        date: ItemDate {
            kind: word(&kind, DateKind::named(&kind))?,
            from: day("first_day")?,
            to: day("last_day")?,
            time: time("time")?,
            time_to: time("time_to")?,
            precision: word(&precision, Precision::named(&precision))?,
            sentence: row.get("sentence")?,
            place: row.get("place")?,
            cancelled: row.get("cancelled")?,
        },
    })
}
