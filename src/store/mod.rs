//! KEEP: the only SQL in the program.
//!
//! Each file owns one aggregate and calls no other's functions; meetings happen
//! in `pipeline`, inside one transaction. SQL is lower-case and stands beside
//! the one function that uses it. `now` is always a value.

mod error;
mod handle;
mod migrate;
mod query;
mod row;

pub mod acts;
pub mod bodies;
pub mod bounces;
pub mod copy;
pub mod dates;
pub mod digests;
pub mod drafts;
pub mod forgotten;
pub mod items;
pub mod jobs;
pub mod mail_news;
pub mod outage;
pub mod outbox;
pub mod rate_limits;
pub mod robots;
pub mod sources;
pub mod stories;
pub mod subscribers;

pub use error::StoreError;
pub use handle::Store;
pub(crate) use handle::nested;
pub use migrate::{is_current, schema, schema_version};
/// What the functions of the store work in: one state, committed whole or not at all.
pub use rusqlite::Transaction;

/// Name of the database in the data folder.
pub const FILE: &str = "amtsbote.db";
