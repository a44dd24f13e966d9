//! The few ways in which the store asks SQLite. Every statement is prepared
//! once per connection and kept.

use rusqlite::types::FromSql;
use rusqlite::{Connection, OptionalExtension, Params, Row};

use super::StoreError;

/// Short forms of SQLite's calls, for a transaction or a connection.
pub(super) trait Query {
    /// Runs a statement and returns how many rows it changed.
    fn run(&self, sql: &str, params: impl Params) -> Result<usize, StoreError>;

    /// Returns the first row, if there is one.
    fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError>;

    /// Returns all rows.
    fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError>;

    /// Returns the first column of the only row, as of `count(*)` or `max(…)`.
    fn value<T: FromSql>(&self, sql: &str, params: impl Params) -> Result<T, StoreError>;

    /// Returns true if the query has a row.
    fn exists(&self, sql: &str, params: impl Params) -> Result<bool, StoreError>;
}

impl Query for Connection {
    fn run(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        Ok(self.prepare_cached(sql)?.execute(params)?)
    }

    fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.prepare_cached(sql)?.query_row(params, read).optional()?)
    }

    fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        Ok(self.prepare_cached(sql)?.query_map(params, read)?.collect::<Result<_, _>>()?)
    }

    fn value<T: FromSql>(&self, sql: &str, params: impl Params) -> Result<T, StoreError> {
        Ok(self.prepare_cached(sql)?.query_row(params, column)?)
    }

    fn exists(&self, sql: &str, params: impl Params) -> Result<bool, StoreError> {
        Ok(self.prepare_cached(sql)?.exists(params)?)
    }
}

/// Returns the first column of a row.
pub(super) fn column<T: FromSql>(row: &Row<'_>) -> rusqlite::Result<T> {
    row.get(0)
}

/// Returns the first two columns of a row.
pub(super) fn pair<A: FromSql, B: FromSql>(row: &Row<'_>) -> rusqlite::Result<(A, B)> {
    Ok((row.get(0)?, row.get(1)?))
}
