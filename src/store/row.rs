//! Values of ours in columns of SQLite's.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::{
    DigestId, ItemId, OutboxId, SeriesId, SourceId, StoryId, SubscriberId, Timestamp, TopicId,
};

use super::StoreError;

macro_rules! integer_column {
    ($($name:ident),*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.0.into())
            }
        }
        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                i64::column_result(value).map(Self)
            }
        }
    )*};
}

macro_rules! text_column {
    ($($name:ident),*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.as_str().into())
            }
        }
        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_str().map(Self::new)
            }
        }
    )*};
}

integer_column!(Timestamp, ItemId, StoryId, SubscriberId, OutboxId);
text_column!(SourceId, TopicId, SeriesId, DigestId);

/// Returns a value as JSON for a column.
pub(super) fn to_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Value(error.to_string()))
}

/// Returns a value out of a column's JSON.
pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|error| FromSqlError::Other(Box::new(error)).into())
}

/// Returns a column's word that must be one of ours.
pub(super) fn word<T>(text: &str, parsed: Option<T>) -> rusqlite::Result<T> {
    parsed.ok_or_else(|| unreadable(format!("unknown word `{text}`")))
}

/// Returns the error for a column's value that cannot be what we wrote.
pub(super) fn unreadable(why: String) -> rusqlite::Error {
    FromSqlError::Other(why.into()).into()
}

/// Returns a count as SQLite takes it.
pub(super) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
