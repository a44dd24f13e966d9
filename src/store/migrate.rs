//! Steps from an empty file to today's schema.
//!
//! Each step runs in a transaction of its own together with its foreign-key
//! check, so a crash leaves the file at a whole step. A file that is not ours,
//! or newer than we are, is refused before anything is written.

use std::collections::BTreeSet;

use include_dir::{Dir, include_dir};
use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

/// The steps, embedded; the order is that of their names.
static STEPS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/migrations");

/// "AMTB": marks the file as ours.
const APPLICATION_ID: i32 = 0x414d_5442;

/// Returns the number of the newest step: `user_version` of an up-to-date file.
pub fn schema_version() -> u32 {
    steps().last().map_or(0, |(number, ..)| number)
}

/// Brings the file up to date. Returns how many steps were taken.
pub(super) fn migrate(connection: &mut Connection, path: &str) -> Result<u32, StoreError> {
    let found = recognise(connection, path)?;
    let mut taken = 0;
    for (number, name, sql) in steps().filter(|(number, ..)| *number > found) {
        match take_step(connection, number, sql) {
            Ok(was_due) => taken += u32::from(was_due),
            Err(cause) => {
                return Err(match StoreError::from(cause) {
                    StoreError::Sqlite(cause) => {
                        StoreError::Migration { name: name.to_owned(), cause }
                    }
                    // A locked or full database is no fault of the step.
                    other => other,
                });
            }
        }
    }
    super::stories::renew(connection)?;
    Ok(taken)
}

/// Returns whether a file is there, ours and of today's schema, so that opening it changes nothing.
pub fn is_current(path: &std::path::Path) -> bool {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let opened = Connection::open_with_flags(path, flags).ok();
    let found = opened.and_then(|file| recognise(&file, "").ok());
    found == Some(schema_version())
}

/// Returns the version of a file that is ours or empty; writes nothing.
pub(super) fn recognise(connection: &Connection, path: &str) -> Result<u32, StoreError> {
    // One statement sees one state: another process may be making the file just now.
    const STATE: &str = "
        select (select count(*) from sqlite_schema), application_id, user_version
        from pragma_application_id, pragma_user_version";
    let (objects, application_id, found): (u64, i32, u32) =
        connection.query_row(STATE, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    if application_id != APPLICATION_ID && objects > 0 {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    let known = schema_version();
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    Ok(found)
}

/// Compares the schema of a file that is `version` steps old with the one that these
/// steps make. Nothing is written.
pub(super) fn compare_schema(connection: &Connection, version: u32) -> Result<(), StoreError> {
    let mut own = Connection::open_in_memory()?;
    for (number, _, sql) in steps().filter(|(number, ..)| *number <= version) {
        take_step(&mut own, number, sql)?;
    }
    let (own, found) = (objects(&own)?, objects(connection)?);
    if let Some((kind, name, _)) = found.difference(&own).next() {
        let message = format!("the {kind} `{name}` is unknown or another than ours");
        return Err(StoreError::Schema(message));
    }
    match own.difference(&found).next() {
        Some((kind, name, _)) => Err(StoreError::Schema(format!("the {kind} `{name}` is missing"))),
        None => Ok(()),
    }
}

/// Returns kind, name and statement of all that stands in a schema, but for what SQLite
/// keeps for itself.
fn objects(connection: &Connection) -> rusqlite::Result<BTreeSet<(String, String, String)>> {
    let mut statement = connection.prepare(
        "select type, name, coalesce(sql, '') from sqlite_schema where name not like 'sqlite\\_%' escape '\\'",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.collect()
}

/// Takes the step, unless another process has taken it while we waited.
fn take_step(connection: &mut Connection, number: u32, sql: &str) -> rusqlite::Result<bool> {
    let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if step.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0))? >= number {
        return Ok(false);
    }
    step.execute_batch(sql)?;
    let broken: i64 =
        step.query_row("select count(*) from pragma_foreign_key_check", [], |row| row.get(0))?;
    if broken > 0 {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY);
        let message = format!("{broken} rows would refer to missing ones");
        return Err(rusqlite::Error::SqliteFailure(code, Some(message)));
    }
    step.pragma_update(None, "application_id", APPLICATION_ID)?;
    step.pragma_update(None, "user_version", number)?;
    step.commit()?;
    Ok(true)
}

/// Returns number, file name and text of each step, in order.
fn steps() -> impl Iterator<Item = (u32, &'static str, &'static str)> {
    let mut files: Vec<_> = STEPS.files().collect();
    files.sort_by_key(|file| file.path());
    files.into_iter().filter_map(|file| {
        let name = file.path().file_name()?.to_str()?;
        let number = name.split('_').next()?.parse().ok()?;
        Some((number, name, file.contents_utf8()?))
    })
}

/// Returns the schema that all steps together make, as `sqlite_schema` tells it, for
/// the golden dump.
pub fn schema() -> Result<String, StoreError> {
    let mut connection = Connection::open_in_memory()?;
    migrate(&mut connection, ":memory:")?;
    let mut statement = connection
        .prepare("select sql from sqlite_schema where sql is not null order by type desc, name")?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    let lines: Vec<String> = rows.collect::<Result<_, _>>()?;
    Ok(lines.join(";\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_last_step() {
        assert!(steps().map(|(number, ..)| number).is_sorted());
    }

    #[test]
    fn a_second_migration_takes_no_step() {
        let mut connection = Connection::open_in_memory().unwrap();
        let all = u32::try_from(steps().count()).unwrap();
        assert_eq!(migrate(&mut connection, "x").unwrap(), all);
        assert_eq!(migrate(&mut connection, "x").unwrap(), 0);
    }

    #[test]
    fn a_foreign_and_a_newer_file_are_refused_untouched() {
        let mut foreign = Connection::open_in_memory().unwrap();
        foreign.execute_batch("create table t (a)").unwrap();
        assert!(matches!(migrate(&mut foreign, "x"), Err(StoreError::Foreign { .. })));

        let mut newer = Connection::open_in_memory().unwrap();
        migrate(&mut newer, "x").unwrap();
        newer.pragma_update(None, "user_version", schema_version() + 1).unwrap();
        assert!(matches!(migrate(&mut newer, "x"), Err(StoreError::Newer { .. })));
    }
}
