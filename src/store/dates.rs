//! Actionable dates of items.

use chrono::{NaiveDate, NaiveTime};
use rusqlite::{Row, Transaction, named_params};

use super::StoreError;
use super::query::Query;
use super::row::word;
use crate::agenda::revise::{KeptDate, revise};
use crate::model::{DateKind, ItemDate, ItemId, Precision};

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
