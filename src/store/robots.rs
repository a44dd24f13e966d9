//! What each origin's robots.txt said, asked at most once a day.

use rusqlite::{Transaction, named_params};

use super::StoreError;
use super::query::Query;
use crate::answer::robots::Robots;
use crate::model::Timestamp;

/// Returns what is remembered of the origin.
pub fn get(tx: &Transaction<'_>, origin: &str) -> Result<Option<Robots>, StoreError> {
    const GET: &str = "select rules, readable, asked, status from robots where origin = ?1";
    let robots = tx.one(GET, [origin], |row| {
        Ok(Robots {
            rules: row.get(0)?,
            readable: row.get(1)?,
            asked: row.get(2)?,
            status: row.get(3)?,
        })
    })?;
    Ok(robots)
}

/// Remembers a try.
pub fn keep(tx: &Transaction<'_>, origin: &str, robots: &Robots) -> Result<(), StoreError> {
    const KEEP: &str = "
        insert into robots (origin, rules, readable, asked, status)
        values (:origin, :rules, :readable, :asked, :status)
        on conflict (origin) do update set rules = excluded.rules, readable = excluded.readable,
            asked = excluded.asked, status = excluded.status";
    tx.run(
        KEEP,
        named_params! {
            ":origin": origin,
            ":rules": robots.rules,
            ":readable": robots.readable,
            ":asked": robots.asked,
            ":status": robots.status,
        },
    )?;
    Ok(())
}

/// Forgets origins that nobody asked about since `before`.
pub fn prune(tx: &Transaction<'_>, before: Timestamp) -> Result<usize, StoreError> {
    const PRUNE: &str = "delete from robots where asked < ?1";
    tx.run(PRUNE, [before])
}
